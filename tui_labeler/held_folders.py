"""Folders that are held open: whoever renames one, or puts a link in its place, leads nobody elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

IS_LINK = frozenset({errno.ELOOP, errno.EMLINK})
"""What systems say to O_NOFOLLOW where there is a link: most the first, FreeBSD the second."""

_UNSYNCED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""What systems say of a folder that can't be synced."""

# Where there is O_PATH, a folder need not be readable for a file in it to be reached.
_WAY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_LISTED = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class IsLinkError(OSError):
    """A link stands where a folder or a file belongs; ``filename`` is its path."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


@dataclass(frozen=True, slots=True)
class HeldFolder:
    """What is done to a name is done to it in this very folder, wherever the folder's path leads by now.

    No link is followed. All raise ``OSError`` with the path that it was about.
    """

    path: Path
    """Where it was when it was opened."""
    handle: int

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """A descriptor of a file. Raises ``IsLinkError`` for a link."""
        with self._naming(name):
            try:
                return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=self.handle)
            except OSError as error:
                if error.errno in IS_LINK:
                    raise IsLinkError(self.path / name) from error
                raise

    def status(self, name: str) -> os.stat_result:
        """Of a link, its own."""
        with self._naming(name):
            return os.stat(name, dir_fd=self.handle, follow_symlinks=False)

    def has_folder(self, name: str) -> bool:
        """Whether the name is a folder's, not a link's to one."""
        try:
            return stat.S_ISDIR(self.status(name).st_mode)
        except FileNotFoundError:
            return False

    def remove(self, name: str) -> None:
        """Removes a file or a link, if it is there."""
        with self._naming(name), suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.handle)

    def replace(self, name: str, other: str) -> None:
        """Puts a file in the place of another of this folder, or of a link."""
        with self._naming(name):
            os.replace(name, other, src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def entries(self) -> tuple[list[str], list[str]]:
        """The names of the folders in it, and of all else."""
        folders: list[str] = []
        others: list[str] = []
        with self._readable() as handle, os.scandir(handle) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else others).append(entry.name)
        return folders, others

    def sync(self) -> None:
        """Makes names created or replaced in it durable, where its file system can: fsync(2).

        One that may be written but not listed can't be opened for it.
        """
        try:
            with self._readable() as handle:
                os.fsync(handle)
        except OSError as error:
            if error.errno not in _UNSYNCED:
                raise

    def inner(self, name: str, *, make: bool = False) -> HeldFolder:
        """A folder in it, made where ``make`` says so; the caller closes it.

        Raises ``IsLinkError`` for a link. A new one has the rights that the person's umask leaves.
        """
        with self._naming(name):
            try:
                return self._inner(name)
            except FileNotFoundError:
                if not make:
                    raise
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=self.handle)
            self.sync()
            return self._inner(name)

    @contextmanager
    def below(self, parts: Sequence[str], *, make: bool = False) -> Iterator[HeldFolder]:
        """The folder that ``parts`` lead to from this one down, one by one; ``make`` makes what lacks."""
        folder = self
        try:
            for part in parts:
                outer, folder = folder, folder.inner(part, make=make)
                if outer is not self:
                    outer.close()
            yield folder
        finally:
            if folder is not self:
                folder.close()

    def close(self) -> None:
        os.close(self.handle)

    def _inner(self, name: str) -> HeldFolder:
        path = self.path / name
        try:
            return HeldFolder(path, os.open(name, _WAY | os.O_NOFOLLOW, dir_fd=self.handle))
        except OSError as error:
            # With O_DIRECTORY some systems say of a link that it is no folder.
            linked = error.errno in IS_LINK or error.errno == errno.ENOTDIR
            if linked and stat.S_ISLNK(self.status(name).st_mode):
                raise IsLinkError(path) from error
            raise

    @contextmanager
    def _readable(self) -> Iterator[int]:
        with self._naming("."):
            handle = os.open(".", _LISTED, dir_fd=self.handle)
            try:
                yield handle
            finally:
                os.close(handle)

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Gives errors the whole path, once: a descriptor has none of its own."""
        try:
            yield
        except OSError as error:
            if not (isinstance(error.filename, str) and error.filename.startswith("/")):
                error.filename = str(self.path.absolute() / name)
            raise


@contextmanager
def held(root: Path, parts: Sequence[str] = (), *, make: bool = False) -> Iterator[HeldFolder]:
    """The folder that ``parts`` lead to from ``root`` downwards, one by one; ``make`` makes what lacks.

    ``root`` itself is what a person named: links on the way to it are theirs, and it is never made, as a
    mount that is gone must not be written into. Raises ``OSError``, and ``IsLinkError`` for a link below.
    """
    top = HeldFolder(root, os.open(root, _WAY))
    try:
        with top.below(parts, make=make) as folder:
            yield folder
    finally:
        top.close()
