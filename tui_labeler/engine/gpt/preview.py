"""What is told of a job for a deployment before it starts: its questions are made, and none is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import Method
from tui_labeler.domain.resources import Deployment, Prices, Resource
from tui_labeler.engine.autolabelers.estimate_notes import under_way_notes
from tui_labeler.engine.autolabelers.options import GptOptions, check_budget
from tui_labeler.engine.autolabelers.work import JobEstimate
from tui_labeler.engine.deployments.chat import UnansweredError
from tui_labeler.engine.deployments.endpoints import host, is_loopback, is_readable_on_the_way
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.gpt.forecast import Forecast, forecast
from tui_labeler.engine.runs.gpt import fewer_examples
from tui_labeler.engine.runs.prompt_settling import SETTLED_BY
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.jobs import Job, JobRequest
    from tui_labeler.engine.ports import Survey
    from tui_labeler.engine.session import ProjectSession


@dataclass(frozen=True, slots=True)
class Terms:
    """A deployment that shall label, and on what terms."""

    resource: Resource
    deployment: Deployment
    options: GptOptions
    prices: Prices | None
    """Of single requests."""

    @property
    def method(self) -> Method:
        return Method("gpt", resource=self.resource.name, deployment=self.deployment.name)

    @property
    def host(self) -> str:
        """Where texts are sent."""
        return host(self.resource.endpoint)

    @property
    def is_here(self) -> bool:
        """The server is this machine."""
        return is_loopback(self.resource.endpoint)

    @property
    def is_open(self) -> bool:
        """Texts can be read on the way."""
        return is_readable_on_the_way(self.resource.endpoint)

    def where(self, what: str, told: JobEstimate | None = None) -> str:
        """Where the texts of ``what`` are sent, in words: nowhere, where ``told`` knows all answers."""
        if told is not None and told.is_answered:
            done = (
                "answered already or waits in batches of other jobs" if told.waiting else "answered already"
            )
            return f"Nothing is sent: all that {self.method.label} would be asked of {what} is {done}."
        words = f"The texts of {what} are sent to {self.host} ({self.method.label})."
        if self.is_open:
            words = f"{words} They are not encrypted on the way."
        if told is not None and told.waiting:
            waits = counted(told.waiting, "question waits in a batch", "questions wait in batches")
            words = f"{words} {waits} of another job and will not be asked again."
        if told is not None:
            words = " ".join([words, *under_way_notes(told.under_way)])
        return words


@dataclass(frozen=True, slots=True)
class EvaluationPreview:
    """What an evaluation would take."""

    documents: int
    told: JobEstimate
    examples: int
    """In its prompts."""
    job_examples: int
    """In those of a job."""

    @property
    def warning(self) -> str:
        """What is to be said of its figures beforehand; empty where nothing is."""
        return fewer_examples(self.examples, self.job_examples)


async def quick_forecast(
    session: ProjectSession,
    rows: Sequence[DocumentRow],
    terms: Terms,
    categories: Sequence[str] | None = None,
    *,
    job_id: str = "",
) -> Forecast:
    """About what documents take, from some of their texts; ``categories`` are ids, all by default.

    ``job_id``: of the job that goes on with them.

    Raises ``InputError`` without a category, for a budget that can't be kept, or where the deployment has no
    room for text.
    """
    chosen = tuple(session.store.state.categories) if categories is None else tuple(categories)
    if not chosen:
        raise InputError("No categories were chosen.", hint="Choose at least one to label with.")
    check_budget(terms.options, terms.prices)
    try:
        return await forecast(
            session,
            rows,
            terms.method,
            chosen,
            terms.deployment,
            terms.prices,
            terms.options,
            is_here=terms.is_here,
            job_id=job_id,
        )
    except UnansweredError as error:
        raise InputError(error.message, hint=error.hint) from error


async def labeling_request(
    session: ProjectSession,
    rows: Sequence[DocumentRow],
    terms: Terms,
    categories: Sequence[str] | None = None,
) -> JobRequest:
    """The request of the job. Raises ``InputError``."""
    return await session.jobs.requests.autolabel(
        rows, terms.method, categories, gpt=terms.options, prices=terms.prices
    )


async def labeling_preview(
    session: ProjectSession,
    rows: Sequence[DocumentRow],
    terms: Terms,
    categories: Sequence[str] | None = None,
) -> JobEstimate:
    """What labeling documents takes. Raises as :func:`quick_forecast`, and as reading texts does."""
    known = await quick_forecast(session, rows, terms, categories)
    if not rows:
        return known.of(rows)
    request = await labeling_request(session, rows, terms, categories)
    (found,) = await session.surveyor.survey([request])
    return known.asking(found)


async def evaluation_request(session: ProjectSession, terms: Terms, options: Mapping[str, Any]) -> JobRequest:
    """The request of an evaluation. ``options`` as
    :class:`~tui_labeler.engine.runs.evaluation.EvaluationRun` takes them. Raises ``InputError``.
    """
    return await session.jobs.requests.evaluate(
        terms.method, {**terms.options.as_options(), **options}, prices=terms.prices
    )


async def evaluation_preview(
    session: ProjectSession, terms: Terms, options: Mapping[str, Any]
) -> EvaluationPreview:
    """What an evaluation takes. Raises as :func:`quick_forecast`, ``InputError`` with nothing to compare."""
    request = await evaluation_request(session, terms, options)
    known = await quick_forecast(session, [], terms)
    (found,) = await session.surveyor.survey([request])
    return evaluation_of(known, found)


def evaluation_of(known: Forecast, found: Survey) -> EvaluationPreview:
    """The same, once its questions were made."""
    return EvaluationPreview(found.documents, known.asking(found), found.examples, found.job_examples)


async def going_on_preview(
    session: ProjectSession,
    job: Job,
    rows: Sequence[DocumentRow],
    terms: Terms,
    *,
    retry_failed: bool = False,
) -> JobEstimate:
    """What the rest of a job takes: ``rows`` are the documents that it goes on with."""
    known = await quick_forecast(session, rows, terms, job.request.categories, job_id=job.id)
    documents = tuple(row.id for row in rows)
    (found,) = await session.surveyor.survey([_attempt(job, retry_failed, documents=documents)])
    return known.asking(found)


async def evaluation_again(
    session: ProjectSession, job: Job, terms: Terms, *, retry_failed: bool = False
) -> EvaluationPreview:
    """What an evaluation takes that goes on. Raises as :func:`evaluation_preview`."""
    known = await quick_forecast(session, [], terms, job.request.categories or None, job_id=job.id)
    (found,) = await session.surveyor.survey([_attempt(job, retry_failed)])
    return evaluation_of(known, found)


def _attempt(job: Job, retry_failed: bool, **fields: Any) -> JobRequest:
    """The request: a job in another attempt has no more claim to its useless answers than another job."""
    options = {**job.request.options, SETTLED_BY: job.id}
    return replace(job.request, id="" if retry_failed else job.id, options=options, **fields)
