"""Resources by keys: added, tried, priced, removed, chosen; and what it looks like."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import FakeTester, home_resources, make_project
from tests.screens.conftest import Running, press, screen_text
from tests.screens.job_fakes import ScreenApp, settle
from tests.screens.test_navigation import until_shown
from tui_labeler.domain.resources import Capabilities, Prices, ResourceKind, Structured
from tui_labeler.engine.deployments.chat import ResourceError
from tui_labeler.engine.resources.resources import JobAtWork, NewResource, Resources
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.resources.forms import AddResourceScreen, NumbersScreen
from tui_labeler.screens.resources.resources import NONE, ChosenDeployment, ResourcesScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench

WORK = NewResource(
    "work",
    ResourceKind.AZURE,
    "https://work.openai.azure.com",
    ("gpt-4o", "gpt-5-mini"),
    api_version="2024-10-21",
    prices=Prices(2.5, 10.0, 1.25),
    context=128_000,
)
LOCAL = NewResource("local", ResourceKind.OPENAI, "http://127.0.0.1:8080/v1", ("qwen2.5-1.5b-instruct",))


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the time zone of the reader."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def tester() -> FakeTester:
    return FakeTester()


@pytest.fixture
async def resources(tmp_path: Path, tester: FakeTester) -> Resources:
    found = home_resources(tmp_path, tester, environment={"AZURE_OPENAI_API_KEY": "sk-secret"})
    await found.add(WORK)
    await found.add(LOCAL)
    return found


async def typed(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press("space" if character == " " else character)


async def test_every_deployment_is_a_row_and_the_one_at_the_cursor_is_told_of(resources: Resources) -> None:
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        text = screen_text(pilot)
        for words in (
            "local / qwen2.5",
            "work / gpt-4o",
            "work / gpt-5-mini",
            "not tried yet",
            "3 deployments",
        ):
            assert words in text
        assert "local servers need none" in text
        await pilot.press("j")
        await settle(pilot)
        text = screen_text(pilot)
        assert "key in AZURE_OPENAI_API_KEY" in text
        assert "work.openai.azure.com" in text
        assert "API version 2024-10-21" in text
        assert "128,000 tokens" in text
        assert "sk-secret" not in text


async def test_one_key_tries_a_deployment_and_shows_what_it_can_do(
    resources: Resources, tester: FakeTester
) -> None:
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        await pilot.press("j", "t")
        await settle(pilot)
        text = screen_text(pilot)
    assert tester.tried == [("work", "gpt-4o")]
    assert "held to a JSON schema" in text
    assert "answered in 0.4 s as gpt-4o-2024-08-06" in text
    row = next(line for line in text.split("\n") if "work / gpt-4o" in line)
    assert row.split()[-7:] == ["schema", "yes", "0.4", "s", "2.50", "/", "10.00"]


async def test_the_screen_lives_while_a_deployment_is_tried_and_leaving_ends_it(
    resources: Resources, tester: FakeTester
) -> None:
    tester.hold = asyncio.Event()
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        await pilot.press("t")
        await pilot.pause()
        assert "Asking qwen2.5-1.5b-instruct at 127.0.0.1:8080" in screen_text(pilot)
        await pilot.press("t", "j", "j")
        await pilot.pause()
        assert "gpt-5-mini on work" in screen_text(pilot)
        assert len(tester.tried) == 1
        await pilot.press("q")
        await settle(pilot)
        assert app.results == [None]
        assert not any(worker.group == "try" and worker.is_running for worker in app.workers)


async def test_a_try_that_fails_says_why_beside_the_deployment(
    resources: Resources, tester: FakeTester
) -> None:
    tester.found = ResourceError("127.0.0.1:8080 can't be reached [red]\x1b[2J.", hint="Check the endpoint.")
    app = ScreenApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        await pilot.press("t")
        await settle(pilot)
        text = screen_text(pilot)
        assert "The resource refuses: 127.0.0.1:8080 can't be reached [red]␛[2J." in text
        assert "Check the endpoint." in text
        row = next(line for line in text.split("\n") if "local / qwen2.5" in line)
        assert "the last try failed" in row
        assert "not tried" not in row
        assert "not yet" not in text
        tester.found = Capabilities(Structured.TEXT, False, True, 1.0, "2026-11-21T09:00:00.000Z")
        await pilot.press("t")
        await settle(pilot)
        text = screen_text(pilot)
        assert "plain text" in text
        assert "it thinks before it answers" in text


async def test_what_to_do_without_a_resource_fits_a_narrow_screen(tmp_path: Path) -> None:
    app = ScreenApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.ask(ResourcesScreen(home_resources(tmp_path)))
        await settle(pilot)
        assert NONE in screen_text(pilot)


async def test_a_resource_is_added_with_keys_alone(tmp_path: Path) -> None:
    resources = home_resources(tmp_path)
    app = ScreenApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        assert "There is no resource yet: a adds one" in screen_text(pilot)
        await pilot.press("t", "e", "D", "a")
        await pilot.pause()
        assert isinstance(app.screen, AddResourceScreen)
        await typed(pilot, "local")
        await pilot.press("enter", "right", "enter")
        await typed(pilot, "http://127.0.0.1:8080/v1")
        await pilot.press("enter")
        await typed(pilot, "small, large")
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "large on local" in screen_text(pilot)
    (added,) = await resources.list()
    assert (added.kind, added.endpoint) == (ResourceKind.OPENAI, "http://127.0.0.1:8080/v1")
    assert [item.name for item in added.deployments] == ["small", "large"]


async def test_what_is_wrong_is_said_in_the_form_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    resources = home_resources(tmp_path)
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        await pilot.press("a")
        await pilot.pause()
        await typed(pilot, "work")
        await pilot.press("down", "down")
        await typed(pilot, "https://me:sk-abc@work.example")
        await pilot.press("ctrl+s")
        while "user name or password" not in (text := screen_text(pilot)):
            await pilot.pause()
        assert "https://me" in text
        await pilot.press("escape")
        await settle(pilot)
    assert await resources.list() == ()


async def test_prices_are_set_and_taken_away(resources: Resources) -> None:
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        await pilot.press("j", "e")
        await pilot.pause()
        assert isinstance(app.screen, NumbersScreen)
        await pilot.press("backspace", "backspace", "backspace", "x", "ctrl+s")
        await pilot.pause()
        assert "Input is no number" in screen_text(pilot)
        await pilot.press("backspace", "3", "ctrl+s")
        await settle(pilot)
        assert "3.00 / 10.00" in screen_text(pilot)
        await pilot.press("e")
        await pilot.pause()
        for _ in range(3):
            await pilot.press("ctrl+u", "down")
        await pilot.press("ctrl+s")
        await settle(pilot)
    (_, work) = await resources.list()
    assert [item.prices for item in work.deployments] == [None, Prices(2.5, 10.0, 1.25)]
    assert work.deployments[0].context == 128_000


async def test_a_resource_is_removed_only_after_a_yes_and_not_from_under_a_job(tmp_path: Path) -> None:
    resources = home_resources(tmp_path, at_work=[JobAtWork("Loans", "j7", "work")])
    await resources.add(WORK)
    await resources.add(LOCAL)
    app = ScreenApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        for answer, left in (("n", 2), ("y", 1)):
            await pilot.press("D")
            await pilot.pause()
            assert "Remove the resource local?" in screen_text(pilot)
            await pilot.press(answer)
            await settle(pilot)
            assert len(await resources.list()) == left
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert "1 job at work asks work: j7 of Loans." in screen_text(pilot)
    assert len(await resources.list()) == 1


async def test_where_one_is_needed_enter_chooses_it(resources: Resources) -> None:
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        chosen = ChosenDeployment("work", "gpt-5-mini")
        app.ask(ResourcesScreen(resources, choosing=True, chosen=chosen))
        await settle(pilot)
        assert "gpt-5-mini on work" in screen_text(pilot)
        await pilot.press("k", "enter")
        await settle(pilot)
    assert app.results == [ChosenDeployment("work", "gpt-4o")]


async def test_elsewhere_enter_chooses_nothing(resources: Resources) -> None:
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, ResourcesScreen)


async def test_a_key_leads_there_from_the_projects_and_from_labeling(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await (await make_project(workbench, container)).close()
    async with running() as pilot:
        for under in (ProjectsScreen, LabelingScreen):
            await until_shown(pilot, under)
            await pilot.press("at")
            await until_shown(pilot, ResourcesScreen)
            await pilot.press("q")
            await until_shown(pilot, under)
            await press(pilot, "enter")


async def test_hostile_names_are_shown_as_text(tmp_path: Path) -> None:
    resources = home_resources(tmp_path)
    name = "[@click=app.quit]x[] \u202e"
    await resources.add(replace(LOCAL, name=name, deployments=("[red]m",)))
    app = ScreenApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.ask(ResourcesScreen(resources))
        await settle(pilot)
        text = screen_text(pilot)
        assert "[@click=app.quit]x[]" in text
        assert "[red]m" in text
        assert "\u202e" not in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
@pytest.mark.parametrize("form", [False, True], ids=["list", "form"])
def test_what_it_looks_like(snap_compare: Any, tmp_path: Path, size: tuple[int, int], form: bool) -> None:
    async def show(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, ScreenApp)
        tester = FakeTester()
        resources = home_resources(tmp_path, tester, environment={"AZURE_OPENAI_API_KEY": "k"})
        await resources.add(WORK)
        await resources.add(LOCAL)
        await resources.test("work", "gpt-4o")
        app.ask(ResourcesScreen(resources, chosen=ChosenDeployment("work", "gpt-4o")))
        await settle(pilot)
        if form:
            await pilot.press("a")
            await pilot.pause()

    assert snap_compare(ScreenApp(), terminal_size=size, run_before=show)


async def test_what_a_new_resource_needs_is_hinted_at_by_its_kind(running: Running) -> None:
    async with running() as pilot:
        await press(pilot, "at", "a", "down")
        assert "NAME.openai.azure.com" in screen_text(pilot)
        await press(pilot, "space")
        assert "NAME.openai.azure.com" not in screen_text(pilot)
        assert "https://api.openai.com" in screen_text(pilot)
