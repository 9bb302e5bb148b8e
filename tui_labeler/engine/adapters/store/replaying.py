"""What the journal says of shards: which there are, and what stood in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE
from tui_labeler.engine.adapters.store.survey import Damage, Entry, entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.engine.adapters.store.journal import Journal
    from tui_labeler.engine.ports import Change

AS_OF = "as_of"
"""In the note of a transaction that says what is lost: the one whose labels go on behind it."""


def shards_named(journal: Journal, until: int) -> dict[int, int]:
    """The shards that a checkpoint at transaction ``until`` has written, as far as the journal tells.

    As of no transaction, for it does not say when each was written last. Raises ``StorageError``.
    """
    found: set[int] = set()
    for item in entries(journal):
        if isinstance(item, Entry):
            if item.transaction.seq > until:
                break
            found |= {_shard(change) for change in item.transaction.changes if _is_of_document(change)}
    return dict.fromkeys(found, 0)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the journal says of some shards."""

    rows: dict[int, dict[str, Any] | None]
    """Their documents, by id; ``None`` for those that are gone."""
    until: int
    """The last transaction up to which nothing is missing."""


def replayed(journal: Journal, project: dict[str, Any], shards: Mapping[int, int]) -> Replayed:
    """The documents of some shards, each as of a transaction. Raises ``StorageError``."""
    state = MemoryState(DocumentShards(journal.folder / "none"), project, ())
    last, until = 0, max(shards.values(), default=0)
    for item in entries(journal, seq=0):
        if isinstance(item, Damage):
            if item.until > item.after:
                break
            continue
        if item.transaction.seq > until:
            break
        transaction = item.transaction
        if transaction.action == LOST and transaction.note.get(AS_OF) != last:
            break
        last = transaction.seq
        changes = tuple(
            change
            for change in transaction.changes
            if _is_of_document(change) and shards.get(_shard(change), 0) >= last
        )
        if changes:
            state.apply(replace(transaction, changes=changes))
    return Replayed(state.changed, last)


def _is_of_document(change: Change) -> bool:
    return change.table not in ("project", "category")


def _shard(change: Change) -> int:
    return int(change.key.partition("/")[0]) // SHARD_SIZE
