"""Taking documents for a person who labels: in the background, in this home and in the container."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.errors import AwayError, ContainerError, DeletedError, LabelerError, LockedError
from tui_labeler.engine.ports.takes import Take
from tui_labeler.engine.takes.takes import Claim, TakenError, claimed, is_shared_out, winner

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore, Surroundings, TakeStore
    from tui_labeler.engine.takes.shelf_takes import ShelfTakes

LOOK_EVERY = 1.0
"""Seconds between two looks at this home."""

FAR_EVERY = 15.0
"""Seconds between two looks at the container."""

STAYS = 0.5
"""Seconds that a document is in view before others hear of it over the line: people leaf through many."""

GOODBYE = 2.0
"""Seconds that leaving, or a command, waits for the container."""


@dataclass(frozen=True, slots=True)
class TakesNews:
    """What is otherwise than at the last look."""

    locations: frozenset[str]
    """Documents that somebody else has since then, or has no more, or that are one's own."""
    lost: Take | None = None
    """Who has taken over what this session had."""
    trouble: LabelerError | None = None
    """Why nothing can be taken in this home; told once."""


class Taking:
    """What this session has, and what others have."""

    def __init__(
        self,
        store: ProjectStore,
        near: TakeStore,
        surroundings: Surroundings,
        far: Callable[[], ShelfTakes | None] = lambda: None,
    ) -> None:
        """``far`` gives the takes in the container, or ``None`` while labels are not shared."""
        self._store = store
        self._near = near
        self._far_now = far
        self._far: ShelfTakes | None = None
        self._now = surroundings.now
        self._mine = Take(surroundings.session, surroundings.actor, surroundings.host, surroundings.pid)
        self._wanted = ""
        self._over = False
        self._near_others: tuple[Take, ...] = ()
        self._held: dict[str, Take] = {}
        self._had = ""
        self._beaten_far: Take | None = None
        self._known_far = ""
        """The document that this session has in the container too."""
        self._looking = asyncio.Lock()
        self._woken = asyncio.Event()
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._tell: Callable[[TakesNews], object] = lambda news: None

    # --- what is asked, at once and without waiting -----------------------------------------------------

    @property
    def has(self) -> str:
        """The document that this session has; empty where it has none."""
        return self._had

    @property
    def held(self) -> Mapping[str, Take]:
        """Documents that others have, by location, as of the last look."""
        return self._held

    def holder(self, document_id: int) -> Take | None:
        """Who else has a document; nobody has one that is given to several readers."""
        if not self._held:
            return None
        row = self._store.state.rows.get(document_id)
        return None if row is None or is_shared_out(row) else self._held.get(row.location)

    def check(self, document_id: int) -> None:
        """Raises ``TakenError`` where somebody else has it."""
        take = self.holder(document_id)
        if take is not None:
            raise TakenError(take.location, take)

    def want(self, document_id: int | None) -> None:
        """This session labels a document from here on, and no other."""
        row = None if document_id is None else self._store.state.rows.get(document_id)
        location = "" if row is None or is_shared_out(row) else row.location
        if location != self._wanted:
            self._wanted, self._over = location, False
            self._wake()

    def take_over(self) -> None:
        """Takes the document in view from whoever has it; they are told."""
        if self._wanted:
            self._over = True
            self._beaten_far = None
            self._held.pop(self._wanted, None)
            self._wake()

    def _wake(self) -> None:
        self._woken.set()
        self._moved.set()

    # --- going on ---------------------------------------------------------------------------------------

    def start(self, tell: Callable[[TakesNews], object]) -> None:
        """Looks from now on, and tells what is otherwise."""
        self._tell = tell
        self._tasks = [asyncio.create_task(self._stay_near()), asyncio.create_task(self._stay_in_touch())]

    async def stop(self) -> None:
        """Frees what this session has. Waits a moment for the container, not more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._wanted = self._had = ""
        self._held = {}
        if tasks:
            await self._near.close()
        far, self._far = self._far, None
        if far is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE):
                    await far.close()

    async def _stay_near(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.look_near()
            except (AwayError, LockedError):
                # Somebody decides the same at this moment, or the home comes back: a later look does it.
                pass
            except DeletedError:
                # Whoever follows the project says so.
                return
            except LabelerError as error:
                self._tell(TakesNews(frozenset(), trouble=error))
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._woken.wait()

    async def _stay_in_touch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAR_EVERY):
                    await self._moved.wait()
            while self._moved.is_set():
                self._moved.clear()
                await asyncio.sleep(STAYS)
            with suppress(ContainerError):
                await self.look_far()
            self._settle()

    # --- one look ---------------------------------------------------------------------------------------

    async def look_near(self) -> None:
        """One look at this home, and what comes of it. Raises ``StorageError``, ``LockedError``."""
        async with self._looking:
            wanted, over, now = self._wanted, self._over, self._now()
            mine = self._mine
            self._mine, self._near_others = await self._near.exchange(
                lambda others: claimed(mine, wanted, others, now, over=over)
            )
            if over and wanted == self._wanted:
                self._over = False
            self._settle()

    async def look_far(self) -> None:
        """One look at the container. Raises ``ContainerError``."""
        self._far = self._far or self._far_now()
        if self._far is None:
            return
        self._far.dead = self._near.dead
        mine = self._mine
        first = await self._far.claim(mine)
        is_mine = first is None or first.session == mine.session
        self._beaten_far = None if is_mine or mine.location != self._wanted else first
        self._settle()
        self._known_far = mine.location if is_mine else ""

    async def look_once(self) -> None:
        """What others have at this moment, without taking anything. Raises ``StorageError``."""
        self._near_others = await self._near.others()
        self._far = self._far or self._far_now()
        if self._far is not None:
            self._far.dead = self._near.dead
            with suppress(ContainerError, TimeoutError):
                async with asyncio.timeout(GOODBYE):
                    await self._far.look()
        self._settle()

    def _settle(self) -> None:
        """Makes of all takes who has what, and tells what is new."""
        claims: defaultdict[str, list[Claim]] = defaultdict(list)
        near = {take.session for take in self._near_others}
        for take in self._near_others:
            claims[take.location].append(Claim(take))
        for claim in self._far.others if self._far else ():
            # What is in this home as well is known better from there.
            if claim.take.session not in near and claim.take.session != self._mine.session:
                claims[claim.take.location].append(claim)
        claims.pop("", None)
        own = self._mine.location
        held: dict[str, Take] = {}
        for location, rivals in claims.items():
            first = self._first(location, rivals) if location == own else winner(rivals)
            if first is not None and first.session != self._mine.session:
                held[location] = first
        before, self._held = self._held, held
        had, self._had = self._had, own if own and own not in held else ""
        changed = {key for key in before.keys() | held.keys() if before.get(key) != held.get(key)}
        changed |= {had, self._had} - {""} if had != self._had else set()
        if changed:
            lost = held.get(had) if had and had == self._wanted else None
            # Who was there before, and is only heard of now, has taken nothing over.
            if lost is not None and lost.session not in near and had != self._known_far:
                lost = None
            self._tell(TakesNews(frozenset(changed), lost))

    def _first(self, location: str, rivals: list[Claim]) -> Take | None:
        """Who has what this session claims too."""
        beaten, far = self._beaten_far, self._far.others if self._far else ()
        if beaten and beaten.location == location and any(c.take.session == beaten.session for c in far):
            return beaten
        near = [claim for claim in rivals if claim.take in self._near_others]
        # Of those elsewhere the look at the container has decided.
        return winner([Claim(self._mine), *near])
