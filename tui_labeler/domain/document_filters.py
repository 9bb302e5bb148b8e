"""Which documents a list shows, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.domain.text import folded


class Sort(StrEnum):
    NAME = "name"
    SIZE = "size"
    STATE = "state"
    CONFIDENCE = "confidence"
    """Least confident first."""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents a list shows; fields that are unset let everything through."""

    states: frozenset[DocumentState] = frozenset()
    category: str | None = None
    """A category id among the labels or open suggestions."""
    dataset: Dataset | None = None
    job: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    ids: frozenset[int] | None = None
    """Given by their ids: failed in a job, found by a search of contents."""
    name: str = ""
    """Part of the location, folded."""
    flagged: bool = False
    to_place: bool = False
    """Words that a model answered wait to be placed."""
    given: bool = False
    """Given to readers, and not settled yet."""
    to_read_by: str = ""
    """Somebody who has it to label, and is not done."""
    to_adjudicate: bool = False
    """Every reader is done, and nobody has settled it."""

    def matches(self, row: DocumentRow) -> bool:
        if self.states and row.state not in self.states:
            return False
        if self.ids is not None and row.id not in self.ids:
            return False
        if self.dataset is not None and row.dataset is not self.dataset:
            return False
        if self.category is not None and not _holds(self.category, row.labels, row.suggestions, row.to_place):
            return False
        if self.job is not None and self.job not in row.jobs:
            return False
        if self.min_confidence is not None and (row.highest is None or row.highest < self.min_confidence):
            return False
        if self.max_confidence is not None and (row.lowest is None or row.lowest > self.max_confidence):
            return False
        if (self.flagged and not row.flag) or (self.to_place and not row.to_place):
            return False
        if (self.given and not row.is_given) or (self.to_adjudicate and not row.waits_for_adjudication):
            return False
        if self.to_read_by and not row.is_to_read(self.to_read_by):
            return False
        return not self.name or self.name in folded(row.location)

    def among(self, rows: Iterable[DocumentRow]) -> Iterable[DocumentRow]:
        """Those that match; of a hundred thousand at once where states, or ids, are all that is asked for."""
        if self == DocumentFilter():
            return rows
        if self.ids is not None and self == DocumentFilter(ids=self.ids):
            return [row for row in rows if row.id in self.ids]
        if self == DocumentFilter(states=self.states):
            return [row for row in rows if row.state in self.states]
        return filter(self.matches, rows)


def _holds(category: str, *parts: tuple[tuple[str, int], ...]) -> bool:
    for part in parts:
        for key, _ in part:
            if key == category:
                return True
    return False


_STATE_ORDER = {state: rank for rank, state in enumerate(DocumentState)}


_RANKS: dict[Sort, Callable[[DocumentRow], Any]] = {
    Sort.SIZE: attrgetter("characters"),
    Sort.STATE: lambda row: _STATE_ORDER[row.state],
    Sort.CONFIDENCE: lambda row: 2.0 if row.lowest is None else row.lowest,
}
"""By one value each: a hundred thousand pairs take three times as long to put in order."""


def in_order(rows: Iterable[DocumentRow], sort: Sort) -> list[DocumentRow]:
    """The location settles ties."""
    ordered = sorted(rows, key=attrgetter("location"))
    if rank := _RANKS.get(sort):
        ordered.sort(key=rank)
    return ordered
