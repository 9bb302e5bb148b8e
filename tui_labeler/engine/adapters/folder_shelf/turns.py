"""Writers take turns, on whatever machine: by a kernel lock on a file of the shelf."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.folder_shelf.names import LOCK, WRITING
from tui_labeler.engine.errors import ContainerError
from tui_labeler.held_folders import HeldFolder, held

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 10.0
"""Seconds to wait while somebody else writes one file."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL

# O_NONBLOCK: opening a pipe would wait for its other end for ever.
_HELD = os.O_RDONLY | os.O_NONBLOCK


@contextmanager
def turn(root: Path, home: str) -> Iterator[HeldFolder]:
    """Holds the lock of the shelf for the length of one write; gives the folder that it is in.

    ``home`` is that folder's name in the container ``root``. Raises ``OSError``, and ``ContainerError`` where
    somebody else does not let go.
    """
    with held(root, [home], make=True) as folder:
        try:
            handle = folder.open(LOCK, _HELD)
        except FileNotFoundError:
            handle = folder.open(LOCK, _HELD | os.O_CREAT)
        try:
            _lock(handle, folder.path / LOCK)
            yield folder
        finally:
            os.close(handle)


def anew(folder: HeldFolder) -> int:
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
