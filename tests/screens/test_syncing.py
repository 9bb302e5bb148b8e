"""The sign in the first line, syncing by a key, and leaving while something is not shared."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.screens.conftest import ONE, THREE, TWO, screen_of, screen_text, session_of
from tests.screens.sharing import Team, at_rest, background_of, press_through
from tui_labeler.engine.errors import UnreachableError
from tui_labeler.engine.sharing.shared_form import file_name
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.lines import TitleLine
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.sharing.syncing import LastSyncScreen, SyncScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot


def is_at(pilot: Pilot[None], screen: type) -> bool:
    return isinstance(pilot.app.screen, screen)


def title(pilot: Pilot[None]) -> str:
    return screen_text(pilot).splitlines()[0]


async def test_the_first_line_says_how_it_stands_and_the_key_says_what_was_done(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana, bo = await team.person("ana"), await team.person("bo")
    await bo.label(ONE, "Lender", "North Bank")
    async with ana.running(document=TWO) as pilot:
        assert "synced" not in title(pilot), "nobody has asked yet"
        await press_through(pilot, "v", "1")
        assert "pending" not in title(pilot), "a draft is not shared"
        await press_through(pilot, "ctrl+s")
        assert "pending 1" in title(pilot)
        await press_through(pilot, "S")
        assert "Labels: 1 downloaded, 1 uploaded, 0 unchanged, 0 conflicts." in screen_text(pilot)
        await press_through(pilot, "q")
        assert "synced" in title(pilot)
        assert len(session_of(pilot).documents.find(ONE).saved_labels) == 1


async def test_a_file_that_cannot_be_read_shows_in_the_first_line_and_the_report_says_what_to_do(
    tmp_path: Path,
) -> None:
    team = Team(tmp_path)
    ana, bo = await team.person("ana"), await team.person("bo")
    await bo.label(ONE, "Lender", "North Bank")
    (name,) = (name for name in team.stored.files if name.endswith(f"labels/{file_name(ONE)}"))
    team.stored.write(name, b'{"version":1, garbage')
    await ana.label(ONE, "Lender", "North Bank")
    async with ana.running(document=TWO) as pilot:
        assert "unreadable 1" in title(pilot)
        await press_through(pilot, "S")
        text = " ".join(screen_text(pilot).split())
        assert "0 uploaded, 0 unchanged" in text
        assert "Repair or remove that file in the container" in text
        assert "1 document waits here" in text
        await press_through(pilot, "q")
        assert "unreadable 1" in title(pilot)
        assert "1 document is unreadable in the container" in screen_text(pilot)


async def test_a_project_of_ones_own_has_no_sign_and_the_key_reads_its_folder(tmp_path: Path) -> None:
    ana = await Team(tmp_path).person("ana", is_remote=False)
    (tmp_path / "texts" / "new.txt").write_text("New.")
    async with ana.running() as pilot:
        await press_through(pilot, "v", "1", "ctrl+s")
        assert not {"synced", "pending"} & set(title(pilot).split())
        await press_through(pilot, "S")
        assert "Documents: 1 new" in screen_text(pilot)
        assert "Labels stay in this home" in screen_text(pilot)
        await press_through(pilot, "q", "q")
        assert is_at(pilot, ProjectsScreen)


async def test_offline_is_said_quietly_and_once_and_keys_go_on(tmp_path: Path) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running(document=TWO) as pilot:
        ana_shelf = ana.shelf
        ana_shelf.fail_at = 0
        background = background_of(pilot)
        for _ in range(2):
            try:
                await background.now()
            except UnreachableError:
                await at_rest(pilot)
        assert "offline" in title(pilot)
        assert "Offline: labels wait here" in screen_text(pilot)
        assert list(pilot.app._notifications) == []
        await press_through(pilot, "l")
        assert "Offline: labels wait here" not in screen_text(pilot)
        await press_through(pilot, "v", "1", "ctrl+s", "S")
        text = screen_text(pilot)
        assert "the line is cut" in text
        assert "1 document waits here" in text


async def test_offline_is_not_said_any_more_once_the_container_answers(tmp_path: Path) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running(document=TWO) as pilot:
        background = background_of(pilot)
        ana.shelf.fail_at = 0
        with pytest.raises(UnreachableError):
            await background.now()
        await at_rest(pilot)
        assert "Offline: labels wait here" in screen_text(pilot)
        ana.shelf.fail_at = None
        await background.now()
        await at_rest(pilot)
        assert "Offline: labels wait here" not in screen_text(pilot)
        assert "synced" in title(pilot)


async def test_calling_off_a_sync_leaves_the_screen_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running() as pilot:
        asked, cancelled = asyncio.Event(), asyncio.Event()

        async def slow(**options: object) -> None:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        monkeypatch.setattr(session_of(pilot).sharing, "sync", slow)
        await pilot.press("S")
        await asked.wait()
        assert is_at(pilot, SyncScreen)
        await pilot.press("q")
        await cancelled.wait()
        await pilot.pause()
        assert is_at(pilot, LabelingScreen)


async def test_a_sign_that_does_not_change_is_not_drawn_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running() as pilot:
        background = background_of(pilot)
        await background.now()
        await at_rest(pilot)
        drawn: list[object] = []
        line = screen_of(pilot).query_one(TitleLine)
        monkeypatch.setattr(line, "refresh", lambda *args, **options: drawn.append(args))
        for _ in range(3):
            await background.now()
            await at_rest(pilot)
        assert drawn == []


async def test_leaving_shares_what_was_saved_first(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana, bo = await team.person("ana"), await team.person("bo")
    async with ana.running(document=TWO, sync_every=3600) as pilot:
        await press_through(pilot, "v", "1")
        await session_of(pilot).labeling.save()
        await press_through(pilot, "q")
        assert is_at(pilot, ProjectsScreen)
    session = await bo.workbench.open("Loans")
    await bo.sync(session)
    assert len(session.documents.find(TWO).saved_labels) == 1


async def test_leaving_while_the_line_is_down_says_what_waits(tmp_path: Path) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running(document=TWO, sync_every=3600) as pilot:
        await press_through(pilot, "v", "1")
        ana.shelf.fail_at = 0
        await session_of(pilot).labeling.save()
        await press_through(pilot, "q")
        assert is_at(pilot, LastSyncScreen)
        assert "1 document waits here, safe on disk" in screen_text(pilot)
        await press_through(pilot, "q")
        assert is_at(pilot, LabelingScreen)
        await press_through(pilot, "q", "l")
        assert is_at(pilot, ProjectsScreen)


async def test_leaving_waits_for_a_slow_container_no_longer_than_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.screens.sharing.syncing.LEAVE_WITHIN", 0.01)
    ana = await Team(tmp_path).person("ana")
    async with ana.running(document=TWO, sync_every=3600) as pilot:
        await press_through(pilot, "v", "1")

        async def slow(**options: object) -> None:
            await asyncio.Event().wait()

        await session_of(pilot).labeling.save()
        monkeypatch.setattr(session_of(pilot).sharing, "sync", slow)
        await press_through(pilot, "q")
        assert "too slow to wait for it" in screen_text(pilot)
        await press_through(pilot, "l")
        assert is_at(pilot, ProjectsScreen)


async def test_a_decision_of_others_that_comes_by_itself_is_shown_and_not_told(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana, bo = await team.person("ana"), await team.person("bo")
    async with ana.running(document=THREE, sync_every=3600) as pilot:
        await at_rest(pilot)
        await bo.label(THREE, "Lender", "Nothing")
        background = background_of(pilot)
        background.soon()
        for _ in range(1000):
            await pilot.pause()
            if "Lender" in screen_text(pilot).splitlines()[2]:
                break
        assert "Lender" in screen_text(pilot)
        assert list(pilot.app._notifications) == []


async def test_a_name_that_two_gave_is_told_to_the_person(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana, bo = await team.person("ana"), await team.person("bo")
    async with ana.running(sync_every=3600) as pilot:
        for _ in range(1000):
            await pilot.pause()
            if "synced" in title(pilot):
                break
        session = await bo.workbench.open("Loans")
        await session.categories.add("Date")
        await bo.sync(session)
        here = session_of(pilot).categories
        await here.rename(here.by_name("Amount").id, "Date")
        background_of(pilot).soon()
        for _ in range(1000):
            await pilot.pause()
            if pilot.app._notifications:
                break
        (told,) = list(pilot.app._notifications)
        assert "'Amount' again" in told.message
