"""Units and values of two readings, and Cohen's kappa, held against scikit-learn."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import NONE
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.reliability import YES, Sides, cohens_kappa, of_class, values_of

ENTITIES, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def spans(*found: tuple[str, int, int]) -> tuple[tuple[str, Span], ...]:
    return tuple((category, Span(start, end)) for category, start, end in found)


def test_each_character_of_a_text_is_a_unit_with_the_category_of_its_span() -> None:
    sides = Sides(spans(("p", 0, 4), ("t", 8, 10)), spans(("p", 2, 4), ("p", 8, 12)), 20)
    assert values_of(ENTITIES, [sides], ["p", "t"]) == {
        ("p", NONE): 2,
        ("p", "p"): 2,
        ("t", "p"): 2,
        (NONE, "p"): 2,
        (NONE, NONE): 12,
    }


def test_what_lies_outside_the_text_or_overlaps_counts_for_nothing() -> None:
    sides = Sides(spans(("p", 0, 4), ("t", 2, 6), ("t", 8, 30)), (), 10)
    assert values_of(ENTITIES, [sides], ["p", "t"]) == {("p", NONE): 4, (NONE, NONE): 6}


def test_classes_are_compared_a_document_or_a_class_of_a_document_at_a_time() -> None:
    both = [
        Sides((("a", None),), (("a", None),), 5),
        Sides((("a", None),), (), 5),
        Sides((("a", None), ("b", None)), (("b", None),), 5),
    ]
    assert values_of(SINGLE, both[:2], ["a", "b"]) == {("a", "a"): 1, ("a", NONE): 1}
    assert values_of(MULTI, both, ["a", "b"]) == {(YES, YES): 2, (YES, NONE): 2, (NONE, NONE): 2}
    assert of_class(both, "b") == {(NONE, NONE): 2, (YES, YES): 1}


cut = st.lists(st.integers(0, 60), min_size=2, max_size=10, unique=True).map(sorted)
side = st.builds(
    lambda edges, names: tuple(
        (name, Span(start, end)) for start, end, name in zip(edges[::2], edges[1::2], names, strict=False)
    ),
    cut,
    st.lists(st.sampled_from("pt"), min_size=5, max_size=5),
)
document = st.builds(Sides, side, side, st.integers(0, 70))


def character_by_character(documents: list[Sides], every: int) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    number = 0
    for sides in documents:
        for place in range(sides.characters):
            if number % every == 0:
                known = [
                    {c: s for c, s in of if s and s.end <= sides.characters and s.start <= place < s.end}
                    for of in (sides.first, sides.second)
                ]
                one, other = (next(iter(here), NONE) for here in known)
                found[one, other] += 1
            number += 1
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(document, max_size=4), st.integers(1, 7))
def test_stretches_count_as_the_characters_in_them(documents: list[Sides], every: int) -> None:
    assert values_of(ENTITIES, documents, ["p", "t"], every=every) == character_by_character(documents, every)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    found = cohens_kappa(Counter(pairs))
    if len({name for pair in pairs for name in pair}) == 1:
        assert found is None
        return
    ones, others = zip(*pairs, strict=True)
    wanted = cohen_kappa_score(ones, others)
    if math.isnan(wanted):
        assert found is None
    else:
        assert found == pytest.approx(wanted)


def test_kappa_of_nothing_is_nothing() -> None:
    assert cohens_kappa({}) is None
