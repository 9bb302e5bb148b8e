"""From a model's own probabilities to honest ones.

Spans: Platt scaling of the log-odds (Platt, "Probabilistic Outputs for Support Vector Machines", 1999), kept
near the identity while there is little to learn from. Classes: one temperature (Guo et al., "On Calibration
of Modern Neural Networks", 2017). Both are fitted on out-of-fold predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import optimize, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui_labeler.engine.adapters.estimators.crf import Lattice, Packing

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SMALLEST = 1e-6
"""Probabilities are kept this far from 0 and 1 before their log-odds are taken."""

PRIOR = 2.0
"""Strength with which a calibration is held near the identity, in units of inverse variance."""


class Platt(NamedTuple):
    """``p -> sigmoid(slope * logit(p) + offset)``; the slope is never negative, so that order stays."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, probabilities: Floats) -> Floats:
        return np.asarray(special.expit(self.slope * log_odds(probabilities) + self.offset))


def log_odds(probabilities: Floats) -> Floats:
    return np.asarray(special.logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST)))


def fit_platt(probabilities: Floats, right: NDArray[np.bool_]) -> Platt:
    """Fits on predictions that are known to be right or wrong; with none of them it is the identity."""
    odds = log_odds(probabilities)
    signs = np.where(right, 1.0, -1.0)

    def loss(values: Floats) -> float:
        slope, offset = values
        held = PRIOR / 2 * ((slope - 1) ** 2 + offset**2)
        return float(np.logaddexp(0, -signs * (slope * odds + offset)).sum() + held)

    found = optimize.minimize(
        loss, np.array([1.0, 0.0]), bounds=[(0.0, None), (None, None)], method="L-BFGS-B"
    )
    return Platt(float(found.x[0]), float(found.x[1]))


def fit_temperature(logits: Floats, classes: Ints) -> float:
    """The factor of logits (the inverse temperature) under which ``classes`` are most probable.

    ``logits`` has the shape (samples, classes).
    """
    rows = np.arange(len(classes))

    def loss(logarithm: float) -> float:
        scaled = np.exp(logarithm) * logits
        return float((special.logsumexp(scaled, axis=1) - scaled[rows, classes]).sum() + logarithm**2 / 2)

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))


def span_probabilities(lattice: Lattice, transitions: Floats, packing: Packing, spans: Ints) -> Floats:
    """The probability that exactly this span is tagged with this category, and goes no further.

    ``spans`` has rows of (first token, token behind the last, category); a span lies within one sequence.
    The field's own forward and backward messages, held to the span's tags (Culotta and McCallum,
    "Confidence Estimation for Information Extraction", 2004).
    """
    place = np.empty(len(packing.order), dtype=np.int64)
    place[packing.order] = np.arange(len(place))
    following = np.full(len(place), -1, dtype=np.int64)
    following[packing.before] = np.arange(int(packing.bounds[1]) if len(place) else 0, len(place))
    step = np.exp(transitions[:-1])
    first, end, category = spans.T
    begin, inside = 1 + 2 * category, 2 + 2 * category
    at = place[first]
    result = lattice.forward[at, begin]
    tag = begin
    lengths = end - first
    for offset in range(1, int(lengths.max(initial=1))):
        more = lengths > offset
        ahead = np.where(more, following[at], at)
        factor = step[tag, inside] * lattice.factors[ahead, inside] / lattice.scale[ahead]
        result = np.where(more, result * factor, result)
        tag = np.where(more, inside, tag)
        at = ahead
    after = following[at]
    last = after < 0
    after = np.where(last, 0, after)
    ways = step[tag] * lattice.factors[after] * lattice.backward[after] / lattice.scale[after, None]
    ways[np.arange(len(ways)), inside] = 0.0
    return np.asarray(np.clip(result * np.where(last, 1.0, ways.sum(axis=1)), 0.0, 1.0))
