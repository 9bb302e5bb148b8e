"""A linear-chain conditional random field in numpy and scipy.

Lafferty, McCallum and Pereira, "Conditional Random Fields", 2001. Trained with L-BFGS-B; forward and backward
run over all sequences at once, one time step after the other, so that the work is done in matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tui_labeler.engine.adapters.estimators.choices import Choices
    from tui_labeler.engine.adapters.estimators.design import Design

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

RARITY = 1.0
"""A feature of ``n`` tokens counts ``n / (n + RARITY)``.

Most features of a word that occurs once fit its label and nothing else; held back, they leave the explaining
to what the words have in common. Loan agreements, 3 documents: F1 0.90 instead of 0.85.
"""

CELLS = 1_000_000
"""Tokens times tags that are worked through at a time, about: each takes some eight numbers meanwhile."""

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


class Part(NamedTuple):
    """Some of the tagged sequences; every array is in packed order."""

    choices: sparse.csr_array
    """Single precision, like the table: half the memory to read, the same F1."""
    turned: sparse.csr_array | sparse.csc_array
    """``choices`` transposed."""
    tags: Ints
    packing: Packing

    def likelihood(
        self, rows: NDArray[np.float32], transitions: Floats
    ) -> tuple[float, Floats, NDArray[np.float32]]:
        """The negative log likelihood, and its gradients to transitions and to ``rows``.

        ``rows`` are the scores of the table's rows, shape (rows, tags).
        """
        scores = (self.choices @ rows).astype(np.float64)
        lattice = messages(scores, transitions, self.packing)
        places = np.arange(len(self.tags))
        earlier, later = self.packing.before, places[self.packing.bounds[1] :]
        firsts = self.tags[: self.packing.bounds[1]]
        gold = scores[places, self.tags].sum() + transitions[self.tags[earlier], self.tags[later]].sum()
        gold += transitions[-1, firsts].sum()
        marginals = lattice.forward * lattice.backward
        ahead = lattice.factors[later] * lattice.backward[later] / lattice.scale[later, None]
        expected = np.empty(transitions.shape)
        expected[:-1] = np.exp(transitions[:-1]) * (lattice.forward[earlier].T @ ahead)
        expected[-1] = marginals[: self.packing.bounds[1]].sum(axis=0)
        np.subtract.at(expected, (self.tags[earlier], self.tags[later]), 1.0)
        np.subtract.at(expected[-1], firsts, 1.0)
        marginals[places, self.tags] -= 1.0
        return lattice.log_partition - gold, expected, self.turned @ marginals.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Problem:
    """What L-BFGS minimises: the penalised negative log likelihood of tagged sequences."""

    parts: list[Part]
    """All sequences. One part after the other is worked through, so that what a token needs meanwhile is
    there for one of them."""
    table: sparse.csr_array
    turned: sparse.csr_array
    """``table`` transposed."""
    allowed: Bools
    """Shape (tags + 1, tags): which tag may follow which; the last row, which may come first."""
    penalty: float

    def objective(self, flat: Floats) -> tuple[float, Floats]:
        """The value and its gradient; ``flat`` holds transitions, then feature weights."""
        cut = self.allowed.size
        transitions = np.where(self.allowed, flat[:cut].reshape(self.allowed.shape), LOWEST)
        rows = self.table @ flat[cut:].reshape(-1, self.allowed.shape[1]).astype(np.float32)
        value, expected, by_row = 0.0, np.zeros(self.allowed.shape), np.zeros_like(rows)
        for part in self.parts:
            found = part.likelihood(rows, transitions)
            value += found[0]
            expected += found[1]
            by_row += found[2]
        gradient = self.turned @ by_row
        slope = np.concatenate([np.where(self.allowed, expected, 0.0).ravel(), gradient.ravel()])
        return value + self.penalty * float(flat @ flat), slope + 2 * self.penalty * flat


@dataclass(frozen=True, slots=True)
class Weights:
    """A trained field."""

    features: NDArray[np.float32]
    """Shape (features, tags)."""
    transitions: NDArray[np.float32]
    """Shape (tags + 1, tags): from, to; the last row is for first tags."""

    def scores(self, design: Design) -> Floats:
        """Shape (tokens, tags)."""
        rows = design.table @ self.features.astype(np.float64)
        found = np.empty((len(design.choices), rows.shape[1]))
        for places, part in design.choices.parts():
            found[places] = part.matrix(np.ones(int(part.sizes.sum()))) @ rows
        return found


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
    merge = _same_columns(design, least)
    table = sparse.csr_array(design.table @ merge).astype(np.float32)
    parts = list(_parts(design.choices, tags, unit, allowed.shape[1]))
    problem = Problem(parts, table, sparse.csr_array(table.T), allowed, penalty)

    def step(intermediate_result: optimize.OptimizeResult) -> None:
        progress()

    count = allowed.shape[1]
    result = optimize.minimize(
        problem.objective,
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


def _parts(choices: Choices, tags: Ints, unit: Ints, count: int) -> Iterator[Part]:
    """Whole sequences, as many to a part as :data:`CELLS` allow."""
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    wanted = np.arange(CELLS // count, len(unit), max(1, CELLS // count))
    cuts = np.unique(starts[np.searchsorted(starts, wanted, side="right") - 1])
    bounds = [0, *cuts[cuts > 0].tolist(), len(unit)]
    pieces = [slice(*ends) for ends in pairwise(bounds)]
    # All are ones: the largest part's serve each.
    ones = np.ones(max(int(choices.sizes[piece].sum()) for piece in pieces), dtype=np.float32)
    for piece in pieces:
        packing = Packing.of(unit[piece] - unit[piece.start])
        matrix = choices.select(piece).select(packing.order).matrix(ones)
        turned = matrix.T
        if len(pieces) == 1:
            # Half the time, and three times the memory: too much where there are many parts.
            matrix.sum_duplicates()
            turned = sparse.csr_array(matrix.T)
        yield Part(matrix, turned, tags[piece][packing.order], packing)


def _same_columns(design: Design, least: int) -> sparse.csr_array:
    """Joins features that stand at exactly the same tokens: shape (features, distinct features).

    With the squared penalty they would get the same weight anyway, so ``k`` of them are one feature of value
    ``sqrt(k)``; most features of a small training set are such twins. Features are compared by their sums
    of random 64-bit numbers, one a token. Rare features are held back by :data:`RARITY`.
    """
    marks = np.random.default_rng(0).integers(1, 2**62, size=len(design.choices))
    by_row = np.zeros(design.choices.width, dtype=np.int64)
    occurring = np.zeros(design.choices.width, dtype=np.int64)
    for places, part in design.choices.parts():
        matrix = part.matrix(np.ones(int(part.sizes.sum()), dtype=np.int64))
        by_row += matrix.T @ marks[places]
        occurring += np.bincount(matrix.indices, minlength=design.choices.width)
    sums = _integers(design.table).T @ by_row
    counts = design.table.T @ occurring.astype(np.float64)
    sums[counts < least] = 0
    _, group, sizes = np.unique(sums, return_inverse=True, return_counts=True)
    values = np.where(counts < least, 0.0, counts / (counts + RARITY) / np.sqrt(sizes[group]))
    return sparse.csr_array((values, group, np.arange(len(group) + 1)), shape=(len(group), len(sizes)))


def _integers(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array((matrix.data.astype(np.int64), matrix.indices, matrix.indptr), shape=matrix.shape)
