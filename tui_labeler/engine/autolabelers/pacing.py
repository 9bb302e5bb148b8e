"""How many questions are open at once, and how fast they follow each other.

The number grows as a TCP window does at its start, up to a limit that a person sets. How fast a server lets
them follow each other is found by asking: where it says that it is busy, the pace falls to what got through
before and grows again slowly, since a pause costs more than asking a little slower.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_labeler.engine.deployments.chat import RateLimits

FIRST = 4
"""Questions open at once to begin with."""

WINDOW = 5.0
"""Seconds over which what got through is measured."""

BELOW = 0.97
"""Of what got through before the server was busy: the pace after it."""

FURTHER_BELOW = 0.85
"""The same, where it is busy again and again before the pace has grown: what got through was a burst."""

TELLING = 1.0
"""Seconds from one refusal to the next, after which what got through between them is what the server allows:
it had nothing to spare at either."""

STEADY, GROWTH = 20.0, 0.01
"""Seconds that a pace is kept before it grows, and by how much a second; faster with each such time."""

GUESSES, EARLY_STEADY, EARLY_GROWTH = 4, 1.0, 0.4
"""The first paces are guesses, made of few replies: they are given up sooner."""

ODD = 0.25
"""Of the time that a late question waited: where others took less, it is an odd one that tells nothing."""

CLOCK_STEP = 0.001
"""Seconds that are not worth waiting for."""

LONGEST_PAUSE = 120.0
FIRST_PAUSE = 0.5


class Pacer:
    """Lets questions go out. One for a deployment and a job; times are the event loop's, in seconds."""

    def __init__(self, most: int, *, seed: int = 0) -> None:
        """``most``: questions open at once. ``seed`` spreads pauses that the server does not set."""
        self._most = max(1, most)
        self._allowed = float(min(FIRST, self._most))
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._random = random.Random(seed)
        self._rate: float | None = None
        """Questions a second; ``None`` while the server was never busy."""
        self._cuts = 0
        self._cut_at = self._grown_at = 0.0
        self._resume = self._next = 0.0
        """Nothing goes out before these times."""
        self._busy_in_a_row = 0
        self._careful_from = math.inf
        """Open at once, above which it grows slowly."""
        self._lates = 0
        self._late_at = 0.0
        """Questions that went out before it were under way together with one that was late."""
        self._took: float | None = None
        """Seconds to the last reply."""
        self._came: deque[float] = deque()
        """When replies came, in the last ``WINDOW`` seconds."""
        self._first_sent: float | None = None
        self._came_since = 0
        """Replies since it was busy last."""
        self._early_cuts = 0
        """In a row, before the pace had grown."""

    @property
    def open_at_once(self) -> int:
        """Questions that may be open at this moment."""
        return int(self._allowed)

    @property
    def rate(self) -> float | None:
        """Questions a second, where the server has shown a limit."""
        return self._rate

    @property
    def pause_ends(self) -> float:
        """When the next question may go out, by what the server said; in the past where it may now."""
        return self._resume

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Waits until a question may go out; gives the time at which it does."""
        await self._enter()
        try:
            yield await self._start()
        finally:
            self._open -= 1
            self._wake()

    async def _enter(self) -> None:
        while self._open >= self.open_at_once:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                # Its place may have been given to it already: it is another's then.
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise
        self._open += 1

    def _wake(self) -> None:
        free = self.open_at_once - self._open
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    async def _start(self) -> float:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            self._grow(now)
            due = max(self._resume, self._next)
            if due - now < CLOCK_STEP:
                break
            await asyncio.sleep(due - now)
        if self._rate is not None:
            self._next = max(now, self._next) + 1 / self._rate
        if self._first_sent is None:
            self._first_sent = now
        return now

    # --- what came of it ----------------------------------------------------------------------------

    def answered(self, limits: RateLimits | None = None, sent: float | None = None) -> None:
        """A reply came, to a question that went out at ``sent``.

        What the server says is left is taken at its word where nothing is.
        """
        now = asyncio.get_running_loop().time()
        self._busy_in_a_row = 0
        self._came.append(now)
        self._came_since += 1
        self._forget(now)
        if sent is not None:
            self._took = now - sent
        careful = self._allowed >= self._careful_from
        more = 1 / self._allowed / 2 ** min(self._lates, 6) if careful else 1.0
        self._allowed = min(float(self._most), self._allowed + more)
        self._wake()
        if limits is not None:
            for left, reset in (
                (limits.requests, limits.requests_reset),
                (limits.tokens, limits.tokens_reset),
            ):
                if left == 0 and reset:
                    self._resume = max(self._resume, now + min(reset, LONGEST_PAUSE))

    def busy(self, sent: float, retry_after: float | None) -> None:
        """The server refused a question that went out at ``sent``, and perhaps said how long to wait."""
        now = asyncio.get_running_loop().time()
        self._busy_in_a_row += 1
        if retry_after is None:
            spread = 1 - self._random.random() / 4
            retry_after = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._busy_in_a_row - 1, 8)) * spread
        self._resume = max(self._resume, now + retry_after)
        if sent >= self._cut_at:
            self._cut(now)

    def late(self, sent: float) -> None:
        """A question that went out at ``sent`` got no answer in time.

        Many servers, those on a person's own machine first of all, never say that they are busy: they let
        questions wait for each other. Where others took long as well, half as many are open from here on,
        and more only slowly, as a TCP window does after a loss; each time more slowly.
        """
        now = asyncio.get_running_loop().time()
        if sent < self._late_at or (self._took is not None and self._took < ODD * (now - sent)):
            return
        self._late_at = now
        self._lates += 1
        self._allowed = self._careful_from = max(1.0, self._allowed / 2)

    def _cut(self, now: float) -> None:
        """Questions that were under way together are refused together: that is one sign, not many."""
        self._forget(now)
        if self._rate is not None:
            self._rate = self._lower(now)
        elif self._came:
            began = max(now - WINDOW, self._first_sent or 0.0)
            self._rate = len(self._came) / max(1.0, now - began) * BELOW
        self._cuts += 1
        self._came_since = 0
        # Where nothing has come yet there is nothing to go by: the pause has to do.
        self._cut_at = self._grown_at = self._resume

    def _lower(self, now: float) -> float:
        """The pace after a refusal, where there was one before."""
        assert self._rate is not None
        steady, _ = self._stage
        passed = now - self._cut_at
        if passed >= steady:
            self._early_cuts = 0
            return self._rate * BELOW
        self._early_cuts += 1
        if self._early_cuts > 1 or passed < TELLING:
            return self._rate * FURTHER_BELOW
        return max(self._rate * FURTHER_BELOW, min(self._rate, self._came_since / passed) * BELOW)

    @property
    def _stage(self) -> tuple[float, float]:
        return (EARLY_STEADY, EARLY_GROWTH) if self._cuts <= GUESSES else (STEADY, GROWTH)

    def _grow(self, now: float) -> None:
        """Time without refusals makes the pace faster, at first hardly."""
        steady, growth = self._stage
        if self._rate is None or now - self._cut_at < steady:
            self._grown_at = now
            return
        faster = growth * 2 ** min(6.0, (now - self._cut_at) / STEADY - 1)
        self._rate *= (1 + faster) ** (now - self._grown_at)
        self._grown_at = now

    def _forget(self, now: float) -> None:
        while self._came and self._came[0] < now - WINDOW:
            self._came.popleft()
