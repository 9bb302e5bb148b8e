"""The lock of a project's watcher, and a note of who has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.files import encoded, replace_file
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.errors import LockedError
from tui_labeler.engine.leases import Holder, holder_in

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 0.5
"""Seconds: whoever has it has it for days."""


class FileWatchLock:
    """A :class:`~tui_labeler.engine.ports.WatchLock`: a kernel lock in the project's folder.

    ``watch.json`` says who took it last; without the lock it means nothing.
    """

    def __init__(self, project: Path) -> None:
        self._lock = FileLock(project / "watch.lock", project=project)
        self._note = project / "watch.json"

    @asynccontextmanager
    async def held(self, holder: Holder) -> AsyncIterator[None]:
        try:
            await to_the_end(self._lock.acquire, PATIENCE)
        except LockedError:
            raise LockedError(
                f"{self._who()} watches this project already.",
                hint="One watcher a project is enough; end that one first.",
            ) from None
        try:
            replace_file(self._note, encoded(holder))
            yield
        finally:
            self._lock.release()

    def _who(self) -> str:
        try:
            return holder_in(self._note.read_bytes()).words
        except OSError:
            return "Somebody"
