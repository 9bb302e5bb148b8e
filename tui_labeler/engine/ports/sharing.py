"""What a home remembers of its last word with a container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tui_labeler.domain.items import Items, Key

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

UNSETTLED = -1
"""In place of a revision: the document is to be looked at, whether it changes again or not."""


class Mark(NamedTuple):
    """A document's last word with the container, in short."""

    name: str
    """Of its file, without the folder."""
    etag: str
    revision: int
    """The document's, when it was looked at; or ``UNSETTLED``."""
    is_open: bool
    """The container holds something else than what was agreed on."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a home and the container agreed on, and what the container holds."""

    name: str
    etag: str
    """Of the file that holds ``theirs``; empty where there is none."""
    revision: int
    base: Items
    theirs: Items
    wanted: Mapping[Key, Any] = field(default_factory=dict)
    """What the container is to hold instead: a decision was taken back. ``None`` for what is to go."""

    @property
    def held(self) -> Items:
        """What the container is taken for: what it holds, with what is wanted of it."""
        return laid_over(self.theirs, self.wanted)

    @property
    def mark(self) -> Mark:
        return Mark(self.name, self.etag, self.revision, self.base != self.held)


@dataclass(frozen=True, slots=True)
class AgreedProject:
    """The same of the project itself, and where the next sync goes on."""

    seq: int | None = None
    """Everything up to this transaction was looked at; ``None`` before the first sync has ended."""
    etag: str = ""
    base: Items = field(default_factory=dict)
    theirs: Items = field(default_factory=dict)
    order: tuple[str, ...] = ()
    """Ids of categories, as the container has them."""
    broken: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Files that can't be read, by name: etag, location (where it is known) and reason."""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the project's file that mean nothing here."""
    wanted: Mapping[Key, Any] = field(default_factory=dict)
    """As :attr:`Agreed.wanted`."""
    edited: tuple[str, ...] = ()
    """Marks of :meth:`~tui_labeler.engine.ports.ProjectStore.edited` that were looked at."""
    at: str = ""
    """Which transaction ``seq`` is: another has its number once the home is set back. Empty if unknown."""
    end: int = 0
    """The home's last transaction once the sync had ended, with what came in; 0 if unknown."""
    end_at: str = ""
    """Which one that is, as :attr:`at`."""

    @property
    def held(self) -> Items:
        """As :attr:`Agreed.held`."""
        return laid_over(self.theirs, self.wanted)


def laid_over(items: Items, wanted: Mapping[Key, Any]) -> Items:
    """Items with others in their place; ``None`` takes one away."""
    if not wanted:
        return items
    return {key: row for key, row in {**items, **wanted}.items() if row is not None}


class SyncBase(Protocol):
    """Durable; may be lost: the next sync then merges what is there, without a base."""

    def held(self) -> AbstractAsyncContextManager[None]:
        """One sync at a time in a home. Raises ``LockedError``."""

    async def marks(self) -> Mapping[int, Mark]:
        """By the document's number."""

    async def agreed(self, documents: Iterable[int]) -> Mapping[int, Agreed]:
        """Of those of some documents that have it."""

    async def put(self, agreed: Mapping[int, Agreed]) -> None:
        """Returns once it outlives a crash. Raises ``StorageError``."""

    async def project(self) -> AgreedProject: ...

    async def put_project(self, agreed: AgreedProject) -> None: ...
