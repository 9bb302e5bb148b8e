"""What the sessions of one home have open: a small file each, under a lock that dies with its process."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.files import encoded, names_in, storage_errors
from tui_labeler.engine.adapters.store.locks import FileLock, is_held
from tui_labeler.engine.takes.leases import RENEW_EVERY, VOID_AFTER
from tui_labeler.engine.takes.takes import take_in

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports.takes import Take

KEPT = VOID_AFTER + RENEW_EVERY
"""Seconds that the file of a session that died stays: longer than what it had counts elsewhere."""

LARGEST = 65_536
"""Bytes of a take that are read."""


class FileTakes:
    """A :class:`~tui_labeler.engine.ports.TakeStore` in a project's folder."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._folder = project / "takes"
        self._lock = FileLock(self._folder / "lock", project=project)
        self._own: int | None = None
        self._mine: Take | None = None
        self._dead: frozenset[str] = frozenset()
        self._turn = threading.Lock()
        self._times_closed = 0
        self._seen_to = -RENEW_EVERY
        """When the files were last gone through, by a clock that only goes forward."""

    @property
    def dead(self) -> frozenset[str]:
        return self._dead

    async def exchange(self, claim: Callable[[Sequence[Take]], Take]) -> tuple[Take, tuple[Take, ...]]:
        return await asyncio.to_thread(self._exchange, claim, self._times_closed)

    async def others(self) -> tuple[Take, ...]:
        return await asyncio.to_thread(self._live)

    async def close(self) -> None:
        # Who is cancelled amid an exchange leaves its thread behind, which must write nothing from here on.
        self._times_closed += 1
        await asyncio.to_thread(self._close)

    def _exchange(
        self, claim: Callable[[Sequence[Take]], Take], times_closed: int
    ) -> tuple[Take, tuple[Take, ...]]:
        with self._turn, self._lock.held():
            own = self._mine.session if self._mine else ""
            others = tuple(take for take in self._live() if take.session != own)
            mine = claim(others)
            if times_closed == self._times_closed:
                if mine != self._mine:
                    self._write(mine)
                if time.monotonic() - self._seen_to >= RENEW_EVERY:
                    self._see_to()
            return mine, others

    def _see_to(self) -> None:
        """Says that this session lives, and clears away what the dead have left."""
        self._seen_to = time.monotonic()
        if self._own is not None:
            os.utime(self._own)
        self._clear()

    def _live(self) -> tuple[Take, ...]:
        live = live_takes(self._project)
        names = {name.removesuffix(".json") for name in names_in(self._folder) if name.endswith(".json")}
        self._dead = frozenset(names - {take.session for take in live})
        return live

    def _write(self, mine: Take) -> None:
        path = self._folder / f"{mine.session}.json"
        with storage_errors(path):
            if self._own is None:
                self._own = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._own, fcntl.LOCK_EX)
            # In place: a file that was put in its place would not be the one that is locked.
            data = encoded(mine)
            os.pwrite(self._own, data, 0)
            os.ftruncate(self._own, len(data))
        self._mine = mine

    def _clear(self) -> None:
        """Removes what those left who have been gone for long: until then they are known to be dead."""
        for name in names_in(self._folder):
            path = self._folder / name
            if name.endswith(".json") and not is_held(path):
                with suppress(FileNotFoundError):
                    if abs(time.time() - path.stat().st_mtime) > KEPT:
                        path.unlink()

    def _close(self) -> None:
        with self._turn:
            own, self._own = self._own, None
            mine, self._mine = self._mine, None
            if own is not None and mine is not None:
                with suppress(OSError):
                    (self._folder / f"{mine.session}.json").unlink(missing_ok=True)
                os.close(own)


def live_takes(project: Path) -> tuple[Take, ...]:
    """The takes of processes that live. Raises ``StorageError``."""
    folder = project / "takes"
    found: list[Take] = []
    for name in names_in(folder):
        path = folder / name
        if not name.endswith(".json") or not is_held(path):
            continue
        with suppress(FileNotFoundError), path.open("rb") as file:
            take = take_in(file.read(LARGEST))
            if take is not None:
                found.append(take)
    return tuple(found)


def taken_locations(project: Path) -> frozenset[str]:
    """The documents that somebody in this home has open."""
    return frozenset(take.location for take in live_takes(project) if take.location)
