"""Blind mode on the screen: hidden suggestions show nowhere, and only documents that are done are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes import labels, make_project, open_ones, suggest
from tests.screens.conftest import ONE, THREE, TWO, Running, press, screen_of, screen_text, session_of
from tui_labeler.domain.document_filters import DocumentFilter, Sort
from tui_labeler.domain.documents import DocumentState
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench


@pytest.fixture
async def hidden(workbench: Workbench, container: Path) -> None:
    """Two suggestions in each of the first two documents, none in the third; blind mode is on."""
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.93), ("Amount", "GBP 25,000", 0.55)])
    await suggest(session, TWO, [("Lender", "North Bank", 0.97), ("Borrower", "Mary O'Neil", 0.71)])
    await set_blind(session, True)
    await session.close()


async def set_blind(session: ProjectSession, on: bool) -> None:
    settings = replace(session.project.settings, hide_until_labeled=on)
    await set_settings(session, replace(session.project, settings=settings))


def listed(pilot: Pilot[None]) -> list[str]:
    """The lines of the list of documents, without the names, the cursor's sign and the flag."""
    screen = screen_of(pilot)
    lines = []
    for index, row in enumerate(screen.documents.rows):
        drawn = "".join(segment.text for segment in screen.documents.paint_line(index + 1))
        lines.append(drawn.replace(row.location, "").replace(screen.documents.glyphs.cursor, " "))
    return lines


async def test_a_hidden_document_looks_like_one_that_nothing_was_suggested_for(
    running: Running, hidden: None
) -> None:
    async with running(open_project="Loans", document=TWO, size=(200, 40)) as pilot:
        one, two, three = listed(pilot)
        assert one.split() == two.split() == three.split()
        await press(pilot, "v", "w", "2")
        _, two, _ = listed(pilot)
        assert two.split() != three.split()
        words = screen_text(pilot)
        await press(pilot, "O", "up", "space", "ctrl+s")
        assert listed(pilot)[1].split() != two.split()
        assert words != screen_text(pilot)


async def test_hidden_suggestions_neither_filter_nor_order_the_list(running: Running, hidden: None) -> None:
    async with running(open_project="Loans", document=THREE) as pilot:
        select = session_of(pilot).documents.select
        hiding = DocumentFilter(states=frozenset({DocumentState.AUTO_LABELED}))
        assert select(hiding, as_seen=True) == []
        assert len(select(hiding)) == 2
        assert select(DocumentFilter(min_confidence=0.5), as_seen=True) == []
        assert select(DocumentFilter(category="c1"), as_seen=True) == []
        names = [row.location for row in select(sort=Sort.CONFIDENCE, as_seen=True)]
        assert names == sorted(names)


async def test_a_document_counts_once_the_person_says_that_all_of_it_is_labeled(
    running: Running, hidden: None
) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        await press(pilot, "v", "w", "2", "vertical_line")
        text = screen_text(pilot)
        assert "Is all of agreement2.txt labeled?" in text
        assert "1 label" in text
        await press(pilot, "n")
        assert "┄Borrower" not in screen_text(pilot)
        assert (await session_of(pilot).blind.result()).documents == ()
        await press(pilot, "vertical_line", "y")
        assert "1 same, 1 only suggestion" in screen_text(pilot)
        await press(pilot, "q")
        assert "┄Borrower" in screen_text(pilot)


async def test_a_document_marked_as_rightly_empty_is_done(running: Running, hidden: None) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        await press(pilot, "m", "vertical_line")
        assert "2 only suggestion" in screen_text(pilot)


@pytest.mark.parametrize("key", ["a", "x", "A", "X"])
async def test_keys_for_suggestions_say_that_they_are_hidden_and_decide_nothing(
    running: Running, hidden: None, key: str
) -> None:
    async with running(open_project="Loans", review=True, document=TWO) as pilot:
        session, shown = session_of(pilot), screen_of(pilot).shown
        seq = session.store.seq
        await press(pilot, key)
        words = "Blind mode hides what there is to decide. Label all of this, then | shows it."
        assert words in screen_text(pilot)
        assert screen_of(pilot).shown == shown
        assert session.store.seq == seq
        assert labels(session, TWO) == []


async def test_a_review_of_what_is_hidden_lists_nothing_and_U_goes_to_what_is_to_label(  # noqa: N802
    running: Running, hidden: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        screen = screen_of(pilot)
        assert screen.documents.rows == []
        assert screen.shown is not None
        assert "0 of 0 decided" in screen_text(pilot)
        await press(pilot, "U")
        assert "agreement2.txt" in screen_text(pilot)
        await press(pilot, "v", "w", "2")
        assert "0 of 0 decided" in screen_text(pilot)
        await press(pilot, "vertical_line", "y", "q")
        assert [row.location for row in screen.documents.rows] == [TWO]
        assert "0 of 1 decided" in screen_text(pilot)
        await press(pilot, "n", "a")
        assert len(labels(session_of(pilot), TWO)) == 2
        assert "1 of 1 decided" in screen_text(pilot)


@pytest.mark.parametrize(("key", "verb"), [("M", "Accept"), ("Z", "Reject")])
async def test_decisions_on_many_say_that_what_is_hidden_is_left_alone(
    running: Running, hidden: None, key: str, verb: str
) -> None:
    async with running(open_project="Loans", document=TWO) as pilot:
        await press(pilot, key, "ctrl+s")
        assert "Those that blind mode hides are left alone." in screen_text(pilot)
        await press(pilot, "v", "w", "2", "vertical_line", "y", "q", key, "ctrl+s")
        assert f"{verb} 1 suggestion in 1 document?" in screen_text(pilot)
        assert "Suggestions that blind mode hides are left alone." in screen_text(pilot)
        await press(pilot, "y")
        assert len(open_ones(session_of(pilot), ONE)) == 2


NOTHING = "Blind mode is on; nothing is suggested in this project yet."


async def test_where_nothing_is_suggested_in_the_project_blind_mode_hides_nothing_and_says_so(
    running: Running, loans: None
) -> None:
    async with running(open_project="Loans", document=TWO, size=(80, 24)) as pilot:
        session = session_of(pilot)
        await set_blind(session, True)
        screen_of(pilot).show_changes()
        await press(pilot, "l")
        assert NOTHING in screen_text(pilot)
        for key in ("a", "X", "vertical_line"):
            await press(pilot, "l", key)
            assert NOTHING in screen_text(pilot), key
        await press(pilot, "v", "w", "2", "vertical_line")
        assert NOTHING in screen_text(pilot)
        assert (await session.blind.result()).documents == ()
        await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.93)])
        screen_of(pilot).show_changes()
        await press(pilot, "right_square_bracket", "a")
        text = screen_text(pilot)
        assert NOTHING not in text
        assert "Blind mode hides what there is to decide." in text


async def test_suggestions_under_a_persons_labels_do_not_count_as_none(
    running: Running, loans: None, workbench: Workbench
) -> None:
    session = await workbench.open("Loans")
    await suggest(session, TWO, [("Lender", "North Bank", 0.97)])
    await set_blind(session, True)
    await session.close()
    async with running(open_project="Loans", document=TWO) as pilot:
        await press(pilot, "v", "w", "2")
        assert session_of(pilot).store.state.totals.to_place == 0
        assert screen_of(pilot).open_count == 0
        assert await session_of(pilot).blind.is_anything_suggested()


async def test_counts_of_a_review_agree_when_blind_mode_is_turned_on_in_it(
    running: Running, hidden: None
) -> None:
    async with running(open_project="Loans", review=True) as pilot:
        session = session_of(pilot)
        await set_blind(session, False)
        screen_of(pilot).show_changes()
        await press(pilot, "r", "r", "a")
        text = screen_text(pilot)
        assert "2 of 3 documents (auto labeled)" in text
        assert "2 documents left" in text
        await set_blind(session, True)
        screen_of(pilot).show_changes()
        await press(pilot, "l")
        text = screen_text(pilot)
        assert "1 of 3 documents (auto labeled)" in text
        assert "1 document left" in text
