"""What taking an action back, or doing it again, came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_labeler.engine.history.counting import Tally, items_in, tables_of
from tui_labeler.engine.ports import Transaction
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, or done again."""

    action: str
    items: int
    """Decisions, labels or other things: an accepted suggestion and its label are one."""
    documents: tuple[int, ...]
    """Ids of the documents that changed."""
    refused: int = 0
    """Items that somebody has changed since, and that stay as they are."""
    categories: tuple[str, ...] = ()
    """Names of the categories that changed themselves."""
    category_ids: tuple[str, ...] = ()
    """Ids of the same."""
    suggestions: tuple[str, ...] = ()
    """Ids of the suggestions that changed."""
    gone_by: str = ""
    """Of a job: the action that took the last of its suggestions away before."""
    to_place: tuple[str, ...] = ()
    """Ids of the words to place that changed."""
    job: str = ""
    """The job of which all was taken back."""
    left: int = 0
    """Documents that an import has written into the container: an undo takes none of them away."""
    stopped: bool = False
    """A person has ended it: what was left stays as it is."""
    made: Transaction | None = field(default=None, compare=False, repr=False)
    """The only transaction that it took, where it did not take more."""

    @property
    def left_words(self) -> str:
        """What an undo leaves in the container; empty where that is nothing."""
        if not self.left:
            return ""
        stay = "stays" if self.left == 1 else "stay"
        return f"{counted(self.left, 'document')} that it wrote {stay} in the container"


def undone_of(action: str, transactions: Sequence[Transaction], tally: Tally) -> Undone:
    """What came of going back over transactions of an action."""
    return Undone(
        action,
        tally.items,
        tuple(sorted(tally.documents)),
        tally.refused,
        category_names_of(transactions),
        category_ids=category_ids_of(transactions),
        suggestions=ids_of(transactions, "suggestion"),
        to_place=ids_of(transactions, "to_place"),
    )


def items_of(transactions: Sequence[Transaction]) -> int:
    """How many items an action changed: an accepted suggestion and its label are one."""
    return items_in(tables_of(change for transaction in transactions for change in transaction.changes))


def sizes_of(transactions: Sequence[Transaction]) -> list[int]:
    """Items that each of them changed."""
    return [items_of([transaction]) for transaction in transactions]


def ids_of(transactions: Sequence[Transaction], table: str) -> tuple[str, ...]:
    """The ids of the items of a table that were changed."""
    return tuple(
        change.key.partition("/")[2]
        for transaction in transactions
        for change in transaction.changes
        if change.table == table
    )


def category_names_of(transactions: Sequence[Transaction]) -> tuple[str, ...]:
    """Of the categories that were changed themselves."""
    rows = [
        change.after or change.before
        for transaction in transactions
        for change in transaction.changes
        if change.table == "category"
    ]
    return tuple(dict.fromkeys(str(row["name"]) for row in rows if row))


def category_ids_of(transactions: Sequence[Transaction]) -> tuple[str, ...]:
    """Of the categories that were changed themselves."""
    keys = [
        change.key
        for transaction in transactions
        for change in transaction.changes
        if change.table == "category"
    ]
    return tuple(dict.fromkeys(keys))
