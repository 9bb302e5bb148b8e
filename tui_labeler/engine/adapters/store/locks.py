"""Kernel locks: held by a process, freed by its death."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.files import make_folder, storage_errors
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

PATIENCE = 10.0
"""Seconds to wait for a lock that is held for the length of one write."""


class FileLock:
    """An exclusive ``flock`` on a file of its own.

    ``flock`` belongs to the open file, so it goes when the process does, whatever kills it. Not
    reentrant: each ``with`` opens the file anew. The file's folder is made where it is missing, but never
    the folder of a ``project``: taking the lock of one that is gone raises ``DeletedError``.
    """

    def __init__(self, path: Path, *, project: Path | None = None) -> None:
        self.path = path
        self._project = project
        self._descriptor: int | None = None

    def acquire(self, patience: float = PATIENCE) -> None:
        """Blocks for up to ``patience`` seconds, then raises ``LockedError``."""
        make_folder(self.path.parent, project=self._project)
        with storage_errors(self.path):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        pause = 0.0005
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    raise LockedError(
                        f"{self.path} is held by another process",
                        hint="Wait for it to finish, or end it if it hangs (`fuser` on the file names it).",
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.01)
            except OSError as error:
                os.close(descriptor)
                with storage_errors(self.path):
                    raise error
            else:
                self._descriptor = descriptor
                return

    def release(self) -> None:
        # Closing lets the next thread in, which sets its own descriptor at once.
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    @contextmanager
    def held(self, patience: float = PATIENCE) -> Iterator[None]:
        self.acquire(patience)
        try:
            yield
        finally:
            self.release()


@asynccontextmanager
async def held_alone(lock: FileLock, patience: float, busy: str) -> AsyncIterator[None]:
    """Holds a lock for as long as a piece of work takes.

    Raises ``LockedError`` with ``busy`` when another process has it for longer than ``patience`` seconds.
    """
    try:
        await to_the_end(lock.acquire, patience)
    except LockedError:
        raise LockedError(busy, hint="Wait until that is done.") from None
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock on ``path``. Raises ``StorageError``."""
    with storage_errors(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
