"""A container behind a line, in memory: what is fetched is told, and the line breaks on demand."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tui_labeler.engine.errors import ContainerError, NotFoundError, OutdatedError, UnreachableError
from tui_labeler.engine.ports import Blob


@dataclass
class FarContainer:
    texts: dict[str, bytes]
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Earlier versions, by name and hash."""
    breaks_after: int | None = None
    """The line is down once so many texts were fetched."""
    broken: frozenset[str] = frozenset()
    """These alone can't be had."""
    fetched: list[str] = field(default_factory=list)
    at_work: int = 0
    most_at_work: int = 0
    gate: asyncio.Event | None = None
    """Nothing is fetched before it is set."""
    busy_at: int = 0
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    """So many texts are being fetched at the same time."""
    told: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    lacks: list[tuple[str, str]] = field(default_factory=list)
    """Texts that are needed and not kept; whatever is fetched is."""
    refuses: str = ""
    address: str = "https://acc.blob.core.windows.net/letters"
    is_remote: bool = True

    async def blobs(self) -> AsyncIterator[Blob]:
        for name, data in sorted(self.texts.items()):
            yield Blob(name, len(data), etag(data))

    async def read(self, name: str) -> bytes:
        return (await self.fetch(name))[0]

    async def fetch(self, name: str) -> tuple[bytes, str]:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        if self.at_work == self.busy_at:
            self.busy.set()
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
        finally:
            self.at_work -= 1
        if self.breaks_after is not None and len(self.fetched) >= self.breaks_after:
            raise UnreachableError("the line is down")
        if name in self.broken:
            raise ContainerError(f"{name} arrived damaged")
        if name not in self.texts:
            raise NotFoundError(name)
        self.fetched.append(name)
        if not self.refuses:
            self.lacks = [version for version in self.lacks if version[0] != name]
        return self.texts[name], etag(self.texts[name])

    async def add(self, name: str, content: bytes) -> str:
        if name in self.texts:
            raise OutdatedError(name)
        self.texts[name] = content
        return etag(content)

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        return self.kept.get((name, text_hash))

    def hold(self, name: str) -> None:
        self.held.append(name)

    async def lacking(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.lacks)

    @property
    def answers(self) -> int:
        return len(self.fetched)

    @property
    def refusal(self) -> str:
        return self.refuses

    def notes(self) -> tuple[str, ...]:
        told, self.told = tuple(self.told), []
        return told

    async def close(self) -> None:
        pass


def etag(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
