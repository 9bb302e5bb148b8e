"""A new budget for a job that used up the one it had."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.autolabelers.spending import Budget, BudgetError
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.gpt_options import GptOptions, check_budget
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.spending_words import budget_words, read_budget, spent_words, total

if TYPE_CHECKING:
    from textual.app import App

    from tui_labeler.domain.jobs import Job


def stopped_by_budget(job: Job) -> bool:
    """Whether it stopped since the next question might have cost too much."""
    return job.code == BudgetError.code


async def ask_budget(app: App[Any], job: Job) -> Budget | None:
    """``None`` when the person would rather not. Raises ``InputError`` for one that is used up already."""
    before = GptOptions.of(job.request.options)
    label = f"Spent: {spent_words(job)}. What it may spend in all; empty for no limit:"
    given = await app.push_screen_wait(
        InputScreen("A new budget", label, budget_words(before), "2.50, or 100000 tokens", anew=True)
    )
    if given is None:
        return None
    usd, tokens = read_budget(given)
    check_budget(replace(before, budget_usd=usd, budget_tokens=tokens), job.request.prices)
    used_up = (usd is not None and job.cost is not None and usd <= job.cost) or (
        tokens is not None and tokens <= total(job.usage)
    )
    if used_up or ((usd, tokens) == (before.budget_usd, before.budget_tokens) and given.strip()):
        raise InputError(
            f"A budget of {given.strip()} is used up already: {spent_words(job)} are spent.",
            hint="Give the job a larger one; it counts all that the job has spent.",
        )
    return Budget(usd, tokens)
