"""Right-to-left text in the text view and in lists: as it is seen, not as it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.screens.widgets.harness import Stage
from tui_labeler.engine.documents.searching import Passage
from tui_labeler.screens.widgets.bidi import order_by_program, parts_in_order
from tui_labeler.screens.widgets.found_list import passage_parts
from tui_labeler.screens.widgets.glyphs import UNICODE
from tui_labeler.screens.widgets.layout import TextLayout
from tui_labeler.screens.widgets.marks import Mark, MarkKind
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.widgets.text_view import TextView

HEBREW = "דוד בן־גוריון נולד בפלונסק (Płońsk) בשנת 1886."
INNER = "He was born as דוד גרין in Płońsk."
WIDTH = 60
TEXTS = st.lists(
    st.sampled_from(
        ["שלום", "עולם ", "בָּא", "بيت ", "12.5", "word ", "(x) ", "日本", "\t", "\n", "\u202e", "."]
    ),
    max_size=30,
).map("".join)


@pytest.fixture
def left_to_the_terminal() -> Iterator[None]:
    order_by_program(False)
    yield
    order_by_program(True)


def mark(text: str, words: str, name: str = "Person", **more: Any) -> Mark:
    start = text.index(words)
    return Mark(f"{name}{start}", start, start + len(words), name, **more)


def cells_of(view: TextView, y: int, part: str) -> list[int]:
    """The cells of a line that look like a part of the text does: the cursor, the selection."""
    cells: list[int] = []
    column = 0
    for segment in view.render_line(y):
        style = segment.style
        assert style is not None
        if style.reverse if part == "cursor" else style.underline or style.reverse:
            cells.extend(range(column, column + segment.cell_length))
        column += segment.cell_length
    return cells


async def test_a_right_to_left_line_begins_at_the_right_end_with_its_rules_under_their_words() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)):
        marks = [mark(HEBREW, "דוד בן־גוריון"), mark(HEBREW, "Płońsk", "Alias", kind=MarkKind.SUGGESTION)]
        view.set_document(HEBREW, marks, key="a")
        words, rules = app.lines()[:2]
        assert words == ".1886 תנשב (Płońsk) קסנולפב דלונ ןוירוג־ןב דוד".rjust(view.view_size.width)
        person, alias = words.index("ןוירוג"), words.index("Płońsk")
        assert rules[person:] == "━Person━━━━━━"
        assert rules[alias - 6 : person] == " Alias┄┄┄┄┄┄" + " " * (person - alias - 6)


async def test_a_label_over_a_change_of_direction_has_a_rule_under_each_piece() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)):
        view.set_document(INNER, [mark(INNER, "as דוד")], key="a")
        assert app.lines()[:2] == [
            "He was born as ןירג דוד in Płońsk.",
            "            ━━━     ━━━Person",
        ]


async def test_the_cursor_goes_in_the_order_of_the_text_and_is_seen_on_its_character() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        view.set_document(HEBREW, key="a")
        edge = view.view_size.width - 1
        seen = [cells_of(view, 0, "cursor")]
        for _ in range(4):
            await pilot.press("l")
            seen.append(cells_of(view, 0, "cursor"))
        assert seen == [[edge - step] for step in range(5)]
        assert view.cursor == 4
        await pilot.press("$", "l")
        assert view.cursor == len(HEBREW)
        assert cells_of(view, 0, "cursor") == [edge - len(HEBREW)]


async def test_a_selection_lies_on_the_words_that_are_selected() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)):
        view.set_document(INNER, key="a")
        start = INNER.index("גרין")
        view.select(start, INNER.index(" Płońsk"))
        view.focus()
        line = app.lines()[0]
        lit = cells_of(view, 0, "selection")
        assert "".join(line[cell] for cell in lit) == "ןירג in"


async def test_a_click_goes_to_the_character_that_is_seen_there() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)) as pilot:
        view.set_document(f"{HEBREW}\n{INNER}", [mark(HEBREW, "Płońsk", "Alias")], key="a")
        first = app.lines()[0]
        for words in ("Płońsk", "1886"):
            await pilot.click(TextView, offset=(first.index(words), 0))
            assert view.cursor == HEBREW.index(words)
        await pilot.click(TextView, offset=(first.index("דלונ"), 0))
        assert view.cursor == HEBREW.index("נולד") + 3
        await pilot.click(TextView, offset=(0, 0))
        assert view.cursor == len(HEBREW)
        await pilot.click(TextView, offset=(app.lines()[1].index("━"), 1))
        assert view.cursor == HEBREW.index("Płońsk")


async def test_up_and_down_keep_the_column_that_is_seen() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(20, 8)) as pilot:
        view.set_document("abcdefghijklmnopqr\nשלום עולם\nabcdefghijklmnopqr", key="a")
        view.go_to(17)
        await pilot.press("j")
        assert cells_of(view, 1, "cursor") == [17]
        await pilot.press("j")
        assert cells_of(view, 2, "cursor") == [17]


async def test_placeholders_of_direction_controls_are_drawn_and_change_nothing() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)):
        view.set_document("a\u202ebc\u2066 שלום\u200f!", key="a")
        line = app.lines()[0]
        assert line == "a\u2423bc\u2423 םולש\u2423!"


@pytest.mark.usefixtures("left_to_the_terminal")
async def test_a_terminal_that_orders_itself_gets_the_text_as_it_is_stored() -> None:
    view = TextView()
    app = Stage(view)
    async with app.run_test(size=(WIDTH, 8)):
        view.set_document(HEBREW, key="a")
        assert app.lines()[0] == HEBREW


def test_brackets_are_mirrored_and_marks_stay_on_their_letters() -> None:
    assert TextLayout("בָּא (שם)", 20).drawn(0).strip() == "(םש) אבָּ"


@given(TEXTS, st.integers(4, 30))
def test_every_cluster_is_seen_once_in_cells_of_its_own(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    for row in range(len(layout)):
        taken: list[int] = []
        offset = layout.starts[row]
        while offset < layout.ends[row]:
            (first, last), *others = layout.pieces_of(row, offset, layout.after(offset))
            assert not others
            assert layout.column_of(offset) == first
            assert {layout.offset_at(row, column) for column in range(first, last)} == {offset}
            taken.extend(range(first, last))
            offset = layout.after(offset)
        assert len(taken) == len(set(taken))
        assert max(taken, default=0) <= width
        assert cell_len(layout.drawn(row)) == layout.row_width(row)


def test_a_line_as_long_as_a_book_is_ordered_row_by_row() -> None:
    text = "שלום עולם (abc) 12.5 " * 20_000
    layout = TextLayout(text, 60)
    row = len(layout) // 2
    assert "(abc)" in layout.drawn(row)
    assert "םולש" in layout.drawn(row)


async def test_right_to_left_names_in_lists_are_seen_as_they_are_read() -> None:
    page = Sheet()
    app = Stage(page)
    async with app.run_test(size=(WIDTH, 8)):
        page.show_page(lambda width, signs: (((f"{'מסמך':<12}", ""), (f"{'דוגמה (א)':<12} 7", "dim")),))
        assert app.lines()[0] == f"{'ךמסמ':<12}{'(א) המגוד':<12} 7"


def test_a_hit_in_right_to_left_words_stands_where_it_is_read() -> None:
    passage = Passage("דוד ", "גרין", " נולד", goes_back=False)
    parts = parts_in_order(passage_parts(passage, 40, UNICODE))
    assert "".join(words for _, words in parts) == "דלונ ןירג דוד"
    assert (1, "ןירג") in parts
