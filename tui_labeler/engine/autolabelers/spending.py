"""What a job has spent, and the line that it does not cross."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tui_labeler.domain.jobs import Usage, cost_of
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.wording import money


class BudgetError(RefusedError):
    """The next question might cost more than what is left."""

    title = "The budget is used up"
    code = "budget"


@dataclass(frozen=True, slots=True)
class Budget:
    """``None``: no limit."""

    usd: float | None = None
    tokens: int | None = None


class Spending:
    """Counts what questions cost; those that are open count with what they may cost at most."""

    def __init__(
        self, prices: Prices | None, budget: Budget | None = None, spent: Usage | None = None
    ) -> None:
        """``spent``: by earlier runs of the same job."""
        self._prices = prices
        self._budget = budget or Budget()
        self._spent = spent or Usage()
        self._held = Usage()
        self._open = 0
        self._settled = asyncio.Event()

    @property
    def usage(self) -> Usage:
        """Tokens of all replies."""
        return self._spent

    @property
    def cost(self) -> float | None:
        """USD of all replies; ``None`` where no price is known."""
        return cost_of(self._spent, self._prices)

    @asynccontextmanager
    async def holding(self, estimate: Usage) -> AsyncIterator[None]:
        """Keeps back what a question may cost while it is open.

        Where it does not fit beside what others may cost, it waits for them; raises ``BudgetError`` where it
        does not fit beside what is spent.
        """
        while not self._fits(self._spent + self._held + estimate):
            if not self._open:
                raise self.refusal()
            self._settled.clear()
            await self._settled.wait()
        self._open += 1
        self._held += estimate
        try:
            yield
        finally:
            self._open -= 1
            self._held -= estimate
            self._settled.set()

    def fits(self, more: Usage) -> bool:
        """Whether so much more stays within the budget."""
        return self._fits(self._spent + self._held + more)

    def refusal(self) -> BudgetError:
        """What to raise where it does not."""
        return BudgetError(self._words(), hint="Give the job a larger budget, then resume it.")

    def paid(self, usage: Usage) -> None:
        """A reply came; it is paid for whatever it says."""
        self._spent += usage

    def _fits(self, usage: Usage) -> bool:
        tokens, usd = self._budget.tokens, self._budget.usd
        if tokens is not None and usage.prompt_tokens + usage.completion_tokens > tokens:
            return False
        cost = cost_of(usage, self._prices)
        return usd is None or cost is None or cost <= usd

    def _words(self) -> str:
        if self._budget.usd is not None and self.cost is not None:
            return (
                f"{money(self.cost)} of {money(self._budget.usd)} USD are spent; "
                "the next question may cost more."
            )
        spent = self._spent.prompt_tokens + self._spent.completion_tokens
        return f"{spent:,} of {self._budget.tokens or 0:,} tokens are spent; the next question may take more."
