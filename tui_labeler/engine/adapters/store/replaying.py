"""What the journal says of shards, which there are and what stood in them, and of the project's own file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE
from tui_labeler.engine.adapters.store.survey import Damage, Entry, entries

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

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


@dataclass(slots=True)
class ProjectAsOf:
    """What the journal says of the project and its categories at a transaction."""

    project: dict[str, Any] | None = None
    """``None`` where no transaction has changed it."""
    categories: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """By id, in the order in which they came; ``None`` for those that were removed. Behind a part that is
    lost only those that were changed since: of the others nothing is certain."""
    is_whole: bool = True
    """Whether nothing up to there is lost."""

    def missing_in(self, known: Container[str]) -> list[dict[str, Any]]:
        """The categories that are not ``known``, though no transaction has removed them."""
        return [row for key, row in self.categories.items() if row is not None and key not in known]


def project_as_of(journal: Journal, until: int) -> ProjectAsOf:
    """Of transaction ``until``. Raises ``StorageError``."""
    found, last = ProjectAsOf(), 0
    for item in entries(journal, seq=0):
        if isinstance(item, Damage):
            if item.until > item.after and item.after < until:
                found = ProjectAsOf(is_whole=False)
            continue
        transaction = item.transaction
        if transaction.seq > until:
            break
        if transaction.action == LOST and transaction.note.get(AS_OF) != last:
            found = ProjectAsOf(is_whole=False)
        last = transaction.seq
        for table, key, _, after in transaction.changes:
            if table == "category":
                found.categories[key] = after
            elif table == "project":
                found.project = after
    found.is_whole &= last == until
    return found


def _is_of_document(change: Change) -> bool:
    return change.table not in ("project", "category")


def _shard(change: Change) -> int:
    return int(change.key.partition("/")[0]) // SHARD_SIZE
