"""Texts of a container on this machine's disk, so that nothing is fetched twice and work goes on offline."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tui_labeler.engine.decoding import text_hash

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.container import BlobContainer
    from tui_labeler.engine.ports import Blob

Version = tuple[str, str]
"""A document's name and the hash of its raw bytes."""

ROOM = 0.9
"""How full a cache is that was too full and has been cleared."""


class TextCache:
    """Files by a document's name and the hash of its content; what a file holds is checked when it is read.

    For this machine alone: nothing is lost with it. Several processes may use one. Its methods block, and an
    ``OSError`` is raised by :meth:`put` alone.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        """``limit`` is in bytes. The folder is made with the first file, and the one above it never."""
        self._folder = folder
        self._limit = limit
        self._size: int | None = None

    def _path(self, version: Version) -> Path:
        name = hashlib.sha256("\0".join(version).encode()).hexdigest()[:32]
        return self._folder / name[:2] / name[2:]

    def get(self, version: Version) -> bytes | None:
        """The content; ``None`` where it is not there or not what it should be."""
        path = self._path(version)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        if text_hash(data) == version[1]:
            return data
        with suppress(OSError):
            path.unlink()
        return None

    def put(self, name: str, data: bytes) -> None:
        """Keeps a version. Raises ``OSError`` where the disk refuses."""
        path = self._path((name, text_hash(data)))
        if path.exists():
            return
        if not self._folder.parent.is_dir():
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if self._size is None:
            self._size = sum(size for _, size, _ in self._files())
        writing = path.with_name(f"{path.name}.{os.getpid()}.{id(data):x}")
        try:
            # No sync: a file that a crash cuts is known by its hash.
            with os.fdopen(os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
            writing.replace(path)
        except OSError:
            with suppress(OSError):
                writing.unlink(missing_ok=True)
            raise
        self._size += len(data)

    @property
    def is_too_full(self) -> bool:
        return self._size is not None and self._size > self._limit

    def clear(self, needed: Iterable[Version]) -> None:
        """Makes room: what was not used for longest goes, and nothing that is needed."""
        stays = {self._path(version) for version in needed}
        files = sorted(self._files())
        size = sum(length for _, length, _ in files)
        for _, length, path in files:
            if size <= self._limit * ROOM:
                break
            if path not in stays:
                with suppress(OSError):
                    path.unlink()
                    size -= length
        self._size = size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Time of the last use, bytes and path of each."""
        found: list[tuple[float, int, Path]] = []
        for folder in _entries(self._folder):
            for entry in _entries(folder.path):
                # Another session of this home may have let go of it meanwhile.
                with suppress(OSError):
                    status = entry.stat()
                    found.append((status.st_mtime, status.st_size, Path(entry.path)))
        return found


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it can't be listed."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


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
        self._gave_up = False
        """The disk has refused, or all that is kept is needed: nothing more is written."""

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
        return await asyncio.to_thread(self._cache.get, (name, text_hash))

    async def _keep(self, name: str, data: bytes) -> None:
        if self._gave_up:
            return
        try:
            await asyncio.to_thread(self._cache.put, name, data)
        except OSError as error:
            self._give_up(f"texts are not kept for working offline: {os.strerror(error.errno or 0)}")
            return
        if self._cache.is_too_full:
            needed = list(self._needed())
            await asyncio.to_thread(self._cache.clear, needed)
            if self._cache.is_too_full:
                self._give_up(
                    "the texts of labeled documents alone fill the cache, and no more are kept; "
                    "cache_mb in settings.toml gives it more room"
                )

    def _give_up(self, words: str) -> None:
        # Several texts are kept at a time, and more than one may have failed.
        if not self._gave_up:
            self._gave_up = True
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
