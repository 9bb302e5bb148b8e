"""Two readings against each other: pairings, F1, kappa."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.agreement import Outcome, Pairing, agreement, kappa, pairings
from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import Annotation
from tui_labeler.domain.projects import ProjectKind

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL

ANNOTATIONS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.tuples(st.integers(0, 20), st.integers(1, 6)).map(lambda at: Span(at[0], at[0] + at[1])),
    ),
    max_size=8,
)


def test_each_way_to_differ_has_its_name() -> None:
    first: list[Annotation] = [
        ("a", Span(0, 4)),
        ("a", Span(10, 14)),
        ("a", Span(20, 24)),
        ("a", Span(30, 34)),
        ("a", Span(40, 44)),
    ]
    second: list[Annotation] = [
        ("a", Span(0, 4)),
        ("b", Span(10, 14)),
        ("a", Span(20, 26)),
        ("b", Span(32, 36)),
        ("b", Span(50, 54)),
    ]
    assert [line.outcome for line in pairings(NER, first, second)] == [
        Outcome.SAME,
        Outcome.OTHER_CATEGORY,
        Outcome.OTHER_ENDS,
        Outcome.OTHER_BOTH,
        Outcome.FIRST_ONLY,
        Outcome.SECOND_ONLY,
    ]


def test_what_is_at_the_very_same_place_is_paired_before_what_only_meets() -> None:
    lines = pairings(NER, [("a", Span(0, 5))], [("a", Span(0, 9)), ("b", Span(0, 5))])
    assert set(lines) == {
        Pairing(Outcome.OTHER_CATEGORY, ("a", Span(0, 5)), ("b", Span(0, 5))),
        Pairing(Outcome.SECOND_ONLY, None, ("a", Span(0, 9))),
    }


def test_classes_of_a_document_with_many_are_independent() -> None:
    first: list[Annotation] = [("a", None), ("b", None)]
    second: list[Annotation] = [("a", None), ("c", None)]
    assert [line.outcome for line in pairings(MULTI, first, second)] == [
        Outcome.SAME,
        Outcome.FIRST_ONLY,
        Outcome.SECOND_ONLY,
    ]
    assert [line.outcome for line in pairings(SINGLE, first[1:], second[1:])] == [Outcome.OTHER_CATEGORY]


@given(ANNOTATIONS, ANNOTATIONS)
def test_every_annotation_stands_in_one_pairing(first: list[Annotation], second: list[Annotation]) -> None:
    lines = pairings(NER, first, second)
    assert sorted(line.first for line in lines if line.first) == sorted(set(first))
    assert sorted(line.second for line in lines if line.second) == sorted(set(second))


@given(ANNOTATIONS, ANNOTATIONS)
def test_agreement_is_the_same_whichever_reading_comes_first(
    first: list[Annotation], second: list[Annotation]
) -> None:
    one = agreement(NER, [pairings(NER, first, second)])
    other = agreement(NER, [pairings(NER, second, first)])
    assert one.f1 == other.f1
    assert one.agreeing == other.agreeing == int(set(first) == set(second))


def test_figures_add_up_over_documents() -> None:
    found = agreement(
        NER,
        [
            pairings(NER, [("a", Span(0, 4)), ("b", Span(6, 8))], [("a", Span(0, 4)), ("b", Span(6, 9))]),
            pairings(NER, [("a", Span(0, 4))], [("a", Span(0, 4))]),
            pairings(NER, [], []),
        ],
    )
    assert (found.documents, found.agreeing) == (3, 2)
    assert found.outcomes == {Outcome.SAME: 2, Outcome.OTHER_ENDS: 1}
    assert found.f1 == pytest.approx(2 / 3)
    assert found.categories["a"].f1 == 1
    assert found.kinds["b"] == {Outcome.OTHER_ENDS: 1}
    assert agreement(NER, []).f1 is None


def test_kappa_is_cohens() -> None:
    # The worked example of 50 grant proposals: observed 0.7, by chance 0.5.
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("a", "a"), ("a", "a")]) is None
    assert kappa([]) is None


def test_a_document_that_one_gives_no_class_is_a_disagreement_of_kappa() -> None:
    a: list[Annotation] = [("a", None)]
    found = agreement(SINGLE, [pairings(SINGLE, a, a), pairings(SINGLE, a, [])])
    assert found.kappa == pytest.approx(0.0)
