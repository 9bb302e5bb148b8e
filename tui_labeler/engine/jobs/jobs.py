"""Jobs seen from those who start and steer them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState, Method
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.options import GptOptions, check_budget
from tui_labeler.engine.deployments.batches import CANCEL_SECONDS, going_on
from tui_labeler.engine.errors import LabelerError, LockedError, RefusedError, StorageError
from tui_labeler.engine.jobs.following import SeenJobs
from tui_labeler.engine.jobs.requests import JobRequests, moved_to
from tui_labeler.engine.models.models import check_same_model
from tui_labeler.engine.pen import check_turn_of_pen
from tui_labeler.engine.turns import in_turns

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.spending import Budget
    from tui_labeler.engine.ports import (
        JobStore,
        Launcher,
        ModelStore,
        ProjectStore,
        QuotaStore,
        Surroundings,
    )

STOP_PATIENCE = 45.0
"""Seconds that a runner may take to start and to use what was answered, beside those for each batch."""

_START_ANEW = {
    JobKind.AUTOLABEL: "`autolabel` starts another job, for documents that are chosen anew.",
    JobKind.TRAIN: "`train` trains again, with the labels as they are.",
    JobKind.EVALUATE: "`evaluate` compares again, with the labels as they are.",
}
"""What to do in place of going on with a job that has nothing left."""

_ANOTHER = "L, where texts are labeled, starts another job, for documents that are chosen anew."
"""The same of autolabeling in the application."""

_AGAIN = "`job retry` does its failed documents again.", "t does its failed documents again."
"""What to do where nothing but failed documents is left: on the command line, in the application."""


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
    unread: int = 0
    """Documents whose texts were not read yet: of them the text records are the most that there can be."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What is to be said of a job whose records are gone."""

    quota_kept: int = 0
    """Text records that it reserved of the quota and that stay counted, as nothing is left that tells how
    many it used; 0 where that is known."""
    going_on: tuple[str, ...] = ()
    """Ids of batches that could not be stopped at their service."""


class Jobs(SeenJobs):
    """Starts jobs in processes of their own, cancels, resumes, retries and deletes them."""

    def __init__(
        self,
        store: ProjectStore,
        jobs: JobStore,
        models: ModelStore,
        quota: QuotaStore,
        launcher: Launcher,
        surroundings: Surroundings,
    ) -> None:
        super().__init__(store, jobs)
        self._models = models
        self._quota = quota
        self._launcher = launcher
        self.requests = JobRequests(store, jobs, models, surroundings)

    # --- starting -----------------------------------------------------------------------------------

    async def estimate(self, rows: Sequence[DocumentRow], method: Method) -> Estimate:
        """What labeling these documents would take."""
        records = unread = 0
        async for row in in_turns(rows):
            if not row.problem:
                records += row.text_records
                unread += not row.is_read
        if method.name != "model":
            return Estimate(len(rows), records, 0, None, len(rows), unread)
        left = (await self._quota.usage()).left
        fits = 0
        used = 0
        async for row in in_turns(rows):
            used += 0 if row.problem else row.text_records
            if left is not None and used > left:
                break
            fits += 1
        return Estimate(len(rows), records, records, left, fits, unread)

    async def autolabel(
        self,
        rows: Sequence[DocumentRow],
        method: Method,
        categories: Sequence[str] | None = None,
        *,
        gpt: GptOptions | None = None,
        prices: Prices | None = None,
        watched: bool = False,
        scheduler: str | None = None,
    ) -> Job:
        """Starts a job that labels documents; ``categories`` are ids, all by default.

        Takes what :meth:`~tui_labeler.engine.jobs.requests.JobRequests.autolabel` does. Raises as that,
        ``QuotaError`` when too few text records are left, and ``PenError`` while labels are made elsewhere.
        """
        self._check_pen(JobKind.AUTOLABEL)
        return await self._start(
            await self.requests.autolabel(
                rows, method, categories, gpt=gpt, prices=prices, watched=watched, scheduler=scheduler
            )
        )

    async def train(self, options: dict[str, Any]) -> Job:
        """Starts a training job. Raises ``LockedError`` while another one of the project runs."""
        await self._check_training("")
        return await self._start(self.requests.train(options))

    async def _check_training(self, own: str) -> None:
        for job in await self._jobs.list():
            if job.request.kind is JobKind.TRAIN and not job.state.is_over and job.id != own:
                raise LockedError(
                    "A model is being trained in this project already.",
                    hint=f"Wait for job {job.id} to end, or cancel it.",
                )

    async def evaluate(self, method: Method, options: dict[str, Any], *, prices: Prices | None = None) -> Job:
        """Starts a job that compares a method with the labels and changes nothing.

        ``options`` as :class:`~tui_labeler.engine.runs.evaluation.EvaluationRun` and, for a deployment,
        :class:`~tui_labeler.engine.autolabelers.options.GptOptions` take them. Raises as
        :meth:`~tui_labeler.engine.jobs.requests.JobRequests.evaluate`.
        """
        return await self._start(await self.requests.evaluate(method, options, prices=prices))

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

    def _check_pen(self, kind: JobKind) -> None:
        """Raises ``PenError`` for suggestions where nobody could decide on them."""
        if kind is JobKind.AUTOLABEL:
            check_turn_of_pen(self._store.state.project)

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

    async def resume(
        self,
        job_id: str,
        *,
        retry_failed: bool = False,
        budget: Budget | None = None,
        scheduler: str | None = None,
    ) -> Job:
        """Goes on with what is missing; with ``retry_failed``, with the documents that failed too.

        ``budget`` and ``scheduler`` take the place of those that the job had.

        A job that runs is left to run. Raises ``RefusedError`` when there is nothing to go on with, when
        the model is another one by then than the one that labeled the documents before, or for another
        scheduler while it runs, ``QuotaError`` when too few text records are left, ``LockedError`` for
        training beside another one, ``InputError`` for a budget in USD where no price is known and for a
        scheduler where none has a part in it.
        """
        await self._store.refresh()
        job = await self._jobs.get(job_id)
        moved = moved_to(scheduler, job)
        if not job.state.is_over:
            return job
        self._check_pen(job.request.kind)
        if budget is not None:
            check_budget(GptOptions(budget_usd=budget.usd), job.request.prices)
        missing = await self.missing(job, retry_failed=retry_failed)
        again = {failure.document for failure in job.failed} if retry_failed else set()
        if _takes_quota(job.request):
            await self._quota.settle(job_id, job.text_records)
            await self._quota.reserve(job_id, sum(row.text_records for row in missing if not row.problem))
        if job.request.kind is JobKind.TRAIN:
            await self._check_training(job_id)
        try:
            paid = {"budget_usd": budget.usd, "budget_tokens": budget.tokens} if budget else {}
            await self._jobs.reopen(job_id, retry=frozenset(again), options={**paid, **moved})
        except LockedError:
            # Somebody else was faster: it runs.
            return await self._jobs.get(job_id)
        await self._launcher.launch(self._store.state.project.id, job_id)
        return await self._jobs.get(job_id)

    async def missing(self, job: Job, *, retry_failed: bool = False) -> Sequence[DocumentRow]:
        """Documents that a job goes on with when it is resumed; none where it is no autolabeling job.

        Raises ``RefusedError`` when there is nothing to go on with, or when the model is another one by then
        than the one that labeled the documents before.
        """
        if retry_failed and not job.failed and job.state is JobState.SUCCEEDED:
            raise RefusedError(
                f"Job {job.id} succeeded; there is nothing to do again.", hint=_START_ANEW[job.request.kind]
            )
        if job.request.kind is not JobKind.AUTOLABEL:
            if job.state is JobState.SUCCEEDED:
                raise RefusedError(
                    f"Job {job.id} has ended; there is nothing to go on with.",
                    hint=_START_ANEW[job.request.kind],
                )
            return []
        finished = await self._jobs.finished(job.id)
        cards = {card.name: card for card in await self._models.list()}
        card = cards.get(job.request.method.model) if job.request.method else None
        if finished and card:
            check_same_model(job.request, card)
        rows = self._store.state.rows
        failed = {failure.document for failure in job.failed}
        settled = finished if retry_failed else finished | failed
        missing = [rows[key] for key in job.request.documents if key in rows and key not in settled]
        # One that died or was cancelled after its last document has only to be closed.
        if not missing and job.state not in (JobState.INTERRUPTED, JobState.CANCELLED):
            hint, on_screen = _AGAIN if failed else (_START_ANEW[JobKind.AUTOLABEL], _ANOTHER)
            raise RefusedError(f"Job {job.id} has nothing left to do.", hint=hint, on_screen=on_screen)
        return missing

    async def retry(self, job_id: str, *, budget: Budget | None = None, scheduler: str | None = None) -> Job:
        """Does a job's failed documents again. Raises as :meth:`resume`."""
        return await self.resume(job_id, retry_failed=True, budget=budget, scheduler=scheduler)

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
