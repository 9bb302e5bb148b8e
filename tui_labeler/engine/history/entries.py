"""The history as people read it: a line for each transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tui_labeler.domain.items import READERS
from tui_labeler.engine.actions import DECISION, LOST
from tui_labeler.engine.history.counting import items_in, tables_of
from tui_labeler.engine.history.who_did_it import came_in, doers
from tui_labeler.engine.ports import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.engine.ports import State, Transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history as people read it."""

    seq: int
    time: str
    who: str
    action: str
    location: str | None
    category: str | None
    job: str | None
    items: int
    model: str | None = None
    """The model that was trained or deleted."""
    of: str | None = None
    """The action that an undo took back, or a redo did again."""
    decided: str | None = None
    """Of a conflict: what stands and what gave way, in words, with the makers."""
    lacks: tuple[int, int] | None = None
    """The first and the last of the transactions that are lost."""
    synced_by: str | None = None
    """Whose sync brought in what others have done."""


def entry_of(state: State, transaction: Transaction, document: int | None, viewer: str) -> Entry | None:
    """A transaction in short, or ``None`` when it does not touch the document, or only what the viewer is
    not to see yet: the readings of others."""
    touched = _touched(state, transaction, document, viewer)
    decision = transaction.note.get(DECISION)
    if decision and decision["document"] is not None and document in (None, decision["document"]):
        touched.documents.add(decision["document"])
    if document is not None and document not in touched.documents:
        return None
    if transaction.changes and not touched.changes:
        return None
    row = state.rows.get(next(iter(touched.documents))) if len(touched.documents) == 1 else None
    return Entry(
        seq=transaction.seq,
        time=transaction.time,
        who=doers(transaction, touched.changes),
        action=transaction.action,
        location=row.location if row else None,
        category=next(iter(touched.categories)) if len(touched.categories) == 1 else None,
        job=transaction.job or None,
        items=items_in(tables_of(touched.changes)),
        model=transaction.note.get("model"),
        of=transaction.note.get("action"),
        decided=_decided(state, decision, viewer) if decision else None,
        lacks=_lacks(transaction),
        synced_by=transaction.actor if came_in(transaction) else None,
    )


class _Touched(NamedTuple):
    """What a transaction is about, as far as a viewer may see it."""

    documents: set[int]
    """Ids."""
    categories: set[str]
    """Names."""
    changes: list[Change]


def _touched(state: State, transaction: Transaction, document: int | None, viewer: str) -> _Touched:
    """Of one document, or of all."""
    touched = _Touched(set(), set(), [])
    for change in transaction.changes:
        table, key, before, after = change
        if table == "label" and _is_hidden(state, change, viewer):
            continue
        if table == "category":
            touched.categories.add(str((after or before or {}).get("name", key)))
        elif table != "project":
            number = int(key.partition("/")[0])
            if document is not None and number != document:
                continue
            touched.documents.add(number)
            category = state.categories.get(str((after or before or {}).get("category", "")))
            if category:
                touched.categories.add(category.name)
        touched.changes.append(change)
    return touched


def _lacks(transaction: Transaction) -> tuple[int, int] | None:
    if transaction.action != LOST:
        return None
    after, until = transaction.note.get("after"), transaction.note.get("until")
    return (after + 1, until) if isinstance(after, int) and isinstance(until, int) else None


def _decided(state: State, decision: Mapping[str, Any], viewer: str) -> str | None:
    """What was decided, unless it lies in a reading that the viewer is not to see yet.

    Of a decision on who reads a document the words say nothing of what is in a reading.
    """
    if any((table, key) == READERS for table, key, *_ in decision["items"]):
        return str(decision["words"])
    for table, key, *rows in decision["items"]:
        changes = (Change(table, f"{decision['document']}/{key}", None, row) for row in rows)
        if table == "label" and any(_is_hidden(state, change, viewer) for change in changes):
            return None
    return str(decision["words"])


def _is_hidden(state: State, change: Change, viewer: str) -> bool:
    """Whether a label is of somebody else's reading, and not everybody is done with the document."""
    reader = (change.after or change.before or {}).get("reader", "")
    if reader in ("", viewer):
        return False
    row = state.rows.get(int(change.key.partition("/")[0]))
    return row is None or not (row.settled or row.waits_for_adjudication)
