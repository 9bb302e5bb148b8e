"""Pipes that are written into, which may have nobody at their other end, or somebody who is slow."""

from __future__ import annotations

import os


async def write_pipe(handle: int, data: bytes) -> None:
    """Writes into a pipe as fast as its reader takes it; a signal ends it like any other command.

    ``handle`` is open for writing that does not wait, and stays open. Raises ``OSError`` when its reader
    goes.
    """
    # Only a command that does something loads this.
    import asyncio

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
