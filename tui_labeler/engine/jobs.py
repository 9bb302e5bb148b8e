"""Jobs seen from those who start and follow them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.documents import DocumentRow
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState, Method
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.estimate import earlier_of
from tui_labeler.engine.batches import CANCEL_SECONDS, going_on
from tui_labeler.engine.comparison import Comparison, compare
from tui_labeler.engine.errors import InputError, LabelerError, LockedError, RefusedError, StorageError
from tui_labeler.engine.gpt_options import GptOptions, check_budget
from tui_labeler.engine.models import MODEL_VERSION, check_same_model, find_model, learned_ids
from tui_labeler.engine.prices import batch_prices

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.estimate import Earlier
    from tui_labeler.engine.autolabelers.spending import Budget
    from tui_labeler.engine.ports import (
        JobStore,
        Launcher,
        ModelStore,
        ProjectStore,
        QuotaStore,
        Surroundings,
    )

FOLLOW_EVERY = 0.2
"""Seconds between two looks at a job's journal."""

STOP_PATIENCE = 45.0
"""Seconds that a runner may take to start and to use what was answered, beside those for each batch."""

_START_ANEW = {
    JobKind.AUTOLABEL: "`autolabel` starts another job, for documents that are chosen anew.",
    JobKind.TRAIN: "`train` trains again, with the labels as they are.",
    JobKind.EVALUATE: "`evaluate` compares again, with the labels as they are.",
}
"""What to do in place of going on with a job that has nothing left."""


def _takes_quota(request: JobRequest) -> bool:
    """Deployments charge for themselves."""
    by_model = request.method is not None and request.method.name == "model"
    return request.kind is JobKind.AUTOLABEL and by_model


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take, before it is started."""

    documents: int
    text_records: int
    needed: int
    """Text records of the quota; 0 for methods that use none."""
    left: int | None
    """Text records left this month; ``None`` when there is no limit."""
    fits: int
    """How many of the documents, from the first on, the quota allows."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What is to be said of a job whose records are gone."""

    quota_kept: int = 0
    """Text records that it reserved of the quota and that stay counted, as nothing is left that tells how
    many it used; 0 where that is known."""
    going_on: tuple[str, ...] = ()
    """Ids of batches that could not be stopped at their service."""


class Jobs:
    """Starts jobs in processes of their own, follows, cancels, resumes, retries and deletes them."""

    def __init__(
        self,
        store: ProjectStore,
        jobs: JobStore,
        models: ModelStore,
        quota: QuotaStore,
        launcher: Launcher,
        surroundings: Surroundings,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._models = models
        self._quota = quota
        self._launcher = launcher
        self._surroundings = surroundings

    # --- starting -----------------------------------------------------------------------------------

    async def estimate(self, rows: Sequence[DocumentRow], method: Method) -> Estimate:
        """What labeling these documents would take."""
        readable = [row for row in rows if not row.problem]
        records = sum(row.text_records for row in readable)
        if method.name != "model":
            return Estimate(len(rows), records, 0, None, len(rows))
        left = (await self._quota.usage()).left
        fits = 0
        used = 0
        for row in rows:
            used += 0 if row.problem else row.text_records
            if left is not None and used > left:
                break
            fits += 1
        return Estimate(len(rows), records, records, left, fits)

    async def autolabel(
        self,
        rows: Sequence[DocumentRow],
        method: Method,
        categories: Sequence[str] | None = None,
        *,
        gpt: GptOptions | None = None,
        prices: Prices | None = None,
    ) -> Job:
        """Starts a job that labels documents; ``categories`` are ids, all by default.

        ``gpt`` and ``prices`` are of a job for a deployment; prices are those of single requests. Raises
        ``QuotaError`` when too few text records are left, ``NotFoundError`` for an unknown model,
        ``InputError`` without documents or categories, or for a budget in USD where no price is known.
        """
        if not rows:
            raise InputError("No documents were chosen.", hint="Choose at least one document to label.")
        known = self._store.state.categories
        chosen = tuple(known) if categories is None else tuple(categories)
        if not chosen or any(key not in known for key in chosen):
            raise InputError("No categories were chosen.", hint="Choose at least one to label with.")
        options: dict[str, Any] = {}
        if method.name == "model":
            card = await find_model(self._models, method.model)
            if not learned_ids(card, known).keys() & set(chosen):
                raise InputError(
                    f"The model {card.name} knows none of the chosen categories.",
                    hint="Train it again with labels of them.",
                )
            options = {MODEL_VERSION: card.version}
        else:
            given = gpt or GptOptions()
            check_budget(given, prices)
            worth = await self._worth_of_confidence(method)
            options = replace(given, confidence=worth).as_options()
            prices = batch_prices(prices) if prices and given.batch else prices
        request = replace(
            self._request(JobKind.AUTOLABEL),
            method=method,
            categories=chosen,
            documents=tuple(row.id for row in rows),
            text_records=sum(row.text_records for row in rows if not row.problem),
            prices=prices,
            options=options,
        )
        return await self._start(request)

    async def _worth_of_confidence(self, method: Method) -> tuple[tuple[float, float], ...]:
        """What the newest evaluation of a method has found; nothing where there is none."""
        for job in await self._jobs.list():
            is_one = job.request.kind is JobKind.EVALUATE and job.state is JobState.SUCCEEDED
            if is_one and job.request.method == method:
                return tuple((share, right) for share, right in job.result.get("confidence", ()))
        return ()

    async def train(self, options: dict[str, Any]) -> Job:
        """Starts a training job. Raises ``LockedError`` while another one of the project runs."""
        await self._check_training("")
        return await self._start(replace(self._request(JobKind.TRAIN), options=options))

    async def _check_training(self, own: str) -> None:
        for job in await self._jobs.list():
            if job.request.kind is JobKind.TRAIN and not job.state.is_over and job.id != own:
                raise LockedError(
                    "A model is being trained in this project already.",
                    hint=f"Wait for job {job.id} to end, or cancel it.",
                )

    async def evaluate(self, method: Method, options: dict[str, Any], *, prices: Prices | None = None) -> Job:
        """Starts a job that compares a method with the labels and changes nothing.

        ``options`` as :class:`~tui_labeler.engine.evaluation.EvaluationRun` and, for a deployment,
        :class:`~tui_labeler.engine.gpt_options.GptOptions` take them.
        """
        if method.name == "model":
            await find_model(self._models, method.model)
        else:
            check_budget(GptOptions.of(options), prices)
        request = replace(
            self._request(JobKind.EVALUATE),
            method=method,
            categories=tuple(self._store.state.categories),
            prices=prices,
            options=options,
        )
        return await self._start(request)

    def _request(self, kind: JobKind) -> JobRequest:
        return JobRequest(
            id=self._surroundings.new_id(),
            kind=kind,
            actor=self._surroundings.actor,
            created=self._surroundings.now(),
        )

    async def _start(self, request: JobRequest) -> Job:
        """The record first: a reservation without a job could never be given back."""
        await self._jobs.create(request)
        try:
            if _takes_quota(request):
                await self._quota.reserve(request.id, request.text_records)
            if request.kind is JobKind.TRAIN:
                # Two that start at one moment see each other's records here, if not before.
                await self._check_training(request.id)
            await self._launcher.launch(self._store.state.project.id, request.id)
        except LabelerError:
            try:
                await self._quota.settle(request.id, 0)
            finally:
                await self._jobs.delete(request.id)
            raise
        return await self._jobs.get(request.id)

    # --- following ----------------------------------------------------------------------------------

    async def list(self) -> tuple[Job, ...]:
        """Those that can be read, newest first."""
        return await self._jobs.list()

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Jobs whose records can't be read: the id and why."""
        return await self._jobs.broken()

    async def get(self, job_id: str) -> Job:
        """Raises ``NotFoundError``."""
        return await self._jobs.get(job_id)

    async def follow(self, job_id: str) -> AsyncGenerator[Job, None]:
        """The job each time that something is new, until it is over. Ends with it, or with the caller."""
        last: Job | None = None
        while True:
            job = await self._jobs.get(job_id)
            if job != last:
                yield job
                last = job
            if job.state.is_over:
                return
            await asyncio.sleep(FOLLOW_EVERY)

    async def used(self, job_id: str) -> Earlier | None:
        """What a job's answers cost; ``None`` where none was paid for."""
        job = await self._jobs.get(job_id)
        return earlier_of(await self._jobs.answers(job_id), job.seconds or None)

    async def compare(self, first: str, second: str) -> Comparison:
        """What two autolabeling jobs answered, against each other, in the categories both were asked for.

        Raises ``NotFoundError``, or ``InputError`` when they have no document or no category in common.
        """
        one, other = await self._jobs.get(first), await self._jobs.get(second)
        categories = set(one.request.categories) & set(other.request.categories)
        answers, others = await self._jobs.answers(first), await self._jobs.answers(second)
        found = compare(self._store.state.project.kind, answers, others, categories)
        if not found.documents or not categories:
            missing = "document" if categories else "category"
            raise InputError(
                f"The jobs {first} and {second} have no {missing} in common.",
                hint="Compare two jobs that labeled the same documents with the same categories.",
            )
        return found

    # --- steering -----------------------------------------------------------------------------------

    async def cancel(self, job_id: str) -> Job:
        """Asks a job to stop. Cancelling one that is over does nothing."""
        job = await self._jobs.get(job_id)
        if job.state is JobState.INTERRUPTED or not job.state.is_over:
            if job.state is JobState.INTERRUPTED and job.request.options.get("batch"):
                return await self._stop_batches(job_id)
            await self._jobs.request_cancel(job_id)
            if job.state is JobState.INTERRUPTED:
                # Its runner would have given back what was not used.
                await self._quota.settle(job_id, job.text_records)
        return await self._jobs.get(job_id)

    async def _stop_batches(self, job_id: str) -> Job:
        """Starts a runner that stops what one that died has left at the service."""
        try:
            await self._jobs.reopen(job_id, retry=frozenset())
        except LockedError:
            # Somebody was faster: it runs.
            await self._jobs.request_cancel(job_id)
        else:
            await self._jobs.request_cancel(job_id)
            await self._launcher.launch(self._store.state.project.id, job_id)
        return await self._jobs.get(job_id)

    async def resume(self, job_id: str, *, retry_failed: bool = False, budget: Budget | None = None) -> Job:
        """Goes on with what is missing; with ``retry_failed``, with the documents that failed too.

        ``budget`` takes the place of the one that the job had.

        A job that runs is left to run. Raises ``RefusedError`` when there is nothing to go on with, or when
        the model is another one by then than the one that labeled the documents before,
        ``QuotaError`` when too few text records are left, ``LockedError`` for training beside another one,
        ``InputError`` for a budget in USD where no price is known.
        """
        await self._store.refresh()
        job = await self._jobs.get(job_id)
        if not job.state.is_over:
            return job
        if budget is not None:
            check_budget(GptOptions(budget_usd=budget.usd), job.request.prices)
        if job.request.kind is not JobKind.AUTOLABEL and job.state is JobState.SUCCEEDED:
            raise RefusedError(
                f"Job {job_id} has ended; there is nothing to go on with.", hint=_START_ANEW[job.request.kind]
            )
        again = {failure.document for failure in job.failed} if retry_failed else set()
        if job.request.kind is JobKind.AUTOLABEL:
            finished = await self._jobs.finished(job_id)
            cards = {card.name: card for card in await self._models.list()}
            card = cards.get(job.request.method.model) if job.request.method else None
            if finished and card:
                check_same_model(job.request, card)
            rows = self._store.state.rows
            failed = {failure.document for failure in job.failed}
            missing = [
                rows[key]
                for key in job.request.documents
                if key in rows and key not in finished and (key not in failed or key in again)
            ]
            # One that died after its last document has only to be closed.
            if not missing and job.state is not JobState.INTERRUPTED:
                raise RefusedError(
                    f"Job {job_id} has nothing left to do.",
                    hint="`job retry` does its failed documents again."
                    if failed
                    else _START_ANEW[JobKind.AUTOLABEL],
                )
            records = sum(row.text_records for row in missing if not row.problem)
            if _takes_quota(job.request):
                await self._quota.settle(job_id, job.text_records)
                await self._quota.reserve(job_id, records)
        if job.request.kind is JobKind.TRAIN:
            await self._check_training(job_id)
        try:
            options = {"budget_usd": budget.usd, "budget_tokens": budget.tokens} if budget else {}
            await self._jobs.reopen(job_id, retry=frozenset(again), options=options)
        except LockedError:
            # Somebody else was faster: it runs.
            return await self._jobs.get(job_id)
        await self._launcher.launch(self._store.state.project.id, job_id)
        return await self._jobs.get(job_id)

    async def retry(self, job_id: str, *, budget: Budget | None = None) -> Job:
        """Does a job's failed documents again. Raises as :meth:`resume`."""
        job = await self._jobs.get(job_id)
        if job.state.is_over and not job.failed and job.state is JobState.SUCCEEDED:
            raise RefusedError(
                f"Job {job_id} succeeded; there is nothing to do again.", hint=_START_ANEW[job.request.kind]
            )
        return await self.resume(job_id, retry_failed=True, budget=budget)

    async def stop_batches(self, job_id: str) -> tuple[str, ...]:
        """Stops what a job that is over has left at its service, and uses what was answered until then.

        Returns the ids of what could not be stopped there: it goes on, and is paid for. Raises
        ``RefusedError`` where stopping takes too long.
        """
        left = going_on(await self._jobs.preparation(job_id))
        if not left:
            return ()
        await self._stop_batches(job_id)
        try:
            async with asyncio.timeout(STOP_PATIENCE + len(left) * CANCEL_SECONDS):
                async for _ in self.follow(job_id):
                    pass
        except TimeoutError:
            raise RefusedError(
                f"Job {job_id} is still being stopped at its service.", hint="Try again in a while."
            ) from None
        return going_on(await self._jobs.preparation(job_id))

    async def delete(self, job_id: str) -> Deleted:
        """Deletes a job's records; its suggestions stay. Raises ``RefusedError`` while it runs.

        Records that can't be read go too. What is left at a service is stopped there first, see
        :meth:`stop_batches`.
        """
        if job_id in {broken for broken, _ in await self._jobs.broken()}:
            kept = await self._settle_broken(job_id)
            # Nobody can go on with such a job, not even to stop it.
            left: tuple[str, ...] = ()
            with suppress(StorageError):
                left = going_on(await self._jobs.preparation(job_id))
            await self._jobs.delete(job_id)
            return Deleted(kept, left)
        job = await self._jobs.get(job_id)
        if not job.state.is_over:
            raise RefusedError(f"Job {job_id} is still at work.", hint="Cancel it first.")
        left = await self.stop_batches(job_id)
        await self._quota.settle(job_id, job.text_records)
        await self._jobs.delete(job_id)
        return Deleted(going_on=left)

    async def _settle_broken(self, job_id: str) -> int:
        used = await self._jobs.processed_records(job_id)
        reserved = await self._quota.reserved(job_id)
        if not reserved or used is None:
            return reserved
        await self._quota.settle(job_id, used)
        return 0
