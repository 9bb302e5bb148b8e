"""What a hostile chat server may send in the place of an answer, byte by byte."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from tests.openai_server import Fault, Response

ENOUGH = 300_000_000
"""Bytes of a body "without end": a reader that has no limit is told by its memory, and the machine lives."""

Writer: TypeAlias = asyncio.StreamWriter

POISON = "Poisoned Town"
"""What is answered where nobody has asked."""

ESCAPES = "\x1b]52;c;aGk=\x07\x1b[?1049h\x9b31m\u202e\x00"


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def chat(text: str, **more: Any) -> dict[str, Any]:
    """The body of a completion; ``more`` are fields in the place of its own."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"id": "x", "object": "chat.completion", "choices": [choice], "model": "m", **more}


def packed(body: bytes, encoding: str) -> Response:
    return Response(200, body, {"content-encoding": encoding})


@cache
def bomb(layers: int = 1) -> bytes:
    """A body that unpacks to ``ENOUGH`` bytes, packed so many times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    megabyte = b" " * 1_000_000
    first = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    # Nothing in it leads back to what was before: it may stand there again and again.
    again = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    data = first + again * (ENOUGH // len(megabyte))
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


def sent(data: bytes, *, stays: bool = True) -> Response:
    async def write(writer: Writer) -> bool:
        writer.write(data)
        await writer.drain()
        return stays

    return Response(write=write)


def without_end(piece: bytes) -> Response:
    """A body of so many of the same that nobody reads all."""
    return _open_end(_OPEN, piece)


def _open_end(first: bytes, piece: bytes, *, wait: float = 0.0) -> Response:
    async def write(writer: Writer) -> bool:
        writer.write(first)
        sent = 0
        while sent < ENOUGH:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(wait)
            sent += len(piece)
        return False

    return Response(write=write)


def _poisoned(body: bytes) -> Response:
    """A good response, and behind it one that nobody has asked for."""
    good = head("content-type: application/json", f"content-length: {len(body)}") + body
    text = json.dumps({"entities": [{"text": POISON, "category": "Town", "before": ""}]})
    other = json.dumps(chat(text)).encode()
    more = head("content-type: application/json", f"content-length: {len(other)}") + other

    return sent(good + more)


def lengthy(body: bytes, length: str) -> Response:
    return sent(head("content-type: application/json", f"content-length: {length}") + body, stays=False)


def _chunked(data: bytes) -> Response:
    return sent(head("content-type: application/json", "transfer-encoding: chunked") + data, stays=False)


MUCH = b"x" * 65_536
_OPEN = head("content-type: application/json", "connection: close")
_CHUNKED = head("content-type: application/json", "transfer-encoding: chunked")
_CHUNK = b"10000\r\n" + MUCH + b"\r\n"
_COOKIES = "\r\n".join(f"set-cookie: n{number}={'v' * 4000}" for number in range(40))

ANSWERED = "labeled"
"""What becomes of a document that always meets such an answer: in spite of everything it is one."""

TROUBLE = "trouble"

FAULTS: dict[str, tuple[Callable[[bytes], Fault], str]] = {
    # --- lengths ---
    "too small a length": (lambda good: lengthy(good, "20"), TROUBLE),
    "too large a length": (lambda good: lengthy(good, str(len(good) + 1000)), TROUBLE),
    "a length beyond all": (lambda good: lengthy(good, "9" * 30), TROUBLE),
    "a negative length": (lambda good: lengthy(good, "-1"), TROUBLE),
    "two lengths": (lambda good: lengthy(good, f"5\r\ncontent-length: {len(good)}"), TROUBLE),
    "50 MB": (lambda good: Response(200, b'{"choices": "' + b"x" * 50_000_000), "too_long"),
    "50 MB of refusal": (lambda good: Response(500, b"x" * 50_000_000), TROUBLE),
    "a fast body without end": (lambda good: _open_end(_OPEN, MUCH), "too_long"),
    "chunks without end": (lambda good: _open_end(_CHUNKED, _CHUNK), "too_long"),
    "an array without end": (lambda good: _open_end(_OPEN + b"[", b"[" * 65_536), "too_long"),
    # --- packing ---
    "a bomb": (lambda good: packed(bomb(), "gzip"), "too_long"),
    "a bomb in a bomb": (lambda good: packed(bomb(2), "gzip, gzip"), "too_long"),
    "a bomb in a refusal": (lambda good: Response(500, bomb(), {"content-encoding": "gzip"}), TROUBLE),
    "packed and well": (lambda good: packed(gzip.compress(good), "gzip"), ANSWERED),
    "half of what was packed": (lambda good: packed(gzip.compress(good)[:40], "gzip"), TROUBLE),
    "not packed at all": (lambda good: packed(good, "gzip"), TROUBLE),
    "packed six times": (lambda good: packed(good, "gzip, " * 5 + "gzip"), TROUBLE),
    # --- what the bytes say ---
    "no UTF-8": (lambda good: Response(200, good.replace(b"Person", b"\xff\xed\xa0\x80")), TROUBLE),
    "nested deeply": (lambda good: Response(200, b'{"choices": ' + b"[" * 200_000), TROUBLE),
    "nested where nobody looks": (
        lambda good: Response(200, b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"," + good[1:]),
        TROUBLE,
    ),
    "a usage that is no JSON": (lambda good: with_usage(good, b'{"prompt_tokens": NaN}'), TROUBLE),
    "no choices": (lambda good: Response(200, json.dumps(chat("", choices=[])).encode()), "bad_answer"),
    "null for choices": (lambda good: Response(200, json.dumps(chat("", choices=None)).encode()), TROUBLE),
    "many choices": (lambda good: _many_choices(good), ANSWERED),
    "a tool call": (lambda good: _tool_call(), "bad_answer"),
    "a wrong type": (lambda good: Response(200, good, {"content-type": "image/png; charset=\x07"}), ANSWERED),
    "a model with escape sequences": (lambda good: _with(good, model=ESCAPES * 5_000), ANSWERED),
    "words with escape sequences": (
        lambda good: Response(200, json.dumps(chat(f"{ESCAPES}{POISON}" * 50)).encode()),
        "bad_answer",
    ),
    # --- the protocol ---
    "headers with control characters": (
        lambda good: sent(head("x-request-id: \x01\x1b[31m", f"content-length: {len(good)}") + good),
        ANSWERED,
    ),
    "an odd request id": (
        lambda good: sent(head("x-request-id: \x9b31m\xff", f"content-length: {len(good)}") + good),
        ANSWERED,
    ),
    "headers without end": (lambda good: _open_end(b"HTTP/1.1 200 OK\r\n", b"x-y: z\r\n" * 8192), TROUBLE),
    "a header line without end": (lambda good: _open_end(b"HTTP/1.1 200 OK\r\nx: ", MUCH), TROUBLE),
    "many cookies": (lambda good: sent(head(_COOKIES, f"content-length: {len(good)}") + good), ANSWERED),
    "chunks that are none": (lambda good: _chunked(b"zz\r\n{}\r\n0\r\n\r\n"), TROUBLE),
    "a chunk of more than there is": (lambda good: _chunked(b"f" * 15 + b"\r\n" + good), TROUBLE),
    "no HTTP": (lambda good: sent(b"SSH-2.0-\x1b]0;x\x07\r\n" * 3, stays=False), TROUBLE),
    "words before the answer": (
        lambda good: sent(
            head(status="100 Continue") * 5
            + head("link: <x>", status="103 Early Hints")
            + head(f"content-length: {len(good)}")
            + good
        ),
        ANSWERED,
    ),
    "another protocol": (
        lambda good: sent(head("upgrade: h2c", status="101 Switching"), stays=False),
        "bad_request",
    ),
    "status 204": (lambda good: sent(head(status="204 No Content")), TROUBLE),
    "status 999": (lambda good: sent(head("content-length: 0", status="999 \x9b31m")), TROUBLE),
    "one answer too many": (lambda good: _poisoned(good), ANSWERED),
}
"""By name: how it comes of the good body, and what becomes of a document that always meets it."""

PASSING: dict[str, Callable[[bytes], Fault]] = {
    "a slow body without end": lambda good: _open_end(_OPEN, b" ", wait=0.05),
    "words before an answer that never comes": lambda good: _open_end(
        b"", head(status="100 Continue"), wait=0.01
    ),
    "a wait that is none": lambda good: _busy("-5"),
    "a wait beyond all": lambda good: _busy("9" * 300),
    "a wait of a word": lambda good: _busy("tomorrow"),
    "a wait that is no number": lambda good: _busy("NaN"),
    "a wait with escape sequences": lambda good: _busy("1\x9b31m"),
    "a wait until long ago": lambda good: _busy("Thu, 01 Jan 1970 00:00:00 GMT"),
    "a wait in a zone of its own": lambda good: _busy("Wed, 21 Oct 2026 07:28:00 +99999999"),
    "a wait of years": lambda good: _busy("Fri, 31 Dec 9999 23:59:59 GMT"),
}
"""What passes: time or a second question cures it."""


SLOW = ("a slow body without end", "words before an answer that never comes")


def _busy(retry_after: str) -> Response:
    return Response(429, b"{}", {"retry-after": retry_after})


def _with(good: bytes, **more: Any) -> Response:
    return Response(200, json.dumps({**json.loads(good), **more}).encode())


def _many_choices(good: bytes) -> Response:
    choice = json.loads(good)["choices"][0]
    return _with(good, choices=[choice, *([{"message": {"content": "x"}}] * 30_000)])


def _tool_call() -> Response:
    call = {"id": "c", "type": "function", "function": {"name": "rm", "arguments": '{"path": "/"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return Response(200, json.dumps(chat("", choices=[choice])).encode())


USAGES: dict[str, bytes] = {
    "negative": b'{"prompt_tokens": -5, "completion_tokens": -1000000}',
    "a billion": b'{"prompt_tokens": 100, "completion_tokens": 1000000000}',
    "four hundred digits": b'{"prompt_tokens": 1' + b"0" * 400 + b', "completion_tokens": 1}',
    "an exponent": b'{"prompt_tokens": 1e400, "completion_tokens": 1}',
    "a large exponent": b'{"prompt_tokens": 1e300, "completion_tokens": 1e18}',
    "sixty-four bits": b'{"prompt_tokens": 9223372036854775807, "completion_tokens": 9223372036854775807}',
    "words": b'{"prompt_tokens": "many", "completion_tokens": "\\u001b[31m"}',
    "truth": b'{"prompt_tokens": true, "completion_tokens": false}',
    "a list": b"[1, 2]",
    "deep": b'{"prompt_tokens": ' + b"[" * 500 + b"]" * 500 + b"}",
    "more cached than sent": b'{"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1000000000}}',
}
"""What a server may say that an answer used."""


def with_usage(good: bytes, usage: bytes) -> Response:
    """The good body with such a usage, which no library would write."""
    body = {name: value for name, value in json.loads(good).items() if name != "usage"}
    return Response(200, json.dumps(body).encode()[:-1] + b', "usage": ' + usage + b"}")


def each_once(seed: int) -> list[str]:
    """Names of what asking again cures, in an order of their own, but those first that take their time."""
    passing = [name for name, (_, always) in FAULTS.items() if always == TROUBLE]
    names = [name for name in (*passing, *PASSING) if name not in SLOW]
    random.Random(seed).shuffle(names)
    return [*SLOW, *names]
