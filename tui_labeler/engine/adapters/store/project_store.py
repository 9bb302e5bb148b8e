"""One project's state on disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store import checkpoint
from tui_labeler.engine.adapters.store.checkpoint import Fold, between, fold_in, take_marks
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.files import check_there
from tui_labeler.engine.adapters.store.index import read_index
from tui_labeler.engine.adapters.store.journal import START, Journal
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.adapters.store.migrations import check_format
from tui_labeler.engine.adapters.store.project_file import read_project_file
from tui_labeler.engine.adapters.store.replaying import project_as_of, shards_named
from tui_labeler.engine.adapters.store.survey import backwards, forwards, survey
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.errors import DeletedError, LockedError, SetBackError, StorageError
from tui_labeler.engine.pen import check_pen
from tui_labeler.engine.ports import Transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping
    from pathlib import Path

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import Plan, State

NEWS_KEPT = 5000
"""Transactions of others that wait for somebody to ask."""


class TinyProjectStore:
    """A :class:`~tui_labeler.engine.ports.ProjectStore` over TinyDB files and a journal."""

    def __init__(
        self, folder: Path, now: Callable[[], str], new_id: Callable[[], str], viewer: str = ""
    ) -> None:
        """``viewer`` is the person for whom it is opened: nobody else's reading of a document is shown."""
        self.folder = folder
        self._viewer = viewer
        self._now = now
        self._new_id = new_id
        self._journal = Journal(folder / "journal")
        self._shards = DocumentShards(folder)
        self._lock = FileLock(folder / "lock", project=folder)
        self._mutex = asyncio.Lock()
        self._folding = asyncio.Lock()
        self._state: MemoryState | None = None
        self._base = START
        """As of the checkpoint that the state in memory starts from."""
        self._position = START
        self._tried = START
        """Where folding was last tried: a full disk is not to be asked at each decision."""
        self._news: deque[Transaction] | None = None
        """What others committed and nobody was told of yet; ``None`` while nobody asks."""

    # --- opening ------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls, folder: Path, now: Callable[[], str], new_id: Callable[[], str], viewer: str = ""
    ) -> TinyProjectStore:
        """Raises ``StorageError`` for files that can't be read."""
        store = cls(folder, now, new_id, viewer)
        await asyncio.to_thread(store._load)
        return store

    def _load(self) -> None:
        """Reads the last checkpoint and what was committed since."""
        found = read_project_file(self.folder)
        state = MemoryState(self._shards, found.project, found.categories, found.category_order, self._viewer)
        self._base = self._position = self._tried = self._journal.known(found.place)
        index, kind, seq = self.folder / "index.json", state.project.kind, self._base.seq
        named = partial(shards_named, self._journal, seq)
        state.fill(read_index(index, self._shards, kind, seq, found.shards, named))
        if found.shards is None or 0 in found.shards.values():
            take_marks(self.folder, self._shards)
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
        check_there(self.folder)
        if not self._journal.changed_since(self._position):
            return ()
        async with self._mutex:
            news = await self._catch_up()
        await self._relieve()
        return news

    def news(self) -> tuple[Transaction, ...]:
        known, self._news = self._news or (), deque(maxlen=NEWS_KEPT)
        return tuple(known)

    async def _catch_up(self) -> tuple[Transaction, ...]:
        if not self._journal.changed_since(self._position):
            return ()
        news = await asyncio.to_thread(lambda: list(self._journal.read(self._position)))
        for transaction, position in news:
            self._memory.apply(transaction)
            self._position = position
            if self._news is not None:
                self._news.append(transaction)
            await asyncio.sleep(0)
        return tuple(transaction for transaction, _ in news)

    async def commit(
        self, actor: str, plan: Callable[[State], Plan | Awaitable[Plan | None] | None]
    ) -> Transaction | None:
        """Goes on to its end when the caller is cancelled: a lock half taken would stay taken."""
        transaction = await asyncio.shield(asyncio.ensure_future(self._commit(actor, plan)))
        await self._relieve()
        return transaction

    async def _commit(
        self, actor: str, plan: Callable[[State], Plan | Awaitable[Plan | None] | None]
    ) -> Transaction | None:
        async with self._mutex:
            try:
                await to_the_end(self._lock.acquire)
                check_there(self.folder)
                check_format(self.folder.parent.parent)
                await self._catch_up()
                found = plan(self._memory)
                wanted = await found if isinstance(found, Awaitable) else found
                changes = (
                    tuple(change for change in wanted.changes if change.before != change.after)
                    if wanted
                    else ()
                )
                if wanted is None or not (changes or wanted.is_event):
                    return None
                check_pen(self._memory.project, wanted, changes)
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
                self._position = await to_the_end(self._journal.append, self._position, transaction)
                self._memory.apply(transaction)
            finally:
                self._lock.release()
        return transaction

    async def edited(self) -> Mapping[str, Collection[int]]:
        return await asyncio.to_thread(checkpoint.edited, self.folder, self._shards)

    async def document(self, document_id: int) -> Document:
        return self._memory.document(document_id)

    async def history(self, *, newest_first: bool = True) -> AsyncIterator[Transaction]:
        found = backwards(self._journal) if newest_first else forwards(self._journal)
        while (transaction := await asyncio.to_thread(next, found, None)) is not None:
            yield transaction

    async def lacking(self) -> tuple[str, ...]:
        seen = await asyncio.to_thread(survey, self._journal, self._base.seq)
        return tuple(damage.words for damage in seen.older)

    async def lost_categories(self) -> tuple[str, ...]:
        found = await asyncio.to_thread(project_as_of, self._journal, self._position.seq)
        return tuple(row["name"] for row in found.missing_in(self._memory.category_rows))

    async def kind_in_history(self) -> str | None:
        found = await asyncio.to_thread(project_as_of, self._journal, self._position.seq)
        return found.project.get("kind") if found.project else None

    # --- checkpoints --------------------------------------------------------------------------------

    @property
    def journal_bytes(self) -> int:
        """About how much journal the next opening would have to read."""
        return between(self._base, self._position)

    async def checkpoint(self) -> None:
        await self._checkpoint(lenient=False)

    async def _checkpoint(self, *, lenient: bool) -> None:
        """Decisions go on while this writes: it works on a copy.

        ``lenient`` takes what another process folded lately as good enough.
        """
        async with self._folding:
            async with self._mutex:
                if self._position == self._base:
                    return
                fold = Fold(
                    self._position,
                    self._memory.snapshot(),
                    list(self._memory.rows.values()),
                    self._memory.project_row,
                    list(self._memory.category_rows.values()),
                    tuple(self._memory.category_order),
                )
            tolerance = checkpoint.CHECKPOINT_AFTER // 2 if lenient else 0
            self._base = await to_the_end(fold_in, self.folder, self._shards, fold, self._base.seq, tolerance)
            self._memory.forget(fold.documents, self._base.seq)

    async def _relieve(self) -> None:
        """Folds when much has changed since the last time: memory holds all of it until then.

        What was committed is safe in the journal; where folding fails, memory and the next opening pay.
        """
        if between(self._base, self._position) < checkpoint.CHECKPOINT_AFTER:
            return
        if between(self._tried, self._position) < checkpoint.CHECKPOINT_AFTER:
            return
        self._tried = self._position
        with suppress(DeletedError, LockedError, StorageError):
            await self._checkpoint(lenient=True)

    def forget(self) -> None:
        if self._state is not None:
            # Whoever still has the mapping keeps no document by it.
            self._state.rows.clear()
        self._state = self._news = None

    async def close(self) -> None:
        """Waits for a commit under way, and folds the journal in when that is worth it.

        Another process at the same work is left to it, and a disk that is full or read-only left as it
        is: the journal holds everything. Of a project that was deleted there is nothing to fold.

        Raises ``SetBackError`` where the journal holds it no more: all stays as it is there.
        """
        async with self._mutex:
            pass
        if self._state is None:
            return
        if self.journal_bytes >= checkpoint.CHECKPOINT_AFTER // 64:
            with suppress(DeletedError, LockedError, StorageError):
                await self.checkpoint()
        await asyncio.to_thread(self._check_not_set_back)

    def _check_not_set_back(self) -> None:
        try:
            check_there(self.folder)
            self._journal.check_reach(self._position)
        except SetBackError:
            raise
        except (DeletedError, StorageError):
            return
