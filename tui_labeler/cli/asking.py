"""The deployment that a command asks: found, tried, and named before anything is sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.cli.parser import UsageError
from tui_labeler.domain.jobs import Job, Method
from tui_labeler.domain.resources import Deployment, Prices, Resource, is_batch_only
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.chat import UnansweredError
from tui_labeler.engine.endpoints import host, is_readable_on_the_way
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.gpt_forecast import forecast
from tui_labeler.engine.gpt_options import AT_ONCE, SHOTS, GptOptions, check_budget
from tui_labeler.engine.resources import find_deployment

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.documents import DocumentRow
    from tui_labeler.engine.autolabelers.estimate import JobEstimate
    from tui_labeler.engine.session import ProjectSession


@dataclass(frozen=True, slots=True)
class Asked:
    """A deployment that shall label, and on what terms."""

    resource: Resource
    deployment: Deployment
    options: GptOptions
    prices: Prices | None

    @property
    def method(self) -> Method:
        return Method("gpt", resource=self.resource.name, deployment=self.deployment.name)

    @property
    def host(self) -> str:
        return host(self.resource.endpoint)

    async def estimate(
        self, session: ProjectSession, rows: Sequence[DocumentRow], categories: Sequence[str] | None = None
    ) -> JobEstimate:
        """About what these documents take; ``categories`` are ids, all by default. Nothing is sent.

        Raises ``InputError`` where there is nothing to ask for, or no room for a text.
        """
        chosen = tuple(session.store.state.categories) if categories is None else categories
        if not chosen:
            raise InputError("No categories were chosen.", hint="Choose at least one to label with.")
        check_budget(self.options, self.prices)
        try:
            known = await forecast(
                session, rows, self.method, chosen, self.deployment, self.prices, self.options
            )
        except UnansweredError as error:
            raise InputError(error.message, hint=error.hint) from error
        return known.of(rows)


async def asked_deployment(context: Context, *, batch: bool = False) -> Asked:
    """The deployment that the command names. Raises ``NotFoundError``, ``InputError`` for its terms."""
    options = context.options
    resource = await context.workbench.resources.get(options.resource)
    name = options.deployment
    if name is None:
        if len(resource.deployments) != 1:
            names = ", ".join(item.name for item in resource.deployments)
            raise UsageError(f"{resource.name} has several deployments.", hint=f"--deployment: {names}.")
        name = resource.deployments[0].name
    terms = GptOptions(
        at_once=AT_ONCE if options.concurrency is None else options.concurrency,
        budget_usd=options.budget,
        budget_tokens=options.budget_tokens,
        shots=SHOTS if options.examples is None else options.examples,
        samples=1 if options.samples is None else options.samples,
        batch=batch,
    )
    deployment = find_deployment(resource, name)
    return Asked(resource, deployment, terms, context.workbench.resources.prices(deployment))


async def tried(context: Context, asked: Asked) -> Asked:
    """The same, its deployment tried where it was not.

    Raises as trying it does, and ``InputError`` for single questions to one that answers batches only.
    """
    if asked.deployment.capabilities is not None:
        return _askable(asked)
    name = asked.deployment.name
    context.out.note(f"{name} on {asked.resource.name} was not tried yet: a few tiny requests come first.")
    deployment = await context.workbench.resources.test(asked.resource.name, name)
    prices = context.workbench.resources.prices(deployment)
    return _askable(replace(asked, deployment=deployment, prices=prices))


def _askable(asked: Asked) -> Asked:
    if is_batch_only(asked.deployment) and not asked.options.batch:
        raise InputError(
            f"{asked.deployment.name} answers batches only.",
            hint="Give --batch; an evaluation needs a deployment that answers at once.",
        )
    return asked


def say_where(context: Context, asked: Asked, what: str) -> None:
    """The host that texts are sent to, before they are."""
    words = f"The texts of {what} are sent to {asked.host} ({asked.method.label})."
    if is_readable_on_the_way(asked.resource.endpoint):
        words += " They are not encrypted on the way."
    context.out.note(words)


async def say_where_again(context: Context, job: Job) -> None:
    """The same for a job that goes on. Raises ``NotFoundError`` where its resource is gone."""
    method = job.request.method
    if method is None or method.name != "gpt" or not job.state.is_over:
        return
    resource = await context.workbench.resources.get(method.resource)
    deployment = find_deployment(resource, method.deployment)
    say_where(context, Asked(resource, deployment, GptOptions(), job.request.prices), "what is missing")


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
