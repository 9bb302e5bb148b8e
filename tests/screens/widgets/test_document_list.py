from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from tests.screens.widgets.harness import Stage
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.screens.widgets.document_list import DocumentList

ROW = DocumentRow(
    id=0,
    location="",
    language="en",
    dataset=Dataset.TRAIN,
    size=10,
    characters=1500,
    state=DocumentState.UNLABELED,
    flag="",
    labels=(),
    suggestions=(),
    drafts=(),
    jobs=(),
    lowest=None,
    highest=None,
)


def documents(count: int) -> list[DocumentRow]:
    return [replace(ROW, id=100 + number, location=f"loan-{number:05d}.txt") for number in range(count)]


def stage(*, plain: bool = False) -> tuple[Stage, DocumentList]:
    view = DocumentList()
    return Stage(view, plain=plain), view


async def test_each_document_shows_its_state_and_its_counts_in_text() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 12)):
        view.set_rows(
            [
                replace(ROW, id=1, location="a.txt"),
                replace(
                    ROW, id=2, location="b.txt", state=DocumentState.LABELED, labels=(("c", 3), ("d", 2))
                ),
                replace(
                    ROW, id=3, location="c.txt", state=DocumentState.AUTO_LABELED, suggestions=(("c", 4),)
                ),
                replace(ROW, id=4, location="d.txt", state=DocumentState.REVIEWED, dataset=Dataset.TEST),
                replace(ROW, id=5, location="e.txt", state=DocumentState.UNREADABLE, flag="ask"),
                replace(ROW, id=6, location="f.txt", drafts=(("me", 1),)),
            ]
        )
        lines = [" ".join(line.split()) for line in app.lines()[1:7]]
        assert lines == [
            "·> a.txt unlabeled 2 1,500",
            "· ● b.txt labeled 5 2 1,500",
            "· ◌ c.txt auto labeled 4 2 1,500",
            "· ✓ d.txt reviewed, test 2 1,500",
            "· ! ⚑ e.txt unreadable 2 1,500",
            "· f.txt unlabeled * 2 1,500",
        ]


async def test_a_narrow_list_keeps_name_state_and_counts() -> None:
    app, view = stage(plain=True)
    async with app.run_test(size=(30, 5)):
        row = replace(ROW, location="a-very-long-document-name-2024.txt", state=DocumentState.LABELED)
        view.set_rows([replace(row, labels=(("c", 12),), suggestions=(("c", 3),))])
        line = app.lines()[1]
        assert line == " >o   a-very-~024.txt  12   3"
        assert line.isascii()


@pytest.mark.parametrize("width", [38, 50])
async def test_name_and_counts_are_never_run_together(width: int) -> None:
    app, view = stage(plain=True)
    async with app.run_test(size=(width, 8)):
        large = replace(
            ROW,
            location="a-very-long-document-name-2024-007.txt",
            labels=(("c", 1936),),
            drafts=(("ana", 3),),
        )
        small = replace(large, id=ROW.id + 1, labels=(("c", 12),), suggestions=(("c", 3),))
        most = replace(large, id=ROW.id + 2, labels=(("c", 12_345),), suggestions=(("c", 1000),))
        view.set_rows([small, large, most])
        lines = app.lines()[1:4]
        label = "1k*" if width == 38 else "1,936*"
        assert lines[0].split()[-2:] == ["12*", "3"]
        assert lines[1].split()[-1] == label
        assert lines[2].split()[-2:] == (["12k*", "1k"] if width == 38 else ["12k*", "1,000"])
        assert len(lines[0].rstrip()) == len(lines[2].rstrip())


async def test_a_hundred_thousand_documents_are_drawn_a_screen_at_a_time() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 22)) as pilot:
        view.set_rows(documents(100_000))
        await pilot.press("G")
        assert "loan-99999.txt" in app.lines()[-1]
        await pilot.pause()
        app.painted.clear()
        await pilot.press("k")
        await pilot.pause()
        assert sorted(set(app.painted)) == [20, 21]
        app.painted.clear()
        await pilot.press("g")
        await pilot.pause()
        assert len(set(app.painted)) <= 22


async def test_the_list_turns_half_a_page_at_its_edge() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        view.set_rows(documents(100))
        await pilot.press(*"jjjjjjjjj")
        assert view.top == 0
        await pilot.press("j")
        assert (view.top, view.cursor) == (5, 10)
        await pilot.press("pagedown")
        assert (view.top, view.cursor) == (15, 20)


async def test_the_cursor_stays_on_its_document_when_others_are_shown() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)):
        rows = documents(100)
        view.set_rows(rows)
        assert view.go_to(150)
        view.set_rows(rows[30:])
        assert view.current
        assert (view.cursor, view.current.id) == (20, 150)
        assert any("loan-00050" in line for line in app.lines())
        view.set_rows(rows[:10])
        assert view.cursor == 9
        view.set_rows([])
        assert view.row_count == 0
        assert not view.go_to(150)


async def test_a_changed_document_redraws_one_line() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        rows = documents(100)
        view.set_rows(rows)
        await pilot.pause()
        app.painted.clear()
        labeled = [replace(rows[index], state=DocumentState.LABELED) for index in (4, 50)]
        view.update_rows([*labeled, replace(ROW, id=5)])
        await pilot.pause()
        assert set(app.painted) == {5}
        assert "●" in app.lines()[5]


async def test_space_selects_and_goes_on() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        view.set_rows(documents(5))
        await pilot.press("space", "space")
        assert (view.selected, view.cursor) == ({100, 101}, 2)
        assert app.lines()[1].startswith("■")
        await pilot.press("k", "space")
        assert view.selected == {100}


async def test_a_range_is_selected_by_v_and_movement() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        view.set_rows(documents(30))
        await pilot.press("j", "v", "j", "j")
        assert [line[0] for line in app.lines()[1:6]] == ["·", "■", "■", "■", "·"]
        assert view.selected == set()
        await pilot.press("k", "v")
        assert view.selected == {101, 102}
        await pilot.press("v", "j", "escape")
        assert view.selected == {101, 102}
        await pilot.press("v", "G", "space")
        assert view.selected == {101, 102, *range(103, 130)}


async def test_all_or_none_concerns_what_is_listed() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        rows = documents(6)
        view.set_rows(rows)
        view.select({105})
        view.set_rows(rows[:3])
        await pilot.press("*")
        assert view.selected == {100, 101, 102, 105}
        await pilot.press("*")
        assert view.selected == {105}


async def test_opening_and_moving_are_told() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        view.set_rows(documents(6))
        await pilot.press("j", "enter")
        await pilot.click(view, offset=(10, 4))
        assert [message.row.id for message in app.of(DocumentList.Moved)] == [100, 101, 103]
        assert [message.row.id for message in app.of(DocumentList.Opened)] == [101]
        await pilot.click(view, offset=(10, 5), times=2)
        assert [message.row.id for message in app.of(DocumentList.Opened)] == [101, 104]


async def test_a_click_on_the_box_selects_a_document_and_opens_none() -> None:
    app, view = stage()
    async with app.run_test(size=(100, 11)) as pilot:
        view.set_rows(documents(6))
        await pilot.click(view, offset=(0, 3))
        assert (view.cursor, view.selected) == (2, {102})
        await pilot.click(view, offset=(1, 5))
        await pilot.click(view, offset=(2, 3))
        assert (view.cursor, view.selected) == (2, {102, 104})
        await pilot.click(view, offset=(0, 5))
        assert view.selected == {102}
        assert app.of(DocumentList.Opened) == []


async def test_an_empty_list_takes_every_key() -> None:
    app, view = stage()
    async with app.run_test(size=(40, 6)) as pilot:
        view.set_rows([])
        await pilot.press(*"jkgGv*", "space", "enter", "pagedown", "ctrl+u", "escape")
        assert (view.cursor, view.selected, app.of(DocumentList.Opened)) == (0, set(), [])


async def test_hostile_names_are_shown_as_signs() -> None:
    app, view = stage()
    async with app.run_test(size=(60, 6)):
        names = [
            "\x1b]0;title\x07.txt",
            "[red]x[/].txt",
            "日本語" * 20,
            "a\u202eb\u0301" * 9,
            "\u0301x\u200d",
        ]
        view.set_rows([replace(ROW, id=number, location=name) for number, name in enumerate(names)])
        lines = app.lines()
        assert "␛]0;title␇.txt" in lines[1]
        assert "[red]x[/].txt" in lines[2]
        assert not [c for line in lines for c in line if unicodedata.category(c) == "Cc" or c == "\u202e"]
        for y in range(6):
            assert view.render_line(y).cell_length == view.size.width
