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


class Cluster(Protocol):
    """Workers that are there for as long as it is open."""

    @property
    def workers(self) -> int:
        """How many documents they have under way at once, as far as is known.

        Raises ``OutsideError`` when nobody answers that.
        """

    def label(
        self, order: Order, parts: Iterable[Sequence[Unread]]
    ) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        """What became of each part, in any order; a part whose worker is lost is done by another.

        Raises ``OutsideError`` when the workers, or the container for them, can't be reached.
        """

    async def close(self) -> None: ...
