"""Searches texts by folded words and gives offsets of the raw text back."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tui_labeler.domain.labels import Span
from tui_labeler.domain.text import folded


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words to look for, whatever their case, compatibility form and the white space between them."""

    pattern: re.Pattern[str] | None
    """Finds them in a folded text; ``None`` where nothing is looked for, and so nothing found."""

    @classmethod
    def of(cls, query: str) -> Wanted:
        parts = folded(query).split()
        return cls(re.compile(r"\s+".join(map(re.escape, parts))) if parts else None)

    def is_in(self, text: str) -> bool:
        """Whether a raw text holds them: quicker than asking where."""
        return self.pattern is not None and self.pattern.search(folded(text)) is not None


class Finder:
    """Says where words stand in one text.

    The folded text is made when first needed, with the raw offset of each of its code points.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded: str | None = None
        self._offsets: array[int] | None = None

    def find_all(self, query: str) -> list[Span]:
        """Every place of ``query``, in order, never overlapping; none for an empty query."""
        return list(self.places(Wanted.of(query)))

    def places(self, wanted: Wanted) -> Iterator[Span]:
        """Every place of some words, in order, never overlapping."""
        if wanted.pattern is None:
            return
        if self._folded is None:
            self._fold()
        assert self._folded is not None
        for match in wanted.pattern.finditer(self._folded):
            yield self._span(match.start(), match.end())

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
            raw = self.text[start:end]
            if raw.isascii():
                parts.append(raw.casefold())
                offsets.extend(range(start, end))
            else:
                part = folded(raw)
                parts.append(part)
                offsets.extend([start] * len(part))
        self._folded = "".join(parts)
        self._offsets = offsets


# A run of ASCII without the character that a mark behind it may compose with, or all that is between two.
_STRETCH = re.compile(r"[\x00-\x7f]+(?![^\x00-\x7f])|[\x00-\x7f]?[^\x00-\x7f]+")

# Characters of combining class 0 that compose with the one before them, as vowel signs of several scripts
# do, with the ranges of the Hangul vowels and finals.
_COMPOSES = re.compile(
    "[\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u0fb5\u0fb7\u102e"
    "\u1160-\u11ff\u1b35\U00011127\U0001133e\U00011357\U000113b8\U000113bb\U000113c2\U000113c5\U000113c7-"
    "\U000113c9\U000114b0\U000114ba\U000114bd\U000115af\U00011930\U00016121-\U00016129\U00016d67]"
)


@lru_cache(maxsize=4096)
def _joins(character: str) -> bool:
    """Whether folding may make one of a character and the one before it."""
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.combining(first) > 0 or _COMPOSES.match(first) is not None


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Runs of ASCII, and each other character with the marks that may compose with it: folding one piece
    never touches the next."""
    for stretch in _STRETCH.finditer(text):
        begin, last = stretch.span()
        if not text[last - 1].isascii():
            for index in range(begin + 1, last):
                if text[index] >= "\u0300" and _joins(text[index]):
                    continue
                yield begin, index
                begin = index
        yield begin, last
