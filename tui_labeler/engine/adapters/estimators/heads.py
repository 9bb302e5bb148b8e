"""Logistic regression with honest probabilities, over any matrix.

One class a row: softmax regression, its logits scaled by one temperature. Several classes a row: a logistic
regression a class, Platt scaling of all their log-odds together, and one threshold. Temperature, scaling and
threshold are fitted on scores of models that had not seen the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse, special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tui_labeler.engine.adapters.estimators import confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


COMPACT = 2000
"""Rows up to which they are brought into few dimensions first: beyond, that costs more than it saves."""


def _silent(words: str, share: float) -> None:
    """No progress is asked for."""


class TemperatureScaledLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Softmax regression whose probabilities are scaled by a temperature fitted out of fold.

    ``loss_`` is the mean negative log likelihood of the rows out of fold; 0 without folds.

    Parameters
    ----------
    C : inverse strength of the penalty on squared weights.
    folds : parts for the out-of-fold logits; below 2 the logits stay as they are.
    seed : of the folds.
    """

    def __init__(self, C: float = 10.0, folds: int = 3, seed: int = 0) -> None:
        self.C = C
        self.folds = folds
        self.seed = seed

    def fit(self, X: Any, y: Any, progress: Callable[[str, float], None] = _silent) -> Self:
        """Learns from rows with one class each. Raises ``ValueError`` for fewer than two classes."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        self.classes_, targets = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"there must be two classes or more, but the data has 1 class: {self.classes_[0]!r}"
            )
        folds = spread(targets, self.folds, self.seed)
        count = int(folds.max()) + 1 if len(folds) else 0
        progress("Training", 0.0)
        rows, unfold = _compact(X)
        coefficients, self.intercept_ = _softmax(rows, targets, len(self.classes_), self.C)
        self.coef_ = unfold(coefficients)
        logits = np.zeros((X.shape[0], len(self.classes_)))
        for fold in range(count if count > 1 else 0):
            progress("Checking its confidence", (fold + 1) / (count + 1))
            out, kept = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            strength = self.C * len(targets) / len(kept)
            weights, offsets = _softmax(rows[kept], targets[kept], len(self.classes_), strength)
            logits[out] = rows[out] @ weights.T + offsets
        self.temperature_, self.loss_ = 1.0, 0.0
        if count > 1:
            self.temperature_ = confidence.fit_temperature(logits, targets)
            scaled = special.log_softmax(logits * self.temperature_, axis=1)
            self.loss_ = -float(scaled[np.arange(len(targets)), targets].mean())
        return self

    def decision_function(self, X: Any) -> Floats:
        """Scaled logits, shape (rows, classes); with two classes those of the second, shape (rows,)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        logits = (np.asarray(X @ self.coef_.T) + self.intercept_) * self.temperature_
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> Floats:
        """Shape (rows, classes)."""
        logits = self.decision_function(X)
        if logits.ndim == 1:
            second = special.expit(logits)
            return np.stack([1 - second, second], axis=1)
        return np.asarray(special.softmax(logits, axis=1))

    def predict(self, X: Any) -> NDArray[Any]:
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class MultiLabelLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A logistic regression a class, scaled together, with one threshold tuned for micro-F1.

    ``fit(X, Y)`` takes a matrix of zeros and ones of shape (rows, classes). Parameters are those of
    :class:`TemperatureScaledLogistic`.
    """

    def __init__(self, C: float = 10.0, folds: int = 3, seed: int = 0) -> None:
        self.C = C
        self.folds = folds
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        names: Sequence[str] | None = None,
        progress: Callable[[str, float], None] = _silent,
    ) -> Self:
        """Learns from rows with any number of classes; ``names`` are those of the columns."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64, multi_output=True)
        targets = np.asarray(y).reshape(X.shape[0], -1).astype(bool)
        self.classes_ = np.array(names if names is not None else range(targets.shape[1]))
        folds = spread(targets @ (1 + np.arange(targets.shape[1])), self.folds, self.seed)
        count = int(folds.max()) + 1 if len(folds) else 0
        progress("Training", 0.0)
        rows, unfold = _compact(X)
        coefficients, self.intercept_ = _one_against_rest(rows, targets, self.C)
        self.coef_ = unfold(coefficients)
        self.calibration_, self.threshold_, self.loss_ = confidence.Platt(), 0.5, 0.0
        if count > 1:
            logits = np.zeros(targets.shape)
            for fold in range(count):
                progress("Checking its confidence", (fold + 1) / (count + 1))
                out, kept = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
                strength = self.C * len(targets) / len(kept)
                weights, offsets = _one_against_rest(rows[kept], targets[kept], strength)
                logits[out] = rows[out] @ weights.T + offsets
            raw = special.expit(logits)
            self.calibration_ = confidence.fit_platt(raw.ravel(), targets.ravel())
            honest = self.calibration_(raw)
            self.threshold_ = best_threshold(honest, targets)
            odds = confidence.log_odds(honest)
            self.loss_ = float(np.logaddexp(0, np.where(targets, -odds, odds)).mean())
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Shape (rows, classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        return self.calibration_(special.expit(np.asarray(X @ self.coef_.T) + self.intercept_))

    def predict(self, X: Any) -> Ints:
        """Zeros and ones, shape (rows, classes)."""
        return (self.predict_proba(X) >= self.threshold_).astype(np.int64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.classifier_tags.multi_label = True
        return tags


def _compact(X: Any) -> tuple[Any, Callable[[Floats], Floats]]:
    """Rows in as few dimensions as there are rows, and what brings weights back to the features.

    A penalty on squared weights does not change when rows are turned, so that the same optimum is found
    among a thousand times fewer weights. Not worth it for many rows: they stay as they are.
    """
    count = X.shape[0]
    if count > COMPACT or count >= X.shape[1]:
        return X, lambda weights: weights
    products = X @ X.T
    values, vectors = np.linalg.eigh(products.toarray() if sparse.issparse(products) else products)
    kept = values > values[-1] * 1e-10
    if not kept.any():
        return X, lambda weights: weights
    roots = np.sqrt(values[kept])
    turned = vectors[:, kept]
    return turned * roots, lambda weights: np.asarray((X.T @ (turned / roots @ weights.T)).T)


def _softmax(X: Any, targets: Ints, classes: int, C: float) -> tuple[Floats, Floats]:
    """Weights (classes, features) and offsets; classes that are missing here get the lowest logits seen."""
    present = np.unique(targets)
    weights, offsets = np.zeros((classes, X.shape[1])), np.zeros(classes)
    if len(present) < 2:
        offsets[present] = 1.0
        return weights, offsets
    model = LogisticRegression(C=C, max_iter=400, tol=1e-4).fit(X, targets)
    if len(present) == 2:
        weights[present] = np.concatenate([-model.coef_, model.coef_]) / 2
        offsets[present] = np.concatenate([-model.intercept_, model.intercept_]) / 2
    else:
        weights[present], offsets[present] = model.coef_, model.intercept_
    missing = np.setdiff1d(np.arange(classes), present)
    offsets[missing] = offsets.min() - 1.0
    return weights, offsets


def _one_against_rest(X: Any, targets: NDArray[np.bool_], C: float) -> tuple[Floats, Floats]:
    """Weights (classes, features) and offsets; a class that all rows have, or none, is as likely as that."""
    weights, offsets = np.zeros((targets.shape[1], X.shape[1])), np.zeros(targets.shape[1])
    for number, column in enumerate(targets.T):
        if column.all() or not column.any():
            share = (column.sum() + 0.5) / (len(column) + 1)
            offsets[number] = special.logit(share)
            continue
        model = LogisticRegression(C=C, max_iter=400, tol=1e-4).fit(X, column)
        weights[number], offsets[number] = model.coef_[0], model.intercept_[0]
    return weights, offsets


def spread(targets: Ints, folds: int, seed: int) -> Ints:
    """A fold for every row, with every class spread evenly; empty when there are too few rows or folds."""
    if folds < 2 or len(targets) < 2:
        return np.zeros(0, dtype=np.int64)
    shuffled = np.random.default_rng(seed).permutation(len(targets))
    order = shuffled[np.argsort(targets[shuffled], kind="stable")]
    numbers = np.empty(len(targets), dtype=np.int64)
    numbers[order] = np.arange(len(targets)) % min(folds, len(targets))
    return numbers


def best_threshold(probabilities: Floats, targets: NDArray[np.bool_]) -> float:
    """The threshold with the highest micro-F1; half-way between two probabilities."""
    order = np.argsort(-probabilities, axis=None, kind="stable")
    values, right = probabilities.ravel()[order], targets.ravel()[order]
    f1 = 2 * np.cumsum(right) / (np.arange(1, len(right) + 1) + max(int(right.sum()), 1))
    best = int(f1.argmax())
    behind = values[best + 1] if best + 1 < len(values) else 0.0
    return float((values[best] + behind) / 2)
