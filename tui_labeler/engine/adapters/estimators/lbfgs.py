"""Minimising a smooth function of millions of weights by limited-memory BFGS, in single precision.

Liu and Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization", 1989. The direction comes
from the inner products of what is remembered, so that the long vectors are read twice a step (Chen, Wang and
Zhou, "Large-scale L-BFGS using MapReduce", 2014): a fifth of the time that scipy's L-BFGS-B, which also knows
bounds, takes beside the function itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Singles = NDArray[np.float32]
    Objective = Callable[[Singles], tuple[float, Singles]]

MEMORY = 6
"""Steps that are remembered."""

ENOUGH = 1e-4
"""Share of the decrease promised by the slope that a step must bring."""
FLATTER = 0.9
"""Share of the slope that may be left at a step's end."""
TRIES = 20
"""Lengths tried for a step."""


class _Point(NamedTuple):
    at: Singles
    value: float
    gradient: Singles


class _History:
    """The last steps and the changes of the gradient over them."""

    def __init__(self, size: int) -> None:
        self._rows = np.zeros((2 * MEMORY + 1, size), dtype=np.float32)
        """Steps, then changes of the gradient, then the gradient itself."""
        self._products = np.zeros((2 * MEMORY + 1, 2 * MEMORY + 1))
        """Of all rows with each other."""
        self._kept: list[int] = []
        """Numbers of the steps, the oldest first."""

    def direction(self, gradient: Singles) -> Singles:
        """Where to go from here: the two loops of the method, on the coefficients of the rows."""
        self._put(2 * MEMORY, gradient)
        products = self._products
        found = np.zeros(len(products))
        found[-1] = -1.0
        steps: dict[int, float] = {}
        for step in reversed(self._kept):
            steps[step] = found @ products[step] / products[step, MEMORY + step]
            found[MEMORY + step] -= steps[step]
        if self._kept:
            step, change = self._kept[-1], MEMORY + self._kept[-1]
            found *= products[step, change] / products[change, change]
        for step in self._kept:
            back = found @ products[MEMORY + step] / products[step, MEMORY + step]
            found[step] += steps[step] - back
        return np.asarray(found.astype(np.float32) @ self._rows)

    def remember(self, step: Singles, change: Singles) -> None:
        """One step more; the oldest is forgotten. Where the slope does not rise nothing is learned."""
        number = len(self._kept) if len(self._kept) < MEMORY else self._kept[0]
        if float(step @ change) <= 0:
            return
        self._kept = [*(kept for kept in self._kept if kept != number), number]
        self._put(number, step)
        self._put(MEMORY + number, change)

    def _put(self, row: int, vector: Singles) -> None:
        self._rows[row] = vector
        self._products[row] = self._products[:, row] = self._rows @ self._rows[row]


def minimise(
    objective: Objective,
    size: int,
    *,
    iterations: int,
    tolerance: float,
    progress: Callable[[], None],
) -> Singles:
    """The weights found from zeros on; ``objective`` gives the value and its gradient.

    Ends after ``iterations`` steps, or with a step that takes less than the share ``tolerance`` from the
    value. ``progress`` is called after each step.
    """
    here = _Point(np.zeros(size, dtype=np.float32), *objective(np.zeros(size, dtype=np.float32)))
    history = _History(size)
    for number in range(iterations):
        direction = history.direction(here.gradient)
        length = 1.0 if number else 1.0 / max(float(np.linalg.norm(here.gradient)), 1.0)
        there = _line_search(objective, here, direction, length)
        if there is None:
            break
        progress()
        gained = here.value - there.value
        small = gained <= tolerance * max(abs(here.value), abs(there.value), 1.0)
        history.remember(there.at - here.at, there.gradient - here.gradient)
        here = there
        if small:
            break
    return here.at


def _line_search(objective: Objective, here: _Point, direction: Singles, length: float) -> _Point | None:
    """A point along ``direction`` that is lower and flatter; none when there is nothing lower.

    Between a length that is too short and one that is too long the next is where a parabola has its lowest
    point, until the weak Wolfe conditions hold (Nocedal and Wright, "Numerical Optimization", 2006, 3.5).
    """
    slope = float(here.gradient @ direction)
    low, low_value, low_slope, high = 0.0, here.value, slope, np.inf
    best = None
    for _ in range(TRIES):
        at = here.at + np.float32(length) * direction
        there = _Point(at, *objective(at))
        if not there.value <= here.value + ENOUGH * length * slope:
            high, width = length, length - low
            bend = there.value - low_value - low_slope * width
            share = -low_slope * width / (2 * bend) if bend > 0 else 0.5
            length = low + min(max(share, 0.1), 0.9) * width
            continue
        best = there
        if (left := float(there.gradient @ direction)) >= FLATTER * slope:
            break
        low, low_value, low_slope = length, there.value, left
        length = (low + high) / 2 if high < np.inf else 2 * length
    return best
