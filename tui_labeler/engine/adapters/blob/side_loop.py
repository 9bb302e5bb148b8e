"""An event loop in a thread of its own, so that what it does never holds up the caller's."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

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

    Waking another thread costs more than many a request where both are busy, so calls go over together, and
    so do their ends.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._calls: deque[_Call] = deque()
        self._called = False
        """The side loop has been woken, and has not looked at the calls since."""
        self._ended: list[_Call] = []
        """Touched by the side loop alone."""

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns or raises."""
        loop = self._started()
        here = asyncio.get_running_loop()
        call = _Call(work, here, here.create_future())
        self._calls.append(call)
        if not self._called:
            self._called = True
            loop.call_soon_threadsafe(self._begin)
        try:
            found: T = await call.answer
        except asyncio.CancelledError:
            with suppress(RuntimeError):  # the thread has ended meanwhile, and all that it did
                loop.call_soon_threadsafe(_cancel, call)
            raise
        return found

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

    # --- the thread ---------------------------------------------------------------------------------

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
            self._thread.start()
        return self._loop

    async def cancel_all(self) -> None:
        """Cancels what runs there, and waits until it has ended."""
        if self._loop is not None:
            await self.call(_cancel_others())

    async def close(self) -> None:
        """Ends the thread; what still runs there is cancelled first."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        await self.cancel_all()
        self._loop = self._thread = None
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()


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


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
