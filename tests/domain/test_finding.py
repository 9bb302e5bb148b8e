from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.finding import Finder, Wanted
from tui_labeler.domain.text import folded


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


def test_marks_without_a_class_of_their_own_are_composed_too() -> None:
    assert found("\uff76\uff9e \u30ab\u3099", "\u30ac") == ["\uff76\uff9e", "\u30ab\u3099"]
    assert found("\u0995\u09c7\u09be", "\u0995\u09cb") == ["\u0995\u09c7\u09be"]
    assert found("\u1112\u1161\u11ab", "\ud55c") == ["\u1112\u1161\u11ab"]


def test_every_pair_that_unicode_composes_is_found_by_its_composed_form() -> None:
    for code in range(sys.maxunicode + 1):
        pair = unicodedata.decomposition(chr(code)).split()
        if len(pair) == 2 and not pair[0].startswith("<"):
            apart = "".join(chr(int(one, 16)) for one in pair)
            if not unicodedata.combining(apart[0]):
                assert found(f"\u0645 {apart} x", chr(code)) == [apart], hex(code)


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


ODD = (
    "aZ \n.éßİﬁ½ǆ\u0301\u0323\u0345\u09c7\u09be\u1112\u1161\u11ab\uff76\uff9e\u30ab\u3099한中\U0001f600"
    "\u200d\u202e\x1b"
)


@given(st.text(ODD, max_size=40), st.text(ODD, min_size=1, max_size=4))
def test_whether_a_text_holds_words_and_where_it_does_agree(text: str, words: str) -> None:
    wanted = Wanted.of(words)
    places = list(Finder(text).places(wanted))
    assert bool(places) is wanted.is_in(text)
    assert all(wanted.is_in(text[place.start : place.end]) for place in places)
    assert all(one.end <= two.start for one, two in pairwise(places))
