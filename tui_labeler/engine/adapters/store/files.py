"""Files that are whole or not there, and readable by their owner alone."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.engine.errors import AwayError, DeletedError, InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns an ``OSError`` on ``path`` into a ``StorageError`` that says what to do."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _FULL:
            hint = "Free some space, then do it again. What was saved before is intact."
        elif error.errno in _READ_ONLY:
            hint = "Make the folder writable, or choose another with --home."
        else:
            hint = "Run `tui-labeler doctor` to see what is wrong with the home folder."
        raise StorageError(f"{path}: {reason}.", hint=hint) from error


def make_folder(path: Path, *, project: Path | None = None) -> None:
    """Creates a folder, and those above it, for the owner alone. Raises ``StorageError``.

    ``project`` is a project's folder, which is never made: raises as :func:`check_there` instead.
    """
    with storage_errors(path):
        if path.is_dir():
            return
        if path == project:
            check_there(path)
            return
        if not path.parent.is_dir():
            make_folder(path.parent, project=project)
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)


PROJECT_FILE = "project.json"


def is_gone(project: Path) -> bool:
    """Whether a project's folder holds none of the state: somebody moved it away. Raises ``StorageError``.

    One without ``project.json`` but with a journal is damaged, not gone.
    """
    with storage_errors(project):
        return not any((project / name).exists() for name in (PROJECT_FILE, "journal", "documents"))


def check_there(project: Path) -> None:
    """Raises ``DeletedError`` when somebody deleted a project, ``AwayError`` where the whole home is gone."""
    if not is_gone(project):
        return
    if not project.parent.is_dir():
        raise AwayError(str(project.parent.parent))
    # It may have come back between the two looks.
    if is_gone(project):
        raise DeletedError


def names_in(folder: Path) -> list[str]:
    """What stands in a folder; nothing where there is none. Raises ``StorageError``.

    A glob would find nothing in a folder that may not be listed, and not say so.
    """
    with storage_errors(folder):
        try:
            return sorted(entry.name for entry in os.scandir(folder))
        except FileNotFoundError:
            return []


def numbers_in(folder: Path, digits: int, ending: str) -> list[int]:
    """The numbers of the files that are named by one, in order; nothing where there is no folder.

    Anything else there is not of the program, a copy beside its original for instance, and is not read.
    Raises ``StorageError``.
    """
    found = (_number(name, digits, ending) for name in names_in(folder))
    return sorted(number for number in found if number is not None)


def _number(name: str, digits: int, ending: str) -> int | None:
    """What :func:`numbered` made a name of."""
    stem = name.removesuffix(ending)
    if not (stem.isascii() and stem.isdigit()):
        return None
    return int(stem) if name == numbered(int(stem), digits, ending) else None


def numbered(number: int, digits: int, ending: str) -> str:
    """The name of a file that is named by a number; more digits than that where it needs more."""
    return f"{number:0{digits}d}{ending}"


PUT_ASIDE = ".replaced"
"""The ending of a file that a repair has put another in place of; a number may follow."""


def strays_in(folder: Path, digits: int, ending: str) -> list[str]:
    """What is in a folder of numbered files and not of the program. Raises ``StorageError``."""
    return [
        name
        for name in names_in(folder)
        if _number(name, digits, ending) is None
        and PUT_ASIDE not in name
        and not (name.startswith(".") and name.endswith(".tmp"))
    ]


def encoded(value: Any) -> bytes:
    """JSON. Raises ``InputError`` for a text that is none: half a surrogate pair, say."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise InputError(
            f"{error.object[:80]!r} holds {error.object[error.start]!r}, which is no character.",
            hint="Type it again: what was given is not UTF-8.",
        ) from error


def sync_folder(path: Path) -> None:
    """Makes names created or replaced in a folder durable, where its file system can: fsync(2)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes every byte; a short write goes on where it stopped."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def remove_leftovers(*folders: Path) -> None:
    """Removes what a process left that was killed in :func:`replace_file`.

    The caller sees to it that nobody is writing there. Raises ``StorageError``.
    """
    for folder in folders:
        with storage_errors(folder):
            for path in folder.glob(".*.tmp"):
                path.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Puts ``data`` in place of ``path``: a crash leaves the old content or the new, never a part.

    Raises ``StorageError``.
    """
    writer = f"{os.getpid()}-{threading.get_ident()}"  # two threads may write the same file
    temporary = path.with_name(f".{path.name}.{writer}.tmp")
    with storage_errors(path):
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except OSError:
            with suppress(FileNotFoundError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
