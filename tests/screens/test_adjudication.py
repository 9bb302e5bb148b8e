"""Two readings are settled on the screen: by one key a place, and what agrees in one step."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.screens import typical
from tests.screens.conftest import ONE, THREE, TWO, press, screen_text, settle, span_of
from tui_labeler.app import LabelerApp
from tui_labeler.domain.labels import Span
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.readings.adjudication import AdjudicationScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.screens.job_fakes import JobHome
    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    return await typical.read_loans(tmp_path)


@asynccontextmanager
async def adjudicating(home: JobHome, at: str = ONE) -> AsyncIterator[Pilot[None]]:
    app = LabelerApp(home.workbench, open_project="loans", document=at)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "W")
        assert isinstance(app.screen, AdjudicationScreen)
        yield pilot


def session_of(pilot: Pilot[None]) -> ProjectSession:
    screen = next(s for s in pilot.app.screen_stack if isinstance(s, LabelingScreen))
    return screen.session


def saved(pilot: Pilot[None], location: str = ONE) -> list[tuple[str, Span | None]]:
    session = session_of(pilot)
    names = session.store.state.categories
    return [(names[item.category].name, item.span) for item in session.documents.find(location).saved_labels]


async def test_one_key_a_place_settles_a_document_and_opens_the_next(home: JobHome) -> None:
    async with adjudicating(home) as pilot:
        words = screen_text(pilot)
        assert "ann: 2 labels" in words
        assert "bob: 3 labels" in words
        assert "2 of 2 documents to settle" in words
        await press(pilot, "left")
        assert "2 to decide" in screen_text(pilot)
        assert saved(pilot) == []
        await press(pilot, "l", "x")
        assert saved(pilot) == [
            ("Borrower", span_of(ONE, "Acme Ltd.")),
            ("Borrower", span_of(ONE, "North Bank")),
        ]
        words = screen_text(pilot)
        assert f"{ONE} is settled: 2 labels" in words
        assert f"> {TWO}" in words
        assert "Both have the same 1 label" in words
        label = session_of(pilot).documents.find(ONE).saved_labels[0]
        assert (label.made.actor, label.draft) == ("ann", None)


async def test_a_choice_is_taken_back_and_made_anew_with_the_document_in_view(home: JobHome) -> None:
    async with adjudicating(home) as pilot:
        await press(pilot, "left", "l", "x", "u")
        assert saved(pilot) == []
        words = screen_text(pilot)
        assert f"> {ONE}" in words
        assert "1 to decide" in words
        await press(pilot, "b")
        assert len(saved(pilot)) == 3
        await press(pilot, "u", "u", "u", "u")
        assert "Nothing is left here to take back; in the document u goes further back." in screen_text(pilot)
        assert session_of(pilot).documents.find(ONE).choices == ()
        assert session_of(pilot).documents.find(ONE).readers == ("ann", "bob")


async def test_nothing_but_choices_is_done_again_here(home: JobHome) -> None:
    async with adjudicating(home) as pilot:
        session = session_of(pilot)
        number = session.documents.find(ONE).id
        await session.labeling.set_flag([number], "look")
        assert await session.history.undo() is not None
        await press(pilot, "ctrl+r")
        assert "Nothing is left here to do again" in screen_text(pilot)
        assert session.documents.find(ONE).flag != "look"
        await press(pilot, "left", "u", "ctrl+r")
        assert "Done again." in screen_text(pilot)


@pytest.mark.parametrize("key", ["n", "N", "j", "ctrl+d", "right_square_bracket", "left"])
async def test_what_a_key_brought_is_told_until_the_next_key(home: JobHome, key: str) -> None:
    async with adjudicating(home) as pilot:
        await press(pilot, "left", "u")
        assert "Taken back." in screen_text(pilot)
        await press(pilot, key)
        assert "Taken back." not in screen_text(pilot)


async def test_all_that_agree_are_settled_at_once_and_the_others_wait(home: JobHome) -> None:
    async with adjudicating(home) as pilot:
        await press(pilot, "A")
        assert saved(pilot, TWO) == [("Lender", span_of(TWO, "North Bank"))]
        assert saved(pilot) == []
        assert "1 of 2 documents to settle" in screen_text(pilot)
        await press(pilot, "u")
        assert saved(pilot, TWO) == []


async def test_both_of_an_overlap_are_refused_beside_the_places(home: JobHome) -> None:
    async with adjudicating(home) as pilot:
        await press(pilot, "b")
        words = screen_text(pilot)
        assert "overlap. Take one of them, or neither." in words
        assert "3 to decide" in words


async def test_places_and_documents_are_walked_and_a_choice_is_changed(home: JobHome) -> None:
    async with adjudicating(home) as pilot:
        await press(pilot, "left", "N", "right")
        choices = session_of(pilot).documents.find(ONE).choices
        assert [choice.take for choice in choices] == ["second"]
        await press(pilot, "right_square_bracket")
        assert f"> {TWO}" in screen_text(pilot)
        await press(pilot, "right_square_bracket")
        assert f"> {ONE}" in screen_text(pilot)


async def test_enter_shows_the_place_in_its_document(home: JobHome) -> None:
    async with adjudicating(home, THREE) as pilot:
        await press(pilot, "n", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, LabelingScreen)
        assert session_of(pilot).rows[screen.shown or 0].location == ONE
        assert screen.text.cursor == span_of(ONE, "North Bank").start


async def test_a_reading_that_is_not_done_is_not_to_be_seen(home: JobHome) -> None:
    bob = await home.person("bob")
    letter = bob.documents.find("letter01.txt")
    place = typical.LETTERS["letter01.txt"].index("North Bank")
    await bob.labeling.add(letter.id, home.ids["Lender"], Span(place, place + 10))
    await bob.readings.finish([letter.id])
    await bob.close()
    async with adjudicating(home, "letter01.txt") as pilot:
        for _ in range(3):
            assert "letter01" not in screen_text(pilot)
            assert THREE not in screen_text(pilot)
            await press(pilot, "right_square_bracket")


async def test_what_somebody_else_settles_meanwhile_is_refused_and_shown(home: JobHome) -> None:
    async with adjudicating(home, TWO) as pilot:
        bob = await home.person("bob")
        await bob.readings.settle_agreeing([bob.documents.find(TWO).id])
        await bob.close()
        await press(pilot, "A")
        assert len(saved(pilot, TWO)) == 1
