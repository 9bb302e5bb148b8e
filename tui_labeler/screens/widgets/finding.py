"""Searches a text by folded words and gives offsets of the raw text back."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from tui_labeler.domain.labels import Span
from tui_labeler.domain.text import folded


class Finder:
    """Finds words whatever their case, compatibility form and the white space between them.

    The folded text is made when first needed, with the raw offset of each of its code points.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded: str | None = None
        self._offsets: array[int] | None = None

    def find_all(self, query: str) -> list[Span]:
        """Every place of ``query``, in order, never overlapping; none for an empty query."""
        parts = folded(query).split()
        if not parts:
            return []
        if self._folded is None:
            self._fold()
        assert self._folded is not None
        pattern = re.compile(r"\s+".join(map(re.escape, parts)))
        return [self._span(match.start(), match.end()) for match in pattern.finditer(self._folded)]

    def _span(self, start: int, end: int) -> Span:
        if self._offsets is None:
            return Span(start, end)
        after = bisect_right(self._offsets, self._offsets[end - 1])
        return Span(
            self._offsets[start], self._offsets[after] if after < len(self._offsets) else len(self.text)
        )

    def _fold(self) -> None:
        if self.text.isascii():
            self._folded = self.text.casefold()
            return
        parts: list[str] = []
        offsets: array[int] = array("L")
        for start, end in _pieces(self.text):
            part = folded(self.text[start:end])
            parts.append(part)
            offsets.extend([start] * len(part))
        self._folded = "".join(parts)
        self._offsets = offsets


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Each character with the marks that may compose with it; folding one never touches the next."""
    begin = 0
    for index in range(1, len(text)):
        character = text[index]
        if character < "\u0300" or not (
            unicodedata.combining(character) or "\u1160" <= character <= "\u11ff"
        ):
            yield begin, index
            begin = index
    if begin < len(text):
        yield begin, len(text)
