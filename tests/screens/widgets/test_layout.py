from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_labeler.screens.widgets.cells import clusters, shown
from tui_labeler.screens.widgets.layout import TextLayout, _cut_clusters, _cut_plain

FAMILY = "👨‍👩‍👧"
FLAG = "🇫🇷"
WAVE = "👋🏽"
PIECES = st.sampled_from(
    [
        "a",
        "word",
        "loan-agreement",
        "long" * 8,
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "、",
        "日本語",
        "「",
        "한국어",
        "e\u0301",
        "\u0301",
        FAMILY,
        FLAG,
        "🇫",
        WAVE,
        "❤\ufe0f",
        "\u200d",
        "\ufe0f",
        "\u200b",
        "\x1b[31m",
        "\x00",
        "\x9b",
        "\u202e",
        "שלום",
        "ไทยนี้",
        "नमस्ते",
        "\u3000",
        "\ud800",
        "u\u034f\u0308",
        "\u034f",
        "\u115f",
        "\u1100\u1160",
        "\u1780\u17b5",
        "\u1820\u180b",
        "葛\U000e0100",
        "\U000e0100",
        "\u3164",
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=120)
WIDTHS = st.integers(2, 40)


@given(TEXTS, WIDTHS)
def test_every_code_point_is_in_one_row_or_in_a_line_end(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    place = 0
    for start, end in zip(layout.starts, layout.ends, strict=True):
        assert text[place:start] in ("", "\n", "\r", "\r\n")
        assert start <= end
        assert not set(text[start:end]) & {"\n", "\r"}
        place = end
    assert text[place:] == ""


@given(TEXTS, WIDTHS)
@example("\t" * 9 + "\u3000" * 9, 5)
def test_rows_are_as_wide_as_allowed_and_as_wide_as_the_terminal_library_says(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    for row in range(len(layout)):
        drawn = layout.drawn(row)
        assert cell_len(drawn) == layout.row_width(row)
        assert layout.row_width(row) <= width + 1
        if layout.row_width(row) > width:
            # A mark may stand on the space that hangs over the edge.
            # A right-to-left row begins at the right end, after blanks.
            seen = [character for character in drawn if cell_len(character)]
            visual = layout.visual_of(row)
            assert (seen[0] if visual and visual.base else seen[-1]).isspace()


@given(TEXTS, WIDTHS)
def test_offsets_and_places_map_to_each_other(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    for offset in range(len(text) + 1):
        place = layout.snap(offset)
        assert place <= offset
        assert layout.snap(place) == place
        row, column = layout.row_of(place), layout.column_of(place)
        assert layout.offset_at(row, column) == place


@given(TEXTS, WIDTHS)
def test_steps_visit_the_same_places_both_ways(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    places = [0]
    while places[-1] < len(text):
        places.append(layout.after(places[-1]))
        assert places[-1] > places[-2]
    back = [places[-1]]
    while back[-1] > 0:
        back.append(layout.before(back[-1]))
    assert back == places[::-1]
    assert set(places) == {layout.snap(offset) for offset in range(len(text) + 1)}


@given(TEXTS, WIDTHS)
def test_clusters_are_never_cut(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    for start, end in zip(layout.starts, layout.ends, strict=True):
        line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        line_end = min(
            (place for place in (text.find("\n", end), text.find("\r", end)) if place >= 0), default=len(text)
        )
        boundaries = {line_start + offset for offset in clusters(shown(text[line_start:line_end]))[0]}
        assert start in boundaries or start == line_start
        assert end in boundaries or end == line_end


@given(TEXTS, WIDTHS)
def test_parts_of_a_row_make_up_the_row(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    for row in range(len(layout)):
        start, end = layout.starts[row], layout.ends[row]
        columns = {layout.column_of(offset) for offset in range(start, end)}
        cuts = sorted(columns | {0, layout.row_width(row)})
        parts = [layout.drawn_part(row, one, two) for one, two in itertools.pairwise(cuts)]
        assert "".join(parts) == layout.drawn(row)


@given(TEXTS, WIDTHS)
def test_nothing_drawn_is_a_control_character(text: str, width: int) -> None:
    layout = TextLayout(text, width)
    for row in range(len(layout)):
        assert all(ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0 for c in layout.drawn(row))
        assert not set(layout.drawn(row)) & set("\u202e\u2066\u200b\ufeff")


@given(st.text("ab .-", max_size=100), WIDTHS)
def test_plain_lines_are_cut_as_measured_ones_are(line: str, width: int) -> None:
    assert _cut_plain(line, width) == _cut_clusters(line, width)


def test_words_are_kept_whole_and_white_space_hangs_over_the_end() -> None:
    layout = TextLayout("The loan amount is due", 8)
    assert [layout.drawn(row) for row in range(len(layout))] == ["The loan ", "amount ", "is due"]


def test_a_word_longer_than_a_row_is_cut() -> None:
    layout = TextLayout("a " + "x" * 10, 4)
    assert [layout.drawn(row) for row in range(len(layout))] == ["a ", "xxxx", "xxxx", "xx"]


def test_scripts_without_spaces_break_between_characters_but_not_before_a_full_stop() -> None:
    layout = TextLayout("日本語です。次の文", 10)
    assert [layout.drawn(row) for row in range(len(layout))] == ["日本語で", "す。次の文"]


@pytest.mark.parametrize(
    ("cluster", "width"),
    [(FAMILY, 2), (FLAG, 2), (WAVE, 2), ("❤\ufe0f", 2), ("e\u0301", 1), ("1\ufe0f\u20e3", 2)],
)
def test_a_cluster_is_one_step_and_as_wide_as_it_looks(cluster: str, width: int) -> None:
    layout = TextLayout(f"a{cluster}b", 20)
    assert layout.after(1) == 1 + len(cluster)
    assert layout.column_of(1 + len(cluster)) == 1 + width
    assert layout.snap(len(cluster)) == 1 or len(cluster) == 1


def test_tabs_reach_to_the_next_stop() -> None:
    layout = TextLayout("a\tb\tc", 40)
    assert layout.drawn(0) == "a   b   c"
    assert [layout.column_of(offset) for offset in range(5)] == [0, 1, 4, 5, 8]


def test_a_line_end_stands_behind_the_last_cell_whatever_it_is_made_of() -> None:
    layout = TextLayout("ab\r\ncd\re", 20)
    assert [layout.drawn(row) for row in range(len(layout))] == ["ab", "cd", "e"]
    assert layout.snap(3) == 2
    assert layout.after(2) == 4
    assert layout.offset_at(0, 99) == 2


def test_a_span_of_a_line_end_alone_has_one_cell() -> None:
    layout = TextLayout("ab\ncd", 20)
    assert layout.columns_of(0, 2, 3) == (2, 3)


def test_an_empty_text_has_one_empty_row() -> None:
    layout = TextLayout("", 10)
    assert (len(layout), layout.drawn(0), layout.snap(5), layout.after(0)) == (1, "", 0, 0)


def test_a_row_without_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="0 cells"):
        TextLayout("a", 0)


@settings(max_examples=3, deadline=None)
@given(st.sampled_from(["a", "é ", "日本", FAMILY]))
def test_a_text_without_a_line_end_wraps_whatever_its_length(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    layout = TextLayout(text, 78)
    assert layout.ends[-1] == len(text)
    assert layout.row_of(len(text)) == len(layout) - 1
