"""Conflicts side by side, decided by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes import labels
from tests.screens import sharing
from tests.screens.conftest import ONE, TWO, screen_of, screen_text, session_of, span_of
from tests.screens.sharing import Person, Team, background_of, press_through
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.screens.sharing.conflicts import ConflictsScreen

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession


async def at_odds(root: Path) -> tuple[Person, Person]:
    """Bo has labeled in the container what Ana has labeled otherwise here: two conflicts."""
    team = Team(root)
    ana, bo = await team.person("ana"), await team.person("bo")
    await bo.label(ONE, "Lender", "North Bank")
    await bo.label(TWO, "Borrower", "Mary O'Neil")
    await ana.label(ONE, "Borrower", "North Bank", sharing=False)
    await ana.label(TWO, "Lender", "Mary", sharing=False)
    await ana.sync()
    return ana, bo


def is_shown(pilot: Pilot[None]) -> bool:
    return isinstance(pilot.app.screen, ConflictsScreen)


async def test_both_sides_stand_beside_each_other_with_who_and_the_words(tmp_path: Path) -> None:
    ana, _ = await at_odds(tmp_path)
    async with ana.running() as pilot:
        assert "conflict 2" in screen_text(pilot).splitlines()[0]
        await press_through(pilot, "Y")
        lines = screen_text(pilot).splitlines()
        assert "2 conflicts" in lines[0]
        heading = next(line for line in lines if "o takes it" in line)
        column = heading.index("Container")
        row = next(line for line in lines if "Borrower at 70..80 by ana" in line)
        assert "Lender at 70..80 by bo" in row[column - 1 :]
        assert sum(line.count("[North Bank]") for line in lines) == 2
        assert "“North Bank”" in screen_text(pilot)


async def test_names_of_categories_stay_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "CATEGORIES", ("iPhone", "lender"))
    team = Team(tmp_path)
    ana, bo = await team.person("ana"), await team.person("bo")
    await bo.label(ONE, "lender", "North Bank")
    await ana.label(ONE, "iPhone", "North Bank", sharing=False)
    await ana.sync()
    async with ana.running() as pilot:
        await press_through(pilot, "Y")
        assert "iPhone at 70..80 by ana" in screen_text(pilot)
        assert "lender at 70..80 by bo" in screen_text(pilot)


async def test_one_key_decides_for_each_side_and_goes_on_to_the_next(tmp_path: Path) -> None:
    ana, bo = await at_odds(tmp_path)
    async with ana.running() as pilot:
        await press_through(pilot, "Y", "t")
        assert labels(await _session(ana), ONE) == [("Lender", span_of(ONE, "North Bank"))]
        assert f"Decided in {ONE}: theirs stands." in screen_text(pilot)
        await press_through(pilot, "o")
        assert labels(await _session(ana), TWO) == [("Lender", span_of(TWO, "Mary"))]
        assert "No conflict is left" in screen_text(pilot)
        await press_through(pilot, "q")
        assert "pending 2" in screen_text(pilot).splitlines()[0]
        await background_of(pilot).now()
    session = await bo.workbench.open("Loans")
    await bo.sync(session)
    assert labels(session, TWO) == [("Lender", span_of(TWO, "Mary"))]
    assert labels(session, ONE) == [("Lender", span_of(ONE, "North Bank"))]


async def test_a_decision_is_taken_back_with_a_key_and_from_its_document(tmp_path: Path) -> None:
    ana, bo = await at_odds(tmp_path)
    async with ana.running(document=ONE) as pilot:
        await press_through(pilot, "Y", "u")
        assert "decided nothing here" in screen_text(pilot)
        await press_through(pilot, "t")
        assert "1 conflict" in screen_text(pilot).splitlines()[0]
        await background_of(pilot).now()
        await press_through(pilot, "u")
        assert "Taken back" in screen_text(pilot)
        assert "2 conflicts" in screen_text(pilot).splitlines()[0]
        assert labels(await _session(ana), ONE) == [("Borrower", span_of(ONE, "North Bank"))]
        row = screen_text(pilot).splitlines()[1]
        assert row.split("│")[1].strip() == "Lender by bo", "nobody has removed what the decision had dropped"
        assert "removed" not in screen_text(pilot)
        await press_through(pilot, "o", "q")
        assert "conflict 1" in screen_text(pilot).splitlines()[0]
        await background_of(pilot).now()
        await press_through(pilot, "u")
        assert "conflict 2" in screen_text(pilot).splitlines()[0]
        assert "decide a conflict" in screen_text(pilot)
        await background_of(pilot).now()
    session = await bo.workbench.open("Loans")
    await bo.sync(session)
    assert labels(session, ONE) == [("Lender", span_of(ONE, "North Bank"))]


async def test_a_conflict_that_is_open_again_is_named_and_the_next_key_decides_it(tmp_path: Path) -> None:
    ana, _ = await at_odds(tmp_path)
    async with ana.running(document=ONE) as pilot:
        await press_through(pilot, "Y", "t", "u")
        assert f"Taken back: the conflict in {ONE} is open again." in screen_text(pilot)
        await press_through(pilot, "n")
        assert "Taken back" not in screen_text(pilot)
        await press_through(pilot, "N", "o")
        assert f"Decided in {ONE}: yours stands." in screen_text(pilot)
        assert labels(await _session(ana), TWO) == [("Lender", span_of(TWO, "Mary"))], "still undecided"


async def _session(person: Person) -> ProjectSession:
    return await person.workbench.open("Loans")


async def test_skipping_decides_nothing_and_goes_round(tmp_path: Path) -> None:
    ana, _ = await at_odds(tmp_path)
    async with ana.running() as pilot:
        await press_through(pilot, "Y", "n")
        assert "Lender at 12..16 by ana" not in screen_text(pilot).split("o takes it")[0]
        assert f"\n{TWO}" in screen_text(pilot).replace("\n ", "\n")
        await press_through(pilot, "n", "n", "o")
        assert "1 conflict" in screen_text(pilot).splitlines()[0]
        session = await ana.workbench.open("Loans")
        assert labels(session, ONE) == [("Borrower", span_of(ONE, "North Bank"))], "still undecided"


async def test_enter_shows_the_place_in_its_document(tmp_path: Path) -> None:
    ana, _ = await at_odds(tmp_path)
    async with ana.running(document=ONE) as pilot:
        await press_through(pilot, "Y", "j", "enter")
        screen = screen_of(pilot)
        assert screen.document is not None
        assert screen.document.location == TWO
        assert screen.text.cursor == span_of(TWO, "Mary").start


async def test_without_a_conflict_or_without_sharing_the_key_says_so(tmp_path: Path) -> None:
    ana = await Team(tmp_path).person("ana")
    async with ana.running() as pilot:
        await press_through(pilot, "Y")
        assert "There is no conflict" in screen_text(pilot)
        await press_through(pilot, "o", "t", "n", "q")
    private = await Team(tmp_path / "other").person("ana", is_remote=False)
    async with private.running() as pilot:
        await press_through(pilot, "Y")
        assert "nobody to differ from" in screen_text(pilot)


async def test_a_conflict_that_somebody_else_has_decided_meanwhile_goes(tmp_path: Path) -> None:
    ana, _ = await at_odds(tmp_path)
    async with ana.running() as pilot:
        await press_through(pilot, "Y")
        elsewhere = await ana.workbench.open("Loans")
        assert elsewhere.sharing is not None
        await elsewhere.sharing.resolve(ONE, "theirs")
        await press_through(pilot, "o")
        assert "There is no conflict in" in screen_text(pilot)
        assert "1 conflict" in screen_text(pilot).splitlines()[0]


async def test_a_text_that_cannot_be_read_leaves_the_words_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _ = await at_odds(tmp_path)
    async with ana.running() as pilot:
        (tmp_path / "texts" / ONE).unlink()
        await press_through(pilot, "Y")
        assert is_shown(pilot)
        assert "Lender at 70..80 by bo" in screen_text(pilot)
        assert "“North Bank”" not in screen_text(pilot)


async def test_classes_and_settings_are_decided_too(tmp_path: Path) -> None:
    team = Team(tmp_path)
    ana = await team.person("ana", kind=ProjectKind.SINGLE_LABEL)
    bo = await team.person("bo", kind=ProjectKind.SINGLE_LABEL)
    for person, words in ((bo, "how much"), (ana, "a sum")):
        session = await person.workbench.open("Loans")
        await session.categories.set(session.categories.by_name("Amount").id, description=words)
        await session.close()
    await bo.label(ONE, "Lender")
    await ana.label(ONE, "Amount", sharing=False)
    await ana.sync()
    async with ana.running() as pilot:
        await press_through(pilot, "Y")
        assert "categories and settings" in screen_text(pilot)
        assert "'how much'" in screen_text(pilot)
        await press_through(pilot, "t", "t")
        assert "No conflict is left" in screen_text(pilot)
        await press_through(pilot, "q")
        assert session_of(pilot).categories.by_name("Amount").description == "how much"
        assert labels(session_of(pilot), ONE) == [("Lender", None)]
