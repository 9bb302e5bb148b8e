"""Precision, recall and F1 as the service defines them.

Source: "Evaluation metrics" of custom named entity recognition and custom text classification, Azure AI
Language: P = TP / (TP + FP), R = TP / (TP + FN), F1 = 2PR / (P + R), for the model from summed counts.
A span counts as right when its boundaries and its category are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui_labeler.domain.calibration import Calibration, Outcome, calibration
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
    calibration: Calibration | None = None
    """Confidence against correctness; ``None`` where it was not measured."""

    @property
    def total(self) -> Counts:
        return sum(self.per_category.values(), Counts())

    @property
    def precision(self) -> float | None:
        """Of the model; ``None`` where nothing was labeled or predicted, so that nothing was measured."""
        return self.total.precision if self.per_category else None

    @property
    def recall(self) -> float | None:
        """Of the model; ``None`` where nothing was measured."""
        return self.total.recall if self.per_category else None

    @property
    def f1(self) -> float | None:
        """Of the model, from summed counts; ``None`` where nothing was measured."""
        return self.total.f1 if self.per_category else None

    @property
    def macro_f1(self) -> float | None:
        """The plain mean over the categories; ``None`` where nothing was measured."""
        values = [counts.f1 for counts in self.per_category.values()]
        return sum(values) / len(values) if values else None


def measure(
    kind: ProjectKind, documents: Iterable[TestedDocument], outcomes: Iterable[Outcome] = ()
) -> Performance:
    """Compares the labels with the predictions of each document.

    ``outcomes`` are the confidences of the predictions, with what came of them, where they are known.
    """
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
        calibration(outcomes),
    )


def _pairs(actual: set[Annotation], predicted: set[Annotation]) -> Iterable[tuple[str, str]]:
    """Who was taken for whom: a whole-number matrix of spans that adds up.

    The diagonal holds what was exactly right. A label that was missed is set against at most one wrong
    prediction of another category, the one that covers most of it; what is left of either, right category
    with other boundaries included, goes to the ``$none`` line. So a row adds up to its category's labels and
    a column to its predictions. The service splits spans by how far they are covered.
    """
    for category, _ in actual & predicted:
        yield category, category
    missed = sorted(actual - predicted, key=text_order)
    wrong = sorted(predicted - actual, key=text_order)
    meetings = sorted(
        (-common, row, column)
        for row, label in enumerate(missed)
        for column, said in enumerate(wrong)
        if label[0] != said[0] and (common := shared_characters(label[1], said[1]))
    )
    rows, columns = set(range(len(missed))), set(range(len(wrong)))
    for _, row, column in meetings:
        if row in rows and column in columns:
            rows.remove(row)
            columns.remove(column)
            yield missed[row][0], wrong[column][0]
    for row in rows:
        yield missed[row][0], NONE
    for column in columns:
        yield NONE, wrong[column][0]


def text_order(annotation: Annotation) -> tuple[int, int, str]:
    """The key by which annotations stand as they do in the text; those of documents as a whole come first."""
    category, span = annotation
    return (span.start, span.end, category) if span else (0, 0, category)


def shared_characters(one: Span | None, other: Span | None) -> int:
    """Characters that both hold; documents as a whole have one in common."""
    if one is None or other is None:
        return int(one is other)
    return max(0, min(one.end, other.end) - max(one.start, other.start))


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
                Guidance(category, f"only {_labels(labels)} in the training set, fewer than {MANY_LABELS}")
            )
        if not test_labels.get(category):
            advice.append(Guidance(category, "not in the testing set, so not measured"))
        line = performance.confusion.get(category, {})
        support = sum(line.values())
        for other, count in line.items():
            if other not in (category, NONE) and support and count / support >= OFTEN_CONFUSED:
                advice.append(Guidance(category, f"{count} of {_labels(support)} taken for", other))
    return tuple(advice)


def _labels(count: int) -> str:
    return "1 label" if count == 1 else f"{count} labels"
