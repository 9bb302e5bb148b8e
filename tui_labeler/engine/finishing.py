"""Steps that a cancel may not cut in two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def finished(step: Awaitable[T]) -> T:
    """Waits for ``step`` to its end even when the caller is cancelled; the cancel comes after it."""
    task = asyncio.ensure_future(step)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and task.exception() is None:
        raise cancelled
    return task.result()


async def finished_all_the_same(step: Awaitable[T]) -> T:
    """As :func:`finished`, and the cancel is forgotten: what it came for is done already."""
    task = asyncio.ensure_future(step)
    try:
        return await finished(task)
    except asyncio.CancelledError:
        return task.result()


async def finished_unless_twice(step: Awaitable[T], tell: Callable[[], None]) -> T:
    """Goes on with ``step`` after a cancel, which ``tell`` hears of; a second one cancels it too."""
    task = asyncio.ensure_future(step)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        tell()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            return await finished_all_the_same(task)
    return task.result()
