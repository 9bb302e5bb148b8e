"""A linear-chain conditional random field in numpy and scipy.

Lafferty, McCallum and Pereira, "Conditional Random Fields", 2001. Trained with L-BFGS-B; forward and backward
run over all sequences at once, one time step after the other, so that the work is done in matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.adapters.estimators.design import Design

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

RARITY = 1.0
"""A feature of ``n`` tokens counts ``n / (n + RARITY)``.

Most features of a word that occurs once fit its label and nothing else; held back, they leave the explaining
to what the words have in common. Loan agreements, 3 documents: F1 0.90 instead of 0.85.
"""

LOWEST = -1e4
"""Score of what is not allowed; its exponential is exactly zero."""


@dataclass(frozen=True, slots=True)
class Packing:
    """The order in which tokens are worked through: time step by time step, longer sequences first.

    The sequences of step ``t + 1`` are the first ones of step ``t``.
    """

    order: Ints
    """Token at each packed place."""
    bounds: Ints
    """Where each time step begins; one entry more than there are steps."""
    before: Ints
    """For the packed places from the second step on, the place of the previous token."""

    @classmethod
    def of(cls, unit: Ints) -> Packing:
        """``unit`` is the sequence number of every token, rising."""
        starts = np.flatnonzero(np.diff(unit, prepend=-1))
        lengths = np.diff(np.append(starts, len(unit)))
        rank = np.argsort(-lengths, kind="stable")
        starts, lengths = starts[rank], lengths[rank]
        steps = int(lengths[0]) if len(lengths) else 0
        active = np.searchsorted(-lengths, -np.arange(steps), side="left")
        bounds = np.concatenate([[0], np.cumsum(active)])
        step = np.repeat(np.arange(steps), active)
        within = np.arange(len(unit)) - bounds[step]
        later = step > 0
        before = bounds[np.maximum(step - 1, 0)] + within
        return cls(starts[within] + step, bounds, before[later])

    @property
    def steps(self) -> list[tuple[int, int]]:
        return [(int(a), int(b)) for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True)]


@dataclass(frozen=True, slots=True)
class Lattice:
    """Scaled forward and backward messages, in packed order, shape (tokens, tags)."""

    factors: Floats
    """Exponentials of the scores, each row scaled to a maximum of one."""
    forward: Floats
    """Each row sums to one."""
    backward: Floats
    """``forward * backward`` are the marginal probabilities."""
    scale: Floats
    """What each row of ``forward`` was divided by."""
    log_partition: float


def messages(scores: Floats, transitions: Floats, packing: Packing) -> Lattice:
    """Forward and backward over all sequences; the last row of ``transitions`` is for first tags."""
    factors, peaks = _factors(scores)
    step, first = np.exp(transitions[:-1]), np.exp(transitions[-1])
    forward = np.empty_like(factors)
    scale = np.empty(len(factors))
    previous = (0, 0)
    for begin, end in packing.steps:
        rows = forward[begin:end]
        if begin == 0:
            np.multiply(factors[begin:end], first, out=rows)
        else:
            np.matmul(forward[previous[0] : previous[0] + end - begin], step, out=rows)
            rows *= factors[begin:end]
        np.maximum(rows.sum(axis=1), 1e-300, out=scale[begin:end])
        rows /= scale[begin:end, None]
        previous = (begin, end)
    backward = np.ones_like(factors)
    steps = packing.steps
    for (begin, _), (later, end) in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True):
        ahead = factors[later:end] * backward[later:end]
        ahead /= scale[later:end, None]
        np.matmul(ahead, step.T, out=backward[begin : begin + end - later])
    return Lattice(factors, forward, backward, scale, float(np.log(scale).sum() + peaks.sum()))


def _factors(scores: Floats) -> tuple[Floats, Floats]:
    peaks = scores.max(axis=1)
    return np.exp(scores - peaks[:, None]), peaks


def best_paths(scores: Floats, transitions: Floats, packing: Packing) -> Ints:
    """The most probable tags of every token, in packed order (Viterbi)."""
    step, first = np.ascontiguousarray(transitions[:-1].T), transitions[-1]
    best = np.empty_like(scores)
    pointers = np.zeros(scores.shape, dtype=np.int64)
    steps = packing.steps
    previous = 0
    for begin, end in steps:
        if begin == 0:
            best[begin:end] = scores[begin:end] + first
        else:
            ways = best[previous : previous + end - begin, None, :] + step
            pointers[begin:end] = ways.argmax(axis=2)
            best[begin:end] = (
                scores[begin:end] + np.take_along_axis(ways, pointers[begin:end, :, None], axis=2)[:, :, 0]
            )
        previous = begin
    tags = np.zeros(len(scores), dtype=np.int64)
    later = (0, 0)
    for begin, end in reversed(steps):
        tags[begin:end] = best[begin:end].argmax(axis=1)
        going_on = later[1] - later[0]
        tags[begin : begin + going_on] = pointers[np.arange(*later), tags[later[0] : later[1]]]
        later = (begin, end)
    return tags


@dataclass(frozen=True, slots=True)
class Problem:
    """What L-BFGS minimises: the penalised negative log likelihood of tagged sequences."""

    choices: sparse.csr_array
    """Packed order; single precision, like ``table``: half the memory to read, the same F1."""
    table: sparse.csr_array
    tags: Ints
    """Packed order."""
    packing: Packing
    allowed: Bools
    """Shape (tags + 1, tags): which tag may follow which; the last row, which may come first."""
    penalty: float

    def objective(
        self, flat: Floats, turned: tuple[sparse.csr_array, sparse.csr_array]
    ) -> tuple[float, Floats]:
        """The value and its gradient; ``flat`` holds transitions, then feature weights."""
        count = self.allowed.shape[1]
        cut = self.allowed.size
        transitions = np.where(self.allowed, flat[:cut].reshape(self.allowed.shape), LOWEST)
        weights = flat[cut:].reshape(-1, count).astype(np.float32)
        scores = (self.choices @ (self.table @ weights)).astype(np.float64)
        lattice = messages(scores, transitions, self.packing)
        places = np.arange(len(self.tags))
        earlier, later = self.packing.before, places[self.packing.bounds[1] :]
        firsts = self.tags[: self.packing.bounds[1]]
        gold = scores[places, self.tags].sum() + transitions[self.tags[earlier], self.tags[later]].sum()
        gold += transitions[-1, firsts].sum()
        marginals = lattice.forward * lattice.backward
        ahead = lattice.factors[later] * lattice.backward[later] / lattice.scale[later, None]
        expected = np.empty(self.allowed.shape)
        expected[:-1] = np.exp(transitions[:-1]) * (lattice.forward[earlier].T @ ahead)
        expected[-1] = marginals[: self.packing.bounds[1]].sum(axis=0)
        np.subtract.at(expected, (self.tags[earlier], self.tags[later]), 1.0)
        np.subtract.at(expected[-1], firsts, 1.0)
        marginals[places, self.tags] -= 1.0
        gradient = turned[1] @ (turned[0] @ marginals.astype(np.float32))
        slope = np.concatenate([np.where(self.allowed, expected, 0.0).ravel(), gradient.ravel()])
        return (
            lattice.log_partition - gold + self.penalty * float(flat @ flat),
            slope + 2 * self.penalty * flat,
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """A trained field."""

    features: NDArray[np.float32]
    """Shape (features, tags)."""
    transitions: NDArray[np.float32]
    """Shape (tags + 1, tags): from, to; the last row is for first tags."""

    def scores(self, design: Design) -> Floats:
        """Shape (tokens, tags)."""
        return np.asarray(design.choices @ (design.table @ self.features.astype(np.float64)))


def fit(
    design: Design,
    tags: Ints,
    unit: Ints,
    allowed: Bools,
    *,
    penalty: float,
    iterations: int,
    least: int,
    progress: Callable[[], None],
) -> Weights:
    """Learns weights for tagged sequences.

    ``penalty`` is the factor of the squared weights (L2); features of fewer than ``least`` tokens get none.
    ``progress`` is called after each step.
    Deterministic with one BLAS thread.
    """
    packing = Packing.of(unit)
    merge = _same_columns(design, least)
    table = sparse.csr_array(design.table @ merge).astype(np.float32)
    problem = Problem(
        sparse.csr_array(design.choices[packing.order]).astype(np.float32),
        table,
        tags[packing.order],
        packing,
        allowed,
        penalty,
    )
    turned = sparse.csr_array(problem.choices.T), sparse.csr_array(table.T)

    def step(intermediate_result: optimize.OptimizeResult) -> None:
        progress()

    count = allowed.shape[1]
    result = optimize.minimize(
        lambda flat: problem.objective(flat, turned),
        np.zeros(allowed.size + table.shape[1] * count),
        jac=True,
        method="L-BFGS-B",
        callback=step,
        options={"maxiter": iterations, "maxcor": 6, "ftol": 1e-5},
    )
    cut = allowed.size
    transitions = np.where(allowed, result.x[:cut].reshape(allowed.shape), LOWEST)
    weights = merge @ result.x[cut:].reshape(-1, count)
    return Weights(weights.astype(np.float32), transitions.astype(np.float32))


def _same_columns(design: Design, least: int) -> sparse.csr_array:
    """Joins features that stand at exactly the same tokens: shape (features, distinct features).

    With the squared penalty they would get the same weight anyway, so ``k`` of them are one feature of value
    ``sqrt(k)``; most features of a small training set are such twins. Features are compared by their sums
    of random 64-bit numbers, one a token. Rare features are held back by :data:`RARITY`.
    """
    marks = np.random.default_rng(0).integers(1, 2**62, size=design.choices.shape[0])
    sums = _integers(design.table).T @ (_integers(design.choices).T @ marks)
    counts = design.table.T @ (design.choices.T @ np.ones(design.choices.shape[0]))
    sums[counts < least] = 0
    _, group, sizes = np.unique(sums, return_inverse=True, return_counts=True)
    values = np.where(counts < least, 0.0, counts / (counts + RARITY) / np.sqrt(sizes[group]))
    return sparse.csr_array((values, group, np.arange(len(group) + 1)), shape=(len(group), len(sizes)))


def _integers(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array((matrix.data.astype(np.int64), matrix.indices, matrix.indptr), shape=matrix.shape)
