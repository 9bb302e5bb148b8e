"""Vowel signs that stand beside their letter: one cell or none, as the terminal says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.cells import cell_len, get_character_cell_size

from tui_labeler.screens.widgets.cells import clip, clusters, take_spacing_marks_for
from tui_labeler.screens.widgets.layout import TextLayout
from tui_labeler.screens.widgets.spacing_marks import answered, spacing_marks

HINDI = "की किताबें"
"""Two spacing signs (the second before a letter that it belongs to), one in the middle, one above."""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = cell_len("\u0915\u093e") - 1
    yield
    take_spacing_marks_for(before)


@pytest.mark.parametrize(("taken", "cells"), [(0, [1, 1, 1, 1, 1]), (1, [2, 1, 2, 2, 1])])
def test_a_sign_belongs_to_its_letter_and_takes_what_the_terminal_takes(taken: int, cells: list[int]) -> None:
    take_spacing_marks_for(taken)
    starts, widths = clusters(HINDI)
    ends = [*starts[1:], len(HINDI)]
    assert [HINDI[start:end] for start, end in zip(starts, ends, strict=True)] == ["की", " ", "कि", "ता", "बें"]
    assert widths == cells
    assert cell_len(HINDI) == sum(cells)


def test_what_stands_above_a_letter_takes_no_cell_either_way() -> None:
    for taken in (0, 1):
        take_spacing_marks_for(taken)
        assert get_character_cell_size("\u0301") == 0
        assert get_character_cell_size("\u0902") == 0
        assert get_character_cell_size("字") == 2


def test_wrapping_and_clipping_go_by_it() -> None:
    take_spacing_marks_for(1)
    layout = TextLayout("की की की", 5)
    rows = [layout.text[start:end] for start, end in zip(layout.starts, layout.ends, strict=True)]
    assert [row.strip() for row in rows] == ["की की", "की"]
    assert clip("कीकीकी", 5) == "कीकी…"
    take_spacing_marks_for(0)
    assert len(TextLayout("की की की", 5)) == 1


def test_only_marks_are_counted_anew() -> None:
    assert "\u093e" in spacing_marks()
    assert "\u0301" not in spacing_marks()
    assert len(spacing_marks()) > 400


def test_the_terminals_answer_is_told_from_keys_and_from_other_answers() -> None:
    assert [answered(1, 1), answered(2, 1)] == [0, 1]
    assert [answered(2, 0), answered(5, 1), answered(0, 1)] == [None] * 3
