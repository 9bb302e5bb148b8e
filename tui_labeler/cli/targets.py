"""Where an export of one file goes: a file, a device or a pipe."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.cli.pipes import write_pipe
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.held_folders import held
from tui_labeler.labels_on_disk import check_takes_labels, is_foreign_link, keeps_open_files
from tui_labeler.whole_files import put, remove_left, sync_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_labeler.held_folders import HeldFolder

# O_NONBLOCK: opening a pipe would wait for a reader, in the system, where no signal ends it.
_WRITING = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raises ``InputError`` where a file can't be put."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder.", hint="Name a file in it.")
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", hint="Make it first, or name another.")
        check_takes_labels(path)
        there = is_foreign_link(path) or (path.exists() and stat.S_ISREG(path.stat().st_mode))
        if there and not overwrite:
            raise _is_there(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", hint="Name another file.") from error


async def put_file(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Writes a file whole or not at all, by its name in its own folder.

    A link is replaced, and what it leads to stays as it is. Into a device, a pipe, or what the system itself
    has a link to as it is open, ``data`` are written as they are taken there. The folder is held open: a link
    that somebody puts in the place of anything meanwhile leads nobody elsewhere.

    Raises ``InputError`` when it is there and is not to be overwritten, and for a pipe that nobody reads
    from; ``StorageError`` when the disk refuses.
    """
    with _refusals(path, "What was there stays, unless it was open. Free space, or choose another place."):
        pipe = _put(path, data, overwrite=overwrite)
    if pipe is not None:
        with _refusals(path, "See what ended the program that read from it."):
            try:
                await write_pipe(pipe, data)
            finally:
                os.close(pipe)


def _put(path: Path, data: bytes, *, overwrite: bool) -> int | None:
    """As :func:`put_file`, but a pipe, which may make one wait, is given back, open."""
    with held(path.absolute().parent) as folder:
        handle = _opened(folder, path)
        if handle is None:
            remove_left(folder)
            put(folder, path.name, data, partial(_check_free, folder, path, overwrite=overwrite))
            sync_names(folder)
            return None
    mode = os.fstat(handle).st_mode
    if stat.S_ISFIFO(mode):
        return handle
    with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        if stat.S_ISREG(mode):
            if not overwrite:
                raise _is_there(path)
            file.truncate(0)
        os.set_blocking(handle, True)
        file.write(data)
    return None


def _opened(folder: HeldFolder, path: Path) -> int | None:
    """A device, a pipe or what is open already, for writing; ``None`` where a file is put by its name.

    Raises ``InputError`` for a pipe that nobody reads from.
    """
    try:
        mode = folder.status(path.name).st_mode
    except FileNotFoundError:
        return None
    # What is in such a folder is the system's, so nobody can have put a link of theirs there.
    is_open = stat.S_ISLNK(mode) and keeps_open_files(folder)
    if not (is_open or stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
        return None
    try:
        if is_open:
            return os.open(path.name, _WRITING, dir_fd=folder.handle)
        handle = folder.open(path.name, _WRITING)
    except OSError as error:
        if error.errno != errno.ENXIO or stat.S_ISCHR(mode):  # a terminal's name, where there is none
            raise
        raise InputError(
            f"{path} is a pipe, and nobody reads from it.",
            hint="Start the program that reads from it first, or name a file; - is standard output.",
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    return None


def _check_free(folder: HeldFolder, path: Path, *, overwrite: bool) -> None:
    """Raises ``InputError`` where something has come meanwhile, which is not to be overwritten."""
    check_target(path, overwrite=overwrite)
    try:
        folder.status(path.name)
    except FileNotFoundError:
        return
    if not overwrite:
        raise _is_there(path)


@contextmanager
def _refusals(path: Path, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint=hint) from error


def _is_there(path: Path) -> InputError:
    return InputError(f"{path} is there already.", hint="Name another file, or replace it with --overwrite.")
