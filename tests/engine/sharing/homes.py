"""Two people with a home each, and one container between them."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes import FakeClock, FakeLauncher, category, document
from tests.shelves import FakeShelf, Stored
from tui_labeler.assembly import direct_surveyor
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Project, ProjectKind
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.store.home import TinyProjects
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.adapters.store.project_store import TinyProjectStore
from tui_labeler.engine.adapters.store.quota import TinyQuotaStore
from tui_labeler.engine.adapters.store.sync_base import FileSyncBase
from tui_labeler.engine.ports import Surroundings
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.sharing.conflicts import resolve
from tui_labeler.engine.sharing.shared_form import file_name, labels_folder
from tui_labeler.engine.sharing.syncing import Syncing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.ports import ProjectStore
    from tui_labeler.engine.sharing.conflicts import LabelConflict, Side
    from tui_labeler.engine.sharing.synced import Shared

ID = "pshared"
TEXT = "Ann met Bob in Rome. Then Ann went on to Oslo.\n"
CLOCK = FakeClock()


@dataclass
class Home:
    """One person at one machine."""

    session: ProjectSession
    shelf: FakeShelf
    base: FileSyncBase
    around: Surroundings
    syncing: Syncing

    async def sync(self, *, pull: bool = True, push: bool = True) -> Shared:
        return await self.syncing.sync(pull=pull, push=push)

    async def label(self, name: str, start: int, end: int, location: str = "a.txt") -> None:
        where = document(self.session, location)
        await self.session.labeling.add(where, category(self.session, name), Span(start, end))

    async def classify(self, name: str, location: str = "a.txt") -> None:
        await self.session.labeling.add(document(self.session, location), category(self.session, name))

    async def unlabel(self, start: int, location: str = "a.txt") -> None:
        found = self.session.documents.find(location)
        for label in found.active_labels:
            if label.span is None or label.span.start == start:
                await self.session.labeling.remove(found.id, label.id)

    async def resolve(self, location: str, take: Side, item: str | None = None) -> tuple[LabelConflict, ...]:
        return await resolve(self.session.store, self.base, self.around, location, take, item)

    def labels(self, location: str = "a.txt") -> list[tuple[str, int, int]]:
        names = self.session.store.state.categories
        return [
            (names[label.category].name, *((label.span.start, label.span.end) if label.span else (0, 0)))
            for label in self.session.documents.find(location).active_labels
        ]

    def categories(self) -> list[str]:
        return [item.name for item in self.session.store.state.categories.values()]


@dataclass
class Pair:
    """Ana and Bo, who label the same documents."""

    root: Path
    kind: ProjectKind = ProjectKind.ENTITIES
    immediate: bool = True
    stored: Stored = field(default_factory=Stored)

    async def home(self, name: str, *, documents: int = 2, shelf: FakeShelf | None = None) -> Home:
        folder = self.root / "documents"
        folder.mkdir(exist_ok=True)
        for number in range(documents):
            (folder / f"{chr(97 + number) if number < 26 else number}.txt").write_text(TEXT)
        numbers = itertools.count(1)
        around = Surroundings(name, CLOCK, lambda: f"{name}{next(numbers):04}")
        projects = TinyProjects(self.root / name, around.now, around.new_id, name)
        store = await projects.begin(Project(ID, "Loans", self.kind, str(folder)))
        await store.close()
        await projects.publish(ID)
        opened = await self._opened(around, shelf or FakeShelf(self.stored))
        await opened.session.documents.sync()
        return opened

    async def reopened(self, home: Home) -> Home:
        """A home as another process finds it."""
        return await self._opened(home.around, home.shelf)

    async def _opened(self, around: Surroundings, shelf: FakeShelf) -> Home:
        name = around.actor
        projects = TinyProjects(self.root / name, around.now, around.new_id, name)
        store = await projects.open(ID)
        home = projects.folder(ID)
        container = FolderContainer(Path(store.state.project.container))
        base = FileSyncBase(home / "sync")
        session = ProjectSession(
            store,
            container,
            FileJobStore(home / "jobs", around.now),
            FolderModelStore(home / "models"),
            TinyQuotaStore(self.root / name, 5000, around.now),
            FakeLauncher(),
            around,
            surveyor=direct_surveyor(self.root / name, home, store, container),
            immediate=self.immediate,
            shelf=shelf,
            base=base,
        )
        return Home(session, shelf, base, around, Syncing(store, shelf, base, around))

    async def homes(self, *categories: str) -> tuple[Home, Home]:
        """Both have the categories."""
        ana, bo = await self.home("ana"), await self.home("bo")
        for name in categories or ("Person", "Town"):
            await ana.session.categories.add(name)
        await ana.sync()
        await bo.sync()
        return ana, bo

    def file(self, location: str = "a.txt") -> dict[str, Any]:
        """What the container holds of a document."""
        content, _ = self.stored.files[labels_folder(ID) + file_name(location)]
        found: dict[str, Any] = json.loads(content)
        return found

    def file_labels(self, location: str = "a.txt") -> list[tuple[str, int, int]]:
        return [
            (row["category_name"], row["span"]["start"], row["span"]["end"])
            for row in self.file(location).get("labels", [])
            if not row.get("removed")
        ]


async def meddled(home: Home, change: Callable[[dict[str, Any]], object]) -> tuple[ProjectStore, Syncing]:
    """The home after somebody has changed its one file of documents, opened anew."""
    await home.session.store.checkpoint()
    folder = home.base._folder.parent
    path = folder / "documents" / "0000.json"
    tables = json.loads(path.read_text())
    change(tables["documents"])
    path.write_text(json.dumps(tables))
    return await opened(home)


async def opened(home: Home) -> tuple[ProjectStore, Syncing]:
    """The home as it is on the disk, in a store and a syncing of their own."""
    folder = home.base._folder.parent
    store = await TinyProjectStore.open(folder, home.around.now, home.around.new_id, home.around.actor)
    return store, Syncing(store, home.shelf, home.base, home.around)
