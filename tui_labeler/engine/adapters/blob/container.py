"""A container in Azure Blob storage: its root's ``.txt`` blobs are the documents."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from tui_labeler.engine.adapters.blob.addresses import LONGEST_NAME
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.adapters.blob.side_loop import SideLoop
from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.access import Access
    from tui_labeler.engine.adapters.blob.addresses import BlobAddress
    from tui_labeler.engine.adapters.blob.line import Line
    from tui_labeler.engine.ports import Blob

T = TypeVar("T")

OWN_PREFIX = ".tui-labeler/"
"""What the program keeps beside the documents: neither read as a document nor counted."""


class BlobContainer:
    """Documents, and small files beside them, in a container of Blob storage.

    ``access`` is asked for the way in when the first request is made; it raises ``UnreachableError`` where
    there is none. Usable from any event loop; requests run on one of the container's own, and what they need
    of packages is loaded there.
    """

    def __init__(
        self, address: BlobAddress, access: Callable[[], Access], patience: Patience | None = None
    ) -> None:
        self._address = address
        self._access = access
        self._patience = patience or Patience()
        self._side = SideLoop(f"blobs of {address.container}")
        self._lines: dict[asyncio.AbstractEventLoop, Line] = {}
        """One at a time, but for the moment in which one is closed and somebody asks again."""
        self._answers = 0

    @property
    def address(self) -> str:
        """See :class:`~tui_labeler.engine.ports.Container`, as for all that follows."""
        return self._address.url

    @property
    def is_remote(self) -> bool:
        return True

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        """No version is kept but the one that is there."""
        return None

    def hold(self, name: str) -> None:
        """Nothing is kept here."""

    async def lacking(self) -> tuple[tuple[str, str], ...]:
        return ()

    @property
    def answers(self) -> int:
        return self._answers

    @property
    def refusal(self) -> str:
        return ""

    def notes(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        # Requests end first: one that is tried again would open connections behind those that are closed.
        await self._side.close(self._hang_up)

    # --- documents ----------------------------------------------------------------------------------

    async def blobs(self) -> AsyncIterator[Blob]:
        async for page in self._pages(lambda line: line.root()):
            for blob in page:
                if blob.name != OWN_PREFIX:
                    yield blob

    async def read(self, name: str) -> bytes:
        return (await self.fetch(name))[0]

    async def fetch(self, name: str) -> tuple[bytes, str]:
        _check(name)
        if "/" in name:
            raise InputError(
                f"{name!r} can't be the name of a document",
                hint="Documents stand at the root of the container; their names hold no slash.",
            )
        return await self._ask(lambda line: line.get(name))

    async def add(self, name: str, content: bytes) -> str:
        _check(name)
        if "/" in name or not name.lower().endswith(".txt"):
            raise InputError(
                f"{name!r} can't be the name of a document",
                hint="Documents stand at the root of the container; their names end in .txt.",
            )
        return await self._ask(lambda line: line.put(name, content, None))

    # --- small files beside them: see Shelf ---------------------------------------------------------

    async def files(self, prefix: str) -> AsyncIterator[Blob]:
        async for page in self._pages(lambda line: line.under(prefix)):
            for blob in page:
                yield blob

    async def dated(self, prefix: str) -> list[Blob]:
        return await self._ask(lambda line: line.dated(prefix))

    async def get(self, name: str) -> tuple[bytes, str]:
        _check(name)
        return await self._ask(lambda line: line.get(name))

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        _check_writable(name)
        return await self._ask(lambda line: line.put(name, content, etag))

    async def remove(self, name: str, *, etag: str) -> None:
        _check_writable(name)
        await self._ask(lambda line: line.remove(name, etag))

    # --- on the side loop ---------------------------------------------------------------------------

    async def _ask(self, request: Callable[[Line], Coroutine[Any, Any, T]]) -> T:
        async def beside() -> T:
            return await request(self._open())

        found = await self._side.call(beside())
        self._answers += 1
        return found

    async def _pages(self, begin: Callable[[Line], AsyncIterator[list[Blob]]]) -> AsyncIterator[list[Blob]]:
        pages: AsyncIterator[list[Blob]] | None = None

        async def following() -> list[Blob] | None:
            nonlocal pages
            pages = begin(self._open()) if pages is None else pages
            return await anext(pages, None)

        while (page := await self._side.call(following())) is not None:
            self._answers += 1
            yield page

    def _open(self) -> Line:
        loop = asyncio.get_running_loop()
        if loop not in self._lines:
            from tui_labeler.engine.adapters.blob.line import Line

            self._lines[loop] = Line(self._address, self._access(), self._patience)
        return self._lines[loop]

    async def _hang_up(self) -> None:
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line is not None:
            await line.close()


def _check(name: str) -> None:
    """Raises ``InputError`` for what can't be a blob's name, or what the package would make another of."""
    parts = name.split("/")
    if (
        len(name) > LONGEST_NAME
        or any(part in ("", ".", "..") for part in parts)
        or not _PLAIN.fullmatch(name)
    ):
        shown = name[:100].encode("utf-8", "replace").decode()
        raise InputError(
            f"{shown!r} can't be a name here",
            hint="Names hold no backslash, no control character and no empty part.",
        )


_PLAIN = re.compile(r"[^\\\x00-\x1f\x7f\ud800-\udfff]+")


def _check_writable(name: str) -> None:
    """Documents are never written. Raises ``InputError``."""
    _check(name)
    if "/" not in name and name.lower().endswith(".txt"):
        raise InputError(f"{name} is a document, and documents are not written")
