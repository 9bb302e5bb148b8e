"""What the minimiser of the field finds, beside scipy's, and how it gets there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from tui_labeler.engine.adapters.estimators import lbfgs

Singles = NDArray[np.float32]


def regression(flat: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """Penalised logistic regression on features whose sizes differ a hundred times."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 40)) * np.geomspace(0.1, 10, 40)
    signs = np.sign(rows @ random.normal(size=40) / 5 + random.normal(size=200))
    odds = signs * (rows @ flat)
    value = float(np.logaddexp(0, -odds).sum() + 0.05 * flat @ flat)
    slope = -(rows.T @ (signs / (1 + np.exp(odds)))) + 0.1 * flat
    return value, slope.astype(np.float32)


def found(iterations: int, tolerance: float = 1e-7) -> tuple[Singles, list[float]]:
    values: list[float] = []

    def objective(flat: Singles) -> tuple[float, Singles]:
        value, slope = regression(flat)
        values.append(value)
        return value, slope

    steps: list[int] = []
    at = lbfgs.minimise(
        objective, 40, iterations=iterations, tolerance=tolerance, progress=lambda: steps.append(len(values))
    )
    assert len(steps) <= iterations
    return at, [min(values[:step]) for step in steps]


def test_it_finds_what_scipy_finds() -> None:
    at, values = found(200)
    best = optimize.minimize(
        lambda flat: tuple(np.asarray(part, dtype=float) for part in regression(flat)),
        np.zeros(40),
        jac=True,
        method="L-BFGS-B",
    )
    assert regression(at)[0] < float(best.fun) * 1.0001
    assert np.abs(at - best.x).max() < 0.01
    assert len(values) <= best.nit * 1.5


def test_every_step_goes_down_and_there_are_no_more_than_were_asked_for() -> None:
    _, values = found(12)
    assert len(values) == 12
    assert (np.diff(values) < 0).all()


def test_it_ends_with_a_step_that_gains_next_to_nothing() -> None:
    _, values = found(200, tolerance=0.01)
    gains = -np.diff(values) / values[:-1]
    assert (gains[:-1] > 0.009).all()
    assert gains[-1] <= 0.0101


def test_it_stays_where_nothing_is_lower() -> None:
    start = lbfgs.minimise(
        lambda flat: (float(flat @ flat), 2 * flat), 3, iterations=5, tolerance=1e-5, progress=lambda: None
    )
    assert (start == 0).all()


def test_a_step_that_is_too_long_is_shortened_and_one_that_is_too_short_lengthened() -> None:
    for steepness in (1e-3, 1e4):
        at = lbfgs.minimise(
            lambda flat, k=steepness: (float(k * ((flat - 3) ** 2).sum()), 2 * k * (flat - 3)),  # type: ignore[misc]
            2,
            iterations=30,
            tolerance=1e-9,
            progress=lambda: None,
        )
        assert np.abs(at - 3).max() < 0.15, steepness
