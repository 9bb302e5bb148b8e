"""What sessions of one home have open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tui_labeler.engine.takes.takes import Take


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
