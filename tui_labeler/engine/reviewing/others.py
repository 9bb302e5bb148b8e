"""What others decided meanwhile, of the suggestions that somebody goes through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Suggestion, ToPlace
from tui_labeler.engine.rows import to_value

if TYPE_CHECKING:
    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.ports import Change, State, Transaction


def decided_in(transactions: Iterable[Transaction], state: State, wanted: SuggestionFilter) -> int:
    """How many suggestions that a filter holds, and words to place, were decided in transactions.

    Negative where more decisions were taken back. What came new, or went away undecided, does not count.
    Raises ``StorageError`` for a suggestion that can't be read.
    """
    return sum(_decided(change, state, wanted) for entry in transactions for change in entry.changes)


def _decided(change: Change, state: State, wanted: SuggestionFilter) -> int:
    """1 for a decision, -1 for one that was taken back, else 0."""
    before, after = change.before, change.after
    if change.table not in ("suggestion", "to_place") or before is None or after is None:
        return 0
    step = _is_decided(after) - _is_decided(before)
    document = int(change.key.partition("/")[0])
    if not step or (wanted.documents is not None and document not in wanted.documents):
        return 0
    if document not in state.rows or (
        wanted.shown_only and state.document(document).hides_suggestions(state.project.settings)
    ):
        return 0
    what = f"{change.table} {change.key}"
    if change.table == "suggestion":
        return step * wanted.matches(to_value(before, Suggestion, what))
    return step * wanted.matches_to_place(to_value(before, ToPlace, what))


def _is_decided(row: dict[str, Any]) -> bool:
    return row.get("decision") is not None
