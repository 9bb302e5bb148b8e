"""What a job for a deployment would take, told from the project alone: nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import Job, JobKind, JobState, Method
from tui_labeler.domain.labels import Origin
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.estimate import estimate_job
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.prompts.fewshot import FewShot
from tui_labeler.engine.autolabelers.room import Room, chunk_tokens
from tui_labeler.engine.autolabelers.work import (
    TRIED_TOKENS,
    Earlier,
    JobEstimate,
    Made,
    Pace,
    Sample,
    Work,
    sample_of,
)
from tui_labeler.engine.deployments.prices import batch_prices
from tui_labeler.engine.deployments.tokens import INSTRUCTIONS, estimating, question_tokens, schema_tokens
from tui_labeler.engine.errors import InputError, NotFoundError
from tui_labeler.engine.models.samples import LabeledDocument, counts
from tui_labeler.engine.runs.gpt import PLAIN, SHOT_SHARE, SHOT_TOKENS, examples_of, prompt_task

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.resources import Deployment
    from tui_labeler.engine.autolabelers.prompts.passages import Passage
    from tui_labeler.engine.deployments.tokens import TokenCounter
    from tui_labeler.engine.ports import Survey
    from tui_labeler.engine.session import ProjectSession

READ = 12
"""Documents whose text is read to learn how many tokens a character is."""

READ_CHARACTERS = 60_000
"""Characters that are counted for that, at most."""

LABELED = 30
"""Labeled documents that are read to learn how long the examples of a prompt are."""

TELLING = 10
"""Documents of a job that are enough to go by."""

LOOKED_AT = 10
"""Jobs with answers whose documents are counted, at most."""

_DONE = (JobState.SUCCEEDED, JobState.PARTIALLY_COMPLETED)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of a job before its documents are chosen."""

    work: Work
    """Without documents."""
    sample: Sample | None
    earlier: Earlier | None
    prices: Prices | None
    """Those that will be paid: halved for a batch."""
    pace: Pace | None
    batch: bool = False
    budget: bool = False
    """The job has one."""

    def of(self, rows: Sequence[DocumentRow]) -> JobEstimate:
        """What labeling these documents takes; those that can't be read take nothing."""
        characters = [row.characters for row in rows if not row.problem]
        return estimate_job(
            replace(self.work, characters=characters),
            sample=self.sample,
            earlier=self.earlier,
            prices=self.prices,
            pace=self.pace,
            batch=self.batch,
            budget=self.budget,
        )

    def asking(self, found: Survey) -> JobEstimate:
        """What a job takes whose questions were made."""
        made = Made(
            found.documents,
            found.characters,
            found.text_tokens,
            found.is_estimate,
            found.answered,
            found.documents / found.looked_at if found.looked_at else 1.0,
            found.waiting,
            found.under_way,
        )
        return estimate_job(
            replace(self.work, fixed_tokens=found.fixed_tokens, schema_tokens=found.schema_tokens),
            earlier=self.earlier,
            prices=self.prices,
            pace=self.pace,
            batch=self.batch,
            budget=self.budget,
            made=made,
        )

    def tokens(self, rows: Sequence[DocumentRow]) -> int:
        """About the tokens of all questions and answers of these documents."""
        told = self.of(rows)
        ends = (told.prompt_tokens.low, told.prompt_tokens.high)
        answers = (told.completion_tokens.low, told.completion_tokens.high)
        return round((sum(ends) + sum(answers)) / 2)


async def forecast(
    session: ProjectSession,
    rows: Sequence[DocumentRow],
    method: Method,
    categories: Sequence[str],
    deployment: Deployment,
    prices: Prices | None,
    options: GptOptions | None = None,
    *,
    is_here: bool = False,
    job_id: str = "",
) -> Forecast:
    """Reads some of ``rows`` and some labeled documents. ``categories`` are ids.

    ``prices`` are those of single requests; ``is_here``: the deployment is on this machine; ``job_id``: of
    the job that goes on.

    Raises ``InputError`` without a category, ``UnansweredError`` where the deployment has no room for text.
    """
    options = options or GptOptions()
    state = session.store.state
    counter = estimating(state.project.language)
    can = deployment.capabilities or PLAIN
    shown = await _examples(session, categories, deployment, options, counter)
    prompt = prompt_task(state, categories, can.structured, shown)
    room = Room(options.at_once, deployment.context, can.reasoning, can.logprobs, options.samples)
    empty = prompt.question("", max_tokens=1)
    in_chunk = chunk_tokens(prompt, room, counter)
    work = Work(
        kind=state.project.kind,
        characters=(),
        categories=len(categories),
        fixed_tokens=question_tokens(empty, counter),
        schema_tokens=schema_tokens(empty.schema, INSTRUCTIONS.count),
        language=state.project.language,
        chunk_tokens=in_chunk,
        answers=options.samples,
        reasoning=can.reasoning,
        # Trying it has shown no usage, or nobody tried it.
        tells_usage=bool(can.tokens),
        tried_tokens=can.tokens,
        room=prompt.answer_tokens(in_chunk) + room.thinking,
    )
    return Forecast(
        work,
        sample_of(await _texts(session, rows), counter),
        await earlier(session, method, job_id),
        batch_prices(prices) if prices and options.batch else prices,
        _pace(deployment, options, is_here=is_here),
        options.batch,
        (options.budget_usd, options.budget_tokens) != (None, None),
    )


def _pace(deployment: Deployment, options: GptOptions, *, is_here: bool) -> Pace | None:
    tried = deployment.capabilities
    if tried is None or tried.batch_only:
        return None
    return Pace(tried.seconds, options.at_once, tried.tokens or TRIED_TOKENS, is_here)


async def earlier(session: ProjectSession, method: Method, job_id: str = "") -> Earlier | None:
    """What a job has shown of its deployment, or else others by the same method; ``None`` where none has.

    The newest that was brought to its end comes before those that were stopped. One with few documents tells
    only where there is no other.
    """
    jobs = [job for job in await session.jobs.list() if job.request.method == method]
    # Of several answers to each question some may have been kept from before.
    jobs = [job for job in jobs if job.id == job_id or job.request.options.get("samples", 1) == 1]
    jobs.sort(key=lambda job: (job.id != job_id, job.state not in _DONE))
    shown: Earlier | None = None
    seen = 0
    for job in jobs:
        found = await session.jobs.used(job.id) if job.request.kind is JobKind.AUTOLABEL else _evaluated(job)
        if found is None:
            continue
        if shown is None or found.documents > shown.documents:
            shown = found
        seen += 1
        if shown.documents >= TELLING or seen >= LOOKED_AT:
            break
    return shown


def _evaluated(job: Job) -> Earlier | None:
    """What the documents of an evaluation used that were asked about."""
    asked = job.result.get("asked") or {}
    if not asked.get("documents"):
        return None
    return Earlier(int(asked["documents"]), int(asked["characters"]), job.usage, asked.get("seconds"))


async def _texts(session: ProjectSession, rows: Sequence[DocumentRow]) -> list[str]:
    """Of documents from all over the list; one that can't be read tells nothing."""
    readable = [row for row in rows if not row.problem]
    texts: list[str] = []
    left = READ_CHARACTERS
    for row in readable[:: max(1, len(readable) // READ)][:READ]:
        if left <= 0:
            break
        text = await _text(session, row.id)
        if text:
            texts.append(text[:left])
            left -= len(text)
    return texts


async def _text(session: ProjectSession, document_id: int) -> str:
    try:
        return (await session.documents.text(document_id)).text
    except (NotFoundError, InputError):
        return ""


async def _examples(
    session: ProjectSession,
    categories: Sequence[str],
    deployment: Deployment,
    options: GptOptions,
    counter: TokenCounter,
) -> tuple[Passage, ...]:
    """About those that the job will show: it chooses among all labeled documents."""
    if not options.shots:
        return ()
    state = session.store.state
    found: list[LabeledDocument] = []
    for row in state.rows.values():
        if len(found) >= LABELED:
            break
        if row.problem or not (row.labels or row.state is DocumentState.REVIEWED):
            continue
        document = state.document(row.id)
        if counts(state.project.kind, document):
            found.append(_labeled(document, await _text(session, document.id)))
    budget = SHOT_TOKENS
    if deployment.context is not None:
        budget = min(budget, deployment.context // SHOT_SHARE)
    passages = examples_of(state, categories, [item for item in found if item.text], counter)
    return FewShot(passages, counter.at_most).for_job(budget, options.shots)


def _labeled(document: Document, text: str) -> LabeledDocument:
    labels = [label for label in document.saved_labels if label.span is None or label.span.end <= len(text)]
    return LabeledDocument(
        id=document.id,
        location=document.location,
        dataset=document.dataset,
        text=text,
        annotations=tuple((label.category, label.span) for label in labels),
        from_suggestions=any(label.origin is Origin.SUGGESTION for label in labels),
    )
