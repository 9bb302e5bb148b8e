"""How much of what a server sends is read: a body ends where no answer reaches any more.

A body that goes on for ever, one of gigabytes and one that unpacks to them would fill the memory within the
time that an answer may take.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
import httpx2

from tui_labeler.engine.adapters.chat.echoes import hidden, hidden_pieces, secrets_of

A_BODY = 1_000_000
"""Bytes that every body may have, whatever was asked."""

A_TOKEN = 1_000
"""Bytes more for each token that an answer may have: one whose log-probability is told takes two hundred."""

MOST = 16_000_000
"""Bytes that no answer exceeds."""

A_REFUSAL = 64_000
"""Bytes that are read of what comes with another status than 200."""

WHOLE_FILE = 0
"""No limit: whoever asks reads it as it comes, and stops by himself."""

limit: ContextVar[int] = ContextVar("limit", default=MOST)
"""Bytes of the body that is asked for next."""


class TooMuchError(httpx2.ReadError):
    """A body is longer than it may be."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


def of_answer(max_tokens: int) -> int:
    """Bytes of a body with an answer of so many tokens."""
    return min(MOST, A_BODY + A_TOKEN * max_tokens)


class _Unpacked(httpx2.AsyncByteStream):
    """The body of a response as it was before it was packed, as far as it may go, without any secret."""

    def __init__(self, packed: httpx2.Response, most: int, secrets: tuple[bytes, ...], *, cut: bool) -> None:
        """``cut``: one that is longer ends there; else that is a ``TooMuchError``."""
        self._packed = packed
        self._secrets = secrets
        self._most = most
        self._cut = cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        async with aclosing(self._packed.aiter_bytes()) as packed:
            async for piece in hidden_pieces(packed, self._secrets):
                if self._most and len(piece) > left:
                    if not self._cut:
                        raise TooMuchError(self._most)
                    yield piece[:left]
                    return
                left -= len(piece)
                yield piece

    async def aclose(self) -> None:
        await self._packed.aclose()


async def bound(response: httpx2.Response) -> None:
    """Holds a response to its limit, which is of what it unpacks to, and makes the key unreadable in it.

    For a client's hook on responses: nobody reads one before.
    """
    secrets = secrets_of(response.request)
    stream = response.stream
    assert isinstance(stream, httpx2.AsyncByteStream)
    packed = httpx2.Response(response.status_code, headers=response.headers.raw, stream=stream)
    is_refusal = response.status_code != 200
    most = A_REFUSAL if is_refusal else limit.get()
    response.headers.pop("content-encoding", None)
    response.headers = httpx2.Headers(
        [(name, hidden(value, secrets)) for name, value in response.headers.raw]
    )
    response.stream = _Unpacked(packed, most, secrets, cut=is_refusal)


def no_cookies() -> CookieJar:
    """Keeps none: a server could have them grow without end, and nothing here needs any."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def guard(transport: Any) -> None:
    """Has what aiohttp does beneath the client keep no cookies either, and no answers that nobody asked for.

    There is no public way to either.
    """
    make = getattr(transport, "get_client", None)
    if make is None:
        return

    def session() -> aiohttp.ClientSession:
        transport.client = None
        made: aiohttp.ClientSession = make()
        made._cookie_jar = aiohttp.DummyCookieJar()
        assert made.connector is not None
        _drop_the_talkative(made.connector)
        return made

    transport.client = session


def _drop_the_talkative(connector: Any) -> None:
    """Leaves no connection to the next question on which something came behind the last answer.

    It would be taken for the answer to that question, which is about another document.
    """
    known = connector._get

    async def get(*asked: Any) -> Any:
        while (found := await known(*asked)) is not None and found.protocol.should_close:
            found.close()
        return found

    connector._get = get
