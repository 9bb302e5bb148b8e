"""Handing over by keys: connecting, switching there and back, what is off meanwhile, the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from textual.binding import Binding

from tests.fakes import document, suggest
from tests.screens.conftest import LOANS, ONE, TWO, paste, press, screen_of, screen_text
from tests.screens.sharing import Person, Team, at_rest, press_through
from tui_labeler.domain.handover import Phase
from tui_labeler.domain.models import TrainOptions
from tui_labeler.engine.errors import LabelerError
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.fields import Cycle
from tui_labeler.screens.handover.handover import HandoverScreen
from tui_labeler.screens.labeling.keys import WRITING, WRITING_SCREENS
from tui_labeler.screens.labeling.labeling import LabelingScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

SIZES = ((120, 40), (80, 24))


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


@pytest.fixture
async def ana(team: Team) -> Person:
    return await team.person("ana")


def phase(pilot: Pilot[None]) -> Phase:
    app = pilot.app
    screen = next(screen for screen in app.screen_stack if isinstance(screen, LabelingScreen))
    return screen.session.project.handover.phase


async def connect(pilot: Pilot[None], project: str = "loans-aml", workspace: str = "ws") -> None:
    """From the texts to the screen of a connected project."""
    await press_through(pilot, "H", "c")
    for words in (project, workspace, "people", "11-22"):
        await paste(pilot, words)
        await pilot.press("down")
    await press_through(pilot, "ctrl+s")
    assert "can never be joined" in " ".join(screen_text(pilot).split())
    await press_through(pilot, "y")
    await at_rest(pilot)
    assert phase(pilot) is Phase.HERE


def export(team: Team, location: str, name: str, words: str) -> None:
    start = LOANS[location].index(words)
    row = {
        "image_url": f"AmlDatastore://store/{location}",
        "label": [{"label": name, "offsetStart": start, "offsetEnd": start + len(words)}],
        "label_confidence": [1.0],
    }
    team.stored.now += 60
    team.stored.write("Labeling/out.jsonl", json.dumps(row).encode())


def labels_of(pilot: Pilot[None], location: str) -> list[str]:
    screen = next(screen for screen in pilot.app.screen_stack if isinstance(screen, LabelingScreen))
    found = screen.session.documents.find(location).active_labels
    return [LOANS[location][label.span.start : label.span.end] for label in found if label.span]


@pytest.mark.parametrize("size", SIZES)
async def test_a_project_is_handed_over_and_taken_back_by_keys(
    team: Team, ana: Person, size: tuple[int, int]
) -> None:
    await ana.label(TWO, "Lender", "North Bank")
    async with ana.running(size=size, document=TWO) as pilot:
        await connect(pilot)
        assert "Labels are made here" in screen_text(pilot)
        await press_through(pilot, "s", "y")
        assert phase(pilot) is Phase.AML
        shown = screen_text(pilot)
        assert "Azure Machine Learning has the pen" in shown
        assert "1 label written" in shown
        # The line below says what the label at the cursor is, and elsewhere why nothing can be labeled.
        await press_through(pilot, "q")
        assert "pen: AML" in screen_text(pilot).splitlines()[0]
        await press_through(pilot, "w", "w", "w")
        assert "Labeling here is off: H." in screen_text(pilot)
        export(team, TWO, "Borrower", "Mary O'Neil")
        await press_through(pilot, "H", "i")
        assert "1 new label" in screen_text(pilot)
        assert labels_of(pilot, TWO) == ["Mary O'Neil"]
        export(team, TWO, "Amount", "EUR 9,000")
        await press_through(pilot, "r", "s", "l")
        assert phase(pilot) is Phase.HERE
        assert labels_of(pilot, TWO) == ["EUR 9,000"]
        await press_through(pilot, "q", "u", "H")
        assert "an undo here took them back" in " ".join(screen_text(pilot).split())
        await press_through(pilot, "q", "ctrl+r", "H")
        assert "an undo here" not in screen_text(pilot)
        await press_through(pilot, "D")
        await paste(pilot, "loans")
        await press_through(pilot, "enter")
        assert isinstance(pilot.app.screen, InputScreen)
        assert "not the project's name" in screen_text(pilot)
        await pilot.press(*["backspace"] * 5)
        await paste(pilot, "Loans")
        await press_through(pilot, "enter")
        assert phase(pilot) is Phase.DISCONNECTED
        await press_through(pilot, "q", "u")
        assert labels_of(pilot, TWO) == ["Mary O'Neil"]


async def test_keys_that_label_are_off_while_the_pen_is_there_and_no_other_key_changes_a_label(
    team: Team, ana: Person
) -> None:
    await ana.label(ONE, "Lender", "North Bank")
    session = await ana.workbench.open("Loans")
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.9)])
    assert session.handover is not None
    async with ana.running(document=ONE) as pilot:
        await connect(pilot)
        await press_through(pilot, "s", "y", "q")
        screen = screen_of(pilot)
        before = what_stands(screen)
        off = {item.binding.action for item in screen.active_bindings.values() if not item.enabled}
        assert off >= WRITING
        assert {f"want({name!r})" for name in WRITING_SCREENS} <= off
        keys = [key for binding in screen.BINDINGS if isinstance(binding, Binding) for key in _keys(binding)]
        for key in [*keys, *screen.keys]:
            await press(pilot, key)
            while pilot.app.screen is not screen:
                await press(pilot, "escape")
        await at_rest(pilot)
        assert what_stands(screen) == before
    await session.close()


@pytest.mark.parametrize("size", SIZES)
async def test_a_key_that_is_off_says_why_in_review_and_in_the_list_too(
    team: Team, ana: Person, size: tuple[int, int]
) -> None:
    await ana.label(ONE, "Lender", "North Bank")
    session = await ana.workbench.open("Loans")
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.9)])
    await session.close()
    async with ana.running(document=ONE, size=size) as pilot:
        await connect(pilot)
        await press_through(pilot, "s", "y", "q")
        for place in ("r", "D"):
            await press_through(pilot, place)
            assert "has the pen" in status(pilot)
            for key in ("a", "x", "t", "&", "m", "L", "I"):
                screen_of(pilot).say("")
                await press(pilot, key)
                assert "Labeling here is off: H." in status(pilot), (place, key)
        await press_through(pilot, "D", "q")
        assert not screen_of(pilot).reviewing
        assert "Labeling here is off: H." in status(pilot)


async def test_a_review_that_finds_nothing_points_to_no_key_that_is_off(team: Team, ana: Person) -> None:
    await ana.label(ONE, "Lender", "North Bank")
    async with ana.running(document=ONE, size=(80, 24)) as pilot:
        await connect(pilot)
        await press_through(pilot, "s", "y", "q", "r")
        assert screen_of(pilot).reviewing
        assert "No suggestion is left. Labeling here is off: H." in status(pilot)


def status(pilot: Pilot[None]) -> str:
    return screen_text(pilot).splitlines()[-2]


def what_stands(screen: LabelingScreen) -> object:
    found = screen.session.documents.find(ONE)
    return dict(found.labels), dict(found.suggestions), found.flag, found.dataset, found.reviewed


def _keys(binding: Binding) -> list[str]:
    leaves = ("want(", "leave", "sync", "conflicts", "project_settings", "read_container", "export_labels")
    return [] if binding.action.startswith(leaves) else binding.key.split(",")


async def test_another_home_that_is_open_hears_of_it(team: Team, ana: Person) -> None:
    bo = await team.person("bo")
    async with bo.running(document=ONE) as pilot:
        await connect(pilot)
        await press_through(pilot, "s", "y")
    async with ana.running(document=ONE) as pilot:
        assert "pen" not in screen_text(pilot).splitlines()[0]
        await press_through(pilot, "S", "q")
        assert "pen: AML" in screen_text(pilot).splitlines()[0]
        screen = screen_of(pilot)
        with pytest.raises(LabelerError):
            await screen.session.labeling.set_reviewed(document(screen.session, ONE))


async def test_switching_with_decisions_that_are_not_saved_names_the_key_that_saves(
    team: Team, ana: Person
) -> None:
    async with ana.running(document=ONE) as pilot:
        await connect(pilot)
        shown = screen_text(pilot)
        assert "labels at the last switch" not in shown
        await press_through(pilot, "i")
        assert "s switches first." in " ".join(screen_text(pilot).split())
        await press_through(pilot, "q", "v", "1")
        assert screen_of(pilot).session.labeling.drafts() == 1
        await press_through(pilot, "H", "s", "y")
        shown = " ".join(screen_text(pilot).split())
        assert phase(pilot) is Phase.HERE
        assert "1 draft decision of ana. Save first (ctrl+s), or take them back." in shown
        assert "export --save" not in shown


async def test_conflicts_keep_the_pen_here_and_name_the_key_that_decides_them(
    team: Team, ana: Person
) -> None:
    bo = await team.person("bo")
    await bo.label(ONE, "Lender", "North Bank")
    await ana.label(ONE, "Borrower", "North Bank", sharing=False)
    async with ana.running(document=ONE) as pilot:
        await connect(pilot)
        await press_through(pilot, "s", "y")
        shown = " ".join(screen_text(pilot).split())
        assert phase(pilot) is Phase.HERE
        assert (
            f"1 conflict waits for a decision: {ONE}. Decide them first (Y where texts are labeled)." in shown
        )


async def test_a_connected_project_is_not_made_multilingual_in_its_settings(team: Team, ana: Person) -> None:
    async with ana.running(document=ONE) as pilot:
        await connect(pilot)
        await press_through(pilot, "q", "O")
        pilot.app.screen.query_one("#multilingual", Cycle).chosen = 1
        await press_through(pilot, "ctrl+s")
        assert not screen_of(pilot).session.project.multilingual
        (said,) = pilot.app._notifications
        assert "has one language" in said.message


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_missing_stands_in_a_checklist_and_connecting_is_off(
    team: Team, size: tuple[int, int]
) -> None:
    ana = await team.person("ana", is_remote=False)
    async with ana.running(size=size, document=ONE) as pilot:
        await press_through(pilot, "H")
        shown = screen_text(pilot)
        assert "[ ] container" in shown
        assert "[x] documents" in shown
        assert isinstance(pilot.app.screen, HandoverScreen)
        for key, why in (
            ("c", "It can't be connected yet: container"),
            ("s", "The project is not connected to Azure Machine Learning. c connects it."),
            ("i", "c connects it."),
            ("f", "c connects it."),
            ("D", "c connects it."),
        ):
            await press_through(pilot, key)
            shown = " ".join(screen_text(pilot).split())
            assert isinstance(pilot.app.screen, HandoverScreen)
            assert why in shown
            assert "aml connect" not in shown


async def test_a_name_that_none_can_be_is_told_in_the_form(team: Team, ana: Person) -> None:
    async with ana.running(document=ONE) as pilot:
        await press_through(pilot, "H", "c")
        await paste(pilot, "a/b")
        await press_through(pilot, "ctrl+s")
        assert "The subscription is a name" in screen_text(pilot)
        await press_through(pilot, "escape")
        assert phase(pilot) is Phase.NONE


async def test_training_says_that_the_sets_are_ignored(team: Team, ana: Person) -> None:
    await ana.label(ONE, "Lender", "North Bank")
    await ana.label(TWO, "Lender", "North Bank")
    async with ana.running(document=ONE) as pilot:
        await connect(pilot)
        await press_through(pilot, "s", "y", "q")
        assert screen_of(pilot).session.training.adjusted(TrainOptions("first")).ignore_sets
        await press_through(pilot, "T")
        shown = " ".join(screen_text(pilot).split())
        assert "sets are ignored" in shown
        assert "those here, as they are" in shown
        await press_through(pilot, "j", "enter")
        assert "the latest of Azure Machine Learning" in " ".join(screen_text(pilot).split())
        # Nothing is trained while there is nothing to take in.
        await press_through(pilot, "s")
        assert "no export" in " ".join(screen_text(pilot).split())


async def away_with_open_rows(pilot: Pilot[None], team: Team) -> None:
    """The pen is there, its export has two rows for one document, neither by its whole name."""
    await connect(pilot)
    await press_through(pilot, "s", "y")
    start = LOANS[TWO].index("EUR 9,000")
    rows = [
        {
            "image_url": f"AmlDatastore://store/{folder}/{TWO}",
            "label": [{"label": "Amount", "offsetStart": start, "offsetEnd": start + 9}],
            "label_confidence": [1.0],
        }
        for folder in ("2023", "2024")
    ]
    team.stored.now += 60
    team.stored.write("Labeling/out.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    await press_through(pilot, "r")


@pytest.mark.parametrize("size", SIZES)
async def test_which_document_a_row_is_is_asked_before_labels_are_taken_in(
    team: Team, ana: Person, size: tuple[int, int]
) -> None:
    async with ana.running(size=size, document=TWO) as pilot:
        await away_with_open_rows(pilot, team)
        await press_through(pilot, "i")
        assert f"Which document is 2023/{TWO}?" in screen_text(pilot)
        assert "fits a part of its name" in screen_text(pilot)
        await press_through(pilot, "escape")
        assert isinstance(pilot.app.screen, HandoverScreen)
        assert labels_of(pilot, TWO) == []
        await press_through(pilot, "i", "x")
        assert f"Which document is 2024/{TWO}?" in screen_text(pilot)
        await press_through(pilot, "1")
        assert isinstance(pilot.app.screen, HandoverScreen)
        assert "1 new label" in screen_text(pilot)
        assert labels_of(pilot, TWO) == ["EUR 9,000"]


async def test_which_document_a_row_is_is_asked_before_the_pen_comes_back(team: Team, ana: Person) -> None:
    async with ana.running(size=(80, 24), document=TWO) as pilot:
        await away_with_open_rows(pilot, team)
        await press_through(pilot, "s", "l", "escape")
        assert phase(pilot) is Phase.AML
        # The one document is chosen with the first row: the second is not asked about any more.
        await press_through(pilot, "s", "l", "1")
        assert phase(pilot) is Phase.HERE
        assert labels_of(pilot, TWO) == ["EUR 9,000"]
        await press_through(pilot, "q", "u")
        assert labels_of(pilot, TWO) == []


async def test_all_rows_that_are_open_can_be_left_out_at_once(team: Team, ana: Person) -> None:
    async with ana.running(size=(80, 24), document=TWO) as pilot:
        await away_with_open_rows(pilot, team)
        await press_through(pilot, "s", "l", "X")
        assert phase(pilot) is Phase.HERE
        assert labels_of(pilot, TWO) == []
        assert "Left out: line 1: 2023/" in screen_text(pilot)


async def test_the_last_line_has_the_keys_that_lead_on_and_the_way_back(team: Team, ana: Person) -> None:
    async with ana.running(size=(80, 24), document=TWO) as pilot:
        await press_through(pilot, "H")
        assert screen_text(pilot).splitlines()[-1].split("  ")[0] == " c Connect"
        assert "q Back" in screen_text(pilot).splitlines()[-1]
        await press_through(pilot, "q")
        await connect(pilot)
        await press_through(pilot, "s", "y")
        last = screen_text(pilot).splitlines()[-1]
        assert "c Connect" not in last
        for words in ("s Switch", "i Import latest", "f Import file", "q Back"):
            assert words in last
