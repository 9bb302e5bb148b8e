"""A folder whose labeled texts are kept, so that labels can follow their words when a file changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING

from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.errors import ContainerError, InputError, NotFoundError
from tui_labeler.engine.turns import in_turns

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.folder import FolderContainer
    from tui_labeler.engine.adapters.text_cache import TextCache, Version
    from tui_labeler.engine.ports import Blob

BREATH = 100
"""Texts that are looked for on disk before others get their turn."""


class KeptFolder:
    """Documents in a folder; see :class:`~tui_labeler.engine.ports.Container`.

    They are always read from the folder. A file that changes there takes its earlier text with it, so the
    texts that labels are on are kept in ``cache``: those of documents that somebody opens to label them at
    once, those that are labeled otherwise (``needed``) when the container is next synced. Beyond the cache's
    size none is added; labels on a text that is not kept stay where they are, and a person is asked.
    """

    def __init__(
        self, inner: FolderContainer, cache: TextCache, needed: Callable[[], Iterable[Version]]
    ) -> None:
        self._inner = inner
        self._cache = cache
        self._needed = needed
        self._held: set[str] = set()
        self._lacking: frozenset[Version] = frozenset()
        """As of the last look."""
        self._notes: list[str] = []
        self._refusal = ""
        """Why none is added any more."""
        self._turn = asyncio.Lock()

    @property
    def address(self) -> str:
        return self._inner.address

    @property
    def is_remote(self) -> bool:
        return False

    def blobs(self) -> AsyncIterator[Blob]:
        return self._inner.blobs()

    async def read(self, name: str) -> bytes:
        return (await self.fetch(name))[0]

    async def fetch(self, name: str) -> tuple[bytes, str]:
        data, mark = await self._inner.fetch(name)
        if name in self._held or (name, text_hash(data)) in self._lacking:
            await self._keep(name, data)
        return data, mark

    async def add(self, name: str, content: bytes) -> str:
        return await self._inner.add(name, content)

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        kept = await asyncio.to_thread(self._cache.get, (name, text_hash))
        return await self._there(name, text_hash) if kept is None else kept

    async def _there(self, name: str, wanted: str) -> bytes | None:
        try:
            data = await self._inner.read(name)
        except (ContainerError, InputError, NotFoundError):
            return None  # whoever reads the text of today is told why that can't be
        return data if text_hash(data) == wanted else None

    def hold(self, name: str) -> None:
        self._held.add(name)

    async def lacking(self) -> tuple[Version, ...]:
        self._refusal = ""
        needed = list(dict.fromkeys([version async for version in in_turns(self._needed())]))
        found: list[Version] = []
        for first in range(0, len(needed), BREATH):
            found += await asyncio.to_thread(self._not_here, needed[first : first + BREATH])
        self._lacking = frozenset(found)
        return tuple(found)

    def _not_here(self, versions: Iterable[Version]) -> list[Version]:
        return [version for version in versions if not self._cache.has(version)]

    async def _keep(self, name: str, data: bytes) -> None:
        async with self._turn:
            if self._refusal:
                return
            if self._cache.has((name, text_hash(data))):
                return
            if not await self._has_room(len(data)):
                self._refuse("they fill cache_mb, which settings.toml can raise")
                return
            try:
                await asyncio.to_thread(self._cache.put, name, data)
            except OSError as error:
                self._refuse(os.strerror(error.errno or 0))

    async def _has_room(self, length: int) -> bool:
        if await asyncio.to_thread(self._cache.has_room, length):
            return True
        # To ask what is needed is to look through all documents: only where there is no room.
        needed = [version async for version in in_turns(self._needed())]
        return await asyncio.to_thread(self._cache.make_room, length, needed)

    def _refuse(self, why: str) -> None:
        self._refusal = why
        note = f"no more texts are kept for labels to follow a change: {why}"
        if note not in self._notes:
            self._notes.append(note)

    @property
    def answers(self) -> int:
        return self._inner.answers

    @property
    def refusal(self) -> str:
        return self._refusal

    def notes(self) -> tuple[str, ...]:
        told, self._notes = tuple(self._notes), []
        return told

    async def close(self) -> None:
        await self._inner.close()
