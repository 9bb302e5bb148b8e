"""Words of two versions of a text, and whether what is around them tells one place from all others."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui_labeler.domain.labels import Span

CONTEXT = 2
"""Words beside a span that have to be the same where its own stand elsewhere too."""

NEAR = 400
"""Characters to either side by which other places are looked for; those that fit are compared further."""

MOST_PLACES = 100
"""Places that are compared; where more are like each other, none of them is told from the others."""

WORD = re.compile(r"\w+|[^\w\s]")

_GAP = "\x1f"
"""Between words: a separator that counts as white space, so that no word holds it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, joined so that white space does not count."""

    starts: list[int]
    """Of each word, its first index in the text."""
    ends: list[int]
    joined: str
    places: list[int]
    """Of each word, its first index in ``joined``; one more, behind the last."""

    @classmethod
    def of(cls, text: str) -> Words:
        found = [match.span() for match in WORD.finditer(text)]
        places, place = [], len(_GAP)
        for start, end in found:
            places.append(place)
            place += end - start + len(_GAP)
        joined = _GAP + "".join(text[start:end] + _GAP for start, end in found)
        return cls([start for start, _ in found], [end for _, end in found], joined, [*places, place])

    def over(self, span: Span) -> tuple[int, int] | None:
        """Where the words that a span touches stand in ``joined``, a gap at either end; ``None`` for none."""
        first, last = bisect_right(self.ends, span.start), bisect_left(self.starts, span.end)
        return (self.places[first] - 1, self.places[last]) if first < last else None

    def has_once(self, words: str) -> bool:
        first = self.joined.find(words)
        return first >= 0 and self.joined.find(words, first + 1) < 0


def is_settled(old: Words, new: Words, was: Span, place: Span, *, is_agreed: bool) -> bool:
    """Whether the words of ``was`` and no others are those at ``place``.

    They are where they stand in each version just once. Elsewhere the versions must have been laid beside
    each other in one way only (``is_agreed``), with words of the context in both, and no other place of
    either may have as much of it on both sides.
    """
    here, there = old.over(was), new.over(place)
    if here is None or there is None:
        return is_agreed
    words = old.joined[here[0] : here[1]]
    if old.has_once(words) and new.has_once(words):
        return True
    if not is_agreed:
        return False
    before = _same_before(old.joined, here[0], new.joined, there[0])
    behind = _same_behind(old.joined, here[1], new.joined, there[1])
    beside = (here[0] - before, here[0]), (here[1], here[1] + behind)
    if max(old.joined.count(_GAP, *part) for part in beside) < CONTEXT:
        return False
    return not (
        _has_rival(old.joined, here, new.joined, there, before, behind)
        or _has_rival(new.joined, there, old.joined, here, before, behind)
    )


def _has_rival(
    one: str, here: tuple[int, int], other: str, there: tuple[int, int], before: int, behind: int
) -> bool:
    """Whether a place of ``other`` that is not ``there`` has around it at least what is around ``there``."""
    left, right = min(before, NEAR), min(behind, NEAR)
    head, tail = one[here[0] - before : here[0]], one[here[1] : here[1] + behind]
    for number, at in enumerate(_found(other, one[here[0] - left : here[1] + right])):
        start = at + left
        if start == there[0]:
            continue
        if number >= MOST_PLACES:
            return True
        if other.endswith(head, 0, start) and other.startswith(tail, start + here[1] - here[0]):
            return True
    return False


def _found(text: str, words: str) -> Iterator[int]:
    """Where words stand; such as overlap too."""
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _same_before(one: str, end: int, other: str, stop: int) -> int:
    """Characters of whole words, each behind its gap, that are the same before two places."""
    size = _most(min(end, stop), lambda size: one[end - size : end] == other[stop - size : stop])
    first = one.find(_GAP, end - size, end)
    return 0 if first < 0 else end - first


def _same_behind(one: str, start: int, other: str, begin: int) -> int:
    """The same behind two places, each word before its gap."""
    limit = min(len(one) - start, len(other) - begin)
    size = _most(limit, lambda size: one[start : start + size] == other[begin : begin + size])
    return one.rfind(_GAP, start, start + size) + 1 - start if _GAP in one[start : start + size] else 0


def _most(limit: int, is_same: Callable[[int], bool]) -> int:
    """The largest size up to ``limit`` that is the same; smaller ones are too."""
    low, high = 0, 64
    while high < limit and is_same(high):
        low, high = high, high * 2
    high = min(high, limit)
    while low < high:
        middle = (low + high + 1) // 2
        if is_same(middle):
            low = middle
        else:
            high = middle - 1
    return low
