"""What the last line offers is what keys do, wherever the focus is and whatever is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import document, labels, make_project, open_ones, suggest
from tests.screens import typical
from tests.screens.conftest import (
    ONE,
    TWO,
    Opened,
    Running,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
    span_of,
)
from tests.screens.test_many_classes import LAST, LATER, SECOND, THIRD, asked
from tui_labeler.app import LabelerApp
from tui_labeler.domain.projects import Dataset
from tui_labeler.screens.choosing import NameScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench


@pytest.fixture
async def suggested(workbench: Workbench, container: Path) -> None:
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.93), ("Amount", "GBP 25,000", 0.55)])
    await session.close()


def last_line(pilot: Pilot[None]) -> str:
    return screen_text(pilot).splitlines()[-1]


async def test_while_a_category_is_asked_for_no_other_key_does_anything_but_say_so(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        await press(pilot, "c")
        for key in "topa":
            await press(pilot, key)
            assert f"{key} is no category's key. enter lists them, esc leaves." in screen_text(pilot)
        session = session_of(pilot)
        assert session.rows[document(session, ONE)].dataset is Dataset.TRAIN
        assert len(open_ones(session, ONE)) == 2
        await press(pilot, "2")
        assert labels(session, ONE) == [("Lender", span_of(ONE, "Acme Ltd."))]


@pytest.mark.parametrize("leaving", ["escape", "q", "ctrl+g"])
async def test_a_question_for_a_category_is_left_by_a_key(
    running: Running, suggested: None, leaving: str
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "c", "t", leaving)
        assert isinstance(pilot.app.screen, LabelingScreen)
        assert screen_of(pilot).awaiting is None
        await press(pilot, "a")
        assert labels(session_of(pilot), ONE) == [("Borrower", span_of(ONE, "Acme Ltd."))]


@pytest.mark.parametrize("again", ["B", "enter"])
async def test_the_key_that_asks_for_a_category_opens_the_list_once_more(opened: Opened, again: str) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "B", again)
        assert "Brush with which entity?" in screen_text(pilot)
        await press(pilot, "2", "enter")
        assert labels(session_of(pilot), TWO) == [("Lender", span_of(TWO, "North"))]


async def test_with_many_classes_c_lets_a_name_be_typed_at_once(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND, review=True) as pilot:
        await press(pilot, "c")
        assert isinstance(pilot.app.screen, NameScreen)
        await press(pilot, *"top", "escape")
        session = session_of(pilot)
        assert session.rows[document(session, SECOND)].dataset is Dataset.TRAIN
        await press(pilot, "c", *"change", "enter")
        assert labels(session, SECOND) == [("change pin", None)]


async def test_a_review_that_begins_in_the_pane_puts_the_focus_on_the_text(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND) as pilot:
        await press(pilot, "C")
        screen_of(pilot).start_review()
        await settle(pilot)
        assert screen_of(pilot).text.has_focus
        await press(pilot, "left_square_bracket", "right_square_bracket", "n", "a")
        assert screen_of(pilot).pane.typed == ""
        assert len(labels(session_of(pilot), SECOND)) == 1


async def test_where_letters_find_a_name_the_last_line_says_so_and_q_is_one_of_them(tmp_path: Path) -> None:
    async with asked(tmp_path, THIRD) as pilot:
        assert "a-z Find" not in last_line(pilot)
        await press(pilot, "C")
        assert last_line(pilot).startswith(" a-z Find ")
        assert " ^g End name " in last_line(pilot)
        assert " C " not in last_line(pilot)  # it begins a name, as any letter
        await press(pilot, "q")
        assert screen_of(pilot).pane.typed == "q"
        await press(pilot, *"77a", "enter")
        assert labels(session_of(pilot), THIRD) == [(LAST, None)]
        assert last_line(pilot).startswith(" / Find ")
        assert " u Undo " in last_line(pilot)


async def test_the_last_line_has_the_keys_of_the_list_while_it_has_the_focus(opened: Opened) -> None:
    async with opened(ONE, size=(80, 24)) as pilot:
        assert "Brush" in last_line(pilot)
        await press(pilot, "D")
        for offered in ("space Select", "v Range", "f Filter", "s Sort"):
            assert offered in last_line(pilot)
        assert "Brush" not in last_line(pilot)
        await press(pilot, "D")
        assert "Brush" in last_line(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_a_long_list_of_names_keeps_its_keys_in_view_and_covers_those_of_the_screen(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with asked(tmp_path, SECOND, size=size) as pilot:
        assert "Accept" in last_line(pilot)
        await press(pilot, "enter")
        text = screen_text(pilot)
        assert "Which class?" in text
        assert "Take" in text
        assert "Cancel" in text
        assert "Accept" not in text
        await press(pilot, *"question 71", "enter")
        assert (LATER, None) in labels(session_of(pilot), SECOND)


async def test_a_list_that_begins_far_down_shows_where_it_begins_on_a_small_screen(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND, review=True, size=(80, 24)) as pilot:
        await press(pilot, "c")
        await settle(pilot)
        assert LATER in screen_text(pilot).split("Which category instead?")[1]


async def test_a_review_that_is_opened_from_the_jobs_puts_the_focus_on_the_text(tmp_path: Path) -> None:
    home = await typical.loans(tmp_path)
    await home.session.close()
    app = LabelerApp(home.workbench, open_project="loans", document=ONE)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "C", "J", "j", "v")
        assert screen_of(pilot).reviewing
        assert screen_of(pilot).text.has_focus


@pytest.mark.parametrize("review", [False, True])
async def test_while_something_is_selected_the_first_keys_label_and_unselect(
    running: Running, suggested: None, review: bool
) -> None:
    async with running(open_project="Loans", review=review, size=(80, 24)) as pilot:
        before = last_line(pilot)
        await press(pilot, "v", "w")
        assert last_line(pilot).split()[:4] == ["⏎", "Label", "^g", "Unselect"]
        assert len(last_line(pilot)) <= 80
        await press(pilot, "ctrl+g")
        assert screen_of(pilot).text.selection is None
        assert last_line(pilot) == before


async def test_a_suggestion_that_is_rejected_outside_a_review_is_told_like_a_label_that_is_removed(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=ONE, size=(80, 24)) as pilot:
        await press(pilot, "semicolon", "d")
        assert "Rejected: Borrower. u brings it back." in screen_text(pilot)
        await press(pilot, "d")
        assert "Rejected: Amount. u brings it back." in screen_text(pilot)
        await press(pilot, "u")
        assert len(open_ones(session_of(pilot), ONE)) == 1


@pytest.mark.parametrize(
    "key",
    ["d", "delete", "a", "x", "A", "X", "c", "e", "equals_sign", "exclamation_mark", "B", "Q", "ctrl+t"],
)
async def test_a_key_for_the_text_changes_nothing_from_the_list_and_says_so(
    running: Running, suggested: None, key: str
) -> None:
    async with running(open_project="Loans", document=ONE, size=(80, 24)) as pilot:
        await press(pilot, "semicolon")
        seq = session_of(pilot).store.seq
        await press(pilot, "D", "j", key)
        assert session_of(pilot).store.seq == seq
        assert " is for the text in view: enter opens the document here, D goes back." in screen_text(pilot)
        assert screen_of(pilot).awaiting is None
        assert screen_of(pilot).editing is None


async def test_a_key_about_documents_is_for_the_one_at_the_cursor_of_the_list(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        await press(pilot, "D", "j", "t")
        assert f"{TWO}: In the testing set." in screen_text(pilot)
        await press(pilot, "m", "F")
        assert f"Flag {TWO}" in screen_text(pilot)
        await press(pilot, "x", "enter")
        one, two = (session.documents.find(name) for name in (ONE, TWO))
        assert (two.dataset, two.reviewed is None, two.flag) == (Dataset.TEST, False, "x")
        assert (one.dataset, one.reviewed, one.flag) == (Dataset.TRAIN, None, "")


async def test_escape_goes_back_from_the_list_where_it_drops_no_range(opened: Opened) -> None:
    async with opened(ONE, size=(80, 24)) as pilot:
        await press(pilot, "D", "v", "j", "escape")
        assert screen_of(pilot).documents.has_focus
        assert not screen_of(pilot).documents.has_range
        await press(pilot, "escape")
        assert screen_of(pilot).text.has_focus


@pytest.mark.parametrize("place", ["C", "D"])
async def test_what_was_said_goes_with_the_next_key_beside_the_text(
    running: Running, suggested: None, place: str
) -> None:
    async with running(open_project="Loans") as pilot:
        await press(pilot, "Q", place)
        said = "No label is on an earlier text."
        assert screen_of(pilot).message == said
        await press(pilot, "down")
        assert said not in screen_text(pilot)
