from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.text import folded
from tui_labeler.screens.widgets.finding import Finder


def found(text: str, query: str) -> list[str]:
    return [text[span.start : span.end] for span in Finder(text).find_all(query)]


def test_case_and_white_space_do_not_matter() -> None:
    assert found("Loan\r\n  Agreement, loan agreement", "LOAN AGREEMENT") == [
        "Loan\r\n  Agreement",
        "loan agreement",
    ]


def test_offsets_are_right_where_folding_changes_lengths() -> None:
    assert found("ﬁne straße und STRASSE ﬁne", "strasse") == ["straße", "STRASSE"]
    assert found("ﬁne ﬁne", "fine") == ["ﬁne", "ﬁne"]


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert found("Cafe\u0301 and café", "café") == ["Cafe\u0301", "café"]


def test_a_match_inside_a_ligature_takes_it_whole() -> None:
    assert found("eﬃcient", "fic") == ["ﬃc"]


def test_an_empty_query_finds_nothing() -> None:
    assert found("text", " ") == []


def test_a_query_is_no_pattern() -> None:
    assert found("a.c abc (x", "a.c") == ["a.c"]
    assert found("a.c abc (x", "(x") == ["(x"]


@given(st.text(max_size=30), st.text(min_size=1, max_size=5), st.text(max_size=30))
def test_what_is_found_is_what_was_searched_for(before: str, words: str, after: str) -> None:
    text = f"{before} {words} {after}"
    for span in Finder(text).find_all(words):
        piece = " ".join(folded(text[span.start : span.end]).split())
        assert " ".join(folded(words).split()) in piece


@given(st.text(max_size=30), st.text("abcABC", min_size=1, max_size=5), st.text(max_size=30))
def test_plain_words_are_always_found(before: str, words: str, after: str) -> None:
    assert words.casefold() in [part.casefold() for part in found(f"{before} {words} {after}", words)]
