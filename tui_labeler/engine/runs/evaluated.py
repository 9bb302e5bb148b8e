"""Methods that an evaluation compares with the labels: a trained model, or a deployment."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from tui_labeler.domain.jobs import Answer, DocumentFailure, Usage
from tui_labeler.domain.models import ModelCard
from tui_labeler.domain.performance import TestedDocument
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.autolabelers.confidence import confidence_map
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.models.models import TodaysModel, find_model, todays_ids
from tui_labeler.engine.runs.gpt import GptSetup, fewer_examples, usage_figures
from tui_labeler.engine.runs.training import Tested, tested_documents
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.models.samples import LabeledDocument
    from tui_labeler.engine.ports import ModelStore, ProjectStore


class Evaluated(Protocol):
    """A method that is compared with the labels."""

    @property
    def name(self) -> str:
        """A model's name, or what suggestions of a deployment carry."""

    @property
    def learned(self) -> frozenset[int]:
        """Ids of documents that it learned from."""

    @property
    def categories(self) -> Mapping[str, str]:
        """Names, by id, of categories that it knows and the project perhaps no longer has."""

    async def test(
        self, documents: Sequence[LabeledDocument], every: Sequence[LabeledDocument], progress: Progress
    ) -> Tested:
        """What it says of ``documents``, of ``every`` that is labeled; ``progress`` takes a share, 0 to 1.

        Those that fail are told to the journal.
        """

    @property
    def warnings(self) -> Sequence[str]:
        """What is to be said of its answers, phrases without a full stop."""

    @property
    def stopped(self) -> BudgetError | None:
        """Why some of the documents were not asked about."""

    def figures(self) -> dict[str, Any]:
        """What else belongs into the result: usage, cost."""


Progress = Callable[[float], Awaitable[None]]
"""Takes a share, 0 to 1."""


@dataclass(frozen=True, slots=True)
class TrainedEvaluated:
    """A trained model, to be evaluated."""

    card: ModelCard
    model: TodaysModel

    @classmethod
    async def load(cls, store: ProjectStore, models: ModelStore, name: str) -> TrainedEvaluated:
        """Raises ``NotFoundError``."""
        card = await find_model(models, name)
        ids = todays_ids(card, store.state.categories)
        return cls(card, TodaysModel(await models.load(name), ids))

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def learned(self) -> frozenset[int]:
        return frozenset(self.card.train_documents)

    @property
    def categories(self) -> Mapping[str, str]:
        return self.card.categories

    async def test(
        self, documents: Sequence[LabeledDocument], every: Sequence[LabeledDocument], progress: Progress
    ) -> Tested:
        return await tested_documents(self.model, documents)

    @property
    def warnings(self) -> Sequence[str]:
        return ()

    @property
    def stopped(self) -> BudgetError | None:
        return None

    def figures(self) -> dict[str, Any]:
        return usage_figures(Usage(), None)


class GptEvaluated:
    """A deployment, to be evaluated; its examples come from documents that are not."""

    learned: frozenset[int] = frozenset()
    categories: Mapping[str, str] = MappingProxyType({})

    def __init__(self, setup: GptSetup, name: str) -> None:
        self.name = name
        self._setup = setup
        self._asked = [0, 0]
        """Documents whose answers were paid for, and their characters."""
        self._seconds: float | None = None
        """That asking took; ``None`` where some answers were kept ones."""
        self._examples = (0, 0)
        """In these prompts, and in those of a job with no document under evaluation."""
        self.stopped: BudgetError | None = None
        self._unused = [0, 0]
        """Items of answers that could not be used, and the documents they were said of."""
        self._points: tuple[tuple[float, float], ...] = ()

    async def test(
        self, documents: Sequence[LabeledDocument], every: Sequence[LabeledDocument], progress: Progress
    ) -> Tested:
        chosen = {document.id: document for document in documents}
        autolabeler = await self._setup.autolabeler(every, excluded=frozenset(chosen))
        self._examples = len(autolabeler.examples), len(self._setup.chosen_examples(every))
        tested, done, began = Tested([], []), 0, time.monotonic()
        try:
            async for batch in autolabeler.label(self._tasks(documents)):
                for item in batch:
                    done += 1
                    self._take(chosen[item.document], item, tested)
                await self._setup.journal.failed([one for one in batch if isinstance(one, DocumentFailure)])
                await progress(done / len(documents))
        except BudgetError as error:
            if not tested.documents:
                raise
            self.stopped = error
        if done and self._asked[0] == done:
            self._seconds = round(time.monotonic() - began, 3)
        self._points = confidence_map(tested.outcomes).points
        return tested

    def _take(self, document: LabeledDocument, item: Answer | DocumentFailure, tested: Tested) -> None:
        if item.usage.completion_tokens:
            self._asked[0] += 1
            self._asked[1] += len(document.text)
        if isinstance(item, DocumentFailure):
            return
        _compare(document, item, tested)
        if item.unused:
            self._unused[0] += sum(one.times for one in item.unused)
            self._unused[1] += 1

    async def _tasks(self, documents: Sequence[LabeledDocument]) -> AsyncIterator[Task]:
        state = self._setup.store.state
        for document in documents:
            language = state.rows[document.id].language or state.project.language
            attempt = self._setup.journal.attempts.get(document.id, 0)
            yield Task(document.id, document.location, language, document.text, "", attempt)

    @property
    def warnings(self) -> Sequence[str]:
        said = [words] if (words := fewer_examples(*self._examples)) else []
        items, documents = self._unused
        if items:
            where = f"in the answers on {counted(documents, 'document')}"
            said.append(f"{counted(items, 'item')} {where} could not be used: of unknown categories, say")
        return said

    def figures(self) -> dict[str, Any]:
        job = self._setup.journal.job
        points = [list(point) for point in self._points]
        asked = {"documents": self._asked[0], "characters": self._asked[1], "seconds": self._seconds}
        return {
            **usage_figures(job.usage, job.cost),
            "unanswered_requests": job.unanswered,
            "unanswered_usage": {
                "prompt_tokens": job.unanswered_usage.prompt_tokens,
                "completion_tokens": job.unanswered_usage.completion_tokens,
            },
            "unanswered_cost": None if job.unanswered_cost is None else round(job.unanswered_cost, 6),
            "confidence": points,
            "asked": asked,
            "examples": self._examples[0],
            "job_examples": self._examples[1],
        }


def _compare(document: LabeledDocument, answer: Answer, tested: Tested) -> None:
    predicted = tuple((proposal.category, proposal.span) for proposal in answer.proposals)
    actual = frozenset(document.annotations)
    tested.documents.append(TestedDocument(document.location, document.annotations, predicted))
    tested.outcomes.extend(
        (proposal.confidence, annotation in actual)
        for proposal, annotation in zip(answer.proposals, predicted, strict=True)
        if proposal.confidence is not None
    )
