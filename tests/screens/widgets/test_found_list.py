"""A line each for what a search has found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_labeler.engine.documents.searching import Passage
from tui_labeler.screens.widgets.found_list import passage_parts
from tui_labeler.screens.widgets.glyphs import ASCII, UNICODE


@given(st.text(max_size=80), st.text(min_size=1, max_size=40), st.text(max_size=80), st.integers(0, 90))
def test_a_passage_fits_and_its_hit_is_the_last_to_go(
    before: str, words: str, after: str, width: int
) -> None:
    parts = passage_parts(Passage(before, words, after, goes_back=True), width, UNICODE)
    assert sum(map(cell_len, parts)) <= width
    assert cell_len(parts[1]) > 0 or width == 0
    assert all(ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0 for part in parts for c in part)


@pytest.mark.parametrize(
    ("passage", "parts"),
    [
        (Passage("The ", "bank", " lends.", goes_back=False), ("The ", "bank", " lends.")),
        (Passage("The ", "bank", " lends.", goes_back=True), ("~The ", "bank", " lends.")),
        (Passage("What stands before the ", "bank", ".", goes_back=False), ("~nds before the ", "bank", ".")),
        (Passage("The ", "bank", " lends a good deal.", goes_back=False), ("The ", "bank", " lends a goo~")),
        (
            Passage("Before the ", "bank", " of Leeds and North", goes_back=False),
            ("~e the ", "bank", " of Leeds~"),
        ),
    ],
    ids=lambda value: "".join(value) if isinstance(value, tuple) else value.before,
)
def test_a_passage_is_cut_on_both_sides_of_the_hit(passage: Passage, parts: tuple[str, str, str]) -> None:
    assert passage_parts(passage, 21, ASCII) == parts
