from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.caret import Caret, Mode, Units
from tui_labeler.screens.widgets.layout import TextLayout

TEXT = "Acme, Inc. lends $5,000 to O'Neil.\r\nIt is due in May.\r\n\r\nSecond paragraph here."


def caret(text: str = TEXT, width: int = 60) -> Caret:
    return Caret(TextLayout(text, width), Units(text))


def selected(one: Caret) -> str:
    span = one.current_span
    return one.units.text[span.start : span.end] if span else ""


def test_words_are_stepped_over_without_stopping_at_punctuation() -> None:
    one = caret()
    seen = []
    for _ in range(7):
        seen.append(selected(one))
        one.by_words(1)
    assert seen == ["Acme", "Inc", "lends", "$", "5,000", "to", "O'Neil"]


def test_back_goes_to_the_start_of_this_word_first() -> None:
    one = caret()
    one.go(13)
    one.by_words(-1)
    assert one.cursor == 11
    one.by_words(-1)
    assert selected(one) == "Inc"


def test_word_movement_stops_at_the_ends() -> None:
    one = caret()
    one.by_words(-5)
    assert one.cursor == 0
    one.by_words(500)
    assert selected(one) == "here"
    one.by_words(1)
    assert selected(one) == "here"


def test_lines_keep_the_column_through_shorter_rows() -> None:
    one = caret("a long first row\nb\na long third row")
    one.go(10)
    one.by_lines(1)
    assert one.cursor == 18
    one.by_lines(1)
    assert one.cursor == 19 + 10
    one.by_characters(1)
    one.by_lines(-1)
    one.by_lines(-1)
    assert one.cursor == 11


def test_sentences_and_paragraphs_are_stepped_over() -> None:
    one = caret()
    one.by_sentences(2)
    assert selected(one) == "It"
    one.by_paragraphs(1)
    assert selected(one) == "Second"
    one.by_paragraphs(-1)
    assert one.cursor == 0
    one.by_sentences(99)
    assert one.cursor == len(TEXT)


def test_row_ends_are_reached() -> None:
    one = caret()
    one.to_line_end()
    assert TEXT[one.cursor] == "."
    one.to_line_start()
    assert one.cursor == 0
    one.to_end()
    assert one.cursor == len(TEXT)


def test_a_selection_by_words_snaps_at_both_ends() -> None:
    one = caret()
    one.go(2)
    one.toggle(Mode.WORDS)
    one.go(13)
    assert selected(one) == "Acme, Inc. lends"
    one.by_words(-2)
    assert selected(one) == "Acme, Inc"


def test_a_selection_grows_backwards_too() -> None:
    one = caret()
    one.go(13)
    one.toggle(Mode.WORDS)
    one.by_words(-2)
    assert selected(one) == "Inc. lends"


def test_a_selection_by_characters_holds_both_ends() -> None:
    one = caret()
    one.toggle(Mode.CHARACTERS)
    one.by_characters(2)
    assert selected(one) == "Acm"


def test_the_same_key_closes_a_selection_and_the_other_changes_it() -> None:
    one = caret()
    one.toggle(Mode.CHARACTERS)
    one.by_characters(7)
    assert selected(one) == "Acme, In"
    one.toggle(Mode.WORDS)
    assert selected(one) == "Acme, Inc"
    one.toggle(Mode.WORDS)
    assert one.selection is None


def test_the_end_moves_by_words_and_by_characters() -> None:
    one = caret()
    one.move_end_by_words(1)
    assert selected(one) == "Acme, Inc"
    one.move_end_by_characters(1)
    assert selected(one) == "Acme, Inc."
    one.move_end_by_words(1)
    assert selected(one) == "Acme, Inc. lends"
    one.move_end_by_words(-1)
    assert selected(one) == "Acme, Inc"
    one.move_end_by_characters(-1)
    assert selected(one) == "Acme, In"


def test_the_other_end_can_be_moved() -> None:
    one = caret()
    one.go(6)
    one.move_end_by_words(1)
    one.swap()
    one.move_end_by_words(-1)
    assert selected(one) == "Acme, Inc. lends"
    one.move_end_by_words(1)
    assert selected(one) == "Inc. lends"


def test_a_span_gone_to_is_the_current_one_until_the_cursor_moves() -> None:
    one = caret()
    one.pinned = Span(0, 10)
    assert selected(one) == "Acme, Inc."
    one.by_characters(1)
    assert selected(one) == "Acme"


def test_the_boundary_of_a_span_gone_to_can_be_fixed() -> None:
    one = caret()
    one.pinned = Span(0, 10)
    one.move_end_by_characters(-1)
    assert selected(one) == "Acme, Inc"
    one = caret()
    one.pinned = Span(0, 3)
    one.move_end_by_words(1)
    assert selected(one) == "Acme, Inc"


def test_white_space_is_trimmed_and_alone_is_nothing() -> None:
    one = caret("one   two")
    one.select(2, 6)
    assert selected(one) == "e"
    one.select(3, 6)
    assert one.selection is None
    one.clear()
    one.go(4)
    assert one.current_span is None


def test_characters_are_whole_clusters() -> None:
    one = caret("👨‍👩‍👧 and 🇫🇷")
    one.toggle(Mode.CHARACTERS)
    assert selected(one) == "👨‍👩‍👧"
    one.by_characters(1)
    assert one.cursor == len("👨‍👩‍👧")


MOVES = ("by_characters", "by_words", "by_lines", "by_sentences", "by_paragraphs", "move_end_by_words")


@given(
    st.text("ab .,\n\t\u0301日👋🏽\r", max_size=60),
    st.lists(st.tuples(st.sampled_from((*MOVES, "move_end_by_characters")), st.integers(-4, 4)), max_size=12),
)
def test_no_movement_leaves_the_text(text: str, moves: list[tuple[str, int]]) -> None:
    one = caret(text, 7)
    for name, count in moves:
        getattr(one, name)(count or 1)
        assert one.cursor == one.layout.snap(one.cursor)
        span = one.current_span
        assert span is None or (span.end <= len(text) and text[span.start : span.end].strip())


@pytest.mark.parametrize(
    "text", [TEXT * 9, "x" * 900, "日本語" * 200, "a " * 200 + "x" * 300, "\x1c\u3000 a"]
)
def test_a_word_is_the_same_wherever_it_is_looked_for(text: str) -> None:
    units = Units(text)
    of_all = {offset: word for word in zip(*units.words, strict=True) for offset in range(*word)}
    assert {o: units.word_at(o) for o in range(-1, len(text) + 2)} == {
        o: of_all.get(o) for o in range(-1, len(text) + 2)
    }


@pytest.mark.parametrize("count", [1, -1])
def test_an_empty_text_has_nowhere_to_go(count: int) -> None:
    one = caret("")
    for name in (*MOVES, "move_end_by_characters"):
        getattr(one, name)(count)
    one.toggle(Mode.WORDS)
    one.to_line_end()
    assert (one.cursor, one.current_span) == (0, None)
