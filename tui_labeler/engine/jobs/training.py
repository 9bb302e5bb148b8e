"""Before a model is trained: what is there to learn from, and what training will delete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import Method
from tui_labeler.domain.models import Features, Split, TrainOptions
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.actions import MODEL_DELETED
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.models.models import check_model_name
from tui_labeler.engine.models.samples import (
    LabeledDocuments,
    labeled_documents,
    may_count,
    parts,
    sets_words,
)
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.rows import to_row, to_value
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.jobs.jobs import Jobs
    from tui_labeler.engine.labeling.labeling import Labeling
    from tui_labeler.engine.ports import Container, ModelStore, ProjectStore


@dataclass(frozen=True, slots=True)
class TrainingPreview:
    """What a person should know before training."""

    documents: int
    """Documents that count: with a saved label, or reviewed with nothing to label."""
    labels: int
    test_documents: int
    """Those of them that are in the testing set; none where the sets are ignored."""
    drafts: int
    """Draft changes of this person, which training does not see."""
    deleted_suggestions: int
    """Undecided suggestions that training deletes."""
    undecided: int
    """Documents that count and have undecided suggestions too."""
    one_class: bool = False
    """All labeled documents of the training set have the same class: there is nothing to tell apart."""
    sets_ignored: bool = False
    """Azure Machine Learning has the pen: both sets of this side count for nothing."""

    @property
    def manual_split(self) -> bool:
        """Whether a manual split is possible."""
        return self.test_documents > 0


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What training would use, and what it would leave out."""

    train: int
    """Documents to learn from."""
    train_labels: int
    test: int
    """Documents to test with."""
    test_labels: int
    unused: int
    """Documents that the split gives to neither."""
    left_out: tuple[tuple[str, str], ...]
    """Location and reason of each document whose labels can't be used."""
    warnings: tuple[str, ...]
    """Sentences about both; the job's result and the model's card have the same."""

    @property
    def summary(self) -> str:
        """What is used, in one sentence."""
        learned = f"{counted(self.train, 'document')} with {counted(self.train_labels, 'label')}"
        tested = f"{counted(self.test, 'document')} with {counted(self.test_labels, 'label')}"
        return f"{learned} to learn from, {tested} to test with."

    @property
    def words(self) -> tuple[str, ...]:
        """All there is to say, a sentence a line."""
        return (self.summary, *(f"{warning}." for warning in self.warnings))


def plan_of(found: LabeledDocuments, options: TrainOptions) -> TrainingPlan:
    """What training with these options does with the documents that were found."""
    chosen = parts(found.documents, options)
    return TrainingPlan(
        train=len(chosen.train),
        train_labels=sum(len(document.annotations) for document in chosen.train),
        test=len(chosen.test),
        test_labels=sum(len(document.annotations) for document in chosen.test),
        unused=len(chosen.unused),
        left_out=tuple(found.left_out),
        warnings=(*found.warnings, *sets_words(options), *chosen.warnings),
    )


class Training:
    """Trains models. The work itself is done by a runner."""

    def __init__(
        self,
        store: ProjectStore,
        container: Container,
        labeling: Labeling,
        jobs: Jobs,
        models: ModelStore,
        actor: str,
    ) -> None:
        self._store = store
        self._container = container
        self._actor = actor
        self._labeling = labeling
        self._jobs = jobs
        self._models = models

    async def preview(self) -> TrainingPreview:
        """Counts over the whole project, without a look at the texts: :meth:`check` reads those."""
        await self._store.refresh()
        state = self._store.state
        documents = labels = tests = undecided = 0
        classes: set[tuple[str, ...]] = set()
        sets_count = state.project.handover.sets_count
        reviewed_counts = state.project.kind is not ProjectKind.SINGLE_LABEL
        for row in state.rows.values():
            if row.problem or not may_count(row):
                continue
            # Drafts are rare: only a document that has some need be looked at in full.
            keys = [key for key, count in row.labels for _ in range(count)]
            if row.drafts:
                keys = [label.category for label in state.document(row.id).saved_labels]
            saved = len(keys)
            if saved or (row.state is DocumentState.REVIEWED and reviewed_counts):
                documents += 1
                labels += saved
                tests += row.dataset is Dataset.TEST and sets_count
                if row.dataset is Dataset.TRAIN or not sets_count:
                    classes.add(tuple(sorted(set(keys))))
                undecided += bool(row.suggestions)
        return TrainingPreview(
            documents=documents,
            labels=labels,
            test_documents=tests,
            drafts=self._labeling.drafts(),
            deleted_suggestions=sum(each.total() for each in state.totals.suggestions.values()),
            undecided=undecided,
            one_class=state.project.kind.is_classification
            and len(classes) == 1
            and all(len(found) == 1 for found in classes),
            sets_ignored=not sets_count,
        )

    async def check(self) -> LabeledDocuments:
        """Reads every document that counts, as training does, and keeps no text. :func:`plan_of` goes on.

        Raises ``UnreachableError`` when the container is gone as a whole.
        """
        await self._store.refresh()
        return await labeled_documents(self._store.state, self._container, keep_texts=False)

    def adjusted(self, options: TrainOptions) -> TrainOptions:
        """The options as they hold at this moment: the sets of a side without the pen are ignored."""
        return replace(options, ignore_sets=not self._store.state.project.handover.sets_count)

    async def start(self, options: TrainOptions) -> Job:
        """Starts training, with the options :meth:`adjusted`.

        Raises ``InputError`` for a name that is none, when there is nothing to learn from or to tell apart;
        ``RefusedError`` when the name is taken and is not to be overwritten, or when a manual split has no
        testing set; ``LockedError`` while a model is being trained.
        """
        check_model_name(options.model)
        preview = await self.preview()
        options = self.adjusted(options)
        if not preview.labels:
            raise InputError(
                "There is no saved label to learn from.",
                hint="Label some documents and save, or import labels."
                if not preview.drafts
                else f"Save the {counted(preview.drafts, 'draft decision')} first.",
            )
        if options.features is Features.EMBEDDINGS and self._store.state.project.kind is ProjectKind.ENTITIES:
            raise InputError(
                "Sentence embeddings are for classes; a model of entities has no use for them.",
                hint="Leave --features out.",
            )
        if preview.one_class:
            raise InputError(
                "All labeled documents of the training set have the same class: there is nothing to tell "
                "apart.",
                hint="Label documents of a second class, save the labels, and train again.",
            )
        if options.split is Split.MANUAL and options.ignore_sets:
            raise RefusedError(
                "A manual split goes by the sets of documents, and those of the side without the pen are "
                "ignored: Azure Machine Learning has it.",
                hint="Split automatically, or switch back first.",
            )
        if options.split is Split.MANUAL and not preview.manual_split:
            raise RefusedError(
                "A manual split needs a labeled document in the testing set.",
                hint="Put some into it (`document set --dataset test`), or split automatically.",
                on_screen="Put some into it (t where texts are labeled), or split automatically.",
            )
        if not options.overwrite and await self.exists(options.model):
            raise RefusedError(
                f"There is already a model named {options.model!r}.",
                hint="Overwrite it on purpose (--yes), or choose another name.",
                on_screen="Overwrite it on purpose, or choose another name.",
            )
        return await self._jobs.train(to_row(options))

    async def check_unused(self, name: str) -> None:
        """Raises ``RefusedError`` while a job works with the model."""
        users = [
            job.id
            for job in await self._jobs.list()
            if not job.state.is_over and job.request.method == Method("model", model=name)
        ]
        if users:
            raise RefusedError(
                f"The model {name!r} is in use by the running {'job' if len(users) == 1 else 'jobs'} "
                f"{', '.join(users)}.",
                hint="Wait for its end, or cancel it first.",
            )

    async def delete(self, name: str) -> None:
        """Deletes a model; the suggestions it made stay.

        Raises ``NotFoundError``, or ``RefusedError`` while a job works with it.
        """
        await self.check_unused(name)
        await self._models.delete(name)
        await self._store.commit(self._actor, lambda _: model_event(MODEL_DELETED, name))

    async def exists(self, name: str) -> bool:
        """Whether there is a model of that name, be it one that can't be read."""
        cards, broken = await self._models.list(), await self._models.broken()
        return name in {*(card.name for card in cards), *(named for named, _ in broken)}


def model_event(action: str, name: str, job: str = "") -> Plan:
    """What the history says of a model."""
    return Plan(action, (), job=job, note={"model": name}, is_event=True)


def options_of(row: dict[str, Any]) -> TrainOptions:
    """The options that a training job's request holds."""
    return to_value(row, TrainOptions, "training options")
