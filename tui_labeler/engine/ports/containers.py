"""What containers of documents give."""

from __future__ import annotations

from collections.abc import AsyncIterator
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


class Container(Protocol):
    """Where documents live. Names are relative to its root."""

    @property
    def address(self) -> str:
        """The folder or URL, without any secret: it is shown and stored."""

    def blobs(self) -> AsyncIterator[Blob]:
        """All that stands at the root, sorted by name. Raises ``ContainerError``."""

    async def read(self, name: str) -> bytes:
        """The raw bytes.

        Raises ``NotFoundError`` when it is gone, ``UnreachableError`` when the whole container is,
        ``ContainerError`` otherwise.
        """
