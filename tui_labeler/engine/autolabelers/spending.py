"""What a job has spent, and the line that it does not cross."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage, cost_of
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.wording import about, may_be_charged, money

if TYPE_CHECKING:
    from tui_labeler.domain.resources import Prices


class BudgetError(RefusedError):
    """The next question might cost more than what is left."""

    title = "The budget is used up"
    code = "budget"

    def __init__(self, message: str, *, hint: str = "", again: Callable[[], str] | None = None) -> None:
        """``again`` makes the message anew, for when answers have come since."""
        super().__init__(message, hint=hint)
        self._again = again

    def as_it_ended(self) -> BudgetError:
        """The same with the figures of this moment."""
        return BudgetError(self._again(), hint=self.hint) if self._again else self


@dataclass(frozen=True, slots=True)
class Budget:
    """``None``: no limit."""

    usd: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Requests whose answer did not come, and what the service may charge for them at most."""

    requests: int = 0
    usage: Usage = field(default_factory=Usage)


class Spending:
    """Counts what questions cost.

    Those that are open count with what they may cost at most, and so do those whose answer did not come:
    their service may charge them.
    """

    def __init__(
        self,
        prices: Prices | None,
        budget: Budget | None = None,
        spent: Usage | None = None,
        lost: Lost | None = None,
    ) -> None:
        """``spent`` and ``lost``: by earlier runs of the same job."""
        self._prices = prices
        self._budget = budget or Budget()
        self._spent = spent or Usage()
        self._lost = lost or Lost()
        self._held = Usage()
        self._open = 0
        self._settled = asyncio.Event()
        self._asked: Usage | None = None
        """The smallest of the questions that did not fit."""

    @property
    def usage(self) -> Usage:
        """Tokens of all replies."""
        return self._spent

    @property
    def cost(self) -> float | None:
        """USD of all replies; ``None`` where no price is known."""
        return cost_of(self._spent, self._prices)

    @asynccontextmanager
    async def holding(
        self, most: Usage, least: Callable[[], int | None] | None = None
    ) -> AsyncIterator[Usage]:
        """Keeps back what a question may cost while it is open, and gives what that is.

        Where it does not fit beside what others may cost, it waits for them. Where it does not fit beside
        what is spent, its answer gets what room is left, if that is ``least`` tokens; else ``BudgetError`` is
        raised. ``least`` is asked then: answers that come meanwhile may tell.
        """
        while not self._fits(self._sure + self._held + most):
            if not self._open:
                most = self._cut(most, least() if least else None)
                break
            self._settled.clear()
            await self._settled.wait()
        self._open += 1
        self._held += most
        try:
            yield most
        finally:
            self._open -= 1
            self._held -= most
            self._settled.set()

    def _cut(self, most: Usage, least: int | None) -> Usage:
        room = self._room(most)
        if least is None or room < max(1, least):
            raise self.refusal(most if least is None else replace(most, completion_tokens=max(1, least)))
        return replace(most, completion_tokens=min(room, most.completion_tokens))

    def _room(self, most: Usage) -> int:
        """Tokens that the answer to a question may have within what is left; less than 0 for none."""
        rooms = [most.completion_tokens]
        if self._budget.tokens is not None:
            rooms.append(self._budget.tokens - self._sure.tokens - most.prompt_tokens)
        left, prices = self._left(), self._prices
        if left is not None and prices is not None and prices.output > 0:
            bare = cost_of(replace(most, completion_tokens=0), prices) or 0.0
            rooms.append(int((left - bare) / prices.output * 1_000_000 - 1e-6))
        return min(rooms)

    def fits(self, more: Usage) -> bool:
        """Whether so much more stays within the budget."""
        return self._fits(self._sure + self._held + more)

    def refusal(self, asked: Usage | None = None) -> BudgetError:
        """What to raise where ``asked``, what the next question may use, does not."""
        known = self._asked
        if asked is not None and (known is None or asked.tokens < known.tokens):
            self._asked = asked
        return BudgetError(
            self._words(), hint="Give the job a larger budget, then resume it.", again=self._words
        )

    def paid(self, usage: Usage) -> None:
        """A reply came; it is paid for whatever it says."""
        self._spent += usage

    def lost(self, most: Usage) -> None:
        """A request brought no reply and may be charged all the same."""
        self._lost = Lost(self._lost.requests + 1, self._lost.usage + most)

    @property
    def _sure(self) -> Usage:
        return self._spent + self._lost.usage

    def _left(self) -> float | None:
        sure = cost_of(self._sure, self._prices)
        return None if self._budget.usd is None or sure is None else self._budget.usd - sure

    def _fits(self, usage: Usage) -> bool:
        if self._budget.tokens is not None and usage.tokens > self._budget.tokens:
            return False
        cost = cost_of(usage, self._prices)
        return self._budget.usd is None or cost is None or cost <= self._budget.usd

    def _words(self) -> str:
        """Of each limit what is used, what is left and what the next question may take."""
        limits = []
        roughly = about(self._spent)
        left = self._left()
        if self._budget.usd is not None and self.cost is not None and left is not None:
            limits.append(
                f"{roughly}{money(self.cost)} of {money(self._budget.usd)} USD are spent; "
                f"{money(max(0.0, left))} USD are left"
            )
        if self._budget.tokens is not None:
            limits.append(
                f"{roughly}{self._spent.tokens:,} of {self._budget.tokens:,} tokens are spent; "
                f"{max(0, self._budget.tokens - self._sure.tokens):,} are left"
            )
        lost = self._lost
        cost = None if self._budget.usd is None else cost_of(lost.usage, self._prices)
        charged = may_be_charged(lost.requests, lost.usage, cost)
        # What is left is what neither of them takes.
        words = [*limits, *([f"{charged} (counted as spent)"] if charged else []), self._next()]
        return "; ".join(words) + "."

    def _next(self) -> str:
        if self._asked is None:
            return "the next question may take more"
        tokens, cost = f"{self._asked.tokens:,} tokens", cost_of(self._asked, self._prices)
        if cost is None or self._budget.usd is None:
            return f"the next question may take {tokens}"
        return f"the next question may cost {money(cost)} USD ({tokens})"
