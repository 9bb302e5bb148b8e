"""One watcher a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


class Holder(msgspec.Struct, frozen=True):
    """Who has something, for others to read."""

    session: str
    """Of the process: random."""
    actor: str
    host: str = ""
    pid: int = 0
    since: str = ""
    """UTC, ISO 8601, by the holder's own clock: to be shown, not to be reckoned with."""
    doing: str = ""
    """In words."""
    home: str = ""
    """A lock's name for itself, where who has the lease has that lock too: whoever holds the lock knows that
    all before it are gone."""

    @property
    def words(self) -> str:
        """``ana on host7 (process 123), since 2026-11-21T09:00:00.000Z``."""
        where = f" on {self.host}" if self.host else ""
        process = f" (process {self.pid})" if self.pid else ""
        since = f", since {self.since}" if self.since else ""
        return f"{self.actor or 'somebody'}{where}{process}{since}"


class WatchLock(Protocol):
    """A lock of a home that goes when its process does."""

    def held(self, holder: Holder) -> AbstractAsyncContextManager[str]:
        """Gives a name that all watchers of this home have, one after the other, and nobody else.

        Raises ``LockedError`` naming who watches already, ``DeletedError``,
        ``StorageError``.
        """
