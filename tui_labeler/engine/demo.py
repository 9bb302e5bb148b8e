"""The main job on a sample project: train, autolabel, review by rule, train again, export."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.labels import Origin, Span
from tui_labeler.domain.models import Split, TrainOptions
from tui_labeler.domain.projects import Project, ProjectKind
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.errors import InputError, RefusedError, StorageError
from tui_labeler.engine.formats import azure
from tui_labeler.engine.formats.resolve import to_code_points
from tui_labeler.engine.wording import JOB_STATES, counted
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench

MARK = "demo.json"
"""In a home that the demo made: it changes no other."""

MODEL = "demo"

ACCEPT_FROM = 0.9
REJECT_BELOW = 0.5
"""What lies between the two is for a person, whose part the sample's full labels play: documents that
are labeled by half would teach the next model to overlook things."""

Follow = Callable[["ProjectSession", Job], Awaitable[Job]]
"""Waits for a job's end, and shows its progress to whoever looks."""

Gold = Mapping[int, frozenset[tuple[str, Span | None]]]
"""By document id, what a careful person would label: category ids and spans."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What came of the whole loop."""

    project: Project
    model: str
    job: str
    labeled_before: int
    """Documents with labels at the start."""
    documents: int
    """Documents that the job labeled."""
    suggestions: int
    accepted: int
    """By the rule."""
    rejected: int
    """By the rule."""
    checked_accepted: int
    """Between the two bounds, decided as the sample's full labels say."""
    checked_rejected: int
    accepted_right: int
    """Of those accepted by the rule, how many the sample's full labels have."""
    rejected_wrong: int
    """Of those rejected, how many the sample's full labels do not have."""
    before: Mapping[str, Any]
    """The first model's figures."""
    after: Mapping[str, Any]
    """The second model's, trained on the accepted labels too, and tested on the same documents."""
    exported: Path
    exported_labels: int

    @property
    def mistakes(self) -> tuple[int, int]:
        """What the first model and the second one got wrong on the test documents: made up, or missed."""
        return _mistakes(self.before), _mistakes(self.after)

    @property
    def test_labels(self) -> int:
        return sum(counts["support"] for counts in self.after["per_category"].values())

    @property
    def within_chance(self) -> bool:
        """Whether two models that are alike would differ that much in every twentieth case or more often.

        Mistakes are taken as Poisson counts: the variance of their difference is their sum.
        """
        first, second = self.mistakes
        return abs(first - second) <= 1.96 * math.sqrt(first + second)


def _mistakes(figures: Mapping[str, Any]) -> int:
    counts = figures["per_category"].values()
    return sum(each["false_positives"] + each["false_negatives"] for each in counts)


class DemoHome:
    """A home of the demo's own, with the sample projects in it."""

    def __init__(self, workbench: Workbench, home: Path, samples: Mapping[str, Path]) -> None:
        self._workbench = workbench
        self._home = home
        self._samples = samples

    def folder(self, name: str) -> Path:
        """Where the documents and exports of the project ``name`` are in the home."""
        return self._home / "samples" / name

    def claim(self) -> None:
        """Marks an empty or missing folder as the demo's.

        Raises ``InputError`` for a folder that holds anything else: nothing there is touched.
        """
        mark = self._home / MARK
        try:
            if mark.exists():
                return
            if self._home.exists() and any(self._home.iterdir()):
                raise InputError(
                    f"{self._home} holds something else, and the demo wants a home of its own.",
                    hint="Name a new folder with --home, or leave --home out.",
                )
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_own(mark, b'{"made_by": "tui-labeler demo"}\n')
        except OSError as error:
            raise StorageError(f"{self._home}: {error.strerror}", hint="Choose another --home.") from error

    async def project(self, name: str) -> ProjectSession:
        """A sample as a project, half of it labeled; one that is there is opened as it is."""
        if name in await self._taken():
            return await self._workbench.open(name)
        return await self._create(name, name)

    async def copy(self, name: str) -> ProjectSession:
        """A copy of a sample, with documents of its own, under a name that nothing in the home has."""
        taken = await self._taken()
        numbered = (f"{name}-demo-{number}" for number in itertools.count(2))
        names = itertools.chain([f"{name}-demo"], numbered)
        free = next(each for each in names if each not in taken and not self.folder(each).exists())
        return await self._create(name, free)

    async def discard(self, session: ProjectSession) -> None:
        """Deletes a copy with all that came of it, its documents too."""
        await self._workbench.delete(session.project.id, purge=True)
        await asyncio.to_thread(shutil.rmtree, self.folder(session.project.name), ignore_errors=True)

    async def _taken(self) -> set[str]:
        return {project.name for project in await self._workbench.projects()}

    async def _create(self, sample: str, name: str) -> ProjectSession:
        description = json.loads((self._samples[sample] / "project.json").read_text(encoding="utf-8"))
        documents = self._copy_documents(sample, name)
        created = await self._workbench.create(
            NewProject(
                name=name,
                kind=ProjectKind(description["kind"]),
                container=str(documents),
                language=description["language"],
                description=description["description"],
                descriptions={item["name"]: item["description"] for item in description["categories"]},
                examples={item["name"]: tuple(item["examples"]) for item in description["categories"]},
            ),
            labels=(self._samples[sample] / "labels.json").read_bytes(),
            labels_name="labels.json",
        )
        return created.session

    def _copy_documents(self, sample: str, name: str) -> Path:
        target = self.folder(name) / "documents"
        try:
            for folder in (self._home / "samples", self.folder(name), target):
                folder.mkdir(mode=0o700, exist_ok=True)
            for document in sorted((self._samples[sample] / "documents").iterdir()):
                _write_own(target / document.name, document.read_bytes())
        except OSError as error:
            raise StorageError(f"{target}: {error}", hint="Choose another --home.") from error
        return target

    def gold(self, name: str) -> bytes:
        """The labels of every document of a sample."""
        return (self._samples[name] / "gold.json").read_bytes()


async def run_loop(
    session: ProjectSession, gold_file: bytes, export_to: Path, follow: Follow, say: Callable[[str], None]
) -> DemoReport:
    """The main job, end to end. ``say`` hears what is being done.

    Raises ``RefusedError`` when a job does not come to its end.
    """
    labeled_before = len(_in_state(session, DocumentState.LABELED))
    say(f"Training on {labeled_before} labeled documents ...")
    before = await _train(session, follow, overwrite=False)
    rows = session.documents.select(DocumentFilter(states=frozenset({DocumentState.UNLABELED})))
    say(f"Labeling the other {counted(len(rows), 'document')} with the model ...")
    job = _ended(await follow(session, await session.jobs.autolabel(rows, Method("model", model=MODEL))))

    gold = await gold_labels(session, gold_file)
    low = SuggestionFilter(job=job.id, max_confidence=math.nextafter(REJECT_BELOW, 0.0))
    right_among_low = len(_right(session, low, gold))
    say(f"Accepting suggestions from {ACCEPT_FROM} on, rejecting those below {REJECT_BELOW} ...")
    accepted = await session.review.accept_matching(SuggestionFilter(job=job.id, min_confidence=ACCEPT_FROM))
    accepted_right = _accepted_right(session, job.id, gold)
    rejected = await session.review.reject_matching(low)
    say("Deciding what lies between as the sample's full labels say ...")
    rest = SuggestionFilter(job=job.id)
    checked = await session.review.accept_matching(replace(rest, ids=_right(session, rest, gold)))
    dropped = await session.review.reject_matching(rest)
    await session.labeling.save()

    say("Training again, with what was accepted ...")
    after = await _train(session, follow, overwrite=True)
    exported = await session.label_files.write("azure")
    await asyncio.to_thread(_write, export_to, exported.data)
    return DemoReport(
        project=session.project,
        model=MODEL,
        job=job.id,
        labeled_before=labeled_before,
        documents=job.done,
        suggestions=job.suggestions,
        accepted=accepted.suggestions,
        rejected=rejected.suggestions,
        checked_accepted=checked.suggestions,
        checked_rejected=dropped.suggestions,
        accepted_right=accepted_right,
        rejected_wrong=rejected.suggestions - right_among_low,
        before=before,
        after=after,
        exported=export_to,
        exported_labels=exported.labels,
    )


def _write(path: Path, data: bytes) -> None:
    try:
        _write_own(path, data)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="Choose another --home.") from error


def _write_own(path: Path, data: bytes) -> None:
    """Writes a file that only its owner may read, as all in a home."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


async def _train(session: ProjectSession, follow: Follow, *, overwrite: bool) -> Mapping[str, Any]:
    job = await session.training.start(TrainOptions(MODEL, Split.MANUAL, overwrite=overwrite))
    return _ended(await follow(session, job)).result


def _ended(job: Job) -> Job:
    if job.state is JobState.SUCCEEDED:
        return job
    why = f"{job.message} {job.hint}".strip() or "; ".join(
        f"{item.location}: {item.message}" for item in job.failed[:3]
    )
    raise RefusedError(
        f"Job {job.id} ({job.request.kind}) {JOB_STATES[job.state]}. {why}".strip(),
        hint="Run the demo again, or in a new home.",
    )


def _in_state(session: ProjectSession, state: DocumentState) -> list[int]:
    return [row.id for row in session.rows.values() if row.state is state]


async def gold_labels(session: ProjectSession, gold_file: bytes) -> Gold:
    """A labels file as sets of category ids and spans."""
    project = session.project
    ids = {category.name: category.id for category in session.store.state.categories.values()}
    found = {}
    for document in azure.read(gold_file).documents:
        known = session.documents.find(document.location)
        text = (await session.documents.text(known.id)).text
        resolved = to_code_points(project.kind, document, text)
        found[known.id] = frozenset(
            (ids[label.category], label.span) for label in resolved.labels if label.category in ids
        )
    return found


def _right(session: ProjectSession, wanted: SuggestionFilter, gold: Gold) -> frozenset[str]:
    """The ids of the open suggestions that a filter holds and that are in the gold labels."""
    return frozenset(
        suggestion.id
        for document, suggestions in session.review.matching(wanted)
        for suggestion in suggestions
        if (suggestion.category, suggestion.span) in gold.get(document, frozenset())
    )


def _accepted_right(session: ProjectSession, job: str, gold: Gold) -> int:
    """How many labels that came of a job's suggestions are in the gold labels."""
    state = session.store.state
    return sum(
        label.origin is Origin.SUGGESTION
        and label.job == job
        and (label.category, label.span) in gold.get(row.id, frozenset())
        for row in state.rows.values()
        for label in state.document(row.id).active_labels
    )
