"""Where words may be meant that a text does not have: ranked, and never placed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.engine.autolabelers.mentions import Mention
from tui_labeler.engine.autolabelers.placing import MOST_CANDIDATES, likely_places, place

LOAN = (
    "This agreement is between Acme Ltd. and North Bank p.l.c. Acme Holdings Limited guarantees it. "
    "Smith, John signed for the lender on 3 March 2021, J. Smith again on 4 March 2021. The loan of 25,000 "
    "pounds bears intrest. The Univ. of Texas at Austin, the Dept of Commerce and Intl. Paper Corp. knew."
)


def likely(words: str, text: str = LOAN) -> list[str]:
    return [text[span.start : span.end] for span in likely_places(text, words)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("Acme Limited", "Acme Ltd"),
        ("Acme Holdings Ltd", "Acme Holdings Limited"),
        ("Acme Group Holdings Limited", "Acme Holdings Limited"),
        ("North Bank plc", "North Bank p.l.c"),
        ("North Bank public limited company", "North Bank p.l.c"),
        ("John Smith", "Smith, John"),
        ("University of Texas", "Univ. of Texas"),
        ("Department of Commerce", "Dept of Commerce"),
        ("International Paper Corporation", "Intl. Paper Corp"),
        ("Agreements", "agreement"),
    ],
)
def test_abbreviated_reordered_and_lengthened_words_are_found_first(words: str, first: str) -> None:
    assert likely(words)[0] == first


def test_the_likelier_comes_first_and_all_of_them_come() -> None:
    assert likely("Acme Limited") == ["Acme Ltd", "Acme Holdings Limited"]
    assert likely("Jonathan Smith") == ["Smith, John", "J. Smith"]


@pytest.mark.parametrize("words", ["Contoso Limited", "Contoso", "Ann", "7 May 1999", "  ", "...", "Bankers"])
def test_what_resembles_nothing_has_no_place(words: str) -> None:
    assert likely(words, LOAN.replace("Limited", "Group")) == []


def test_a_name_with_another_figure_or_letters_of_the_same_sound_is_offered() -> None:
    assert likely("Alice1 Smith", "Then Alice0 Smith signed, and so did Bob Smith.")[0] == "Alice0 Smith"
    assert likely("Acme Korporation", "Acme rose. The Acme Corp fell.")[0] == "Acme Corp"
    assert likely("Section 12a", "As Section 12b says.") == ["Section"]


def test_figures_resemble_none_but_themselves() -> None:
    assert likely("35 pounds", "He paid 36 pound, then 350 pounds.") == ["pounds", "pound"]
    assert likely("A1234567", "The part A1234568 broke.") == []


@pytest.mark.parametrize(
    "words", ["Acme Limited", "University of Texas", "Jonathan Smith", "Contoso Limited"]
)
def test_what_merely_resembles_words_is_never_placed(words: str) -> None:
    (item,) = place(LOAN, [Mention("c", words)]).items
    assert item.spots == ()


def test_a_long_monotonous_text_is_searched_quickly() -> None:
    text = "Acme Ltd and Acme Lmtd of the Acme Group. " * 4_000
    assert (
        len(likely_places(text, "Acme Limited of Accra and the Acme Incorporated Group")) <= MOST_CANDIDATES
    )
    many = " ".join(
        f"acme{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(17_000)
    )
    assert len(likely_places(many, "Acmeaaa Acmebbb")) <= MOST_CANDIDATES


@given(st.text(max_size=60), st.text(max_size=20))
def test_places_lie_in_the_text_and_none_is_there_twice(text: str, words: str) -> None:
    found = likely_places(text, words)
    assert all(span.end <= len(text) for span in found)
    assert len(set(found)) == len(found) <= MOST_CANDIDATES
