from __future__ import annotations

from dataclasses import replace

from tests.screens.widgets.harness import Stage
from tui_labeler.screens.widgets.category_pane import CategoryLine, CategoryPane, Choice, _short
from tui_labeler.screens.widgets.distribution import Distribution, Share, bar
from tui_labeler.screens.widgets.palette import PALETTE, color_index


def squeezed(line: str) -> str:
    return " ".join(line.split())


async def test_entities_show_their_key_and_counts() -> None:
    pane = CategoryPane()
    app = Stage(pane)
    async with app.run_test(size=(40, 8)):
        pane.set_categories(
            [CategoryLine("c1", "Borrower", "1", labels=12), CategoryLine("c2", "Date", "2", 1, 0, 7)]
        )
        assert [squeezed(line) for line in app.lines()[:3]] == [
            "key category ━━ ┄┄",
            "1 ━ Borrower 12",
            "2 ━ Date 7",
        ]
        assert app.lines()[1].index("12") < app.lines()[2].index("7")


async def test_a_name_that_nearly_fits_stands_whole() -> None:
    pane = CategoryPane()
    app = Stage(pane)
    async with app.run_test(size=(26, 8)):
        lines = [CategoryLine("c1", "BorrowerAddress", "1", labels=12), CategoryLine("c2", "Date", "2", 1)]
        pane.set_categories(lines)
        assert [squeezed(line) for line in app.lines()[:3]] == [
            "key category ━━ ┄┄",
            "1 ━ BorrowerAddress 12",
            "2 ━ Date",
        ]
        assert app.lines()[0].index("━━") == app.lines()[1].index("12")
        many = CategoryLine("c1", "BorrowerAddress", "1", labels=3000)
        pane.set_categories([many, lines[1]])
        assert squeezed(app.lines()[1]) == "1 ━ BorrowerAddress 3000"
        pane.set_categories([many, replace(lines[1], suggestions=2)])
        assert "BorrowerAddress" not in app.lines()[1]
        assert squeezed(app.lines()[2]) == "2 ━ Date 2"
        pane.set_categories(lines[1:])
        assert app.lines()[1].startswith(" 2  ━  Date")


async def test_the_brush_is_marked_by_a_sign() -> None:
    pane = CategoryPane()
    app = Stage(pane)
    async with app.run_test(size=(40, 8)) as pilot:
        pane.set_categories([CategoryLine("c1", "Borrower", "1"), CategoryLine("c2", "Date", "2")])
        await pilot.pause()
        app.painted.clear()
        pane.brush = "c2"
        await pilot.pause()
        assert [line[:2] for line in app.lines()[1:3]] == [" 1", ">2"]
        assert 1 not in app.painted[:1]
        pane.brush = None
        assert app.lines()[2][:2] == " 2"


async def test_the_cursor_shows_while_the_pane_has_the_focus() -> None:
    pane = CategoryPane()
    app = Stage(pane)
    async with app.run_test(size=(40, 8)) as pilot:
        pane.set_categories([CategoryLine("c1", "Borrower", "1"), CategoryLine("c2", "Date", "2")])
        await pilot.pause()

        def underlined() -> list[bool]:
            return [any(s.style and s.style.underline for s in pane.render_line(y)) for y in (1, 2)]

        assert underlined() == [True, False]
        app.set_focus(None)
        await pilot.pause()
        assert underlined() == [False, False]
        pane.focus()
        await pilot.pause()
        assert underlined() == [True, False]


async def test_classes_show_what_the_document_has_of_them() -> None:
    pane = CategoryPane()
    app = Stage(pane)
    async with app.run_test(size=(40, 8)):
        pane.set_categories(
            [
                CategoryLine("a", "Sport", "1", choice=Choice.CHECKED, draft=True),
                CategoryLine("b", "News", "2", choice=Choice.SUGGESTED, confidence=0.81),
                CategoryLine("c", "Art", "3", choice=Choice.ACCEPTED),
                CategoryLine("d", "Law", "4", choice=Choice.OFF),
            ]
        )
        assert [squeezed(line) for line in app.lines()[1:5]] == [
            "1 [✓] Sport*",
            "2 [┄] News .81",
            "3 [✓] Art",
            "4 [ ] Law",
        ]


async def test_a_category_is_picked_by_key_or_click() -> None:
    pane = CategoryPane()
    app = Stage(pane)
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("enter")
        pane.set_categories([CategoryLine("c1", "Borrower", "1"), CategoryLine("c2", "Date", "2")])
        await pilot.press("j", "enter")
        await pilot.click(pane, offset=(8, 1))
        assert [message.category_id for message in app.of(CategoryPane.Picked)] == ["c2", "c1"]


async def test_shares_are_bars_with_their_numbers() -> None:
    view = Distribution()
    app = Stage(view, plain=True)
    async with app.run_test(size=(50, 8)):
        view.set_shares([Share("Borrower", 30, 10), Share("Date", 0, 1), Share("Rate", 0, 0)], "documents")
        lines = app.lines()
        assert lines[0] == "documents: # training  : testing"
        assert squeezed(lines[1]) == "Borrower ##############:::: 30 + 10"
        assert squeezed(lines[2]) == "Date : 0 + 1"
        assert squeezed(lines[3]) == "Rate 0 + 0"


def test_a_small_share_still_shows() -> None:
    assert bar(((999, "#"), (1, ":")), 1000, 10) == "##########"
    assert bar(((1, "#"), (1, ":")), 1000, 10) == "#:"
    assert bar(((0, "#"), (0, ":")), 0, 10) == ""


def test_colours_are_the_chosen_one_or_the_next_in_turn() -> None:
    assert color_index(3) == 3
    assert color_index(len(PALETTE) + 1) == 1
    assert color_index(3, "red") == PALETTE.index("red")
    assert color_index(3, "no such colour") == 3


def test_counts_of_categories_never_run_together() -> None:
    assert [_short(count) for count in (0, 7, 9_999, 22_500, 254_250, 3_000_000)] == [
        "", "7", "9999", "22k", "254k", "3M",
    ]  # fmt: skip
