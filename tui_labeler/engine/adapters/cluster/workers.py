"""Which workers a cluster has at this moment, and which of them can do a job's work."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from distributed.client import ClosedClientError

from tui_labeler.engine.adapters.cluster.backend import LostError
from tui_labeler.engine.errors import OutsideError

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.cluster.connecting import Patience
    from tui_labeler.engine.adapters.cluster.work import Labeled
    from tui_labeler.engine.ports.cluster import Giver

Found = TypeVar("Found")


def workers_needed(message: str) -> OutsideError:
    """Nobody is there to label; what to do about it."""
    return OutsideError(
        message,
        hint="Start the scheduler and its workers (docs/scaling.md).",
        on_screen="Start the scheduler and its workers (docs/scaling.md), then press R.",
    )


class Doubts:
    """Workers that do not see the documents, by address: others are asked first."""

    def __init__(self) -> None:
        self.refused: dict[str, Labeled] = {}
        """Could not begin: their container is closed to them."""
        self.missed: dict[str, Labeled] = {}
        """Miss documents that there are."""

    def best(self, there: Collection[str]) -> list[str]:
        """Of those that are there: the ones that see everything, or else those that see something.

        Raises ``OutsideError`` when there is somebody, and nobody who could begin.
        """
        open_to = [address for address in there if address not in self.refused]
        if there and not open_to:
            raise self.refused[next(iter(there))].as_error()
        return [address for address in open_to if address not in self.missed] or open_to

    def left_out(self, there: Collection[str]) -> list[str]:
        """In words: those that are there and are not asked."""
        known = {**self.missed, **self.refused}
        best = self.best(there)
        return [known[address].worker for address in there if address not in best]


class Watch:
    """Looks who is there while a job waits, and tells whoever gives the work.

    Raises ``OutsideError`` when nobody has been there for too long.
    """

    def __init__(self, client: Any, address: str, patience: Patience, doubts: Doubts, giver: Giver) -> None:
        self._client = client
        self._address = address
        self._patience = patience
        self._doubts = doubts
        self._giver = giver
        self._told: object = None
        self._alone_since: float | None = None

    async def first(self) -> list[str]:
        """The workers to ask, once there is one. Raises ``LostError`` without scheduler."""
        while not (best := self._doubts.best(there := await self.there())):
            await self._tell(there)
            await asyncio.sleep(self._patience.look)
        await self._tell(there)
        return best

    async def until(self, work: asyncio.Future[Found], among: Sequence[str]) -> Found:
        """What work brings that ``among`` were asked for.

        Raises ``LostError`` when all of them are gone and others could do it.
        """
        try:
            while not (await asyncio.wait([work], timeout=self._patience.look))[0]:
                try:
                    there = await self.there()
                except LostError:
                    # Whether it is lost or comes back the work itself hears.
                    there = {}
                await self._tell(there)
                if self._doubts.best(there) and not set(among) & set(there):
                    raise LostError
            self._alone_since = None
            return work.result()
        finally:
            work.cancel()

    async def there(self) -> Mapping[str, int]:
        """Threads of each worker, by address. Raises ``LostError`` where the scheduler does not tell."""
        if self._client.status != "running":
            raise LostError
        try:
            found: Mapping[str, int] = await asyncio.to_thread(
                self._client.ncores, callback_timeout=self._patience.connect
            )
        except (OSError, ClosedClientError) as error:
            raise LostError from error
        return found

    async def _tell(self, there: Mapping[str, int]) -> None:
        now = asyncio.get_running_loop().time()
        if there:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since >= self._patience.start:
            raise workers_needed(
                f"The scheduler at {self._address} has no workers, "
                f"and none came within {self._patience.start:g} seconds."
            )
        best = self._doubts.best(there)
        told = sum(there[address] for address in best), tuple(self._doubts.left_out(there))
        if told != self._told:
            self._told = told
            await self._giver.at_work(*told)
