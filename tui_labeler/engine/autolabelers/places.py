"""Where words stand in a text: all places, with how well each fits."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from tui_labeler.domain.labels import Placed, Span
from tui_labeler.domain.text import is_unspaced
from tui_labeler.engine.autolabelers.folding import Folded, fold, folded_words

LOOKS = 200_000
"""How many positions are looked at for one answer. Real answers need a few thousand; one that is made to
exhaust this (thousands of words that stand everywhere) is left to place."""

SCANS = 500_000
"""Characters that are searched through before it pays to index them."""
MOST_INSIDE = 8
"""Occurrences inside other words that are kept: they are never placed, only offered."""

_GRAM = 3
_HEBREW_PREFIXES = frozenset("והבלמשכ")
_ARABIC_PREFIXES = frozenset("وفبكلا")
LONGEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Place:
    """An occurrence of words."""

    span: Span
    """In the raw text."""
    start: int
    end: int
    """In the folded text."""
    placed: Placed
    same_case: bool = True
    fit: int = 2
    """2: parted from its neighbours as a word is; 1: as far as its script or a unit of measure parts it;
    0: inside a word."""


class Looks:
    """What is left of the positions that may be looked at."""

    def __init__(self, left: int = LOOKS) -> None:
        self.left = left


class Finder:
    """Finds strings in one text: each search costs about as much as the rarest three characters in it."""

    def __init__(self, text: str, looks: Looks) -> None:
        self._text = text
        self._looks = looks
        self._scanned = 0
        self._grams: dict[str, list[int]] | None = None

    def find(self, needle: str) -> Iterator[int]:
        """Offsets of ``needle``, ascending; they may overlap each other."""
        if len(needle) < _GRAM or self._scanned < SCANS:
            yield from self._scan(needle)
            return
        at, places = self._rarest(needle)
        self._looks.left -= len(places)
        if self._looks.left < 0:
            return
        text = self._text
        for place in places:
            if place >= at and text.startswith(needle, place - at):
                yield place - at

    def _scan(self, needle: str) -> Iterator[int]:
        self._scanned += len(self._text)
        at = self._text.find(needle) if needle else -1
        while at >= 0:
            self._looks.left -= 1
            if self._looks.left < 0:
                return
            yield at
            at = self._text.find(needle, at + 1)

    def _rarest(self, needle: str) -> tuple[int, list[int]]:
        """The part of ``needle`` that stands in the fewest places: its offset, and where it stands."""
        grams = self._index()
        best: tuple[int, list[int]] = (0, [])
        for at in range(len(needle) - _GRAM + 1):
            places = grams.get(needle[at : at + _GRAM])
            if places is None:
                return (0, [])
            if not at or len(places) < len(best[1]):
                best = (at, places)
        return best

    def _index(self) -> dict[str, list[int]]:
        if self._grams is None:
            grams: defaultdict[str, list[int]] = defaultdict(list)
            text = self._text
            for at in range(len(text) - _GRAM + 1):
                grams[text[at : at + _GRAM]].append(at)
            self._grams = dict(grams)
        return self._grams


class Source:
    """A raw text that words are looked for in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded: Folded = fold(text)
        self.looks = Looks()
        self._finder = Finder(self.folded.text, self.looks)
        self._known: dict[str, list[Place]] = {}

    def places(self, words: str) -> list[Place]:
        """Where ``words`` stand, in text order, none overlapping another of the same or a better fit.

        Inside words too (``fit`` 0); equal but for quotes, dashes, white space, case and Unicode form.
        """
        words = words.strip()
        if words not in self._known:
            self._known[words] = _apart(list(self._found(words)))
        return self._known[words]

    def _found(self, words: str) -> Iterator[Place]:
        needle = folded_words(words)
        inside = 0
        for start in self._finder.find(needle):
            end = start + len(needle)
            parted = fit(self.folded.text, start, end)
            inside += not parted
            span = self.folded.span(start, end) if parted or inside <= MOST_INSIDE else None
            if span is not None:
                yield self._place(span, start, end, words, parted)

    def _place(self, span: Span, start: int, end: int, words: str, parted: int) -> Place:
        raw = self.text[span.start : span.end]
        if raw == words:
            return Place(span, start, end, Placed.EXACT, True, parted)
        same_case = folded_words(raw, case=False) == folded_words(words, case=False)
        return Place(span, start, end, Placed.FOLDED, same_case, parted)


def _apart(places: list[Place]) -> list[Place]:
    """The better fit first, then the earlier: what overlaps one that was kept goes."""
    if all(one.end <= other.start for one, other in pairwise(places)):
        return places
    kept: list[Place] = []
    for place in places:
        if kept and place.start < kept[-1].end:
            if place.fit > kept[-1].fit:
                kept[-1] = place
            continue
        kept.append(place)
    return kept


def fit(text: str, start: int, end: int) -> int:
    """How well ``text[start:end]`` (folded) is parted from its neighbours, as ``Place.fit``."""
    left = _left_fit(text, start) if start else 2
    return min(left, _right_fit(text, end)) if end < len(text) else left


def _left_fit(text: str, at: int) -> int:
    before, first = text[at - 1], text[at]
    if before in ".," and at > 1 and first.isdecimal() and text[at - 2].isdecimal():
        return 0  # the rest of a number
    parted = _joint(before, first)
    if parted == 0 and _kind(first) in _PREFIXES and _is_prefix(text, at, _PREFIXES[_kind(first)]):
        return 1
    return parted


def _right_fit(text: str, at: int) -> int:
    last, after = text[at - 1], text[at]
    if after in ".," and at + 1 < len(text) and last.isdecimal() and text[at + 1].isdecimal():
        return 0
    if _kind(last) == _kind(after) == "hangul":
        return 1  # particles are written onto the word
    return _joint(last, after)


def _is_prefix(text: str, at: int, letters: frozenset[str]) -> bool:
    """Whether what stands before ``at`` in the same word are small words that are written onto the next."""
    start = at
    while start and at - start <= LONGEST_PREFIX and _kind(text[start - 1]):
        start -= 1
    return at - start <= LONGEST_PREFIX and letters.issuperset(text[start:at])


_PREFIXES = {"hebrew": _HEBREW_PREFIXES, "arabic": _ARABIC_PREFIXES}


def _joint(left: str, right: str) -> int:
    """How well two characters part words, as ``Place.fit``."""
    one, other = _kind(left), _kind(right)
    if not one or not other:
        return 2
    if one == other:
        return {"unspaced": 2, "katakana": 1}.get(one, 0)
    return 1 if "digit" in (one, other) and not {"unspaced", "katakana"} & {one, other} else 2


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """The kind of letter that a character is; empty for what stands between words."""
    is_mark = unicodedata.category(character).startswith("M")
    if not character.isalnum() and not is_mark:
        return ""
    if is_unspaced(character):
        return "katakana" if "\u30a1" <= character <= "\u30fe" else "unspaced"
    if character.isdecimal():
        return "digit"
    return next((name for name, first, last in _BLOCKS if first <= character <= last), "letter")


_BLOCKS = (("hebrew", "\u0590", "\u05ff"), ("arabic", "\u0600", "\u06ff"), ("hangul", "\uac00", "\ud7a3"))
