"""The lock of a project's watcher, and a note of who has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.engine.adapters.store.files import encoded, replace_file, storage_errors
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.errors import LockedError
from tui_labeler.engine.takes.leases import holder_in

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports.watching import Holder

PATIENCE = 0.5
"""Seconds: whoever has it has it for days."""


class FileWatchLock:
    """A :class:`~tui_labeler.engine.ports.WatchLock`: a kernel lock in the project's folder.

    ``watch.json`` says who took it last, which without the lock means nothing, and how this home is called.
    """

    def __init__(self, project: Path) -> None:
        self._lock = FileLock(project / "watch.lock", project=project)
        self._note = project / "watch.json"

    @asynccontextmanager
    async def held(self, holder: Holder) -> AsyncIterator[str]:
        try:
            await to_the_end(self._lock.acquire, PATIENCE)
        except LockedError:
            raise LockedError(
                f"{self._who()} watches this project already.",
                hint="One watcher a project is enough; end that one first.",
            ) from None
        try:
            home = self._home()
            replace_file(self._note, encoded(msgspec.structs.replace(holder, home=home)))
            yield home
        finally:
            self._lock.release()

    def _home(self) -> str:
        """The home's name for itself. It tells the file of its lock: a copy of the home has another lock, so
        that its name has to be another too."""
        with storage_errors(self._lock.path):
            lock = f"-{self._lock.path.stat().st_ino}"
        known = self._last()
        return known.home if known and known.home.endswith(lock) else token_hex(8) + lock

    def _last(self) -> Holder | None:
        try:
            return holder_in(self._note.read_bytes())
        except OSError:
            return None

    def _who(self) -> str:
        last = self._last()
        return last.words if last else "Somebody"
