"""The first steps: once, to those who have no project, with the keys as they are bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.screens.conftest import Running, palette_searched, paste, press, screen_text
from tui_labeler.engine.errors import StorageError
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.tour import TourScreen

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_four_screens_lead_to_the_projects(running: Running, size: tuple[int, int]) -> None:
    async with running(tour=True, size=size) as pilot:
        for number, words in enumerate(("a home of your own", "drafts labels", "Suggest", "Solid"), start=1):
            text = screen_text(pilot)
            assert f"{number} of 4" in text
            assert words.lower() in text.lower()
            # All of it is in view, and the last line says how to leave.
            assert "Leave" in text.splitlines()[-1]
            assert pilot.app.screen.query_one("VerticalScroll").max_scroll_y == 0
            await press(pilot, "l")
        assert isinstance(pilot.app.screen, ProjectsScreen)


@pytest.mark.parametrize("before", [0, 1, 2, 3])
@pytest.mark.parametrize("key", ["q", "escape"])
async def test_one_key_leaves_from_each_screen(running: Running, before: int, key: str) -> None:
    async with running(tour=True) as pilot:
        await press(pilot, *["space"] * before, key)
        assert isinstance(pilot.app.screen, ProjectsScreen)


async def test_it_is_remembered_as_seen_as_soon_as_it_is_shown(running: Running) -> None:
    kept: list[tuple[str, object]] = []
    async with running(tour=True, remember=lambda *choice: kept.append(choice)) as pilot:
        assert isinstance(pilot.app.screen, TourScreen)
        assert kept == [("tour", False)]


async def test_who_has_a_project_or_has_seen_it_is_not_shown_it(running: Running, loans: None) -> None:
    async with running(tour=True) as pilot:
        assert isinstance(pilot.app.screen, ProjectsScreen)


async def test_without_being_asked_for_it_is_not_shown(running: Running) -> None:
    async with running() as pilot:
        assert "There is no project yet" in screen_text(pilot)
        await press(pilot, "colon")
        await paste(pilot, "tour")
        await palette_searched(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, TourScreen)


async def test_it_shows_the_keys_of_the_persons_own_keymap(running: Running) -> None:
    async with running(tour=True, keys={"projects.new": "ctrl+n", "review.accept": "y"}) as pilot:
        assert "Press ^n in the list" in screen_text(pilot)
        await press(pilot, "l", "l", "l")
        assert "  y   accept" in screen_text(pilot)


async def test_a_home_that_can_not_be_written_is_told_and_the_tour_goes_on(running: Running) -> None:
    async with running(tour=True, remember=refuse(StorageError("no room"))) as pilot:
        assert isinstance(pilot.app.screen, TourScreen)
        assert "no room" in screen_text(pilot)


def refuse(error: Exception) -> Callable[[str, object], None]:
    def fail(setting: str, value: object) -> None:
        raise error

    return fail
