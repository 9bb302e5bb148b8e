"""What the journal says of shards: which there are, and what stood in them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.journal import RESTORE, START
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tui_labeler.engine.adapters.store.journal import Journal
    from tui_labeler.engine.ports import Change, Transaction


def shards_named(journal: Journal, until: int) -> dict[int, int]:
    """The shards that a checkpoint at transaction ``until`` has written, as far as the journal tells.

    As of no transaction, for it does not say when each was written last.
    """
    found: set[int] = set()
    # What is wrong with the journal itself is told where it is needed.
    with suppress(StorageError):
        for transaction in _as_far_as(journal, until):
            found |= {_shard(change) for change in transaction.changes if _is_of_document(change)}
    return dict.fromkeys(found, 0)


def replayed(
    journal: Journal, project: dict[str, Any], shards: Collection[int], until: int
) -> dict[int, dict[str, Any] | None]:
    """The documents of some shards as of transaction ``until``; ``None`` for those that are gone.

    Raises ``StorageError`` where the journal does not hold all of it.
    """
    state = MemoryState(DocumentShards(journal.folder / "none"), project, ())
    last = 0
    for transaction in _as_far_as(journal, until):
        if transaction.action == LOST:
            break
        last = transaction.seq
        changes = tuple(
            change for change in transaction.changes if _is_of_document(change) and _shard(change) in shards
        )
        if changes:
            state.apply(replace(transaction, changes=changes))
    if last != until:
        raise StorageError(
            f"{journal.folder}: the journal holds nothing from transaction {last + 1} on, so that it can't "
            f"tell what stood in a file written at {until}.",
            hint=RESTORE,
        )
    return state.changed


def _as_far_as(journal: Journal, until: int) -> Iterator[Transaction]:
    for transaction, _ in journal.read(START):
        if transaction.seq > until:
            return
        yield transaction


def _is_of_document(change: Change) -> bool:
    return change.table not in ("project", "category")


def _shard(change: Change) -> int:
    return int(change.key.partition("/")[0]) // SHARD_SIZE
