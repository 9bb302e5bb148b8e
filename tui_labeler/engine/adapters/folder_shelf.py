"""Small files in a folder, beside its documents, for people who share it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from tui_labeler.engine.adapters.store.files import write_all
from tui_labeler.engine.documents.names import is_text
from tui_labeler.engine.errors import (
    ContainerError,
    InputError,
    NotFoundError,
    OutdatedError,
    UnreachableError,
    UnreadableError,
)
from tui_labeler.engine.ports import Blob
from tui_labeler.held_folders import HeldFolder, IsLinkError, held

PATIENCE = 10.0
"""Seconds to wait while somebody else writes one file."""

CHUNK = 500
"""Files looked at in one go while listing."""

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger file is refused rather than read into memory."""

DEEPEST = 16
"""Folders below each other in which files are looked for."""

LOCK = ".lock"
WRITING = ".writing.tmp"
"""One a folder is enough, for whoever writes holds the lock; one that a crash left is written over."""


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """A :class:`~tui_labeler.engine.ports.Shelf` in a folder.

    A file's mark is the hash of its content. Writers on any machine take turns by a kernel lock on a file at
    the shelf's root, so that nobody writes over what they have not read. Links are not followed.
    """

    path: Path
    """The container's root."""
    home: str = ".tui-labeler"
    """The folder in it that holds the lock, and whatever is not at the root."""

    async def files(self, prefix: str) -> AsyncIterator[Blob]:
        """See :meth:`~tui_labeler.engine.ports.Shelf.files`.

        What can't be read is listed with a mark of its outside.
        """
        names = await asyncio.to_thread(self._names, prefix)
        for first in range(0, len(names), CHUNK):
            for blob in await asyncio.to_thread(self._look, names[first : first + CHUNK]):
                yield blob

    async def dated(self, prefix: str) -> list[Blob]:
        """See :meth:`~tui_labeler.engine.ports.Shelf.dated`.

        The clock is the file system's, which for a network folder is its server's.
        """
        return await asyncio.to_thread(self._dated, prefix)

    async def get(self, name: str) -> tuple[bytes, str]:
        """See :meth:`~tui_labeler.engine.ports.Shelf.get`."""
        parts = _parts(name)
        content = await asyncio.to_thread(self._content, parts, name)
        if content is None:
            raise NotFoundError(f"there is no file {name} in {self.path}")
        return content, _mark(content)

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        """See :meth:`~tui_labeler.engine.ports.Shelf.put`."""
        await asyncio.to_thread(self._put, _parts(name), name, content, etag)
        return _mark(content)

    async def remove(self, name: str, *, etag: str) -> None:
        """See :meth:`~tui_labeler.engine.ports.Shelf.remove`."""
        await asyncio.to_thread(self._remove, _parts(name), name, etag)

    # --- in a thread --------------------------------------------------------------------------------

    def _names(self, prefix: str) -> list[str]:
        """Walks from the deepest folder that the prefix names."""
        start = prefix.rpartition("/")[0]
        top = _parts(start) if start else []
        found: list[str] = []
        with self._refusals(prefix):
            if not self.path.is_dir():
                raise _no_folder(self.path)
            for folder, names in _folders(self.path, top):
                within = "".join(f"{part}/" for part in folder)
                found += [within + name for name in names if name not in (LOCK, WRITING)]
        return sorted(name for name in found if name.startswith(prefix) and is_text(name))

    def _look(self, names: list[str]) -> list[Blob]:
        blobs: list[Blob] = []
        for above, together in groupby(names, key=lambda name: name.rpartition("/")[0]):
            with self._refusals(above), self._above([*above.split("/"), ""] if above else [""]) as folder:
                for name in together if folder else ():
                    blobs += self._blob(folder, name)
        return blobs

    def _blob(self, folder: HeldFolder | None, name: str) -> list[Blob]:
        """What a listing tells of a file; nothing where it is gone, or is none."""
        last = name.rpartition("/")[2]
        try:
            content = self._read(folder, last, name)
        except UnreadableError:
            return self._outside(folder, last, name)
        return [] if content is None else [Blob(name, len(content), _mark(content), is_document=False)]

    def _outside(self, folder: HeldFolder | None, last: str, name: str) -> list[Blob]:
        """What a listing tells of a file that can't be read; nothing where it is gone."""
        with suppress(FileNotFoundError):
            if folder is not None:
                status = folder.status(last)
                mark = f"{status.st_mode:x}-{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
                return [Blob(name, status.st_size, mark, is_document=False)]
        return []

    def _dated(self, prefix: str) -> list[Blob]:
        blobs = self._look(self._names(prefix))
        if not blobs:
            return []
        found: list[Blob] = []
        with self._refusals(prefix):
            now = self._now()
            for blob in blobs:
                *above, last = blob.name.split("/")
                with suppress(FileNotFoundError), held(self.path, above) as folder:
                    found.append(replace(blob, age=now - folder.status(last).st_mtime))
        return found

    def _now(self) -> float:
        """The file system itself says what time it is, by a file that is written for nothing else."""
        with self._turn() as home:
            handle = _anew(home)
            try:
                return os.fstat(handle).st_mtime
            finally:
                os.close(handle)
                home.remove(WRITING)

    def _content(self, parts: list[str], name: str) -> bytes | None:
        """``None`` for what is no file, or not there. Raises ``UnreadableError`` for one that is closed."""
        with self._refusals(name), self._above(parts) as folder:
            return self._read(folder, parts[-1], name)

    @contextmanager
    def _above(self, parts: list[str], *, make: bool = False) -> Iterator[HeldFolder | None]:
        """The folder that holds a file; ``None`` where there is none."""
        with ExitStack() as opened:
            try:
                folder = opened.enter_context(held(self.path, parts[:-1], make=make))
            except OSError as error:
                if make or isinstance(error, IsLinkError):
                    raise
                if isinstance(error, PermissionError):
                    self._refuse_closed(error, "/".join(parts[:-1]))
                if error.errno not in _NO_FILE or not self.path.is_dir():
                    raise
                folder = None
            yield folder

    def _read(self, folder: HeldFolder | None, last: str, name: str) -> bytes | None:
        """As :meth:`_content`. Raises ``OSError`` too."""
        if folder is None:
            return None
        try:
            handle = folder.open(last, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in _NO_FILE and self.path.is_dir():
                return None
            if isinstance(error, PermissionError):
                self._refuse_closed(error, name)
            raise
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            return None
        with os.fdopen(handle, "rb") as file:
            if status.st_size > LARGEST:
                raise UnreadableError(
                    f"{name} in {self.path} has {status.st_size:,} bytes; at most {LARGEST:,} are read",
                    hint="Nothing of this program is so large: see who put it there.",
                )
            return file.read()

    def _refuse_closed(self, error: PermissionError, name: str) -> None:
        """Raises ``UnreadableError`` where the container itself is open."""
        if os.access(self.path, os.R_OK | os.X_OK):
            raise UnreadableError(
                f"no permission to read {name} in {self.path}",
                hint="Ask whoever wrote it to let others read it (chmod a+r).",
            ) from error

    def _put(self, parts: list[str], name: str, content: bytes, etag: str | None) -> None:
        # Opened under the lock: while that was waited for, others may have put a link in a folder's place.
        with self._refusals(name), self._turn(), self._above(parts, make=etag is None) as folder:
            last = parts[-1]
            self._check(self._read(folder, last, name), name, etag)
            assert folder is not None, "made, or a file was read in it"
            if folder.has_folder(last):
                raise UnreadableError(
                    f"{name} in {self.path} is a folder", hint="See who put it there, and remove it."
                )
            handle = _anew(folder)
            try:
                write_all(handle, content)
                os.fsync(handle)
            finally:
                os.close(handle)
            folder.replace(WRITING, last)
            folder.sync()

    def _remove(self, parts: list[str], name: str, etag: str) -> None:
        with self._refusals(name), self._turn(), self._above(parts) as folder:
            content = self._read(folder, parts[-1], name)
            if folder is not None and content is not None:
                self._check(content, name, etag)
                folder.remove(parts[-1])
                folder.sync()

    def _check(self, there: bytes | None, name: str, etag: str | None) -> None:
        if (None if there is None else _mark(there)) != etag:
            raise OutdatedError(
                f"{name} in {self.path} has been written by somebody else.", hint="Sync again."
            )

    @contextmanager
    def _turn(self) -> Iterator[HeldFolder]:
        """Holds the lock of the shelf for the length of one write; gives the folder that it is in."""
        with held(self.path, [self.home], make=True) as home:
            try:
                handle = home.open(LOCK, _HELD)
            except FileNotFoundError:
                handle = home.open(LOCK, _HELD | os.O_CREAT)
            try:
                _lock(handle, home.path / LOCK)
                yield home
            finally:
                os.close(handle)

    @contextmanager
    def _refusals(self, name: str) -> Iterator[None]:
        """Turns what the system refuses into words."""
        try:
            yield
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else error
            what = f"{_refused(error) or name} in {self.path}: {reason}"
            if not self.path.is_dir():
                raise _no_folder(self.path) from error
            if isinstance(error, IsLinkError):
                raise _is_a_link(Path(error.filename)) from error
            if error.errno in _READ_ONLY:
                raise ContainerError(
                    what, hint="Ask the folder's owner for permission to write in it."
                ) from error
            raise ContainerError(what, hint="Check the disk or the mount.") from error


def _refused(error: OSError) -> str:
    """Which of the shelf's own files it was; nothing where it was none of them."""
    path = Path(os.fsdecode(error.filename)) if error.filename else Path()
    return f"{path.parent.name}/{path.name}" if path.name in (LOCK, WRITING) else ""


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL

# O_NONBLOCK: opening a pipe would wait for its other end for ever.
_HELD = os.O_RDONLY | os.O_NONBLOCK
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def _no_folder(path: Path) -> UnreachableError:
    return UnreachableError(f"there is no folder {path}", hint="Check the path, or the mount.")


def _is_a_link(path: Path) -> ContainerError:
    return ContainerError(
        f"{path} is a link, and links are not followed there",
        hint=f"Put a {'file' if path.name == LOCK else 'folder'} in its place.",
    )


def _parts(name: str) -> list[str]:
    """The folders of a name, and its last part. Raises ``InputError`` for a name that is none."""
    parts = name.split("/")
    odd = any(part in ("", ".", "..", LOCK, WRITING) or "\\" in part for part in parts)
    if odd or "\0" in name or not is_text(name):
        raise InputError(f"{name.encode('utf-8', 'replace').decode()!r} can't be the name of a file")
    return parts


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _folders(root: Path, top: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Each folder from ``top`` downwards, and the names of what is no folder in it.

    Links are not followed, so that none leads out of the folder; what lies deeper than anything of this
    program is left alone. Raises ``OSError``.
    """
    waiting = [top]
    while waiting:
        parts = waiting.pop()
        with suppress(FileNotFoundError), held(root, parts) as folder:
            inner, names = folder.entries()
            if len(parts) - len(top) < DEEPEST:
                waiting += [[*parts, name] for name in inner]
            yield parts, names


def _anew(folder: HeldFolder) -> int:
    """Opens a new file in the place of what a crash has left, or of anything that others have put there.

    The caller holds the lock. Whatever it was, a link or a pipe, nothing is written through it.
    """
    folder.remove(WRITING)
    return folder.open(WRITING, _NEW)


def _lock(handle: int, path: Path) -> None:
    deadline, pause = time.monotonic() + PATIENCE, 0.0005
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise ContainerError(
                    f"{path} is held by another process",
                    hint="Wait for it to finish, or end it if it hangs (`fuser` on the file names it).",
                ) from None
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
        else:
            return
