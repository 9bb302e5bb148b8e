"""Leases: what one process has at a time, as long as it says so again and again.

A lease is a small file on a shelf. How old it is goes by the clock of where the shelf stands, so that no
machine's own clock matters: one that was not written for three minutes counts as given up. So does one
with a time further ahead than that: it was copied, or set, and would be held for ever.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.engine.errors import ContainerError, LockedError, NotFoundError, OutdatedError
from tui_labeler.engine.ports.watching import Holder
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Shelf

RENEW_EVERY = 60.0
"""Seconds between two writes of a lease that is held."""

VOID_AFTER = 180.0
"""Seconds after which a lease that was not written is nobody's."""


def is_held(age: float) -> bool:
    """Whether what was written so many seconds ago is still somebody's; ahead of the clock is less than 0."""
    return abs(age) < VOID_AFTER


def holder_in(content: bytes) -> Holder:
    """Who a lease's file names; nobody in particular where it can't be read."""
    try:
        return decode(content, Holder)
    except (msgspec.MsgspecError, ValueError):
        return Holder("", "")


class Lease:
    """One lease, for one process."""

    def __init__(self, shelf: Shelf, name: str, holder: Holder) -> None:
        self._shelf = shelf
        self._name = name
        self._holder = holder
        self._etag: str | None = None
        self._was_held = False

    @property
    def is_held(self) -> bool:
        return self._etag is not None

    async def take(self) -> None:
        """Takes it, or says again that it is held. One of the same ``home`` that died is followed at once.

        Raises ``LockedError`` where somebody else has it, ``ContainerError`` where nobody can tell.
        """
        etag = self._etag
        if etag is None:
            etag = await self._free()
        try:
            self._etag = await self._shelf.put(self._name, msgspec.json.encode(self._holder), etag=etag)
        except OutdatedError:
            self._etag = await self._own()
        self._was_held = True

    async def _free(self) -> str | None:
        """The mark of a file that is nobody's; ``None`` where there is none. Raises ``LockedError``."""
        for found in await self._shelf.dated(self._name):
            if found.name == self._name:
                if found.age is not None and is_held(found.age):
                    return await self._own(follows=True)
                return found.etag
        return None

    async def _own(self, *, follows: bool = False) -> str:
        """The mark of the file where it is this process's, or of one that it ``follows``.

        Raises ``LockedError``.
        """
        self._etag = None
        try:
            content, etag = await self._shelf.get(self._name)
        except NotFoundError:
            raise LockedError("Somebody else has just given it up.", hint="Try again.") from None
        there = holder_in(content)
        # What was lost once is not fought for: a copy of the home may have its name.
        is_before = there.home == self._holder.home != "" and not self._was_held
        if there.session != self._holder.session and not (follows and is_before):
            raise LockedError(
                f"{there.words} has it, as {self._name} in the container says.",
                hint="Wait until that is done.",
            )
        return etag

    async def keep(self) -> None:
        """Says again and again that it is held, once it is, until it is cancelled.

        A line that is down is waited for. Raises ``LockedError`` once somebody else has it.
        """
        while True:
            await asyncio.sleep(RENEW_EVERY)
            if not self.is_held:
                continue
            with suppress(ContainerError):
                await self.take()

    async def free(self) -> None:
        """Gives it up; where the container can't be reached, it runs out by itself."""
        etag, self._etag = self._etag, None
        if etag is not None:
            with suppress(ContainerError, OutdatedError):
                await self._shelf.remove(self._name, etag=etag)
