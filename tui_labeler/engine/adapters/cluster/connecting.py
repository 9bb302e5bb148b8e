"""The way to a scheduler: whether one answers at an address at all, and a client of it."""

from __future__ import annotations

import asyncio
import pickle
import struct
from dataclasses import dataclass
from typing import Any

from distributed import Client
from distributed.core import rpc
from distributed.security import Security

from tui_labeler.engine.errors import OutsideError

WRONG_PEER = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    ImportError,
    MemoryError,
    RuntimeError,
    pickle.PickleError,
    struct.error,
)
"""What comes of reading something else as Dask's protocol: lengths of exbibytes, say, in the words of a web
server."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds."""

    connect: float = 10.0
    """For the scheduler to answer as one."""
    start: float = 60.0
    """Without any worker: those that are started with the scheduler, or again, need some."""
    look: float = 1.0
    """Between two looks at who is there, while nothing comes back."""


def wrong_scheduler(message: str) -> OutsideError:
    """Nobody labels from that address; what to do about it."""
    return OutsideError(
        message,
        hint="Start one there, or name the right one with --scheduler, tcp://10.0.0.5:8786, say.",
        on_screen="Start one there, then press R; another address is named in a terminal: "
        "`tui-labeler job resume PROJECT ID --scheduler tcp://10.0.0.5:8786`, say.",
    )


async def connected(address: str, patience: Patience) -> Client:
    """A client of the scheduler there. Raises ``OutsideError``."""
    try:
        async with asyncio.timeout(patience.connect):
            kind = await _kind_of_peer(address, patience)
            if kind != "Scheduler":
                raise wrong_scheduler(f"No Dask scheduler answers at {address}: a {kind.lower()} does.")
            return await asyncio.to_thread(Client, address, timeout=patience.connect, set_as_default=False)
    except TimeoutError as error:
        raise wrong_scheduler(
            f"No Dask scheduler answers at {address}: nothing said to be one within "
            f"{patience.connect:g} seconds."
        ) from error
    except WRONG_PEER as error:
        raise _in_words(address, error) from error


def _in_words(address: str, error: Exception) -> OutsideError:
    no_scheduler = f"No Dask scheduler answers at {address}"
    if isinstance(error, TypeError) and address.startswith("tls://"):
        # What Dask says of certificates that it was not given.
        return OutsideError(
            f"{no_scheduler}: {error}",
            hint="For tls://, tell Dask the certificates of the client (docs/scaling.md).",
        )
    # An address that is none is a plain ValueError; those of reading are kinds of it.
    if isinstance(error, OSError) or type(error) is ValueError:
        return wrong_scheduler(f"{no_scheduler}: {error}")
    return wrong_scheduler(f"{no_scheduler}: what is there is something else.")


async def _kind_of_peer(address: str, patience: Patience) -> str:
    """Asked in this loop, where it can be given up: a client that is being made in a thread can't."""
    security: Any = Security
    asked: Any = rpc
    arguments = security().get_connection_args("client")
    async with asked(address, timeout=patience.connect, connection_args=arguments) as peer:
        found: Any = await peer.identity()
    return str(found["type"])
