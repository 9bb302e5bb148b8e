"""Makes unreadable what a server repeats of the secret that it was sent: answers, ids and headers are kept.

Every response passes here before anybody reads it, whatever it is the answer to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

SHORTEST_KEY = 12
"""Characters. What is shorter is no secret, but a word that stands for one at local servers."""


def secrets_of(request: httpx2.Request) -> tuple[bytes, ...]:
    """The key or the token that went with a request."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    sent = {token, request.headers.get("api-key", "")}
    return tuple(secret.encode() for secret in sent if len(secret) >= SHORTEST_KEY)


def hidden(text: bytes, secrets: Iterable[bytes]) -> bytes:
    """As many bytes, with each of the secrets made unreadable."""
    for secret in secrets:
        text = text.replace(secret, b"*" * len(secret))
    return text


async def hidden_pieces(pieces: AsyncIterator[bytes], secrets: Sequence[bytes]) -> AsyncIterator[bytes]:
    """As :func:`hidden`, of what comes in pieces: a secret may begin in one and end in the next."""
    kept = max((len(secret) - 1 for secret in secrets), default=0)
    held = b""
    async for piece in pieces:
        held = hidden(held + piece, secrets)
        cut = max(0, len(held) - kept)
        if cut:
            yield held[:cut]
        held = held[cut:]
    if held:
        yield held
