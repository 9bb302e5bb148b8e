"""What this home has made and the container does not hold yet, counted without asking the container."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_labeler.engine.actions import LOST, SYNCED
from tui_labeler.engine.ports.sharing import UNSETTLED, Agreed
from tui_labeler.engine.sharing.merging import merge
from tui_labeler.engine.sharing.project_form import merge_project, project_items
from tui_labeler.engine.sharing.shared_form import PARTS, document_items

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore, Transaction
    from tui_labeler.engine.ports.sharing import AgreedProject, SyncBase

_BREATH = 50
"""Documents that are opened before others get their turn."""


def documents_of(transaction: Transaction) -> set[int]:
    """The documents in which a transaction changed something that may be shared."""
    if transaction.action == SYNCED:
        return set()
    return {
        int(change.key.partition("/")[0])
        for change in transaction.changes
        if change.table in PARTS or change.table == "document"
    }


class Pending:
    """Counts the documents that a sync would write, and the project's own file with them.

    The history is read once: each count goes on where the one before ended, until a sync begins anew.
    """

    def __init__(self, store: ProjectStore, base: SyncBase) -> None:
        self._store = store
        self._base = base
        self._since: AgreedProject | None = None
        """The sync that the count began with."""
        self._seen = -1
        self._documents: set[int] = set()
        self._project = False

    def forget(self) -> None:
        """What is to be written has changed without an action in the history: the next count begins anew."""
        self._seen = -1

    async def count(self) -> int:
        """Of documents, and one for categories and settings together. Raises ``StorageError``."""
        agreed = await self._base.project()
        if self._seen < 0 or self._since is None or not _is_same(agreed, self._since):
            await self._begin(agreed)
        elif self._store.seq == self._seen:
            return len(self._documents) + self._project
        fresh = await self._fresh()
        known = await self._base.agreed(fresh)
        for count, number in enumerate(fresh):
            if count % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            is_pending = self._differs(number, known.get(number))
            (self._documents.add if is_pending else self._documents.discard)(number)
        self._project = self._project_differs(agreed)
        return len(self._documents) + self._project

    async def _begin(self, agreed: AgreedProject) -> None:
        marks = await self._base.marks()
        seq = agreed.seq or 0
        # Behind the end of the history, which was set back: all of it is to be read.
        self._since, self._seen = agreed, seq if seq <= self._store.seq else 0
        open_ones = [number for number, mark in marks.items() if mark.revision == UNSETTLED]
        # What was made here of a document whose file can't be used waits, however long ago that was.
        broken = (self._store.state.document_id(location) for _, location, _ in agreed.broken.values())
        open_ones += [number for number in broken if number is not None and number not in open_ones]
        known = await self._base.agreed(open_ones)
        rows = self._store.state.rows
        self._documents = {n for n in open_ones if n in rows and self._differs(n, known.get(n))}

    async def _fresh(self) -> list[int]:
        """The documents that were worked on here since the last count."""
        seq, found = self._store.seq, set[int]()
        async for transaction in self._store.history():
            if transaction.seq <= self._seen:
                break
            if transaction.action == LOST:
                found |= self._store.state.rows.keys()  # nobody knows what was worked on in that part
            found |= documents_of(transaction)
        self._seen = seq
        return sorted(found & self._store.state.rows.keys())

    def _differs(self, number: int, agreed: Agreed | None) -> bool:
        """Whether a sync would write the document's file, as far as the container is known here."""
        known = agreed or Agreed("", "", UNSETTLED, {}, {})
        document = self._store.state.whole(number)
        ours, drafts = document_items(document, known.base)
        kind = self._store.state.project.kind
        merged = merge(kind, known.base, ours, known.held, drafts, document.text_hash)
        return merged.theirs != known.theirs

    def _project_differs(self, agreed: AgreedProject) -> bool:
        state = self._store.state
        ours = project_items(state.project, state.categories, agreed.base)
        return merge_project(agreed.base, ours, agreed.held).theirs != agreed.theirs


def _is_same(agreed: AgreedProject, other: AgreedProject) -> bool:
    return (agreed.seq, agreed.broken) == (other.seq, other.broken)
