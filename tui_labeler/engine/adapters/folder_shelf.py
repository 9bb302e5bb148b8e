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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tui_labeler.engine.adapters.folder import IS_LINK
from tui_labeler.engine.adapters.store.files import sync_folder, write_all
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
        path = self._place(name)
        content = await asyncio.to_thread(self._content, path, name)
        if content is None:
            raise NotFoundError(f"there is no file {name} in {self.path}")
        return content, _mark(content)

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        """See :meth:`~tui_labeler.engine.ports.Shelf.put`."""
        await asyncio.to_thread(self._put, self._place(name), name, content, etag)
        return _mark(content)

    async def remove(self, name: str, *, etag: str) -> None:
        """See :meth:`~tui_labeler.engine.ports.Shelf.remove`."""
        await asyncio.to_thread(self._remove, self._place(name), name, etag)

    # --- in a thread --------------------------------------------------------------------------------

    def _names(self, prefix: str) -> list[str]:
        """Walks from the deepest folder that the prefix names."""
        start = prefix.rpartition("/")[0]
        top = self._place(start) if start else self.path
        found: list[str] = []
        with self._refusals(prefix):
            if not self.path.is_dir():
                raise _no_folder(self.path)
            for folder, names in _folders(top):
                inside = folder.relative_to(self.path).as_posix()
                within = "" if inside == "." else f"{inside}/"
                found += [within + name for name in names if name not in (LOCK, WRITING)]
        return sorted(name for name in found if name.startswith(prefix) and is_text(name))

    def _look(self, names: list[str]) -> list[Blob]:
        blobs: list[Blob] = []
        for name in names:
            try:
                content = self._content(self.path / name, name)
            except UnreadableError:
                blobs += self._outside(name)
                continue
            if content is not None:
                blobs.append(Blob(name, len(content), _mark(content), is_document=False))
        return blobs

    def _outside(self, name: str) -> list[Blob]:
        """What a listing tells of a file that can't be read; nothing where it is gone."""
        with self._refusals(name), suppress(FileNotFoundError):
            status = (self.path / name).lstat()
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
                with suppress(FileNotFoundError):
                    written = (self.path / blob.name).lstat().st_mtime
                    found.append(replace(blob, age=now - written))
        return found

    def _now(self) -> float:
        """The file system itself says what time it is, by a file that is written for nothing else."""
        with self._turn():
            clock = self.path / self.home / WRITING
            handle = _anew(clock)
            try:
                return os.fstat(handle).st_mtime
            finally:
                os.close(handle)
                clock.unlink(missing_ok=True)

    def _content(self, path: Path, name: str) -> bytes | None:
        """``None`` for what is no file, or not there. Raises ``UnreadableError`` for one that is closed."""
        with self._refusals(name):
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as error:
                if error.errno in _NO_FILE and self.path.is_dir():
                    return None
                if isinstance(error, PermissionError) and os.access(self.path, os.R_OK | os.X_OK):
                    raise UnreadableError(
                        f"no permission to read {name} in {self.path}",
                        hint="Ask whoever wrote it to let others read it (chmod a+r).",
                    ) from error
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

    def _put(self, path: Path, name: str, content: bytes, etag: str | None) -> None:
        with self._refusals(name), self._turn():
            self._check(path, name, etag)
            _make_folder(path.parent, self.path)
            if path.is_dir():
                raise UnreadableError(
                    f"{name} in {self.path} is a folder", hint="See who put it there, and remove it."
                )
            writing = path.with_name(WRITING)
            handle = _anew(writing)
            try:
                write_all(handle, content)
                os.fsync(handle)
            finally:
                os.close(handle)
            writing.replace(path)
            sync_folder(path.parent)

    def _remove(self, path: Path, name: str, etag: str) -> None:
        with self._refusals(name), self._turn():
            if self._content(path, name) is not None:
                self._check(path, name, etag)
                path.unlink()
                sync_folder(path.parent)

    def _check(self, path: Path, name: str, etag: str | None) -> None:
        there = self._content(path, name)
        if (None if there is None else _mark(there)) != etag:
            raise OutdatedError(
                f"{name} in {self.path} has been written by somebody else.", hint="Sync again."
            )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Holds the lock of the shelf for the length of one write."""
        lock = self._unlinked([self.home, LOCK])
        _make_folder(lock.parent, self.path)
        try:
            handle = os.open(lock, _HELD)
        except FileNotFoundError:
            handle = os.open(lock, _HELD | os.O_CREAT, 0o666)
        except OSError as error:
            if error.errno in IS_LINK:
                raise _is_a_link(lock, "file") from error
            raise
        try:
            _lock(handle, lock)
            yield
        finally:
            os.close(handle)

    def _place(self, name: str) -> Path:
        """Raises ``InputError`` for a name that is none, or that leads elsewhere."""
        parts = name.split("/")
        odd = any(part in ("", ".", "..", LOCK, WRITING) or "\\" in part for part in parts)
        if odd or "\0" in name or not is_text(name):
            raise InputError(f"{name.encode('utf-8', 'replace').decode()!r} can't be the name of a file")
        return self._unlinked(parts)

    def _unlinked(self, parts: list[str]) -> Path:
        """The path, if no folder on the way to it is a link: it could lead out of the container."""
        path = self.path
        for part in parts[:-1]:
            path /= part
            if path.is_symlink():
                raise _is_a_link(path, "folder")
        return path / parts[-1]

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
            if error.errno in _READ_ONLY:
                raise ContainerError(
                    what, hint="Ask the folder's owner for permission to write in it."
                ) from error
            raise ContainerError(what, hint="Check the disk or the mount.") from error


def _refused(error: OSError) -> str:
    """Which of the shelf's own files it was; nothing where it was none of them."""
    path = Path(os.fsdecode(error.filename)) if error.filename else Path()
    return f"{path.parent.name}/{path.name}" if path.name in (LOCK, WRITING) else ""


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC

# O_NONBLOCK: opening a pipe would wait for its other end for ever.
_HELD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def _no_folder(path: Path) -> UnreachableError:
    return UnreachableError(f"there is no folder {path}", hint="Check the path, or the mount.")


def _is_a_link(path: Path, what: str) -> ContainerError:
    return ContainerError(
        f"{path} is a link, and links are not followed there", hint=f"Put a {what} in its place."
    )


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _folders(top: Path) -> Iterator[tuple[Path, list[str]]]:
    """Each folder from ``top`` downwards, and the names of what is no folder in it.

    Links are not followed, so that none leads out of the folder; what lies deeper than anything of this
    program is left alone. Raises ``OSError``.
    """
    waiting = [(top, 0)]
    while waiting:
        folder, depth = waiting.pop()
        names: list[str] = []
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    names.append(entry.name)
                elif depth < DEEPEST:
                    waiting.append((folder / entry.name, depth + 1))
        yield folder, names


def _anew(path: Path) -> int:
    """Opens a new file in the place of what a crash has left, or of anything that others have put there.

    The caller holds the lock. Whatever it was, a link or a pipe, nothing is written through it.
    """
    path.unlink(missing_ok=True)
    return os.open(path, _NEW, 0o666)


def _make_folder(path: Path, root: Path) -> None:
    """With the rights that the person's umask leaves: others are to write there too.

    Never the container itself: a mount that is gone must not be written into.
    """
    if path != root and not path.is_dir():
        _make_folder(path.parent, root)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


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
