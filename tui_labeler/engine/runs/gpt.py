"""Makes an autolabeler of a deployment for one job: examples, prompt, pace, budget, kept answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.jobs import Usage
from tui_labeler.domain.resources import Capabilities, Structured
from tui_labeler.engine.autolabelers.asking import Asker
from tui_labeler.engine.autolabelers.batching import Ledger
from tui_labeler.engine.autolabelers.confidence import ConfidenceMap
from tui_labeler.engine.autolabelers.gpt import GptAutolabeler
from tui_labeler.engine.autolabelers.in_batches import Elsewhere
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.pacing import Pacer
from tui_labeler.engine.autolabelers.prompts.fewshot import FewShot
from tui_labeler.engine.autolabelers.prompts.passages import Passage, passages
from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask
from tui_labeler.engine.autolabelers.room import Room
from tui_labeler.engine.autolabelers.spending import Budget, Lost, Spending
from tui_labeler.engine.deployments.tokens import estimating
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.models.samples import labeled_documents
from tui_labeler.engine.ports import (
    AnswerStore,
    Connected,
    Container,
    JobJournal,
    JobStore,
    ProjectStore,
)
from tui_labeler.engine.runs.batches import BatchRun
from tui_labeler.engine.runs.prompt_settling import Told, told_before, told_now
from tui_labeler.engine.typed import convert
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import JobRequest
    from tui_labeler.domain.resources import Deployment
    from tui_labeler.engine.autolabelers.asks import Asks, Missing
    from tui_labeler.engine.deployments.tokens import TokenCounter
    from tui_labeler.engine.models.samples import LabeledDocument
    from tui_labeler.engine.ports import (
        State,
    )
    from tui_labeler.engine.runs.sent import BatchPace

SHOT_TOKENS = 1_500
"""Of all examples of a prompt together."""

SHOT_SHARE = 4
"""Where a deployment has little room, examples take at most one in so many of its tokens."""

PLAIN = Capabilities(Structured.TEXT, logprobs=False, reasoning=False, seconds=0.0, tested="")
"""What every deployment can do."""


@dataclass(frozen=True, slots=True)
class GptSetup:
    """What it takes, beside the documents."""

    store: ProjectStore
    container: Container
    journal: JobJournal
    connected: Connected
    answers: AnswerStore
    jobs: JobStore | None = None
    """All of the project: what others have at a service is not asked again."""

    def batch_run(self, pace: BatchPace) -> BatchRun:
        """This job through the batch API. Raises ``InputError`` where there is none."""
        model = self.connected.batches
        if model is None:
            raise InputError(
                f"{self.connected.deployment.name} has no batch API.", hint="Start the job without `--batch`."
            )
        job = self.journal.job.id
        requests = self.journal.requests
        address, spending = self.connected.address, self._spending()
        ledger = Ledger(model, address, job, spending, self.answers, requests, self._counter, self._elsewhere)
        return BatchRun(self.journal, model, ledger, pace)

    def _spending(self) -> Spending:
        job = self.journal.job
        options = GptOptions.of(job.request.options)
        budget = Budget(options.budget_usd, options.budget_tokens)
        return Spending(job.request.prices, budget, job.usage, Lost(job.unanswered, job.unanswered_usage))

    async def autolabeler(
        self,
        documents: Sequence[LabeledDocument] | None = None,
        *,
        excluded: frozenset[int] = frozenset(),
        ledger: Ledger | None = None,
    ) -> GptAutolabeler:
        """The autolabeler of this job.

        ``documents`` are those with labels, read already; ``excluded`` are ids of documents that no example
        may come from. Raises what reading the container does, ``InputError`` for options that can't be.
        """
        request, deployment = self.journal.job.request, self.connected.deployment
        options = GptOptions.of(request.options)
        told = await self._told()
        shown = await self._examples(options, documents, excluded)
        asker: Asks = ledger or Asker(
            self.connected.model,
            self.connected.address,
            request.id,
            Pacer(options.at_once),
            self._spending(),
            self.answers,
            self.journal.requests,
            counter=self._counter,
            tell_pause=self.journal.pauses,
            elsewhere=self._elsewhere,
        )
        later = ledger.later if ledger else None
        state = self.store.state
        return autolabeler_of(state, request, deployment, self._counter, shown, asker, later, told)

    @property
    def _elsewhere(self) -> Elsewhere | None:
        return Elsewhere(self.jobs, self.journal.job.id) if self.jobs is not None else None

    @property
    def _counter(self) -> TokenCounter:
        return self.connected.counter or estimating(self.store.state.project.language)

    def chosen_examples(
        self, documents: Sequence[LabeledDocument], excluded: frozenset[int] = frozenset()
    ) -> tuple[Passage, ...]:
        """Those that a job's prompts show where ``documents`` are labeled."""
        request = self.journal.job.request
        return chosen_examples(
            self.store.state, request, self.connected.deployment, self._counter, documents, excluded
        )

    async def _told(self) -> Told:
        """Settled once a job, so that its answers stay answers when somebody edits a category."""
        today = told_now(self.store.state, self.journal.job.request.categories)
        settled = told_before(self.journal.preparation)
        if settled is None:
            await self.journal.prepared({"told": today.as_record()})
        return settled or today

    async def _examples(
        self,
        options: GptOptions,
        documents: Sequence[LabeledDocument] | None,
        excluded: frozenset[int],
    ) -> tuple[Passage, ...]:
        """Chosen once a job: the questions of a run after a crash are those of the one before."""
        settled = settled_examples(self.journal.preparation)
        if settled is not None:
            return settled
        chosen: tuple[Passage, ...] = ()
        if options.shots:
            if documents is None:
                documents = (await labeled_documents(self.store.state, self.container)).documents
            chosen = self.chosen_examples(documents, excluded)
        await self.journal.prepared({"examples": msgspec.to_builtins(chosen)})
        return chosen


def autolabeler_of(
    state: State,
    request: JobRequest,
    deployment: Deployment,
    counter: TokenCounter,
    shown: Sequence[Passage],
    asker: Asks,
    later: Callable[[Sequence[Missing]], None] | None = None,
    told: Told | None = None,
) -> GptAutolabeler:
    """The autolabeler of a job that asks through ``asker``; ``told`` is what its prompts say already.

    Raises ``InputError`` for impossible options.
    """
    options = GptOptions.of(request.options)
    can = deployment.capabilities or PLAIN
    prompt = prompt_task(state, request.categories, can.structured, shown, told)
    room = Room(options.at_once, deployment.context, can.reasoning, can.logprobs, samples=options.samples)
    return GptAutolabeler(prompt, asker, counter, room, ConfidenceMap(options.confidence), later)


def settled_examples(preparation: Mapping[str, Any]) -> tuple[Passage, ...] | None:
    """The examples that a job has chosen in its first run; ``None`` where it has not begun."""
    settled = preparation.get("examples")
    return None if settled is None else convert(settled, tuple[Passage, ...])


def chosen_examples(
    state: State,
    request: JobRequest,
    deployment: Deployment,
    counter: TokenCounter,
    documents: Sequence[LabeledDocument],
    excluded: frozenset[int] = frozenset(),
) -> tuple[Passage, ...]:
    """The examples of a job's prompts, from labeled documents; none from those of ``excluded`` (ids)."""
    shots = GptOptions.of(request.options).shots
    if not shots:
        return ()
    budget = SHOT_TOKENS
    if deployment.context is not None:
        budget = min(budget, deployment.context // SHOT_SHARE)
    found = examples_of(state, request.categories, documents, counter)
    return FewShot(found, counter.at_most, excluded=excluded).for_job(budget, shots)


def fewer_examples(shown: int, of_job: int) -> str:
    """What is to be said of an evaluation whose prompts show fewer examples than a job's; else nothing."""
    if shown >= of_job:
        return ""
    return (
        f"measured with {counted(shown, 'example')} in the prompts; a job will show up to {of_job:,}, for "
        "passages of evaluated documents are never shown"
    )


def examples_of(
    state: State, categories: Sequence[str], documents: Sequence[LabeledDocument], counter: TokenCounter
) -> Iterator[Passage]:
    """Passages of labeled documents, with labels of some categories (ids)."""
    kind, wanted = state.project.kind, frozenset(categories)
    for document in documents:
        yield from passages(kind, document.id, document.text, document.annotations, wanted, counter.at_most)


def prompt_task(
    state: State,
    categories: Sequence[str],
    structured: Structured,
    examples: Sequence[Passage] = (),
    told: Told | None = None,
) -> PromptTask:
    """What is asked with some categories (ids), in the project's languages, or with what is ``told``."""
    told = told or told_now(state, categories)
    return PromptTask(
        state.project.kind,
        told.categories,
        structured=structured,
        languages=told.languages,
        passages=examples,
    )


def usage_figures(usage: Usage, cost: float | None) -> dict[str, Any]:
    """Tokens and USD, for a result."""
    figures: dict[str, Any] = msgspec.to_builtins(usage)
    return {"usage": figures, "cost": None if cost is None else round(cost, 6)}
