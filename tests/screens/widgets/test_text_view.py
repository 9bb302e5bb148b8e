from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.screens.widgets.harness import Stage
from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.marks import Mark, MarkKind
from tui_labeler.screens.widgets.text_view import TextView

TEXT = "Parker McLean lends Dylan Williams five thousand Dollars.\nSigned in Nebraska on 6/29/2018.\n"
LONG = "".join(f"Line {number} of an agreement between two parties.\n" for number in range(300))


def stage(**options: Any) -> tuple[Stage, TextView]:
    view = TextView()
    return Stage(view, **options), view


def mark(start: int, end: int, name: str = "Person", **more: Any) -> Mark:
    return Mark(f"{name}{start}", start, end, name, **more)


def cut(view: TextView) -> str:
    span = view.current_span
    return view.text[span.start : span.end] if span else ""


async def test_labels_and_suggestions_are_drawn_under_their_text() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)):
        view.set_document(
            TEXT, [mark(0, 13), mark(20, 34, kind=MarkKind.SUGGESTION, confidence=0.87)], key="a"
        )
        assert app.lines()[:4] == [
            "Parker McLean lends Dylan Williams five thousand Dollars.",
            "━Person━━━━━━       ┄Person .87┄┄┄",
            "Signed in Nebraska on 6/29/2018.",
            "",
        ]


async def test_a_terminal_without_unicode_gets_ascii_rules() -> None:
    app, view = stage(plain=True)
    async with app.run_test(size=(80, 12)):
        view.set_document(TEXT, [mark(0, 13), mark(20, 34, kind=MarkKind.SUGGESTION)], key="a")
        assert app.lines()[1] == "=Person======       .Person......."


async def test_compact_marks_are_told_apart_by_text_style() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        view.set_document(TEXT, [mark(7, 13), mark(20, 34, kind=MarkKind.SUGGESTION)], key="a")
        view.compact = True
        await pilot.pause()
        assert app.lines()[1] == "Signed in Nebraska on 6/29/2018."
        line = app.lines()[0]
        inked = "".join(
            "".join("_" if s.style and s.style.underline else " " for _ in s.text)
            for s in view.render_line(0)
        )
        assert inked[line.index("McLean") :][:7] == "______ "
        assert inked[line.index("Dylan") :][:15] == "__ __ __ __ __ "
        bold = {s.text: bool(s.style and s.style.bold) for s in view.render_line(0)}
        assert bold["McLean"]
        assert not bold["Dy"]


async def test_keys_move_the_cursor_and_digits_are_a_count() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        view.set_document(TEXT, key="a")
        for keys, words in [
            ("w", "McLean"),
            ("3w", "Williams"),
            ("b", "Dylan"),
            ("j", "on"),
            ("0", "Signed"),
        ]:
            await pilot.press(*keys)
            assert (keys, cut(view)) == (keys, words)
        await pilot.press("1", "0", "l")
        assert view.cursor == TEXT.index("Signed") + 10
        await pilot.press("$")
        assert TEXT[view.cursor] == "."
        await pilot.press("G")
        assert view.cursor == len(TEXT)
        await pilot.press("g", "right_parenthesis")
        assert cut(view) == "Signed"


async def test_a_count_before_the_key_for_the_end_is_the_number_of_a_line() -> None:
    app, view = stage()
    text = "one\r\ntwo\rthree\n\nfive, which is long enough to be wrapped"
    async with app.run_test(size=(20, 12)) as pilot:
        view.set_document(text, key="a")
        for keys, place, line in [
            ("3G", "three", 3),
            ("5G", "five", 5),
            ("1G", "one", 1),
            ("99G", "five", 5),
        ]:
            await pilot.press(*keys)
            assert (view.cursor, view.line) == (text.index(place), (line, 5))
        await pilot.press("G")
        assert (view.cursor, view.line) == (len(text), (5, 5))


async def test_a_count_is_forgotten_by_a_key_that_takes_none() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        view.set_document(TEXT, key="a")
        await pilot.press("5", "z", "w")
        assert cut(view) == "McLean"


@pytest.mark.parametrize("by", ["selection", "brush"])
async def test_digits_go_to_the_screen_with_a_selection_or_a_brush(by: str) -> None:
    app, view = stage()
    pressed: list[str] = []
    async with app.run_test(size=(80, 12)) as pilot:
        app.action_label = lambda: pressed.append("1")  # type: ignore[attr-defined]
        app.bind("1", "label")
        view.set_document(TEXT, key="a")
        await pilot.press("1")
        assert (pressed, view.count) == ([], 1)
        await pilot.press("w")
        if by == "selection":
            await pilot.press("v")
        else:
            view.digits_are_counts = False
        await pilot.press("1")
        assert pressed == ["1"]


async def test_a_selection_by_words_follows_the_cursor_and_is_told() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        view.set_document(TEXT, key="a")
        assert (view.selection, view.current_span) == (None, Span(0, 6))
        await pilot.press("v", "w")
        assert view.selection == Span(0, 13)
        assert [message.span for message in app.of(TextView.SelectionChanged)] == [Span(0, 6), Span(0, 13)]
        await pilot.press("v")
        assert [message.span for message in app.of(TextView.SelectionChanged)][-1] is None
        assert cut(view) == "McLean"


async def test_the_boundary_of_a_selection_moves_by_keys() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        view.set_document(TEXT, key="a")
        await pilot.press(">", ">")
        assert cut(view) == "Parker McLean lends"
        await pilot.press("<", ".", ",", ",")
        assert cut(view) == "Parker McLea"
        await pilot.press("o", ".")
        assert cut(view) == "arker McLea"
        await pilot.press("escape")
        assert view.selection is None


async def test_the_cursor_enters_and_leaves_marks() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        first, second = mark(0, 13), mark(20, 34)
        view.set_document(TEXT, [first, second], key="a")
        assert view.current_mark == first
        await pilot.press("w", "w", "w")
        assert view.current_mark == second
        assert [message.mark for message in app.of(TextView.MarkEntered)] == [first, None, second]


async def test_the_current_mark_stands_out_without_colour() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)):
        view.set_document(TEXT, [mark(0, 13), mark(20, 34)], key="a")
        styles = [s.style for s in view.render_line(1) if s.text.strip() and s.style]
        assert [bool(style.reverse) for style in styles] == [True, False]


async def test_one_of_two_overlapping_marks_can_be_gone_to() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        one = mark(0, 13, "Person", kind=MarkKind.SUGGESTION)
        two = mark(0, 13, "Company", kind=MarkKind.SUGGESTION)
        view.set_document(TEXT, [one, two], key="a")
        assert view.go_to_mark(two.id)
        assert (view.current_mark, view.current_span) == (two, Span(0, 13))
        assert view.go_to_mark(one.id)
        assert view.current_mark == one
        assert not view.go_to_mark("gone")
        await pilot.press("w", "b")
        assert view.current_mark in (one, two)


async def test_a_cursor_move_draws_only_the_lines_it_touches() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 30)) as pilot:
        view.set_document(LONG, [mark(5, 6, "Number"), mark(500, 510, "Word")], key="a")
        await pilot.press("l")
        await pilot.pause()
        app.painted.clear()
        await pilot.press("j")
        await pilot.pause()
        assert sorted(set(app.painted)) == [0, 2]
        app.painted.clear()
        await pilot.press("l")
        await pilot.pause()
        assert set(app.painted) == {2}


async def test_entering_a_mark_draws_its_rule_too() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 30)) as pilot:
        view.set_document(LONG, [mark(5, 6, "Number")], key="a")
        await pilot.pause()
        app.painted.clear()
        await pilot.press("w")
        await pilot.pause()
        assert set(app.painted) == {0, 1}


async def test_other_marks_draw_only_the_lines_that_differ_and_keep_the_wrapping() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 30)) as pilot:
        suggestions = [mark(47 * n, 47 * n + 4, "Word", kind=MarkKind.SUGGESTION) for n in range(100)]
        view.set_document(LONG, suggestions, key="a")
        await pilot.pause()
        layout = view.text_layout
        app.painted.clear()
        label = mark(suggestions[3].start, suggestions[3].end, "Word")
        view.set_marks([*suggestions[:3], label, *suggestions[4:]])
        await pilot.pause()
        assert set(app.painted) == {7}
        assert view.text_layout is layout


async def test_rejecting_does_not_make_the_text_jump() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 10)) as pilot:
        marks = [mark(LONG.index(f"Line {n} "), LONG.index(f"Line {n} ") + 4, "Word") for n in range(5)]
        view.set_document(LONG, marks, key="a")
        before = app.lines()
        view.set_marks(marks[1:])
        assert app.lines() == [before[0], "", *before[2:]]
        await pilot.press("2", "0", "j", "g")
        assert app.lines()[1].startswith("Line 1 ")


async def test_marks_above_the_view_do_not_move_what_is_read() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 10)):
        view.set_document(LONG, key="a")
        view.go_to(LONG.index("Line 200 "))
        before = app.lines()
        view.set_marks([mark(0, 4, "Word"), mark(60, 70, "Other")])
        assert app.lines() == before


async def test_the_view_turns_half_a_page_when_the_cursor_leaves_it() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 10)) as pilot:
        view.set_document(LONG, key="a")
        await pilot.press(*"jjjjjjjjj")
        assert view.top == 0
        await pilot.press("j")
        assert view.top == 5
        await pilot.press(*"jjjj")
        assert view.top == 5


async def test_a_place_gone_to_comes_into_view_with_its_rule() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)):
        where = LONG.index("Line 200 ")
        view.set_document(LONG, [mark(where, where + 4, "Word")], key="a")
        view.go_to(where, where + 4)
        line = app.lines().index("Line 200 of an agreement between two parties.")
        assert line == 4
        assert app.lines()[line + 1].startswith("━━━━Word")
        assert cut(view) == "Line"


async def test_pages_are_turned_at_once() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 22)) as pilot:
        view.set_document(LONG, key="a")
        await pilot.press("pagedown")
        assert (view.top, view.text_layout.row_of(view.cursor)) == (20, 20)
        await pilot.press("ctrl+d")
        assert (view.top, view.text_layout.row_of(view.cursor)) == (31, 31)
        await pilot.press("ctrl+u", "pageup")
        assert (view.top, view.text_layout.row_of(view.cursor)) == (0, 0)
        await pilot.press("3", "ctrl+d")
        assert view.text_layout.row_of(view.cursor) == 33


async def test_the_same_document_keeps_its_place_and_another_starts_at_the_top() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 10)):
        view.set_document(LONG, key="a")
        view.go_to(LONG.index("Line 100 "))
        top, cursor = view.top, view.cursor
        view.set_document(LONG, [mark(0, 4)], key="a")
        assert (view.top - 1, view.cursor) == (top, cursor)
        view.set_document(TEXT, key="b")
        assert (view.top, view.cursor) == (0, 0)


async def test_a_search_goes_round_and_shows_every_place() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 10)):
        view.set_document(LONG, key="a")
        assert view.find("LINE  29 of") == Span(LONG.index("Line 29 "), LONG.index("Line 29 ") + 10)
        assert cut(view) == "Line 29 of"
        assert len(view.found) == 1
        before = LONG.rindex("parties", 0, LONG.index("Line 29 "))
        assert view.find("parties", forward=False) == Span(before, before + 7)
        view.go_to(len(LONG))
        span = view.find("line 0 ")
        assert span
        assert span.start == 0
        assert view.find("nowhere") is None
        view.clear_found()
        assert view.found == []


async def test_a_resize_keeps_the_cursor_in_view() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 20)) as pilot:
        view.set_document(LONG, key="a")
        view.go_to(LONG.index("Line 150 "))
        await pilot.resize_terminal(30, 8)
        await pilot.pause()
        assert any(line.startswith("Line 150 of") for line in app.lines())
        assert all(len(line) <= 30 for line in app.lines())


async def test_clicks_set_the_cursor_and_dragging_selects_words() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 12)) as pilot:
        view.set_document(TEXT, [mark(20, 34)], key="a")
        await pilot.click(view, offset=(8, 0))
        assert cut(view) == "McLean"
        await pilot.click(view, offset=(30, 1))
        assert view.current_mark == mark(20, 34)
        await pilot.mouse_down(view, offset=(2, 0))
        await pilot.hover(view, offset=(9, 0))
        await pilot.mouse_up(view, offset=(9, 0))
        assert view.selection == Span(0, 13)
        await pilot.click(view, offset=(50, 0), times=2)
        assert view.selection == Span(49, 56)


async def test_the_wheel_scrolls_without_moving_the_cursor() -> None:
    app, view = stage()
    async with app.run_test(size=(80, 10)) as pilot:
        view.set_document(LONG, key="a")
        view.scroll_to(y=30)
        assert (view.top, view.cursor) == (30, 0)
        await pilot.press("l")
        assert view.top == 0


HOSTILE = (
    "\x1b]52;c;aGVsbG8=\x07\x1b[2J\x1b[?1049l\x9b31m\x00\x08\x7f\u202eevil\u2066\u200b"
    "[red]bold[/] [@click=app.quit]x"
    "\n\x1b[201~\u2028\ufeff\ud800\u0301\u200d\r\x0b\x0c" + "e\u0301\u0301" * 50
)


@pytest.mark.parametrize("compact", [False, True])
async def test_hostile_text_is_shown_and_never_sent(compact: bool) -> None:
    app, view = stage()
    async with app.run_test(size=(60, 20)) as pilot:
        view.compact = compact
        marks = [mark(n, n + 7, HOSTILE[:20], kind=kind) for n, kind in enumerate(MarkKind)]
        view.set_document(HOSTILE, marks, key="a")
        await pilot.press("v", *"llllll", "$", "j", "h")
        shown = "".join(app.lines())
        assert "␛]52;c;aGVsbG8=␇" in shown
        assert "[red]bold[/]" in shown
        assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") or c in "\u202e\u2066\u200b"]
        for y in range(20):
            assert view.render_line(y).cell_length == view.size.width


async def test_an_empty_document_takes_every_key() -> None:
    app, view = stage()
    async with app.run_test(size=(40, 10)) as pilot:
        view.set_document("", key="a")
        await pilot.press(*"hjklwb0gGvVo", "$", "(", ")", "{", "}", ">", "<", ".", ",", "pagedown", "ctrl+u")
        assert (view.cursor, view.current_span, view.find("x")) == (0, None, None)


async def test_a_view_too_small_to_read_in_does_not_fail() -> None:
    app, view = stage()
    async with app.run_test(size=(2, 1)) as pilot:
        view.set_document(TEXT, [mark(0, 13)], key="a")
        await pilot.press(*"jjwwG", "pagedown", "g")
        assert view.cursor == 0


def test_every_key_has_an_id_and_says_what_it_does() -> None:
    bindings = TextView.BINDINGS
    ids = [binding.id for binding in bindings]  # type: ignore[union-attr]
    assert len(set(ids)) == len(ids)
    assert all(str(one).startswith("text.") for one in ids)
    assert all(binding.description and binding.tooltip for binding in bindings)  # type: ignore[union-attr]
