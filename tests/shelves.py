"""A shelf in memory that counts what it is asked for, and fails where a test says."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tui_labeler.engine.errors import (
    InputError,
    NotFoundError,
    OutdatedError,
    UnreachableError,
    UnreadableError,
)
from tui_labeler.engine.ports import Blob


@dataclass
class Stored:
    """What all shelves over it share: the container."""

    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    marks: itertools.count[int] = field(default_factory=itertools.count)
    now: float = 0.0
    """Seconds, by the container's own clock."""
    written: dict[str, float] = field(default_factory=dict)
    """When each file was, by that clock."""
    closed: set[str] = field(default_factory=set)
    """Names of files that are listed, and that nobody can read."""

    def write(self, name: str, content: bytes) -> str:
        """As somebody from outside would."""
        etag = f"0x{next(self.marks):016X}"
        self.files[name] = (content, etag)
        self.written[name] = self.now
        return etag


@dataclass
class FakeShelf:
    """A :class:`~tui_labeler.engine.ports.Shelf` over a :class:`Stored`."""

    stored: Stored = field(default_factory=Stored)
    requests: Counter[str] = field(default_factory=Counter)
    fail_at: int | None = None
    """The number of the call, counted from 0, from which on nothing answers."""
    written_though: bool = False
    """Of the call that fails first: a write has happened, and its answer was lost."""
    on_put: Callable[[str], None] | None = None
    """Called with the name just before a write: somebody else is faster."""

    @property
    def calls(self) -> int:
        return self.requests.total()

    def _called(self, what: str) -> bool:
        """Counts a call; whether it is the first that fails and all the same has its effect.

        Raises where nothing answers any more.
        """
        number = self.calls
        self.requests[what] += 1
        if self.fail_at is None or number < self.fail_at:
            return False
        if number == self.fail_at and self.written_though and what in ("put", "remove"):
            return True
        raise UnreachableError("the line is cut")

    async def files(self, prefix: str) -> AsyncIterator[Blob]:
        self._called("list")
        for name, (content, etag) in sorted(self.stored.files.items()):
            if name.startswith(prefix):
                yield Blob(name, len(content), etag, is_document=False)

    async def dated(self, prefix: str) -> list[Blob]:
        self._called("dated")
        return [
            Blob(name, len(content), etag, is_document=False, age=self.stored.now - self.stored.written[name])
            for name, (content, etag) in sorted(self.stored.files.items())
            if name.startswith(prefix)
        ]

    async def get(self, name: str) -> tuple[bytes, str]:
        _check(name)
        await asyncio.sleep(0)
        self._called("get")
        if name in self.stored.closed:
            raise UnreadableError(f"{name} has 99 bytes; at most 9 are read")
        try:
            return self.stored.files[name]
        except KeyError:
            raise NotFoundError(f"there is no file {name}") from None

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        _check(name)
        await asyncio.sleep(0)
        if self.on_put is not None:
            self.on_put(name)
        cut = self._called("put")
        if name in self.stored.closed:
            raise UnreadableError(f"{name} is a folder")
        there = self.stored.files.get(name)
        if (there[1] if there else None) != etag:
            raise OutdatedError(f"{name} has been written by somebody else")
        written = self.stored.write(name, content)
        if cut:
            raise UnreachableError("the line is cut")
        return written

    async def remove(self, name: str, *, etag: str) -> None:
        _check(name)
        cut = self._called("remove")
        there = self.stored.files.get(name)
        if there and there[1] != etag:
            raise OutdatedError(f"{name} has been written by somebody else")
        self.stored.files.pop(name, None)
        if cut:
            raise UnreachableError("the line is cut")


def _check(name: str) -> None:
    odd = any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name
    if odd or any("\ud800" <= character <= "\udfff" for character in name):
        raise InputError(f"{name!r} can't be the name of a file")
