from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_labeler.domain.labels import Placed, Span
from tui_labeler.engine.autolabelers.folding import fold
from tui_labeler.engine.autolabelers.mentions import Mention, Placements
from tui_labeler.engine.autolabelers.placing import MOST_PLACES, likely_places, place

EXACT, FOLDED, FUZZY, AMBIGUOUS = Placed.EXACT, Placed.FOLDED, Placed.FUZZY, Placed.AMBIGUOUS


def the(text: str, words: str, nth: int = 1) -> Span:
    """The nth occurrence of ``words``."""
    at = -1
    for _ in range(nth):
        at = text.index(words, at + 1)
    return Span(at, at + len(words))


def of(*words: str | tuple[str, str]) -> list[Mention]:
    return [Mention("c", item) if isinstance(item, str) else Mention(*item) for item in words]


def found(placements: Placements) -> list[tuple[str, Span, Placed]]:
    return [(category, spot.span, spot.placed) for category, spot in placements.spots]


# The fourteen cases that aligners were compared on.


def test_ann_is_not_found_inside_annapolis() -> None:
    text = "Annapolis hired Ann"
    assert found(place(text, of("Ann"))) == [("c", Span(16, 19), EXACT)]


@pytest.mark.parametrize("order", [("LOC", "PER"), ("PER", "LOC")])
def test_the_same_words_under_two_categories_get_a_place_each(order: tuple[str, str]) -> None:
    text = "Paris Hilton flew to Paris"
    answer = place(text, [Mention(category, "Paris") for category in order])
    assert found(answer) == [("PER", Span(0, 5), AMBIGUOUS), ("LOC", Span(21, 26), AMBIGUOUS)]
    assert [(spot.place, spot.places) for _, spot in answer.spots] == [(1, 2), (2, 2)]


def test_words_answered_once_are_suggested_wherever_they_stand() -> None:
    text = "Acme sued Acme and Acme won"
    answer = place(text, of("Acme"))
    assert found(answer) == [("c", the(text, "Acme", nth), AMBIGUOUS) for nth in (1, 2, 3)]
    assert [(spot.place, spot.places) for _, spot in answer.spots] == [(1, 3), (2, 3), (3, 3)]


def test_words_answered_more_often_than_they_stand_there_are_one_span() -> None:
    answer = place("Acme won", of("Acme", "Acme", "Acme"))
    assert found(answer) == [("c", Span(0, 4), EXACT)]
    assert [item.repeats for item in answer.items] == [False, True, True]
    assert answer.to_place == ()


def test_another_case_is_found() -> None:
    assert found(place("acme corp won", of("Acme Corp"))) == [("c", Span(0, 9), FOLDED)]


def test_us_does_not_match_us_in_small_letters() -> None:
    text = "US troops joined us"
    for answer in (of("US"), of("US", "US")):
        assert found(place(text, answer)) == [("c", Span(0, 2), EXACT)]


def test_other_quotes_are_found() -> None:
    assert found(place("Liam O’Neil left", of("Liam O'Neil"))) == [("c", Span(0, 11), FOLDED)]


def test_words_across_a_line_end_are_found() -> None:
    assert found(place("New\n  York", of("New York"))) == [("c", Span(0, 10), FOLDED)]


def test_letters_that_grow_in_small_case_shift_nothing() -> None:
    text = "İİİ bankası Ankara'da Ali Koç"
    assert found(place(text, of("Ali Koç", "Ankara", "İİİ"))) == [
        ("c", Span(0, 3), EXACT),
        ("c", the(text, "Ankara"), EXACT),
        ("c", Span(22, 29), EXACT),
    ]


def test_words_are_found_in_a_script_without_spaces() -> None:
    assert found(place("田中さんは東京にいる", of("東京"))) == [("c", Span(5, 7), EXACT)]


def test_emoji_count_as_one_code_point_each() -> None:
    assert found(place("😀😀 call Bob now", of("Bob"))) == [("c", Span(8, 11), EXACT)]


def test_commas_and_points_belong_to_a_name() -> None:
    text = "Paid Acme, Inc. today"
    assert found(place(text, of("Acme, Inc."))) == [("c", the(text, "Acme, Inc."), EXACT)]


def test_what_the_text_does_not_say_is_left_to_place() -> None:
    (item,) = place("Acme paid Bob today", of("Contoso Ltd")).to_place
    assert (item.mention.words, item.spots, item.candidates) == ("Contoso Ltd", (), ())


def test_an_abbreviation_is_offered_for_what_it_stands_for_but_not_placed() -> None:
    text = "The IRS wrote; the Internal Revenue Service answered"
    only_short, only_long = text[:14], text[14:]
    (item,) = place(only_short, of("Internal Revenue Service")).items
    assert (item.spots, item.candidates) == ((), (Span(4, 7),))
    (item,) = place(only_long, of("IRS")).items
    assert (item.spots, item.candidates) == ((), (the(only_long, "Internal Revenue Service"),))


# Which occurrence.


def test_the_longest_words_take_their_place_first() -> None:
    text = "Paris Hilton flew to Paris"
    for answer in (
        of(("LOC", "Paris"), ("PER", "Paris Hilton")),
        of(("PER", "Paris Hilton"), ("LOC", "Paris")),
    ):
        assert found(place(text, answer)) == [("PER", Span(0, 12), EXACT), ("LOC", Span(21, 26), EXACT)]


def test_context_says_which_occurrence_is_meant() -> None:
    text = "Paris Hilton flew to Paris"
    answer = [Mention("LOC", "Paris", before="flew to"), Mention("PER", "Paris", after="Hilton flew")]
    assert found(place(text, answer)) == [("PER", Span(0, 5), EXACT), ("LOC", Span(21, 26), EXACT)]


@pytest.mark.parametrize(
    ("before", "after"), [("sued", ""), ("SUED  ", ""), ("", "— and"), ("acme sued", "and")]
)
def test_context_is_compared_without_case_space_and_punctuation(before: str, after: str) -> None:
    text = "Acme sued Acme and Acme won"
    assert found(place(text, [Mention("c", "Acme", before, after)])) == [("c", Span(10, 14), EXACT)]


def test_context_that_stands_nowhere_says_nothing() -> None:
    text = "Acme sued Acme"
    answer = place(text, [Mention("c", "Acme", "completely", "different")])
    assert found(answer) == [("c", Span(0, 4), AMBIGUOUS), ("c", Span(10, 14), AMBIGUOUS)]


def test_context_that_agrees_in_an_ending_by_chance_says_nothing() -> None:
    text = "He was walking Acme home and Acme won"
    answer = place(text, [Mention("c", "Acme", before="by suing")])
    assert [spot.placed for _, spot in answer.spots] == [AMBIGUOUS, AMBIGUOUS]


def test_context_that_is_mostly_right_says_which_occurrence_is_meant() -> None:
    text = "the seller Acme pays; the purchaser Acme is paid"
    answer = place(text, [Mention("c", "Acme", before="then that purchaser")])
    assert found(answer) == [("c", the(text, "Acme", 2), EXACT)]


def test_an_ordinal_says_which_occurrence_is_meant() -> None:
    text = "Acme sued Acme and Acme won"
    assert found(place(text, [Mention("c", "Acme", occurrence=2)])) == [("c", Span(10, 14), EXACT)]


@pytest.mark.parametrize("occurrence", [-1, 0, 4, 10**30])
def test_an_ordinal_without_an_occurrence_says_nothing(occurrence: int) -> None:
    answer = place("Acme sued Acme and Acme won", [Mention("c", "Acme", occurrence=occurrence)])
    assert [spot.placed for _, spot in answer.spots] == [AMBIGUOUS] * 3


def test_equal_ordinals_say_nothing() -> None:
    text = "Acme sued Acme"
    answer = place(text, [Mention("c", "Acme", occurrence=1), Mention("c", "Acme", occurrence=1)])
    assert found(answer) == [("c", Span(0, 4), EXACT), ("c", Span(10, 14), EXACT)]


def test_what_is_left_by_those_with_context_is_certain() -> None:
    text = "Acme sued Acme"
    answer = place(text, [Mention("a", "Acme"), Mention("b", "Acme", after="sued")])
    assert found(answer) == [("b", Span(0, 4), EXACT), ("a", Span(10, 14), EXACT)]


def test_the_order_of_the_answer_tells_where_it_follows_the_text() -> None:
    text = "Jordan, says Ann, is dry. Bob, you know, met jordan; Jordan was late, Cid says."
    answer = of(("p", "Ann"), ("p", "Bob"), ("x", "Jordan"), ("y", "Cid"))
    assert ("x", the(text, "Jordan", 2), AMBIGUOUS) in found(place(text, answer))
    both = of(("y", "Jordan"), ("p", "Ann"), ("p", "Bob"), ("x", "Jordan"), ("p", "Cid"))
    assert [category for category, span, _ in found(place(text, both)) if span.length == 6] == ["y", "x"]
    listed = of(("p", "Cid"), ("p", "Bob"), ("p", "Ann"), ("y", "Jordan"), ("x", "Jordan"))
    assert len([1 for _, span, placed in found(place(text, listed)) if placed is AMBIGUOUS]) == 2


def test_one_place_under_two_categories_goes_to_the_first_and_the_other_is_left_to_place() -> None:
    answer = place("Acme won", of(("a", "Acme"), ("b", "Acme")))
    assert found(answer) == [("a", Span(0, 4), AMBIGUOUS)]
    assert [(item.mention.category, item.candidates) for item in answer.to_place] == [("b", (Span(0, 4),))]


def test_words_inside_longer_ones_that_were_answered_are_left_to_place() -> None:
    text = "the Bank of America paid"
    answer = place(text, of(("ORG", "Bank of America"), ("LOC", "America")))
    assert found(answer) == [("ORG", Span(4, 19), EXACT)]
    assert [item.candidates for item in answer.to_place] == [(Span(12, 19),)]


def test_words_that_stand_nearly_everywhere_are_not_suggested_everywhere() -> None:
    (item,) = place("Acme " * (MOST_PLACES + 1), of("Acme")).to_place
    assert item.candidates[:2] == (Span(0, 4), Span(5, 9))
    assert (
        len(place("Acme " * (MOST_PLACES + 1), of("Acme", *["Acme"] * MOST_PLACES)).spots) == MOST_PLACES + 1
    )
    assert place("one. two. three.", of(".")).spots == ()
    assert place("東京。大阪。", of("。")).spots == ()
    assert len(place("😀 and 😀", of("😀")).spots) == 2


def test_an_occurrence_in_another_case_is_taken_when_it_is_answered_too() -> None:
    text = "ACME AGREEMENT. Acme pays."
    assert found(place(text, of("Acme"))) == [("c", Span(16, 20), EXACT)]
    assert found(place(text, of("Acme", "Acme"))) == [("c", Span(0, 4), FOLDED), ("c", Span(16, 20), EXACT)]


# What counts as the same words.


@pytest.mark.parametrize(
    ("text", "words", "raw"),
    [
        ("see caf\u00e9 x", "cafe\u0301", "caf\u00e9"),
        ("see cafe\u0301 x", "caf\u00e9", "cafe\u0301"),
        ("a ﬁle x", "file", "ﬁle"),
        ("the Straße x", "STRASSE", "Straße"),
        ("in İstanbul x", "istanbul", "İstanbul"),
        ("„Acme“ x", '"Acme"', "„Acme“"),
        ("2010–2015 x", "2010-2015", "2010–2015"),
        ("a\r\nb\tc x", "a b c", "a\r\nb\tc"),
        ("10\u00a0kg x", "10 kg", "10\u00a0kg"),
        ("ＡＢＣ社 x", "ABC社", "ＡＢＣ社"),
        ("東\r\n京 x", "東京", "東\r\n京"),
        ("Borro\u00adwer x", "Borrower", "Borro\u00adwer"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8 x", "한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("I ❤\ufe0f it", "❤", "❤\ufe0f"),
        ("می\u200cخواهم x", "میخواهم", "می\u200cخواهم"),
    ],
)
def test_folded_words_cut_the_raw_text_at_its_own_characters(text: str, words: str, raw: str) -> None:
    assert found(place(text, of(words))) == [("c", the(text, raw), FOLDED)]


@settings(max_examples=300)
@given(st.text(st.sampled_from("aB7`'\"-. \t\n\r\v\f"), max_size=20), st.booleans())
def test_a_text_of_plain_characters_is_folded_as_beside_others(text: str, case: bool) -> None:
    # The letter at the end has the text read a cluster at a time.
    alone, beside = fold(text, case=case), fold(f"{text}é", case=case)
    assert f"{alone.text}é" == beside.text
    assert [*alone.starts, len(text)] == list(beside.starts)
    assert [*alone.ends, len(text) + 1] == list(beside.ends)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Annapolis", "Ann"),
        ("cafe\u0301s", "caf"),
        ("e\u0301", "\u0301"),
        ("👨\u200d👩\u200d👧", "👨"),
        ("👍🏽", "👍"),
        ("🇫🇷🇩🇪", "🇷🇩"),
        ("ﬁle", "f"),
        ("623,463.00", "463"),
        ("5.25", "5"),
        ("it was", "IT"),
        ("शर्मा", "शर"),
        ("Section 12(b)", "Section 12(a)"),
        ("in 2019", "2018"),
        ("chapter 1, 5 pages", "1.5"),
        ("met Maria", "Marta"),
        ("Contoso Inc", "Contoso Ltd"),
        ("Austin", "Justin"),
        ("hired\x00", "\x00"),
    ],
)
def test_what_the_text_does_not_say_is_not_placed(text: str, words: str) -> None:
    answer = place(text, of(words))
    assert answer.spots == ()
    assert len(answer.to_place) == 1


@pytest.mark.parametrize(
    ("text", "words", "raw"),
    [
        ("Microsoft paid", "Microsft", "Microsoft"),
        ("Amount: $ 1,000.00 or $1,000.000", "$1,000.00", "$ 1,000.00"),
        ("Of 1,000.00 only $ 1,000.00", "$1,000.00", "$ 1,000.00"),
        ("Rate of 5 % a year", "5%", "5 %"),
        ("Liam Smyth paid", "Liam Smith", "Liam Smyth"),
        ("Ali Koç paid", "Ali Koc", "Ali Koç"),
        ("an exam-\nple of", "example", "exam-\nple"),
        ("Acme won", '"Acme".', "Acme"),
        ("שָׁלוֹם עולם", "שלום", "שָׁלוֹם"),
        ("the e-mail came", "email", "e-mail"),
    ],
)
def test_words_that_are_nearly_there_are_fuzzy(text: str, words: str, raw: str) -> None:
    assert found(place(text, of(words))) == [("c", the(text, raw), FUZZY)]


def test_nearly_the_same_words_are_not_placed_unless_one_place_wins() -> None:
    for text in ("Janssen and Jansson", "Janssen and Janssen"):
        (item,) = place(text, of("Jansson" if text == "Janssen and Janssen" else "Janssin")).to_place
        assert item.candidates == (Span(0, 7), Span(12, 19))
    hinted = place("Janssen and Janssen", [Mention("c", "Jansson", before="and")])
    assert found(hinted) == [("c", Span(12, 19), FUZZY)]
    assert found(place("Daniela came", of("Daniela", "Daniel"))) == [("c", Span(0, 7), EXACT)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("회의는 서울에서", "서울"),
        ("گفت والكتاب", "الكتاب"),
        ("הוא גר בישראל", "ישראל"),
        ("weighs 10kg", "10"),
        ("read Ann_report", "Ann"),
        ("Anglo-French", "French"),
        ("Ann's", "Ann"),
        ("กรุงเทพมหานคร", "กรุงเทพ"),
        ("BTS가", "BTS"),
    ],
)
def test_words_are_parted_as_their_writers_part_them(text: str, words: str) -> None:
    assert found(place(text, of(words))) == [("c", the(text, words), EXACT)]


def test_a_word_of_its_own_is_preferred_to_one_that_is_less_well_parted() -> None:
    assert found(place("10kg or 10 boxes", of("10"))) == [("c", Span(8, 10), EXACT)]
    assert found(place("アンナとアン", of("アン"))) == [("c", Span(4, 6), EXACT)]


# Odd input.


@pytest.mark.parametrize("words", ["", " ", "\n\t\u3000"])
def test_words_that_say_nothing_are_neither_placed_nor_left_to_place(words: str) -> None:
    answer = place("a b", of(words, "a"))
    assert found(answer) == [("c", Span(0, 1), EXACT)]
    assert answer.to_place == ()
    assert len(answer.items) == 2


@pytest.mark.parametrize("text", ["", " ", "\r\n", "\x00\x1b[31m", "\ud800", "\u0301", "\u200d", "\ufeff"])
@pytest.mark.parametrize(
    "words", ["Acme", "a" * 5000, "\x1b[31m", "\ud800", "\u0301", "\u200d", ".", "\ufeff"]
)
def test_odd_text_and_words_end_in_a_placement(text: str, words: str) -> None:
    answer = place(text, of(words))
    assert len(answer.items) == 1
    assert all(spot.span.end <= len(text) for _, spot in answer.spots)


def test_mentions_that_stand_within_each_other_share_the_text() -> None:
    text = "New York City Council met in New York City, New York"
    answer = place(text, of("New", "New York", "New York City", "New York City Council", "York"))
    assert [text[span.start : span.end] for _, span, _ in found(answer)] == [
        "New York City Council",
        "New York City",
        "New York",
    ]
    assert [item.mention.words for item in answer.to_place] == ["New", "York"]


def test_a_thousand_equal_mentions_are_one_span_each_place() -> None:
    answer = place("Acme and Acme", of(*["Acme"] * 1000))
    assert found(answer) == [("c", Span(0, 4), EXACT), ("c", Span(9, 13), EXACT)]
    assert answer.to_place == ()


def test_likely_places_are_those_that_placing_offers() -> None:
    text = "Annapolis paid the IRS, and Ann was there"
    assert likely_places(text, "Internal Revenue Service") == (the(text, "IRS"),)
    assert likely_places(text, "Ann") == (the(text, "Ann", 2), Span(0, 3))
    assert likely_places(text, "  ") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 50_000, ["a" * n for n in range(1, 200)]),
        ("a " * 25_000, ["a " * n for n in range(1, 200)]),
        ("e" + "\u0301\u0323" * 30_000, ["e" + "\u0301" * n for n in range(400)]),
        ("Acme won. " * 5_000, ["Acme"] * 2_000),
        ("abcdef " * 8_000, [f"abcdeg x{n}" for n in range(1_000)]),
    ],
    ids=["one word", "one letter", "marks", "one name", "nearly"],
)
def test_monotonous_texts_and_answers_take_no_longer_than_their_length(text: str, words: list[str]) -> None:
    # Processor time, not the clock: quadratic work would take minutes, linear work a second or two.
    began = time.process_time()
    answer = place(text, [Mention("c", item, before=f"x{n}") for n, item in enumerate(words)])
    assert time.process_time() - began < 30
    assert len(answer.items) == len(words)


PIECES = [
    "Ann",
    "ann",
    "Annapolis",
    "Acme",
    "US",
    "us",
    "é",
    "e\u0301",
    "İ",
    "ß",
    "O’Neil",
    "O'Neil",
    " ",
    " ",
    "\r\n",
    "\u00a0",
    ".",
    ",",
    "“",
    '"',
    "-",
    "–",
    "東京",
    "東",
    "ไทย",
    "שָׁלוֹם",
    "हिन्दी",
    "한국",
    "\u1112\u1161",
    "\u0301",
    "👨\u200d👩\u200d👧",
    "👍🏽",
    "🇫🇷",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\x00",
    "\ud800",
    "ﬁ",
    "1",
    "1.5",
    "10kg",
]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40)
some_mentions = st.lists(
    st.builds(
        Mention,
        st.sampled_from("ab"),
        st.lists(st.sampled_from(PIECES), max_size=3).map("".join) | st.text(max_size=5),
        texts,
        texts,
        st.none() | st.integers(-1, 5),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=texts, mentions=some_mentions)
def test_whatever_is_asked_spans_are_apart_whole_and_say_what_was_answered(
    text: str, mentions: list[Mention]
) -> None:
    answer = place(text, mentions)
    assert [item.mention for item in answer.items] == mentions
    spans = [spot.span for _, spot in answer.spots]
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for item in answer.items:
        assert not (item.spots and item.candidates)
        for span in (*item.candidates, *(spot.span for spot in item.spots)):
            assert span.end <= len(text)
            assert span.end == len(text) or not unicodedata.combining(text[span.end])
        for spot in item.spots:
            assert 1 <= spot.place <= spot.places
            raw = text[spot.span.start : spot.span.end]
            if spot.placed is Placed.EXACT:
                assert raw == item.mention.words.strip()
            elif spot.placed is Placed.AMBIGUOUS:
                assert loose(raw) == loose(item.mention.words)


def loose(words: str) -> str:
    """Letters and figures alone, without case and compatibility forms."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", words).casefold())
    return "".join(character for character in folded if character.isalnum())
