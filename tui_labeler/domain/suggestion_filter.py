"""Which open suggestions somebody means: of a category, a confidence, a job, a way of placing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Placed

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.labels import Suggestion, ToPlace


@dataclass(frozen=True, slots=True)
class SuggestionFilter:
    """Which open suggestions a bulk decision or an inbox holds; unset fields let everything through."""

    documents: frozenset[int] | None = None
    category: str | None = None
    """A category id."""
    min_confidence: float | None = None
    max_confidence: float | None = None
    """Suggestions without a confidence pass neither bound."""
    job: str | None = None
    placed: Placed | None = None
    unplaced: bool = False
    """Only words that are to place: they were found nowhere."""
    ids: frozenset[str] | None = None
    shown_only: bool = False
    """Nothing of documents whose suggestions blind mode hides."""

    def matches(self, suggestion: Suggestion) -> bool:
        confidence = suggestion.confidence
        if self.min_confidence is not None and (confidence is None or confidence < self.min_confidence):
            return False
        if self.max_confidence is not None and (confidence is None or confidence > self.max_confidence):
            return False
        return (
            not self.unplaced
            and self.category in (None, suggestion.category)
            and self.job in (None, suggestion.job)
            and self.placed in (None, suggestion.placed)
            and (self.ids is None or suggestion.id in self.ids)
        )

    def matches_to_place(self, item: ToPlace) -> bool:
        """Whether words that are to place belong to it: they have no confidence and no place."""
        unplaced = self.placed is None and self.min_confidence is None and self.max_confidence is None
        return (
            unplaced
            and self.category in (None, item.category)
            and self.job in (None, item.job)
            and (self.ids is None or item.id in self.ids)
        )

    @property
    def holds_all(self) -> bool:
        """Whether it lets every suggestion of its documents through."""
        return self.category is None and not self._looks_closer

    @property
    def _looks_closer(self) -> bool:
        conditions = (self.min_confidence, self.max_confidence, self.job, self.placed, self.ids)
        return self.unplaced or any(condition is not None for condition in conditions)

    def told_by(self, row: DocumentRow) -> tuple[int, int] | None:
        """How many suggestions of a document, and words to place, it holds, by the short form alone; ``None``
        where that does not tell. Blind mode is not looked at."""
        if self._looks_closer:
            return None
        if self.documents is not None and row.id not in self.documents:
            return 0, 0
        suggestions, words = (
            sum(count for key, count in part if self.category in (None, key))
            for part in (row.suggestions, row.to_place)
        )
        return suggestions, words

    def may_match(self, row: DocumentRow) -> bool:
        """Whether a document can hold a match, by its short form alone."""
        if not (row.suggestions or row.to_place) or (
            self.documents is not None and row.id not in self.documents
        ):
            return False
        if self.unplaced and not row.to_place:
            return False
        if self.category is not None and all(
            key != self.category for key, _ in (*row.suggestions, *row.to_place)
        ):
            return False
        if self.job is not None and self.job not in row.jobs:
            return False
        if self.min_confidence is not None and (row.highest is None or row.highest < self.min_confidence):
            return False
        return self.max_confidence is None or (row.lowest is not None and row.lowest <= self.max_confidence)
