"""Blocking calls that go on to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(function: Callable[..., T], *arguments: Any) -> T:
    """Runs ``function`` in a thread and waits until it is done, even when the caller is cancelled.

    A thread can't be stopped: whoever holds a lock for what it writes must not let go before it has.
    The cancel comes after.
    """
    work = asyncio.get_running_loop().run_in_executor(None, partial(function, *arguments))
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and work.exception() is None:
        raise cancelled
    return work.result()
