"""Two jobs are chosen, compared, and a document is opened where they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.fakes import document
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
    span_of,
)
from tests.screens.conftest import settle as settle_app
from tests.screens.job_fakes import JobHome, ScreenApp, settle, shown
from tui_labeler.domain.jobs import Answer, JobKind, JobState, Proposal
from tui_labeler.domain.labels import Span
from tui_labeler.screens.jobs.comparison import ComparisonScreen
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.places import Compared, Place
from tui_labeler.screens.widgets.picker import Picker

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Ann lends Bob an ox."
HOSTILE = "x\x1b]0;evil\x07[red].txt"


@pytest.fixture
async def compared(tmp_path: Path) -> JobHome:
    texts = {"loan0.txt": TEXT, "loan1.txt": TEXT, HOSTILE: TEXT}
    home = await JobHome().create(tmp_path, texts, ["Borrower", "Lender"])
    for job_id, created in (("jobb", "10"), ("joba", "09")):
        home.job(
            job_id, JobState.SUCCEEDED, created=f"2026-11-21T{created}:00:00.000Z", done=3, suggestions=3
        )
    borrower, lender = home.ids["Borrower"], home.ids["Lender"]
    home.jobs.answered["joba"] = answers(home, [(lender, 0, 3)], [(lender, 0, 3)], [(borrower, 10, 13)])
    home.jobs.answered["jobb"] = answers(
        home, [(lender, 0, 3)], [(borrower, 0, 3), (borrower, 10, 13)], [(borrower, 10, 16)]
    )
    return home


def answers(home: JobHome, *found: list[tuple[str, int, int]]) -> tuple[Answer, ...]:
    rows = sorted(home.session.rows.values(), key=lambda row: row.location)
    return tuple(
        Answer(
            row.id,
            row.location,
            home.session.store.state.document(row.id).text_hash,
            row.characters,
            tuple(Proposal(category, Span(start, end)) for category, start, end in of_row),
        )
        for row, of_row in zip(rows, found, strict=True)
    )


async def keys(app: ScreenApp, pilot: object, *pressed: str) -> str:
    for key in pressed:
        await pilot.press(key)  # type: ignore[attr-defined]
        await settle(pilot)
    return screen_text(pilot)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_two_jobs_are_marked_and_compared_differences_first(
    compared: JobHome, size: tuple[int, int]
) -> None:
    app = ScreenApp()
    async with app.run_test(size=size) as pilot:
        app.ask(JobsScreen(compared.session, compared.resources))
        await settle(pilot)
        listed = await keys(app, pilot)
        assert " jobb" in listed
        assert " joba" in listed
        marked = await keys(app, pilot, "equals_sign")
        assert "jobb is marked: = on another job" in marked
        assert "=jobb" in marked
        assert "=joba" not in marked
        text = await keys(app, pilot, "j", "equals_sign")
        shown(app, ComparisonScreen)
        assert "2 of 3 documents differ" in text
        assert text.index("loan1.txt") < text.index("loan0.txt")
        assert "1 other category, 1 only A" in text
        assert text.splitlines()[-1].startswith(" ⏎ Open the document  q Back")
        assert " A: job jobb, " in text
        assert " B: job joba, " in text
        for words in ("Ann", "Bob", "× other category", "× only A"):
            assert words in text, words
        assert "\x1b" not in text
        await keys(app, pilot, "tab")
        page = await keys(app, pilot, "G")
        assert "F1 of exact spans" in page or size[1] == 24
        assert "Borrower" in page


async def test_enter_opens_the_document_where_they_differ_first(compared: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.ask(JobsScreen(compared.session, compared.resources))
        await settle(pilot)
        await keys(app, pilot, "equals_sign", "j", "equals_sign", "enter")
        assert app.results == [Place(compared.session.documents.find("loan1.txt").id, Span(0, 3))]


async def test_the_same_job_again_takes_the_mark_away(compared: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.ask(JobsScreen(compared.session, compared.resources))
        await settle(pilot)
        text = await keys(app, pilot, "equals_sign", "equals_sign")
        assert "0 running, 2 in all" in text
        assert "=job" not in text
        shown(app, JobsScreen)


async def test_jobs_that_share_nothing_are_not_compared_and_training_is_no_answer(compared: JobHome) -> None:
    compared.jobs.answered["jobb"] = ()
    compared.job("train", JobState.SUCCEEDED, JobKind.TRAIN, created="2026-11-21T11:00:00.000Z", done=100)
    app = ScreenApp()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        app.ask(JobsScreen(compared.session, compared.resources))
        await settle(pilot)
        assert "is marked" not in await keys(app, pilot, "g", "equals_sign")
        await keys(app, pilot, "j", "equals_sign", "j", "equals_sign")
        shown(app, JobsScreen)
        of_training, told = (note.message for note in app._notifications)
        assert "have no document in common" in told
        assert "can't be compared" in of_training


async def test_the_place_of_a_difference_comes_into_view(running: Running, loans: None) -> None:
    async with running(open_project="Loans", document=ONE) as pilot:
        place = Place(document(session_of(pilot), TWO), span_of(TWO, "Mary"))
        await press(pilot, "J")
        assert isinstance(pilot.app.screen, JobsScreen)
        pilot.app.screen.dismiss(place)
        await settle_app(pilot)
        assert screen_of(pilot).shown == place.document
        assert screen_of(pilot).text.cursor == LOANS[TWO].index("Mary")


async def test_q_goes_back_to_the_comparison_at_the_same_row_and_then_to_the_jobs(
    running: Running, loans: None, compared: JobHome
) -> None:
    first, second = [compared.jobs.jobs[key] for key in ("jobb", "joba")]
    found = await compared.session.jobs.compare("jobb", "joba")
    async with running(open_project="Loans", document=ONE, size=(80, 24)) as pilot:
        here = session_of(pilot)
        renamed = {item.location: item for item in found.documents}
        documents = (
            replace(renamed["loan1.txt"], document=document(here, THREE)),
            replace(renamed["loan0.txt"], document=document(here, TWO)),
        )
        both = Compared(first, second, replace(found, documents=documents))
        await press(pilot, "J")
        assert isinstance(pilot.app.screen, JobsScreen)
        pilot.app.screen._show_compared(both)
        await settle_app(pilot)
        await press(pilot, "j", "enter")
        assert screen_of(pilot).shown == document(here, TWO)
        assert "q goes back to the comparison." in screen_text(pilot)
        assert " q Comparison " in screen_text(pilot)
        await press(pilot, "q")
        back = cast("object", pilot.app.screen)
        assert isinstance(back, ComparisonScreen)
        assert back.query_one(Picker).current == str(document(here, TWO))
        await press(pilot, "enter", "left_square_bracket")
        assert screen_of(pilot).way_back is None
        await press(pilot, "J", "q")
        assert screen_of(pilot).shown == document(here, ONE)
