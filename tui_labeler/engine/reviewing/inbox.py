"""How many suggestions a filter still holds, known at every key without counting all of them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.reviewing.review import Decided
from tui_labeler.engine.reviewing.visiting import waiting

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.ports import ProjectStore


class Inbox:
    """The open suggestions, and words to place, that a filter holds, counted document by document.

    The first look opens every document that may hold one; later ones only those that changed since.
    """

    def __init__(self, store: ProjectStore, wanted: SuggestionFilter) -> None:
        self._store = store
        self._wanted = wanted
        self._counted: dict[int, tuple[DocumentRow, int]] = {}
        self._seq = -1
        self._left = Decided(0, 0)

    @property
    def left(self) -> Decided:
        """Suggestions, and the documents that hold them, as of the last refresh or commit."""
        if self._store.seq != self._seq:
            self._seq = self._store.seq
            self._left = self._count()
        return self._left

    def _count(self) -> Decided:
        rows = self._store.state.rows
        before, self._counted = self._counted, {}
        for row in rows.values():
            if not self._wanted.may_match(row):
                continue
            known = before.get(row.id)
            if known is None or known[0] is not row:
                known = row, len(waiting(self._store.state, row.id, self._wanted))
            self._counted[row.id] = known
        counts = [count for _, count in self._counted.values() if count]
        return Decided(sum(counts), len(counts))
