"""The answers of deployments, in append-only files beside a project's jobs.

They hold what models said of documents: whoever may read the documents only may read them.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    names_in,
    storage_errors,
    sync_folder,
    write_all,
)
from tui_labeler.engine.chat import KeptReply, Reply
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.typed import decoder

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".jsonl"


class _Line(msgspec.Struct, frozen=True):
    key: str
    job: str
    reply: Reply
    attempt: int = 0


class _Key(msgspec.Struct, frozen=True):
    key: str


class _Waiting(NamedTuple):
    key: str
    kept: KeptReply
    written: asyncio.Future[None]

    @property
    def line(self) -> _Line:
        return _Line(self.key, self.kept.job, self.kept.reply, self.kept.attempt)


class _Place(NamedTuple):
    file: str
    offset: int
    length: int


_keys = decoder(_Key)
_lines = decoder(_Line)


class FileAnswerStore:
    """An :class:`~tui_labeler.engine.ports.AnswerStore`: a file a writer, an index of places in memory.

    Answers that come while others are being written go to the disk together.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """``name`` is new: of this job and this run of it alone."""
        self._folder = folder
        self._name = f"{name}{SUFFIX}"
        self._index: dict[bytes, _Place] | None = None
        self._descriptor: int | None = None
        self._size = 0
        self._pending: list[_Waiting] = []
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()

    async def find(self, key: str) -> KeptReply | None:
        if self._index is None:
            async with self._reading:
                if self._index is None:
                    await self._read_all()
        assert self._index is not None
        place = self._index.get(bytes.fromhex(key))
        return None if place is None else await asyncio.to_thread(self._read, place)

    async def refresh(self) -> None:
        async with self._reading:
            if self._index is not None:
                await self._read_all()

    async def _read_all(self) -> None:
        # What is kept meanwhile comes into the index behind what was read.
        async with self._writing:
            self._index = await asyncio.to_thread(self._read_index)

    async def keep(self, key: str, kept: KeptReply) -> None:
        mine = _Waiting(key, kept, asyncio.get_running_loop().create_future())
        self._pending.append(mine)
        async with self._writing:
            if not mine.written.done():
                await self._write()
        await mine.written

    async def _write(self) -> None:
        batch, self._pending = self._pending, []
        try:
            places = await finished(asyncio.to_thread(self._append, batch))
        except StorageError as error:
            for item in batch:
                item.written.set_exception(error)
            return
        if self._index is not None:
            self._index.update(places)
        for item in batch:
            item.written.set_result(None)

    async def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # --- in threads ---------------------------------------------------------------------------------

    def _read_index(self) -> dict[bytes, _Place]:
        index: dict[bytes, _Place] = {}
        for path in self._oldest_first():
            name = path.name
            with storage_errors(path), path.open("rb") as file:
                offset = 0
                for line in file:
                    # A line without its end was cut by a crash: it was never told as kept.
                    if line.endswith(b"\n"):
                        index[bytes.fromhex(_parsed_key(path, line))] = _Place(name, offset, len(line))
                    offset += len(line)
        return index

    def _oldest_first(self) -> list[Path]:
        """An answer that was asked for again takes the place of the one before it."""
        paths = [self._folder / name for name in names_in(self._folder) if name.endswith(SUFFIX)]
        with storage_errors(self._folder):
            return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _read(self, place: _Place) -> KeptReply:
        path = self._folder / place.file
        with storage_errors(path), path.open("rb") as file:
            file.seek(place.offset)
            line = file.read(place.length)
        try:
            found = _lines.decode(line)
        except msgspec.MsgspecError as error:
            raise _broken(path) from error
        return KeptReply(found.reply, found.job, found.attempt)

    def _append(self, batch: list[_Waiting]) -> dict[bytes, _Place]:
        path = self._folder / self._name
        lines = [encoded(item.line) + b"\n" for item in batch]
        with storage_errors(path):
            if self._descriptor is None:
                make_folder(self._folder)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(path, flags, 0o600)
                sync_folder(self._folder)
            # What a full disk has left of an earlier line goes first.
            os.ftruncate(self._descriptor, self._size)
            write_all(self._descriptor, b"".join(lines))
            os.fdatasync(self._descriptor)
        places = {}
        for item, line in zip(batch, lines, strict=True):
            places[bytes.fromhex(item.key)] = _Place(self._name, self._size, len(line))
            self._size += len(line)
        return places


def _parsed_key(path: Path, line: bytes) -> str:
    try:
        return _keys.decode(line).key
    except msgspec.MsgspecError as error:
        raise _broken(path) from error


def _broken(path: Path) -> StorageError:
    return StorageError(
        f"{path} holds a line that is no answer.",
        hint="Restore it from a backup, or remove it: what it holds is asked again then.",
    )
