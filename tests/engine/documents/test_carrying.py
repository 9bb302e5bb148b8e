"""Places carried from a text to the same text in another spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.labels import Span
from tui_labeler.engine.documents.carrying import Carry, text_key

ODD = st.text(
    st.one_of(
        st.sampled_from("aeé ́̂̈ \t\r\n가각각 क्षि שלוםא́👩‍👩‍👧‍👦日本\u2000\u00a0\ufeff"),
        st.characters(),
    ),
    max_size=40,
)


def carried(source: str, target: str, words: str, *, is_rebuilt: bool = False) -> str | None:
    """What the first occurrence of ``words`` is in the other text."""
    carry = Carry.between(source, target, is_rebuilt=is_rebuilt)
    assert carry is not None
    start = source.index(words)
    span = carry.span(Span(start, start + len(words)))
    return None if span is None else target[span.start : span.end]


def test_line_ends_and_runs_of_white_space_do_not_count() -> None:
    source, target = "Ann met\nBob  in\tRome.\n", "\r\nAnn met\r\nBob in Rome."
    for words in ("Ann", "Bob", "Rome", "Rome."):
        assert carried(source, target, words) == words
    assert carried(source, target, "met\nBob") == "met\r\nBob"


def test_composed_letters_are_those_that_are_spelt_with_marks() -> None:
    source = "Zo\u00eb met Ren\u00e9e"
    target = unicodedata.normalize("NFD", source)
    assert carried(source, target, "Ren\u00e9e") == "Rene\u0301e"
    assert carried(target, source, "Zoe\u0308") == "Zo\u00eb"
    assert carried(target, source, "met") == "met"


def test_an_end_within_a_composed_letter_has_no_place() -> None:
    assert carried("Rene\u0301e", "Ren\u00e9e", "Rene") is None
    assert carried("Ren e\u0301", "Ren  e\u0301", "e") == "e"


def test_white_space_of_a_text_made_of_tokens_does_not_count_at_all() -> None:
    source, target = "Ann 's dog ( Rex )", "Ann's dog\n(Rex)"
    assert carried(source, target, "( Rex )", is_rebuilt=True) == "(Rex)"
    assert carried(source, target, "Ann 's", is_rebuilt=True) == "Ann's"
    assert carried(source, target, "Rex", is_rebuilt=True) == "Rex"
    assert Carry.between(source, target, is_rebuilt=False) is None


def test_a_byte_order_mark_that_a_file_kept_is_no_letter() -> None:
    assert carried("\ufeffAnn met Bob", "Ann met Bob", "Bob") == "Bob"


def test_other_words_are_another_text() -> None:
    assert Carry.between("Ann met Bob", "Ann met Rob", is_rebuilt=False) is None
    assert Carry.between("Ann met Bob", "ann met Bob", is_rebuilt=True) is None


def test_only_white_space_is_no_span_in_the_other_text() -> None:
    carry = Carry.between("a  b", "a b", is_rebuilt=True)
    assert carry is not None
    assert carry.span(Span(1, 3)) is None
    assert carry.span(Span(0, 99)) is None


@pytest.mark.parametrize("is_rebuilt", [False, True])
@given(text=ODD, form=st.sampled_from(["NFC", "NFD"]), ends=st.sampled_from(["\n", "\r\n", " "]))
def test_spans_cut_the_same_words_in_any_spelling(
    text: str, form: str, ends: str, *, is_rebuilt: bool
) -> None:
    text = text.lstrip("\ufeff")
    target = unicodedata.normalize(form, text).replace("\n", ends)  # type: ignore[arg-type]
    assert text_key(text, is_rebuilt=is_rebuilt) == text_key(target, is_rebuilt=is_rebuilt)
    carry = Carry.between(text, target, is_rebuilt=is_rebuilt)
    assert carry is not None
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            span = carry.span(Span(start, end))
            if span is None:
                continue
            words, there = text[start:end], target[span.start : span.end]
            assert text_key(words, is_rebuilt=is_rebuilt) == text_key(there, is_rebuilt=is_rebuilt)


@given(text=ODD)
def test_a_text_is_carried_onto_itself(text: str) -> None:
    text = text.lstrip("\ufeff")
    carry = Carry.between(text, text, is_rebuilt=False)
    assert carry is not None
    if unicodedata.is_normalized("NFD", text):
        for at, character in enumerate(text):
            if not character.isspace():
                assert carry.span(Span(at, at + 1)) == Span(at, at + 1)


@given(one=ODD, other=ODD, is_rebuilt=st.booleans())
def test_two_texts_have_one_key_exactly_when_one_can_be_carried_to_the_other(
    one: str, other: str, is_rebuilt: bool
) -> None:
    same = text_key(one, is_rebuilt=is_rebuilt) == text_key(other, is_rebuilt=is_rebuilt)
    assert same is (Carry.between(one, other, is_rebuilt=is_rebuilt) is not None)
