"""The answers of deployments, in append-only files beside a project's jobs.

They hold what models said of documents: whoever may read the documents only may read them.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui_labeler.engine.adapters.store.claims import ClaimFile
from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    storage_errors,
    sync_folder,
    write_all,
)
from tui_labeler.engine.deployments.chat import KeptReply, Reply
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.typed import decoder

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".jsonl"

CLAIMS = "asking"
"""The file whose locks say which questions are under way."""


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


class _Seen(NamedTuple):
    """How far a file was read, and how it looked then."""

    offset: int
    size: int
    changed: int


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
        self._seen: dict[str, _Seen] = {}
        self._looks = self._done_looks = 0
        """Looks at the files that were asked for, and how many of these one has answered."""
        self._arrived = 0
        self._claims = ClaimFile(folder / CLAIMS)

    async def find(self, key: str) -> KeptReply | None:
        if self._index is None:
            async with self._reading:
                if self._index is None:
                    await self._read_all()
        assert self._index is not None
        place = self._index.get(bytes.fromhex(key))
        return None if place is None else await asyncio.to_thread(self._read, place)

    async def refresh(self) -> int:
        self._looks += 1
        mine = self._looks
        # Where nobody else has written, which is nearly always, a look costs less than a thread for it.
        if not self._is_news():
            return self._arrived
        async with self._reading:
            # Many ask at once: a look that began after this was asked for will do.
            if self._index is not None and self._done_looks < mine:
                asked = self._looks
                await self._read_on(self._index)
                self._done_looks = asked
        return self._arrived

    def _is_news(self) -> bool:
        """Whether a file of others is not as it was when it was read."""
        if self._index is None:
            return False
        looks = {name: (size, changed) for name, size, changed in self._files() if name != self._name}
        return looks != {name: (seen.size, seen.changed) for name, seen in self._seen.items()}

    async def _read_all(self) -> None:
        # What is kept meanwhile comes into the index behind what was read.
        async with self._writing:
            self._index, self._seen = await asyncio.to_thread(self._read_files, None)

    async def _read_on(self, index: dict[bytes, _Place]) -> None:
        """What was added to the files of others; all, where one of them is not what it was."""
        seen = self._seen
        found, now = await asyncio.to_thread(self._read_files, seen)
        if any(name not in now or now[name].offset < had.offset for name, had in seen.items()):
            await self._read_all()
            return
        self._seen = now
        self._arrived += len(found)
        for key, place in found.items():
            # What this run was answered it has asked for last.
            if key not in index or index[key].file != self._name:
                index[key] = place

    def claim(self, key: str) -> bool:
        return self._claims.take(key)

    def release(self, key: str) -> None:
        self._claims.give_back(key)

    def is_claimed(self, key: str) -> bool:
        return self._claims.is_taken(key)

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
        self._claims.close()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # --- in threads ---------------------------------------------------------------------------------

    def _read_files(self, seen: dict[str, _Seen] | None) -> tuple[dict[bytes, _Place], dict[str, _Seen]]:
        """What stands in the files behind what was ``seen``, and how far they are read then.

        All, where ``seen`` is ``None``; else what this run has kept is known.
        """
        found: dict[bytes, _Place] = {}
        read: dict[str, _Seen] = {}
        for name, size, changed in self._oldest_first():
            if seen is not None and name == self._name:
                continue
            had = (seen or {}).get(name, _Seen(0, 0, 0))
            if (had.size, had.changed) == (size, changed):
                read[name] = had
                continue
            path, offset = self._folder / name, had.offset if had.offset <= size else 0
            with storage_errors(path), path.open("rb") as file:
                file.seek(offset)
                for line in file:
                    # A line without its end was cut by a crash, or is being written: nobody was told it.
                    if not line.endswith(b"\n"):
                        break
                    found[_parsed_key(path, line)] = _Place(name, offset, len(line))
                    offset += len(line)
            read[name] = _Seen(offset, size, changed)
        read.pop(self._name, None)
        return found, read

    def _oldest_first(self) -> list[tuple[str, int, int]]:
        """As :meth:`_files`. An answer that was asked for again takes the place of the one before it."""
        return sorted(self._files(), key=lambda item: (item[2], item[0]))

    def _files(self) -> list[tuple[str, int, int]]:
        """Names, sizes and times of the files."""
        with storage_errors(self._folder):
            try:
                with os.scandir(self._folder) as entries:
                    stats = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(SUFFIX)]
            except FileNotFoundError:
                return []
        return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]

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


def _parsed_key(path: Path, line: bytes) -> bytes:
    try:
        return bytes.fromhex(_keys.decode(line).key)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _broken(path) from error


def _broken(path: Path) -> StorageError:
    return StorageError(
        f"{path} holds a line that is no answer.",
        hint="Restore it from a backup, or remove it: what it holds is asked again then.",
    )
