"""A Blob server of the tests' own that answers well, or with the very bytes that it is given.

It runs in a thread of its own, on a free port of this machine::

    with BlobServer({"a.txt": b"Ann Lee"}) as server:
        server.listing = answer(b"<html>Please log in</html>", "Content-Type: text/html")
        server.reading = archived()
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

CONTAINER = "letters"
TOKEN = "sv=2025-07-05&sp=rlcwd&sig=SECRETSIGNATURE%3D"
SIGNATURE = "SECRETSIGNATURE"

ESCAPES = "\x1b]52;c;aGk=\x07\x9b31m\u202eSAID"
DATE = "Mon, 23 Nov 2026 03:00:00 GMT"

ENOUGH = 500
"""Pieces of an answer, or pages of a listing, that count as without end."""

Pieces: TypeAlias = Iterator[bytes]
Answer: TypeAlias = "bytes | Callable[[], Pieces] | Paged"
"""Bytes, something that makes them piece by piece for as long as somebody reads, or, for listings, pages."""


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Date: {DATE}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body


def xml(body: str, *headers: str, status: str = "200 OK") -> bytes:
    return answer(body.encode(), "Content-Type: application/xml", *headers, status=status)


def refused(status: str, code: str, *headers: str) -> bytes:
    """As the service refuses, with words that nobody should see."""
    said = escape(f"{ESCAPES} {SIGNATURE}".replace("\x1b", "\x85").replace("\x07", "\x85"))
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{said}</Message></Error>"
    return xml(body, f"x-ms-error-code: {code}", "x-ms-request-id: 1", *headers, status=status)


def etag(content: bytes) -> str:
    return f"0x{sha256(content).hexdigest()[:15].upper()}"


def item(name: str, size: int = 5, mark: str = "0x8D") -> str:
    """A blob in a listing."""
    return (
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{DATE}</Last-Modified>"
        f"<Etag>{mark}</Etag><Content-Length>{size}</Content-Length><BlobType>BlockBlob</BlobType>"
        "</Properties></Blob>"
    )


def page(*items: str, marker: str = "") -> str:
    """A page of a listing, which goes on behind ``marker``."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://here/" '
        f'ContainerName="{CONTAINER}"><Blobs>{"".join(items)}</Blobs><NextMarker>{marker}</NextMarker>'
        "</EnumerationResults>"
    )


CONTENT: Mapping[str, str] = {
    "Content-Range": "bytes 0-4/5",
    "ETag": '"0x8D"',
    "Last-Modified": DATE,
    "x-ms-blob-type": "BlockBlob",
    "x-ms-request-id": "1",
}
"""The headers of a blob that is read."""


def content(body: bytes = b"Hello", status: str = "206 Partial Content", **changed: str | None) -> bytes:
    """A blob; ``None`` takes a header away. Names are written with ``_`` for ``-``."""
    headers = {**CONTENT, "Content-Range": f"bytes 0-{len(body) - 1}/{len(body)}"}
    by_name = {name.lower(): name for name in headers}
    for key, value in changed.items():
        name = key.replace("_", "-")
        headers.pop(by_name.get(name.lower(), name), None)
        if value is not None:
            headers[name] = value
    return answer(body, *(f"{name}: {value}" for name, value in headers.items()), status=status)


def without_end(*headers: str, status: str = "200 OK", wait: float = 0.0) -> Callable[[], Pieces]:
    """A body that has no end: as fast as it is read, or a byte after each ``wait`` (seconds)."""

    def pieces() -> Pieces:
        yield "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode()
        for _ in range(ENOUGH):
            yield b" " if wait else b" " * 65_536
            time.sleep(wait)

    return pieces


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in small letters."""
    body: bytes = field(default=b"", repr=False)

    @property
    def is_listing(self) -> bool:
        return self.query.get("comp") == ["list"]

    @property
    def query(self) -> Mapping[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    @property
    def name(self) -> str:
        """The blob's; empty for the container."""
        return unquote(urlsplit(self.target).path).partition(f"/{CONTAINER}/")[2]


class BlobServer:
    """Holds the texts that it is given, and takes others as the service does."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self.texts = dict(texts)
        self.listing: Answer | Paged | None = None
        """In the place of every page of a listing."""
        self.probe: bytes = b""
        """In the place of what the container is."""
        self.reading: Answer | None = None
        """In the place of every blob."""
        self.asked: list[Asked] = []
        self._turn = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.blobs = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/account/{CONTAINER}"

    def __enter__(self) -> BlobServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.is_listing:
            return self._listing(asked)
        if not asked.name:
            return self.probe or answer(b"", 'ETag: "0x1"', f"Last-Modified: {DATE}", "x-ms-request-id: 1")
        if self.reading is not None:
            return self.reading
        with self._turn:
            return self._blob(asked)

    def _blob(self, asked: Asked) -> bytes:
        found = self.texts.get(asked.name)
        if asked.headers.get("if-none-match") == "*" and found is not None:
            return refused("409 Conflict", "BlobAlreadyExists")
        if (wanted := asked.headers.get("if-match")) and (found is None or wanted != f'"{etag(found)}"'):
            return refused("412 Precondition Failed", "ConditionNotMet")
        if asked.method == "PUT":
            self.texts[asked.name] = asked.body
            said = (f'ETag: "{etag(asked.body)}"', f"Last-Modified: {DATE}", "x-ms-request-id: 1")
            return answer(b"", *said, status="201 Created")
        if found is None:
            return refused("404 Not Found", "BlobNotFound")
        if asked.method == "DELETE":
            del self.texts[asked.name]
            return answer(b"", "x-ms-request-id: 1", status="202 Accepted")
        if asked.method == "HEAD":
            return content(found, status="200 OK", Content_Range=None, ETag=f'"{etag(found)}"')
        return content(found, ETag=f'"{etag(found)}"')

    def _listing(self, asked: Asked) -> Answer:
        if self.listing is not None:
            return self.listing.following() if isinstance(self.listing, Paged) else self.listing
        prefix = asked.query.get("prefix", [""])[0]
        with self._turn:
            found = {name: text for name, text in self.texts.items() if name.startswith(prefix)}
        is_flat = "delimiter" not in asked.query
        names = sorted(name for name in found if is_flat or "/" not in name)
        folders = sorted({f"{name.partition('/')[0]}/" for name in found if not is_flat and "/" in name})
        items = [item(name, len(found[name]), etag(found[name])) for name in names]
        return xml(page(*items, *(f"<BlobPrefix><Name>{name}</Name></BlobPrefix>" for name in folders)))


class Paged:
    """A listing page by page: 0, 1, 2 …, whatever is asked for."""

    def __init__(self, make: Callable[[int], str]) -> None:
        self._make = make
        self._count = 0

    def following(self) -> bytes:
        self._count += 1
        return xml(self._make(self._count - 1) if self._count < ENOUGH else page())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    blobs: BlobServer


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with suppress(ConnectionError):
            while asked := self._asked():
                said = self.server.blobs.answer(asked)
                if isinstance(said, Paged):
                    raise AssertionError("only listings have pages")
                if not isinstance(said, bytes):
                    for piece in said():
                        self.wfile.write(piece)
                    return
                head, _, body = said.partition(b"\r\n\r\n")
                self.wfile.write(head + b"\r\n\r\n" + (b"" if asked.method == "HEAD" else body))

    def _asked(self) -> Asked | None:
        method, _, rest = self.rfile.readline().decode().partition(" ")
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Asked(method, rest.split(" ")[0], headers, body) if method else None
