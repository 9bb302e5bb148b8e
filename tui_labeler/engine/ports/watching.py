"""One watcher a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tui_labeler.engine.takes.leases import Holder


class WatchLock(Protocol):
    """A lock of a home that goes when its process does."""

    def held(self, holder: Holder) -> AbstractAsyncContextManager[str]:
        """Gives a name that all watchers of this home have, one after the other, and nobody else.

        Raises ``LockedError`` naming who watches already, ``DeletedError``,
        ``StorageError``.
        """
