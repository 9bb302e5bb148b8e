"""From the labeling screen to the other screens of a project and back, by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.screens.conftest import ONE, TWO, Opened, press, screen_of, screen_text
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.models.models import ModelsScreen
from tui_labeler.screens.models.training import TrainingScreen
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.wizard.step import Step

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.screen import Screen


async def until_shown(pilot: Pilot[None], kind: type[Screen[Any]]) -> None:
    """Until a screen of this kind is shown: those of a project are loaded when first asked for."""
    while not isinstance(pilot.app.screen, kind):
        await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("key", "kind", "title"),
    [
        ("L", Step, "Loans > Autolabel"),
        ("J", JobsScreen, "Loans > Jobs"),
        ("T", TrainingScreen, "Loans > Train a model"),
        ("P", ModelsScreen, "Loans > Models"),
    ],
)
@pytest.mark.parametrize("back", ["q", "escape"])
async def test_a_key_opens_each_screen_of_a_project_and_another_leads_back(
    opened: Opened, key: str, kind: type[Screen[Any]], title: str, back: str
) -> None:
    async with opened(TWO) as pilot:
        labeling = screen_of(pilot)
        await pilot.press(key)
        await until_shown(pilot, kind)
        assert title in screen_text(pilot)
        await pilot.press(back)
        await until_shown(pilot, LabelingScreen)
        assert screen_of(pilot) is labeling
        assert f"Loans > {TWO}" in screen_text(pilot)


async def test_the_screens_follow_one_another_and_the_projects_come_last(opened: Opened) -> None:
    kinds: list[tuple[str, type[Screen[Any]]]] = [
        ("J", JobsScreen),
        ("T", TrainingScreen),
        ("P", ModelsScreen),
        ("L", Step),
    ]
    async with opened(ONE) as pilot:
        for key, kind in kinds:
            await pilot.press(key)
            await until_shown(pilot, kind)
            await pilot.press("q")
            await until_shown(pilot, LabelingScreen)
        await press(pilot, "right_square_bracket")
        assert f"Loans > {TWO}" in screen_text(pilot)
        await press(pilot, "left_square_bracket")
        assert f"Loans > {ONE}" in screen_text(pilot)
        await pilot.press("q")
        await until_shown(pilot, ProjectsScreen)
        await pilot.press("enter")
        await until_shown(pilot, LabelingScreen)


async def test_a_repeated_key_opens_a_screen_once(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        depth = len(pilot.app.screen_stack)
        await pilot.press("J", "J")
        await until_shown(pilot, JobsScreen)
        assert len(pilot.app.screen_stack) == depth + 1
