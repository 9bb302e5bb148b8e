"""A job from its lock to its end, whatever its kind."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import ALL_FAILED, Job, JobKind, JobRequest, JobState, Method
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.autolabelers.trained import TrainedAutolabeler
from tui_labeler.engine.deployments.batches import BatchStoppedError
from tui_labeler.engine.errors import InputError, LabelerError, NotFoundError
from tui_labeler.engine.jobs.requests import SCHEDULER
from tui_labeler.engine.models.models import TodaysModel, check_same_model, find_model, todays_ids
from tui_labeler.engine.ports import (
    AnswerStore,
    Container,
    Deployments,
    Estimators,
    JobStore,
    ModelStore,
    ProjectStore,
    QuotaStore,
    Surroundings,
)
from tui_labeler.engine.ports.cluster import Cluster, Order
from tui_labeler.engine.runs.autolabeling import AutolabelRun
from tui_labeler.engine.runs.distributed import DistributedRun
from tui_labeler.engine.runs.evaluated import Evaluated, GptEvaluated, TrainedEvaluated
from tui_labeler.engine.runs.evaluation import EvaluationRun, PartlyMeasuredError
from tui_labeler.engine.runs.gpt import GptSetup
from tui_labeler.engine.runs.sent import BatchPace
from tui_labeler.engine.runs.training import TrainingRun
from tui_labeler.engine.wording import counted, in_words

if TYPE_CHECKING:
    from tui_labeler.domain.models import ModelCard
    from tui_labeler.engine.ports import JobJournal

LOOK_EVERY = 0.2
"""Seconds between two looks for a request to cancel."""

Outcome = tuple[JobState, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Runner:
    """What a runner's process works with."""

    store: ProjectStore
    container: Container
    jobs: JobStore
    models: ModelStore
    quota: QuotaStore
    estimators: Callable[[], Estimators]
    """Loads them: heavy, and only when a job needs them."""
    deployments: Deployments
    answers: Callable[[str], AnswerStore]
    """The kept answers of deployments, for the job of that id to add to."""
    surroundings: Surroundings
    clusters: Callable[[str], Awaitable[Cluster]]
    """Connects to the cluster with a scheduler at that address."""
    batch_pace: BatchPace = field(default_factory=BatchPace)

    async def run(self, job_id: str) -> Job:
        """Runs a job to its end and returns it. Raises ``LockedError`` when it runs already."""
        journal = await self.jobs.run(job_id)
        try:
            request = journal.job.request
            await journal.started(os.getpid(), len(request.documents))
            state, message, code, result = await self._finish(journal)
            await self.quota.settle(job_id, journal.job.text_records)
            await journal.ended(state.value, message=message, code=code, result=result)
            return journal.job
        finally:
            await journal.close()

    async def _finish(self, journal: JobJournal) -> tuple[JobState, str, str, dict[str, Any]]:
        try:
            state, result = await self._until_cancelled(journal)
        except (BudgetError, BatchStoppedError) as error:
            # What was paid for is there; the rest waits for a larger budget, or for the service.
            found = error.result if isinstance(error, PartlyMeasuredError) else {}
            # What to do about a budget is said by whoever shows the job: a command, or a key.
            words = error.message if isinstance(error, BudgetError) else in_words(error)
            return JobState.CANCELLED, words, error.code, {**found, "exit_code": error.exit_code}
        except LabelerError as caught:
            why = await self._deleted_model(journal.job.request) or caught
            advice = {"hint": why.hint, "on_screen": why.on_screen} if why.hint else {}
            return JobState.FAILED, why.message, why.code, {"exit_code": why.exit_code, **advice}
        if state is JobState.FAILED:
            failed = journal.job.failed
            words = f"None of {counted(len(failed), 'document')} could be labeled. {failed[0].location}: "
            return state, words + failed[0].message, ALL_FAILED, result
        return state, "", "", result

    async def _deleted_model(self, request: JobRequest) -> NotFoundError | None:
        """Why a job failed whose model somebody deleted, whatever it met first."""
        method = request.method
        if method is None or method.name != "model":
            return None
        cards, broken = await self.models.list(), await self.models.broken()
        if method.model in {*(card.name for card in cards), *(name for name, _ in broken)}:
            return None
        return NotFoundError(
            f"The model {method.model!r} was deleted.",
            hint="Start another job, with a model that there is.",
        )

    async def _until_cancelled(self, journal: JobJournal) -> Outcome:
        """The work, unless a cancel comes first. What was being written is written to its end."""
        if journal.cancel_requested():
            if not journal.preparation.get("batches"):
                return JobState.CANCELLED, {}
            # What an earlier run has left at the service is stopped there, and nothing else is done.
            stopping = asyncio.ensure_future(self._work(journal)())
            await asyncio.wait([stopping])
            return (JobState.CANCELLED, {}) if stopping.cancelled() else stopping.result()
        work = asyncio.ensure_future(self._work(journal)())
        while not work.done():
            await asyncio.wait([work], timeout=LOOK_EVERY)
            if not work.done() and journal.cancel_requested():
                work.cancel()
                await asyncio.wait([work])
        return (JobState.CANCELLED, {}) if work.cancelled() else work.result()

    def _work(self, journal: JobJournal) -> Callable[[], Awaitable[Outcome]]:
        match journal.job.request.kind:
            case JobKind.AUTOLABEL:
                return lambda: self._autolabel(journal)
            case JobKind.TRAIN:
                return lambda: self._train(journal)
            case JobKind.EVALUATE:
                return lambda: self._evaluate(journal)

    async def _autolabel(self, journal: JobJournal) -> Outcome:
        method = _method(journal)
        if method.name == "gpt":
            async with self._deployment(journal, method) as setup:
                if GptOptions.of(journal.job.request.options).batch:
                    return await self._in_batches(journal, setup), {}
                autolabeler = await setup.autolabeler()
                await journal.stage("labeling", 0, 0)
                return await AutolabelRun(self.store, self.container, journal, autolabeler).run(), {}
        await journal.stage("loading the model", 0, 0)
        card = await find_model(self.models, _trained(method))
        if journal.finished or journal.answered:
            check_same_model(journal.job.request, card)
        ids = todays_ids(card, self.store.state.categories)
        scheduler = journal.job.request.options.get(SCHEDULER)
        if scheduler is not None:
            state = await self._on_cluster(journal, str(scheduler), card, ids)
        else:
            model = TodaysModel(await self.models.load(method.model), ids)
            await journal.stage("labeling", 0, 0)
            state = await AutolabelRun(self.store, self.container, journal, TrainedAutolabeler(model)).run()
        return state, {}

    async def _on_cluster(
        self, journal: JobJournal, scheduler: str, card: ModelCard, ids: Mapping[str, str]
    ) -> JobState:
        model = await self.models.files(card.name)
        await journal.stage("connecting to the cluster", 0, 0)
        cluster = await self.clusters(scheduler)
        try:
            order = Order(self.store.state.project.container, model, card.version, ids)
            return await DistributedRun(self.store, self.container, journal, cluster, order).run()
        finally:
            await cluster.close()

    async def _in_batches(self, journal: JobJournal, setup: GptSetup) -> JobState:
        batches = setup.batch_run(self.batch_pace)
        autolabeler = await setup.autolabeler(ledger=batches.ledger)

        async def one_pass() -> JobState:
            await self.store.refresh()
            return await AutolabelRun(self.store, self.container, journal, autolabeler).run()

        return await batches.run(one_pass)

    async def _train(self, journal: JobJournal) -> Outcome:
        await journal.stage("loading", 0, 100)
        estimators = await asyncio.to_thread(self.estimators)
        run = TrainingRun(
            self.store,
            self.container,
            journal,
            self.models,
            estimators,
            self.surroundings,
            time.monotonic,
        )
        return JobState.SUCCEEDED, await run.run()

    async def _evaluate(self, journal: JobJournal) -> Outcome:
        method = _method(journal)
        if method.name == "gpt":
            # Asked at once, whatever the options say of batches: it is small, and somebody waits for it.
            async with self._deployment(journal, method) as setup:
                return await self._compared(journal, GptEvaluated(setup, method.source))
        return await self._compared(
            journal, await TrainedEvaluated.load(self.store, self.models, _trained(method))
        )

    async def _compared(self, journal: JobJournal, method: Evaluated) -> Outcome:
        result = await EvaluationRun(self.store, self.container, journal, method).run()
        failed = journal.job.failed
        return JobState.PARTIALLY_COMPLETED if failed else JobState.SUCCEEDED, result

    @asynccontextmanager
    async def _deployment(self, journal: JobJournal, method: Method) -> AsyncIterator[GptSetup]:
        await journal.stage("connecting", 0, 0)
        connected = await self.deployments.connect(method.resource, method.deployment)
        answers = self.answers(journal.job.id)
        try:
            yield GptSetup(self.store, self.container, journal, connected, answers, self.jobs)
        finally:
            await answers.close()
            await connected.model.close()


def _method(journal: JobJournal) -> Method:
    method = journal.job.request.method
    if method is None:
        raise InputError("The job does not say what labels.", hint="Delete it, and start another one.")
    return method


def _trained(method: Method) -> str:
    """The name of the trained model. Raises ``InputError`` for a method that is not one."""
    if method.name != "model":
        raise InputError(
            f"A job of this kind can't use the method {method.name!r}.",
            hint="Start another one, with a trained model or a deployment.",
        )
    return method.model
