"""A proxy between a client and a server of the tests' own: it cuts, delays, damages and counts on demand.

It runs in a thread with an event loop of its own and knows just enough of HTTP to tell requests apart::

    with CuttingProxy(azurite.port) as proxy:
        proxy.fault = cut_answer(after=100)      # every answer from here on ends after 100 bytes
        proxy.next(refuse(), damage(b"text"))    # the next two connections meet these
        assert proxy.requests == [Request("GET", "/devstoreaccount1/c?restype=container&comp=list")]
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Request(NamedTuple):
    method: str
    target: str
    """Path and query."""

    @property
    def is_listing(self) -> bool:
        return parse_qs(urlsplit(self.target).query).get("comp") == ["list"]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


@dataclass(frozen=True)
class Fault:
    """What happens to a connection, or to a request on it."""

    refuses: bool = False
    """Closed at once."""
    hangs: bool = False
    """Taken, and never answered."""
    request_bytes: int | None = None
    """The connection is cut after so many bytes of a request."""
    answer_bytes: int | None = None
    """The connection is cut after so many bytes of an answer; 0: the request arrives, its answer is lost."""
    seconds: float = 0.0
    """Every answer begins so much later."""
    damages: bytes = b""
    """The first such bytes in an answer come with their first byte changed."""
    busy: bool = False
    """The proxy itself answers 503, as a server that has too much to do."""
    retry_after: int = 0
    """Seconds that such an answer asks to wait; 0: it does not say."""
    only: str = ""
    """Other requests than those of this method get through."""


def refuse() -> Fault:
    return Fault(refuses=True)


def hang() -> Fault:
    return Fault(hangs=True)


def cut_request(after: int) -> Fault:
    return Fault(request_bytes=after)


def cut_answer(after: int) -> Fault:
    return Fault(answer_bytes=after)


def delay(seconds: float) -> Fault:
    return Fault(seconds=seconds)


def damage(what: bytes) -> Fault:
    return Fault(damages=what)


def busy(retry_after: int = 0) -> Fault:
    return Fault(busy=True, retry_after=retry_after)


def of_writes(fault: Fault) -> Fault:
    """Whatever is read gets through."""
    return replace(fault, only="PUT")


def _busy(retry_after: int) -> bytes:
    asks = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    return (
        "HTTP/1.1 503 Server busy\r\nx-ms-error-code: ServerBusy\r\nContent-Type: application/xml\r\n"
        f"{asks}Content-Length: 0\r\n\r\n"
    ).encode()


_BEGINNING = re.compile(rb"(GET|PUT|HEAD|DELETE|POST) (\S+) HTTP/1\.1\r\n")


class CuttingProxy:
    """Listens on a free port of this machine, for a server on this machine."""

    def __init__(self, server_port: int) -> None:
        self.fault = Fault()
        """For every request that no planned fault meets."""
        self.requests: list[Request] = []
        """In the order they came, tries that were cut among them."""
        self.port = 0
        self._server_port = server_port
        self._planned: deque[Fault] = deque()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cutting proxy", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    def next(self, *faults: Fault) -> None:
        """The next requests meet these, one each."""
        self._planned.extend(faults)

    def forget(self) -> None:
        """Nothing happens from here on but what is asked for anew."""
        self._planned.clear()
        self.fault = Fault()

    def __enter__(self) -> CuttingProxy:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut_all(self) -> None:
        """Ends every connection that is open at the moment."""
        self._call(self._end_connections())

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await self._end_connections()
        await self._server.wait_closed()

    async def _end_connections(self) -> None:
        ending = list(self._connections)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await _Connection(self, reader, writer).run(self._server_port)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            await _closed(writer)

    def take(self, beginning: re.Match[bytes]) -> Fault:
        """The fault that a request meets, which is counted."""
        method = beginning[1].decode()
        self.requests.append(Request(method, beginning[2].decode()))
        if self._planned:
            return self._planned.popleft()
        return Fault() if self.fault.only not in ("", method) else self.fault


class _CutError(ConnectionError):
    """On purpose."""


class _Connection:
    def __init__(
        self, proxy: CuttingProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._fault = proxy.fault
        self._sent = self._answered = 0

    async def run(self, server_port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server_port)
        try:
            ways = [
                asyncio.ensure_future(self._requests(writer)),
                asyncio.ensure_future(self._answers(reader)),
            ]
            try:
                done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in done:
                    way.result()
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            await _closed(writer)

    async def _requests(self, server: asyncio.StreamWriter) -> None:
        while data := await self._reader.read(65536):
            if beginning := _BEGINNING.match(data):
                self._fault = self._proxy.take(beginning)
                self._sent = self._answered = 0
            fault = self._fault
            if fault.refuses:
                raise _CutError
            if fault.busy:
                if beginning:
                    self._writer.write(_busy(fault.retry_after))
                continue
            if fault.request_bytes is not None and self._sent + len(data) > fault.request_bytes:
                server.write(data[: fault.request_bytes - self._sent])
                await server.drain()
                raise _CutError
            self._sent += len(data)
            server.write(data)
            await server.drain()

    async def _answers(self, server: asyncio.StreamReader) -> None:
        while data := await server.read(65536):
            fault = self._fault
            if fault.hangs:
                continue
            if fault.seconds and not self._answered:
                await asyncio.sleep(fault.seconds)
            if fault.damages and fault.damages in data:
                spoiled = bytes([fault.damages[0] ^ 1]) + fault.damages[1:]
                data = data.replace(fault.damages, spoiled, 1)
            if fault.answer_bytes is not None and self._answered + len(data) > fault.answer_bytes:
                self._writer.write(data[: fault.answer_bytes - self._answered])
                await self._writer.drain()
                raise _CutError
            self._answered += len(data)
            self._writer.write(data)
            await self._writer.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
