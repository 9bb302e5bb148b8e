"""Going through suggestions by keys, of entities and of classes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import (
    document,
    fixed_surroundings,
    home_workbench,
    labels,
    make_project,
    open_ones,
    suggest,
)
from tests.screens.conftest import (
    LOANS,
    ONE,
    THREE,
    TWO,
    Opened,
    Running,
    paste,
    press,
    screen_of,
    screen_text,
    session_of,
    span_of,
)
from tui_labeler.domain.labels import Verdict
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.screens.labeling.review_progress import ReviewProgress
from tui_labeler.screens.screen import ModalScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench


@pytest.fixture
async def suggested(workbench: Workbench, container: Path) -> None:
    """Two suggestions in each of the first two documents."""
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.93), ("Amount", "GBP 25,000", 0.55)])
    await suggest(session, TWO, [("Lender", "North Bank", 0.97), ("Borrower", "Mary O'Neil", 0.71)])
    await session.close()


async def test_review_takes_one_key_a_decision_over_document_ends(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a", "x")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)
        assert "2 of 4 decided" in screen_text(pilot)
        await press(pilot, "a", "a")
        session = session_of(pilot)
        assert labels(session, ONE) == [("Borrower", span_of(ONE, "Acme Ltd."))]
        assert labels(session, TWO) == [
            ("Lender", span_of(TWO, "North Bank")),
            ("Borrower", span_of(TWO, "Mary O'Neil")),
        ]
        text = screen_text(pilot)
        assert "No suggestion is left. ctrl+s saves the labels." in text
        assert "4 of 4 decided" in text
        await press(pilot, "ctrl+s")
        assert "3 labels, 1 rejected in 2 documents" in screen_text(pilot)


async def test_a_decision_is_taken_back_where_it_was_made(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a", "x", "u")
        session = session_of(pilot)
        assert screen_of(pilot).shown == document(session, ONE)
        assert len(open_ones(session, ONE)) == 1
        await press(pilot, "u")
        assert len(open_ones(session, ONE)) == 2


async def test_n_and_N_walk_without_deciding(running: Running, suggested: None) -> None:  # noqa: N802
    async with running(open_project="Loans", review=True) as pilot:
        text = screen_of(pilot).text
        assert text.cursor == LOANS[ONE].index("Acme")
        await press(pilot, "n")
        assert text.cursor == LOANS[ONE].index("GBP")
        await press(pilot, "n")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)
        assert text.cursor == 0
        await press(pilot, "N")
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)
        assert text.cursor == LOANS[ONE].index("GBP")
        assert len(open_ones(session_of(pilot), ONE)) == 2


async def test_all_of_a_document_are_accepted_or_rejected_and_the_next_one_comes(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "A")
        session = session_of(pilot)
        assert len(labels(session, ONE)) == 2
        assert screen_of(pilot).shown == document(session, TWO)
        await press(pilot, "X")
        assert labels(session, TWO) == []
        assert open_ones(session, TWO) == []


@pytest.mark.parametrize(("key", "verb"), [("A", "accepted"), ("X", "rejected")])
async def test_all_of_a_document_are_those_that_the_filter_of_the_review_holds(
    running: Running, suggested: None, key: str, verb: str
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "f", "down", "down", "space", "ctrl+s")
        assert "Borrower: 0 of 2 decided" in screen_text(pilot)
        assert len(open_ones(session_of(pilot), ONE)) == 2
        await press(pilot, key)
        session = session_of(pilot)
        assert len(open_ones(session, ONE)) == 1
        assert f"1 suggestion {verb}, 1 outside the filter left" in screen_text(pilot)
        await press(pilot, key)
        assert "1 suggestion" in screen_text(pilot)
        assert "No suggestion is left in this list; f shows others." in screen_text(pilot)


async def test_many_are_accepted_above_a_confidence_after_the_count(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "M")
        await paste(pilot, "0.9")
        await press(pilot, "ctrl+s")
        assert "Accept 2 suggestions in 2 documents?" in screen_text(pilot)
        assert "Held by the filter: from 0.9." in screen_text(pilot)
        await press(pilot, "y")
        session = session_of(pilot)
        assert [name for name, _ in labels(session, ONE)] == ["Borrower"]
        assert [name for name, _ in labels(session, TWO)] == ["Lender"]
        await press(pilot, "u")
        assert labels(session, ONE) == labels(session, TWO) == []


async def test_many_that_take_long_say_how_far_it_is_and_can_be_stopped(
    running: Running, suggested: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.reviewing.review.BATCH", 1)
    goes_on = asyncio.Event()
    async with running(open_project="Loans", review=True) as pilot:
        session = session_of(pilot)
        await press(pilot, "M", "ctrl+s")
        commit = session.store.commit

        async def commit_and_wait(actor: str, plan: Any) -> Any:
            made = await commit(actor, plan)
            await goes_on.wait()
            return made

        with monkeypatch.context() as patched:
            patched.setattr("tui_labeler.screens.working.PATIENCE", 0)
            patched.setattr(session.store, "commit", commit_and_wait)
            await press(pilot, "y")
            assert "Accepting suggestions" in screen_text(pilot)
            assert "0 of 2" in screen_text(pilot)
            await pilot.press("escape")
            goes_on.set()
            while isinstance(pilot.app.screen, ModalScreen):
                await pilot.pause()
        assert labels(session, ONE) != []
        assert labels(session, TWO) == []
        await press(pilot, "u")
        assert labels(session, ONE) == []


@pytest.mark.parametrize(
    ("keys", "value", "count"), [("M", "0.85", 2), ("M", "0.86", 1), ("Z", "0.85", 1), ("Z", "0.86", 2)]
)
async def test_bounds_of_confidence_hold_what_is_shown(
    opened: Opened, workbench: Workbench, keys: str, value: str, count: int
) -> None:
    session = await workbench.open("Loans")
    await suggest(session, TWO, [("Lender", "North Bank", 0.8567), ("Borrower", "Mary", 0.8644)])
    async with opened(TWO) as pilot:
        assert "Lender .85" in screen_text(pilot)
        await press(pilot, keys, *(["down"] if keys == "Z" else []))
        await paste(pilot, value)
        await press(pilot, "ctrl+s")
        assert f"{count} suggestion" in screen_text(pilot)
        assert f"{'from' if keys == 'M' else 'up to'} {value}." in screen_text(pilot)


async def test_many_are_rejected_by_what_the_filter_of_the_review_holds(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "f", "down", "down", "space", "ctrl+s")
        await press(pilot, "Z", "ctrl+s")
        assert "Reject 2 suggestions in 2 documents?" in screen_text(pilot)
        assert "Held by the filter: Borrower." in screen_text(pilot)
        await press(pilot, "n")
        assert len(open_ones(session_of(pilot), ONE)) == 2
        await press(pilot, "Z", "ctrl+s", "y")
        assert len(open_ones(session_of(pilot), ONE)) == len(open_ones(session_of(pilot), TWO)) == 1
        assert "No suggestion is left in this list" in screen_text(pilot)
        await press(pilot, "u")
        assert len(open_ones(session_of(pilot), ONE)) == len(open_ones(session_of(pilot), TWO)) == 2


async def test_many_that_no_suggestion_is_like_are_not_asked_about(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "M")
        await paste(pilot, "99%")
        await press(pilot, "ctrl+s")
        assert "No suggestion is like that: from 0.99." in screen_text(pilot)


async def test_outside_of_a_review_many_are_those_of_the_documents_listed(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans") as pilot:
        await press(pilot, "f")
        await paste(pilot, "agreement2")
        await press(pilot, "ctrl+s", "M", "ctrl+s")
        assert "Accept 2 suggestions in 1 document?" in screen_text(pilot)
        assert "in the documents of the list" in screen_text(pilot)
        await press(pilot, "y")
        session = session_of(pilot)
        assert (len(labels(session, ONE)), len(labels(session, TWO))) == (0, 2)


async def test_the_filter_of_a_review_says_where_n_and_a_decision_go(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "f", "down", "down", "space", "ctrl+s")
        assert "Borrower: 0 of 2 decided, 2 documents left" in screen_text(pilot)
        text = screen_of(pilot).text
        assert text.cursor == LOANS[ONE].index("Acme")
        await press(pilot, "n")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)
        assert text.cursor == LOANS[TWO].index("Mary")
        await press(pilot, "n")
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)
        await press(pilot, "a", "x")
        assert "No suggestion is left in this list; f shows others." in screen_text(pilot)
        assert "Borrower: 2 of 2 decided" in screen_text(pilot)
        await press(pilot, "f", *["down"] * 2, "space", "ctrl+s")
        assert "Lender: 0 of 1 decided" in screen_text(pilot)
        await press(pilot, "f", "ctrl+r")
        assert "2 of 4 decided" in screen_text(pilot)
        assert text.cursor == LOANS[TWO].index("North")


async def test_a_review_goes_by_the_least_confident_first(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        before = screen_of(pilot).sorting
        await press(pilot, "f", *["down"] * 6, "space", "ctrl+s")
        text = screen_of(pilot).text
        places = [text.cursor]
        for _ in range(3):
            await press(pilot, "n")
            places.append(text.cursor)
        assert places == [
            LOANS[ONE].index("GBP"),
            LOANS[ONE].index("Acme"),
            LOANS[TWO].index("Mary"),
            LOANS[TWO].index("North"),
        ]
        await press(pilot, "N")
        assert text.cursor == LOANS[TWO].index("Mary")
        await press(pilot, "r")
        assert screen_of(pilot).sorting is before


async def test_the_least_confident_first_begins_at_the_first_wherever_the_cursor_was(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True, document=TWO) as pilot:
        assert screen_of(pilot).text.cursor == 0
        await press(pilot, "f", *["down"] * 6, "space", "ctrl+s")
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)
        assert screen_of(pilot).text.cursor == LOANS[ONE].index("GBP")


async def test_what_the_filter_does_not_hold_is_not_counted_as_decided(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a")
        assert "1 of 4 decided" in screen_text(pilot)
        await press(pilot, "f", "down", "down", "space", "ctrl+s")
        assert "Borrower: 0 of 1 decided" in screen_text(pilot)
        await press(pilot, "g", "v", "w", "2")
        assert "Borrower: 0 of 1 decided" in screen_text(pilot)
        await press(pilot, "f", "ctrl+r")
        assert "2 of 4 decided" in screen_text(pilot)


async def test_a_review_is_filtered_by_how_the_place_was_found(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "f", *["down"] * 4, "space", "space", "ctrl+s")
        assert screen_of(pilot).documents.rows == []
        assert "folded: 0 of 0 decided" in screen_text(pilot)
        await press(pilot, "f", *["down"] * 4, "left", "ctrl+s")
        assert len(screen_of(pilot).documents.rows) == 2


async def test_a_confidence_that_is_no_number_or_too_large_is_refused(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "M")
        await paste(pilot, "x")
        await press(pilot, "ctrl+s")
        assert "is no number" in screen_text(pilot)
        await press(pilot, "backspace")
        await paste(pilot, "1.5")
        await press(pilot, "ctrl+s")
        assert "lies between 0 and 1" in screen_text(pilot)


async def test_a_suggestion_is_accepted_with_another_category_or_other_ends(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "c", "2", "e", "<", "enter")
        session = session_of(pilot)
        assert labels(session, ONE) == [
            ("Lender", span_of(ONE, "Acme Ltd.")),
            ("Amount", span_of(ONE, "GBP")),
        ]
        assert screen_of(pilot).shown == document(session, TWO)
        verdicts = {
            s.decision.verdict for s in session.documents.find(ONE).suggestions.values() if s.decision
        }
        assert verdicts == {Verdict.ACCEPTED}


async def test_ending_a_review_lists_all_documents_again(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        assert len(screen_of(pilot).documents.rows) == 2
        await press(pilot, "r")
        assert len(screen_of(pilot).documents.rows) == 3
        assert "decided" not in screen_text(pilot)


async def test_outside_of_a_review_a_decision_stays_in_its_document(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=ONE) as pilot:
        await press(pilot, "n", "a", "a")
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)
        assert "No suggestion is left in this document" in screen_text(pilot)


async def test_where_a_suggestion_comes_from_is_told(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "i")
        text = screen_text(pilot)
        for words in (
            "model:loans",
            "job1",
            "0123456789abcdef",
            "0.93",
            "exact",
            "runner: autolabel (job job1)",
        ):
            assert words in text, words


async def test_what_was_undone_and_done_again_is_told_with_the_job_that_made_it(
    running: Running, suggested: None, workbench: Workbench
) -> None:
    session = await workbench.open("Loans")
    await session.history.undo_job("job1")
    await session.history.redo()
    await session.close()
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "i")
        lines = [line for line in screen_text(pilot).splitlines() if "(job job1)" in line]
        happened = ["ana: redo: autolabel (job job1)", "ana: undo: autolabel (job job1)", "runner: autolabel"]
        assert len(lines) == 3
        assert all(words in line for words, line in zip(happened, lines, strict=True))


async def blind(pilot: Pilot[None]) -> None:
    """Turns blind mode on in the project's settings."""
    await press(pilot, "O", "up", "space", "ctrl+s")
    assert session_of(pilot).project.settings.hide_until_labeled


async def test_in_blind_mode_suggestions_come_when_the_document_is_labeled_and_they_are_asked_for(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        assert "┄Lender" in screen_text(pilot)
        await blind(pilot)
        assert "┄Lender" not in screen_text(pilot)
        assert "Training, blind mode" in screen_text(pilot)
        assert [line.suggestions for line in screen_of(pilot).pane.categories] == [0, 0, 0]
        await press(pilot, "vertical_line")
        assert "agreement2.txt is not labeled yet" in screen_text(pilot)
        assert "press m if" in screen_text(pilot)
        await press(pilot, "2", "w", "v", "3", "a", "A")
        assert "┄Lender" not in screen_text(pilot)
        assert len(labels(session_of(pilot), TWO)) == 1
        await press(pilot, "vertical_line", "y", "q")
        assert "┄Lender" in screen_text(pilot)
        await press(pilot, "u")
        assert "┄Lender" in screen_text(pilot)
        assert labels(session_of(pilot), TWO) == []


async def test_blind_labels_are_shown_beside_the_suggestions_and_counted(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        await blind(pilot)
        await press(pilot, "v", "w", "2", "escape", "w", "w", "w", "v", "1", "vertical_line", "y")
        text = screen_text(pilot)
        assert "Loans > Agreement" in text
        assert "1 blind" in text
        assert "1 same" in text
        assert "1 other ends" in text
        assert "F1 of exact spans  50.0%" in text
        assert "over 1 document, 0 of them without a difference" in text
        for words in ("North Bank", "O'Neil / Mary O'Neil", "✓ same", "× other ends"):
            assert words in text, words


async def test_what_is_decided_after_the_comparison_changes_no_figure(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        await blind(pilot)
        await press(pilot, "v", "w", "2", "vertical_line", "y", "q", "n", "a")
        assert len(labels(session_of(pilot), TWO)) == 2
        await press(pilot, "vertical_line")
        assert "1 same, 1 only suggestion" in screen_text(pilot)
        assert "F1 of exact spans  66.7%" in screen_text(pilot)


async def test_documents_that_were_not_labeled_blind_are_not_counted(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        await press(pilot, "vertical_line")
        assert "Not counted: it was not labeled in blind mode" in screen_text(pilot)
        await press(pilot, "q", "n", "a")
        await blind(pilot)
        assert "┄Lender" in screen_text(pilot)
        await press(pilot, "vertical_line")
        assert "Not counted: some labels of it were made with suggestions in view" in screen_text(pilot)
        assert "0 blind" in screen_text(pilot)


async def test_a_blind_review_leaves_hidden_suggestions_alone(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", document=ONE) as pilot:
        await blind(pilot)
        await press(pilot, "r", "A", "a", "M", "ctrl+s")
        session = session_of(pilot)
        assert labels(session, ONE) == labels(session, TWO) == []
        assert "No suggestion is like that" in screen_text(pilot)
        await press(pilot, "U")
        assert screen_of(pilot).shown == document(session, TWO)


async def test_in_blind_mode_a_class_key_labels_and_accepts_nothing(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await classes(workbench, container, ProjectKind.SINGLE_LABEL)
    async with running(open_project="Loans", document=TWO) as pilot:
        await blind(pilot)
        await press(pilot, "1")
        (label,) = session_of(pilot).documents.find(TWO).active_labels
        assert (label.blind, label.saw_suggestion, label.suggestion) == (True, False, None)
        await press(pilot, "vertical_line", "y")
        text = screen_text(pilot)
        assert "Cohen's kappa" in text
        assert "same class     100%" in text


# --- classes ----------------------------------------------------------------------------------------


async def classes(workbench: Workbench, container: Path, kind: ProjectKind) -> None:
    session = await make_project(workbench, container, kind, categories=["Loan", "Letter"])
    await suggest(session, ONE, [("Loan", "", 0.9), ("Letter", "", 0.4)])
    await suggest(session, TWO, [("Loan", "", 0.8)])
    await session.close()


async def test_several_classes_are_switched_by_their_keys(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await classes(workbench, container, ProjectKind.MULTI_LABEL)
    async with running(open_project="Loans", document=THREE) as pilot:
        await press(pilot, "1", "2", "1")
        assert labels(session_of(pilot), THREE) == [("Letter", None)]
        assert "[✓] Letter*" in screen_text(pilot)


async def test_the_key_of_the_one_class_that_is_set_changes_nothing(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await classes(workbench, container, ProjectKind.SINGLE_LABEL)
    async with running(open_project="Loans", document=THREE) as pilot:
        await press(pilot, "2", "2")
        assert labels(session_of(pilot), THREE) == [("Letter", None)]
        assert "Letter is set already. d takes it away." in screen_text(pilot)
        await press(pilot, "d")
        assert labels(session_of(pilot), THREE) == []
        assert "Removed: Letter. u brings it back." in screen_text(pilot)


FOR_WORDS = {
    "v": "A class holds for the whole document, whatever is selected: press its key.",
    "!": "Nothing is in the way of a class: press its key.",
    "e": "A class holds for the whole document: it has no ends to move.",
    "=": "A class holds for the whole document: press its key.",
    "B": "A class holds for the whole document: press its key.",
}


@pytest.mark.parametrize("kind", [ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL], ids=["one", "several"])
async def test_keys_that_are_for_words_say_that_a_class_is_for_the_document(
    running: Running, workbench: Workbench, container: Path, kind: ProjectKind
) -> None:
    await classes(workbench, container, kind)
    async with running(open_project="Loans", document=THREE, size=(80, 24)) as pilot:
        for key, told in FOR_WORDS.items():
            await press(pilot, key)
            assert told in screen_text(pilot)
            await press(pilot, "ctrl+g")
        await press(pilot, "2")
        assert labels(session_of(pilot), THREE) == [("Letter", None)]


async def test_one_class_replaces_another(running: Running, workbench: Workbench, container: Path) -> None:
    await classes(workbench, container, ProjectKind.SINGLE_LABEL)
    async with running(open_project="Loans", document=THREE) as pilot:
        await press(pilot, "1", "2")
        assert labels(session_of(pilot), THREE) == [("Letter", None)]


async def test_nothing_is_said_of_the_place_of_a_class(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await classes(workbench, container, ProjectKind.MULTI_LABEL)
    async with running(open_project="Loans", review=True) as pilot:
        assert "suggested by model:loans" in screen_text(pilot)
        assert "(exact)" not in screen_text(pilot)
        await press(pilot, "i")
        assert "Confidence   0.9" in screen_text(pilot)
        assert "Placed" not in screen_text(pilot)


async def test_suggested_classes_are_reviewed_in_the_pane(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await classes(workbench, container, ProjectKind.MULTI_LABEL)
    async with running(open_project="Loans", review=True) as pilot:
        assert "[┄] Letter .40" in screen_text(pilot)
        await press(pilot, "a", "x", "a")
        session = session_of(pilot)
        assert labels(session, ONE) == [("Loan", None)]
        assert labels(session, TWO) == [("Loan", None)]
        assert "No suggestion is left" in screen_text(pilot)


async def test_the_key_of_a_suggested_class_accepts_it(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await classes(workbench, container, ProjectKind.MULTI_LABEL)
    async with running(open_project="Loans", document=TWO) as pilot:
        await press(pilot, "1")
        found = session_of(pilot).documents.find(TWO)
        assert [label.suggestion is not None for label in found.active_labels] == [True]


async def test_what_came_of_one_job_is_reviewed_alone(
    running: Running, suggested: None, workbench: Workbench
) -> None:
    session = await workbench.open("Loans")
    await suggest(session, THREE, [("Amount", "Nothing", 0.5)], job="job2")
    await session.close()
    async with running(open_project="Loans") as pilot:
        screen_of(pilot).start_review(job="job2")
        await press(pilot, "a")
        assert [row.location for row in screen_of(pilot).documents.rows] == [THREE]
        assert labels(session_of(pilot), THREE) == [("Amount", span_of(THREE, "Nothing"))]
        assert "No suggestion is left in this list" in screen_text(pilot)


async def test_undo_goes_back_to_the_suggestion_that_it_brings_back(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", document=ONE) as pilot:
        await press(pilot, "r", "a")
        first = labels(session_of(pilot), ONE)
        assert len(first) == 1
        await press(pilot, "A")
        assert screen_of(pilot).shown != session_of(pilot).documents.find(ONE).id
        assert "2 of 4 decided" in screen_text(pilot)
        await press(pilot, "u", "u")
        assert labels(session_of(pilot), ONE) == []
        assert "0 of 4 decided" in screen_text(pilot)
        await press(pilot, "a")
        assert labels(session_of(pilot), ONE) == first


async def test_what_is_done_again_goes_on_to_the_next_suggestion(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a", "u", "ctrl+r")
        assert "Did again: accept" in screen_text(pilot)
        assert screen_of(pilot).text.cursor == LOANS[ONE].index("GBP")
        assert "1 of 4 decided" in screen_text(pilot)


async def test_another_class_than_the_suggested_one_decides_and_goes_on(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(
        workbench, container, ProjectKind.SINGLE_LABEL, categories=["Loan", "Letter", "Note"]
    )
    for name in (ONE, TWO, THREE):
        await suggest(session, name, [("Loan", "", 0.9)])
    await session.close()
    async with running(open_project="Loans", review=True) as pilot:
        screen = screen_of(pilot)
        await press(pilot, "3")
        assert labels(session_of(pilot), ONE) == [("Note", None)]
        assert screen.shown == document(session_of(pilot), TWO)
        assert screen.suggestion() is not None
        assert "1 of 3 decided" in screen_text(pilot)
        await press(pilot, "u")
        assert "0 of 3 decided" in screen_text(pilot)
        assert screen.shown == document(session_of(pilot), ONE)
        assert screen.suggestion() is not None
        await press(pilot, "a", "u", "a")
        assert labels(session_of(pilot), ONE) == [("Loan", None)]


async def test_going_round_the_list_is_said(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "N")
        assert "Went on from the end of the list." in screen_text(pilot)
        await press(pilot, "n")
        assert "Went on from the start of the list." in screen_text(pilot)
        await press(pilot, "n", "A", "a")
        assert "Went on" not in screen_text(pilot)
        await press(pilot, "n")
        assert "There is no other suggestion in this list." in screen_text(pilot)


def test_the_pace_counts_decisions_that_were_looked_at() -> None:
    times = iter([0.0, 60.0])
    progress = ReviewProgress(lambda: next(times))
    progress.count(40, singly=False)
    for _ in range(6):
        progress.count(1, singly=True)
    progress.count(-1, singly=True)
    assert progress.words(4, 2) == "45 of 49 decided, 5 a minute, 2 documents left"


async def test_what_others_decide_meanwhile_is_decided(running: Running, suggested: None, home: Path) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a")
        assert "1 of 4 decided" in screen_text(pilot)
        other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
        await other.review.accept_matching(SuggestionFilter(documents=frozenset({document(other, TWO)})))
        await screen_of(pilot).follower.look()
        await pilot.pause()
        assert "3 of 4 decided (2 by others)" in screen_text(pilot)
        await other.history.undo()
        await screen_of(pilot).follower.look()
        await pilot.pause()
        assert "1 of 4 decided, 2 documents left" in screen_text(pilot)
        await press(pilot, "a")
        assert "2 of 4 decided" in screen_text(pilot)


async def test_what_one_decides_in_another_terminal_is_not_by_others(
    running: Running, suggested: None, home: Path
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        ids = (f"elsewhere{number}" for number in range(99))
        own = await home_workbench(home, replace(fixed_surroundings(), new_id=lambda: next(ids))).open(
            "Loans"
        )
        await own.review.accept_matching(SuggestionFilter(documents=frozenset({document(own, TWO)})))
        await screen_of(pilot).follower.look()
        await pilot.pause()
        assert "2 of 4 decided (2 in another terminal)" in screen_text(pilot)


async def test_what_others_decide_outside_of_the_filter_is_not_counted(
    running: Running, suggested: None, home: Path
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "f", "down", "down", "space", "ctrl+s")
        assert "Borrower: 0 of 2 decided" in screen_text(pilot)
        other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
        await other.review.reject_matching(SuggestionFilter(documents=frozenset({document(other, TWO)})))
        await screen_of(pilot).follower.look()
        await pilot.pause()
        assert "Borrower: 1 of 2 decided (1 by others)" in screen_text(pilot)


async def test_a_changed_class_is_one_step(running: Running, workbench: Workbench, container: Path) -> None:
    await classes(workbench, container, ProjectKind.MULTI_LABEL)
    async with running(open_project="Loans", document=THREE) as pilot:
        await press(pilot, "1")
        before = labels(session_of(pilot), THREE)
        await press(pilot, "c", "2")
        assert len(labels(session_of(pilot), THREE)) == 1
        assert labels(session_of(pilot), THREE) != before
        await press(pilot, "u")
        assert labels(session_of(pilot), THREE) == before


async def test_the_title_says_when_the_filter_holds_no_document_any_more(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        session, screen = session_of(pilot), screen_of(pilot)
        assert "2 of 3 documents (auto labeled)" in screen_text(pilot)
        await press(pilot, "A")
        text = screen_text(pilot)
        assert "1 of 3 documents (auto labeled)" in text
        assert "1 document left" in text
        await session.review.reject_matching(SuggestionFilter())
        screen.show_changes()
        await pilot.pause()
        assert "0 of 3 documents (auto labeled: none left)" in screen_text(pilot)
        await press(pilot, "u", "u")
        assert "2 of 3 documents (auto labeled)" in screen_text(pilot)


async def test_accepting_while_ends_are_moved_takes_the_ends_as_they_are_in_one_step(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        await press(pilot, "e", "<")
        assert "Ends: > < by words" in screen_text(pilot)
        assert "enter applies, e leaves." in screen_text(pilot)
        await press(pilot, "a")
        session = session_of(pilot)
        assert labels(session, ONE) == [("Borrower", span_of(ONE, "Acme Ltd"))]
        text = screen_text(pilot)
        assert "Amount .55, suggested by" in text
        assert "Ends:" not in text
        assert "Selected" not in text
        await press(pilot, "u")
        assert labels(session, ONE) == []
        assert len(open_ones(session, ONE)) == 2


async def test_rejecting_while_ends_are_moved_rejects_the_suggestion(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "e", ",", "x")
        session = session_of(pilot)
        assert labels(session, ONE) == []
        assert len(open_ones(session, ONE)) == 1
        await press(pilot, "a")
        assert labels(session, ONE) == [("Amount", span_of(ONE, "GBP 25,000"))]


@pytest.mark.parametrize("key", ["A", "d", "=", "u", "D", "2", "]"])
async def test_no_other_key_drops_moved_ends_in_silence(running: Running, suggested: None, key: str) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        await press(pilot, "e", "<", key)
        assert f"{key} has to wait: the ends are being moved. enter applies, e leaves." in screen_text(pilot)
        await press(pilot, "enter")
        assert labels(session_of(pilot), ONE) == [("Borrower", span_of(ONE, "Acme Ltd"))]


async def test_the_last_line_names_the_keys_that_work_while_ends_are_moved(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        await press(pilot, "e")
        last = screen_text(pilot).rstrip().splitlines()[-1]
        assert "Apply" in last
        assert "Leave" in last
        assert "Accept all" not in last
        await press(pilot, "e")
        last = screen_text(pilot).rstrip().splitlines()[-1]
        assert "Apply" not in last
        assert "Accept" in last


async def test_ends_that_meet_a_label_stay_as_they_were_moved(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "a", "e", "o", "{", "a")
        session = session_of(pilot)
        assert labels(session, ONE) == [("Borrower", span_of(ONE, "Acme Ltd."))]
        assert screen_of(pilot).editing is not None
        assert "Ends: > < by words" in screen_text(pilot)


async def test_dropping_the_selection_leaves_the_ends_and_says_so(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        await press(pilot, "e", "<", "V")
        assert "The ends are as they were." in screen_text(pilot)
        assert screen_of(pilot).editing is None
        assert len(open_ones(session_of(pilot), ONE)) == 2


async def test_q_ends_the_review_before_it_leaves_the_project(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        screen = screen_of(pilot)
        await press(pilot, "q")
        assert screen_of(pilot) is screen
        assert not screen.reviewing
        assert "The review is over: all documents are listed." in screen_text(pilot)
        assert [row.location for row in screen.documents.rows] == [ONE, TWO, THREE]
        await press(pilot, "q")
        assert "1 project" in screen_text(pilot)


@pytest.mark.parametrize("end", ["ctrl+g", "escape"])
async def test_n_and_N_walk_what_was_searched_for_in_a_review_until_the_search_ends(  # noqa: N802
    running: Running, suggested: None, end: str
) -> None:
    async with running(open_project="Loans", review=True, size=(80, 24)) as pilot:
        text, words = screen_of(pilot).text, LOANS[ONE]
        await press(pilot, "/")
        await paste(pilot, "agreement")
        await press(pilot, "enter")
        assert text.cursor == words.index("AGREEMENT")
        assert "“agreement”: 1 of 2" in screen_text(pilot)
        await press(pilot, "n")
        assert text.cursor == words.index("agreement")
        assert "“agreement”: 2 of 2" in screen_text(pilot)
        assert "n Next found  N Found before  ^g End search" in screen_text(pilot)
        await press(pilot, "N")
        assert text.cursor == words.index("AGREEMENT")
        await press(pilot, end)
        assert "“agreement”" not in screen_text(pilot)
        assert "End search" not in screen_text(pilot)
        await press(pilot, "n")
        assert text.cursor == words.index("Acme")


@pytest.mark.parametrize("decision", ["a", "x"])
async def test_a_decision_ends_a_search_in_a_review(running: Running, suggested: None, decision: str) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        text, words = screen_of(pilot).text, LOANS[ONE]
        await press(pilot, "/", *"acme", "enter", "N", decision)
        assert text.cursor == words.index("GBP")
        assert text.found == []
        await press(pilot, "n")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)


@pytest.mark.parametrize("review", [True, False])
async def test_another_document_ends_a_search_and_the_line_of_keys_says_so(
    running: Running, suggested: None, review: bool
) -> None:
    async with running(open_project="Loans", review=review) as pilot:
        await press(pilot, "/", *"acme", "enter")
        assert "n Next found  N Found before  ^g End search" in screen_text(pilot)
        await press(pilot, "]")
        assert screen_of(pilot).text.found == []
        assert "Next found" not in screen_text(pilot)


async def test_a_selection_is_dropped_before_a_search_ends(running: Running, suggested: None) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        text = screen_of(pilot).text
        await press(pilot, "/", *"acme", "enter", "v", "ctrl+g")
        assert text.selection is None
        assert len(text.found) == 2
        await press(pilot, "ctrl+g")
        assert text.found == []


async def test_going_through_documents_in_a_review_puts_the_cursor_on_what_is_to_decide(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        session, screen = session_of(pilot), screen_of(pilot)
        await press(pilot, "a", "right_square_bracket")
        assert (screen.shown, screen.text.cursor) == (document(session, TWO), LOANS[TWO].index("North Bank"))
        await press(pilot, "left_square_bracket")
        assert (screen.shown, screen.text.cursor) == (document(session, ONE), LOANS[ONE].index("GBP"))
        await press(pilot, "a")
        assert open_ones(session, ONE) == []


async def test_what_was_accepted_at_once_and_is_taken_back_has_the_cursor_on_its_first(
    running: Running, suggested: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        session, screen = session_of(pilot), screen_of(pilot)
        await press(pilot, "A", "u")
        assert (screen.shown, screen.text.cursor) == (document(session, ONE), LOANS[ONE].index("Acme"))
        assert "Took back" in screen_text(pilot)
        await press(pilot, "x")
        assert len(open_ones(session, ONE)) == 1
