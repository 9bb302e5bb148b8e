"""Visual order, against the rules' own examples and another implementation of them (in Rust)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from bidi import get_display
from hypothesis import example, given
from hypothesis import strategies as st

from tui_labeler.screens.widgets.arabic import joined
from tui_labeler.screens.widgets.bidi import (
    base_level,
    has_right_to_left,
    in_order,
    levels,
    mirrored,
    order_by_program,
    parts_in_order,
    visual_order,
)

MIXED = st.text("אבגדabcABC 0123.,:%$+-()[]{}<>ابت٣٤ \t/!־", max_size=40)


@pytest.fixture
def left_to_the_terminal() -> Iterator[None]:
    order_by_program(False)
    yield
    order_by_program(True)


def displayed(text: str) -> str:
    base = base_level(text)
    return "".join(text[index] for index in visual_order(text, levels(text, base), base))


@given(MIXED)
@example("א (b) ג")
@example("b (א c) ג")
@example("א1,2 3%")
@example("aא[(]b)")
def test_rows_are_in_the_order_that_another_implementation_gives(text: str) -> None:
    # It shows brackets as they are written: they are turned round apart from the order.
    assert displayed(text) == get_display(text)


@given(st.text(max_size=60), st.integers(0, 1))
def test_the_order_is_a_permutation_whatever_the_characters(text: str, base: int) -> None:
    found = levels(text, base)
    assert len(found) == len(text)
    assert sorted(visual_order(text, found, base)) == list(range(len(text)))


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("car means מכונית.", "car means תינוכמ."),
        ("מכונית means car.", ".means car תינוכמ"),
        ("he said 'מכונית means car'", "he said 'תינוכמ means car'"),
        ("עלה ב־12.5% בשנת 2014", "2014 תנשב 12.5%־ב הלע"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_known_examples_are_seen_as_they_are_read(written: str, seen: str) -> None:
    assert displayed(written) == seen


def test_a_paragraph_begins_in_the_direction_of_its_first_strong_character() -> None:
    assert [base_level(text) for text in ("12 אב ab", "- ab אב", "بيت", "123", "")] == [1, 0, 1, 0, 0]


def test_characters_that_change_directions_are_not_obeyed() -> None:
    for control in "\u202e\u202b\u2067\u2066\u200f\u061c\u202c":
        assert levels(f"a{control}bc", 0) == [0, 0, 0, 0]


def test_brackets_are_turned_round_and_keep_their_marks() -> None:
    assert [mirrored(cluster) for cluster in ("(", "]\u0301", "א", "«")] == [")", "[\u0301", "א", "»"]


def test_columns_of_a_line_stay_where_they_are() -> None:
    assert in_order(" שלום.txt    3") == " םולש.txt    3"
    assert in_order("Removed דוד (אבא).") == "Removed (אבא) דוד."
    assert in_order("to גרין (בן), 12 left") == "to 12 ,(ןב) ןירג left"
    assert in_order("plain é") == "plain é"


def test_parts_of_a_right_to_left_line_stand_from_right_to_left() -> None:
    assert parts_in_order(["גר ב", "חיפה", " כיום"]) == [(2, "םויכ "), (1, "הפיח"), (0, "ב רג")]
    assert parts_in_order(["lives in ", "Haifa", ""]) == [(0, "lives in "), (1, "Haifa"), (2, "")]


@pytest.mark.usefixtures("left_to_the_terminal")
def test_nothing_is_turned_round_where_the_terminal_does_it() -> None:
    assert in_order("שלום") == "שלום"
    assert parts_in_order(["ש", "ל"]) == [(0, "ש"), (1, "ל")]


def test_the_rules_are_loaded_only_for_right_to_left_text() -> None:
    code = (
        "import sys; from tui_labeler.screens.widgets.layout import TextLayout;"
        "[layout.drawn(0) for layout in [TextLayout('é 日本語 ไทย e\u0301', 40)]];"
        "assert 'bidi' not in sys.modules; TextLayout('a שלום', 40).drawn(0); assert 'bidi' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_other_scripts_are_not_taken_for_right_to_left() -> None:
    assert not any(
        map(has_right_to_left, ("plain", "é ü", "日本語", "ไทย", "नमस्ते", "Ελλάδα", "Москва", "😀"))
    )
    assert all(map(has_right_to_left, ("שלום", "بيت", "ܫܠܡܐ", "ߒߞߏ", "ﬡ", "ﺏ", "𞤀")))


def test_arabic_letters_join_their_neighbours() -> None:
    assert list(joined("بيت")) == ["\ufe91", "\ufef4", "\ufe96"]
    # An alef joins what is before it alone; marks stay on their letters.
    assert list(joined(["د", "ا", "ر"])) == ["\ufea9", "\ufe8d", "\ufead"]
    assert list(joined(["ب\u064e", "ا", " ", "ب"])) == ["\ufe91\u064e", "\ufe8e", " ", "\ufe8f"]
    assert in_order("بيت") == "\ufe96\ufef4\ufe91"


def test_joiners_are_obeyed_between_arabic_letters() -> None:
    assert list(joined(["ب\u200c", "ب"])) == ["\ufe8f\u200c", "\ufe8f"]
    assert list(joined(["ب\u200d"])) == ["\ufe91\u200d"]
    assert list(joined(["ب", "\u0640"])) == ["\ufe91", "\u0640"]


def test_what_is_not_arabic_is_left_as_it_is() -> None:
    assert joined(["ש", "a", "("]) == ["ש", "a", "("]
