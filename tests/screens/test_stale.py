"""Labels on an earlier text, marked and asked about by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import category, document, labels
from tests.screens.conftest import ONE, THREE, TWO, Opened, press, screen_of, screen_text, session_of, span_of
from tui_labeler.domain.labels import Span

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.workbench import Workbench

NEW = "East Bank lends Mary O'Neil EUR 9,000.\n"


@pytest.fixture
async def changed(loans: None, workbench: Workbench, container: Path) -> None:
    """The text of a document has changed under two labels; one ends behind its new end."""
    session = await workbench.open("Loans")
    number = document(session, TWO)
    await session.labeling.add(number, category(session, "Lender"), span_of(TWO, "North Bank"))
    await session.labeling.add(number, category(session, "Amount"), span_of(TWO, "2027"))
    await session.labeling.save()
    (container / TWO).write_text(NEW, encoding="utf-8")
    await session.documents.sync()
    await session.close()


@pytest.mark.usefixtures("changed")
async def test_such_labels_are_marked_in_text_list_and_words(opened: Opened) -> None:
    async with opened(TWO, size=(140, 40)) as pilot:
        text = screen_text(pilot)
        assert "Lender?" in text
        assert "2?" in next(line for line in text.splitlines() if TWO in line and "Loans" not in line)
        assert "2 on an earlier text" in text
        assert "on an earlier text: Q asks if it still holds" in text


@pytest.mark.usefixtures("changed")
async def test_the_key_goes_there_from_another_document_and_keeps_a_label(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "Q")
        text = screen_text(pilot)
        assert "Does Lender by ana still hold?" in text
        assert "The text that it was made on is not kept." in text
        assert "There stands now: “East Bank " in text
        await press(pilot, "k")
        assert labels(session_of(pilot), TWO)[0] == ("Lender", Span(0, 10))
        assert "Lender?" not in screen_text(pilot)
        assert "1 more to look at" in screen_text(pilot)
        await press(pilot, "u")
        assert "Lender?" in screen_text(pilot)


@pytest.mark.usefixtures("changed")
async def test_a_label_is_set_on_what_is_selected_then(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "Q", "s")
        assert "Where is Lender? Select the words, then Q sets it there." in screen_text(pilot)
        await press(pilot, "g", "v", "w", "Q")
        assert ("Lender", Span(0, 9)) in labels(session_of(pilot), TWO)
        document_now = session_of(pilot).documents.find(TWO)
        assert [label.category for label in document_now.active_labels if document_now.is_stale(label)] == [
            category(session_of(pilot), "Amount")
        ]


@pytest.mark.usefixtures("changed")
async def test_a_label_beyond_the_end_can_only_be_set_elsewhere_or_removed(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "Q", "k", "Q")
        text = screen_text(pilot)
        assert "Does Amount by ana still hold?" in text
        assert "The text is shorter now." in text
        assert "Keep Amount here" not in text
        await press(pilot, "r")
        assert labels(session_of(pilot), TWO) == [("Lender", Span(0, 10))]
        assert "None is left" in screen_text(pilot)
        await press(pilot, "Q")
        assert "No label is on an earlier text." in screen_text(pilot)


async def test_reading_the_container_says_how_many_there_are(
    opened: Opened, workbench: Workbench, container: Path
) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+s")
        (container / TWO).write_text(NEW, encoding="utf-8")
        await press(pilot, "R")
        told = [note.message for note in pilot.app._notifications if note.title == "The container was read"]
        assert told == [
            f"0 new, 1 changed, 0 gone\n1 label is on an earlier text: Q asks about each.\n  {TWO}: 1"
        ]


@pytest.mark.usefixtures("changed")
async def test_labels_of_a_document_that_is_gone_go_when_somebody_says_so(
    opened: Opened, container: Path
) -> None:
    async with opened(TWO) as pilot:
        (container / TWO).unlink()
        await press(pilot, "R", "[", "]")
        assert "Its 2 labels are kept. Q asks" in screen_text(pilot)
        await press(pilot, "Q", "k")
        assert len(labels(session_of(pilot), TWO)) == 2
        await press(pilot, "Q", "r")
        assert labels(session_of(pilot), TWO) == []
        await press(pilot, "u")
        assert len(labels(session_of(pilot), TWO)) == 2
        assert screen_of(pilot).problem


async def test_the_size_is_that_of_the_text_in_view(opened: Opened, container: Path) -> None:
    (container / TWO).write_text("a" * 1793, encoding="utf-8")
    async with opened(ONE, size=(140, 40)) as pilot:
        (container / THREE).write_text("b" * 1049, encoding="utf-8")
        await press(pilot, "right_square_bracket")
        assert "1,793 characters" in screen_text(pilot)
        await press(pilot, "right_square_bracket")
        assert "1,049 characters" in screen_text(pilot)
        assert "2 text records" in screen_text(pilot)
        assert session_of(pilot).documents.find(THREE).characters != 1049
