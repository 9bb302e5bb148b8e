"""What jobs are asked for: checked, and written down as requests that nobody has started yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState, Method
from tui_labeler.engine.autolabelers.options import GptOptions, check_budget
from tui_labeler.engine.deployments.prices import batch_prices
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.models.compared import LeftOut, comparable, nothing_to_compare
from tui_labeler.engine.models.models import MODEL_VERSION, find_model, learned_ids

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.resources import Prices
    from tui_labeler.engine.ports import JobStore, ModelStore, ProjectStore, Surroundings

WATCHED = "watched"
"""Among a job's options: a watcher started it, and the next one goes on with it."""

SCHEDULER = "scheduler"
"""Among a job's options: where the scheduler of the cluster is that labels; without it, this machine does."""

SCHEDULER_HINT = "Give the address that `dask scheduler` prints: tcp://10.0.0.5:8786, say."


def scheduler_option(scheduler: str | None) -> dict[str, str]:
    """What a job's options say of a scheduler. Raises ``InputError`` for an empty address."""
    if scheduler is None:
        return {}
    if not scheduler.strip():
        raise InputError("--scheduler is empty.", hint=SCHEDULER_HINT)
    return {SCHEDULER: scheduler}


def moved_to(scheduler: str | None, job: Job) -> dict[str, str]:
    """The options of a job that goes on with another scheduler.

    Raises ``InputError`` where no scheduler has a part in it, ``RefusedError`` while it runs with another.
    """
    moved = scheduler_option(scheduler)
    before = job.request.options.get(SCHEDULER)
    if moved and before is None:
        raise InputError(
            f"Job {job.id} is not labeled on a cluster.", hint="Leave --scheduler out to go on with it."
        )
    if moved and not job.state.is_over and scheduler != before:
        raise RefusedError(
            f"Job {job.id} is at work, with the scheduler {before}.", hint="Cancel it first, then resume it."
        )
    return moved


class JobRequests:
    """Makes the requests of a project's jobs."""

    def __init__(
        self, store: ProjectStore, jobs: JobStore, models: ModelStore, surroundings: Surroundings
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._models = models
        self._surroundings = surroundings

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
    ) -> JobRequest:
        """For documents to be labeled; ``categories`` are ids, all by default. ``watched``: by a watcher.

        ``scheduler``: of a cluster, whose workers use a trained model in place of this machine.

        ``gpt`` and ``prices`` are of a job for a deployment; prices are those of single requests. Raises
        ``NotFoundError`` for an unknown model, ``InputError`` without documents or categories, or for a
        budget in USD where no price is known, or for a scheduler without an address.
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
            options = {MODEL_VERSION: card.version, **scheduler_option(scheduler)}
        else:
            given = gpt or GptOptions()
            check_budget(given, prices)
            worth = await self._worth_of_confidence(method)
            options = replace(given, confidence=worth).as_options()
            prices = batch_prices(prices) if prices and given.batch else prices
        return replace(
            self._of(JobKind.AUTOLABEL),
            method=method,
            categories=chosen,
            documents=tuple(row.id for row in rows),
            text_records=sum(row.text_records for row in rows if not row.problem),
            prices=prices,
            options={**options, **({WATCHED: True} if watched else {})},
        )

    async def _worth_of_confidence(self, method: Method) -> tuple[tuple[float, float], ...]:
        """What the newest evaluation of a method has found; nothing where there is none."""
        for job in await self._jobs.list():
            is_done = job.state in (JobState.SUCCEEDED, JobState.PARTIALLY_COMPLETED)
            is_one = job.request.kind is JobKind.EVALUATE and is_done
            if is_one and job.request.method == method:
                return tuple((share, right) for share, right in job.result.get("confidence", ()))
        return ()

    def train(self, options: dict[str, Any]) -> JobRequest:
        """For a training."""
        return replace(self._of(JobKind.TRAIN), options=options)

    async def evaluate(
        self, method: Method, options: dict[str, Any], *, prices: Prices | None = None
    ) -> JobRequest:
        """For a method to be compared with the labels.

        Raises ``NotFoundError`` for an unknown model, ``InputError`` where nothing is labeled that it could
        be compared with, and for a budget in USD where no price is known.
        """
        if method.name != "model":
            check_budget(GptOptions.of(options), prices)
        found, left_out = await self._comparable(method, options)
        if not found:
            raise nothing_to_compare(left_out)
        return replace(
            self._of(JobKind.EVALUATE),
            method=method,
            categories=tuple(self._store.state.categories),
            prices=prices,
            options=options,
        )

    async def compared(self, request: JobRequest) -> int:
        """How many documents an evaluation of a trained model compares with, as far as the project tells."""
        assert request.method is not None
        found, _ = await self._comparable(request.method, request.options)
        limit = request.options.get("limit")
        return len(found) if limit is None else min(len(found), int(limit))

    async def _comparable(
        self, method: Method, options: Mapping[str, Any]
    ) -> tuple[list[DocumentRow], LeftOut]:
        learned: frozenset[int] = frozenset()
        if method.name == "model":
            card = await find_model(self._models, method.model)
            learned = frozenset() if options.get("include_training") else frozenset(card.train_documents)
        return comparable(self._store.state, learned, accepted=bool(options.get("include_accepted")))

    def _of(self, kind: JobKind) -> JobRequest:
        return JobRequest(
            id=self._surroundings.new_id(),
            kind=kind,
            actor=self._surroundings.actor,
            created=self._surroundings.now(),
        )
