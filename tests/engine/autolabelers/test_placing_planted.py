"""Answers of which every true span is known: how many are placed exactly right, and is any invented?"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

import pytest

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.domain.resources import Structured
from tui_labeler.engine.autolabelers.mentions import Mention
from tui_labeler.engine.autolabelers.placing import place
from tui_labeler.engine.autolabelers.prompts.forms import shown
from tui_labeler.engine.autolabelers.prompts.names import Names
from tui_labeler.engine.autolabelers.prompts.parsing import parse
from tui_labeler.engine.autolabelers.prompts.passages import Passage
from tui_labeler.engine.deployments.chat import Finish

NAMES = [
    "Ann",
    "Annapolis",
    "Paris",
    "Paris Hilton",
    "Acme, Inc.",
    "Acme",
    "New York",
    "New York Times",
    "US",
    "IT",
    "Liam O'Neil",
    "Jean-Luc Picard",
    "Łódź",
    "São Paulo",
    "José Núñez",
    "Nguyễn Thị Hương",
    "Ali Koç",
    "İstanbul",
    "Straße des 17. Juni",
    "ΟΔΥΣΣΕΑΣ",
    "Ἀθῆναι",
    "Санкт-Петербург",
    "Йошкар-Ола",
    "תל אביב",
    "שָׁלוֹם עליכם",
    "مُحَمَّد علي",
    "القاهرة",
    "नई दिल्ली",
    "शर्मा",
    "서울특별시",
    "김민준",
    "€1,250.00",
    "12 March 2024",
    "3.5%",
    "👨‍👩‍👧‍👦 Club",
    "Café ☕️",
    "🏳️‍🌈 Week",
    "🇫🇷 France",
    "#RoboCup",
    "C++",
    "Dr. Who",
    "“Best of” list",
    "東京",
    "東京都庁",
    "田中太郎",
    "北京大学",
    "กรุงเทพมหานคร",
    "e\u0301cole 42",
    "A. B. C.",
    "𝔘nicode Inc",
    "ﬁne print",
]
FILLERS = [
    "went to see",
    "and then it was us",
    "the annals said",
    "in the new parish of",
    "sold it to",
    "with 12.5 of",
    "об этом сказал",
    "כי הנה",
    "ثم ذهب إلى",
    "और फिर",
    "그리고 다시",
    "😀😀 ok",
    "— so they say —",
    "cafe\u0301 noir",
    "(see below)",
    "a\u00a0b",
    "acmes",
    "then\r\nthey met",
    "at  last\t",
    "annotated",
    "ﬁnal words",
    "İİİ ißt",
]
UNSPACED = ["さんは", "にいる", "的人在", "和", "ไปที่", "から", "、それで", "。"]
INVENTED = ["Contoso Ltd", "Annabel", "Internal Revenue Service", "大阪", "the moon", "2.5", "Section 9"]
SPANS = 2_500


@dataclass(frozen=True)
class Planted:
    text: str
    mentions: list[Mention]
    spans: list[tuple[str, Span]]


def as_a_model_copies(rng: random.Random, raw: str) -> str:
    """The words with changes that models make: quotes, dashes, white space, case, Unicode form."""
    copied = raw
    if rng.random() < 0.2:
        copied = copied.translate(str.maketrans("'“”-–", '’""–-'))
    if rng.random() < 0.2:
        copied = copied.replace(" ", rng.choice(["  ", "\n", "\u00a0", " \r\n\t"]))
    if rng.random() < 0.2:
        copied = unicodedata.normalize(rng.choice(["NFC", "NFD", "NFKC", "NFKD"]), copied)
    if rng.random() < 0.1 and len(raw) > 4:
        copied = rng.choice([str.upper, str.title, str.casefold])(copied)
    return copied


def planted(rng: random.Random, *, with_context: bool) -> Planted:
    """A text, and an answer that names every planted span and something that is not there.

    Without context, the same words are of one category: nobody could tell otherwise.
    """
    names = rng.sample(NAMES, rng.randint(2, 8))
    categories = {name: rng.choice("ab") for name in names}
    parts: list[str] = []
    spans: list[tuple[str, Span]] = []
    size = 0
    for _ in range(rng.randint(4, 14)):
        name = rng.choice(names)
        is_unspaced = any("\u3040" <= c <= "\u9fff" or "\u0e00" <= c <= "\u0e7f" for c in name)
        ahead, behind = (
            (rng.choice(UNSPACED), rng.choice(UNSPACED))
            if is_unspaced
            else (
                rng.choice(FILLERS) + rng.choice([" ", "\n", "\r\n"]),
                rng.choice([" ", ". ", ", ", "\n", "; "]),
            )
        )
        raw = as_a_writer_spells(rng, name)
        start = size + len(ahead)
        spans.append((rng.choice("ab") if with_context else categories[name], Span(start, start + len(raw))))
        parts += [ahead, raw, behind]
        size = start + len(raw) + len(behind)
    text = "".join([*parts, "the end"])
    mentions = answered(rng, text, spans, with_context=with_context)
    mentions.insert(rng.randint(0, len(mentions)), Mention("a", rng.choice(INVENTED)))
    return Planted(text, mentions, spans)


def as_a_writer_spells(rng: random.Random, name: str) -> str:
    raw = name
    if rng.random() < 0.3:
        raw = unicodedata.normalize(rng.choice(["NFC", "NFD"]), raw)
    if rng.random() < 0.2:
        raw = raw.replace("'", "’").replace(" ", rng.choice(["\u00a0", "\n", "  "]))
    return raw


def answered(
    rng: random.Random, text: str, spans: list[tuple[str, Span]], *, with_context: bool
) -> list[Mention]:
    """Each span as a model gives it; with context, copied no better than the words, in any order."""
    mentions = []
    for category, span in spans:
        words = as_a_model_copies(rng, text[span.start : span.end])
        if not with_context:
            mentions.append(Mention(category, words))
            continue
        around = rng.randint(12, 30)
        before = as_a_model_copies(rng, text[max(0, span.start - around) : span.start].strip())
        after = as_a_model_copies(rng, text[span.end : span.end + around].strip())
        mentions.append(Mention(category, words, before, after))
    if with_context and rng.random() < 0.5:
        rng.shuffle(mentions)
    return mentions


@pytest.mark.parametrize("with_context", [True, False])
def test_planted_spans_are_found_and_none_is_invented(with_context: bool) -> None:
    rng = random.Random(2026)
    right = total = 0
    invented: list[str] = []
    while total < SPANS:
        case = planted(rng, with_context=with_context)
        answer = place(case.text, case.mentions)
        found = {(category, spot.span) for category, spot in answer.spots}
        total += len(case.spans)
        right += len(found & set(case.spans))
        invented += [case.text[span.start : span.end] for _, span in found - set(case.spans)]
        assert {item.mention.words for item in answer.to_place} & set(INVENTED)
    assert right / total >= 0.99
    assert invented == []


@pytest.mark.parametrize("structured", list(Structured))
def test_the_context_that_prompts_ask_for_tells_repeated_words_apart(structured: Structured) -> None:
    """The same words under several categories, named for some of their places: as an example shows it."""
    rng = random.Random(5)
    names = Names([Category("a", "Alpha"), Category("b", "Beta")])
    right = found = wanted = 0
    while wanted < SPANS:
        case = planted(rng, with_context=True)
        spans = [one for one in case.spans if rng.random() < 0.75]
        answer = shown(Passage(1, 0, case.text, tuple(spans)), ProjectKind.ENTITIES, structured, names)
        parsed = parse(answer, Finish.STOP, names, ProjectKind.ENTITIES)
        spots = {(key, spot.span) for key, spot in place(case.text, parsed.mentions, names.by_id).spots}
        right, found, wanted = right + len(spots & set(spans)), found + len(spots), wanted + len(spans)
    assert right / wanted >= 0.99
    assert right / found >= 0.98
