"""Lines of a journal: what one says, whether it can be used, and what to do where it can't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label, Suggestion, ToPlace
from tui_labeler.domain.projects import Category, Project
from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.files import storage_errors
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports import Transaction
from tui_labeler.engine.rows import PARTS
from tui_labeler.engine.typed import convert, decoder

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports import Change

RESTORE = "Restore the journal folder from a backup."

_decoder = decoder(Transaction)

_KINDS: dict[str, type] = {
    "project": Project,
    "category": Category,
    "document": Document,
    "label": Label,
    "suggestion": Suggestion,
    "to_place": ToPlace,
}
"""What an item of each table is."""


def restoring(folder: Path) -> str:
    """What to do about a journal that lacks something."""
    return (
        f"{RESTORE} Without one, `tui-labeler project repair {folder.parent.name}` goes on with the labels "
        "that are left, and says what the history lacks."
    )


def missing(after: int, until: int) -> str:
    """In words what is not there between two transactions, of which ``until`` is the last."""
    if until <= after:
        return "a line can't be read"
    if until == after + 1:
        return f"transaction {until} is missing"
    return f"transactions {after + 1} to {until} are missing"


def lost_after(transaction: Transaction) -> int | None:
    """The last transaction before a part that is lost, of the one that says so; of any other ``None``."""
    after = transaction.note.get("after") if transaction.action == LOST else None
    return after if isinstance(after, int) else None


def line_number(path: Path, offset: int) -> int:
    """The line that begins at ``offset``, counted from 1."""
    with storage_errors(path):
        return path.read_bytes()[:offset].count(b"\n") + 1


def readable(line: bytes, seq: int | None = None) -> Transaction | None:
    """The transaction of a line; ``None`` where it holds none.

    One behind ``seq`` is to be applied, and is none either where what it makes can't be used.
    """
    try:
        transaction = _decoded(line)
        if seq is not None and transaction.seq > seq:
            _check_rows(transaction)
        return transaction
    except (msgspec.MsgspecError, ValueError):
        return None


def parsed(path: Path, offset: int, line: bytes, *, to_apply: bool = False) -> Transaction:
    """The transaction of a line, ``to_apply`` where what it makes is used.

    Raises ``StorageError`` that names the place.
    """
    try:
        transaction = _decoded(line)
        if to_apply:
            _check_rows(transaction)
        return transaction
    except (msgspec.MsgspecError, ValueError) as error:
        raise StorageError(
            f"{path}, line {line_number(path, offset)}: the line at byte {offset} can't be read: {error}",
            hint=restoring(path.parent),
        ) from error


def _decoded(line: bytes) -> Transaction:
    transaction = _decoder.decode(line)
    for change in transaction.changes:
        if not _is_known(change):
            raise ValueError(f"a project has no {change.table[:20]!r} {change.key[:80]!r}")
    return transaction


def _check_rows(transaction: Transaction) -> None:
    """Raises ``ValueError`` for an item that a project can't have."""
    for table, key, _, after in transaction.changes:
        if after is not None:
            convert(after, _KINDS[table])
            if table == "document" and str(after["id"]) != key:
                raise ValueError(f"the id of document {key} says {after['id']}")


def _is_known(change: Change) -> bool:
    """Whether a change is of something that a project has."""
    if change.table in ("project", "category"):
        return True
    number, slash, _ = change.key.partition("/")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return is_number and (change.table in PARTS if slash else change.table == "document")
