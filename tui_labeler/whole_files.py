"""Files that are put whole into a folder that is held open: what is there is all of the new, or the old.

What is being written has a name that tells whose it is, so that it can go when its process was killed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_labeler.held_folders import HeldFolder, held
from tui_labeler.processes import HOST, is_alive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LEFT = re.compile(r"\..*\.([0-9a-f]{8})-(\d{1,9})-[0-9a-f]{8}\.tmp", re.DOTALL)
"""What is being written, or was when its process ended."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def write_whole(path: Path, data: bytes, check: Callable[[], object] = lambda: None) -> None:
    """Puts ``data`` in the place of ``path``: it holds what it held, or all of them, whatever happens.

    ``check`` has the last word before. Raises ``OSError``.
    """
    with held(path.absolute().parent) as folder:
        put(folder, path.name, data, check)
        sync_names(folder)


def put(folder: HeldFolder, name: str, data: bytes, check: Callable[[], object] = lambda: None) -> None:
    """As :func:`write_whole`, but for the names in the folder."""
    writing = while_written(name)
    try:
        with open(folder.open(writing, _NEW), "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        check()
        folder.replace(writing, name)
    finally:
        folder.remove(writing)


def sync_names(folder: HeldFolder) -> None:
    """Puts what was renamed in a folder on the disk; not every file system can, and then nothing does."""
    with suppress(OSError):
        folder.sync()


def while_written(name: str) -> str:
    """What a file or a folder is called until it is whole: that tells whose it is, if it is left."""
    return f".{name[:40]}.{HOST}-{os.getpid()}-{secrets.token_hex(4)}.tmp"


def remove_leftovers(path: Path) -> None:
    """Removes what processes of this machine left in a folder that were killed while they wrote there.

    What belongs to a living one, or to another machine, stays; so does what can't be removed.
    """
    with suppress(OSError), held(path) as folder:
        remove_left(folder)


def remove_left(folder: HeldFolder) -> None:
    """As :func:`remove_leftovers`, of a folder that is held."""
    with suppress(OSError):
        folders, others = folder.entries()
        for name in filter(_is_left, folders):
            remove_all(folder, name)
        for name in filter(_is_left, others):
            with suppress(OSError):
                folder.remove(name)


def remove_all(folder: HeldFolder, name: str) -> None:
    """Removes a folder in another with all that is in it, as far as that can be done."""
    shutil.rmtree(name, ignore_errors=True, dir_fd=folder.handle)


def _is_left(name: str) -> bool:
    found = _LEFT.fullmatch(name)
    return found is not None and found.group(1) == HOST and not is_alive(int(found.group(2)))
