"""Makes unreadable what a server repeats of the secret that it was sent: answers, ids and headers are kept.

Every response passes here before anybody reads it, whatever it is the answer to.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

SHORTEST_KEY = 12
"""Characters. What is shorter is no secret, but a word that stands for one at local servers."""


Secrets = tuple[bytes, ...]


def secrets_of(request: httpx2.Request) -> Secrets:
    """The key or the token that went with a request."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    sent = {token, request.headers.get("api-key", "")}
    return tuple(secret.encode() for secret in sent if len(secret) >= SHORTEST_KEY)


def hidden(text: bytes, secrets: Iterable[bytes]) -> bytes:
    """As many bytes, with each of the secrets made unreadable, escaped as JSON may have it or not."""
    for secret in secrets:
        text = text.replace(secret, b"*" * len(secret))
        if b"\\" in text:
            text = _spellings(secret).sub(lambda found: b"*" * len(found[0]), text)
    return text


def hidden_text(text: str, secrets: Iterable[bytes]) -> str:
    """The same for what was decoded: a secret that was escaped in another way stands there by itself."""
    for secret in secrets:
        text = hidden(text.encode("utf-8", "surrogatepass"), [secret]).decode("utf-8", "surrogatepass")
    return text


_ESCAPED = rb"\\(?<!\\\\)\\{0,7}+(?:u005[Cc]\\{0,8}+){0,2}"
"""What stands before an escaped character: a model's answer is JSON in a string of JSON, so backslashes are
doubled, and may be escaped themselves. A row of backslashes is looked at once, from its first one on."""

_LONGEST = 8 + 2 * (5 + 8) + 5
"""Bytes that one character may take."""


@lru_cache(maxsize=8)
def _spellings(secret: bytes) -> re.Pattern[bytes]:
    """A secret with any of its characters escaped, in JSON and in JSON that stands in a string of JSON."""
    return re.compile(b"".join(map(_spelling, secret)))


def _spelling(code: int) -> bytes:
    character = bytes((code,))
    digits = b"".join(
        b"[%c%c]" % (digit, digit - 32) if digit > 57 else b"%c" % digit for digit in b"%02x" % code
    )
    ways = [re.escape(character), _ESCAPED + b"u00" + digits]
    if character in b'"/\\':
        ways.append(_ESCAPED + re.escape(character))
    return b"(?:" + b"|".join(ways) + b")"


async def hidden_pieces(pieces: AsyncIterator[bytes], secrets: Sequence[bytes]) -> AsyncIterator[bytes]:
    """As :func:`hidden`, of what comes in pieces: a secret may begin in one and end in the next."""
    kept = max((_LONGEST * len(secret) - 1 for secret in secrets), default=0)
    held = b""
    async for piece in pieces:
        held += piece
        if len(held) < 2 * kept:
            continue  # what is held back is not searched again for every piece
        held = hidden(held, secrets)
        cut = max(0, len(held) - kept)
        if cut:
            yield held[:cut]
        held = held[cut:]
    if held:
        yield hidden(held, secrets)
