"""The same words under several categories, and nothing that says which occurrence is which."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Span

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.mentions import Mention

MOST_DISORDER = 0.1
"""Share of neighbours in an answer that may stand the other way round in a text that it follows."""
MOST_SWAPS = 64
"""Claims among which exchanges are tried."""

_OUT_OF_ORDER = 4
_UNLIKELY = 2
_PERSON = re.compile(r"per|.*person.*|people|.*(first|last|full) ?name|surname", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"(?<![^\s(])([^\W\d_])[\w'’-]* $")
_NAME_BEHIND = re.compile(r" ([^\W\d_])")


@dataclass(frozen=True, slots=True)
class Claim:
    """A mention that wants one of the places."""

    number: int
    """Its place in the answer."""
    category: str
    name: str
    """Of the category."""


def settled(
    text: str,
    claims: Sequence[Claim],
    places: Sequence[Span],
    anchors: Sequence[tuple[int, int]],
    mentions: Sequence[Mention],
) -> Mapping[int, int]:
    """For each claim that gets a place (by its number in the answer): which of ``places``.

    ``anchors`` are the mentions whose place is certain: number in the answer and offset, ascending.
    Starts from the order of the answer and exchanges places while that makes the whole likelier.
    """
    kept = _kept(claims, len(places))
    if not kept:
        return {}
    bounds = [_bounds(claim, anchors, mentions) for claim in kept]
    in_name = [_is_in_name(text, span) for span in places]

    def cost(at: int, place: int) -> int:
        low, high = bounds[at]
        is_outside = not low <= places[place].start <= high
        is_unlikely = _is_person(kept[at].name) != in_name[place]
        return _OUT_OF_ORDER * is_outside + _UNLIKELY * is_unlikely

    given = _in_order(len(kept), [span.start for span in places], bounds)
    if len(kept) <= MOST_SWAPS:
        owner = {place: at for at, place in enumerate(given)}
        for place in range(len(places)):
            for at in range(len(kept)):
                here, other = given[at], owner.get(place)
                gain = cost(at, here) - cost(at, place)
                if other is not None:
                    gain += cost(other, place) - cost(other, here)
                if gain > 0:
                    given[at], owner[place] = place, at
                    if other is None:
                        del owner[here]
                    else:
                        given[other], owner[here] = here, other
    return {claim.number: given[at] for at, claim in enumerate(kept)}


def _kept(claims: Sequence[Claim], room: int) -> list[Claim]:
    """The claims there is room for: the last repetitions of a category go first, then the last."""
    counts = Counter(claim.category for claim in claims)
    kept = list(claims)
    for claim in reversed(claims):
        if len(kept) <= room:
            break
        if counts[claim.category] > 1:
            counts[claim.category] -= 1
            kept.remove(claim)
    return kept[:room]


def _bounds(
    claim: Claim, anchors: Sequence[tuple[int, int]], mentions: Sequence[Mention]
) -> tuple[float, float]:
    """Where a claim should stand: between its neighbours in the answer, if the answer follows the text.

    An answer may list one category after another: then the neighbours of its own category tell.
    """
    if not _is_ordered(anchors):
        anchors = [anchor for anchor in anchors if mentions[anchor[0]].category == claim.category]
        if not _is_ordered(anchors):
            return (float("-inf"), float("inf"))
    at = bisect_left(anchors, (claim.number, 0))
    low = anchors[at - 1][1] if at else float("-inf")
    high = anchors[at][1] if at < len(anchors) else float("inf")
    return (low, high) if low <= high else (float("-inf"), float("inf"))


def _is_ordered(anchors: Sequence[tuple[int, int]]) -> bool:
    wrong = sum(one[1] > other[1] for one, other in pairwise(anchors))
    return wrong <= MOST_DISORDER * max(0, len(anchors) - 1)


def _in_order(count: int, starts: Sequence[int], bounds: Sequence[tuple[float, float]]) -> list[int]:
    """For each claim in turn the first place behind the last one that lies in its bounds, leaving room."""
    given: list[int] = []
    following = 0
    for at in range(count):
        last = len(starts) - (count - at)
        choice = next((n for n in range(following, last + 1) if starts[n] >= bounds[at][0]), last)
        given.append(choice)
        following = choice + 1
    return given


def _is_person(name: str) -> bool:
    return _PERSON.fullmatch(name.strip()) is not None


def _is_in_name(text: str, span: Span) -> bool:
    """Whether a place is part of a longer name: a capitalised word stands right before or behind it."""
    behind = _NAME_BEHIND.match(text, span.end)
    if behind and behind.group(1).isupper():
        return True
    before = _NAME_BEFORE.search(text, max(0, span.start - 40), span.start)
    return before is not None and before.group(1).isupper()
