"""Syncing by itself while a project is open: every so often, soon after labels were saved, and with patience
while the container can't be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from tui_labeler.engine.documents.keeping import Kept
from tui_labeler.engine.documents.reading import Synced
from tui_labeler.engine.errors import (
    DeletedError,
    LabelerError,
    LockedError,
    UnreachableError,
)
from tui_labeler.engine.sharing.synced import Shared

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.sharing.conflicts import Side
    from tui_labeler.engine.sharing.sharing import Sharing

EVERY = 60.0
"""Seconds between two syncs."""

FIRST_AFTER = 0.5
"""Seconds before the first one: what a container needs takes a while to load."""

FIRST_WAIT = 5.0
"""Seconds until the first try after one that failed; twice as many until the next."""

LONGEST_WAIT = 60.0
"""Seconds between two tries while nothing answers."""

LISTEN_EVERY = 1.0
"""Seconds between two looks, while nothing answers, whether somebody else in this process got an answer."""

LABELS = "syncing labels"

Progress = Callable[[str, int, int], None]
"""Hears what is being done, and how far it is: done, of how many (0 where nobody knows)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How what is here stands to what the container holds."""

    is_shared: bool = False
    was_synced: bool = False
    """At least once since the project was opened."""
    pending: int = 0
    """Documents that the container does not hold as they are here."""
    conflicts: int = 0
    unusable: int = 0
    """Documents whose labels in the container could not be read by the last sync."""
    trouble: LabelerError | None = None
    """Why the last sync did not go through."""

    @property
    def is_offline(self) -> bool:
        return isinstance(self.trouble, UnreachableError)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one sync did."""

    documents: Synced = field(default_factory=Synced)
    shared: Shared = field(default_factory=Shared)
    kept: Kept = field(default_factory=Kept)

    @property
    def is_news(self) -> bool:
        """Something came in that people may see."""
        found, shared = self.documents, self.shared
        is_in = shared.downloaded or shared.settings_in
        return bool(is_in or found.added or found.changed or found.gone or found.moved)


def _silent(doing: str, done: int, total: int) -> None:
    """For whoever need not hear how far it is."""


class Background:
    """Keeps one open project in step with its container; runs on the event loop, and waits for nobody."""

    def __init__(
        self,
        session: ProjectSession,
        told: Callable[[Standing], None],
        came: Callable[[Exchange], None] = lambda exchange: None,
        *,
        every: float = EVERY,
    ) -> None:
        """``told`` hears each other standing, ``came`` what a sync by itself has brought in.

        ``every`` is in seconds; with 0 it syncs only when it is asked to.
        """
        self._session = session
        self._told = told
        self._came = came
        self._every = every
        self._standing = Standing()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._bell = asyncio.Event()
        self._due = inf
        self._is_stirred = False
        self._failures = 0
        self._answers = 0
        """Of the container, when it could not be reached."""
        self._turns = 0

    @property
    def standing(self) -> Standing:
        return self._standing

    @property
    def sharing(self) -> Sharing | None:
        return self._session.sharing

    @property
    def is_on(self) -> bool:
        return self.sharing is not None and self.sharing.is_on

    @property
    def works_by_itself(self) -> bool:
        return bool(self._every)

    def start(self) -> None:
        """From here on it works by itself; the first sync begins once the screen had its turn."""
        clock = asyncio.get_running_loop().time
        self._due = clock() + min(FIRST_AFTER, self._every) if self._every else inf
        self._is_stirred = True
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends it; a sync that is at work is called off, and what it did until then stays."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def stirred(self) -> None:
        """Something was done here: what is pending is counted anew."""
        self._is_stirred = True
        self._bell.set()

    def soon(self) -> None:
        """What is here is worth a sync by now, unless nothing is to be synced by itself."""
        if self._every:
            self._due = 0.0
            self._bell.set()

    # --- at work ------------------------------------------------------------------------------------

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._bell.clear()
            try:
                if self._is_stirred:
                    self._is_stirred = False
                    await self._count()
                if clock() >= self._due:
                    self._due = inf
                    await self._sync()
                    self._due = min(self._due, clock() + self._pause())
            except DeletedError:
                return  # whoever follows the project says so
            wait = self._due - clock()
            if self._standing.is_offline and self._every:
                if self._answers != self._session.documents.container.answers:
                    # What somebody has opened, or taken, got through: so will this.
                    self._answers, self._due = self._session.documents.container.answers, 0.0
                    continue
                wait = min(wait, LISTEN_EVERY)
            try:
                async with asyncio.timeout(None if wait == inf else max(0.0, wait)):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _pause(self) -> float:
        """Longer and longer while it fails, so that a server which is down is not asked in vain."""
        if not self._every:
            return inf
        if not self._failures:
            return self._every
        return min(min(self._every, FIRST_WAIT) * 2.0 ** min(self._failures - 1, 30), LONGEST_WAIT)

    async def _sync(self) -> None:
        """A sync whose troubles are told by the standing alone."""
        if not self.is_on:
            await self._count()
            return
        before = self._session.store.seq
        try:
            exchange = await self._exchange(_silent, by_itself=True)
        except (LockedError, DeletedError) as error:
            if isinstance(error, DeletedError):
                raise
            return  # somebody else in this home is at it: that does as well
        except LabelerError:
            if self._session.store.seq != before:
                self._came(Exchange())  # what got through until then is to be seen too
            return
        is_said = exchange.shared.notes or exchange.documents.notes or exchange.kept.notes
        if exchange.is_news or is_said or self._session.store.seq != before:
            self._came(exchange)

    async def now(self, progress: Progress = _silent) -> Exchange:
        """Syncs documents and labels at once, on a person's word. Raises as :meth:`Sharing.sync`."""
        return await self._exchange(progress, by_itself=False)

    async def _exchange(self, progress: Progress, *, by_itself: bool) -> Exchange:
        async with self._turn:
            try:
                exchange = await self._both(progress, by_itself=by_itself)
            except (LockedError, DeletedError):
                raise
            except LabelerError as error:
                self._failures += 1
                self._answers = self._session.documents.container.answers
                known = self._standing.trouble
                is_same = known is not None and known.message == error.message
                await self._count(replace(self._standing, trouble=known if is_same else error))
                raise
            self._failures = 0
            await self._count(replace(self._standing, was_synced=True, trouble=None), conflicts=exchange)
            return exchange

    async def _both(self, progress: Progress, *, by_itself: bool) -> Exchange:
        sharing, found = self.sharing, Synced()
        # A folder is read when somebody asks for it: its files are looked at one by one.
        if not by_itself or (sharing is not None and sharing.is_remote):
            found = await self._session.documents.sync(lambda doing, done: progress(doing, done, 0))
        shared = Shared()
        if sharing is not None and sharing.is_on:
            shared = await sharing.sync(progress=partial(progress, LABELS))
            found = self._session.documents.stale_still(found)
        exchange = Exchange(found, shared)
        again = exchange.is_news or not by_itself
        return replace(exchange, kept=await self._session.documents.keep(progress, again=again))

    async def push(self) -> None:
        """Writes what waits, before the project is left. Raises as :meth:`Sharing.sync`."""
        async with self._turn:
            if self.sharing is not None:
                await self.sharing.sync()
            await self._count(replace(self._standing, was_synced=True, trouble=None))

    # --- how it stands ------------------------------------------------------------------------------

    async def count(self) -> int:
        """The documents that wait at this moment."""
        await self._count()
        return self._standing.pending

    async def resolve(self, location: str, take: Side, item: str | None = None) -> None:
        """Puts an end to conflicts, says so, and carries the decision to the others.

        Raises as :meth:`Sharing.resolve`.
        """
        if self.sharing is None:
            return
        async with self._turn:
            await self.sharing.resolve(location, take, item)
        await self._count(ask=True)
        self.soon()

    async def _count(
        self, standing: Standing | None = None, *, conflicts: Exchange | None = None, ask: bool = False
    ) -> None:
        standing = standing or self._standing
        sharing = self.sharing
        if sharing is None or not sharing.is_on:
            self._tell(Standing())
            return
        is_first = not standing.is_shared
        ask, self._turns = ask or sharing.turns != self._turns, sharing.turns
        try:
            pending, unusable = await sharing.pending(), await sharing.unusable()
            found = len(conflicts.shared.conflicts) if conflicts else standing.conflicts
            if is_first or ask:
                found = len(await sharing.conflicts())
        except DeletedError:
            raise
        except LabelerError as error:
            self._tell(replace(standing, is_shared=True, trouble=error))
            return
        self._tell(replace(standing, is_shared=True, pending=pending, conflicts=found, unusable=unusable))

    def _tell(self, standing: Standing) -> None:
        if standing != self._standing:
            self._standing = standing
            self._told(standing)
