"""What spans say of a file's offsets: whether they cut the words that the file states, and whole words."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tui_labeler.domain.labels import Span
from tui_labeler.domain.text import OffsetMap, words
from tui_labeler.engine.formats.model import FileLabel, FormatProblem, Unit

ODD_OFFSETS = "offsets"
"""The field of a problem that concerns all offsets of a document: they look like another unit's."""

_SHOWN = 60
"""Characters of words that a message repeats."""


_ESCAPES = re.compile(r"(?:\\[nrt])+")


def same_words(one: str, other: str) -> bool:
    """Whether two cuts say the same but for white space and composition.

    White space may be spelt as an escape in either: Label Studio states a line end as ``\\n``, and a path
    like ``C:\\new`` stands in a text as it is.
    """
    if one == other:
        return True
    one, other = _plain(one), _plain(other)
    return one == other or _unescaped(one) == _unescaped(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFD", text).split())


def _unescaped(text: str) -> str:
    return " ".join(_ESCAPES.sub(" ", text).split())


def other_words(label: FileLabel, span: Span | None, text: str, offsets: OffsetMap) -> str:
    """Why a label can't stand where the file puts it: the file states other words than it cuts there."""
    if span is None or not label.words or same_words(label.words, text[span.start : span.end]):
        return ""
    reason = (
        f"{label.category} at {span.start}, length {span.length}: the file says {_quoted(label.words)}, and "
        f"the text there is {_quoted(text[span.start : span.end])}"
    )
    utf16 = _as_utf16(label, offsets)
    if utf16 and same_words(label.words, text[utf16.start : utf16.end]):
        reason += "; counted in UTF-16 code units it would fit"
    return reason


def _quoted(text: str) -> str:
    return f"“{text[:_SHOWN]}…”" if len(text) > _SHOWN else f"“{text}”"


def _as_utf16(label: FileLabel, offsets: OffsetMap) -> Span | None:
    """Where a span in code points would stand if it counted UTF-16 code units."""
    if label.unit is not Unit.CODE_POINT or not offsets.astral or label.length <= 0:
        return None
    try:
        return Span(offsets.from_utf16(label.start), offsets.from_utf16(label.start + label.length))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Placed:
    """A label of the file that has found its span."""

    field: str
    file: FileLabel
    span: Span


def cut_words(
    location: str,
    placed: Sequence[Placed],
    text: str,
    offsets: OffsetMap,
    *,
    outside: Sequence[FileLabel] = (),
) -> list[FormatProblem]:
    """A file that counts in another unit, or over other line ends, shows in spans that cut words, and in
    those ``outside`` the text."""
    ranges: list[tuple[int, int]] = []
    starts: list[int] = []

    def inside(offset: int) -> bool:
        # Most ends stand at a blank: the words of a whole text are found only where they matter.
        if not 0 < offset < len(text) or not all(_is_letter(text[at]) for at in (offset - 1, offset)):
            return False
        if not ranges:
            ranges.extend(words(text))
            starts.extend(start for start, _ in ranges)
        at = bisect_right(starts, offset) - 1
        return at >= 0 and ranges[at][0] < offset < ranges[at][1]

    def cut(span: Span) -> list[str]:
        sides = (("starts", span.start), ("ends", span.end))
        return [side for side, offset in sides if inside(offset)]

    problems: list[FormatProblem] = []
    fit = 0
    for each in placed:
        if not (ends := cut(each.span)):
            continue
        utf16 = _as_utf16(each.file, offsets)
        fit += utf16 is not None and not cut(utf16)
        where = f"{each.file.category} at {each.span.start}, length {each.span.length}"
        reason = f"{where} {' and '.join(ends)} inside a word; it is kept"
        problems.append(FormatProblem(location, each.field, reason))
    beyond = [_as_utf16(label, offsets) for label in outside]
    fit += sum(utf16 is not None and not cut(utf16) for utf16 in beyond)
    if fit and fit == len(problems) + len(beyond):
        wrong = ["cut words"] if problems else []
        wrong += ["lie outside the text"] if beyond else []
        reason = (
            "the offsets look like UTF-16 code units, and were read as code points: "
            f"{fit} of {len(placed) + len(beyond)} spans {' or '.join(wrong)}, and "
            f"{'would cut none' if problems and not beyond else 'none would'} if read so"
        )
        problems.append(FormatProblem(location, ODD_OFFSETS, reason))
    return problems


def _is_letter(character: str) -> bool:
    """Whether it is a letter, a digit or a mark of one."""
    return unicodedata.category(character)[0] in "LNM"
