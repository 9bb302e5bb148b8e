"""Connections that are not looked for: each question takes the one that was used last, or opens another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2


class Lanes(httpx2.AsyncBaseTransport):
    """A transport of transports, each for one request at a time.

    One pool of many connections asks the system of each idle one whether it is still there, at the begin and
    at the end of every request: with some dozens of them that is most of what a request costs.
    """

    def __init__(self, open_lane: Callable[[], httpx2.AsyncBaseTransport]) -> None:
        self._open_lane = open_lane
        self._free: list[httpx2.AsyncBaseTransport] = []
        self._all: list[httpx2.AsyncBaseTransport] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        lane = self._free.pop() if self._free else self._another()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._free.append(lane)
            raise
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Body(response.stream, lambda: self._free.append(lane))
        return response

    def _another(self) -> httpx2.AsyncBaseTransport:
        lane = self._open_lane()
        self._all.append(lane)
        return lane

    async def aclose(self) -> None:
        for lane in self._all:
            await lane.aclose()


class _Body(httpx2.AsyncByteStream):
    """What a response brings; its lane is free when it is closed."""

    def __init__(self, stream: httpx2.AsyncByteStream, free: Callable[[], None]) -> None:
        self._stream = stream
        self._free: Callable[[], None] | None = free

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if self._free is not None:
                self._free()
                self._free = None
