"""How far off the figures of an evaluation may be."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.performance import Counts, Performance, TestedDocument, measure

if TYPE_CHECKING:
    from tui_labeler.domain.projects import ProjectKind

LEVEL = 0.95

NORMAL = 1.959964
"""The normal distribution's quantile for ``LEVEL`` on both sides."""

FEWEST = 5
"""Documents below which a bootstrap has too little to draw from; a choice of this program."""

RESAMPLES = 1000

Ends = tuple[float, float]
"""The lower and the upper end of an interval, 0 to 1."""


def wilson(right: float, of: float) -> Ends:
    """The score interval of a share, ``right`` of ``of``; 0 to 1 where there is nothing to go by.

    It never shrinks to a point, not even for none or all of a few (Wilson, 1927, J. Am. Stat. Assoc. 22,
    209; recommended for small numbers by Brown, Cai and DasGupta, 2001, Stat. Sci. 16, 101).
    """
    if not of:
        return 0.0, 1.0
    square = NORMAL * NORMAL
    middle = (right + square / 2) / (of + square)
    half = NORMAL / (of + square) * math.sqrt(right * (of - right) / of + square / 4)
    return max(0.0, middle - half) if right else 0.0, min(1.0, middle + half) if right < of else 1.0


def wilson_f1(counts: Counts) -> Ends:
    """The score interval of F1, taken as a share.

    F1 = TP / n with n = TP + (FP + FN) / 2, as many cases as were labeled and predicted on the mean (Lam,
    Gopal and Qian, 2023, "Confidence Intervals for the F1 Score", arXiv:2309.14621: Wilson, direct). A span
    with wrong boundaries is wrong and missed at once, one case and not two: intervals that take FP and FN
    for independent are too narrow then.
    """
    cases = counts.true_positives + (counts.false_positives + counts.false_negatives) / 2
    return wilson(counts.true_positives, cases)


def intervals(
    kind: ProjectKind,
    tested: Sequence[TestedDocument],
    performance: Performance,
    names: Mapping[str, str],
    seed: int,
) -> dict[str, Any]:
    """95 % intervals of precision, recall and F1, for the model and each category.

    Each is the wider, end by end, of two: a percentile bootstrap over documents (Efron and Tibshirani, 1993),
    since labels of one document are not independent, and the score interval of the counts, since documents
    that are few or alike show a bootstrap no variation. Fewer than ``FEWEST`` documents say nothing of how
    others would vary: then there are none (``None``).
    """
    if len(tested) < FEWEST:
        return {"level": LEVEL, "precision": None, "recall": None, "f1": None, "per_category": {}}
    samples = _resampled(kind, tested, ("", *performance.per_category), seed)
    per_category = {
        names.get(key, key): _ends(counts, samples[key]) for key, counts in performance.per_category.items()
    }
    return {"level": LEVEL, **_ends(performance.total, samples[""]), "per_category": per_category}


def _resampled(
    kind: ProjectKind, tested: Sequence[TestedDocument], keys: Sequence[str], seed: int
) -> dict[str, list[Counts]]:
    """Counts of documents drawn again and again, by category; of all of them under the empty name."""
    parts = [measure(kind, [document]).per_category for document in tested]
    generator = random.Random(seed)
    found: dict[str, list[Counts]] = {key: [] for key in keys}
    for _ in range(RESAMPLES):
        sums: dict[str, list[int]] = {}
        for part in generator.choices(parts, k=len(parts)):
            for key, counts in part.items():
                line = sums.setdefault(key, [0, 0, 0])
                line[0] += counts.true_positives
                line[1] += counts.false_positives
                line[2] += counts.false_negatives
        total = Counts(*(sum(column) for column in zip(*sums.values(), strict=True))) if sums else Counts()
        for key, samples in found.items():
            samples.append(Counts(*sums.get(key, (0, 0, 0))) if key else total)
    return found


def _ends(counts: Counts, samples: Sequence[Counts]) -> dict[str, list[float]]:
    right = counts.true_positives
    return {
        "precision": _wider(
            wilson(right, right + counts.false_positives), samples, lambda sample: sample.precision
        ),
        "recall": _wider(wilson(right, counts.support), samples, lambda sample: sample.recall),
        "f1": _wider(wilson_f1(counts), samples, lambda sample: sample.f1),
    }


def _wider(ends: Ends, samples: Sequence[Counts], figure: Callable[[Counts], float]) -> list[float]:
    ordered = sorted(map(figure, samples))
    last = len(ordered) - 1
    low, high = ordered[round(last * 0.025)], ordered[round(last * 0.975)]
    return [round(min(low, ends[0]), 4), round(max(high, ends[1]), 4)]
