"""The deployment that a command asks: found, tried, named, and agreed to before anything is sent to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.methods import budget_words, estimate_words, terms_words
from tui_labeler.cli.parser import UsageError
from tui_labeler.domain.jobs import Job
from tui_labeler.domain.resources import is_batch_only
from tui_labeler.engine.autolabelers.options import AT_ONCE, SHOTS, GptOptions
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.gpt.preview import Terms
from tui_labeler.engine.resources.resources import find_deployment

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context


async def asked_deployment(context: Context, *, batch: bool = False) -> Terms:
    """The deployment that the command names. Raises ``NotFoundError``, ``InputError`` for its terms."""
    options = context.options
    resource = await context.workbench.resources.get(options.resource)
    name = options.deployment
    if name is None:
        if len(resource.deployments) != 1:
            names = ", ".join(item.name for item in resource.deployments)
            raise UsageError(f"{resource.name} has several deployments.", hint=f"--deployment: {names}.")
        name = resource.deployments[0].name
    given = GptOptions(
        at_once=AT_ONCE if options.concurrency is None else options.concurrency,
        budget_usd=options.budget,
        budget_tokens=options.budget_tokens,
        shots=SHOTS if options.examples is None else options.examples,
        samples=1 if options.samples is None else options.samples,
        batch=batch,
    )
    deployment = find_deployment(resource, name)
    return Terms(resource, deployment, given, context.workbench.resources.prices(deployment))


TINY = "a few tiny requests without any text of yours go to"


async def tried(context: Context, terms: Terms, *, agreed: bool) -> Terms:
    """The same, its deployment tried where it was not; asked for first, unless that is ``agreed`` to.

    Raises as asking and trying do, and ``InputError`` for single questions to one that answers batches only.
    """
    if terms.deployment.capabilities is not None:
        return askable(terms)
    name = terms.deployment.name
    words = f"{name} on {terms.resource.name} was not tried yet: {TINY} {terms.host} first."
    if agreed:
        context.out.note(words)
    else:
        context.out.consent(f"{words} Try it?", yes=False)
    deployment = await context.workbench.resources.test(terms.resource.name, name)
    prices = context.workbench.resources.prices(deployment)
    return askable(replace(terms, deployment=deployment, prices=prices))


def askable(terms: Terms) -> Terms:
    """The same. Raises ``InputError`` for single questions to a deployment that answers batches only."""
    if is_batch_only(terms.deployment) and not terms.options.batch:
        raise InputError(
            f"{terms.deployment.name} answers batches only.",
            hint="Give --batch; an evaluation needs a deployment that answers at once.",
        )
    return terms


def agree(context: Context, terms: Terms, where: str, expected: dict[str, Any], *, asks: bool = True) -> None:
    """Says where texts go, what that takes and what it may cost at most, and asks.

    Raises as :meth:`~tui_labeler.cli.output.Output.consent`.
    """
    words = [where, f"It takes {estimate_words(expected)}."]
    words += [terms_words(terms.options), budget_words(expected)]
    told = " ".join(filter(None, words))
    if context.options.yes or not asks:
        context.out.note(told)
    else:
        context.out.consent(f"{told} Start?", yes=False)


def new_budget(options: argparse.Namespace, job: Job) -> Budget | None:
    """What takes the place of a job's budget; a part that was not given stays.

    Raises ``UsageError`` for a job that costs nothing.
    """
    if options.budget is None and options.budget_tokens is None:
        return None
    if job.request.method is None or job.request.method.name != "gpt":
        raise UsageError("A budget is for jobs of a deployment.", hint="Leave it out.")
    had = GptOptions.of(job.request.options)
    return Budget(options.budget or had.budget_usd, options.budget_tokens or had.budget_tokens)
