"""Takes in a container, for those who work on it from other machines.

A session's file is written when it takes a document, every minute while it has it, and removed when it frees
it. How old a file is goes by the container's clock, so that a machine that died, or is cut off, frees what it
had after three minutes, and no machine's own clock matters. Whoever sees such a file then removes it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.engine.errors import ContainerError, NotFoundError, OutdatedError, UnreadableError
from tui_labeler.engine.takes.leases import RENEW_EVERY, VOID_AFTER, is_held
from tui_labeler.engine.takes.takes import Claim, take_in, winner

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.ports import Shelf
    from tui_labeler.engine.ports.takes import Take

AGAIN = 1.0
"""Seconds to the second look where two come at the same moment."""


def _steady() -> float:
    return asyncio.get_running_loop().time()


class ShelfTakes:
    """One session's take among those of others."""

    def __init__(self, shelf: Shelf, project_id: str, clock: Callable[[], float] = _steady) -> None:
        """``clock`` tells seconds that pass, for what is written again and what is forgotten."""
        self._shelf = shelf
        self._folder = f".tui-labeler/{project_id}/takes/"
        self._clock = clock
        self.dead: frozenset[str] = frozenset()
        """Sessions that are known to have died: what their files say counts for nothing."""
        self._read: dict[str, tuple[str, Take | None]] = {}
        self._claims: tuple[Claim, ...] = ()
        self._looked_at = 0.0
        self._mine: Take | None = None
        self._etag: str | None = None
        self._begun = ""
        """The name of one's own file while it is being written."""
        self._written_at = 0.0
        self._age = 0.0
        """Of one's own file, by the container's clock, at the last look."""
        self._lost = ""
        """Since when the claim was held that somebody has taken over."""

    @property
    def others(self) -> tuple[Claim, ...]:
        """As of the last look; nothing once that is too long ago to count."""
        own = self._mine.session if self._mine else ""
        if self._clock() - self._looked_at > VOID_AFTER:
            return ()
        return tuple(claim for claim in self._claims if claim.take.session != own)

    async def look(self, own: str = "") -> None:
        """Reads what is there; only files that are new are fetched. Raises ``ContainerError``."""
        claims: list[Claim] = []
        read: dict[str, tuple[str, Take | None]] = {}
        for blob in await self._shelf.dated(self._folder):
            if blob.age is None or not is_held(blob.age):
                if blob.age is not None:
                    with suppress(OutdatedError, ContainerError):
                        await self._shelf.remove(blob.name, etag=blob.etag)
                continue
            known = self._read.get(blob.name)
            if known is None or known[0] != blob.etag:
                try:
                    content, etag = await self._shelf.get(blob.name)
                except NotFoundError:
                    continue
                except UnreadableError:
                    content, etag = b"", blob.etag
                known = (etag, take_in(content))
            read[blob.name] = known
            if known[1] is None:
                continue
            if known[1].session == own:
                self._age = blob.age
            elif known[1].session not in self.dead:
                claims.append(Claim(known[1], blob.age))
        self._read, self._claims, self._looked_at = read, tuple(claims), self._clock()

    async def claim(self, wanted: Take) -> Take | None:
        """Claims what a session has in its own home, or frees what it had; returns who has it.

        Raises ``ContainerError``.
        """
        own = wanted.session
        await self.look(own)
        if not wanted.location:
            await self.free()
            return None
        rivals = self._rivals(wanted)
        mine = self._mine
        if mine is not None and (mine.location, mine.since) == (wanted.location, wanted.since):
            return await self._hold(mine, rivals)
        if wanted.turn and wanted.since != self._lost:
            # Taken over: it beats whatever turn the others are at.
            last = max((claim.take.turn for claim in rivals), default=0)
            wanted = msgspec.structs.replace(wanted, turn=max(wanted.turn, last + bool(rivals)), settled=True)
            await self._write(wanted)
            return wanted
        if rivals:
            await self.free()
            return winner(rivals)
        await self._write(msgspec.structs.replace(wanted, turn=0, settled=False))
        return await self._settle()

    async def _settle(self) -> Take | None:
        """Looks whether somebody came at the same moment; who was first has it."""
        assert self._mine is not None
        for pause in (0.0, AGAIN):
            await asyncio.sleep(pause)
            await self.look(self._mine.session)
            rivals = self._rivals(self._mine)
            if not any(not claim.take.settled for claim in rivals):
                break
        return await self._hold(self._mine, rivals)

    async def _hold(self, mine: Take, rivals: tuple[Claim, ...]) -> Take | None:
        """Keeps what is one's own, and gives way where it is not."""
        is_void = self._clock() - self._written_at > VOID_AFTER
        known = msgspec.structs.replace(mine, turn=0, settled=False) if is_void else mine
        first = winner([Claim(known, self._age), *rivals])
        if first is not None and first.session != mine.session:
            self._lost = mine.since
            await self.free()
            return first
        if not mine.settled or self._clock() - self._written_at >= RENEW_EVERY:
            await self._write(msgspec.structs.replace(mine, settled=True))
        return self._mine

    def _rivals(self, mine: Take) -> tuple[Claim, ...]:
        found = (claim for claim in self._claims if claim.take.session != mine.session)
        return tuple(claim for claim in found if claim.take.location == mine.location)

    async def _write(self, take: Take) -> None:
        name = f"{self._folder}{take.session}.json"
        content = msgspec.json.encode(take)
        self._begun = name
        for _ in range(2):
            try:
                self._etag = await self._shelf.put(name, content, etag=self._etag)
            except OutdatedError:
                # An answer was lost on the way, or somebody cleared it away.
                self._etag = await self._mark(name)
            else:
                self._mine, self._written_at, self._begun = take, self._clock(), ""
                return

    async def _mark(self, name: str) -> str | None:
        with suppress(NotFoundError):
            return (await self._shelf.get(name))[1]
        return None

    async def free(self) -> None:
        """Takes one's own file away. Raises ``ContainerError``."""
        mine, etag, begun = self._mine, self._etag, self._begun
        self._mine, self._etag, self._begun = None, None, ""
        name = begun or (f"{self._folder}{mine.session}.json" if mine is not None else "")
        if begun:
            # Whether the last one was written before something ended it, only the container knows.
            etag = await self._mark(begun)
        if name and etag is not None:
            with suppress(OutdatedError):
                await self._shelf.remove(name, etag=etag)

    async def close(self) -> None:
        """The same; where the container can't be reached, it runs out by itself."""
        with suppress(ContainerError):
            await self.free()
