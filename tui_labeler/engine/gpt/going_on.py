"""What a job asks of a person before it goes on: texts are sent again, and money is spent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import JobKind
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.work import JobEstimate
from tui_labeler.engine.gpt.preview import Terms, evaluation_again, going_on_preview
from tui_labeler.engine.resources.resources import find_deployment
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.autolabelers.spending import Budget
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession


@dataclass(frozen=True, slots=True)
class GoingOn:
    """What is to be told of a job for a deployment that goes on."""

    terms: Terms
    what: str
    """What of the project is sent, in words."""
    told: JobEstimate | None
    """What that takes; ``None`` where nothing new is asked."""
    asks: bool
    """No budget limits it: a command that goes on has to be agreed to."""
    collects: int = 0
    """Questions that wait for their answers in batches at the service, and for nothing else."""

    @property
    def where(self) -> str:
        """Where texts are sent, or that none are."""
        if self.collects:
            questions = counted(self.collects, "question is", "questions are")
            sent = f"{questions} at {self.terms.host} already, as a batch"
            return f"{sent}: nothing new is sent, their answers are collected."
        return self.terms.where(self.what, self.told)


async def going_on(
    session: ProjectSession,
    resources: Resources,
    job: Job,
    budget: Budget | None,
    *,
    retry_failed: bool,
) -> GoingOn | None:
    """What to tell, and perhaps to ask, before a job goes on with ``budget`` in place of its own.

    ``None`` where nothing is sent: a trained model labels, or nothing is missing. Raises ``NotFoundError``
    where the job's resource is gone, and as :func:`~tui_labeler.engine.gpt.preview.going_on_preview` and
    :func:`~tui_labeler.engine.gpt.preview.evaluation_again`.
    """
    method = job.request.method
    if method is None or method.name != "gpt":
        return None
    missing = await session.jobs.missing(job, retry_failed=retry_failed)
    labels = job.request.kind is JobKind.AUTOLABEL
    if labels and not missing:
        return None
    resource = await resources.get(method.resource)
    deployment = find_deployment(resource, method.deployment)
    options = GptOptions.of(job.request.options)
    if budget is not None:
        options = replace(options, budget_usd=budget.usd, budget_tokens=budget.tokens)
    terms = Terms(resource, deployment, options, resources.prices(deployment))
    asks = (options.budget_usd, options.budget_tokens) == (None, None)
    if not labels:
        rest = await evaluation_again(session, job, terms, retry_failed=retry_failed)
        return GoingOn(terms, counted(rest.documents, "labeled document"), rest.told, asks)
    what = f"what is missing, {counted(len(missing), 'document')},"
    if collects := await session.jobs.collects(job.id):
        return GoingOn(terms, what, None, asks=False, collects=collects)
    told = await going_on_preview(session, job, missing, terms, retry_failed=retry_failed)
    return GoingOn(terms, what, told, asks)
