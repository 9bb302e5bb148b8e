"""Precision, recall and F1 as the service defines them.

Source: "Evaluation metrics" of custom named entity recognition and custom text classification, Azure AI
Language: P = TP / (TP + FP), R = TP / (TP + FN), F1 = 2PR / (P + R), for the model from summed counts.
A span counts as right when its boundaries and its category are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind

NONE = "$none"
"""The confusion matrix's line for text that is labeled, or predicted, as nothing."""

Annotation = tuple[str, Span | None]
"""A category and where it holds."""


@dataclass(frozen=True, slots=True)
class Counts:
    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
        )

    @property
    def support(self) -> int:
        """Labels in the testing set."""
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float:
        """0 where nothing was predicted."""
        predicted = self.true_positives + self.false_positives
        return self.true_positives / predicted if predicted else 0.0

    @property
    def recall(self) -> float:
        """0 where nothing was labeled."""
        return self.true_positives / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        both = 2 * self.true_positives + self.false_positives + self.false_negatives
        return 2 * self.true_positives / both if both else 0.0


@dataclass(frozen=True, slots=True)
class TestedDocument:
    """One document of the testing set: what it is, and what the model said."""

    location: str
    actual: tuple[Annotation, ...]
    predicted: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Performance:
    """How well predictions agree with the labels."""

    per_category: Mapping[str, Counts]
    """Categories that were neither labeled nor predicted are left out."""
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """``confusion[actual][predicted]``, with a ``$none`` line; empty for multi-label projects."""

    @property
    def total(self) -> Counts:
        return sum(self.per_category.values(), Counts())

    @property
    def macro_f1(self) -> float:
        """The plain mean over the categories."""
        values = [counts.f1 for counts in self.per_category.values()]
        return sum(values) / len(values) if values else 0.0


def measure(kind: ProjectKind, documents: Iterable[TestedDocument]) -> Performance:
    """Compares the labels with the predictions of each document."""
    tally: dict[str, list[int]] = {}
    confusion: dict[str, dict[str, int]] = {}
    for document in documents:
        actual, predicted = set(document.actual), set(document.predicted)
        for category, _ in actual & predicted:
            tally.setdefault(category, [0, 0, 0])[0] += 1
        for category, _ in predicted - actual:
            tally.setdefault(category, [0, 0, 0])[1] += 1
        for category, _ in actual - predicted:
            tally.setdefault(category, [0, 0, 0])[2] += 1
        if kind is not ProjectKind.MULTI_LABEL:
            for row, column in _pairs(actual, predicted):
                line = confusion.setdefault(row, {})
                line[column] = line.get(column, 0) + 1
    return Performance(
        {category: Counts(*counts) for category, counts in sorted(tally.items())},
        {row: dict(sorted(line.items())) for row, line in sorted(confusion.items())},
    )


def _pairs(actual: set[Annotation], predicted: set[Annotation]) -> Iterable[tuple[str, str]]:
    """Who was taken for whom: a whole-number matrix of spans.

    A predicted span that is no label is set against the labels it overlaps; a label that no prediction
    touches, and a prediction that touches no label, go to the ``$none`` line.
    """
    for category, _ in actual & predicted:
        yield category, category
    missed = sorted(actual - predicted, key=_order)
    wrong = sorted(predicted - actual, key=_order)
    met: set[Annotation] = set()
    for category, span in wrong:
        hits = [label for label in missed if _meet(span, label[1])]
        met.update(hits)
        for label in hits:
            yield label[0], category
        if not hits:
            yield NONE, category
    for label in missed:
        if label not in met:
            yield label[0], NONE


def _order(annotation: Annotation) -> tuple[int, int, str]:
    category, span = annotation
    return (span.start, span.end, category) if span else (0, 0, category)


def _meet(one: Span | None, other: Span | None) -> bool:
    return one is other if one is None or other is None else one.overlaps(other)


MANY_LABELS = 15
"""Fewer labels of a category than this in the training set are too few (evaluation-metrics page)."""

OFTEN_CONFUSED = 0.1
"""Share of a category's labels that were taken for one other category; a choice of this program."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """Advice on what would make the model better."""

    category: str
    advice: str
    """A sentence, without the other category."""
    other: str | None = None
    """The category that it is often taken for."""

    def words(self, names: Mapping[str, str]) -> str:
        """The advice in full; ``names`` are those of categories by id."""
        return self.advice if self.other is None else f"{self.advice} {names.get(self.other, self.other)}"


def guidance(
    performance: Performance, train_labels: Mapping[str, int], test_labels: Mapping[str, int]
) -> tuple[Guidance, ...]:
    """What to do next, category by category; ``train_labels`` holds every category of the project."""
    advice: list[Guidance] = []
    for category in sorted(train_labels):
        labels = train_labels[category]
        if labels < MANY_LABELS:
            advice.append(
                Guidance(category, f"only {labels} labels in the training set, fewer than {MANY_LABELS}")
            )
        if not test_labels.get(category):
            advice.append(Guidance(category, "not in the testing set, so not measured"))
        line = performance.confusion.get(category, {})
        support = sum(line.values())
        for other, count in line.items():
            if other not in (category, NONE) and support and count / support >= OFTEN_CONFUSED:
                advice.append(Guidance(category, f"{count} of {support} labels taken for", other))
    return tuple(advice)
