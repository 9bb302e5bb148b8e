from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.screens.widgets.harness import Stage
from tui_labeler.domain.jobs import DocumentFailure, Job, JobKind, JobRequest, JobState, Usage
from tui_labeler.screens.widgets.category_pane import CategoryLine, CategoryPane, Choice, _short
from tui_labeler.screens.widgets.distribution import Distribution, Share, bar
from tui_labeler.screens.widgets.job_progress import JobProgress, duration
from tui_labeler.screens.widgets.palette import PALETTE, color_index
from tui_labeler.screens.widgets.table import Cell, Column, Table


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


def job(**more: Any) -> Job:
    return Job(JobRequest("j1", JobKind.AUTOLABEL, "ann", "2026-11-21"), **more)


async def test_a_running_job_shows_how_far_it_is() -> None:
    view = JobProgress()
    app = Stage(view)
    async with app.run_test(size=(90, 4)):
        failed = (DocumentFailure(1, "a.txt", "unreadable", "no"),) * 10
        view.show_job(
            job(state=JobState.RUNNING, done=40, total=100, suggestions=1234, seconds=20.0, failed=failed)
        )
        first, second = app.lines()[:2]
        assert first.startswith("running ████")
        assert first.endswith(" 50 of 100")
        assert first.count("█") == pytest.approx(4 * first.count("×"), abs=2)
        assert second == "10 failed · 50 waiting · 1,234 suggestions · 2.0 a second · 0:25 left"


async def test_a_finished_job_shows_why_and_what_it_cost() -> None:
    view = JobProgress()
    app = Stage(view, plain=True)
    async with app.run_test(size=(90, 4)):
        view.show_job(
            job(
                state=JobState.FAILED, message="\x1b[2JNo\nkey", usage=Usage(1000, 234), cost=0.5, unaligned=2
            )
        )
        first, second = app.lines()[:2]
        assert first.startswith("failed ....")
        assert second == "␛[2JNo␊key - 0 suggestions - 2 to place - 1,234 tokens - $0.50"
        view.show_job(None)
        assert app.lines()[:2] == ["", ""]


async def test_a_job_that_did_not_change_is_not_drawn_again() -> None:
    view = JobProgress()
    app = Stage(view)
    async with app.run_test(size=(90, 4)) as pilot:
        view.show_job(job(state=JobState.RUNNING, done=1, total=10))
        await pilot.pause()
        app.painted.clear()
        view.show_job(job(state=JobState.RUNNING, done=1, total=10))
        await pilot.pause()
        assert app.painted == []


def test_times_are_short() -> None:
    assert [duration(seconds) for seconds in (0, 65, 3600)] == ["0:00", "1:05", "1:00:00"]


async def test_a_table_has_its_numbers_to_the_right() -> None:
    table = Table()
    app = Stage(table)
    async with app.run_test(size=(40, 8)):
        table.set_table(
            [Column("category"), Column("F1", right=True)],
            [["Date", "0.91"], [Cell("Borrower", "bad"), "1.0"]],
        )
        assert app.lines()[:3] == ["category    F1", "Date      0.91", "Borrower   1.0"]


async def test_a_wide_table_scrolls_by_columns_and_keeps_the_first() -> None:
    table = Table()
    app = Stage(table)
    async with app.run_test(size=(24, 6)) as pilot:
        columns = [Column("actual"), *(Column(f"col-{n}", right=True) for n in range(8))]
        table.set_table(columns, [["row", *(str(n) for n in range(8))]])
        await pilot.pause()
        await pilot.press("l", "l")
        assert app.lines()[:2] == ["actual  col-2  col-3  co", "row         2      3"]
        await pilot.press("h")
        assert app.lines()[0] == "actual  col-1  col-2  co"


async def test_a_table_tells_which_row_is_opened() -> None:
    table = Table()
    app = Stage(table)
    async with app.run_test(size=(24, 6)) as pilot:
        table.set_table([Column("a")], [["1"], ["2"], ["3"]])
        await pilot.press("j", "j", "enter")
        assert [message.index for message in app.of(Table.Moved)] == [1, 2]
        assert [message.index for message in app.of(Table.Opened)] == [2]


async def test_a_table_draws_hostile_cells_as_signs() -> None:
    table = Table()
    app = Stage(table)
    async with app.run_test(size=(40, 6)):
        table.set_table([Column("\x1b[1m")], [["\x9b2J"], ["=HYPERLINK()"], ["x" * 90]])
        lines = app.lines()
        assert lines[0] == "␛[1m"
        assert lines[1] == "�2J"
        assert lines[3] == "x" * 31 + "…"


async def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        Table().set_table([Column("a"), Column("b")], [["1"]])


def test_colours_are_the_chosen_one_or_the_next_in_turn() -> None:
    assert color_index(3) == 3
    assert color_index(len(PALETTE) + 1) == 1
    assert color_index(3, "red") == PALETTE.index("red")
    assert color_index(3, "no such colour") == 3


def test_counts_of_categories_never_run_together() -> None:
    assert [_short(count) for count in (0, 7, 9_999, 22_500, 254_250, 3_000_000)] == [
        "", "7", "9999", "22k", "254k", "3M",
    ]  # fmt: skip
