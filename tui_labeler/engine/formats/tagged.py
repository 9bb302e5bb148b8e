"""Tags beside tokens: IOB1, IOB2, BIOES and its kin, and texts put together from tokens.

``B`` begins a label, ``I`` or ``M`` goes on with it, ``E`` or ``L`` ends it, ``S``, ``U`` or ``W`` is one of
a single token, ``O`` is none. Source: Ramshaw and Marcus 1995 (IOB1), Tjong Kim Sang and Veenstra 1999
(IOB2), Ratinov and Roth 2009 (BILOU).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec

from tui_labeler.engine.formats.model import FileLabel, Unit

OUTSIDE = "O"
_LETTERS = frozenset("BIMELSUW")
_INSIDE, _LAST, _ALONE = frozenset("IM"), frozenset("EL"), frozenset("SUW")
_HINT = "Tags are O, or B-, I-, E- or S- before a name (L- and U- in BILOU)."


class TagError(ValueError):
    """What is no tag; ``index`` is its token's."""

    def __init__(self, index: int, tag: str) -> None:
        super().__init__(f"{tag[:40]!r} is no tag")
        self.index = index
        self.tag = tag
        self.hint = _HINT


class TokenSpan(msgspec.Struct, frozen=True):
    """A label over tokens, the last one excluded."""

    name: str
    start: int
    end: int


class Sentence(msgspec.Struct, frozen=True):
    tokens: Sequence[str]
    spans: Sequence[TokenSpan]


def is_tag(tag: str) -> bool:
    """Whether it is ``O``, or a letter and a name that is not just white space."""
    return tag == OUTSIDE or (tag[1:2] == "-" and tag[0] in _LETTERS and bool(tag[2:].strip()))


def spans_of_tags(tags: Sequence[str], scheme: str = "") -> tuple[list[TokenSpan], list[tuple[int, str]]]:
    """The labels of one sentence, and what was odd, by token: a label that no ``B`` begins, or no ``E`` ends.

    A tag that goes on with nothing begins a label, as IOB1 has it and as seqeval counts. ``scheme`` is that
    of the file, where it is known. Raises ``TagError``.
    """
    spans: list[TokenSpan] = []
    odd: list[tuple[int, str]] = []
    if tags.count(OUTSIDE) == len(tags):
        return spans, odd
    scheme = scheme or scheme_of(tags)
    name, start = "", -1
    for index, tag in enumerate([*tags, OUTSIDE]):
        if tag == OUTSIDE and start < 0:
            continue
        if not is_tag(tag):
            raise TagError(index, tag)
        letter, this = tag[0], tag[2:]
        goes_on = start >= 0 and this == name and (letter in _INSIDE or letter in _LAST)
        if start >= 0 and not goes_on:
            spans.append(TokenSpan(name, start, index))
            if scheme == "BIOES":
                odd.append((index - 1, f"{name} is not ended by a tag; it ends here"))
            start = -1
        if letter == OUTSIDE:
            continue
        if not goes_on:
            name, start = this, index
            if (letter in _INSIDE and scheme != "IOB1") or letter in _LAST:
                odd.append((index, f"{tag} goes on with no label; it begins one"))
        if letter in _LAST or letter in _ALONE:
            spans.append(TokenSpan(name, start, index + 1))
            start = -1
    return spans, odd


def scheme_of(tags: Iterable[str]) -> str:
    """``IOB1``, ``IOB2`` or ``BIOES`` (BILOU and BMES go by that name too).

    In IOB1 a ``B`` stands only where a label of the same name goes before; without any ``B`` it is IOB1 too.
    """
    letters: set[str] = set()
    last, needless = OUTSIDE, False
    for tag in tags:
        if tag != OUTSIDE:
            letters.add(tag[:1])
            if tag[:2] == "B-" and (last == OUTSIDE or last[2:] != tag[2:]):
                needless = True
        last = tag
    if letters & (_LAST | _ALONE):
        return "BIOES"
    return "IOB2" if needless or not letters & _INSIDE else "IOB1"


def rebuilt(sentences: Iterable[Sentence]) -> tuple[str, tuple[FileLabel, ...]]:
    """A text with one blank between tokens and a line for each sentence, and its labels in code points."""
    lines: list[str] = []
    labels: list[FileLabel] = []
    at = 0
    for sentence in sentences:
        if sentence.spans:
            # Characters before each token and behind the last, but for the blanks.
            before = list(accumulate(map(len, sentence.tokens), initial=at))
            for span in sentence.spans:
                start, end = before[span.start] + span.start, before[span.end] + span.end - 1
                labels.append(FileLabel(span.name, start, end - start, Unit.CODE_POINT))
        line = " ".join(sentence.tokens)
        lines.append(line)
        at += len(line) + 1
    return "\n".join(lines), tuple(labels)
