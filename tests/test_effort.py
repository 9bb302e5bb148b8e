"""The simulated annotator's keys: few enough, and true of the caret that they are meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.annotator import Annotator
from benchmarks.planner import ENDS, JUMPS, MOVES, STARTS, Keys, Place, Planner
from tests.fakes import fixed_surroundings, home_workbench, make_project, suggest, write_documents
from tui_labeler.app import LabelerApp
from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.caret import Caret, Mode, Units
from tui_labeler.screens.widgets.layout import TextLayout

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (
    "Date 6/29/2018\n\n- Parker McLean with a mailing address of 9876 Fusce Rd, City of Frederick\n"
    "The Note shall bear interest five percent (5%) compounded, and sixty-three thousand Dollars more.\n"
)


def span_of(words: str) -> Span:
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def planner(width: int = 60) -> tuple[Planner, TextLayout]:
    layout = TextLayout(TEXT, width)
    return Planner(layout, Units(TEXT)), layout


def typed(layout: TextLayout, keys: Keys, at: Place) -> Span | None:
    """What is selected after the keys, by the caret; a count is collected as the text view does it."""
    caret = Caret(layout, Units(TEXT))
    caret.go(at.cursor)
    caret.mode, caret.anchor, caret.pinned = at.mode, at.anchor, at.pinned
    digits = ""
    for key in keys:
        if key.isdigit() and caret.mode is Mode.OFF and (digits or key != "0"):
            digits += key
            continue
        count, digits = int(digits or 1), ""
        if key in MOVES or key in ENDS:
            name, step = (MOVES | ENDS)[key]
            getattr(caret, name)(count * step)
        elif key in JUMPS:
            getattr(caret, JUMPS[key])()
        elif key == "o":
            caret.swap()
        else:
            caret.toggle(STARTS[key])
    return caret.selection


@pytest.mark.parametrize(
    "words",
    [
        "6/29/2018",
        "Parker McLean",
        "9876 Fusce Rd",
        "Frederick",
        "5%",
        "sixty-three thousand Dollars",
        "ailin",
    ],
)
@pytest.mark.parametrize("cursor", [0, len(TEXT) - 5])
def test_planned_keys_select_exactly_the_span(words: str, cursor: int) -> None:
    plans, layout = planner()
    keys = plans.selecting(span_of(words), Place(cursor))
    if "/" not in keys:
        assert typed(layout, keys, Place(cursor)) == span_of(words)
    assert len(keys) <= 7


@pytest.mark.parametrize(
    ("words", "start", "most"),
    [("Parker McLean", "Parker", 1), ("Parker", "Parker", 1), ("9876 Fusce Rd", "9876", 2), ("5%", "5", 1)],
)
def test_a_span_that_begins_at_the_cursor_takes_as_few_keys_as_there_are(
    words: str, start: str, most: int
) -> None:
    plans, _ = planner()
    assert len(plans.selecting(span_of(words), Place(TEXT.index(start)))) == most


def test_each_digit_of_a_count_is_a_key() -> None:
    text = "a " * 40 + "end"
    plans = Planner(TextLayout(text, 200), Units(text))
    assert plans.selecting(Span(24, 25), Place(0)) == ("1", "2", "w", "v")


def test_while_ends_are_edited_no_digit_is_typed() -> None:
    plans, layout = planner()
    first = span_of("Parker")
    at = Place(first.end - 1, Mode.CHARACTERS, first.start)
    keys = plans.selecting(span_of("Parker McLean with a mailing"), at)
    assert len(keys) == 4
    assert typed(layout, keys, at) == span_of("Parker McLean with a mailing")


def test_a_span_that_was_gone_to_is_where_the_selection_begins() -> None:
    plans, layout = planner()
    first = span_of("9876 Fusce")
    at = Place(first.start, pinned=first)
    keys = plans.selecting(span_of("9876 Fusce Rd"), at)
    assert keys == (">",)
    assert typed(layout, keys, at) == span_of("9876 Fusce Rd")


def test_what_is_far_away_is_searched_for() -> None:
    text = "a " * 400 + "Q " + "a " * 400
    plans = Planner(TextLayout(text, 2000), Units(text))
    assert plans.selecting(Span(800, 801), Place(0)) == ("/", "Q", "enter", "v")


def test_a_span_of_white_space_cannot_be_selected() -> None:
    plans, _ = planner()
    with pytest.raises(ValueError, match="no keys select 14"):
        plans.selecting(Span(14, 16), Place(0))


# --- the annotator ----------------------------------------------------------------------------------------

ONE = "Acme Ltd. borrows GBP 25,000 from North Bank of Leeds, and Mary O'Neil vouches for it.\n"
TWO = "North Bank lends, and North Bank waits.\n"
GOLD = {
    "one.txt": [
        ("Name", Span(0, 9)),
        ("Amount", Span(18, 28)),
        ("Name", Span(34, 44)),
        ("Name", Span(59, 70)),
    ],
    "two.txt": [("Name", Span(0, 10)), ("Name", Span(22, 32))],
}


async def annotated(tmp_path: Path, found: list[tuple[str, str, float]], *, bulk: bool = False) -> Annotator:
    """After a review of what was found in the first document, or after labeling where nothing was."""
    workbench = home_workbench(tmp_path / "home", fixed_surroundings())
    folder = write_documents(tmp_path / "texts", {"one.txt": ONE, "two.txt": TWO})
    session = await make_project(workbench, folder, categories=["Name", "Amount"])
    await suggest(session, "one.txt", found)
    await session.close()
    async with LabelerApp(workbench, open_project="Loans").run_test(size=(120, 40)) as pilot:
        person = Annotator(pilot, GOLD)
        await person.settle()
        await (person.review_all(bulk=bulk) if found else person.label_all())
        for name, wanted in GOLD.items():
            assert person.labels(name, saved=True) == wanted
    return person


async def test_the_annotator_labels_from_nothing_and_the_same_words_at_once(tmp_path: Path) -> None:
    person = await annotated(tmp_path, [])
    assert person.keys["by hand"] == len("5.12w>22w>14w>1>=1")
    assert person.keys["go"] == 2
    assert person.by_hand == 6
    assert person.decided.total() == 0


async def test_the_annotator_accepts_rejects_and_mends_what_was_suggested(tmp_path: Path) -> None:
    found = [
        ("Name", "Acme Ltd.", 0.9),
        ("Name", "GBP 25,000", 0.5),
        ("Name", "North Bank of", 0.4),
        ("Name", "Leeds", 0.3),
    ]
    person = await annotated(tmp_path, found)
    assert person.decided == {"accepted": 1, "other category": 1, "other ends": 1, "rejected": 1}
    assert person.keys["decide"] == len("a") + len("c1") + len("e<\n") + len("x")
    assert person.keys["go"] == len("r") + len(["ctrl+s"])
    assert person.by_hand == 3


async def test_the_annotator_takes_one_key_for_a_document_where_all_is_right(tmp_path: Path) -> None:
    right = [("Name", "Acme Ltd.", 0.9), ("Amount", "GBP 25,000", 0.5), ("Name", "North Bank", 0.4)]
    person = await annotated(tmp_path, right, bulk=True)
    assert person.decided == {"all of a document": 1}
    assert person.keys["decide"] == 1
