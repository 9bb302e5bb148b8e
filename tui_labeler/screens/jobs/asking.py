"""What is asked before a job of a deployment goes on: a yes to what it takes, or a new budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import cost_of
from tui_labeler.engine.autolabelers.options import GptOptions, check_budget
from tui_labeler.engine.autolabelers.spending import Budget, BudgetError
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.gpt.going_on import going_on
from tui_labeler.screens.dialogs import ConfirmScreen, InputScreen
from tui_labeler.screens.jobs.spending_words import (
    NO_PRICE,
    budget_words,
    estimate_words,
    read_budget,
    spent_words,
)
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession


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
    # What may still be charged counts as spent.
    sure = job.usage + job.unanswered_usage
    cost = cost_of(sure, job.request.prices)
    used_up = (usd is not None and cost is not None and usd <= cost) or (
        tokens is not None and tokens <= sure.tokens
    )
    if used_up or ((usd, tokens) == (before.budget_usd, before.budget_tokens) and given.strip()):
        raise InputError(
            f"A budget of {given.strip()} is used up already: {spent_words(job)} are spent.",
            hint="Give the job a larger one; it counts all that the job has spent.",
        )
    return Budget(usd, tokens)


async def what_it_takes(
    session: ProjectSession,
    resources: Resources,
    job: Job,
    budget: Budget | None,
    *,
    retry_failed: bool,
) -> str:
    """Where a job that goes on sends texts, and what that takes; empty where nothing is sent.

    Raises as :func:`~tui_labeler.engine.gpt.going_on.going_on`.
    """
    found = await going_on(session, resources, job, budget, retry_failed=retry_failed)
    if found is None or found.told is None or found.told.is_answered:
        return ""
    price = f"; {NO_PRICE}" if found.told.cost is None else ""
    limit = budget_words(found.terms.options)
    limited = f"The budget of the whole job is {limit}." if limit else "No budget limits it."
    return f"{found.where} That takes {estimate_words(found.told)}{price}. {limited}"


async def agree(screen: Screen[Any], message: str) -> bool:
    """Whether a person, asked over ``screen``, agrees to what a job takes that goes on."""
    return await ask(screen, ConfirmScreen("Go on with the job?", message, "Go on", "Leave it")) is True
