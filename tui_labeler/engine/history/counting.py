"""How many things an action, or taking it back, was about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_labeler.engine.ports import Change


IN_CATEGORIES = frozenset({"label", "suggestion", "to_place"})
"""Tables of what bears a category."""


class Tally:
    """What was taken back, over several transactions."""

    def __init__(self) -> None:
        self.refused = 0
        self._tables: Counter[str] = Counter()
        self.documents: set[int] = set()
        self.unsure: set[int] = set()
        """Documents whose text has changed so that nobody knows where something would have to come back."""

    def count(self, changes: Sequence[Change]) -> None:
        self._tables += tables_of(changes)
        self.documents.update(
            document_of(change) for change in changes if change.table not in ("project", "category")
        )

    @property
    def items(self) -> int:
        return items_in(self._tables)


def tables_of(changes: Iterable[Change]) -> Counter[str]:
    """Changed items a table; a suggestion that stands with the label made of it is left out."""
    changes = list(changes)
    paired = set()
    for change in changes:
        row = change.after or change.before or {}
        if change.table == "label" and row.get("suggestion"):
            paired.add(f"{document_of(change)}/{row['suggestion']}")
    return Counter(
        change.table for change in changes if change.table != "suggestion" or change.key not in paired
    )


def items_in(tables: Counter[str]) -> int:
    """Labels and suggestions are counted both; what changed with them is part of the same step."""
    return sum(tables[table] for table in IN_CATEGORIES) or max(tables.values(), default=0)


def document_of(change: Change) -> int:
    """The id of the document that a change of an item of one is about."""
    return int(change.key.partition("/")[0])
