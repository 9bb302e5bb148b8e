"""What holds for every screen around models and jobs: keys that explain themselves, and an ASCII form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from textual.binding import Binding

from tests.screens.job_fakes import JobHome, ScreenApp, settle
from tui_labeler.domain.jobs import DocumentFailure, JobState
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.models.models import ModelsScreen
from tui_labeler.screens.models.training import TrainingScreen
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS
from tui_labeler.screens.wizard.evaluating import EvaluateScreen
from tui_labeler.screens.wizard.flow import STEPS, make_step
from tui_labeler.screens.wizard.reading import ReadScreen
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from pathlib import Path

SCREENS = [
    JobsScreen,
    ModelsScreen,
    PerformanceScreen,
    TrainingScreen,
    EvaluateScreen,
    ReadScreen,
    Step,
    *dict.fromkeys(step for steps in STEPS.values() for step in steps),
]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_every_key_has_a_name_a_description_and_a_tooltip(screen: type[Any]) -> None:
    bindings = screen.__dict__.get("BINDINGS", ())
    ids = [binding.id for binding in bindings]
    assert all(isinstance(binding, Binding) for binding in bindings)
    assert all(binding.id and binding.description and binding.tooltip for binding in bindings)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("screen", [item for item in SCREENS if item is not Step])
def test_every_screen_has_help(screen: type[Any]) -> None:
    assert screen.HELP.startswith("## ")


def performance(number: int, home: JobHome) -> PerformanceScreen:
    return PerformanceScreen(home.session, home.models.cards["loans-1"], section=number)


def step_of(number: int, method: str, home: JobHome) -> Step:
    return make_step(number, home.session, replace(CHOICES, method=method), home.resources)


CHOICES = Choices(model="loans-1", resource="work", deployment="gpt-4o", documents=frozenset({0, 1}))

MAKERS: dict[str, Callable[[JobHome], Any]] = {
    "jobs": lambda home: JobsScreen(home.session, home.resources),
    "models": lambda home: ModelsScreen(home.session),
    "training": lambda home: TrainingScreen(home.session),
    **{f"performance {number}": partial(performance, number) for number in range(5)},
    **{
        f"{method} {number + 1}": partial(step_of, number, method)
        for method, steps in STEPS.items()
        for number in range(len(steps))
    },
}


@pytest.mark.parametrize("name", MAKERS)
async def test_a_terminal_that_shows_ascii_only_gets_nothing_else(tmp_path: Path, name: str) -> None:
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(6)}
    home = await JobHome().create(tmp_path, texts, ["Borrower", "Lender", "Date"])
    home.card()
    await home.deployment()
    failed = (DocumentFailure(1, "loan01.txt", "unreadable", "it is not UTF-8"),)
    for number, state in enumerate(JobState):
        home.job(f"job{number}", state, done=2, failed=failed, seconds=1.0, suggestions=3)
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.add_class(ASCII_CLASS)
        app.ask(MAKERS[name](home))
        await settle(pilot)
        *lines, _ = app.screen._compositor.render_strips()  # the last are the keys, as the app names them
        drawn = "".join(line.text for line in lines)
    assert {character for character in drawn if not character.isascii()} == set()
