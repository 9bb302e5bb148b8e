"""Homes, projects and the application for tests of screens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import Paste

from tests.fakes import fixed_surroundings, home_workbench, write_documents
from tui_labeler.app import LabelerApp

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench

LOANS = {
    "agreement1.txt": (
        "LOAN AGREEMENT\n\nThis agreement is made between Acme Ltd. of Leeds and North Bank.\n"
        "Acme Ltd. borrows GBP 25,000 at 4.5 percent a year.\n"
    ),
    "agreement2.txt": "North Bank lends Mary O'Neil EUR 9,000. Mary O'Neil pays it back in 2027.\n",
    "agreement3.txt": "Nothing of interest is said here.\n",
}

Running = Callable[..., AbstractAsyncContextManager["Pilot[None]"]]


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


async def settle(pilot: Pilot[None]) -> None:
    """Until everything that keys began has been done: a worker of a dialog ends with its dialog."""
    for _ in range(3):
        await pilot.pause()
        reading = [worker for worker in pilot.app.workers if worker.group in ("text", "load", "history")]
        if reading:
            await pilot.app.workers.wait_for_complete(reading)
    await pilot.pause()


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


def screen_text(pilot: Pilot[None]) -> str:
    """All that is on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
