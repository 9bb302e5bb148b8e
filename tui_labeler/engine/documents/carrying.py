"""One text in two spellings: line ends, white space and Unicode composition aside.

Two texts are the same here when they are equal letter for letter once composed characters are taken apart
(canonical decomposition, "NFD", Unicode Standard Annex 15), each run of white space is one space and none
stands at the ends. For a text that was put together from tokens, white space does not count at all. A place
in the one is then a place in the other, by a map of indices and never by a guess.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from tui_labeler.domain.labels import Span

MARK = "\ufeff"
"""A byte order mark that a file took for a part of the text."""

LONGEST = 32
"""Characters of a cluster of marks that is looked into; a longer one has no places between its ends."""

_RUN = re.compile(r"\s+|\S+")
_NOWHERE = -1


def text_key(text: str, *, is_rebuilt: bool) -> str:
    """The same for two texts that are the same here, and for no others."""
    plain = unicodedata.normalize("NFD", text.removeprefix(MARK))
    joined = ("" if is_rebuilt else " ").join(plain.split())
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Carry:
    """Takes spans of one text to another that is the same but for its spelling."""

    _starts: list[int]
    """For each index of the first text, how many letters stand before it; as a span's start."""
    _ends: list[int]
    """The same for an index as a span's end: white space at a span's edge is no part of it."""
    _to_start: dict[int, int]
    """An index of the second text by the letters before it."""
    _to_end: dict[int, int]

    @classmethod
    def between(cls, source: str, target: str, *, is_rebuilt: bool) -> Carry | None:
        """``None`` where the two are different texts."""
        ours, theirs = _laid_out(source, is_rebuilt), _laid_out(target, is_rebuilt)
        if ours.letters != theirs.letters:
            return None
        to_start = {place: index for index, place in enumerate(theirs.starts) if place != _NOWHERE}
        to_end: dict[int, int] = {}
        for index, place in enumerate(theirs.ends):
            if place != _NOWHERE:
                to_end.setdefault(place, index)
        return cls(ours.starts, ours.ends, to_start, to_end)

    def span(self, span: Span) -> Span | None:
        """``None`` where an end of it has no place in the other text: within a composed character."""
        if span.end >= len(self._ends):
            return None
        start = self._to_start.get(self._starts[span.start])
        end = self._to_end.get(self._ends[span.end])
        return None if start is None or end is None or start >= end else Span(start, end)


@dataclass(slots=True)
class _Layout:
    """A text's letters, and how many of them stand before each of its indices."""

    letters: str
    starts: list[int]
    ends: list[int]


def _laid_out(text: str, is_rebuilt: bool) -> _Layout:
    size = len(text)
    starts, ends = [_NOWHERE] * (size + 1), [_NOWHERE] * (size + 1)
    first = len(text) - len(text.removeprefix(MARK))
    parts: list[str] = []
    place = 0
    starts[0] = ends[0] = 0
    for match in _RUN.finditer(text, first):
        start, end = match.span()
        if text[start].isspace():
            gap = int(not is_rebuilt and start > first and end < size)
            starts[start] = ends[start] = place
            for index in range(start + 1, end):
                starts[index], ends[index] = place + gap, place
            parts.append(" " * gap)
            place += gap
            starts[end] = ends[end] = place
            continue
        run = match.group()
        for index, letters in _places(run):
            starts[start + index] = ends[start + index] = place + letters
        parts.append(unicodedata.normalize("NFD", run))
        place += len(parts[-1])
    return _Layout("".join(parts), starts, ends)


def _places(run: str) -> list[tuple[int, int]]:
    """Indices of a run, both ends too, each with the decomposed letters before it; none within a character
    that is composed, or in marks whose order is another when they are taken apart."""
    if unicodedata.is_normalized("NFD", run):
        return [(index, index) for index in range(len(run) + 1)]
    found: list[tuple[int, int]] = []
    start = letters = 0
    for end in range(1, len(run) + 1):
        if end < len(run) and not _begins(run[end]):
            continue
        cluster = run[start:end]
        plain = unicodedata.normalize("NFD", cluster)
        found.append((start, letters))
        if 1 < len(cluster) <= LONGEST:
            for cut in range(1, len(cluster)):
                before = unicodedata.normalize("NFD", cluster[:cut])
                if before + unicodedata.normalize("NFD", cluster[cut:]) == plain:
                    found.append((start + cut, letters + len(before)))
        start, letters = end, letters + len(plain)
    found.append((start, letters))
    return found


def _begins(character: str) -> bool:
    """Whether nothing before it can be sorted behind it or into it."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) == 0
