"""The lines of words and of keys on a small terminal: what matters most is there, and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import make_project, suggest
from tests.screens.conftest import ONE, THREE, TWO, Running, press, screen_of, screen_text, session_of, settle
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.ports.takes import Take
from tui_labeler.screens.lines import StatusLine

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench

SMALL = (80, 24)
LONG = "The party that gives the money and wants it back"
CATEGORIES = ["Borrower", LONG]


@pytest.fixture
async def suggested(workbench: Workbench, container: Path) -> None:
    """Suggestions in two documents, of which one category has a long name."""
    session = await make_project(workbench, container, categories=CATEGORIES)
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.93), (LONG, "North Bank", 0.55)])
    await suggest(session, TWO, [(LONG, "North Bank", 0.97)])
    await session.close()


def line(pilot: Pilot[None]) -> str:
    """The line as it is drawn."""
    place = screen_of(pilot).query_one(StatusLine).region.y
    return screen_text(pilot).splitlines()[place].strip()


async def test_a_question_of_a_review_is_there_whole_and_the_figures_come_back(
    running: Running, suggested: None
) -> None:
    async with running(size=SMALL, open_project="Loans", review=True) as pilot:
        assert line(pilot).endswith("0 of 3 decided")
        await press(pilot, "c")
        assert line(pilot).startswith("Change to: press a category's key, or c for the list.")
        await press(pilot, "escape")
        assert line(pilot).endswith("0 of 3 decided")


async def test_the_mode_of_moving_ends_is_explained_whole(running: Running, suggested: None) -> None:
    async with running(size=SMALL, open_project="Loans", review=True) as pilot:
        await press(pilot, "e")
        assert line(pilot) == "Ends: > < by words, . , by characters, o other end. enter applies, e leaves."
        await press(pilot, "e", "v", "w")
        assert line(pilot) == "Selected. Press a category's key, = for all such places, enter for the list."


async def test_a_label_in_the_way_never_hides_the_key_that_replaces_it(
    running: Running, suggested: None
) -> None:
    async with running(size=SMALL, open_project="Loans", document=TWO, review=True) as pilot:
        session = session_of(pilot)
        screen = screen_of(pilot)
        await press(pilot, "a")
        screen.show_place(next(row.id for row in session.rows.values() if row.location == TWO), None)
        await press(pilot, "g", "v", "w", "1")
        assert line(pilot).startswith("In the way: The party that gives")
        assert line(pilot).endswith("! replaces it.")


@pytest.mark.parametrize(
    ("words", "whole", "left", "right"),
    [
        ("x" * 20, False, "x" * 20, "all: 3 of 8 decided, 4 a minute, 2 documents left"),
        ("x" * 40, False, "x" * 40, "all: 3 of 8 decided, 4 a minute"),
        ("x" * 60, False, "x" * 57 + "…", "all: 3 of 8 decided"),
        ("x" * 60, True, "x" * 60, ""),
        ("x" * 80 + ". Do it.", True, "x" * 68 + "…. Do it.", ""),
    ],
)
async def test_figures_give_way_before_words(
    running: Running, suggested: None, words: str, whole: bool, left: str, right: str
) -> None:
    async with running(size=SMALL, open_project="Loans") as pilot:
        status = screen_of(pilot).query_one(StatusLine)
        status.text, status.whole = words, whole
        status.right = "all: 3 of 8 decided, 4 a minute, 2 documents left"
        await pilot.pause()
        assert line(pilot) == (left + right.rjust(78 - len(left))).strip()


@pytest.mark.parametrize("kind", ProjectKind)
@pytest.mark.parametrize("review", [False, True])
async def test_saving_undo_and_help_are_among_the_keys_that_a_small_terminal_has_room_for(
    running: Running, workbench: Workbench, container: Path, kind: ProjectKind, review: bool
) -> None:
    session = await make_project(workbench, container, kind=kind, categories=CATEGORIES)
    await session.close()
    async with running(size=SMALL, open_project="Loans", review=review) as pilot:
        keys = screen_text(pilot).splitlines()[-1]
        assert "^s Save labels" in keys
        assert "u Undo" in keys
        assert keys.endswith("? Help")


async def test_the_documents_name_is_whole_beside_a_long_filter(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", size=SMALL) as pilot:
        screen_of(pilot).start_review(job="vx7pj72eys")
        screen_of(pilot).filter_words = "job vx7pj72eys, from 0.5 to 0.9, and more than the line has room for"
        screen_of(pilot).show_title()
        await pilot.pause()
        title = screen_text(pilot).splitlines()[0]
        assert title.startswith(f" Loans > {ONE} ")
        assert len(title) <= SMALL[0]
        assert " 0 of 3 (job vx7pj72eys, from" in title


async def test_a_review_of_one_job_is_told_whole_on_a_small_screen_and_in_full_on_a_larger_one(
    running: Running, suggested: None, workbench: Workbench
) -> None:
    session = await workbench.open("Loans")
    await suggest(session, THREE, [("Borrower", "Nothing", 0.8)], job="vx7pj72eys")
    await session.close()
    async with running(open_project="Loans", size=SMALL) as pilot:
        screen = screen_of(pilot)
        screen.start_review(job="vx7pj72eys")
        await settle(pilot)
        await press(pilot, "v", "w", "2")
        title = screen_text(pilot).splitlines()[0]
        assert title.split("  ", 1)[0] == f" Loans > {THREE}"
        assert title.endswith("1 unsaved  0 of 3 (job vx7pj72eys: none left)")
        await press(pilot, "u", "w", "g")
        assert line(pilot).startswith("Borrower .80, suggested by model:loans (exact)")
        assert line(pilot).endswith(" 0 of 1 decided")
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert screen_text(pilot).splitlines()[0].endswith("1 of 3 documents (job vx7pj72eys)")
        assert line(pilot).endswith("job vx7pj72eys: 0 of 1 decided, 1 document left")


async def test_documents_left_and_the_pace_are_told_on_a_small_screen_with_a_filter_too(
    running: Running, suggested: None
) -> None:
    async with running(size=SMALL, open_project="Loans", review=True) as pilot:
        seconds = [0.0]
        screen = screen_of(pilot)
        screen.progress._clock = lambda: seconds[0]
        screen.progress._started = 0.0
        assert "2 documents left" in screen_text(pilot)
        screen.progress._singly, seconds[0] = 5, 30.0
        await press(pilot, "a")
        assert "12 a minute" in screen_text(pilot)
        await press(pilot, "f", "right", "ctrl+s")
        assert "document" in screen.about().splitlines()[-1]
        assert screen.about().splitlines()[-1] in screen_text(pilot)
        assert screen.about().endswith(" left")
        await press(pilot, "r")
        assert "documents left" not in screen_text(pilot)


@pytest.mark.parametrize("location", [ONE, "a_name_of_a_document_that_takes_half_a_line.txt"])
async def test_what_is_selected_is_told_whole_beside_whose_the_document_is(
    running: Running, workbench: Workbench, container: Path, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (container / ONE).rename(container / location)
    for number in range(207):
        (container / f"z{number}.txt").write_text("Nothing is said here.", encoding="utf-8")
    session = await make_project(workbench, container, categories=CATEGORIES)
    await session.close()
    async with running(open_project="Loans", document=location, size=SMALL) as pilot:
        screen = screen_of(pilot)
        monkeypatch.setattr(screen, "taker", lambda _: Take("x", "root"))
        await press(pilot, "D", "asterisk")
        title = screen_text(pilot).splitlines()[0]
        assert title.startswith(f" Loans > {location[:20]}")
        right = "with root  all 210 selected"
        assert title.rstrip().endswith(f" {right}, 210 text records" if location == ONE else f" {right}")
        await press(pilot, "space")
        assert "209 selected" in screen_text(pilot).splitlines()[0]
