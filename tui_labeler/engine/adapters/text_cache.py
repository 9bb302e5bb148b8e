"""Versions of texts on this machine's disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from tui_labeler.engine.adapters.store.files import write_all
from tui_labeler.engine.documents.decoding import text_hash

Version = tuple[str, str]
"""A document's name and the hash of its raw bytes."""

ROOM = 0.9
"""How full a cache is that was too full and has been cleared."""

SLACK = 0.05
"""Of its limit that a cache which can't be cleared grows by before that is tried again."""

_ANEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class TextCache:
    """Files by a document's name and the hash of its content; what a file holds is checked when it is read.

    For this machine alone: nothing is lost with it. Several processes may use one. Its methods block, and an
    ``OSError`` is raised by :meth:`put` alone.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        """``limit`` is in bytes. The folder is made with the first file, and the one above it never."""
        self._folder = folder
        self._limit = limit
        self._most = limit
        """How large it may grow before it is cleared."""
        self._size: int | None = None

    def _path(self, version: Version) -> Path:
        name = hashlib.sha256("\0".join(version).encode()).hexdigest()[:32]
        return self._folder / name[:2] / name[2:]

    def has(self, version: Version) -> bool:
        """Whether there is a file of it, whatever that holds."""
        return self._path(version).exists()

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
        self._counted()
        writing = path.with_name(f"{path.name}.{os.getpid()}.{id(data):x}")
        try:
            # Nearly always its folder is there.
            handle = os.open(writing, _ANEW, 0o600)
        except FileNotFoundError:
            if not self._folder.parent.is_dir():
                return
            self._folder.mkdir(mode=0o700, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(writing, _ANEW, 0o600)
        try:
            # No sync: a file that a crash cuts is known by its hash.
            try:
                write_all(handle, data)
            finally:
                os.close(handle)
            writing.replace(path)
        except OSError:
            with suppress(OSError):
                writing.unlink(missing_ok=True)
            raise
        self._size = self._counted() + len(data)

    def _counted(self) -> int:
        if self._size is None:
            self._size = sum(size for _, size, _ in self._files())
        return self._size

    def has_room(self, length: int) -> bool:
        """Whether so many bytes more keep it within its limit."""
        return self._counted() + length <= self._limit

    def make_room(self, length: int, needed: Iterable[Version]) -> bool:
        """As :meth:`has_room`, once what is not needed has given way."""
        stays, before = set(needed), -1
        while not self.has_room(length) and self._counted() != before:
            before = self._counted()
            self.clear(stays)
        return self.has_room(length)

    def put_all(self, texts: Sequence[tuple[str, bytes]]) -> list[OSError | None]:
        """Keeps versions as :meth:`put`; gives what the disk said where it refused one."""
        said: list[OSError | None] = []
        for name, data in texts:
            try:
                self.put(name, data)
                said.append(None)
            except OSError as error:
                said.append(error)
        return said

    @property
    def is_too_full(self) -> bool:
        """It is to be cleared."""
        return self._size is not None and self._size > self._most

    def clear(self, needed: Iterable[Version]) -> bool:
        """Makes room: what was not used for longest goes, and nothing that is needed.

        Returns whether there is any for what is not needed.
        """
        stays = {self._path(version) for version in needed}
        files = sorted(self._files())
        size = sum(length for _, length, _ in files)
        # A disk that refuses leaves less than the limit.
        enough = min(self._limit, size) * ROOM
        for _, length, path in files:
            if size <= enough:
                break
            if path not in stays:
                with suppress(OSError):
                    path.unlink()
                    size -= length
        self._size = size
        self._most = max(self._limit, int(size + self._limit * SLACK))
        return size < self._limit

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
