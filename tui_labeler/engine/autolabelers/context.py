"""Which of several places is meant, by the words around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_labeler.engine.autolabelers.folding import folded_words

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.places import Place

REACH = 80
"""Characters on each side that are compared; a model gives a few words."""
LEAST = 6
"""Characters that must agree where the context does not agree as a whole: endings are alike by chance."""
COMPARISONS = 100_000
"""For one answer; hints of an answer made to exhaust this go unheard."""

_BETWEEN = re.compile(r"[\W_]+")


class Contexts:
    """Compares given context with that of places in one folded text. What is between words is ignored."""

    def __init__(self, folded: str) -> None:
        self._text = folded
        self._around: dict[tuple[int, int], tuple[str, str]] = {}
        self._known: dict[tuple[int | str, ...], tuple[Place, ...]] = {}
        self._same: dict[tuple[int, ...], tuple[Place, ...]] = {}
        self._left = COMPARISONS

    def best(
        self, places: Sequence[Place], default: tuple[Place, ...], before: str, after: str
    ) -> tuple[Place, ...]:
        """Those of ``places`` whose context agrees best, ``default`` where none does; in text order.

        Of equals, those in ``default`` come before others. Equal choices are the same object.
        """
        first = places[0]
        key = (first.start, first.end, len(places), default[0].start, len(default), before, after)
        if key not in self._known:
            self._known[key] = self._compared(places, default, before, after)
        return self._known[key]

    def _compared(
        self, places: Sequence[Place], default: tuple[Place, ...], before: str, after: str
    ) -> tuple[Place, ...]:
        self._left -= len(places)
        if self._left < 0:
            return default
        behind, ahead = _bare(before[-2 * REACH :])[::-1][:REACH], _bare(after[: 2 * REACH])[:REACH]
        scores = [self._score(found, behind, ahead, before, after) for found in places]
        most = max(scores)
        if not most:
            return default
        best = [found for found, score in zip(places, scores, strict=True) if score == most]
        preferred = {found.start for found in default}
        best = [found for found in best if found.start in preferred] or best
        # As many of those in the default as there are: the default itself.
        if len(best) == len(default) and best[0].start in preferred:
            return default
        ends = tuple(at for found in best for at in (found.start, found.end))
        return self._same.setdefault(ends, tuple(best))

    def _score(self, found: Place, behind: str, ahead: str, before: str, after: str) -> int:
        left, right = self._context(found)
        score = _agreement(behind, left) + _agreement(ahead, right)
        if not behind and before.strip():
            score += self._text[: found.start].rstrip().endswith(folded_words(before))
        if not ahead and after.strip():
            score += self._text[found.end :].lstrip().startswith(folded_words(after))
        return score

    def _context(self, found: Place) -> tuple[str, str]:
        """What stands before (read backwards) and behind a place, letters and digits only."""
        key = (found.start, found.end)
        if key not in self._around:
            left = _BETWEEN.sub("", self._text[max(0, found.start - 2 * REACH) : found.start])
            right = _BETWEEN.sub("", self._text[found.end : found.end + 2 * REACH])
            self._around[key] = (left[::-1], right)
        return self._around[key]


def _bare(words: str) -> str:
    return _BETWEEN.sub("", folded_words(words))


def _agreement(given: str, there: str) -> int:
    """How many characters agree from the words outward; as a whole, or enough to say something."""
    if not given:
        return 0
    if there.startswith(given):
        return len(given)
    if there[:LEAST] != given[:LEAST]:
        return 0
    return next(
        (at for at, (one, other) in enumerate(zip(given, there, strict=False)) if one != other),
        min(len(given), len(there)),
    )
