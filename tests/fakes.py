"""A home on disk with real adapters; only the clock, the ids and the launcher of runners are set by tests."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tui_labeler.assembly import direct_surveyor
from tui_labeler.domain.labels import Placed, Span, Suggestion, ToPlace
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import Capabilities, Deployment, Resource, Structured
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.keys import EnvironmentKeys
from tui_labeler.engine.adapters.reliability import KrippendorffReliability
from tui_labeler.engine.adapters.store.home import TinyProjects
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.adapters.store.quota import TinyQuotaStore
from tui_labeler.engine.adapters.store.resources import TinyResourceStore
from tui_labeler.engine.adapters.store.sync_base import FileSyncBase
from tui_labeler.engine.adapters.store.takes import FileTakes
from tui_labeler.engine.changes import put, put_suggestion
from tui_labeler.engine.deployments.prices import read_prices
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.ports import Change, Plan, Shelf, State, Surroundings
from tui_labeler.engine.resources.resources import JobAtWork, Resources
from tui_labeler.engine.rows import to_row
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.workbench import NewProject, Workbench

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from tui_labeler.engine.ports import ProjectStore


class FakeClock:
    """Each look is a second later than the one before."""

    def __init__(self) -> None:
        self._seconds = itertools.count()

    def __call__(self) -> str:
        minutes, seconds = divmod(next(self._seconds), 60)
        return f"2026-11-21T{9 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.000Z"


class FakeLauncher:
    """Starts nothing; remembers what it was asked for."""

    def __init__(self) -> None:
        self.launched: list[tuple[str, str]] = []

    async def launch(self, project_id: str, job_id: str) -> int:
        self.launched.append((project_id, job_id))
        return 4711


def fixed_surroundings(actor: str = "ana") -> Surroundings:
    """A clock and ids that are the same in every run; an actor's ids start with the name."""
    numbers = itertools.count(1)
    return Surroundings(actor, FakeClock(), lambda: f"{actor}{next(numbers):04}")


class FakeTester:
    """Finds what a test says that it finds, or raises; remembers what was tried."""

    def __init__(self) -> None:
        self.found: Capabilities | LabelerError = Capabilities(
            Structured.SCHEMA, True, False, 0.42, "2026-11-21T09:00:00.000Z", "gpt-4o-2024-08-06"
        )
        self.tried: list[tuple[str, str]] = []
        self.hold: asyncio.Event | None = None
        """A try waits for it."""

    async def test(self, resource: Resource, deployment: Deployment) -> Capabilities:
        self.tried.append((resource.name, deployment.name))
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(self.found, LabelerError):
            raise self.found
        return self.found


def home_resources(
    home: Path,
    tester: FakeTester | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    at_work: Sequence[JobAtWork] = (),
) -> Resources:
    """The resources of a home; no key is found but in ``environment``."""

    async def jobs() -> Sequence[JobAtWork]:
        return at_work

    keys = EnvironmentKeys(environment or {})
    return Resources(TinyResourceStore(home), keys, tester or FakeTester(), jobs, lambda: read_prices(home))


class FarFolder(FolderContainer):
    """A folder that counts as elsewhere: its labels are always shared."""

    got_through = 0

    @property
    def answers(self) -> int:
        return self.got_through

    @property
    def is_remote(self) -> bool:
        return True


def home_workbench(
    home: Path,
    around: Surroundings,
    shelf: Shelf | None = None,
    *,
    is_remote: bool = True,
    takes: bool = False,
) -> Workbench:
    """The projects of a home as one person sees them; shared on ``shelf`` where there is one.

    With ``takes`` a document is with one person at a time.
    """
    projects = TinyProjects(home, around.now, around.new_id, around.actor)
    quota = TinyQuotaStore(home, 5000, around.now)

    def connect(store: ProjectStore) -> ProjectSession:
        project = store.state.project
        folder = projects.folder(project.id)
        kind = FarFolder if shelf is not None and is_remote else FolderContainer
        documents = kind(folder.__class__(project.container))
        return ProjectSession(
            store,
            documents,
            FileJobStore(folder / "jobs", around.now),
            FolderModelStore(folder / "models"),
            quota,
            FakeLauncher(),
            around,
            surveyor=direct_surveyor(home, folder, store, documents),
            shelf=shelf,
            base=FileSyncBase(folder / "sync"),
            reliability=KrippendorffReliability(),
            takes=FileTakes(folder) if takes else None,
        )

    @asynccontextmanager
    async def beside(address: str) -> AsyncIterator[tuple[Shelf, bool]]:
        assert shelf is not None
        yield shelf, is_remote

    return Workbench(
        projects,
        quota,
        connect,
        str,
        around,
        home_resources(home),
        shelf_of=beside if shelf is not None else None,
    )


def write_documents(folder: Path, documents: dict[str, str]) -> Path:
    """A container: a folder of texts."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    return folder


async def make_project(
    workbench: Workbench,
    container: Path,
    kind: ProjectKind = ProjectKind.ENTITIES,
    *,
    name: str = "Loans",
    categories: Sequence[str] = (),
) -> ProjectSession:
    """A project of all documents in a folder, open."""
    new = NewProject(name, kind, str(container), categories=tuple(categories))
    return (await workbench.create(new)).session


def category(session: ProjectSession, name: str) -> str:
    """A category's id."""
    return session.categories.by_name(name).id


def document(session: ProjectSession, location: str) -> int:
    """A document's id."""
    return session.documents.find(location).id


def labels(session: ProjectSession, location: str) -> list[tuple[str, Span | None]]:
    """The active labels of a document: category name and span."""
    names = session.store.state.categories
    found = session.documents.find(location).active_labels
    return [(names[label.category].name, label.span) for label in found]


def open_ones(session: ProjectSession, location: str) -> list[str]:
    """The ids of a document's undecided suggestions."""
    document = session.documents.find(location)
    return [suggestion.id for suggestion in document.open_suggestions(session.project.kind)]


async def to_place(
    session: ProjectSession, location: str, found: Sequence[tuple[str, str]], *, job: str = "job1"
) -> None:
    """Words that a job of a deployment answered and that were not found: category name, words."""
    number = document(session, location)

    def plan(state: State) -> Plan:
        items = [
            ToPlace(f"{job}{at}", category(session, name), words, "gpt:work/gpt-4o", job, "fedcba9876543210")
            for at, (name, words) in enumerate(found)
        ]
        changes = [put(state, "to_place", f"{number}/{item.id}", to_row(item)) for item in items]
        return Plan("job.suggest", changes, group=job, job=job)

    await session.store.commit("runner", plan)


async def suggest(
    session: ProjectSession,
    location: str,
    found: Sequence[tuple[str, str, float | None]],
    *,
    job: str = "job1",
) -> None:
    """Suggestions as a job makes them: category name, words of the text (or none), confidence."""
    number = document(session, location)
    text = (await session.documents.text(number)).text

    def plan(state: State) -> Plan:
        changes: list[Change] = []
        for name, words, confidence in found:
            start = text.index(words)
            suggestion = Suggestion(
                id=f"s{number}x{len(changes)}",
                category=category(session, name),
                span=Span(start, start + len(words)) if words else None,
                source="model:loans",
                job=job,
                confidence=confidence,
                placed=Placed.EXACT,
                version="0123456789abcdef",
                text_hash=state.document(number).text_hash,
            )
            changes.append(put_suggestion(state, state.document(number), suggestion))
        return Plan("job.suggest", changes, group=job, job=job)

    await session.store.commit("runner", plan)
