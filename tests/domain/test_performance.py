from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import (
    NONE,
    Annotation,
    Counts,
    guidance,
    measure,
)

# Under its own name pytest would take it for a test.
from tui_labeler.domain.performance import TestedDocument as Pair
from tui_labeler.domain.projects import ProjectKind

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def document(actual: list[Annotation], predicted: list[Annotation]) -> Pair:
    return Pair("a.txt", tuple(actual), tuple(predicted))


def at(category: str, start: int, end: int) -> Annotation:
    return category, Span(start, end)


def classes(actual: str, predicted: str) -> Pair:
    """Classes by their initials."""
    return document([(name, None) for name in actual], [(name, None) for name in predicted])


def test_the_service_s_worked_example_of_entities() -> None:
    # Three people and two cities; a city is taken for a person and a person for a city.
    labels = [
        at("Person", 0, 10),
        at("Person", 20, 30),
        at("Person", 40, 50),
        at("City", 60, 70),
        at("City", 80, 90),
    ]
    found = [
        at("Person", 0, 10),
        at("City", 20, 30),
        at("Person", 40, 50),
        at("Person", 60, 70),
        at("City", 80, 90),
    ]
    performance = measure(NER, [document(labels, found)])
    assert performance.per_category == {"City": Counts(1, 1, 1), "Person": Counts(2, 1, 1)}
    person = performance.per_category["Person"]
    assert (person.precision, person.recall, person.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    total = performance.total
    assert (total.precision, total.recall, total.f1) == pytest.approx((0.6, 0.6, 0.6))
    assert performance.confusion == {"Person": {"Person": 2, "City": 1}, "City": {"City": 1, "Person": 1}}


def test_the_service_s_worked_example_of_many_classes_by_its_formulas() -> None:
    # a(ction), c(omedy), r(omance); the page's own figures for this are not what its formulas give.
    performance = measure(
        MULTI,
        [classes("ac", "c"), classes("a", "a"), classes("r", "r"), classes("rc", "r"), classes("c", "a")],
    )
    assert performance.per_category == {"a": Counts(1, 1, 1), "c": Counts(1, 0, 2), "r": Counts(2, 0, 0)}
    comedy = performance.per_category["c"]
    assert (comedy.precision, comedy.recall, comedy.f1) == pytest.approx((1, 1 / 3, 0.5))
    assert performance.total == Counts(4, 1, 3)
    assert performance.total.precision == pytest.approx(4 / 5)
    assert performance.total.recall == pytest.approx(4 / 7)
    assert performance.total.f1 == pytest.approx(0.667, abs=0.001)
    assert performance.macro_f1 == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert performance.confusion == {}


def test_the_micro_and_macro_figures_of_the_interface_s_example() -> None:
    # 46 right of 49 predicted and 48 labeled give an F1 of 92/97.
    counts = Counts(46, 3, 2)
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx((46 / 49, 46 / 48, 92 / 97))
    assert counts.support == 48


def test_a_single_label_miss_is_one_false_positive_and_one_false_negative() -> None:
    performance = measure(SINGLE, [classes("a", "a"), classes("b", "a"), classes("b", "b"), classes("c", "")])
    assert performance.per_category == {"a": Counts(1, 1, 0), "b": Counts(1, 0, 1), "c": Counts(0, 0, 1)}
    assert performance.confusion == {"a": {"a": 1}, "b": {"a": 1, "b": 1}, "c": {NONE: 1}}


def test_a_span_is_right_only_with_its_exact_boundaries() -> None:
    performance = measure(NER, [document([at("A", 0, 10)], [at("A", 0, 9)])])
    assert performance.per_category == {"A": Counts(0, 1, 1)}
    assert performance.confusion == {"A": {NONE: 1}, NONE: {"A": 1}}


def test_a_missed_label_is_taken_for_what_covers_most_of_it_and_only_once() -> None:
    performance = measure(
        NER,
        [document([at("A", 0, 10), at("C", 20, 22)], [at("B", 0, 3), at("D", 3, 10), at("C", 20, 22)])],
    )
    assert performance.confusion == {"A": {"D": 1}, "C": {"C": 1}, NONE: {"B": 1}}


def test_what_meets_nothing_goes_to_the_none_line() -> None:
    performance = measure(NER, [document([at("A", 0, 5)], [at("B", 10, 15)])])
    assert performance.confusion == {"A": {NONE: 1}, NONE: {"B": 1}}


def test_the_same_span_in_two_documents_counts_twice() -> None:
    tested = document([at("A", 0, 5)], [at("A", 0, 5)])
    assert measure(NER, [tested, tested]).total == Counts(2, 0, 0)


def test_with_nothing_to_measure_the_model_s_figures_are_none() -> None:
    performance = measure(NER, [])
    assert performance.per_category == {}
    assert (performance.total.precision, performance.total.recall, performance.total.f1) == (0, 0, 0)
    assert (performance.precision, performance.recall, performance.f1, performance.macro_f1) == (None,) * 4


some = st.lists(
    st.builds(
        lambda category, start, length: at(category, start, start + length),
        st.sampled_from("ABC"),
        st.integers(0, 12),
        st.integers(1, 4),
    ),
    max_size=6,
    unique=True,
)


@given(st.lists(st.builds(document, some, some), max_size=5))
def test_counts_and_matrix_agree_with_the_labels(documents: list[Pair]) -> None:
    performance = measure(NER, documents)
    labeled = Counter(category for each in documents for category, _ in each.actual)
    predicted = Counter(category for each in documents for category, _ in each.predicted)
    assert set(performance.per_category) == set(labeled) | set(predicted)
    for category, counts in performance.per_category.items():
        assert counts.support == labeled[category]
        assert counts.true_positives + counts.false_positives == predicted[category]
        row = performance.confusion.get(category, {})
        assert sum(row.values()) == counts.support
        column = sum(line.get(category, 0) for line in performance.confusion.values())
        assert column == predicted[category]
        assert row.get(category, 0) == counts.true_positives
        assert counts.f1 == pytest.approx(
            2 * counts.precision * counts.recall / (counts.precision + counts.recall)
            if counts.true_positives
            else 0
        )
    assert NONE not in performance.confusion.get(NONE, {})


def spans_of(tags: list[str]) -> list[Annotation]:
    """Well-formed IOB2 tags as spans of token numbers."""
    found: list[Annotation] = []
    for index, tag in enumerate(tags):
        if tag.startswith("B-"):
            end = index + 1
            while end < len(tags) and tags[end] == f"I-{tag[2:]}":
                end += 1
            found.append(at(tag[2:], index, end))
    return found


def random_tags(rng: random.Random, length: int) -> list[str]:
    tags: list[str] = []
    while len(tags) < length:
        category = rng.choice(["PER", "LOC", "ORG"])
        tags += rng.choice([["O"], ["O", "O"], [f"B-{category}", *[f"I-{category}"] * rng.randrange(3)]])
    return tags[:length]


@pytest.mark.parametrize("seed", range(8))
def test_figures_are_those_of_seqeval_on_random_spans(seed: int) -> None:
    rng = random.Random(seed)
    pairs = []
    for _ in range(30):
        gold = random_tags(rng, 20)
        guess = list(gold) if rng.random() < 0.4 else random_tags(rng, 20)
        pairs.append((gold, guess))
    performance = measure(NER, [document(spans_of(gold), spans_of(guess)) for gold, guess in pairs])
    golds, guesses = [gold for gold, _ in pairs], [guess for _, guess in pairs]

    def theirs(average: str | None) -> tuple[object, ...]:
        figures: tuple[object, ...] = precision_recall_fscore_support(
            golds, guesses, average=average, scheme=IOB2, zero_division=0
        )
        return figures

    total = performance.total
    assert (total.precision, total.recall, total.f1) == pytest.approx(theirs("micro")[:3])
    assert performance.macro_f1 == pytest.approx(theirs("macro")[2])
    each = list(performance.per_category.values())
    precision, recall, f1, support = theirs(None)
    assert [counts.precision for counts in each] == pytest.approx(precision)
    assert [counts.recall for counts in each] == pytest.approx(recall)
    assert [counts.f1 for counts in each] == pytest.approx(f1)
    assert [counts.support for counts in each] == pytest.approx(support)


def test_guidance_names_too_few_labels_a_missing_test_and_frequent_confusion() -> None:
    performance = measure(
        SINGLE, [classes("a", "b")] * 2 + [classes("a", "a")] * 8 + [classes("b", "b")] * 10
    )
    advice = [
        (each.category, each.words({"b": "Bee"}))
        for each in guidance(performance, {"a": 15, "b": 14, "c": 20}, {"a": 10, "b": 10})
    ]
    assert advice == [
        ("a", "2 of 10 labels taken for Bee"),
        ("b", "only 14 labels in the training set, fewer than 15"),
        ("c", "not in the testing set, so not measured"),
    ]


def test_guidance_has_nothing_to_say_of_a_good_model() -> None:
    performance = measure(SINGLE, [classes("a", "a")] * 10)
    assert guidance(performance, {"a": 15}, {"a": 10}) == ()
