"""More classes than there is room for: what the document has of them is in view, and can be asked about."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.fakes import category, document, labels, suggest
from tests.screens import typical
from tests.screens.conftest import press, screen_of, screen_text, session_of, settle
from tests.screens.job_fakes import JobHome
from tui_labeler.app import LabelerApp
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.screens.widgets.lifting import Lifting, News

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

FIRST, SECOND, THIRD = "mail1.txt", "mail2.txt", "mail3.txt"
LATE, LATER, LAST = typical.TOPICS[60], typical.TOPICS[70], typical.TOPICS[76]

SIZES = [(80, 24), (120, 40)]


@asynccontextmanager
async def asked(
    folder: Path, location: str = FIRST, *, size: tuple[int, int] = (80, 24), **options: object
) -> AsyncIterator[Pilot[None]]:
    """77 classes, any number a document; the first document has two and a suggestion, the second two."""
    texts = {name: f"This is {name}, and what it asks.\n" for name in (FIRST, SECOND, THIRD)}
    home = await JobHome().create(folder, texts, typical.TOPICS, ProjectKind.MULTI_LABEL)
    session = home.session
    for name in (LATE, LAST):
        await session.labeling.add(document(session, FIRST), category(session, name))
    await session.labeling.save()
    await suggest(session, FIRST, [(LATER, "", 0.64)])
    await suggest(session, SECOND, [(LATER, "", 0.91), (LAST, "", 0.55)])
    await session.close()
    app = LabelerApp(home.workbench, open_project="loans", document=location, **options)  # type: ignore[arg-type]
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield pilot


def at_the_top(pilot: Pilot[None], count: int) -> list[str]:
    """The names in the first rows of the pane that are in view."""
    pane = screen_of(pilot).pane
    assert pane.top == 0
    return [line.name for line in pane.categories[:count]]


@pytest.mark.parametrize("size", SIZES)
async def test_the_classes_and_suggestions_of_the_document_stand_at_the_top(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with asked(tmp_path, size=size) as pilot:
        assert at_the_top(pilot, 4) == [LATE, LATER, LAST, typical.TOPICS[0]]
        await press(pilot, "right_square_bracket")
        assert at_the_top(pilot, 3) == [LATER, LAST, typical.TOPICS[0]]
        await press(pilot, "right_square_bracket")
        assert at_the_top(pilot, 2) == list(typical.TOPICS[:2])


@pytest.mark.parametrize("size", SIZES)
async def test_a_review_shows_the_suggestion_that_it_is_at(tmp_path: Path, size: tuple[int, int]) -> None:
    async with asked(tmp_path, SECOND, size=size, review=True) as pilot:
        assert at_the_top(pilot, 2) == [LATER, LAST]
        assert screen_of(pilot).pane.brush == category(session_of(pilot), LATER)
        await press(pilot, "a")
        assert screen_of(pilot).pane.brush == category(session_of(pilot), LAST)
        assert at_the_top(pilot, 2) == [LATER, LAST]


async def test_a_class_that_is_set_by_its_key_comes_into_view(tmp_path: Path) -> None:
    async with asked(tmp_path, THIRD) as pilot:
        pane = screen_of(pilot).pane
        pane.scroll_to(y=40)
        await press(pilot, "9")
        assert at_the_top(pilot, 2) == [typical.TOPICS[8], typical.TOPICS[0]]


async def test_in_the_pane_the_cursor_stays_on_the_class_that_it_takes_away_and_sets_again(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path, THIRD) as pilot:
        await press(pilot, "C", *"question 77", "enter", "slash", *"question 66", "enter")
        await press(pilot, "slash", *"question 77", "enter")
        assert len(labels(session_of(pilot), THIRD)) == 1
        pane = screen_of(pilot).pane
        assert pane.categories[pane.cursor].name == LAST
        assert pane.top == 0
        await press(pilot, "enter")
        assert len(labels(session_of(pilot), THIRD)) == 2


async def test_enter_in_the_pane_takes_what_is_suggested_for_the_next_document(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "C", "down", "down", "right_square_bracket", "enter")
        assert labels(session_of(pilot), SECOND) == [(LATER, None)]


async def test_all_classes_stay_in_their_order_where_there_is_room(tmp_path: Path) -> None:
    async with asked(tmp_path, size=(120, 130)) as pilot:
        assert at_the_top(pilot, 77) == list(typical.TOPICS)


def test_what_was_taken_away_stays_near_the_top_until_another_document_comes() -> None:
    lifting = Lifting()
    assert lifting.take(["c"], of=1) is News.DOCUMENT
    assert lifting.take(["c"], of=1) is News.NONE
    assert lifting.take(["b", "c"], of=1) is News.LINES
    assert lifting.take(["b"], of=1) is News.NONE
    assert lifting.order(["a", "b", "c"]) == [1, 2, 0]
    assert lifting.take(["b"], of=2) is News.DOCUMENT
    assert lifting.order(["a", "b", "c"]) == [1, 0, 2]


async def test_the_line_below_names_all_classes_of_a_document(tmp_path: Path) -> None:
    async with asked(tmp_path, size=(120, 40)) as pilot:
        last_lines = screen_text(pilot).splitlines()[-2:]
        assert f"{LATE}, {LAST}; suggested: {LATER} .64" in last_lines[0]


async def test_the_line_below_names_the_one_class_with_who_set_it(tmp_path: Path) -> None:
    async with asked(tmp_path, THIRD) as pilot:
        await press(pilot, "4", "left_square_bracket", "right_square_bracket")
        assert "card delivery estimate, label by ann, not saved" in screen_text(pilot)


async def test_i_tells_where_each_class_and_suggestion_of_a_document_comes_from(tmp_path: Path) -> None:
    async with asked(tmp_path, size=(120, 60)) as pilot:
        await press(pilot, "i")
        text = screen_text(pilot)
        for _ in range(20):
            await press(pilot, "j")
            text += screen_text(pilot)
        assert "Where these 3 come from" in text
        for name in (LATE, LATER, LAST):
            assert f"Category     {name}" in text
        assert "Label        made by hand" in text
        assert "Confidence   0.64" in text


async def test_the_class_that_semicolon_goes_to_is_told_of_first(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        seen = []
        for _ in range(4):
            await press(pilot, "semicolon")
            item = screen_of(pilot).item()
            assert item is not None
            seen.append(session_of(pilot).store.state.categories[item.category].name)
        assert seen == [LATE, LAST, LATER, LATE]
        await press(pilot, "apostrophe", "i")
        told = screen_text(pilot)
        assert f"Category     {LATER}" in told.split("What happened")[0]


async def test_in_the_pane_where_letters_find_names_a_quotation_mark_tells(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND, size=(120, 60)) as pilot:
        await press(pilot, "C", "down", "quotation_mark")
        told = screen_text(pilot)
        assert "Where these 2 come from" in told
        assert f"Category     {LAST}" in told.split("What happened")[0]


async def test_keys_for_one_class_say_what_is_missing(tmp_path: Path) -> None:
    async with asked(tmp_path, THIRD) as pilot:
        for key in ("i", "semicolon", "d"):
            await press(pilot, key)
            assert "This document has no class yet, and none is suggested for it." in screen_text(pilot)
            screen_of(pilot).say("")
        await press(pilot, "left_square_bracket", "d")
        assert "No class is chosen: go to one with ; or ' first." in screen_text(pilot)


async def test_in_the_list_digits_are_a_count_and_no_class(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND) as pilot:
        before = labels(session_of(pilot), SECOND)
        await press(pilot, "D", "g", "2")
        assert "count 2" in screen_text(pilot)
        await press(pilot, "j")
        listed = screen_of(pilot).documents
        assert (listed.cursor, listed.current and listed.current.location) == (2, THIRD)
        await press(pilot, "2", "G")
        assert listed.cursor == 1
        assert "count" not in screen_text(pilot).splitlines()[-2]
        assert labels(session_of(pilot), SECOND) == before


async def test_a_letter_of_a_class_labels_nothing_from_the_list_and_says_what_it_is_about(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path, SECOND) as pilot:
        letter = next(key for key in screen_of(pilot).keys if key.isalpha())
        before = labels(session_of(pilot), SECOND)
        await press(pilot, "D", letter)
        assert f"{letter} labels {SECOND}, the document in view: D goes to it first." in screen_text(pilot)
        assert labels(session_of(pilot), SECOND) == before


async def test_a_question_goes_when_it_is_answered_even_with_what_there_is_already(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "semicolon", "c")
        assert "Which category instead?" in screen_text(pilot)
        await press(pilot, "enter")
        await settle(pilot)
        assert "Which category instead?" not in screen_text(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_key_of_many_classes_is_the_one_that_finds_them(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with asked(tmp_path, THIRD, size=size) as pilot:
        assert screen_text(pilot).splitlines()[-1].split()[:2] == ["⏎", "Label"]


async def test_the_keys_of_suggestions_are_shown_where_there_is_one(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        keys = screen_text(pilot).splitlines()[-1].split()
        assert keys[:8] == ["⏎", "Label", "C", "Categories", "a", "Accept", "x", "Reject"]
        await press(pilot, "n", "x")
        keys = screen_text(pilot).splitlines()[-1].split()
        assert keys[:8] == ["⏎", "Label", "C", "Categories", "]", "Next", "U", "Unlabeled"]
        assert "Accept" not in keys
        await press(pilot, "]")
        assert "Accept" in screen_text(pilot).splitlines()[-1]
