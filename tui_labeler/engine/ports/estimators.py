"""Trained models at work, in a runner's process only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import Features
from tui_labeler.domain.projects import ProjectKind


@dataclass(frozen=True, slots=True)
class Sample:
    """A labeled text to learn from, or to compare with."""

    text: str
    annotations: tuple[tuple[str, Span | None], ...]
    """Category id and span; no span for a class."""


class Prediction(NamedTuple):
    category: str
    span: Span | None
    confidence: float
    """Calibrated probability of being right, 0 to 1."""


Progress = Callable[[str, float], None]
"""Called with what is being done, in words, and the share that is done, 0 to 1."""


class FittedModel(Protocol):
    """A trained model in memory."""

    @property
    def version(self) -> str:
        """Hash of what was learned: the same data and seed give the same version."""

    @property
    def features(self) -> tuple[str, ...]:
        """What it goes by: see :attr:`tui_labeler.domain.models.ModelCard.features`."""

    async def predict(self, texts: Sequence[str]) -> Sequence[Sequence[Prediction]]:
        """For each text its spans in text order and without overlap, or its classes.

        Single-label: exactly one class. Multi-label: those over the tuned threshold, perhaps none.
        """

    def save(self, folder: str) -> None:
        """Writes plain arrays and JSON into an existing folder."""


class Estimators(Protocol):
    """Trains and loads models."""

    async def train(
        self,
        kind: ProjectKind,
        samples: Sequence[Sample],
        unlabeled: Iterable[str],
        *,
        seed: int,
        features: Features,
        progress: Progress,
    ) -> FittedModel:
        """Learns from ``samples``; ``unlabeled`` are further texts of the project, without labels.

        ``features`` mean nothing for entities. Raises ``InputError`` when there is too little to learn from,
        or an extra that they need is not here.
        """

    async def load(self, folder: str) -> FittedModel:
        """Raises ``InputError`` for files that are no model, or one that needs an extra which is not here.

        Never runs what it finds.
        """
