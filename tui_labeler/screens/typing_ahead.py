"""Keys one after the other: what a key opens gets the keys that were typed after it."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from textual import events
from textual.app import App, ReturnType

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from textual.dom import DOMNode
    from textual.screen import Screen
    from textual.worker import Worker

PATIENCE = 1.5
"""Seconds that the next key waits for what the one before has begun; a long job must not take the keys."""

LOOK_EVERY = 0.005
"""Seconds between two looks whether it has ended."""


class TypingAhead(App[ReturnType]):
    """An application that takes a key only when the one before has had its effect.

    Over a slow line keys come in bundles. Textual hands each to whatever has the focus when it arrives, so
    that a key typed after one that opens a screen would act on the screen underneath, unseen.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._passing: asyncio.Task[None] | None = None
        self._typed_at = 0.0

    @property
    def seconds_of_rest(self) -> float:
        """How long nobody has typed; 0 while a key has not had its effect yet."""
        return 0.0 if self.keys_wait else asyncio.get_running_loop().time() - self._typed_at

    @property
    def keys_wait(self) -> bool:
        """A key has not had its effect yet."""
        return self._passing is not None and not self._passing.done()

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        self._typed_at = asyncio.get_running_loop().time()
        if not self.keys_wait:
            self._passing = asyncio.create_task(self._pass_on(), name="typing ahead")
            self._passing.add_done_callback(self._passed_on)

    def _passed_on(self, task: asyncio.Task[None]) -> None:
        """What went wrong is raised again where the application deals with it, not kept by the task."""
        error = None if task.cancelled() else task.exception()
        if error is not None and self.is_running:
            self.call_later(_fail, error)

    async def _pass_on(self) -> None:
        while self._typed and self.is_running:
            screen, known = self.screen, frozenset(self.workers)
            await super().on_event(self._typed.popleft())
            await self._went_through()
            await self._settled(screen, known)

    async def _went_through(self) -> None:
        """Until the key, and what its action told the screen, have gone up to the application."""
        patience = Patience()
        for _ in range(2):
            for node in (self.focused or self.screen).ancestors_with_self:
                done = asyncio.Event()
                # Behind all that waits for it; what is being taken away may never come to that.
                if node.call_later(done.set):
                    await patience.until(done, partial(_runs, node))

    async def _settled(self, screen: Screen[Any], known: Set[Worker[Any]]) -> None:
        """Until what the key has begun is over, with what that has begun in turn, or shows another screen."""
        patience, is_over = Patience(), False
        while self.is_running and not patience.is_over:
            if self.screen is not screen:
                await self._is_there()
                return
            begun = [worker for worker in self.workers if worker not in known]
            if not all(worker.is_finished for worker in begun):
                is_over = False
                await asyncio.sleep(LOOK_EVERY)
            elif is_over or not begun:
                return
            else:
                # Its last message may begin something else.
                is_over = True
                await self._went_through()

    async def _is_there(self) -> None:
        """Until a screen is composed and its focus is set, which may open another."""
        patience, shown = Patience(), asyncio.Event()
        while self.is_running and not (shown.is_set() or patience.is_over):
            screen = self.screen
            screen.call_after_refresh(shown.set)
            await patience.until(shown, partial(self._shows, screen))

    def _shows(self, screen: Screen[Any]) -> bool:
        return self.is_running and self.screen is screen


class Patience:
    """Waiting for what may never come, at most ``PATIENCE`` in all."""

    def __init__(self) -> None:
        self._end = asyncio.get_running_loop().time() + PATIENCE

    @property
    def is_over(self) -> bool:
        return asyncio.get_running_loop().time() >= self._end

    async def until(self, event: asyncio.Event, may_come: Callable[[], bool]) -> None:
        """Until ``event`` is set, or what would set it is gone."""
        while may_come() and not (event.is_set() or self.is_over):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await event.wait()


def _runs(node: DOMNode) -> bool:
    return node.is_running


def _fail(error: BaseException) -> NoReturn:
    raise error
