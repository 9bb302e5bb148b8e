"""What sessions of one home have open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from tui_labeler.engine.wording import clock


class Take(msgspec.Struct, frozen=True):
    """What one session has open, for others to read."""

    session: str
    """Of the process: random."""
    actor: str
    host: str = ""
    pid: int = 0
    location: str = ""
    """Of the document; empty where it claims none."""
    since: str = ""
    """UTC, ISO 8601, by its own clock: to be shown, not to be reckoned with."""
    turn: int = 0
    """How often the document was taken over before: the highest has it."""
    settled: bool = False
    """Nobody was there before it: it gives way to a take-over alone."""

    @property
    def words(self) -> str:
        """``ana on host7 since 14:03:10``."""
        where = f" on {self.host}" if self.host else ""
        return f"{self.actor or 'somebody'}{where}{self.since_words}"

    @property
    def since_words(self) -> str:
        try:
            return f" since {clock(self.since)}" if self.since else ""
        except ValueError:
            return ""


class TakeStore(Protocol):
    """One take a session, there as long as its process lives."""

    @property
    def dead(self) -> frozenset[str]:
        """Sessions of this home that had something and died, as of the last look."""

    async def exchange(self, claim: Callable[[Sequence[Take]], Take]) -> tuple[Take, tuple[Take, ...]]:
        """Puts down what ``claim`` makes of the takes of others, while nobody else does, and returns both.

        Raises ``StorageError``, ``LockedError``, ``DeletedError``.
        """

    async def others(self) -> tuple[Take, ...]:
        """All takes, without putting any down."""

    async def close(self) -> None:
        """Takes one's own away."""
