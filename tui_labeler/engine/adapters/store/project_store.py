"""One project's state on disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.adapters.store.files import make_folder
from tui_labeler.engine.adapters.store.index import read_index, write_index
from tui_labeler.engine.adapters.store.journal import START, Journal, Position
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.adapters.store.shards import Shards, database, rows_of
from tui_labeler.engine.errors import LockedError, StorageError
from tui_labeler.engine.ports import Transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import Plan, State

CHECKPOINT_AFTER = 4 * 1024 * 1024
"""Bytes of journal after which folding it in is worth the work: reading that much takes a moment."""


class TinyProjectStore:
    """A :class:`~tui_labeler.engine.ports.ProjectStore` over TinyDB files and a journal."""

    def __init__(self, folder: Path, now: Callable[[], str], new_id: Callable[[], str]) -> None:
        self.folder = folder
        self._now = now
        self._new_id = new_id
        self._journal = Journal(folder / "journal")
        self._shards = Shards(folder / "documents")
        self._lock = FileLock(folder / "lock")
        self._mutex = asyncio.Lock()
        self._state: MemoryState | None = None
        self._base = START
        self._position = START

    # --- opening ------------------------------------------------------------------------------------

    @classmethod
    async def open(cls, folder: Path, now: Callable[[], str], new_id: Callable[[], str]) -> TinyProjectStore:
        """Raises ``StorageError`` for files that can't be read."""
        store = cls(folder, now, new_id)
        await asyncio.to_thread(store._load)
        return store

    def _load(self) -> None:
        """Reads the last checkpoint and what was committed since."""
        file = database(self.folder / "project.json")
        projects = rows_of(file.table("project"))
        marks = rows_of(file.table("checkpoint"))
        if not projects or not marks:
            raise StorageError(
                f"{self.folder / 'project.json'} holds no project", hint="Restore it from a backup."
            )
        state = MemoryState(self._shards, projects[0], rows_of(file.table("categories")))
        self._base = self._position = Position(**marks[0])
        state.fill(read_index(self.folder / "index.json", self._shards, state.project.kind, self._base.seq))
        self._state = state
        for transaction, position in self._journal.read(self._position):
            state.apply(transaction)
            self._position = position

    @property
    def _memory(self) -> MemoryState:
        if self._state is None:
            raise StorageError(f"{self.folder} is not open")
        return self._state

    @property
    def state(self) -> State:
        return self._memory

    @property
    def seq(self) -> int:
        return self._position.seq

    # --- following and changing ---------------------------------------------------------------------

    async def refresh(self) -> tuple[Transaction, ...]:
        if not self._journal.changed_since(self._position):
            return ()
        async with self._mutex:
            return await self._catch_up()

    async def _catch_up(self) -> tuple[Transaction, ...]:
        if not self._journal.changed_since(self._position):
            return ()
        news = await asyncio.to_thread(lambda: list(self._journal.read(self._position)))
        for transaction, position in news:
            self._memory.apply(transaction)
            self._position = position
            await asyncio.sleep(0)
        return tuple(transaction for transaction, _ in news)

    async def commit(self, actor: str, plan: Callable[[State], Plan | None]) -> Transaction | None:
        """Goes on to its end when the caller is cancelled: a lock half taken would stay taken."""
        return await asyncio.shield(asyncio.ensure_future(self._commit(actor, plan)))

    async def _commit(self, actor: str, plan: Callable[[State], Plan | None]) -> Transaction | None:
        async with self._mutex:
            await asyncio.to_thread(self._lock.acquire)
            try:
                await self._catch_up()
                wanted = plan(self._memory)
                changes = (
                    tuple(change for change in wanted.changes if change.before != change.after)
                    if wanted
                    else ()
                )
                if wanted is None or not changes:
                    return None
                transaction = Transaction(
                    seq=self._position.seq + 1,
                    group=wanted.group or self._new_id(),
                    time=self._now(),
                    actor=actor,
                    action=wanted.action,
                    changes=changes,
                    job=wanted.job,
                    note=dict(wanted.note),
                )
                self._position = await asyncio.to_thread(self._journal.append, self._position, transaction)
                self._memory.apply(transaction)
            finally:
                self._lock.release()
        return transaction

    async def document(self, document_id: int) -> Document:
        return self._memory.document(document_id)

    async def history(self, *, newest_first: bool = True) -> AsyncIterator[Transaction]:
        found = self._journal.backwards() if newest_first else self._forwards()
        while (transaction := await asyncio.to_thread(next, found, None)) is not None:
            yield transaction

    def _forwards(self) -> Any:
        return (transaction for transaction, _ in self._journal.read(START))

    # --- checkpoints --------------------------------------------------------------------------------

    @property
    def journal_bytes(self) -> int:
        """About how much journal the next opening would have to read."""
        if self._position.segment != self._base.segment:
            return CHECKPOINT_AFTER
        return self._position.offset - self._base.offset

    async def checkpoint(self) -> None:
        async with self._mutex:
            if self._position == self._base:
                return
            snapshot = self._memory.snapshot()
            rows = list(self._memory.rows.values())
            project = self._memory.project_row
            categories = list(self._memory.category_rows.values())
            position = self._position
            await asyncio.to_thread(self._fold, position, snapshot, rows, project, categories)
            self._memory.forget(snapshot)
            self._base = position

    def _fold(
        self,
        position: Position,
        snapshot: dict[int, dict[str, Any] | None],
        rows: Sequence[Any],
        project: dict[str, Any],
        categories: Sequence[dict[str, Any]],
    ) -> None:
        """Writes shards, then the project, then the index: a crash between two only makes opening slower.

        Another process may have folded further; then there is nothing to do.
        """
        with FileLock(self.folder / "checkpoint.lock").held():
            marks = rows_of(database(self.folder / "project.json").table("checkpoint"))
            if marks and marks[0]["seq"] >= position.seq:
                return
            self._shards.put(snapshot)
            write_project(self.folder, project, categories, position)
            write_index(self.folder / "index.json", self._shards, rows, position.seq)

    async def close(self) -> None:
        """Waits for a commit under way, and folds the journal in when that is worth it.

        Another process at the same work is left to it.
        """
        async with self._mutex:
            pass
        if self._state is not None and self.journal_bytes >= CHECKPOINT_AFTER // 64:
            try:
                await self.checkpoint()
            except LockedError:
                return


def write_project(
    folder: Path, project: dict[str, Any], categories: Sequence[dict[str, Any]], position: Position
) -> None:
    """Writes ``project.json``. Raises ``StorageError``."""
    make_folder(folder)
    database(folder / "project.json").storage.write(
        {
            "checkpoint": {"1": position._asdict()},
            "project": {"1": project},
            "categories": {str(number): row for number, row in enumerate(categories, 1)},
        }
    )
