"""Where labels are in a text, asked about many places at once."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, in_the_way
from tui_labeler.domain.projects import ProjectKind

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Span


class Occupied:
    """What :func:`in_the_way` says of some labels, in n log n for n questions.

    A document can hold tens of thousands of labels, and an action can make as many.
    """

    def __init__(self, kind: ProjectKind, labels: Iterable[Label] = ()) -> None:
        """Labels that are not active are left out; those that are may overlap each other."""
        self._kind = kind
        self._labels = [label for label in labels if label.is_active]
        spans = sorted(label.span for label in self._labels if label.span)
        self._starts = [span.start for span in spans]
        self._reach = list(accumulate((span.end for span in spans), max))
        self._added: list[tuple[int, int]] = []
        """Start and end of what was added, in order; they meet nothing, and so not each other."""

    def meets(self, category: str, span: Span | None) -> bool:
        """Whether a label of ``category`` at ``span`` would meet one that is there."""
        if self._kind is not ProjectKind.ENTITIES:
            return any(in_the_way(self._kind, self._labels, category, span))
        if span is None:
            return False
        # Of those that start before it ends, one overlaps it if the furthest end lies behind its start.
        before = bisect_left(self._starts, span.end)
        if before and self._reach[before - 1] > span.start:
            return True
        before = bisect_left(self._added, (span.end,))
        return bool(before) and self._added[before - 1][1] > span.start

    def add(self, label: Label) -> None:
        """Takes in a label that meets none of those that are there."""
        self._labels.append(label)
        if label.span is not None:
            insort(self._added, (label.span.start, label.span.end))
