"""Texts of a container on this machine's disk, so that nothing is fetched twice and work goes on offline."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.turns import in_turns

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.container import BlobContainer
    from tui_labeler.engine.adapters.text_cache import TextCache, Version
    from tui_labeler.engine.ports import Blob

HELD = 64
"""Documents that stay because somebody has opened them, whether they are labeled yet or not."""

BREATH = 100
"""Needed texts that are looked for before others get their turn."""


class _Keeping(NamedTuple):
    """A text that waits to be written."""

    name: str
    data: bytes
    said: asyncio.Future[OSError | None]
    """What the disk said, where it refused."""


class CachedContainer:
    """A container whose texts are kept on disk; see :class:`~tui_labeler.engine.ports.Container`.

    ``known`` tells the hash of a document's text as the project knows it, empty where it knows none: reading
    gives that version without asking anybody where it is kept. ``needed`` tells the versions that offline
    work needs; these stay, whatever the cache's size.
    """

    def __init__(
        self,
        inner: BlobContainer,
        cache: TextCache,
        known: Callable[[str], str],
        needed: Callable[[], Iterable[Version]],
    ) -> None:
        self._inner = inner
        self._cache = cache
        self._known = known
        self._needed = needed
        self._notes: list[str] = []
        self._told: set[str] = set()
        self._refusal = ""
        """The disk has refused: nothing more is written."""
        self._is_full = False
        """All that is kept is needed: nothing else is written."""
        self._held: OrderedDict[str, set[Version]] = OrderedDict()
        self._lacking: frozenset[Version] = frozenset()
        """As of the last look."""
        self._turn = asyncio.Lock()
        self._waiting: list[_Keeping] = []
        self._writing = asyncio.Lock()

    @property
    def address(self) -> str:
        return self._inner.address

    @property
    def is_remote(self) -> bool:
        return True

    def blobs(self) -> AsyncIterator[Blob]:
        return self._inner.blobs()

    async def read(self, name: str) -> bytes:
        expected = self._known(name)
        kept = await self.earlier(name, expected) if expected else None
        return (await self.fetch(name))[0] if kept is None else kept

    async def fetch(self, name: str) -> tuple[bytes, str]:
        data, etag = await self._inner.fetch(name)
        await self._keep(name, data)
        return data, etag

    async def add(self, name: str, content: bytes) -> str:
        mark = await self._inner.add(name, content)
        await self._keep(name, content)
        return mark

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        if name in self._held:
            self._held[name].add((name, text_hash))
        return await asyncio.to_thread(self._cache.get, (name, text_hash))

    def hold(self, name: str) -> None:
        self._held.setdefault(name, set())
        self._held.move_to_end(name)
        while len(self._held) > HELD:
            self._held.popitem(last=False)

    async def lacking(self) -> tuple[Version, ...]:
        self._refusal, self._is_full = "", False
        found: list[Version] = []
        batch: list[Version] = []
        async for version in in_turns(self._needed()):
            batch.append(version)
            if len(batch) == BREATH:
                found += await asyncio.to_thread(self._not_here, batch)
                batch = []
        found += await asyncio.to_thread(self._not_here, batch)
        self._lacking = frozenset(found)
        return tuple(dict.fromkeys(found))

    def _not_here(self, versions: Iterable[Version]) -> list[Version]:
        return [version for version in versions if not self._cache.has(version)]

    @property
    def answers(self) -> int:
        return self._inner.answers

    @property
    def refusal(self) -> str:
        return self._refusal

    async def _keep(self, name: str, data: bytes) -> None:
        version = (name, text_hash(data))
        if name in self._held:
            self._held[name].add(version)
        is_needed = name in self._held or version in self._lacking
        if self._refusal or (self._is_full and not is_needed):
            return
        try:
            await self._write(name, data)
        except OSError as error:
            self._refusal = os.strerror(error.errno or 0)
            self._tell(f"texts are not kept for working offline: {self._refusal}")
            return
        if self._cache.is_too_full and not await self._cleared() and not self._is_full:
            self._is_full = True
            self._tell(
                "the texts of labeled documents alone fill the cache: they are kept all the same, and no "
                "others; cache_mb in settings.toml gives it more room"
            )

    async def _write(self, name: str, data: bytes) -> None:
        """Raises ``OSError`` where the disk refuses, though what is not needed has made room."""
        mine = _Keeping(name, data, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        async with self._writing:
            if not mine.said.done():
                # A thread for each would cost more than what it writes: those that came meanwhile go along.
                batch, self._waiting = self._waiting, []
                # Others wait for it too: a cancel comes when it is done.
                await finished(self._write_all(batch))
        error = await mine.said
        if error is None:
            return
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        await self._cleared()
        await asyncio.to_thread(self._cache.put, name, data)

    async def _write_all(self, batch: Sequence[_Keeping]) -> None:
        said = await asyncio.to_thread(self._cache.put_all, [(item.name, item.data) for item in batch])
        for item, error in zip(batch, said, strict=True):
            if not item.said.done():
                item.said.set_result(error)

    async def _cleared(self) -> bool:
        # Several texts are kept at a time: whoever comes second finds it done.
        async with self._turn:
            needed = {version async for version in in_turns(self._needed())}
            needed.update(self._lacking, *self._held.values())
            return await asyncio.to_thread(self._cache.clear, needed)

    def _tell(self, words: str) -> None:
        # Several texts are kept at a time, and more than one may have failed.
        if words not in self._told:
            self._told.add(words)
            self._notes.append(words)

    def notes(self) -> tuple[str, ...]:
        told, self._notes = tuple(self._notes), []
        return told

    async def close(self) -> None:
        await self._inner.close()

    # --- small files: see Shelf ---------------------------------------------------------------------

    def files(self, prefix: str) -> AsyncIterator[Blob]:
        return self._inner.files(prefix)

    async def dated(self, prefix: str) -> Sequence[Blob]:
        return await self._inner.dated(prefix)

    async def get(self, name: str) -> tuple[bytes, str]:
        return await self._inner.get(name)

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        return await self._inner.put(name, content, etag=etag)

    async def remove(self, name: str, *, etag: str) -> None:
        await self._inner.remove(name, etag=etag)
