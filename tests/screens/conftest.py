"""Homes, projects and the application for tests of screens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.command import CommandList, CommandPalette
from textual.events import Paste
from textual.screen import ModalScreen

from tests.fakes import fixed_surroundings, home_workbench, make_project, write_documents
from tui_labeler.app import LabelerApp
from tui_labeler.domain.labels import Span
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.typing_ahead import TypingAhead

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench

LOANS = {
    "agreement1.txt": (
        "LOAN AGREEMENT\n\nThis agreement is made between Acme Ltd. of Leeds and North Bank.\n"
        "Acme Ltd. borrows GBP 25,000 at 4.5 percent a year.\n"
    ),
    "agreement2.txt": "North Bank lends Mary O'Neil EUR 9,000. Mary O'Neil pays it back in 2027.\n",
    "agreement3.txt": "Nothing of interest is said here.\n",
}

ONE, TWO, THREE = LOANS

Running = Callable[..., AbstractAsyncContextManager["Pilot[None]"]]

Opened = Running


BY_THE_CLOCK = (
    "base._SECONDS",
    "base._SECONDS_IN_PASSING",
    "sharing.syncing.LEAVE_WITHIN",
    "typing_ahead.PATIENCE",
    "working.PATIENCE",
)
"""Seconds after which screens show something else, or go on without what they wait for."""


@pytest.fixture(autouse=True)
def _nothing_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is slow: messages stay, and what takes long is waited for. Whoever tests what comes
    of waiting makes these short."""
    monkeypatch.setattr(LabelerApp, "NOTIFICATION_TIMEOUT", 3600)
    for name in BY_THE_CLOCK:
        monkeypatch.setattr(f"tui_labeler.screens.{name}", 3600)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def workbench(home: Path) -> Workbench:
    return home_workbench(home, fixed_surroundings())


@pytest.fixture
def container(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "texts", LOANS)


@pytest.fixture
def running(workbench: Workbench) -> Running:
    """Runs the application: ``async with running(open_project="Loans") as pilot``."""

    @asynccontextmanager
    async def run(*, size: tuple[int, int] = (120, 40), **options: Any) -> AsyncIterator[Pilot[None]]:
        app = LabelerApp(options.pop("workbench", workbench), **options)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield pilot

    return run


@pytest.fixture
async def loans(workbench: Workbench, container: Path) -> None:
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    await session.close()


@pytest.fixture
def opened(running: Running, loans: None) -> Opened:
    """The application in the project, at a document: ``async with opened(TWO) as pilot``."""

    @asynccontextmanager
    async def run(location: str = ONE, **options: object) -> AsyncIterator[Pilot[None]]:
        async with running(open_project="Loans", document=location, **options) as pilot:
            yield pilot

    return run


WAITED_FOR = ("text", "load", "history", "sync", "search", "quit", "leave", "files", "hidden")
"""Groups of workers that end by themselves, or with the dialog that they show."""


STEPS = 4
"""Drawings after which what a key began is drawn: a message is made, mounted, laid out, and painted."""


async def settle(pilot: Pilot[None]) -> None:
    """Until everything that keys began has been done, or asks something."""
    await pilot.pause()
    while _keys_wait(pilot) or (_at_work(pilot) and not isinstance(pilot.app.screen, ModalScreen)):
        await pilot.pause()
    await pilot.pause()
    # Textual takes a process that gets no processor for one that is idle.
    for _ in range(STEPS):
        await _drained()
        pilot.app.screen._on_timer_update()


async def _drained() -> None:
    """Until the loop has nothing that could run at once: what is left waits for time, or for a thread."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(10_000):
        await asyncio.sleep(0)
        if not loop._ready:
            return


def _keys_wait(pilot: Pilot[None]) -> bool:
    return isinstance(pilot.app, TypingAhead) and pilot.app.keys_wait


def _at_work(pilot: Pilot[None]) -> bool:
    return any(worker.group in WAITED_FOR and not worker.is_finished for worker in pilot.app.workers)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Presses keys one by one, as a person does who waits for what each brings."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def paste(pilot: Pilot[None], text: str) -> None:
    """Pastes into the field that has the focus."""
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(Paste(text))
    await settle(pilot)


async def palette_searched(pilot: Pilot[None]) -> CommandList:
    """The palette's list, once what is typed has been looked for to the end."""
    while any(
        worker.group == CommandPalette._GATHER_COMMANDS_GROUP and not worker.is_finished
        for worker in pilot.app.workers
    ):
        await pilot.pause()
    listed = pilot.app.screen.query_one(CommandList)
    while not listed.option_count:
        await pilot.pause()
    return listed


def screen_text(pilot: Pilot[None]) -> str:
    """All that is on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def screen_of(pilot: Pilot[None]) -> LabelingScreen:
    assert isinstance(pilot.app.screen, LabelingScreen), pilot.app.screen
    return pilot.app.screen


def session_of(pilot: Pilot[None]) -> ProjectSession:
    return screen_of(pilot).session


def span_of(location: str, words: str, start: int = 0) -> Span:
    place = LOANS[location].index(words, start)
    return Span(place, place + len(words))
