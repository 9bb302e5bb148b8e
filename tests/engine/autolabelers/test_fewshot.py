from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.prompts.fewshot import OVERHEAD, FewShot
from tui_labeler.engine.autolabelers.prompts.passages import Passage, passages

ALL = frozenset("abcdef")


def quarter(text: str) -> int:
    return -(-len(text) // 4)


def passage(document: int, text: str, *categories: str) -> Passage:
    return Passage(document, 0, text, tuple((category, Span(0, 3)) for category in categories))


def cost(found: tuple[Passage, ...]) -> int:
    return sum(quarter(one.text) + OVERHEAD * (1 + len(one.annotations)) for one in found)


# --- passages ---------------------------------------------------------------------------------------


def test_a_document_is_parted_at_sentences_with_its_labels() -> None:
    text = "Ann met Bob. It rained. " * 2
    found = passages(ProjectKind.ENTITIES, 4, text, [("a", Span(24, 27)), ("x", Span(0, 3))], ALL, len, 12)
    assert [(one.start, one.text, one.annotations) for one in found] == [
        (0, "Ann met Bob.", ()),
        (13, "It rained.", ()),
        (24, "Ann met Bob.", (("a", Span(0, 3)),)),
        (37, "It rained.", ()),
    ]
    assert {one.document for one in found} == {4}


def test_a_label_over_a_sentence_s_end_is_kept_whole_or_left_out() -> None:
    text = "Seen by Dr. Ann Lee today. It rained."
    spans = [("a", Span(8, 19))]
    (first, second) = passages(ProjectKind.ENTITIES, 1, text, spans, ALL, len, 30)
    assert first.text == "Seen by Dr. Ann Lee today."
    assert first.text[first.annotations[0][1].start : first.annotations[0][1].end] == "Dr. Ann Lee"  # type: ignore[union-attr]
    assert second.text == "It rained."
    assert [one.text for one in passages(ProjectKind.ENTITIES, 1, text, spans, ALL, len, 20)] == [
        "It rained."
    ]


planted = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), max_size=8)


@given(st.text("ab. \n", min_size=1, max_size=200), planted, st.integers(1, 60))
def test_labels_stand_on_their_words_and_none_is_cut(
    text: str, places: list[tuple[int, int]], longest: int
) -> None:
    spans = [("a", Span(start, min(len(text), start + size))) for start, size in places if start < len(text)]
    found = passages(ProjectKind.ENTITIES, 1, text, spans, ALL, len, longest)
    for one in found:
        assert one.text == text[one.start : one.start + len(one.text)]
        assert len(one.text) <= longest
        inside = [s for _, s in spans if s.start < one.start + len(one.text) and s.end > one.start]
        held = sorted(Span(s.start + one.start, s.end + one.start) for _, s in one.annotations if s)
        assert held == sorted(inside)


def test_a_classified_document_shows_its_beginning() -> None:
    text = "One is here. Two is there. Three is gone."
    labels = [("b", None), ("a", None), ("x", None)]
    (found,) = passages(ProjectKind.MULTI_LABEL, 1, text, labels, ALL, len, 30)
    assert (found.text, found.annotations) == ("One is here. Two is there.", (("a", None), ("b", None)))
    assert passages(ProjectKind.SINGLE_LABEL, 1, text, [("x", None)], ALL, len, 30) == []
    (none,) = passages(ProjectKind.MULTI_LABEL, 1, text, [], ALL, len, 30)
    assert none.annotations == ()


# --- the choice -------------------------------------------------------------------------------------

RAIN = "It rained in the hills all day long."
LOAN = "The borrower shall repay the loan in full."
SHIP = "The ship left the harbour before dawn."


def test_every_category_is_shown_before_one_is_shown_again() -> None:
    pool = [passage(n, f"{RAIN} Number {n} of many.", "a") for n in range(20)]
    pool += [passage(30, LOAN, "b"), passage(31, SHIP, "c")]
    found = FewShot(pool, quarter).for_job(10_000, 3)
    assert {category for one in found for category in one.categories} == {"a", "b", "c"}


def test_one_in_four_names_nothing_where_there_are_such() -> None:
    pool = [passage(n, f"{LOAN} Clause {n} holds.", "a") for n in range(9)]
    pool += [passage(20 + n, f"{RAIN} Day {n} of it.") for n in range(9)]
    found = FewShot(pool, quarter).for_job(10_000, 8)
    assert sum(not one.annotations for one in found) == 2
    assert found[0].annotations


def test_like_passages_are_chosen_for_like_texts() -> None:
    pool = [passage(1, RAIN, "a"), passage(2, LOAN, "a"), passage(3, SHIP, "a")]
    shots = FewShot(pool, quarter)
    assert shots.for_job(1000, 1, like=["Will the borrower repay?"])[0].document == 2
    assert shots.for_job(1000, 1, like=["A ship in the harbour", "ships leave harbours"])[0].document == 3


def test_what_says_the_same_is_not_shown_twice() -> None:
    pool = [passage(1, LOAN, "a"), passage(2, LOAN.upper(), "a"), passage(3, RAIN, "a")]
    assert len(FewShot(pool, quarter).for_job(1000, 3)) == 2


def test_passages_of_excluded_documents_are_never_shown() -> None:
    pool = [passage(1, RAIN, "a"), passage(2, LOAN, "b"), passage(3, SHIP, "c")]
    shots = FewShot(pool, quarter, excluded=frozenset({3}))
    assert {one.document for one in shots.for_job(1000, 9)} == {1, 2}


def test_nothing_to_choose_from_is_no_example() -> None:
    assert FewShot([], quarter).for_job(1000, 5, like=["text"]) == ()
    assert FewShot([passage(1, "Short.", "a")], quarter).for_job(1000, 5) == ()


drawn = st.lists(
    st.builds(
        passage, st.integers(1, 5), st.text("abc de.", min_size=25, max_size=60), st.sampled_from("abc")
    ),
    max_size=12,
)


@given(drawn, st.integers(0, 300), st.integers(0, 6), st.randoms(use_true_random=False))
def test_a_choice_fits_and_does_not_hang_on_order(
    pool: list[Passage], budget: int, most: int, chance: random.Random
) -> None:
    # The first of equal words stays, and documents have one passage at a place.
    pool = list({(one.document, one.start): one for one in pool}.values())
    found = FewShot(pool, quarter).for_job(budget, most, like=["abc"])
    shuffled = list(pool)
    chance.shuffle(shuffled)
    assert FewShot(shuffled, quarter).for_job(budget, most, like=["abc"]) == found
    assert len(found) <= most
    assert cost(found) <= budget
    assert set(found) <= set(pool)


@pytest.mark.parametrize("number", [8_000])
def test_many_passages_take_no_more_than_moments(number: int) -> None:
    chance = random.Random(3)
    words = ["loan", "ship", "rain", "bank", "harbour", "borrower", "dawn", "clause", "hill", "repay"]
    pool = [
        passage(n, " ".join(chance.choices(words, k=40)) + f" {n}", chance.choice("abc"))
        for n in range(number)
    ]
    began = time.process_time()
    assert len(FewShot(pool, quarter).for_job(2000, 8, like=["loan"] * 20)) == 8
    assert time.process_time() - began < 10


def test_a_rare_category_is_shown_among_very_many_passages() -> None:
    pool = [passage(n, f"{LOAN} Clause {n} holds for all of them.", "a") for n in range(5000)]
    pool.append(passage(9000, SHIP, "b"))
    found = FewShot(pool, quarter).for_job(1000, 2)
    assert {category for one in found for category in one.categories} == {"a", "b"}
