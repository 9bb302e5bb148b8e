"""What a training job does: split, learn, test, put the model in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tui_labeler.domain.calibration import Outcome
from tui_labeler.domain.models import Features, ModelCard, Split, TrainOptions
from tui_labeler.domain.performance import TestedDocument, measure
from tui_labeler.engine.actions import CLEARED, TRAINED
from tui_labeler.engine.changes import drop_suggestion
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.jobs.training import model_event, options_of
from tui_labeler.engine.models.figures import figures
from tui_labeler.engine.models.samples import (
    LabeledDocument,
    LabeledDocuments,
    Parts,
    labeled_documents,
    labels_version,
    parts,
    sets_words,
    tallies,
    unlabeled_texts,
)
from tui_labeler.engine.ports import (
    Change,
    Container,
    Estimators,
    JobJournal,
    ModelStore,
    Plan,
    ProjectStore,
    Surroundings,
)
from tui_labeler.engine.turns import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.engine.ports import (
        FittedModel,
        State,
    )


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Trains one model. Nothing is changed before the model is in its place."""

    store: ProjectStore
    container: Container
    journal: JobJournal
    models: ModelStore
    estimators: Estimators
    surroundings: Surroundings
    seconds: Callable[[], float]
    """A clock that only goes forward."""

    async def run(self) -> dict[str, Any]:
        """Trains, tests, saves, then deletes undecided suggestions; returns the job's result.

        Raises ``InputError`` when there is too little to learn from or to test with.
        """
        began = self.seconds()
        options = options_of(self.journal.job.request.options)
        state = self.store.state
        await self.journal.stage("reading the labeled documents", 0, 100)
        found = await labeled_documents(state, self.container)
        documents = found.documents
        chosen = _parts(found, options)
        train, test, _ = chosen
        warnings = (*found.warnings, *sets_words(options), *chosen.warnings)
        extra = await unlabeled_texts(state, self.container, documents, options.seed)
        model = await self._fit(list(train), [*extra, *(d.text for d in test)], options)
        await self.journal.stage("testing", 95, 100)
        tested = await tested_documents(model, test)
        await self.store.refresh()
        card = self._card(options, model, chosen, tested, self.seconds() - began)
        card = replace(card, warnings=warnings)
        placing = asyncio.ensure_future(self._put_in_place(card, model))
        skipped = {"skipped": found.skipped}
        try:
            return {**await finished(placing), **skipped}
        except asyncio.CancelledError:
            # Too late: it is done.
            return {**placing.result(), **skipped}

    async def _put_in_place(self, card: ModelCard, model: FittedModel) -> dict[str, Any]:
        """The model and the deletion belong together: a cancel comes before both or after.

        The result counts the suggestions that people saw; those that a label hid go too.
        """
        await self.models.save(card, model)
        job = self.journal.job
        await self.store.commit(job.request.actor, lambda _: model_event(TRAINED, card.name, job.id))
        deleted = await self._delete_suggestions()
        await self.journal.stage("done", 100, 100)
        return {**figures(card, self.store.state), "deleted_suggestions": deleted}

    async def _fit(
        self, train: Sequence[LabeledDocument], extra: Sequence[str], options: TrainOptions
    ) -> FittedModel:
        """Training goes on in a thread; what it reports is written by this one."""
        latest: list[tuple[str, float]] = []
        kind = self.store.state.project.kind
        work = asyncio.ensure_future(
            self.estimators.train(
                kind,
                [document.sample for document in train],
                extra,
                seed=options.seed,
                features=self._features(options),
                progress=lambda words, share: latest.append((words, share)),
            )
        )
        while not work.done():
            await asyncio.wait([work], timeout=0.25)
            if latest:
                words, share = latest[-1]
                latest.clear()
                await self.journal.stage(words, round(share * 95), 100)
        return work.result()

    def _features(self, options: TrainOptions) -> Features:
        """The network knows English: elsewhere it is tried only where somebody asks for it."""
        project = self.store.state.project
        english = project.language.lower().startswith("en") and not project.multilingual
        return Features.WORDS if options.features is Features.AUTO and not english else options.features

    def _card(
        self,
        options: TrainOptions,
        model: FittedModel,
        chosen: Parts,
        tested: Tested,
        seconds: float,
    ) -> ModelCard:
        state = self.store.state
        train, test, _ = chosen
        train_labels, train_with = tallies(train)
        test_labels, test_with = tallies(test)
        return ModelCard(
            name=options.model,
            kind=state.project.kind,
            created=self.surroundings.now(),
            actor=self.journal.job.request.actor,
            seconds=round(seconds, 3),
            version=model.version,
            labels_version=labels_version([*train, *test]),
            options=options,
            categories={key: category.name for key, category in state.categories.items()},
            performance=measure(state.project.kind, *tested),
            train_documents=tuple(document.id for document in train),
            test_documents=tuple(document.id for document in test),
            train_labels=train_labels,
            test_labels=test_labels,
            train_documents_with=train_with,
            test_documents_with=test_with,
            tested=tuple(tested.documents),
            deleted_suggestions=sum(row.suggestion_count for row in state.rows.values()),
            features=model.features,
        )

    async def _delete_suggestions(self) -> int:
        """Undecided suggestions go when a model is trained; decided ones, drafts too, stay."""
        await self.store.refresh()
        ids = [row.id for row in self.store.state.rows.values()]
        actor = self.journal.job.request.actor
        group = self.surroundings.new_id()
        shown: list[int] = []
        committed = False
        for start in range(0, len(ids), BATCH):
            note: dict[str, Any] = {"continues": True} if committed else {}
            shell = Plan(CLEARED, (), group=group, note=note)
            plan = partial(_deleting, ids[start : start + BATCH], shell, shown)
            committed = bool(await self.store.commit(actor, plan)) or committed
        return sum(shown)


def _parts(found: LabeledDocuments, options: TrainOptions) -> Parts:
    """Raises ``InputError`` when there is nothing to learn from."""
    if not any(document.annotations for document in found.documents):
        raise InputError(
            " ".join(["There is no saved label to learn from.", *(f"{w}." for w in found.warnings)]),
            hint="Check the labels of those documents, or label others and save."
            if found.warnings
            else "Label some documents and save.",
        )
    chosen = parts(found.documents, options)
    if options.split is Split.AUTO and not any(document.annotations for document in chosen.train):
        raise InputError(
            "No document of the training set has a label.",
            hint="Put labeled documents into the training set, or split manually.",
        )
    return chosen


def _deleting(ids: Sequence[int], shell: Plan, shown: list[int], state: State) -> Plan:
    changes: list[Change] = []
    for document_id in ids:
        document = state.whole(document_id)
        shown.append(state.rows[document_id].suggestion_count)
        changes += [
            drop_suggestion(state, document, suggestion.id)
            for suggestion in document.suggestions.values()
            if suggestion.decision is None
        ]
    return Plan(shell.action, changes, group=shell.group, note=shell.note)


class Tested(NamedTuple):
    """What a model said of labeled documents: what :func:`~tui_labeler.domain.performance.measure` takes."""

    documents: list[TestedDocument]
    outcomes: list[Outcome]
    """One for each prediction, document by document."""


async def tested_documents(model: FittedModel, documents: Sequence[LabeledDocument]) -> Tested:
    """What a model says of labeled documents, beside what they are."""
    predictions = await model.predict([document.text for document in documents]) if documents else []
    tested = Tested([], [])
    for document, found in zip(documents, predictions, strict=True):
        predicted = tuple((prediction.category, prediction.span) for prediction in found)
        actual = frozenset(document.annotations)
        tested.documents.append(TestedDocument(document.location, document.annotations, predicted))
        tested.outcomes.extend(
            (prediction.confidence, annotation in actual)
            for prediction, annotation in zip(found, predicted, strict=True)
        )
    return tested
