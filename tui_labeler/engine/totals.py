"""Running totals over all documents, so that showing them costs the same in any project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import Dataset

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import DocumentState


class Totals:
    """What the rows of a project add up to. Kept by the store: one row out, one row in."""

    def __init__(self, rows: Iterable[DocumentRow]) -> None:
        self.states: Counter[DocumentState] = Counter()
        self.labels: dict[Dataset, Counter[str]] = {dataset: Counter() for dataset in Dataset}
        """Active labels a category id, by set."""
        self.documents: dict[Dataset, Counter[str]] = {dataset: Counter() for dataset in Dataset}
        """Documents with at least one label a category id, by set."""
        self.suggestions: dict[Dataset, Counter[str]] = {dataset: Counter() for dataset in Dataset}
        """Open suggestions a category id, by set."""
        self.to_place = 0
        """Words that a model answered and that wait to be placed."""
        self.drafts: Counter[str] = Counter()
        """Draft changes an actor."""
        for row in rows:
            self.add(row)

    def add(self, row: DocumentRow, sign: int = 1) -> None:
        """Counts a row in; with ``sign`` -1, out again."""
        self.states[row.state] += sign
        labels, documents = self.labels[row.dataset], self.documents[row.dataset]
        for key, count in row.labels:
            labels[key] += sign * count
            documents[key] += sign
        suggestions = self.suggestions[row.dataset]
        for key, count in row.suggestions:
            suggestions[key] += sign * count
        # Most rows have none, and every row is counted when a project opens.
        if row.to_place:
            self.to_place += sign * row.to_place_count
        for actor, count in row.drafts:
            self.drafts[actor] += sign * count
