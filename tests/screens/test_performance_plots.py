"""The drawn pages of a model's performance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.screens.job_fakes import JobHome, ScreenApp, settle
from tui_labeler.domain.calibration import Calibration, ConfidenceBin, calibration
from tui_labeler.domain.models import ModelCard, TrainOptions, history
from tui_labeler.domain.performance import Counts, Performance
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.performance.plots import confidence
from tui_labeler.screens.widgets.glyphs import ASCII, ASCII_CLASS, UNICODE, Glyphs
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(80, 24), (120, 40)]
CONFIDENCE, CURVE = 5, 6
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]x[/red]\u202egnp"
MEASURED = Calibration(
    (
        ConfidenceBin(0.31, 0.52, 0.44, 20, 9),
        ConfidenceBin(0.52, 0.71, 0.63, 20, 11),
        ConfidenceBin(0.71, 0.83, 0.78, 20, 17),
        ConfidenceBin(0.83, 0.94, 0.90, 20, 17),
        ConfidenceBin(0.95, 1.0, 0.98, 20, 20),
    )
)


async def make_home(folder: Path, names: tuple[str, ...] = ("Borrower", "Lender", "Date")) -> JobHome:
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(6)}
    return await JobHome().create(folder, texts, list(names))


def typical(home: JobHome) -> ModelCard:
    """The last of four models, measured in every way."""
    first = next(iter(home.ids.values()))
    for number, (documents, wrong) in enumerate([(5, 6), (11, 3), (16, 2)]):
        home.card(
            f"loans-{number}",
            created=f"2026-11-1{number}T09:00:00.000Z",
            train_documents=tuple(range(documents)),
            test_documents=(7, 8, 9) if number == 1 else (1, 2),
            performance=Performance({first: Counts(5, wrong, wrong)}),
        )
    card = home.card("loans-3", train_documents=tuple(range(25)), test_documents=(1, 2))
    return home.models.put(replace(card, performance=replace(card.performance, calibration=MEASURED)))


def sheet(app: ScreenApp) -> str:
    return app.screen.query_one("#page", Sheet).text


async def page(
    home: JobHome, card: ModelCard, section: int, *keys: str, size: tuple[int, int] = (80, 24)
) -> str:
    """The words of a section after some keys."""
    app = ScreenApp()
    async with app.run_test(size=size) as pilot:
        app.ask(PerformanceScreen(home.session, card, section=section))
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        return sheet(app)


async def test_confidence_is_drawn_and_told_in_figures(tmp_path: Path) -> None:
    home = await make_home(tmp_path)
    words = await page(home, typical(home), 0, "6")
    assert words.count("●") == 5
    (top,) = [line for line in words.splitlines() if line.startswith("100% │")]
    assert top.split()[-4:] == ["95.0%-100%", "98.0%", "100%", "20"]
    # By hand: gaps -0.01, 0.08, -0.07, 0.05, -0.02, so 0.046; means 0.746 promised and 74 of 100 right.
    assert "Expected calibration error 4.6%" in words
    assert "promises 0.6 points more" in words
    assert "chance alone" not in words


async def test_few_predictions_are_warned_of(tmp_path: Path) -> None:
    home = await make_home(tmp_path)
    few = Calibration((ConfidenceBin(0.9, 0.9, 0.9, 1, 1),))
    card = replace(home.card(), performance=Performance({}, calibration=few))
    words = await page(home, card, CONFIDENCE)
    assert "Only 1 prediction: chance alone moves these figures." in words
    assert "promises 10.0 points less" in words


async def test_a_model_from_before_and_one_without_predictions_say_why_nothing_is_drawn(
    tmp_path: Path,
) -> None:
    home = await make_home(tmp_path)
    assert "Not measured when this model was trained" in await page(home, home.card(), CONFIDENCE)
    untested = home.card(tested=[])
    assert "there was no prediction in the testing set" in await page(home, untested, CONFIDENCE)


async def test_the_learning_curve_has_a_point_a_model_in_order_of_training(tmp_path: Path) -> None:
    home = await make_home(tmp_path)
    words = await page(home, typical(home), 0, "7")
    rows = [line.split()[-4:] for line in words.splitlines() if " loans-" in line]
    assert rows == [
        ["loans-3", "25", "60.0%", "2="],
        ["loans-2", "16", "71.4%", "2="],
        ["loans-1", "11", "62.5%", "3"],
        ["loans-0", "5", "45.5%", "2="],
    ]
    # In the plot, in the table and below both.
    assert (words.count("●"), words.count("×")) == (3, 7)


async def test_a_model_alone_or_not_measured_says_so(tmp_path: Path) -> None:
    home = await make_home(tmp_path)
    words = await page(home, home.card(), CURVE)
    assert "There is no other model" in words
    (row,) = [line.split()[-4:] for line in words.splitlines() if "loans-1" in line]
    assert row == ["loans-1", "4", "60.0%", "2="]
    words = await page(home, home.card(tested=[], performance=Performance({})), CURVE)
    assert "No model was measured." in words
    assert "loans-1" in words


async def test_bars_stand_weakest_first_and_change_places_with_the_figures(tmp_path: Path) -> None:
    home = await make_home(tmp_path, ("Borrower", "Date", "Lender", "Never"))
    keys = home.ids
    performance = Performance(
        {keys["Borrower"]: Counts(9, 1, 1), keys["Lender"]: Counts(1, 3, 0), keys["Date"]: Counts(2, 0, 2)}
    )
    card = home.card(performance=performance)
    words = await page(home, card, 1, "b")
    names = [line.split()[0] for line in words.splitlines() if line.startswith("  ")]
    assert names[:5] == ["entity", "Lender", "Date", "Borrower", "Never"]
    (lender,) = [line for line in words.splitlines() if "Lender" in line]
    assert lender.count("█") == 5 + 19  # a quarter of 19 cells, and all
    assert "25.0%" in lender
    assert "all (micro)" in await page(home, card, 1, "b", "b")
    assert "all (micro)" not in words


async def test_all_of_77_classes_are_reached_by_scrolling(tmp_path: Path) -> None:
    home = await make_home(tmp_path, tuple(f"class{number:02}" for number in range(77)))
    performance = Performance({key: Counts(number + 1, 5, 0) for number, key in enumerate(home.ids.values())})
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PerformanceScreen(home.session, home.card(performance=performance), section=1))
        await settle(pilot)
        await pilot.press("b")
        await settle(pilot)
        assert "class00" in seen(app)
        await pilot.press("G")
        await settle(pilot)
        assert "class76" in seen(app)


def seen(app: ScreenApp) -> str:
    """What stands on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("section", [1, CONFIDENCE, CURVE])
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_no_page_is_wider_than_the_screen_nor_sends_what_names_hold(
    tmp_path: Path, size: tuple[int, int], section: int, ascii_only: bool
) -> None:
    home = await make_home(tmp_path, (HOSTILE, "日本語の名前" * 9, "c"))
    typical(home)
    home.card(HOSTILE, created="2026-11-12T09:00:00.000Z")
    app = ScreenApp()
    async with app.run_test(size=size) as pilot:
        app.set_class(ascii_only, ASCII_CLASS)
        app.ask(PerformanceScreen(home.session, home.models.cards["loans-3"], section=section))
        await settle(pilot)
        await pilot.press("b")
        await settle(pilot)
        widths = [strip.cell_length for strip in app.screen._compositor.render_strips()]
        words, drawn = sheet(app), seen(app)
    assert set(widths) == {size[0]}
    assert not any(sign in drawn for sign in "\x1b\x07\u202e\u009b")
    if ascii_only and section == CONFIDENCE:
        assert words.isascii()
    if section == CURVE:
        assert "52;c" in words or size[0] == 80


async def test_the_history_shows_the_model_at_hand_in_place_of_a_newer_one_of_its_name(
    tmp_path: Path,
) -> None:
    home = await make_home(tmp_path)
    shown = home.card("m", created="2026-11-01T00:00:00.000Z", train_documents=(1,))
    home.card("m", created="2026-11-03T00:00:00.000Z", train_documents=(1, 2))
    home.card("n", created="2026-11-02T00:00:00.000Z", train_documents=(3,), test_documents=(9,))
    found = history(home.models.cards.values(), shown)
    assert [(one.model, one.documents, one.same_test) for one in found] == [("m", 1, True), ("n", 1, False)]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=120),
    st.integers(78, 200),
    st.sampled_from([ASCII, UNICODE]),
)
def test_any_calibration_can_be_drawn_in_the_width_that_is_there(
    outcomes: list[tuple[float, bool]], width: int, signs: Glyphs
) -> None:
    found = calibration(outcomes)
    assert found is not None
    card = ModelCard(
        "m", ProjectKind.ENTITIES, "", "ann", 1.0, "v", "l", TrainOptions("m"), {},
        Performance({}, calibration=found), (1,), (2,),
    )  # fmt: skip
    lines = ["".join(words for words, _ in line) for line in confidence(card)(width, signs)]
    assert max(map(cell_len, lines)) <= width
    assert len([line for line in lines if "%-" in line]) == len(found.bins)
    assert any(signs.labeled in line for line in lines)


@pytest.mark.parametrize("section", [1, CONFIDENCE, CURVE])
@pytest.mark.parametrize("state", ["empty", "typical"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_pages_look_as_they_did(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], state: str, section: int
) -> None:
    async def show(pilot: Any) -> None:
        home = await make_home(tmp_path)
        card = typical(home) if state == "typical" else home.card(tested=[], performance=Performance({}))
        pilot.app.ask(PerformanceScreen(home.session, card, section=section))
        await settle(pilot)
        if section == 1:
            await pilot.press("b")
            await settle(pilot)

    assert snap_compare(ScreenApp(), terminal_size=size, run_before=show)
