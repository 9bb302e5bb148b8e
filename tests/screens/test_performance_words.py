"""How figures, times and sentences are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_labeler.screens.widgets.glyphs import UNICODE
from tui_labeler.screens.words import bar, duration, lines_of, look_of, percent, rough


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, " 0.0%"), (0.666, "66.6%"), (0.99999, "99.9%"), (1.0, " 100%")]
)
def test_a_share_takes_five_cells_and_is_whole_only_when_it_is(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.84, "0.8 s"), (42.4, "42 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")]
)
def test_a_time_is_told_in_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("share", "filled"), [(0.0, 0), (0.001, 1), (0.5, 5), (1.0, 10), (1.7, 10)])
def test_a_bar_shows_the_least_bit_and_never_more_than_all(share: float, filled: int) -> None:
    assert bar(share, 10, UNICODE) == "█" * filled + "░" * (10 - filled)


@given(st.text(alphabet=st.sampled_from("ab 字é\x1b\u202e"), max_size=80), st.integers(8, 30))
def test_lines_never_exceed_the_width_and_hold_no_control_characters(words: str, width: int) -> None:
    lines = list(lines_of(words, width))
    assert all(cell_len(line) <= width for line in lines)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)
    assert len("".join(lines).replace(" ", "")) >= len(words.replace(" ", ""))


def test_what_was_not_measured_is_no_figure() -> None:
    assert percent(None).strip() == "-"
    assert look_of(None) == "dim"


def test_a_rough_time_stands_still_for_a_while() -> None:
    def shown(start: int, end: int) -> list[str]:
        return list(dict.fromkeys(rough(second) for second in range(start, end)))

    assert rough(1.5) == "1.5 s"
    assert shown(28, 33) == ["30 s"]
    assert shown(116, 134) == ["2 min 00 s", "2 min 10 s"]
    assert shown(1_470, 1_560) == ["24 min 00 s", "25 min 00 s", "26 min 00 s"]
