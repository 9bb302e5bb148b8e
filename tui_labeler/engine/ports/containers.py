"""What containers of documents give."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """One thing in a container, as a listing tells it."""

    name: str
    size: int
    """Bytes."""
    etag: str
    """Changes when the content does."""
    is_document: bool = True
    """A ``.txt`` at the root; anything else is counted, not read."""
    age: float | None = None
    """Seconds since it was written, by the clock of where it stands; told by :meth:`Shelf.dated` alone.

    Less than 0 where its time is ahead of that clock: somebody copied it, or set it.
    """


class Container(Protocol):
    """Where documents live. Names are relative to its root."""

    @property
    def address(self) -> str:
        """The folder or URL, without any secret: it is shown and stored."""

    @property
    def is_remote(self) -> bool:
        """Reading is asking somebody over a line: it takes its time, and the line may be down."""

    def blobs(self) -> AsyncIterator[Blob]:
        """All that stands at the root, sorted by name. Raises ``ContainerError``."""

    async def read(self, name: str) -> bytes:
        """The raw bytes.

        Raises ``NotFoundError`` when it is gone, ``UnreachableError`` when the whole container is,
        ``ContainerError`` otherwise.
        """

    async def fetch(self, name: str) -> tuple[bytes, str]:
        """The raw bytes as they are there at this moment, and their mark. Raises as :meth:`read`."""

    async def add(self, name: str, content: bytes) -> str:
        """Writes a new document at the root in one step, and returns its mark, as a listing will tell it.

        Raises ``OutdatedError`` where something of that name is there already, and then changes nothing;
        ``InputError`` for what can't be a document's name, ``ContainerError`` where it can't be written.
        """

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        """A version that was read before, by its hash; ``None`` where it is not kept."""

    def hold(self, name: str) -> None:
        """Somebody works on this document: its text is kept here, from the next time that it is read."""

    async def lacking(self) -> tuple[tuple[str, str], ...]:
        """Name and hash of each text that work without a line needs, and that is not here.

        Nothing is asked of the container. What was refused before is tried again from here on.
        """

    @property
    def answers(self) -> int:
        """How many requests have got through so far; 0 where nobody is asked over a line."""

    @property
    def refusal(self) -> str:
        """Why texts can't be kept here, in words; empty while they can."""

    def notes(self) -> tuple[str, ...]:
        """What a person should know of reading so far; each is told once."""

    async def close(self) -> None:
        """Ends what connections there are; using it again begins new ones."""


class Shelf(Protocol):
    """Small files beside the documents, for everybody who works on them.

    Names are relative to the container's root, with ``/`` between folders, and never lead out of it. What is
    written is whole or not there, and nothing is replaced but what the writer has read.
    """

    def files(self, prefix: str) -> AsyncIterator[Blob]:
        """All whose name begins with ``prefix``, however deep, with their marks; none where there are none.

        In no order that anybody may count on. Raises ``ContainerError``.
        """

    async def dated(self, prefix: str) -> Sequence[Blob]:
        """As :meth:`files`, each with its age: by one clock for everybody, whatever theirs say.

        Raises ``ContainerError``.
        """

    async def get(self, name: str) -> tuple[bytes, str]:
        """The content, and the mark of just that content.

        Raises ``NotFoundError`` when there is none, ``UnreadableError`` for one that nobody could read as it
        is, ``UnreachableError`` when the whole container can't be had, ``ContainerError`` otherwise.
        """

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        """Writes a file in one step, and returns its mark, as a listing will tell it.

        ``etag`` is the mark of what it replaces; ``None`` for a file that is not there yet. Raises
        ``OutdatedError`` where something else is there, or nothing is, and then changes nothing;
        ``UnreachableError`` or ``ContainerError`` where it may or may not have been written.
        """

    async def remove(self, name: str, *, etag: str) -> None:
        """Removes what was read. Raises ``OutdatedError`` where something else is there; gone is gone."""
