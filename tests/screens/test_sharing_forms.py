"""Making a project on a container, joining one, and turning sharing on and off, by keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.fakes import home_resources, write_documents
from tests.screens.conftest import LOANS, ONE, paste, screen_text, session_of
from tests.screens.sharing import Person, Team, at_rest, background_of, press_through
from tests.shelves import FakeShelf
from tui_labeler.app import LabelerApp
from tui_labeler.assembly import workbench as real_workbench
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.projects.create_project import CreateProjectScreen
from tui_labeler.screens.projects.projects import ProjectsScreen

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from textual.pilot import Pilot


def is_at(pilot: Pilot[None], screen: type) -> bool:
    return isinstance(pilot.app.screen, screen)


async def fill_in(pilot: Pilot[None], container: str, *, name: str = "Loans", sharing: bool = False) -> None:
    await press_through(pilot, "n")
    await paste(pilot, container)
    await press_through(pilot, "down")
    await paste(pilot, name)
    if sharing:
        await press_through(pilot, *["down"] * 6, "right")
    await press_through(pilot, "ctrl+s")


async def test_a_project_on_a_folder_is_shared_when_the_form_says_so_and_others_join(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana = Person("ana", tmp_path, FakeShelf(team.stored), is_remote=False)
    bo = Person("bo", tmp_path, FakeShelf(team.stored), is_remote=False)
    folder = write_documents(tmp_path / "texts", LOANS)
    async with ana.running(open_project=None) as pilot:
        await fill_in(pilot, str(folder), sharing=True)
        assert is_at(pilot, LabelingScreen)
        assert session_of(pilot).project.settings.share_labels
        assert not [note for note in pilot.app._notifications if note.title.startswith("Joined")]
        await press_through(pilot, "K", "a")
        await paste(pilot, "Lender")
        await press_through(pilot, "enter", "q", "v", "1", "ctrl+s")
        await background_of(pilot).now()
    async with bo.running(open_project=None) as pilot:
        await fill_in(pilot, str(folder), sharing=True)
        told = [note.message for note in pilot.app._notifications if note.title == "Joined Loans"]
        assert len(told) == 1
        assert "its categories and labels are here" in told[0]
        assert [item.name for item in session_of(pilot).store.state.categories.values()] == ["Lender"]
        assert len(session_of(pilot).documents.find(ONE).saved_labels) == 1
    cleo = Person("cleo", tmp_path, FakeShelf(team.stored), is_remote=False)
    async with cleo.running(open_project=None) as pilot:
        await fill_in(pilot, str(folder), sharing=False)
        told = [note.message for note in pilot.app._notifications if note.title == "Project made"]
        assert "others share a project 'Loans' there, and this one stays apart" in told[0]


async def test_what_is_typed_as_a_url_is_always_shared_and_the_form_says_so(tmp_path: Path) -> None:
    ana = Person("ana", tmp_path, FakeShelf(), is_remote=False)
    async with ana.running(open_project=None) as pilot:
        await press_through(pilot, "n")
        assert "< labels stay with you >" in screen_text(pilot)
        await paste(pilot, "az://loans")
        assert "labels are for all who have the container" in screen_text(pilot)
        await press_through(pilot, "end", *["backspace"] * 8)
        assert "< labels stay with you >" in screen_text(pilot)


async def test_a_project_of_another_kind_with_that_name_is_said_in_the_form(tmp_path: Path) -> None:
    team = Team(tmp_path)
    await team.person("ana", is_remote=True)
    bo = Person("bo", tmp_path, FakeShelf(team.stored))
    async with bo.running(open_project=None) as pilot:
        await press_through(pilot, "n")
        await paste(pilot, str(tmp_path / "texts"))
        await press_through(pilot, "down")
        await paste(pilot, "Loans")
        await press_through(pilot, "down", "right", "ctrl+s")
        assert is_at(pilot, CreateProjectScreen)
        assert "of another kind" in screen_text(pilot)
        assert "or the other kind" in screen_text(pilot)


async def test_addresses_that_lead_nowhere_are_said_in_words(tmp_path: Path) -> None:
    bench = real_workbench(tmp_path / "home")
    bench.resources = home_resources(tmp_path / "home")
    for typed, words in (
        ("https://acc.blob.core.windows.net", "does not name a container"),
        ("http://acc.blob.core.windows.net/texts", "would send texts in the clear"),
        ("https://acc.blob.core.windows.net/Not_A_Name", "3 to 63 small letters"),
        ("http://127.0.0.1:9/acc/texts", "there is no key for"),
    ):
        async with LabelerApp(bench, sync_every=0).run_test(size=(120, 40), notifications=True) as pilot:
            await at_rest(pilot)
            await fill_in(pilot, typed)
            assert is_at(pilot, CreateProjectScreen)
            assert words in " ".join(screen_text(pilot).split()), screen_text(pilot)


async def test_making_one_can_be_called_off_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = Person("ana", tmp_path, FakeShelf())
    bench = ana.workbench
    asked = asyncio.Event()

    async def slow(*args: object, **options: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(bench, "create", slow)
    # The next key waits no longer for what goes on.
    monkeypatch.setattr("tui_labeler.screens.typing_ahead.PATIENCE", 0.01)
    async with LabelerApp(bench, sync_every=0).run_test(size=(120, 40), notifications=True) as pilot:
        await at_rest(pilot)
        await press_through(pilot, "n")
        await paste(pilot, "az://loans")
        await pilot.press("ctrl+s")
        await asked.wait()
        await press_through(pilot, "ctrl+g")
        assert "Called off: no project was made." in screen_text(pilot)
        await press_through(pilot, "ctrl+g")
        assert is_at(pilot, ProjectsScreen)
    assert await bench.projects() == ()


async def test_the_settings_turn_sharing_on_and_off(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana = await team.person("ana", is_remote=False)
    async with ana.running() as pilot:
        await press_through(pilot, "O")
        assert "< stay in this home >" in screen_text(pilot)
        await press_through(pilot, *["down"] * 3, "right", "ctrl+s")
        assert "Saved labels are shared from here on" in screen_text(pilot)
        await background_of(pilot).now()
        await at_rest(pilot)
        assert "synced" in screen_text(pilot).splitlines()[0]
        assert team.stored.files
        await press_through(pilot, "O", *["down"] * 3, "right", "ctrl+s")
        assert "Saved labels stay in this home from here on" in screen_text(pilot)
        assert "synced" not in screen_text(pilot).splitlines()[0]


async def test_sharing_a_folder_in_which_others_have_that_project_is_refused(tmp_path: Path) -> None:
    team = Team(tmp_path)
    await team.person("bo")
    ana = await team.person("ana", is_remote=False)
    async with ana.running() as pilot:
        await press_through(pilot, "O", *["down"] * 3, "right", "ctrl+s")
        (told,) = [note.message for note in pilot.app._notifications]
        assert "Others share a project 'Loans' in this container already." in told
        assert "make it again" in told
        assert not session_of(pilot).project.settings.share_labels


async def test_labels_of_a_container_elsewhere_are_always_shared(tmp_path: Path) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running() as pilot:
        await press_through(pilot, "O")
        assert "are for all who have the container" in screen_text(pilot)
        await press_through(pilot, "ctrl+s")
        assert "From here on" not in screen_text(pilot)
