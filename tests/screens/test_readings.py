"""Two people on one document on the screen: each sees their own labels, and says when they are done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.fakes import category, document, fixed_surroundings, home_workbench, labels, make_project, suggest
from tests.screens.conftest import (
    ONE,
    THREE,
    TWO,
    Running,
    paste,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
)
from tests.screens.conftest import span_of as span

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench

As = Callable[..., AbstractAsyncContextManager["Pilot[None]"]]


@pytest.fixture
async def given(workbench: Workbench, container: Path) -> None:
    """The first two documents are with ana and bob; a job has suggested something in each."""
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    chosen = [document(session, name) for name in (ONE, TWO)]
    await session.readings.assign(["ana", "bob"], documents=chosen)
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.93)])
    await session.close()


@pytest.fixture
def seen_by(running: Running, home: Path, given: None) -> As:
    """The application as somebody sees it, at the first document."""

    @asynccontextmanager
    async def run(who: str, location: str = ONE, **options: object) -> AsyncIterator[Pilot[None]]:
        bench = home_workbench(home, fixed_surroundings(who))
        async with running(workbench=bench, open_project="Loans", document=location, **options) as pilot:
            yield pilot

    return run


async def read_by(home: Path, who: str, *found: tuple[str, str], location: str = ONE) -> None:
    """Somebody labels a document elsewhere, and is done."""
    session = await home_workbench(home, fixed_surroundings(who)).open("Loans")
    place = document(session, location)
    for name, words in found:
        await session.labeling.add(place, category(session, name), span(location, words))
    await session.readings.finish([place])
    await session.close()


async def test_the_title_says_whose_it_is_and_how_far_they_are(seen_by: As, home: Path) -> None:
    async with seen_by("ana") as pilot:
        assert "yours to label alone: % when done" in screen_text(pilot)
        assert "% Done" in screen_text(pilot).splitlines()[-1]
        await press(pilot, "v", "w", "1", "percent_sign")
        assert "you are done, bob not yet" in screen_text(pilot)
    async with seen_by("bob", size=(80, 24)) as pilot:
        assert "yours: % when done" in screen_text(pilot)
        assert labels(session_of(pilot), ONE) == []
    async with seen_by("eve") as pilot:
        assert "with ana and bob" in screen_text(pilot)
        await press(pilot, "v", "w", "1")
        assert "ana and bob" in screen_text(pilot)
        assert labels(session_of(pilot), ONE) == []


async def test_the_key_for_done_comes_and_goes_with_the_documents_it_is_for(seen_by: As) -> None:
    async with seen_by("ana", THREE) as pilot:
        for location, has_it in ((THREE, False), (ONE, True), (THREE, False), (TWO, True)):
            screen_of(pilot).open_document(document(session_of(pilot), location))
            await settle(pilot)
            assert ("% Done" in screen_text(pilot).splitlines()[-1]) is has_it


async def test_the_key_for_done_tells_who_is_no_reader_why_nothing_happens(seen_by: As) -> None:
    async with seen_by("eve", size=(80, 24)) as pilot:
        assert "% Done" not in screen_text(pilot)
        await press(pilot, "percent_sign")
        words = "% is for its readers, ana and bob, to say that they are done."
        assert words in screen_text(pilot)
    async with seen_by("eve", THREE, size=(80, 24)) as pilot:
        await press(pilot, "percent_sign")
        words = "% is for two readers' documents; & gives this one to two."
        assert words in screen_text(pilot)


async def test_nothing_of_another_reading_or_a_suggestion_is_on_the_screen(seen_by: As, home: Path) -> None:
    async with seen_by("bob") as pilot:
        before = screen_text(pilot)
        assert "┄Borrower" not in before
        await read_by(home, "ana", ("Lender", "North Bank"))
        await session_of(pilot).refresh()
        screen_of(pilot).show_changes()
        await press(pilot, "D", "D")
        after = screen_text(pilot)
        assert "━Lender" not in after
        assert after == before
        await press(pilot, "vertical_line")
        assert "North Bank" not in screen_text(pilot).replace("Leeds and North Bank", "")


async def test_done_is_asked_where_it_is_final_or_nothing_is_labeled(seen_by: As, home: Path) -> None:
    await read_by(home, "bob", ("Lender", "North Bank"))
    async with seen_by("ana") as pilot:
        await press(pilot, "percent_sign")
        words = screen_text(pilot)
        assert "nothing to label" in words
        assert "not taken back" in words
        await press(pilot, "n")
        assert "yours to label alone" in screen_text(pilot)
        await press(pilot, "percent_sign", "y")
        assert "everybody is done: W adjudicates" in screen_text(pilot)
        await press(pilot, "percent_sign")
        assert "in view" in screen_text(pilot)


async def test_a_reader_goes_on_by_the_same_key_until_the_other_is_done(seen_by: As) -> None:
    async with seen_by("ana") as pilot:
        await press(pilot, "v", "w", "1", "percent_sign", "v", "w", "2")
        assert "You are done with" in screen_text(pilot)
        await press(pilot, "percent_sign")
        assert "yours to label alone" in screen_text(pilot)
        assert len(labels(session_of(pilot), ONE)) == 1


async def test_the_next_unlabeled_document_is_one_that_is_yours_to_read(seen_by: As) -> None:
    async with seen_by("ana") as pilot:
        await press(pilot, "v", "w", "1", "percent_sign", "U")
        assert session_of(pilot).rows[screen_of(pilot).shown or 0].location == TWO
        await press(pilot, "percent_sign", "y", "U")
        assert session_of(pilot).rows[screen_of(pilot).shown or 0].location == THREE
    async with seen_by("eve", TWO) as pilot:
        await press(pilot, "U")
        assert session_of(pilot).rows[screen_of(pilot).shown or 0].location == THREE


async def test_documents_are_given_and_taken_back_by_key(seen_by: As) -> None:
    async with seen_by("lead", THREE) as pilot:
        await press(pilot, "ampersand")
        assert "ana, bob" in screen_text(pilot)  # as before
        await press(pilot, "ctrl+u")
        await paste(pilot, "eve, dan")
        await press(pilot, "ctrl+s")
        assert session_of(pilot).documents.find(THREE).readers == ("dan", "eve")
        assert "1 document given to dan and eve" in screen_text(pilot)
        await press(pilot, "ampersand")
        assert "back from its readers" in screen_text(pilot)
        await press(pilot, "y")
        assert session_of(pilot).documents.find(THREE).readers == ()


async def test_selected_documents_are_given_together_and_those_that_are_not_are_named(seen_by: As) -> None:
    async with seen_by("lead") as pilot:
        await press(pilot, "D", "space", "j", "j", "space", "ampersand", "ctrl+s")
        assert session_of(pilot).documents.find(THREE).readers == ("ana", "bob")
        assert f"{ONE}: it is with ana and bob" in screen_text(pilot)


async def test_who_gives_documents_to_nobody_is_told_what_is_wanted(seen_by: As) -> None:
    async with seen_by("lead", THREE) as pilot:
        await press(pilot, "ampersand", "ctrl+u")
        assert "two names, with a comma between them" in screen_text(pilot)
        await press(pilot, "enter")
        assert "Two names are wanted." in screen_text(pilot)
        await press(pilot, "ctrl+g")
        assert session_of(pilot).documents.find(THREE).readers == ()


async def test_saving_says_that_a_document_with_readers_gets_its_labels_otherwise(seen_by: As) -> None:
    async with seen_by("ana") as pilot:
        await press(pilot, "v", "w", "1", "ctrl+s")
        assert "A reading is no draft" in screen_text(pilot)
        await press(pilot, "percent_sign")
    async with seen_by("bob") as pilot:
        await press(pilot, "v", "w", "2", "percent_sign", "y", "ctrl+s")
        assert "adjudicating makes its labels (W)" in screen_text(pilot)
        assert "Everything is saved." not in screen_text(pilot)
        assert session_of(pilot).documents.find(ONE).saved_labels == ()


async def test_one_name_is_no_pair(seen_by: As) -> None:
    async with seen_by("lead", THREE) as pilot:
        await press(pilot, "ampersand", "ctrl+u")
        await paste(pilot, "eve")
        await press(pilot, "ctrl+s")
        assert "Readers are two people" in screen_text(pilot)
        await press(pilot, "ctrl+g")
        assert session_of(pilot).documents.find(THREE).readers == ()


async def test_the_list_is_filtered_by_what_is_to_read(seen_by: As) -> None:
    async with seen_by("ana") as pilot:
        await press(pilot, "f", *["down"] * 11, "space", "space", "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE, TWO]
        assert "yours to read" in screen_text(pilot)


async def test_agreement_shows_both_readings_once_both_are_done(seen_by: As, home: Path) -> None:
    await read_by(home, "ana", ("Lender", "North Bank"), ("Borrower", "Acme Ltd."))
    async with seen_by("bob") as pilot:
        await press(pilot, "vertical_line")
        words = screen_text(pilot)
        assert "Not counted: bob not done with it" in words
        assert "2 documents are with readers" in words
        assert "only ana" not in words
    await read_by(home, "bob", ("Borrower", "Acme Ltd."))
    async with seen_by("eve") as pilot:
        await press(pilot, "vertical_line")
        words = screen_text(pilot)
        assert "1 read by two" in words
        assert "1 same, 1 only ana" in words
        assert "Krippendorff's alpha is over" in words
        assert "1 difference, 1 to adjudicate" in words
