from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_labeler.screens.widgets.glyphs import ASCII, UNICODE
from tui_labeler.screens.widgets.layout import TextLayout
from tui_labeler.screens.widgets.marks import MAX_LANES, Mark, MarkKind, MarkRows, Rule, dashes, percent

TEXT = "Parker McLean lends Dylan Williams five thousand Dollars\n\nSigned in Nebraska"


def rows(*marks: Mark, width: int = 70, text: str = TEXT) -> MarkRows:
    return MarkRows(TextLayout(text, width), marks)


def label(start: int, end: int, name: str = "Person", **more: object) -> Mark:
    return Mark(f"{name}{start}-{end}", start, end, name, **more)  # type: ignore[arg-type]


def drawn(found: MarkRows, row: int = 0) -> list[str]:
    lines = []
    for lane in found.lanes(row):
        line = ""
        for rule in lane:
            line += " " * (rule.first - cell_len(line)) + rule.drawn(UNICODE)
        lines.append(line)
    return lines


def test_a_label_is_a_solid_rule_under_its_text_with_its_name() -> None:
    assert drawn(rows(label(0, 13))) == ["━Person━━━━━━"]


def test_a_suggestion_is_a_dotted_rule_with_its_confidence() -> None:
    mark = label(0, 13, kind=MarkKind.SUGGESTION, confidence=0.934)
    assert drawn(rows(mark)) == ["┄Person .93┄┄"]


def test_a_draft_carries_a_sign() -> None:
    assert drawn(rows(label(0, 13, draft=True))) == ["━Person*━━━━━"]


def test_a_name_too_long_for_its_rule_stands_behind_it() -> None:
    assert drawn(rows(label(0, 6, "BorrowerName"))) == ["━━━━━━BorrowerName"]


def test_a_name_is_clipped_where_the_next_rule_leaves_no_room() -> None:
    found = rows(label(0, 6, "BorrowerName"), label(7, 13, "Family"))
    assert drawn(found) == ["━Bo…e━ ━━━━━━Family"]


def test_a_rule_always_covers_its_whole_span() -> None:
    for width in range(1, 20):
        for room in range(12):
            rule = Rule(label(0, width, "BorrowerName"), 0, width, room)
            text = rule.drawn(UNICODE)
            assert cell_len(text) >= width
            assert cell_len(text) <= width + room
            assert text[0] == "━"


def test_overlapping_marks_are_stacked() -> None:
    found = rows(label(0, 13), label(7, 20, "Verb"), label(14, 19, "Act"))
    assert drawn(found) == ["━Person━━━━━━ ━Act━", "       ━Verb━━━━━━━━"]


def test_touching_marks_share_a_line() -> None:
    assert len(drawn(rows(label(0, 6), label(6, 13, "Other")))) == 1


def test_rows_without_marks_have_no_rule_row() -> None:
    found = rows(label(0, 6), label(68, 76, "Place"))
    assert found.lines == [0, 2, 3, 5]
    assert [found.place_of(line) for line in range(5)] == [(0, -1), (0, 0), (1, -1), (2, -1), (2, 0)]


def test_a_mark_over_several_rows_has_a_rule_in_each() -> None:
    found = rows(label(0, 56), width=20)
    assert [len(found.lanes(row)) for row in range(5)] == [1, 1, 1, 0, 0]


def test_setting_marks_touches_the_rows_of_what_changed_and_no_others() -> None:
    text = "\n".join(["some words in a line"] * 100)
    marks = [label(21 * row, 21 * row + 4, "Word") for row in range(100)]
    found = MarkRows(TextLayout(text, 40), marks)
    kept = {row: found.lanes(row) for row in range(100)}
    assert found.set([*marks[:50], *marks[51:], label(21 * 7 + 5, 21 * 7 + 10, "New")]) == {7, 50}
    assert [row for row in range(100) if found.lanes(row) is not kept[row]] == [7, 50]


def test_a_rule_row_that_became_empty_keeps_its_place_until_it_collapses() -> None:
    found = rows(label(0, 6), label(68, 76, "Place"))
    found.set([label(68, 76, "Place")])
    assert found.lines == [0, 2, 3, 5]
    assert found.collapse()
    assert found.lines == [0, 1, 2, 4]
    assert not found.collapse()


def test_rule_rows_go_with_their_marks_where_several_go_at_once() -> None:
    text = "\n".join(["some words in a line"] * 3000)
    found = MarkRows(TextLayout(text, 40), [label(21 * row, 21 * row + 4, "Word") for row in range(3000)])
    assert found.line_count == 6000
    found.set([])
    assert found.line_count == 3000


def test_dashes_go_on_where_a_row_is_cut() -> None:
    suggestion = Mark("a", 10, 18, "Person", MarkKind.SUGGESTION)
    assert list(dashes(suggestion, 10, 18)) == [(10, 12), (13, 15), (16, 18)]
    assert list(dashes(suggestion, 14, 18)) == [(14, 15), (16, 18)]
    assert list(dashes(Mark("a", 10, 12, "Person", MarkKind.TO_PLACE), 10, 12)) == [(10, 11)]
    assert list(dashes(Mark("a", 10, 18, "Person"), 12, 15)) == [(12, 15)]


def test_compact_marks_take_no_rows() -> None:
    found = MarkRows(TextLayout(TEXT, 70), [label(0, 6)], compact=True)
    assert found.line_count == 3
    assert [mark.name for mark in found.at(3)] == ["Person"]


def test_marks_at_an_offset_come_shortest_first_and_suggestions_before_labels() -> None:
    long, short = label(0, 13, "Long"), label(0, 6, "Short")
    suggested = Mark("s", 0, 6, "Same", MarkKind.SUGGESTION)
    assert rows(long, short, suggested).at(2) == [suggested, short, long]
    assert rows(long, short).at(6) == [long]


def test_marks_beyond_the_end_of_the_text_are_left_out() -> None:
    found = rows(label(500, 510), label(70, 999, "Tail"))
    assert [mark.name for row in range(3) for mark in found.in_row(row)] == ["Tail"]


def test_a_pile_of_marks_is_cut_at_so_many_lines() -> None:
    found = rows(*(label(0, 6, f"n{number}") for number in range(50)))
    assert len(found.lanes(0)) == MAX_LANES


def test_a_hostile_name_is_drawn_as_signs() -> None:
    text = drawn(rows(label(0, 30, "\x1b]52;c;aGk=\x07[red]")))[0]
    assert text.startswith("━␛]52;c;aGk=␇[red]━")


def test_ascii_rules_are_ascii() -> None:
    for kind in MarkKind:
        assert Rule(label(0, 13, kind=kind), 0, 13, 5).drawn(ASCII).isascii()


def test_kinds_are_told_apart_without_colour() -> None:
    for signs in (UNICODE, ASCII):
        assert len({Rule(label(0, 3, kind=kind), 0, 3, 0).drawn(signs)[0] for kind in MarkKind}) == 3


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, ".00"), (0.5, ".50"), (0.8567, ".85"), (0.9999, ".99"), (1.0, "1.0")]
)
def test_confidence_takes_three_cells(value: float, text: str) -> None:
    assert percent(value) == text


@given(st.lists(st.tuples(st.integers(0, 80), st.integers(1, 30)), max_size=25), st.integers(8, 60))
def test_rules_of_one_line_never_overlap(spans: list[tuple[int, int]], width: int) -> None:
    marks = [Mark(str(i), start, start + length, "Name") for i, (start, length) in enumerate(spans)]
    found = rows(*marks, width=width)
    for row in range(len(found.layout)):
        for lane in found.lanes(row):
            for rule, after in itertools.pairwise(lane):
                assert rule.first + cell_len(rule.drawn(UNICODE)) <= after.first
            assert lane[-1].first + cell_len(lane[-1].drawn(UNICODE)) <= width + 1


def test_an_empty_span_is_no_mark() -> None:
    with pytest.raises(ValueError, match=r"3\.\.3"):
        Mark("m", 3, 3, "Name")
