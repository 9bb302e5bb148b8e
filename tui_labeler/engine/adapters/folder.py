"""A folder as a container: its root's ``.txt`` files are the documents."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import secrets
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NoReturn

from tui_labeler.bounded import READING, NoFileError, TooLargeError
from tui_labeler.bounded import content as content_of
from tui_labeler.engine.adapters.store.files import sync_folder
from tui_labeler.engine.documents.names import is_text, name_of
from tui_labeler.engine.errors import (
    ContainerError,
    InputError,
    NotFoundError,
    OutdatedError,
    UnreachableError,
)
from tui_labeler.engine.ports import Blob
from tui_labeler.held_folders import IS_LINK, IsLinkError, held
from tui_labeler.processes import HOST, is_alive

CHUNK = 1000
"""Files looked at in one go while listing: few enough that the first rows of 100,000 come at once."""

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger file is refused rather than read into memory. The service stops at 128,000 characters."""


OWN = b".tui-labeler"
"""What the program keeps there itself is not counted."""


_HOST = HOST.encode()

_WRITING = re.compile(rb"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp")
"""What a document is called while it is written."""

_CLEANED: set[bytes] = set()
"""Folders in which this process has looked for leftovers."""


@dataclass(frozen=True, slots=True)
class FolderContainer:
    """Documents in a folder.

    File names are bytes on disk, names in a container are text. A byte that is not UTF-8 stands as
    ``\\xff`` in the name, and a backslash is doubled, so that every file has one name and only one.
    Symbolic links count as the files they lead to, and only where those lie inside the folder.
    """

    path: Path

    @property
    def address(self) -> str:
        return str(self.path.absolute())

    @property
    def is_remote(self) -> bool:
        return False

    async def blobs(self) -> AsyncIterator[Blob]:
        """All that stands at the root, sorted by name. Raises ``ContainerError``."""
        names = await asyncio.to_thread(self._names)
        for first in range(0, len(names), CHUNK):
            for blob in await asyncio.to_thread(self._look, names[first : first + CHUNK]):
                yield blob

    async def read(self, name: str) -> bytes:
        """The raw bytes of a file at the root.

        Raises ``NotFoundError`` when it is not there, is no file or leads outside the folder,
        ``InputError`` for what can't be the name of one, and ``ContainerError`` otherwise.
        """
        return (await self.fetch(name))[0]

    async def fetch(self, name: str) -> tuple[bytes, str]:
        """The raw bytes, and the mark of the file from before it was read. Raises as :meth:`read`."""
        return await asyncio.to_thread(self._read, name)

    async def add(self, name: str, content: bytes) -> str:
        """Writes a new file whole or not at all, and returns its mark. Never over one that is there.

        Raises as :meth:`~tui_labeler.engine.ports.Container.add`.
        """
        return await asyncio.to_thread(self._add, name, content)

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        """No version is kept but the one that is there."""
        return None

    def hold(self, name: str) -> None:
        """Nothing is kept here."""

    async def lacking(self) -> tuple[tuple[str, str], ...]:
        return ()

    @property
    def answers(self) -> int:
        return 0

    @property
    def refusal(self) -> str:
        return ""

    def notes(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        """There is nothing to end."""

    @property
    def _root(self) -> bytes:
        root = self.address
        if not is_text(root):
            raise ContainerError(
                f"the folder's own path is not UTF-8: {root.encode('utf-8', 'replace').decode()}",
                hint="Rename the folder, or reach it by a link with a plain name.",
            )
        return root.encode()

    def _names(self) -> list[tuple[str, bytes]]:
        try:
            with os.scandir(self._root) as entries:
                # By one text each: a hundred thousand pairs take three times as long, and nobody else runs.
                return sorted(
                    ((name_of(entry.name), entry.name) for entry in entries if entry.name != OWN),
                    key=itemgetter(0),
                )
        except OSError as error:
            self._refuse(error)

    def _look(self, names: list[tuple[str, bytes]]) -> list[Blob]:
        root = self._root
        real_root = os.path.realpath(root)
        return [blob for name, raw in names if (blob := _blob(root, real_root, name, raw))]

    def _read(self, name: str) -> tuple[bytes, str]:
        root = self._root
        path = os.path.join(root, _raw_of(name))  # noqa: PTH118 - pathlib has no paths of bytes
        try:
            try:
                handle = os.open(path, _READING)
            except OSError as error:
                if error.errno not in IS_LINK:
                    raise
                handle = self._led_to(root, path, name)
            try:
                return self._content(handle, name)
            finally:
                os.close(handle)
        except OSError as error:
            self._refuse(error, name)

    def _led_to(self, root: bytes, path: bytes, name: str) -> int:
        """Opens what a link leads to, by a way without links: one put there meanwhile leads nobody out."""
        real_root = os.path.realpath(root)
        real = _inside(real_root, path)
        if real is not None:
            *above, last = os.fsdecode(os.path.relpath(real, real_root)).split("/")
            with suppress(IsLinkError), held(Path(os.fsdecode(real_root)), above) as folder:
                return folder.open(last, _READING)
        raise NotFoundError(f"{name} leads outside the folder {self.address}") from None

    def _add(self, name: str, content: bytes) -> str:
        raw = _raw_of(name)
        if not name.lower().endswith(".txt"):
            raise InputError(f"{name!r} can't be the name of a document", hint="Its name ends in .txt.")
        root = self._root
        path = os.path.join(root, raw)  # noqa: PTH118 - pathlib has no paths of bytes
        # No name of a document: whoever lists the folder meanwhile counts a file more, and reads none.
        writing = os.path.join(root, b".%s-%d-%s.tmp" % (_HOST, os.getpid(), secrets.token_hex(4).encode()))  # noqa: PTH118
        self._remove_leftovers(root)
        try:
            try:
                _write_anew(writing, content)
                # Unlike a rename, a link never takes the place of what is there.
                try:
                    os.link(writing, path)
                except OSError as error:
                    if error.errno not in _NO_LINKS:
                        raise
                    _write_anew(path, content)
                sync_folder(self.path)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(writing)  # noqa: PTH108 - pathlib has no paths of bytes
        except FileExistsError as error:
            raise OutdatedError(f"{name} in {self.address} is there already.") from error
        except OSError as error:
            if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.ENOSPC, errno.EDQUOT):
                raise ContainerError(
                    f"{name} in {self.address} can't be written: {error.strerror}",
                    hint="Free space there, or ask the folder's owner for permission to write in it.",
                ) from error
            self._refuse(error, name)
        return _mark(os.lstat(path))

    def _remove_leftovers(self, root: bytes) -> None:
        """Removes what processes of this machine left that were killed while they wrote; once a process."""
        if root in _CLEANED:
            return
        _CLEANED.add(root)
        with suppress(OSError), os.scandir(root) as entries:
            for entry in entries:
                found = _WRITING.fullmatch(entry.name)
                if found and found.group(1) == _HOST and not is_alive(int(found.group(2))):
                    os.unlink(entry.path)  # noqa: PTH108 - pathlib has no paths of bytes

    def _content(self, handle: int, name: str) -> tuple[bytes, str]:
        try:
            data, status = content_of(handle, LARGEST)
        except NoFileError:
            raise NotFoundError(f"{name} is not a file in {self.address}") from None
        except TooLargeError as error:
            raise ContainerError(
                f"{name} has {error.size:,} bytes; no more than {LARGEST:,} are read",
                hint="Cut the document into smaller ones.",
            ) from None
        return data, _mark(status)

    def _refuse(self, error: OSError, name: str = "") -> NoReturn:
        """Says what the system's refusal means for the folder, or for one file in it."""
        what = f"{name} in {self.address}" if name else self.address
        if isinstance(error, PermissionError):
            whole = not name or not os.access(self.path, os.R_OK | os.X_OK)
            raise (UnreachableError if whole else ContainerError)(
                f"no permission to read {what}",
                hint="Give yourself read permission (chmod u+r, for a folder u+rx), or ask its owner.",
            ) from error
        if not self.path.exists():
            raise UnreachableError(
                f"there is no folder {self.address}",
                hint="Check the path, or make the folder and put the .txt files into it.",
            ) from error
        if not self.path.is_dir():
            raise UnreachableError(
                f"{self.address} is not a folder",
                hint="Name the folder that holds the .txt files, not a file.",
            ) from error
        if name and error.errno in _NO_SUCH_FILE:
            raise NotFoundError(f"there is no document {what}") from error
        raise ContainerError(f"{what}: {error.strerror}", hint="Check the disk or the mount.") from error


def _write_anew(path: bytes, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


_READING = READING | os.O_NOFOLLOW

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""What file systems say that have no links; there a crash can leave a part of a new document."""

# ENXIO: a socket; ELOOP: a link to itself.
_NO_SUCH_FILE = frozenset({errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO})


_ESCAPE = re.compile(rb"\\(?:\\|x([89a-f][0-9a-f]))|\\")


def _raw_of(name: str) -> bytes:
    """The bytes on disk for a name in the container.

    Raises ``InputError`` for a name that no file at the root can have.
    """
    if not name or name in (".", "..") or "/" in name or "\0" in name or not is_text(name):
        raise InputError(
            f"{name.encode('utf-8', 'replace').decode()!r} can't be the name of a document",
            hint="Documents stand at the root of the folder; their names hold no slash.",
        )

    def unescaped(match: re.Match[bytes]) -> bytes:
        if match.group(1):
            return bytes.fromhex(match.group(1).decode())
        return b"\\"

    raw = _ESCAPE.sub(unescaped, name.encode())
    if name_of(raw) != name:
        raise InputError(f"{name!r} can't be the name of a document")
    return raw


def _inside(real_root: bytes, path: bytes) -> bytes | None:
    """Where ``path`` leads after all links, or ``None`` where that is outside the root."""
    real = os.path.realpath(path)
    return real if real.startswith(real_root.rstrip(b"/") + b"/") else None


def _mark(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def _blob(root: bytes, real_root: bytes, name: str, raw: bytes) -> Blob | None:
    """One entry of the listing; ``None`` when it vanished meanwhile."""
    path = os.path.join(root, raw)  # noqa: PTH118 - pathlib has no paths of bytes
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError:
        # A folder that may be listed but not entered: its documents get their message when read.
        return Blob(name, 0, "", name.lower().endswith(".txt"))
    if stat.S_ISLNK(status.st_mode):
        inside = _inside(real_root, path)
        try:
            status = os.lstat(inside) if inside else status
        except OSError:
            inside = None
        if not inside:
            return Blob(name, 0, "", is_document=False)
    return Blob(
        name,
        status.st_size,
        _mark(status),
        stat.S_ISREG(status.st_mode) and name.lower().endswith(".txt"),
    )
