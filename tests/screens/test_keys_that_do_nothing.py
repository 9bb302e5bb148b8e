"""A key that does nothing where it is pressed says why, and says so until the next key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes import labels, make_project, suggest, to_place
from tests.screens.conftest import (
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
)
from tests.screens.test_many_classes import SECOND, asked
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.workbench import set_settings
from tui_labeler.screens.labeling.base import NO_TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench

BROKEN = "broken.txt"
"""The last of the list, and no UTF-8."""

SMALL = (80, 24)


@pytest.fixture
async def broken(opened: Opened, container: Path) -> None:
    (container / BROKEN).write_bytes(b"\xff\xfe no text")
    async with opened() as pilot:
        await session_of(pilot).documents.sync()


# --- a document that can't be read --------------------------------------------------------------------


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("first", [True, False])
async def test_keys_that_label_say_that_the_document_in_view_cant_be_read(
    opened: Opened, first: bool
) -> None:
    async with opened(BROKEN if first else ONE, size=SMALL) as pilot:
        if not first:
            await press(pilot, "right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert screen_of(pilot).problem
        seq = session_of(pilot).store.seq
        for key in (*"1daxAXvVceB", "enter", "equals_sign", "semicolon", "plus"):
            await press(pilot, key)
            assert NO_TEXT in screen_text(pilot), key
            await press(pilot, "escape")
            assert NO_TEXT not in screen_text(pilot), key
        await press(pilot, "m")
        assert "This document can't be read, so nothing can be labeled there." in screen_text(pilot)
        assert session_of(pilot).store.seq == seq
        await press(pilot, "left_square_bracket")
        assert "can't be read" not in screen_text(pilot)


@pytest.mark.usefixtures("broken")
async def test_beside_a_document_that_cant_be_read_labels_are_saved_and_others_marked(opened: Opened) -> None:
    async with opened(TWO, size=SMALL) as pilot:
        session = session_of(pilot)
        await press(pilot, "v", "1", "]", "]", "ctrl+s", "t")
        assert screen_of(pilot).problem
        assert [label.draft for label in session.documents.find(TWO).active_labels] == [None]
        assert session.documents.find(BROKEN).dataset is Dataset.TEST
        await press(pilot, "D", "k", "k", "m")
        assert "agreement2.txt has labels" in screen_text(pilot)
        await press(pilot, "j", "m")
        assert session.documents.find(THREE).reviewed is not None
        await press(pilot, "v", "j", "m", "u")
        assert session.documents.find(BROKEN).reviewed is None


# --- an answer goes with the next key -------------------------------------------------------------------

FOR_THE_TEXT = "= is for the text in view: enter opens the document here, D goes back."


@pytest.mark.parametrize("key", ["m", "j", "space", "u", "d"])
async def test_why_a_key_did_nothing_is_told_until_the_next_key(opened: Opened, key: str) -> None:
    async with opened(ONE, size=SMALL) as pilot:
        await press(pilot, "v", "w", "1", "D", "equals_sign")
        assert FOR_THE_TEXT in screen_text(pilot)
        await press(pilot, key)
        assert FOR_THE_TEXT not in screen_text(pilot)


async def test_a_refusal_takes_away_what_was_said_before(opened: Opened) -> None:
    async with opened(ONE, size=SMALL) as pilot:
        await press(pilot, "v", "w", "1", "semicolon", "d", "u", "t")
        assert "In the testing set." in screen_text(pilot)
        await press(pilot, "m")
        assert "agreement1.txt has labels.\nOnly a document without labels" in _told(pilot)
        assert "In the testing set." not in screen_text(pilot)


def _told(pilot: Pilot[None]) -> str:
    return "\n".join(note.message for note in pilot.app._notifications)


# --- words to place -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["Nobody", "Acme Ltd"], ids=["without a likely place", "with one"])
async def test_words_to_place_have_their_category_and_ends_changed_once_they_are_set(
    running: Running, workbench: Workbench, container: Path, words: str
) -> None:
    session = await make_project(workbench, container, categories=["Borrower", "Lender"])
    await to_place(session, ONE, [("Borrower", words)])
    await session.close()
    async with running(open_project="Loans", review=True, size=SMALL) as pilot:
        await press(pilot, "c")
        assert "Their category can be changed once they are set in the text: a sets them." in screen_text(
            pilot
        )
        await press(pilot, "e")
        assert "Their ends can be moved once they are set in the text: a sets them." in screen_text(pilot)
        if words == "Nobody":
            await press(pilot, "g", "v", "w")
        await press(pilot, "a", "semicolon", "c", "2")
        assert [name for name, _ in labels(session_of(pilot), ONE)] == ["Lender"]
        await press(pilot, "e")
        assert "Ends: > < by words" in screen_text(pilot)


@pytest.mark.parametrize("review", [False, True])
async def test_keys_for_words_to_place_say_that_there_are_none(opened: Opened, review: bool) -> None:
    async with opened(ONE, size=SMALL, review=review) as pilot:
        for key in ("plus", "minus"):
            await press(pilot, key)
            assert "The document in view has no words to place." in screen_text(pilot)
            assert "Place" not in screen_text(pilot).splitlines()[-1]
            await press(pilot, "w")


async def test_rejecting_all_says_what_of_it_is_saved(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Borrower"])
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.5)])
    await to_place(session, ONE, [("Borrower", "Nobody")])
    await session.close()
    async with running(open_project="Loans", document=ONE, size=SMALL) as pilot:
        await press(pilot, "X")
        assert "1 unsaved" in screen_text(pilot).splitlines()[0]
        told = "1 rejected, 1 to place dropped (saved). u takes it back."
        assert told in screen_text(pilot)
        settings = replace(session_of(pilot).project.settings, save_immediately=True)
        await press(pilot, "u")
        await set_settings(session_of(pilot), replace(session_of(pilot).project, settings=settings))
        await press(pilot, "X")
        assert "unsaved" not in screen_text(pilot)
        assert "1 suggestion rejected, 1 answer to place dropped. u takes it back." in screen_text(pilot)


# --- the panes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pane", ["C", "backslash", "D"])
async def test_escape_leaves_a_pane_for_the_text(opened: Opened, pane: str) -> None:
    async with opened(ONE, size=(120, 40)) as pilot:
        await press(pilot, pane)
        assert screen_of(pilot).focused is not screen_of(pilot).text
        await press(pilot, "escape")
        assert screen_of(pilot).focused is screen_of(pilot).text


async def test_escape_ends_a_name_first_and_then_leaves_the_pane(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND) as pilot:
        await press(pilot, "C", "t", "escape")
        assert screen_of(pilot).pane.has_focus
        assert not screen_of(pilot).pane.naming
        await press(pilot, "escape")
        assert screen_of(pilot).text.has_focus


@pytest.mark.parametrize("key", ["", "C"], ids=["text", "pane"])
async def test_pasting_beside_a_field_says_that_nothing_takes_it(opened: Opened, key: str) -> None:
    async with opened(ONE, size=(80, 24)) as pilot:
        await press(pilot, *([key] if key else []))
        await paste(pilot, "Lender")
        assert "Nothing can be pasted here: texts stay as they are" in screen_text(pilot)
        await press(pilot, "l")
        assert "pasted" not in screen_text(pilot)
