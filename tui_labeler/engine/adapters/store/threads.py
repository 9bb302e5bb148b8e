"""Blocking calls that go on to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from tui_labeler.engine.finishing import finished

T = TypeVar("T")


async def to_the_end(function: Callable[..., T], *arguments: Any) -> T:
    """Runs ``function`` in a thread and waits until it is done, even when the caller is cancelled.

    A thread can't be stopped: whoever holds a lock for what it writes must not let go before it has.
    The cancel comes after.
    """
    return await finished(asyncio.get_running_loop().run_in_executor(None, partial(function, *arguments)))
