"""Whether confidence can be trusted: of predictions at 0.8, are eight in ten right?

Source: expected calibration error over bins of equal mass, Naeini, Cooper and Hauskrecht, "Obtaining well
calibrated probabilities using Bayesian binning", AAAI 2015.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BINS = 10
"""At most so many."""

FEWEST = 10
"""Predictions of a bin; with fewer, chance would pass for a bad calibration. A choice of this program."""

Outcome = tuple[float, bool]
"""The confidence of a prediction, 0 to 1, and whether it was right."""


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """Predictions of like confidence. Confidences are 0 to 1."""

    lowest: float
    highest: float
    confidence: float
    """The mean."""
    predictions: int
    """At least one."""
    right: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.predictions or not self.predictions:
            raise ValueError(f"{self.right} right of {self.predictions} predictions")
        if not all(0 <= share <= 1 for share in (self.lowest, self.highest, self.confidence)):
            raise ValueError("a confidence is 0 to 1")

    @property
    def share_right(self) -> float:
        return self.right / self.predictions

    @property
    def gap(self) -> float:
        """Mean confidence less the share that was right: above zero where it promised too much."""
        return self.confidence - self.share_right


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence against correctness over some predictions."""

    bins: tuple[ConfidenceBin, ...]
    """By rising confidence; at least one, at most ``BINS``."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.bins) <= BINS:
            raise ValueError(f"{len(self.bins)} bins, not 1 to {BINS}")

    @property
    def predictions(self) -> int:
        return sum(one.predictions for one in self.bins)

    @property
    def confidence(self) -> float:
        """The mean over all predictions."""
        return sum(one.confidence * one.predictions for one in self.bins) / self.predictions

    @property
    def share_right(self) -> float:
        return sum(one.right for one in self.bins) / self.predictions

    @property
    def error(self) -> float:
        """The expected calibration error: the mean of the bins' gaps, by their predictions; 0 is best."""
        return sum(abs(one.gap) * one.predictions for one in self.bins) / self.predictions


def calibration(outcomes: Iterable[Outcome]) -> Calibration | None:
    """Sorts predictions into bins of like size; ``None`` where there is no prediction.

    Predictions of the very same confidence are never parted, for nothing says in which bin a right one
    would go; so bins can be fewer, and of other sizes, where confidences repeat.
    """
    ordered = sorted(outcomes)
    count = len(ordered)
    wanted = max(1, min(BINS, count // FEWEST))
    bins: list[ConfidenceBin] = []
    start = 0
    for number in range(1, wanted + 1):
        end = max(start, number * count // wanted)
        while start < end < count and ordered[end][0] == ordered[end - 1][0]:
            end += 1
        if end > start:
            bins.append(_bin(ordered[start:end]))
        start = end
    return Calibration(tuple(bins)) if bins else None


def _bin(outcomes: list[Outcome]) -> ConfidenceBin:
    confidences = [confidence for confidence, _ in outcomes]
    mean = sum(confidences) / len(confidences)
    right = sum(right for _, right in outcomes)
    return ConfidenceBin(
        round(confidences[0], 6), round(confidences[-1], 6), round(mean, 6), len(outcomes), right
    )
