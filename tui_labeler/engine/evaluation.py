"""Evaluating a method on documents that are labeled already, before it is let loose on the rest."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from tui_labeler.domain.jobs import Answer, DocumentFailure, Usage, cost_of
from tui_labeler.domain.models import ModelCard
from tui_labeler.domain.performance import TestedDocument, measure
from tui_labeler.engine.autolabelers.confidence import confidence_map
from tui_labeler.engine.autolabeling import Task
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.figures import names_of, performance_figures
from tui_labeler.engine.gpt_setup import GptSetup, usage_figures
from tui_labeler.engine.intervals import intervals
from tui_labeler.engine.models import TodaysModel, find_model, todays_ids
from tui_labeler.engine.ports import Container, JobJournal, ModelStore, ProjectStore
from tui_labeler.engine.samples import LabeledDocument, labeled_documents, labels_version
from tui_labeler.engine.training_run import Tested, tested_documents
from tui_labeler.engine.wording import counted


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
        """What it says of ``documents``, of ``every`` that is labeled; ``progress`` takes a share, 0 to 1."""

    @property
    def warnings(self) -> Sequence[str]:
        """What is to be said of its answers, phrases without a full stop."""

    def figures(self) -> dict[str, Any]:
        """What else belongs into the result: usage, cost, failures."""


class Progress(Protocol):
    """Takes a share, 0 to 1, and what was used so far."""

    def __call__(self, share: float, usage: Usage | None = None) -> Awaitable[None]: ...


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

    def figures(self) -> dict[str, Any]:
        return {**usage_figures(Usage(), None), "failed": []}


class GptEvaluated:
    """A deployment, to be evaluated; its examples come from documents that are not."""

    learned: frozenset[int] = frozenset()
    categories: Mapping[str, str] = MappingProxyType({})

    def __init__(self, setup: GptSetup, name: str) -> None:
        self.name = name
        self._setup = setup
        self._usage = Usage()
        self._asked = [0, 0]
        """Documents whose answers were paid for, and their characters."""
        self._failed: list[DocumentFailure] = []
        self._unused = [0, 0]
        """Items of answers that could not be used, and the documents they were said of."""
        self._points: tuple[tuple[float, float], ...] = ()

    async def test(
        self, documents: Sequence[LabeledDocument], every: Sequence[LabeledDocument], progress: Progress
    ) -> Tested:
        chosen = {document.id: document for document in documents}
        autolabeler = await self._setup.autolabeler(every, excluded=frozenset(chosen))
        tested, done = Tested([], []), 0
        async for batch in autolabeler.label(self._tasks(documents)):
            for item in batch:
                done += 1
                self._usage += item.usage
                if item.usage.completion_tokens:
                    self._asked[0] += 1
                    self._asked[1] += len(chosen[item.document].text)
                if isinstance(item, DocumentFailure):
                    self._failed.append(item)
                else:
                    _compare(chosen[item.document], item, tested)
                    if item.unused:
                        self._unused[0] += sum(one.times for one in item.unused)
                        self._unused[1] += 1
            await progress(done / len(documents), self._usage)
        self._points = confidence_map(tested.outcomes).points
        return tested

    async def _tasks(self, documents: Sequence[LabeledDocument]) -> AsyncIterator[Task]:
        state = self._setup.store.state
        for document in documents:
            language = state.rows[document.id].language or state.project.language
            yield Task(document.id, document.location, language, document.text, "")

    @property
    def warnings(self) -> Sequence[str]:
        items, documents = self._unused
        if not items:
            return ()
        where = f"in the answers on {counted(documents, 'document')}"
        return (f"{counted(items, 'item')} {where} could not be used: of unknown categories, say",)

    def figures(self) -> dict[str, Any]:
        cost = cost_of(self._usage, self._setup.journal.job.request.prices)
        failed = [
            {"location": item.location, "error": item.error, "message": item.message} for item in self._failed
        ]
        points = [list(point) for point in self._points]
        asked = {"documents": self._asked[0], "characters": self._asked[1]}
        return {**usage_figures(self._usage, cost), "failed": failed, "confidence": points, "asked": asked}


def _compare(document: LabeledDocument, answer: Answer, tested: Tested) -> None:
    predicted = tuple((proposal.category, proposal.span) for proposal in answer.proposals)
    actual = frozenset(document.annotations)
    tested.documents.append(TestedDocument(document.location, document.annotations, predicted))
    tested.outcomes.extend(
        (proposal.confidence, annotation in actual)
        for proposal, annotation in zip(answer.proposals, predicted, strict=True)
        if proposal.confidence is not None
    )


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """Compares a method with the labels; changes nothing.

    Options: ``limit`` (documents at most, a seeded choice), ``seed``, ``include_accepted`` (documents with
    labels that began as suggestions), ``include_training`` (documents that the model learned from).
    """

    store: ProjectStore
    container: Container
    journal: JobJournal
    method: Evaluated

    async def run(self) -> dict[str, Any]:
        """The job's result. Raises ``InputError`` when no document is left to compare with."""
        options = self.journal.job.request.options
        await self.journal.stage("reading the labeled documents", 0, 100)
        found = await labeled_documents(self.store.state, self.container)
        learned = frozenset() if options.get("include_training") else self.method.learned
        chosen, left_out = choose(found.documents, learned, accepted=bool(options.get("include_accepted")))
        if not chosen:
            raise InputError(
                f"There is no labeled document to evaluate with: {left_out['training']} taught the model, "
                f"{left_out['accepted']} have labels that began as suggestions."
                + "".join(f" {warning}." for warning in found.warnings),
                hint="Label more documents by hand, or include those "
                "(--include-training, --include-accepted).",
            )
        limit = options.get("limit")
        seed = int(options.get("seed", 0))
        if limit is not None and limit < len(chosen):
            chosen = random.Random(seed).sample(chosen, int(limit))
        progress = self._progress(len(chosen))
        await progress(0.0)
        tested = await self.method.test(chosen, found.documents, progress)
        if not tested.documents:
            failed = self.method.figures()["failed"]
            why = f" {failed[0]['location']}: {failed[0]['message']}" if failed else ""
            raise InputError(f"No document could be labeled.{why}")
        await self.journal.stage("measuring", 95, 100)
        kind = self.store.state.project.kind
        performance = measure(kind, *tested)
        names = names_of(self.store.state, dict(self.method.categories))
        ends = intervals(kind, tested.documents, performance, names, seed)
        await self.journal.stage("done", 100, 100)
        return {
            "model": self.method.name,
            **performance_figures(performance, names),
            "documents": len(tested.documents),
            "left_out": left_out,
            "skipped": found.skipped,
            "warnings": [*found.warnings, *self.method.warnings],
            "intervals": ends,
            "labels_version": labels_version(chosen),
            **self.method.figures(),
        }

    def _progress(self, documents: int) -> Progress:
        words = f"labeling {counted(documents, 'document')}"

        async def tell(share: float, usage: Usage | None = None) -> None:
            await self.journal.stage(words, 10 + round(80 * share), 100, usage=usage)

        return tell


def choose(
    documents: Sequence[LabeledDocument], learned: frozenset[int], *, accepted: bool
) -> tuple[list[LabeledDocument], dict[str, int]]:
    """The documents of an honest evaluation, and how many are left out for which reason.

    A model knows the documents it learned from, and people follow suggestions: both would flatter it.
    """
    chosen: list[LabeledDocument] = []
    left_out = {"training": 0, "accepted": 0}
    for document in documents:
        if document.id in learned:
            left_out["training"] += 1
        elif document.from_suggestions and not accepted:
            left_out["accepted"] += 1
        else:
            chosen.append(document)
    return chosen, left_out
