"""Other machines that label with a trained model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_labeler.domain.jobs import Answer, DocumentFailure


@dataclass(frozen=True, slots=True)
class Unread:
    """A document to label, by name: whoever labels it reads its text."""

    document: int
    location: str
    language: str
    attempt: int = 0
    """How often a person had it done again after it failed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker has to know of a job besides its documents."""

    container: str
    """The container's address as it is stored, without secrets: a worker has its own way into it."""
    model: Mapping[str, bytes]
    """The model's files by name."""
    version: str
    """Hash of what the model learned."""
    ids: Mapping[str, str]
    """The project's category of today for each one that the model names."""


class Giver(Protocol):
    """Whoever gives a cluster its work, and hears how it goes."""

    async def at_work(self, slots: int, left_out: Sequence[str]) -> None:
        """So many documents are under way at once from here on; 0 while nobody is there.

        ``left_out``: workers, in words, that are there and can't do the work.
        """

    async def is_gone(self, unread: Unread) -> bool:
        """Whether a document that a worker does not see is gone from here too, for certain."""


class Cluster(Protocol):
    """Workers that are there for as long as it is open."""

    def label(
        self, order: Order, parts: Iterable[Sequence[Unread]], giver: Giver
    ) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        """What became of each part, in any order; a part whose worker is lost is done by another.

        Raises ``OutsideError`` when the workers, or the container for them, can't be reached.
        """

    async def close(self) -> None: ...
