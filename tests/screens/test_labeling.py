"""Labeling entities by keys: what is on the screen, and what is in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import document, fixed_surroundings, home_workbench, labels, make_project, write_documents
from tests.screens.conftest import (
    LOANS,
    ONE,
    THREE,
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
from tui_labeler.domain.labels import Span
from tui_labeler.screens.labeling.words import identical

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.workbench import Workbench


async def test_a_selection_and_a_key_make_a_label_that_is_drawn_and_stored(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "w", "2")
        assert labels(session_of(pilot), TWO) == [("Lender", span_of(TWO, "North Bank"))]
        text = screen_text(pilot)
        assert "Lender*" in text
        assert "1 unsaved" in text


async def test_without_a_selection_digits_are_counts(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "2", "w")
        assert screen_of(pilot).text.cursor == LOANS[TWO].index("lends")
        assert labels(session_of(pilot), TWO) == []


async def test_a_brush_labels_word_after_word_with_enter(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "B", "1")
        assert "Brush: Borrower" in screen_text(pilot)
        await press(pilot, "enter", "w", "w", "enter")
        assert [span for _, span in labels(session_of(pilot), TWO)] == [
            span_of(TWO, "North"),
            span_of(TWO, "lends"),
        ]
        await press(pilot, "B")
        assert "Brush" not in screen_text(pilot).split("\n")[-2]
        await press(pilot, "1", "w")
        assert len(labels(session_of(pilot), TWO)) == 2


async def test_the_brush_is_named_while_words_are_selected(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "B", "1", "v", "w")
        assert "Brush: Borrower. enter labels what is selected" in screen_text(pilot)
        await press(pilot, "enter")
        assert [name for name, _ in labels(session_of(pilot), TWO)] == ["Borrower"]


async def test_a_brush_is_taken_from_the_pane_as_well(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "C", "j", "enter", "enter")
        assert labels(session_of(pilot), TWO) == [("Lender", span_of(TWO, "North"))]


async def test_one_key_labels_every_identical_place_and_says_how_many(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        start = LOANS[ONE].index("Acme")
        screen_of(pilot).text.select(start, start + len("Acme Ltd."))
        await press(pilot, "1", "=")
        spans = [span for _, span in labels(session_of(pilot), ONE)]
        assert spans == [span_of(ONE, "Acme Ltd."), span_of(ONE, "Acme Ltd.", start + 1)]
        assert "1 place labeled, 1 was labeled already." in screen_text(pilot)
        await press(pilot, "=")
        assert "all 2 places are labeled already." in screen_text(pilot)


async def test_one_place_that_is_labeled_already_is_said_in_plain_words(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        screen_of(pilot).text.select(*_range(span_of(TWO, "North Bank")))
        await press(pilot, "2", "=")
        assert "labeled already." in screen_text(pilot)
        assert "0 places" not in screen_text(pilot)


async def test_identical_places_are_asked_a_category_for_where_nothing_is_labeled(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        screen_of(pilot).text.select(*_range(span_of(TWO, "Mary O'Neil")))
        await press(pilot, "=")
        assert "Press a category's key" in screen_text(pilot)
        await press(pilot, "1")
        assert len(labels(session_of(pilot), TWO)) == 2


def _range(span: Span) -> tuple[int, int]:
    return span.start, span.end


def test_identical_words_inside_other_words_are_left_alone() -> None:
    text = "Ann flew to Annapolis. Ann, Joann and Ann's."
    assert [span.start for span in identical(text, Span(0, 3))] == [0, 23, 38]
    assert len(identical("日本と日本語", Span(0, 2))) == 2


async def test_a_label_in_the_way_is_named_and_one_key_replaces_it(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "w", "2")
        await press(pilot, "g", "v", "1")
        assert "In the way: Lender “North Bank”. ! replaces it." in screen_text(pilot)
        assert len(labels(session_of(pilot), TWO)) == 1
        await press(pilot, "!")
        assert labels(session_of(pilot), TWO) == [("Borrower", span_of(TWO, "North"))]


@pytest.mark.parametrize("refused", [["v", "w", "2"], ["e", ">", ">", ">", "enter"]])
async def test_what_was_refused_is_replaced_only_while_the_line_offers_it(
    opened: Opened, refused: list[str]
) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "w", "v", "1", "w", "v", "3")
        before = labels(session_of(pilot), TWO)
        assert before == [("Borrower", span_of(TWO, "Bank")), ("Amount", span_of(TWO, "lends"))]
        for then, back in (["l"], []), (["V", "escape"], []), (["]", "["], []), (["]"], ["["]):
            await press(pilot, "g", "w", *refused)
            assert "! replaces it." in screen_text(pilot)
            await press(pilot, *then)
            assert "! replaces it." not in screen_text(pilot)
            await press(pilot, "!")
            assert "No label is in the way of anything." in screen_text(pilot)
            assert labels(session_of(pilot), TWO) == before
            assert not labels(session_of(pilot), THREE)
            await press(pilot, *back, "escape")
        await press(pilot, "g", "w", *refused, "!")
        [(_, replaced)] = labels(session_of(pilot), TWO)
        assert replaced is not None
        assert replaced.start == span_of(TWO, "Bank").start
        assert replaced.end >= span_of(TWO, "lends").end


async def test_what_was_selected_is_not_told_of_in_the_next_document(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "v")
        assert "Selected. Press a category's key" in screen_text(pilot)
        await press(pilot, "]")
        assert screen_of(pilot).text.selection is None
        assert "Selected" not in screen_text(pilot)


async def test_enter_on_a_word_offers_the_categories_by_name(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "enter")
        assert "Label with which entity?" in screen_text(pilot)
        await press(pilot, "j", "j", "enter")
        assert labels(session_of(pilot), TWO) == [("Amount", span_of(TWO, "North"))]


async def test_a_label_gets_another_category_other_ends_and_goes(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "w", "2", "c", "3")
        assert labels(session_of(pilot), TWO) == [("Amount", span_of(TWO, "North Bank"))]
        await press(pilot, "e", ">", "enter")
        assert labels(session_of(pilot), TWO) == [("Amount", span_of(TWO, "North Bank lends"))]
        await press(pilot, "d")
        assert labels(session_of(pilot), TWO) == []


async def test_leaving_an_edit_changes_nothing(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "w", "2", "e", ">", "q", "enter", "q")
        assert labels(session_of(pilot), TWO) == [("Lender", span_of(TWO, "North Bank"))]


async def test_next_and_previous_label_go_round(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "w", "2")
        screen_of(pilot).text.select(*_range(span_of(TWO, "EUR 9,000")))
        await press(pilot, "3", "semicolon")
        assert screen_of(pilot).text.cursor == 0
        await press(pilot, "apostrophe")
        assert screen_of(pilot).text.cursor == LOANS[TWO].index("EUR")


async def test_undo_and_redo_go_over_documents(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "v", "1", "]", "v", "2", "u")
        assert labels(session_of(pilot), TWO) == []
        await press(pilot, "u")
        assert labels(session_of(pilot), ONE) == []
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)
        assert "Took back: label" in screen_text(pilot)
        await press(pilot, "ctrl+r")
        assert len(labels(session_of(pilot), ONE)) == 1
        await press(pilot, "ctrl+r", "ctrl+r")
        assert "nothing to do again" in screen_text(pilot)


async def test_what_somebody_else_did_is_not_undone(running: Running, loans: None, home: Path) -> None:
    bob = home_workbench(home, fixed_surroundings("bob"))
    async with running(workbench=bob, open_project="Loans") as pilot:
        await press(pilot, "u")
        assert "nothing of yours to take back" in screen_text(pilot)


async def test_undoing_what_a_job_or_many_changes_made_asks_first(
    opened: Opened, workbench: Workbench
) -> None:
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        lender = session.categories.by_name("Lender").id
        await session.labeling.add_many(0, lender, [Span(n, n + 1) for n in range(0, 60, 2)])
        await press(pilot, "u")
        assert "It made 30 changes" in screen_text(pilot)
        await press(pilot, "n")
        assert len(labels(session, ONE)) == 30
        await press(pilot, "u", "y")
        assert labels(session, ONE) == []


async def test_an_undo_takes_back_what_was_asked_about_or_nothing(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        lender = session.categories.by_name("Lender").id
        await session.labeling.add_many(0, lender, [Span(n, n + 1) for n in range(0, 60, 2)])
        await press(pilot, "u")
        # As another terminal of the same person would.
        await session.labeling.add(document(session, TWO), lender, Span(0, 5))
        await press(pilot, "y")
        await settle(pilot)
        assert "Nothing was taken back of" in screen_text(pilot)
        assert (len(labels(session, ONE)), len(labels(session, TWO))) == (30, 1)
        await press(pilot, "u")
        assert (len(labels(session, ONE)), len(labels(session, TWO))) == (30, 0)


async def test_saving_says_what_it_applied(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+s")
        assert "1 label in 1 document" in screen_text(pilot)
        found = session_of(pilot).documents.find(TWO)
        assert len(found.saved_labels) == 1
        assert "unsaved" not in screen_text(pilot)


async def test_where_a_label_comes_from_is_told(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "i")
        text = screen_text(pilot)
        assert "Where this label comes from" in text
        assert "made by hand" in text
        assert "by ana" in text
        assert "ana: label" in text


async def test_no_category_has_a_key_that_means_something_else_wherever_the_focus_is(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=[f"Kind {n}" for n in range(40)])
    await session.close()
    async with running(open_project="Loans") as pilot:
        screen = screen_of(pilot)
        fresh = dict(screen.keys)
        assert len(fresh) > 9
        for focused in (screen.text, screen.documents, screen.pane):
            focused.focus()
            await pilot.pause()
            assert fresh.keys().isdisjoint(key for key in screen.active_bindings if not key.isdigit())
            screen.assign_keys()
            assert screen.keys == fresh


async def test_without_categories_every_way_to_label_says_how_to_add_one(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await (await make_project(workbench, container, categories=[])).close()
    async with running(open_project="Loans", document=TWO) as pilot:
        for keys in (["v", "1"], ["B"], ["B", "1"], ["enter"]):
            await press(pilot, *keys)
            assert "There is no entity to label with yet: K adds one." in screen_text(pilot)
        assert labels(session_of(pilot), TWO) == []


async def test_a_great_many_places_are_labeled_after_their_number_was_told(
    running: Running, workbench: Workbench, tmp_path: Path
) -> None:
    container = write_documents(tmp_path / "many", {"a.txt": "word " * 1200})
    await (await make_project(workbench, container, categories=["Thing"])).close()
    async with running(open_project="Loans", size=(80, 24)) as pilot:
        await press(pilot, "=", "1")
        assert "Label 1,200 places?" in screen_text(pilot)
        await press(pilot, "n")
        assert labels(session_of(pilot), "a.txt") == []
        await press(pilot, "=", "1", "y")
        await pilot.app.workers.wait_for_complete()
        assert len(labels(session_of(pilot), "a.txt")) == 1200
        await pilot.pause()
        assert "1,200 places labeled." in screen_text(pilot)
