"""Words that a model answered and that were not found, in a review by keys."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import document, labels, make_project, open_ones, suggest, to_place
from tests.screens.conftest import (
    LOANS,
    ONE,
    THREE,
    TWO,
    Running,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
    span_of,
)
from tui_labeler.domain.projects import ProjectSettings
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.workbench import Workbench

HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]x[/red]\u202egnp"


@pytest.fixture
async def answered(workbench: Workbench, container: Path) -> None:
    """A suggestion and words to place in the first document, words to place alone in the second."""
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    await suggest(session, ONE, [("Amount", "GBP 25,000", 0.55)])
    await to_place(session, ONE, [("Borrower", "Acme Ltd")])
    await to_place(session, TWO, [("Lender", "North Bank plc")])
    await session.close()


async def test_words_to_place_are_shown_and_one_key_sets_them(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        assert "To place: Acme Ltd (Borrower)" in screen_text(pilot)
        await press(pilot, "a")
        assert "Acme Ltd (Borrower), 1 of 2" in screen_text(pilot)
        assert "1 of 3 decided" in screen_text(pilot)
        place = screen_of(pilot).text.cursor
        assert LOANS[ONE][place:].startswith("Acme Ltd")
        await press(pilot, "a")
        found = [(name, LOANS[ONE][span.start : span.end]) for name, span in _labels(pilot, ONE)]
        assert ("Borrower", "Acme Ltd") in [(name, words.rstrip(".")) for name, words in found]
        assert "2 of 3 decided" in screen_text(pilot)
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)


def _status_line(pilot: Any) -> str:
    """The line under the text that tells of words to place."""
    return next(line for line in screen_text(pilot).split("\n") if line.lstrip().startswith("To place"))


def _labels(pilot: Any, location: str) -> list[Any]:
    return labels(session_of(pilot), location)


async def test_one_key_steps_through_likely_places(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n")
        first = screen_of(pilot).text.cursor
        await press(pilot, "plus")
        assert "(Borrower), 2 of 2" in screen_text(pilot)
        second = screen_of(pilot).text.cursor
        assert second != first
        marks = [mark for mark in screen_of(pilot).text.rows.marks.values() if mark.kind == "to-place"]
        assert [mark.start for mark in marks] == [second]
        await press(pilot, "minus")
        assert screen_of(pilot).text.cursor == first
        assert "(Borrower), 1 of 2" in screen_text(pilot)


async def test_one_key_drops_them_and_undo_brings_them_back_in_hand(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n", "x")
        session = session_of(pilot)
        assert session.documents.find(ONE).open_to_place == ()
        assert _labels(pilot, ONE) == []
        assert "1 of 3 decided" in screen_text(pilot)
        await press(pilot, "u")
        assert "0 of 3 decided" in screen_text(pilot)
        assert screen_of(pilot).shown == document(session, ONE)
        (item,) = session.documents.find(ONE).open_to_place
        assert screen_of(pilot).words_in_hand == item


async def test_what_is_selected_is_where_they_are_set(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n")
        screen = screen_of(pilot)
        place = span_of(ONE, "North Bank")
        screen.text.select(place.start, place.end)
        await settle(pilot)
        assert "Selected: a sets it here, x drops it." in screen_text(pilot)
        await press(pilot, "a")
        assert _labels(pilot, ONE) == [("Borrower", place)]


async def test_a_suggestion_at_the_cursor_is_decided_and_not_the_words_in_hand(
    running: Running, answered: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n")
        screen = screen_of(pilot)
        screen.text.go_to_mark(open_ones(session_of(pilot), ONE)[0])
        await press(pilot, "x")
        session = session_of(pilot)
        assert open_ones(session, ONE) == []
        assert len(session.documents.find(ONE).open_to_place) == 1


async def test_n_visits_a_document_that_has_words_to_place_alone(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n", "n")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)
        assert "North Bank plc (Lender)" in screen_text(pilot)
        assert "2 documents left" in screen_of(pilot).progress_words()
        await press(pilot, "N")
        assert "Acme Ltd (Borrower), 1 of 2" in screen_text(pilot)
        await press(pilot, "N")
        assert screen_of(pilot).text.cursor == LOANS[ONE].index("GBP")


async def test_the_review_is_over_when_the_words_are_decided_too(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a", "x")
        assert "No suggestion is left" not in screen_text(pilot)
        await press(pilot, "x")
        assert "No suggestion is left. ctrl+s saves the labels." in screen_text(pilot)
        assert "3 of 3 decided" in screen_text(pilot)


async def test_on_a_small_terminal_advice_is_cut_before_words_and_their_category(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Borrower", "Organization"])
    await to_place(session, ONE, [("Borrower", "Acme Ltd")])
    await to_place(session, THREE, [("Organization", "東京都 Holdings & Partners 7")])
    await session.close()
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        assert "Acme Ltd (Borrower), 1 of 2. a sets it, + next place, x drops it." in screen_text(pilot)
        await press(pilot, "x")
        assert "To place: 東京都 Holdings & Partners 7 (Organization): nothing like it." in _status_line(
            pilot
        )


async def test_words_like_nothing_in_the_text_say_what_to_do(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Borrower"])
    await to_place(session, THREE, [("Borrower", "東京都")])
    await session.close()
    async with running(open_project="Loans", review=True) as pilot:
        assert "nothing like it. Select the words and press a; x drops it." in screen_text(pilot)
        await press(pilot, "a")
        assert "Select the words, then a sets them" in screen_text(pilot)
        assert _labels(pilot, THREE) == []


@pytest.fixture
async def nowhere(workbench: Workbench, container: Path) -> None:
    """Suggestions and words that are like nothing in the text, in two documents."""
    session = await make_project(workbench, container, categories=["Borrower", "Amount"])
    for location in (ONE, TWO):
        await suggest(session, location, [("Amount", LOANS[location].split()[0], 0.55)])
        await to_place(session, location, [("Borrower", "東京都"), ("Borrower", "大阪府")])
    await session.close()


def _to_place(pilot: Any, location: str) -> list[str]:
    return [item.text for item in session_of(pilot).documents.find(location).open_to_place]


@pytest.mark.parametrize("way", ["n", "plus"])
async def test_x_drops_the_words_of_the_line_where_the_cursor_lies_in_a_suggestion(
    running: Running, nowhere: None, way: str
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        suggested = open_ones(session_of(pilot), ONE)
        assert screen_of(pilot).suggestion() is not None
        await press(pilot, way)
        first, other = _to_place(pilot, ONE)
        assert f"{first} (Borrower): nothing like it." in screen_text(pilot)
        await press(pilot, "a")
        assert "Select the words, then a sets them" in screen_text(pilot)
        await press(pilot, "x")
        assert open_ones(session_of(pilot), ONE) == suggested
        assert _to_place(pilot, ONE) == [other]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("c", "Their category can be changed once"),
        ("e", "Their ends can be moved once"),
        ("d", "These words are not in the text yet: x drops them"),
    ],
)
async def test_keys_do_nothing_to_what_lies_under_the_cursor_while_the_line_is_about_words(
    running: Running, nowhere: None, keys: str, told: str
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        suggested = open_ones(session_of(pilot), ONE)
        await press(pilot, "plus", *keys)
        assert told in screen_text(pilot)
        assert (open_ones(session_of(pilot), ONE), screen_of(pilot).editing) == (suggested, None)
        # Whoever goes there means what is there.
        await press(pilot, "l", "d")
        assert open_ones(session_of(pilot), ONE) == []


async def test_n_goes_on_behind_words_without_a_place_and_to_other_documents(
    running: Running, nowhere: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        seen = []
        for _ in range(5):
            await press(pilot, "n")
            in_hand = screen_of(pilot).words_in_hand
            seen.append((screen_of(pilot).shown, in_hand.text if in_hand else None))
            assert in_hand is None or in_hand.text in screen_text(pilot)
        one, two = (document(session_of(pilot), location) for location in (ONE, TWO))
        first, second = _to_place(pilot, ONE), _to_place(pilot, TWO)
        assert seen == [(one, first[0]), (one, first[1]), (two, None), (two, second[0]), (two, second[1])]
        await press(pilot, "N", "N", "N")
        in_hand = screen_of(pilot).words_in_hand
        assert in_hand is not None
        assert in_hand.text == first[1]


@pytest.fixture
async def many(workbench: Workbench, container: Path) -> None:
    """Three suggestions and long words to place in one document, with a likely place; one in another."""
    session = await make_project(workbench, container, categories=["Borrower", "Organization of the lender"])
    words = LOANS[ONE].split()
    await suggest(session, ONE, [("Borrower", word, 0.5) for word in (words[0], words[3], words[-1])])
    await to_place(session, ONE, [("Organization of the lender", "Acme Ltd of Leeds & North Bank plc & Co.")])
    await suggest(session, TWO, [("Borrower", LOANS[TWO].split()[0], 0.5)])
    await session.close()


async def test_words_that_are_too_long_for_80_columns_leave_the_advice_where_all_of_them_is(
    running: Running, many: None
) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        await press(pilot, "plus")
        assert re.search(
            r"To place: Acme Ltd of Leeds.*… \(Organiza.*…the lender\), 1 of 1\. i shows all\.",
            _status_line(pilot),
        )
        await press(pilot, "i")
        window = [line.strip(" │┃▌▐") for line in screen_text(pilot).splitlines()]
        told = next(at for at, line in enumerate(window) if line.startswith("The model answered"))
        assert min(len(line) for line in window[told : told + 2]) > 50, "wrapped twice"
        await press(pilot, "q", "v", "w")
        assert ": a sets it" in _status_line(pilot)


_BORROWERS = ["BorrowerAddress", "BorrowerCity", "BorrowerName", "BorrowerState"]


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ((80, 24), "To place (1/3): Nobody Here At All (BorrowerAddress): nothing like it."),
        ((60, 20), "To place (1/3): Nobody Here At All (BorrowerAddress)"),
    ],
)
async def test_names_of_categories_that_begin_alike_are_told_apart_on_small_terminals(
    running: Running, workbench: Workbench, container: Path, size: tuple[int, int], line: str
) -> None:
    session = await make_project(workbench, container, categories=_BORROWERS)
    await to_place(session, THREE, [(_BORROWERS[0], f"Nobody Here {end}") for end in ("At All", "B", "C")])
    await session.close()
    async with running(open_project="Loans", review=True, size=size) as pilot:
        assert _status_line(pilot).strip().startswith(line)


async def test_what_rejecting_all_has_dropped_is_said_whole_on_a_small_terminal(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Borrower", "Amount"])
    await suggest(session, ONE, [("Borrower", word, 0.5) for word in LOANS[ONE].split()[:7]])
    await to_place(session, ONE, [("Borrower", words) for words in ("Nobody", "No one", "None")])
    await suggest(session, TWO, [("Amount", LOANS[TWO].split()[0], 0.5)], job="job2")
    await session.close()
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        screen_of(pilot).start_review(job="job1")
        await settle(pilot)
        await press(pilot, "X")
        told = "7 rejected, 3 to place dropped (saved). None is left; f shows others."
        assert told in screen_text(pilot)
        await press(pilot, "u", "r", "r", "X")
        told = "7 rejected, 3 to place dropped (saved). u takes it back."
        assert told in screen_text(pilot)


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_n_behind_words_that_plus_took_passes_no_open_suggestion(
    running: Running, many: None, at: int
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        one, two = (document(session_of(pilot), location) for location in (ONE, TWO))
        suggested = open_ones(session_of(pilot), ONE)
        await press(pilot, *["n"] * at, "plus")
        assert screen_of(pilot).words_in_hand is not None
        seen = []
        for _ in range(5 - at):
            await press(pilot, "n")
            here = None if screen_of(pilot).words_in_hand else screen_of(pilot).suggestion()
            seen.append((screen_of(pilot).shown, here.id if here else None))
        assert seen[:-2] == [(one, key) for key in suggested[at:]]
        assert seen[-2] == (one, None)
        assert seen[-1][0] == two


async def test_n_goes_on_behind_words_that_plus_took_where_the_cursor_is_in_no_suggestion(
    running: Running, many: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        suggested = open_ones(session_of(pilot), ONE)
        await press(pilot, "w", "plus", "n")
        here = screen_of(pilot).suggestion()
        assert here is not None
        assert here.id == suggested[1]
        # Behind the last suggestion of the document, the way leads on.
        screen_of(pilot).text.go_to(len(LOANS[ONE]))
        await press(pilot, "plus", "n")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)


@pytest.mark.parametrize("key", ["a", "x"])
async def test_a_decision_on_words_that_plus_took_leads_back_to_the_suggestion_that_was_left(
    running: Running, many: None, key: str
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        first = screen_of(pilot).suggestion()
        assert first is not None
        await press(pilot, "plus", key)
        assert session_of(pilot).documents.find(ONE).open_to_place == ()
        here = screen_of(pilot).suggestion()
        assert here is not None
        assert here.id == first.id


async def test_plus_takes_the_next_words_where_those_in_hand_have_no_place(
    running: Running, nowhere: None
) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        first, second = _to_place(pilot, ONE)
        await press(pilot, "plus")
        assert f"To place (1/2): {first} (Borrower): nothing like it." in screen_text(pilot)
        await press(pilot, "plus")
        assert f"To place (2/2): {second} (Borrower): nothing like it." in screen_text(pilot)
        assert "To place (2/2)" in screen_of(pilot).about()
        await press(pilot, "plus")
        assert f"To place (1/2): {first} (Borrower): nothing like it." in screen_text(pilot)
        await press(pilot, "minus", "x")
        assert _to_place(pilot, ONE) == [first]


async def test_the_line_tells_of_a_suggestion_that_the_cursor_was_moved_to(
    running: Running, answered: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n")
        screen_of(pilot).text.go_to_mark(open_ones(session_of(pilot), ONE)[0])
        await settle(pilot)
        assert "suggested by model:loans" in screen_text(pilot)
        assert "x drops it" not in screen_text(pilot)
        await press(pilot, "plus")
        assert "To place: Acme Ltd (Borrower), 1 of 2" in screen_text(pilot)


async def test_a_label_made_by_hand_is_told_while_words_are_in_hand(running: Running, nowhere: None) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        first, _ = _to_place(pilot, ONE)
        await press(pilot, "plus")
        place = span_of(ONE, "North Bank")
        screen_of(pilot).text.select(place.start, place.end)
        await settle(pilot)
        await press(pilot, "2")
        assert ("Amount", place) in _labels(pilot, ONE)
        assert f"“North Bank” is labeled Amount. To place (1/2): {first}" in screen_text(pilot)
        await press(pilot, "h")
        assert "is labeled" not in screen_text(pilot)
        assert screen_text(pilot).count(f"To place (1/2): {first}") > 0


async def test_a_list_shows_which_documents_have_some_and_a_filter_finds_them(
    running: Running, answered: None
) -> None:
    async with running(open_project="Loans") as pilot:
        rows = [line for line in screen_text(pilot).split("\n")[1:] if ".txt" in line]
        assert "1≈" in next(row for row in rows if "agreement1" in row)
        assert "≈" in next(row for row in rows if "agreement2" in row)
        assert "≈" not in next(row for row in rows if "agreement3" in row)
        await press(pilot, "f")
        pilot.app.screen.query_one("#to-place").chosen = 1  # type: ignore[attr-defined]
        await press(pilot, "ctrl+s")
        assert "2 of 3 documents (to place)" in screen_text(pilot)


async def test_where_the_words_come_from_is_told(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n")
        await press(pilot, "i")
        await pilot.pause()
        text = screen_text(pilot)
        assert "gpt-4o on work (GPT)" in text
        assert "version fedcba9876543210" in text
        assert "Words        Acme Ltd" in text


async def test_a_placed_label_tells_what_the_model_had_answered(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "n", "a", "r")
        screen = screen_of(pilot)
        screen.open_document(document(session_of(pilot), ONE))
        await settle(pilot)
        (label,) = session_of(pilot).documents.find(ONE).active_labels
        screen.text.go_to_mark(label.id)
        await press(pilot, "i")
        await pilot.pause()
        text = screen_text(pilot)
        assert "Placed       by hand" in text
        assert "Answered     'Acme Ltd', which was not found" in text
        assert "place by hand" in text


async def test_hostile_words_are_shown_safely(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Borrower"])
    await to_place(session, ONE, [("Borrower", HOSTILE)])
    await session.close()
    async with running(open_project="Loans", review=True) as pilot:
        text = screen_text(pilot)
        assert "[red]x" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        await press(pilot, "i")
        await pilot.pause()
        assert "[red]x[/red]" in screen_text(pilot)
        assert "\x1b" not in screen_text(pilot)


async def test_blind_mode_hides_them(running: Running, workbench: Workbench, container: Path) -> None:
    session = await make_project(workbench, container, categories=["Borrower"])
    await to_place(session, ONE, [("Borrower", "Acme Ltd")])
    await set_settings(session, replace(session.project, settings=ProjectSettings(hide_until_labeled=True)))
    await session.close()
    async with running(open_project="Loans") as pilot:
        assert "To place" not in screen_text(pilot)
        await press(pilot, "plus")
        assert screen_of(pilot).words_in_hand is None


async def test_rejecting_all_of_a_document_drops_its_words_too(running: Running, answered: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "X")
        session = session_of(pilot)
        assert session.documents.find(ONE).open_to_place == ()
        assert len(session.documents.find(TWO).open_to_place) == 1
        told = "1 suggestion rejected (unsaved), 1 answer to place dropped (saved). u takes it back."
        assert told in screen_text(pilot)
        await press(pilot, "u")
        assert len(session.documents.find(ONE).open_to_place) == 1


async def test_words_to_place_of_all_documents_are_dropped_by_a_filter_after_a_count(
    running: Running, answered: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "Z")
        pilot.app.screen.query_one("#placed").focus()
        await press(pilot, "left", "ctrl+s")
        assert "Reject 2 answers to place in 2 documents?" in screen_text(pilot)
        assert "Held by the filter: to place." in screen_text(pilot)
        await press(pilot, "y")
        session = session_of(pilot)
        assert session.store.state.totals.to_place == 0
        assert len(open_ones(session, ONE)) == 1
        await press(pilot, "u")
        assert session.store.state.totals.to_place == 2
