from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_labeler.screens.widgets.cells import (
    clean,
    clip,
    clip_middle,
    clip_start,
    clusters,
    drawn,
    fit,
    shown,
    some_of,
)


@given(st.text(max_size=60), st.integers(0, 30))
def test_clipped_names_fit_and_are_safe(name: str, width: int) -> None:
    text = clean(name)
    assert all(ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0 for c in text)
    assert cell_len(clip(text, width)) <= width
    assert cell_len(clip_middle(text, width)) <= width
    assert cell_len(clip_start(text, width)) <= width
    assert cell_len(fit(text, width)) == width


@given(st.text(min_size=1, max_size=60))
def test_the_widths_of_clusters_add_up_to_what_is_drawn(text: str) -> None:
    line = shown(text.replace("\t", " "))
    starts, widths = clusters(line)
    pieces = [drawn(line[a:b]) for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]
    assert sum(widths) == cell_len("".join(pieces))
    assert [cell_len(piece) for piece in pieces] == widths


def test_a_name_is_clipped_in_its_middle() -> None:
    assert clip_middle("loan-agreement-2024.txt", 11) == "loan-…4.txt"


def test_a_text_is_clipped_at_its_start() -> None:
    assert clip_start("what stands before", 7) == "…before"
    assert clip_start("before", 7) == "before"


def test_wide_characters_are_clipped_whole() -> None:
    assert clip_start("日本語", 4) == "…語"
    assert clip("日本語", 4) == "日…"
    assert fit("日本語", 4) == "日… "


def test_marks_without_end_are_cut() -> None:
    assert len(drawn("a" + "\u0301" * 500)) < 30
    assert cell_len(clean("a" + "\u0301" * 500)) == 1


def test_a_joiner_that_joins_nothing_is_shown_as_a_sign() -> None:
    assert shown("a\u200db") == "a␣b"
    assert shown("👨\u200d👩") == "👨\u200d👩"


def test_of_many_names_some_are_shown_and_the_others_counted() -> None:
    names = [f"class {number}" for number in range(1, 76)]
    assert some_of(names, 27) == "class 1, class 2, class 3 and 72 more"
    assert some_of(names[:3], 27) == "class 1, class 2, class 3"
    assert some_of(["a name that is longer than all the room", "b"], 10) == (
        "a name that is longer than all the room and 1 more"
    )
    assert some_of([], 10) == ""
    assert "\x1b" not in some_of(["\x1b[31mred"], 10)
