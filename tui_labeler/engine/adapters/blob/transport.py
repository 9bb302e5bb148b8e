"""The storage package's way to a server, with an end to what is read of an answer."""

from __future__ import annotations

from typing import Any

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport

from tui_labeler.engine.adapters.blob.answers import OddAnswerError, TooLongError

LONGEST = 64 * 1024 * 1024
"""Bytes of an answer that are read, whatever its headers say: as many as the largest blob that is read has,
and three times what the longest page of a listing has."""


class BoundedTransport(AioHttpTransport):  # type: ignore[misc]  # the package loads it by name
    """Reads no more than :data:`LONGEST` bytes of an answer, and unpacks none."""

    session: Any
    _is_begun = False

    async def open(self) -> None:
        # Once: after its end the package's own refuses to be opened again.
        if self.session is None and not self._is_begun:
            self._is_begun = True
            self.session = aiohttp.ClientSession(
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                response_class=_BoundedResponse,
            )
        await super().open()

    async def send(self, request: Any, **options: Any) -> Any:
        # Who packs unasked is refused; see below.
        request.headers["Accept-Encoding"] = "identity"
        return await super().send(request, **options)


class _BoundedResponse(aiohttp.ClientResponse):
    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        await super().start(connection)
        content: Any = _Bounded(self.content)
        self.content = content
        return self

    async def read(self) -> bytes:
        """All of an answer that is no blob's. Raises ``OddAnswerError`` for one that is packed.

        The package would unpack it in one piece, however much that is.
        """
        packing = self.headers.get("Content-Encoding") or "identity"
        if packing.lower() != "identity" and self.method != "HEAD":
            self.close()
            raise OddAnswerError
        return await super().read()


class _Bounded:
    """The body of an answer, as far as it may go."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._left = LONGEST

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, most: int = -1) -> bytes:
        """A piece of a blob, or for a negative number all of another answer.

        Raises ``TooLongError`` for the former, ``OddAnswerError`` for the latter.
        """
        if most >= 0:
            return self._counted(await self._content.read(most), TooLongError)
        pieces: list[bytes] = []
        while piece := self._counted(await self._content.readany(), OddAnswerError):
            pieces.append(piece)
        return b"".join(pieces)

    def _counted(self, piece: bytes, error: type[OddAnswerError]) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise error
        return piece
