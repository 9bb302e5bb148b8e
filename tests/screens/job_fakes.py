"""A project on disk whose jobs, models and quota a test sets as it likes, and an app to show screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from textual.app import App
from textual.screen import Screen

from tests.fakes import FakeTester, home_resources
from tui_labeler.domain.jobs import Answer, Job, JobKind, JobRequest, JobState, Method, QuotaUse
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import ModelCard, TrainOptions
from tui_labeler.domain.performance import Annotation, TestedDocument, measure
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import ResourceKind
from tui_labeler.engine.adapters.chat.connecting import reach
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.reliability import KrippendorffReliability
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.adapters.store.home import TinyProjects
from tui_labeler.engine.adapters.surveyors import DirectSurveyor
from tui_labeler.engine.errors import LabelerError, NotFoundError, QuotaError
from tui_labeler.engine.ports import FittedModel, JobJournal, Reach, Surroundings
from tui_labeler.engine.resources.resources import NewResource
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.workbench import NewProject, Workbench
from tui_labeler.stylesheets import sheets

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports import ProjectStore
    from tui_labeler.engine.resources.resources import Resources

S = TypeVar("S", bound=Screen[Any])

NOW = "2026-11-21T09:30:00.000Z"


class FakeJobs:
    """Jobs in memory; a test puts them into any state with :meth:`put`."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.cancelled: list[str] = []
        self.reopened: list[tuple[str, frozenset[int]]] = []
        self.options: dict[str, Any] = {}
        """Those that the last job was reopened with."""
        self.done: dict[str, frozenset[int]] = {}
        self.unreadable: dict[str, LabelerError] = {}
        self.answered: dict[str, tuple[Answer, ...]] = {}
        self.becomes: dict[JobKind, dict[str, Any]] = {}
        """What a job of a kind has come to as soon as it was asked for: fields of a ``Job``."""

    def put(self, job: Job) -> Job:
        self.jobs[job.id] = job
        return job

    async def create(self, request: JobRequest) -> None:
        job = Job(request, total=len(request.documents))
        self.put(replace(job, **self.becomes.get(request.kind, {})))

    async def list(self) -> tuple[Job, ...]:
        return tuple(sorted(self.jobs.values(), key=lambda job: job.request.created, reverse=True))

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        return tuple(self.unreadable.items())

    async def get(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFoundError(f"There is no job {job_id!r}.")
        return self.jobs[job_id]

    async def request_cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)
        self.put(replace(self.jobs[job_id], state=JobState.CANCELLING))

    async def finished(self, job_id: str) -> frozenset[int]:
        return self.done.get(job_id, frozenset())

    async def answered_texts(self, job_id: str) -> Mapping[int, str]:
        return {answer.document: answer.text_hash for answer in await self.answers(job_id)}

    async def reopen(self, job_id: str, *, retry: frozenset[int], options: Any = None) -> None:
        self.reopened.append((job_id, retry))
        self.options = dict(options or {})
        self.put(replace(self.jobs[job_id], state=JobState.QUEUED))

    async def delete(self, job_id: str) -> None:
        del (self.unreadable if job_id in self.unreadable else self.jobs)[job_id]

    async def preparation(self, job_id: str) -> Mapping[str, Any]:
        return {}

    async def processed_records(self, job_id: str) -> int | None:
        return None

    async def run(self, job_id: str) -> JobJournal:
        raise AssertionError("no runner in these tests")

    async def answers(self, job_id: str) -> tuple[Answer, ...]:
        return self.answered.get(job_id, ())


class FakeModels:
    """Cards in memory."""

    def __init__(self) -> None:
        self.cards: dict[str, ModelCard] = {}
        self.unreadable: dict[str, LabelerError] = {}

    def put(self, card: ModelCard) -> ModelCard:
        self.cards[card.name] = card
        return card

    async def list(self) -> tuple[ModelCard, ...]:
        return tuple(card for _, card in sorted(self.cards.items()))

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        return tuple(self.unreadable.items())

    async def save(self, card: ModelCard, model: FittedModel) -> None:
        self.put(card)

    async def load(self, name: str) -> FittedModel:
        raise AssertionError("no model is loaded by the process that draws")

    async def files(self, name: str) -> dict[str, bytes]:
        raise AssertionError("no model is read by the process that draws")

    async def delete(self, name: str) -> None:
        del (self.unreadable if name in self.unreadable else self.cards)[name]


class FakeQuota:
    """A month's text records."""

    def __init__(self, limit: int = 5000, used: int = 0) -> None:
        self.limit, self.used = limit, used
        self.held: dict[str, int] = {}
        """What jobs reserved and have not used."""

    async def usage(self) -> QuotaUse:
        return QuotaUse("2026-11", self.limit, self.used)

    async def reserve(self, job_id: str, records: int) -> None:
        left = (await self.usage()).left
        if left is not None and records > left:
            raise QuotaError(f"{records} text records are needed, {left} are left.")
        self.used += records

    async def reserved(self, job_id: str) -> int:
        return self.held.get(job_id, 0)

    async def settle(self, job_id: str, used: int) -> None:
        pass


class FakeLauncher:
    """Starts nothing; says what it was asked for."""

    def __init__(self) -> None:
        self.launched: list[str] = []

    async def launch(self, project_id: str, job_id: str) -> int:
        self.launched.append(job_id)
        return 4711


class JobHome:
    """One project of ``documents`` in a folder, with the fakes around it."""

    session: ProjectSession
    resources: Resources
    tester: FakeTester
    workbench: Workbench
    container: FolderContainer
    folder: Path
    """Of the home."""

    def __init__(self) -> None:
        self.jobs = FakeJobs()
        self.models = FakeModels()
        self.quota = FakeQuota()
        self.launcher = FakeLauncher()

    async def create(
        self,
        folder: Path,
        documents: dict[str, str],
        categories: Sequence[str],
        kind: ProjectKind = ProjectKind.ENTITIES,
    ) -> JobHome:
        container = folder / "documents"
        container.mkdir(parents=True)
        for name, text in documents.items():
            (container / name).write_text(text, encoding="utf-8")
        self.container = FolderContainer(container)
        numbers = count(1)
        around = Surroundings("ann", lambda: NOW, lambda: f"id{next(numbers):05}")
        self.folder = folder / "home"
        projects = TinyProjects(self.folder, around.now, around.new_id, around.actor)

        def connect(store: ProjectStore) -> ProjectSession:
            return self._session(store, around)

        self._ids = around.new_id
        self.tester = FakeTester()
        self.resources = home_resources(folder / "home", self.tester)
        self.workbench = Workbench(projects, self.quota, connect, str, around, self.resources)
        new = NewProject("loans", kind, str(container), categories=tuple(categories))
        self.session = (await self.workbench.create(new)).session
        return self

    def _session(self, store: ProjectStore, around: Surroundings) -> ProjectSession:
        return ProjectSession(
            store,
            self.container,
            self.jobs,
            self.models,
            self.quota,
            self.launcher,
            around,
            reliability=KrippendorffReliability(),
            surveyor=DirectSurveyor(store, self.container, lambda: self.answers("screen"), self._reach),
        )

    async def person(self, name: str) -> ProjectSession:
        """The project as somebody else sees it."""
        around = Surroundings(name, lambda: NOW, self._ids)
        projects = TinyProjects(self.folder, around.now, around.new_id, name)
        return self._session(await projects.open("loans"), around)

    def answers(self, name: str) -> FileAnswerStore:
        """What deployments have answered; ``name`` is who adds to it."""
        return FileAnswerStore(self.folder / "answers", name)

    async def _reach(self, method: Method) -> Reach:
        """Without a vocabulary, whether there is one or not: figures are the same everywhere."""
        return replace(reach(await self.resources.get(method.resource), method.deployment), counter=None)

    async def deployment(self, *, tried: bool = True, **fields: Any) -> None:
        """A resource ``work`` with a deployment ``gpt-4o``."""
        given = {
            "name": "work",
            "kind": ResourceKind.AZURE,
            "endpoint": "https://work.openai.azure.com",
            "deployments": ("gpt-4o",),
            "api_version": "2024-10-21",
            **fields,
        }
        await self.resources.add(NewResource(**given))
        if tried:
            await self.resources.test(given["name"], given["deployments"][0])

    # --- values that tests start from ---------------------------------------------------------------

    @property
    def ids(self) -> dict[str, str]:
        """Category ids by name."""
        return {item.name: key for key, item in self.session.store.state.categories.items()}

    def card(
        self, name: str = "loans-1", tested: Sequence[TestedDocument] | None = None, **fields: Any
    ) -> ModelCard:
        """A model that did well on some categories and badly on others."""
        keys = list(self.ids.values())
        if tested is None:
            tested = [some_test(self.session.rows[key].location, keys) for key in list(self.session.rows)[:2]]
        kind = self.session.project.kind
        values: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "created": NOW,
            "actor": "ann",
            "seconds": 4.2,
            "version": "0123456789abcdef",
            "labels_version": "fedcba9876543210",
            "options": TrainOptions(name, seed=7),
            "categories": {key: label for label, key in self.ids.items()},
            "performance": measure(kind, tested),
            "train_documents": tuple(list(self.session.rows)[2:]),
            "test_documents": tuple(list(self.session.rows)[:2]),
            "train_labels": {key: 40 - 30 * (number % 2) for number, key in enumerate(keys)},
            "test_labels": dict.fromkeys(keys, 4),
            "train_documents_with": dict.fromkeys(keys, 9),
            "test_documents_with": dict.fromkeys(keys, 2),
            "tested": tuple(tested),
            **fields,
        }
        return self.models.put(ModelCard(**values))

    def job(
        self,
        job_id: str = "job1",
        state: JobState = JobState.RUNNING,
        kind: JobKind = JobKind.AUTOLABEL,
        **fields: Any,
    ) -> Job:
        """A job over all documents of the project."""
        documents = tuple(self.session.rows)
        request = JobRequest(
            id=job_id,
            kind=kind,
            actor="ann",
            created=fields.pop("created", NOW),
            method=None if kind is JobKind.TRAIN else Method("model", model="loans-1"),
            categories=tuple(self.ids.values()),
            documents=documents if kind is JobKind.AUTOLABEL else (),
            text_records=len(documents),
            options=fields.pop("options", {}),
        )
        total = len(documents) if kind is JobKind.AUTOLABEL else 100
        return self.jobs.put(Job(request, state, **{"total": total, **fields}))


def document_of(
    location: str, actual: Sequence[Annotation], predicted: Sequence[Annotation]
) -> TestedDocument:
    """A document of a testing set. (The class itself would look like a test to pytest.)"""
    return TestedDocument(location, tuple(actual), tuple(predicted))


def some_test(location: str, keys: Sequence[str]) -> TestedDocument:
    """The first category is always right, the second missed or taken for the third."""
    actual = [(keys[0], Span(0, 3)), (keys[0], Span(4, 7))]
    predicted = list(actual)
    if len(keys) > 2:
        actual += [(keys[1], Span(8, 10)), (keys[1], Span(12, 14)), (keys[2], Span(16, 18))]
        predicted += [(keys[2], Span(8, 10)), (keys[2], Span(16, 18)), (keys[0], Span(20, 22))]
    return TestedDocument(location, tuple(actual), tuple(predicted))


class ScreenApp(App[None], inherit_bindings=False):
    """Shows screens as the program does."""

    CSS_PATH = [*sheets()]  # noqa: RUF012 - Textual's own name
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.animation_level = "none"
        self.results: list[Any] = []

    def ask(self, screen: Any) -> None:
        """Shows a screen and keeps what it is dismissed with."""
        self.push_screen(screen, self.results.append)


def shown(app: App[Any], kind: type[S]) -> S:
    """The screen that is shown, which must be of a kind."""
    assert isinstance(app.screen, kind), app.screen
    return app.screen


async def settle(pilot: Any) -> None:
    """Until the workers of the screen have done what they began."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
