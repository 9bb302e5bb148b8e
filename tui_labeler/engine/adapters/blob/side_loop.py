"""An event loop in a thread of its own, so that what it does never holds up the caller's."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from tui_labeler.engine.finishing import finished

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Call:
    """A coroutine on its way to the side loop, or its end on the way back."""

    work: Coroutine[Any, Any, Any]
    loop: asyncio.AbstractEventLoop
    """The caller's."""
    answer: asyncio.Future[Any]
    task: asyncio.Task[Any] | None = None


class SideLoop:
    """Runs coroutines for callers on any event loop.

    Reading a listing of 5,000 blobs takes the storage package half a second and more of computing in one
    piece: on the loop that draws, keys would wait for it. A caller's cancellation reaches the coroutine. The
    thread begins with the first call and does not keep the process alive.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: _Thread | None = None

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns or raises."""
        if self._thread is None:
            self._thread = _Thread(self._name)
        return await self._thread.call(work)

    async def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Ends the thread; what still runs there is cancelled first, and ``last`` runs when all has ended.

        A cancel waits until it is done. Whoever calls meanwhile, as what is cancelled may do, is served by
        another thread.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            await finished(thread.close(last))


class _Thread:
    """One thread with its loop.

    Waking another thread costs more than many a request where both are busy, so calls go over together, and
    so do their ends.
    """

    def __init__(self, name: str) -> None:
        self._calls: deque[_Call] = deque()
        self._called = False
        """The side loop has been woken, and has not looked at the calls since."""
        self._ended: list[_Call] = []
        """Touched by the side loop alone."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        here = asyncio.get_running_loop()
        call = _Call(work, here, here.create_future())
        self._calls.append(call)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._begin)
        try:
            found: T = await call.answer
        except asyncio.CancelledError:
            with suppress(RuntimeError):  # the thread has ended meanwhile, and all that it did
                self._loop.call_soon_threadsafe(_cancel, call)
            raise
        return found

    async def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        """To be called once, and nothing after it."""
        try:
            await self.call(_ending(last))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
            self._loop.close()

    # --- on the side loop ---------------------------------------------------------------------------

    def _begin(self) -> None:
        # In this order: whoever calls from here on wakes the loop again.
        self._called = False
        loop = asyncio.get_running_loop()
        while self._calls:
            call = self._calls.popleft()
            call.task = loop.create_task(call.work)
            call.task.add_done_callback(partial(self._end, call))

    def _end(self, call: _Call, task: asyncio.Task[Any]) -> None:
        if not self._ended:
            asyncio.get_running_loop().call_soon(self._tell)
        self._ended.append(call)

    def _tell(self) -> None:
        ended, self._ended = self._ended, []
        for loop in {call.loop for call in ended}:
            with suppress(RuntimeError):  # that loop is closed: nobody waits there
                loop.call_soon_threadsafe(_answer, [call for call in ended if call.loop is loop])


def _cancel(call: _Call) -> None:
    if call.task is not None:
        call.task.cancel()


def _answer(ended: Sequence[_Call]) -> None:
    """On the callers' loop."""
    for call in ended:
        task, answer = call.task, call.answer
        if task is None or task.cancelled():
            answer.cancel()
            continue
        error = task.exception()
        if answer.done():
            continue
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(task.result())


async def _ending(last: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
    me = asyncio.current_task()
    while others := [task for task in asyncio.all_tasks() if task is not me]:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    if last is not None:
        await last()
