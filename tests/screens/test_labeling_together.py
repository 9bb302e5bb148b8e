"""Leaving, other people in the same project, and small or plain terminals."""

from __future__ import annotations

from shutil import move
from typing import TYPE_CHECKING

import pytest

from tests.fakes import document, fixed_surroundings, home_workbench, labels, suggest
from tests.screens.conftest import (
    ONE,
    THREE,
    TWO,
    Opened,
    paste,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
    span_of,
)
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState
from tui_labeler.domain.labels import Span
from tui_labeler.engine.adapters.store.files import names_in
from tui_labeler.screens.following import News
from tui_labeler.screens.help import HelpScreen
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.projects.projects import ProjectsScreen

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.workbench import Workbench


@pytest.mark.parametrize(("answer", "saved"), [("s", 1), ("l", 0)], ids=["save", "leave"])
async def test_leaving_with_drafts_asks(
    opened: Opened, workbench: Workbench, answer: str, saved: int
) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "q")
        assert "1 draft decision is not saved" in screen_text(pilot)
        await press(pilot, answer)
        assert isinstance(pilot.app.screen, ProjectsScreen)
    session = await workbench.open("Loans")
    assert len(session.documents.find(TWO).saved_labels) == saved
    assert len(labels(session, TWO)) == 1


async def test_a_project_that_somebody_deletes_is_told_once_and_left_without_a_promise(
    opened: Opened, home: Path
) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1")
        follower = screen_of(pilot).follower
        await home_workbench(home, fixed_surroundings("bob")).delete("Loans")
        for _ in range(3):
            await follower.look()
        await pilot.pause()
        told = [note.message for note in pilot.app._notifications]
        assert len(told) == 1
        assert "This project was deleted." in told[0]
        await press(pilot, "l")
        assert "q goes to the projects" in screen_text(pilot)
        assert "unsaved" not in screen_text(pilot)
        await press(pilot, "v", "2")
        assert labels(session_of(pilot), TWO) == [("Borrower", span_of(TWO, "North"))]
        assert len(pilot.app._notifications) == 2, "the decision was refused, with the reason"
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, ProjectsScreen)
    assert list((home / "projects").iterdir()) == []


async def test_a_home_that_is_away_for_a_moment_is_told_and_work_goes_on_when_it_is_back(
    opened: Opened, home: Path, workbench: Workbench
) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1")
        follower = screen_of(pilot).follower
        aside = move(home, home.with_name("elsewhere"))
        for _ in range(3):
            await follower.look()
        await pilot.pause()
        told = [note.message for note in pilot.app._notifications]
        assert len(told) == 1
        assert f"{home} is not there any more" in told[0]
        assert "The home folder is away: nothing" in screen_text(pilot)
        await press(pilot, "v", "2")
        assert labels(session_of(pilot), TWO) == [("Borrower", span_of(TWO, "North"))]
        assert home.name not in names_in(home.parent)
        move(aside, home)
        await follower.look()
        await pilot.pause()
        text = screen_text(pilot)
        assert "The home folder is away: nothing" not in text
        assert "deleted" not in text
        assert "1 unsaved" in text
        await press(pilot, "ctrl+s")
    session = await workbench.open("Loans")
    assert len(session.documents.find(TWO).saved_labels) == 1


async def test_a_container_that_cannot_be_read_again_leaves_no_message_of_reading(
    opened: Opened, container: Path
) -> None:
    async with opened(TWO) as pilot:
        move(container, container.with_name("moved"))
        await press(pilot, "R")
        assert "Reading the container" not in screen_text(pilot)
        assert [note.severity for note in pilot.app._notifications] == ["error"]


async def test_staying_stays(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+c")
        assert "not saved" in screen_text(pilot)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, LabelingScreen)


async def test_two_people_see_each_others_labels_at_the_next_look(opened: Opened, home: Path) -> None:
    async with opened(TWO) as pilot:
        other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
        lender = other.categories.by_name("Lender").id
        await other.labeling.add(document(other, TWO), lender, span_of(TWO, "North Bank"))
        await screen_of(pilot).follower.look()
        await pilot.pause()
        text = screen_text(pilot)
        assert "Lender*" in text
        assert "unsaved" not in text
        await press(pilot, "g", "w", "w", "w", "v", "1")
        await other.refresh()
        assert ("Borrower", span_of(TWO, "Mary")) in labels(other, TWO)


async def test_a_text_that_changes_while_it_is_shown_is_shown_anew(
    opened: Opened, home: Path, container: Path
) -> None:
    async with opened(TWO) as pilot:
        (container / TWO).write_text("A whole new text about Paris.\n", encoding="utf-8")
        other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
        await other.documents.sync()
        await press(pilot, "v", "2")
        await other.refresh()
        assert labels(other, TWO) == [], "what was marked was another text"
        await screen_of(pilot).follower.look()
        await press(pilot, "escape")
        assert "A whole new text about Paris." in screen_text(pilot)
        assert "The text has changed: this is the new one." in screen_text(pilot)
        await press(pilot, "g", "5", "w", "v", "2")
        await other.refresh()
        assert [label.span for label in other.documents.find(TWO).active_labels] == [Span(23, 28)]


async def test_a_new_text_says_how_many_labels_are_on_the_one_before(
    opened: Opened, home: Path, container: Path
) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "2")
        (container / TWO).write_text("Nothing of it is left.\n", encoding="utf-8")
        other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
        await other.documents.sync()
        await screen_of(pilot).follower.look()
        await settle(pilot)
        assert "The text has changed. 1 label is on the one before: Q." in screen_text(pilot)


async def test_a_text_that_changed_since_the_container_was_read_is_not_labeled_before_that(
    opened: Opened, container: Path
) -> None:
    async with opened(ONE) as pilot:
        (container / TWO).write_text("A whole new text about Paris.\n", encoding="utf-8")
        await press(pilot, "]", "v", "2")
        assert labels(session_of(pilot), TWO) == []
        assert "has another text" in screen_text(pilot)
        await press(pilot, "R")
        await press(pilot, "escape", "g", "v", "2")
        assert [span for _, span in labels(session_of(pilot), TWO)] == [Span(0, 1)]


async def test_a_category_that_somebody_adds_gets_its_key(opened: Opened, home: Path) -> None:
    async with opened(TWO) as pilot:
        other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
        await other.categories.add("Rate")
        await screen_of(pilot).follower.look()
        await pilot.pause()
        await press(pilot, "v", "4")
        assert labels(session_of(pilot), TWO) == [("Rate", span_of(TWO, "North"))]


async def test_categories_are_edited_by_keys(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "K", "a")
        await paste(pilot, "Rate")
        await press(pilot, "enter", "g", "d")
        assert "It has 1 label in 1 document" in screen_text(pilot)
        await press(pilot, "y", "q")
        names = [category.name for category in session_of(pilot).store.state.categories.values()]
        assert names == ["Lender", "Amount", "Rate"]
        assert labels(session_of(pilot), TWO) == []
        await press(pilot, "v", "1")
        assert labels(session_of(pilot), TWO) == [("Lender", span_of(TWO, "North"))]


async def test_at_80_columns_the_text_has_room_and_the_list_comes_with_a_key(opened: Opened) -> None:
    async with opened(TWO, size=(80, 24)) as pilot:
        assert screen_of(pilot).text.size.width >= 50
        assert "agreement3.txt" not in screen_text(pilot)
        await press(pilot, "D")
        assert "agreement3.txt" in screen_text(pilot)
        await press(pilot, "j", "enter")
        assert "Nothing of interest" in screen_text(pilot)
        assert "agreement1.txt" not in screen_text(pilot)


async def test_ascii_terminals_get_ascii_only(opened: Opened) -> None:
    async with opened(TWO, ascii_only=True) as pilot:
        await press(pilot, "v", "w", "2")
        screen = screen_text(pilot)
        assert "Lender*" in screen
        assert screen.isascii(), {character for character in screen if not character.isascii()}


async def test_keys_of_the_settings_replace_the_defaults(opened: Opened) -> None:
    async with opened(TWO, keys={"document.next": "z"}) as pilot:
        await press(pilot, "]")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)
        await press(pilot, "z")
        assert screen_of(pilot).shown == document(session_of(pilot), THREE)


async def test_help_and_palette_know_the_keys(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "?")
        text = screen_text(pilot)
        assert "Data labeling" in text
        await press(pilot, "q", ":")
        await paste(pilot, "All identical")
        assert "Label the same words everywhere" in screen_text(pilot)


async def test_a_suggestion_is_drawn_dotted_with_its_confidence(opened: Opened, workbench: Workbench) -> None:
    session = await workbench.open("Loans")
    await suggest(session, TWO, [("Lender", "North Bank", 0.97)])
    async with opened(TWO) as pilot:
        assert "┄Lender .97" in screen_text(pilot)


@pytest.mark.parametrize("above", [None, HelpScreen, JobsScreen], ids=["nothing", "a dialog", "the jobs"])
async def test_the_end_of_a_job_is_told_unless_a_screen_shows_it(opened: Opened, above: type | None) -> None:
    async with opened(TWO) as pilot:
        screen = screen_of(pilot)
        if above is HelpScreen:
            await press(pilot, "question_mark")
        elif above is JobsScreen:
            await press(pilot, "J")
        assert above is None or isinstance(pilot.app.screen, above)
        request = JobRequest("j1", JobKind.TRAIN, "bob", "2026-11-21T09:00:00Z")
        for state in (JobState.RUNNING, JobState.SUCCEEDED):
            screen.follower.news.publish(News((), (Job(request, state),)))
            await pilot.pause()
        told = [note.title for note in pilot.app._notifications]
        assert told == ([] if above is JobsScreen else ["The training is over"])
