"""What is known of a trained model, apart from what it learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui_labeler.domain.performance import Guidance, Performance, TestedDocument, guidance
from tui_labeler.domain.projects import ProjectKind


class Split(StrEnum):
    """How documents are parted into those to learn from and those to test with."""

    AUTO = "auto"
    """At random, from the documents in the training set."""
    MANUAL = "manual"
    """By the set that each document was put in."""


class LabelOrigin(StrEnum):
    """Whose labels are learned from."""

    HERE = "here"
    """The project's own, as they are."""
    AML = "aml"
    """The latest of Azure Machine Learning, taken in first."""


class Features(StrEnum):
    """What a model of classes may go by."""

    AUTO = "auto"
    """As ``EMBEDDINGS`` in English projects where the extra is installed, else as ``WORDS``."""
    WORDS = "words"
    """Words and runs of characters."""
    EMBEDDINGS = "embeddings"
    """Words, sentence embeddings or both, whichever does best on documents held out; needs the extra
    ``embeddings``."""


WORDS, EMBEDDINGS = Features.WORDS.value, Features.EMBEDDINGS.value


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What a person chooses when training."""

    model: str
    split: Split = Split.AUTO
    test_percent: int = 20
    seed: int = 0
    overwrite: bool = False
    label_origin: LabelOrigin = LabelOrigin.HERE
    ignore_sets: bool = False
    """Documents are parted as if none were in the testing set: another side has the pen."""
    features: Features = Features.AUTO

    def __post_init__(self) -> None:
        if not 1 <= self.test_percent <= 99:
            raise ValueError(f"{self.test_percent} % is no share to test with; choose 1 to 99")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A trained model's papers."""

    name: str
    kind: ProjectKind
    created: str
    """UTC, ISO 8601."""
    actor: str
    seconds: float
    """Time that training and testing took."""
    version: str
    """Hash of what was learned."""
    labels_version: str
    """Hash of the labels it learned from and was tested with."""
    options: TrainOptions
    categories: Mapping[str, str]
    """Name by category id, as of training."""
    performance: Performance
    """By category id."""
    train_documents: tuple[int, ...]
    test_documents: tuple[int, ...]
    train_labels: Mapping[str, int] = field(default_factory=dict)
    """Labels a category id."""
    test_labels: Mapping[str, int] = field(default_factory=dict)
    train_documents_with: Mapping[str, int] = field(default_factory=dict)
    """Documents with at least one label, a category id."""
    test_documents_with: Mapping[str, int] = field(default_factory=dict)
    tested: tuple[TestedDocument, ...] = ()
    """The testing set, with what the model said; annotations name category ids."""
    deleted_suggestions: int = 0
    warnings: tuple[str, ...] = ()
    """Which labeled documents it neither learned from nor was tested with, and why, and how many were
    reviewed by half only: a sentence each."""
    features: tuple[str, ...] = (WORDS,)
    """What it goes by, :data:`WORDS` and :data:`EMBEDDINGS`. With the latter it needs the extra of that name,
    wherever it labels."""

    @property
    def guidance(self) -> tuple[Guidance, ...]:
        """Advice by category id."""
        labels = {key: self.train_labels.get(key, 0) for key in self.categories}
        return guidance(self.performance, labels, self.test_labels)

    def category_name(self, category_id: str) -> str:
        """The name as of training; ``$none`` stays what it is."""
        return self.categories.get(category_id, category_id)


@dataclass(frozen=True, slots=True)
class Milestone:
    """What one model of a project reached, and with how much to learn from."""

    model: str
    created: str
    """UTC, ISO 8601."""
    documents: int
    """Labeled documents that it learned from."""
    labels: int
    """Labels that it learned from."""
    f1: float | None
    """``None`` where nothing was measured."""
    test_documents: int
    same_test: bool
    """Tested with the very documents that the model at hand was tested with."""


def history(cards: Iterable[ModelCard], shown: ModelCard) -> tuple[Milestone, ...]:
    """The models of a project in order of their training, ``shown`` among them."""
    models = {card.name: card for card in cards}
    models[shown.name] = shown
    tested = frozenset(shown.test_documents)
    return tuple(
        Milestone(
            card.name,
            card.created,
            len(card.train_documents),
            sum(card.train_labels.values()),
            card.performance.f1,
            len(card.test_documents),
            frozenset(card.test_documents) == tested,
        )
        for card in sorted(models.values(), key=lambda card: (card.created, card.name))
    )
