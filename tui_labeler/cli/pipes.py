"""Files that are written into a pipe, which may have nobody at its other end, or somebody who is slow."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


async def write_pipe(path: Path, data: bytes) -> None:
    """Writes into a pipe as fast as its reader takes it; a signal ends it like any other command.

    Raises ``InputError`` where nobody reads from it, ``OSError`` when its reader goes.
    """
    # Only a command that does something loads this.
    import asyncio

    handle = _opened(path)
    loop, has_room = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(handle, has_room.set)
    try:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(handle, left) :]
            except BlockingIOError:
                has_room.clear()
                await has_room.wait()
    finally:
        loop.remove_writer(handle)
        os.close(handle)


def _opened(path: Path) -> int:
    """Otherwise opening would wait for a reader, in the system, where no signal ends it."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise InputError(
            f"{path} is a pipe, and nobody reads from it.",
            hint="Start the program that reads from it first, or name a file; - is standard output.",
        ) from error
