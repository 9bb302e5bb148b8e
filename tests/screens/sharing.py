"""People who share a project, each with a home and the application, over one container in memory."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes import category, document, fixed_surroundings, home_workbench, make_project, write_documents
from tests.screens.conftest import LOANS, settle, span_of
from tests.shelves import FakeShelf, Stored
from tui_labeler.app import LabelerApp
from tui_labeler.engine.ports import Surroundings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.background import Background
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench

CATEGORIES = ("Borrower", "Lender", "Amount")


@dataclass
class Person:
    """Somebody with a home."""

    name: str
    root: Path
    shelf: FakeShelf
    is_remote: bool = True
    around: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.around = fixed_surroundings(self.name)

    @property
    def workbench(self) -> Workbench:
        return home_workbench(self.root / self.name, self.around, self.shelf, is_remote=self.is_remote)

    async def make(self, kind: ProjectKind | None = None) -> None:
        """The project, made or joined."""
        folder = write_documents(self.root / "texts", LOANS)
        kinds = () if kind is None else (kind,)
        session = await make_project(self.workbench, folder, *kinds, categories=CATEGORIES)
        await session.close()

    async def label(self, location: str, name: str, words: str = "", *, sharing: bool = True) -> None:
        """Saves a label, and syncs."""
        session = await self.workbench.open("Loans")
        span = span_of(location, words) if words else None
        await session.labeling.add(document(session, location), category(session, name), span)
        await session.labeling.save()
        if sharing:
            await self.sync(session)
        await session.close()

    async def sync(self, session: ProjectSession | None = None) -> None:
        opened = session or await self.workbench.open("Loans")
        assert opened.sharing is not None
        await opened.sharing.sync()
        if session is None:
            await opened.close()

    def app(self, **options: Any) -> LabelerApp:
        """Which syncs when it is asked to, unless ``sync_every`` says otherwise."""
        return LabelerApp(self.workbench, **{"sync_every": 0, "open_project": "Loans", **options})

    def running(
        self, *, size: tuple[int, int] = (120, 40), **options: Any
    ) -> AbstractAsyncContextManager[Pilot[None]]:
        @asynccontextmanager
        async def run() -> AsyncIterator[Pilot[None]]:
            async with self.app(**options).run_test(size=size, notifications=True) as pilot:
                await at_rest(pilot)
                yield pilot

        return run()


@dataclass
class Team:
    """Those who share a project."""

    root: Path
    stored: Stored = field(default_factory=Stored)

    async def person(self, name: str, *, is_remote: bool = True, kind: ProjectKind | None = None) -> Person:
        made = Person(name, self.root, FakeShelf(self.stored), is_remote)
        await made.make(kind)
        return made


def background_of(pilot: Pilot[None]) -> Background:
    app = pilot.app
    assert isinstance(app, LabelerApp)
    assert app.follower.background is not None
    return app.follower.background


async def at_rest(pilot: Pilot[None]) -> None:
    """Until nothing is at work any more, in dialogs neither, and what it has led to is shown."""
    await settle(pilot)
    for _ in range(1000):
        at_work = [worker for worker in pilot.app.workers if not worker.is_finished]
        if not any(_is_there(pilot, worker.node) for worker in at_work):
            break
        await pilot.pause()
    if isinstance(pilot.app, LabelerApp) and pilot.app.follower.background is not None:
        await pilot.app.follower.background.count()
    await settle(pilot)


def _is_there(pilot: Pilot[None], node: Any) -> bool:
    """The worker of a dialog that is in view; what waits for the dialog itself may go on."""
    return node is pilot.app.screen


async def press_through(pilot: Pilot[None], *keys: str) -> None:
    """Presses keys one by one; whatever each begins comes to its end."""
    for key in keys:
        await pilot.press(key)
        await at_rest(pilot)
