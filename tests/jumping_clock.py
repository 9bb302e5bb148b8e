"""An event loop whose clock jumps over waiting: hours of pacing take a moment, and the same one each time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from concurrent.futures import Executor

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


LONGEST = 1.0
"""Seconds for which work in a thread holds the clock: it may wait for what a timer sets off."""


class JumpingSelector(selectors.DefaultSelector):
    """Where nothing has happened, the time until the next timer has passed."""

    passed = 0.0
    """Seconds."""
    in_threads = 0
    """Calls that are at work in threads."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        # What is done in a thread, such as writing a file, takes no time by this clock.
        found = super().select(min(timeout, LONGEST) if self.in_threads else 0)
        if not found:
            self.passed += timeout
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its time is what its timers have waited for."""

    def __init__(self) -> None:
        self._clock = JumpingSelector()
        super().__init__(self._clock)
        self._clock_resolution = 1e-9

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        work = super().run_in_executor(executor, func, *args)
        self._clock.in_threads += 1
        work.add_done_callback(self._leave)
        return work

    def _leave(self, work: asyncio.Future[Any]) -> None:
        self._clock.in_threads -= 1

    def time(self) -> float:
        return self._clock.passed


def jumping(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs a test on such a loop."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
