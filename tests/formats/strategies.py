"""Label files made up of the texts that break offsets, for property tests of readers and writers.

All spans are code points and lie in their texts; they may overlap, touch, cut words and cover a whole text.
Locations are unique. ``plain`` names and texts have nothing that a text format has to escape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, LabelFile, Unit

PIECES = (
    "Ann", "O'Neil's", "623,463.00", "a", "B-ORG", "O", "#", "-DOCSTART-", "__label__x", "=1+1", "@x", "-",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family of four
    "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "\U0001f6b2", "\u2764\ufe0f",
    "Zoe\u0308", "e\u0301\u0323", "\u0308", "ọ̀nà",
    "שלום", "العَرَبِيَّة", "\u202eabc\u202c", "\u200f",
    "漢字", "東京タワー", "がぎ", "ภาษาไทย", "한국어", "\U00020000", "𝔘𝔫𝔦",
    " ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", "\u00a0", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c",
    "\ufeff", "\x00", "\x1b[31m", "\u00ad", "\u200b", "\uffff", "\U0010ffff",
    "C:\\new\\table", "\\n", "\\", "\\t\\r", "\\u0041", "\n__label__x ", "\nBob O\n", "text,label\n",
    '{"text": "a"}', "# newdoc id = a\n",
    '"', "'", ",", ";", "|", "\\", "{", "[", "<b>", "&amp;", "[/]", ".", "!", "。",
)  # fmt: skip
"""What texts are put together from."""

NAMES = (
    "Name", "City", "Borrower Name", "C#", "a,b", "a|b", "a\\b", "x;y", "[x]", "100%", "50%20off", "B-ORG",
    "O", "Größe", "漢字", "\U0001f6b2", "=1", "-", "__label__", '"', "Zoe\u0308", "a:b", "a/b",
)  # fmt: skip
PLAIN_NAMES = ("Name", "City", "Price", "Date", "Größe", "漢字")
PLAIN_PIECES = ("Ann", "met", "Zoë", "in", "Paris", "漢字", "\U0001f6b2", "Zoe\u0308", "paid", "5")


def texts(pieces: Sequence[str] = PIECES, largest: int = 14) -> st.SearchStrategy[str]:
    """Texts of hostile pieces, and of any characters that a file can hold; some are empty."""
    joined = st.lists(st.sampled_from(pieces), max_size=largest).map("".join)
    anything = st.text(st.characters(codec="utf-8"), max_size=largest)
    return st.one_of(joined, joined, anything)


def plain_texts(largest: int = 10) -> st.SearchStrategy[str]:
    """Words with one blank between, no line ends: what every format can hold. Never empty."""
    return st.lists(st.sampled_from(PLAIN_PIECES), min_size=1, max_size=largest).map(" ".join)


@st.composite
def spans(draw: st.DrawFn, text: str, names: Sequence[str] = NAMES) -> tuple[FileLabel, ...]:
    """Labels in ``text``, in any order: overlapping, adjacent, over all of it; none is there twice."""
    if not text:
        return ()
    found: dict[tuple[str, int, int], FileLabel] = {}
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        if draw(st.integers(0, 9)) == 0:
            start, end = 0, len(text)
        previous = next(reversed(found.values())) if found else None
        if previous and previous.start + previous.length < len(text) and draw(st.booleans()):
            start = previous.start + previous.length
            end = draw(st.integers(start + 1, len(text)))
        name = draw(st.sampled_from(names))
        found[name, start, end] = FileLabel(name, start, end - start, Unit.CODE_POINT)
    return tuple(found.values())


@st.composite
def apart(draw: st.DrawFn, text: str, names: Sequence[str] = PLAIN_NAMES) -> tuple[FileLabel, ...]:
    """Labels in text order that don't overlap and begin and end with a character that is no white space."""
    inked = [index for index, character in enumerate(text) if not character.isspace()]
    marks = sorted(draw(st.sets(st.sampled_from(inked), max_size=8))) if inked else []
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return tuple(
        FileLabel(draw(st.sampled_from(names)), start, end - start + 1, Unit.CODE_POINT)
        for start, end in pairs
    )


def _classes(kind: ProjectKind, names: Sequence[str]) -> st.SearchStrategy[tuple[FileLabel, ...]]:
    largest = 1 if kind is ProjectKind.SINGLE_LABEL else 4
    listed = st.lists(st.sampled_from(names), max_size=largest, unique=True)
    return listed.map(lambda found: tuple(FileLabel(name) for name in found))


@st.composite
def files(
    draw: st.DrawFn,
    kind: ProjectKind,
    *,
    names: Sequence[str] = NAMES,
    text: st.SearchStrategy[str] | None = None,
    largest: int = 4,
    tidy: bool = False,
) -> LabelFile:
    """A label file of one kind. ``tidy`` spans don't overlap and don't end in white space."""
    documents: list[FileDocument] = []
    for number in range(draw(st.integers(1, largest))):
        words = draw(texts() if text is None else text)
        labels: Any
        if kind is ProjectKind.ENTITIES:
            labels = draw(apart(words, names) if tidy else spans(words, names))
        else:
            labels = draw(_classes(kind, names))
        name = draw(st.sampled_from(["{}.txt", "Zoë {}.txt", "a/b-{}.txt", "漢字{}", "=x{}", 'q"{}', "# {}"]))
        documents.append(
            FileDocument(
                name.format(number),
                language=draw(st.sampled_from(["", "", "de", "en-us"])),
                dataset=draw(st.sampled_from([None, *Dataset])),
                labels=labels,
                text=words,
            )
        )
    used = dict.fromkeys(label.category for document in documents for label in document.labels)
    return LabelFile(kind, categories=tuple(FileCategory(each) for each in used), documents=tuple(documents))


def all_kinds(**how: Any) -> st.SearchStrategy[LabelFile]:
    return st.sampled_from(list(ProjectKind)).flatmap(lambda kind: files(kind, **how))


def said(file: LabelFile) -> list[tuple[str, str | None, list[tuple[str, int, int]]]]:
    """What a file says, to compare: name, text and labels of each document, labels in text order."""
    return [
        (
            document.location,
            document.text,
            sorted((label.category, label.start, label.length) for label in document.labels),
        )
        for document in file.documents
    ]
