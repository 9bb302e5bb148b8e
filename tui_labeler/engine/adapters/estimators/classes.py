"""The classifier of texts: TF-IDF of words and characters with logistic regression.

Words are tokens of any script, one and two at a time; characters are runs of two to five within words. The
inverse document frequencies come from all texts of a project, labeled or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

from tui_labeler.engine.adapters.estimators.heads import MultiLabelLogistic, TemperatureScaledLogistic
from tui_labeler.engine.adapters.estimators.vectors import TextVectorizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray


class ScoredClass(NamedTuple):
    """A predicted class with the calibrated probability of being right."""

    category: str
    confidence: float


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says which class, or which classes, a text belongs to.

    ``fit(X, y)`` takes a list of texts and for each its class, or with ``multi_label`` a list of
    classes, which may be empty. ``predict(X)`` gives the same; ``score_classes(X)`` gives
    :class:`ScoredClass`.

    Parameters
    ----------
    multi_label : whether a text may have several classes, or none.
    C : inverse strength of the penalty on squared weights.
    folds : parts for the out-of-fold scores that temperature and threshold are fitted on; below 2 none are.
    max_features : n-grams kept, the most frequent ones, of words and of characters each.
    seed : of the folds.
    """

    def __init__(
        self,
        multi_label: bool = False,
        C: float = 10.0,
        folds: int = 3,
        max_features: int = 100_000,
        seed: int = 0,
    ) -> None:
        self.multi_label = multi_label
        self.C = C
        self.folds = folds
        self.max_features = max_features
        self.seed = seed

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[Any],
        *,
        unlabeled: Iterable[str] = (),
        progress: Callable[[str, float], None] = lambda words, share: None,
    ) -> Self:
        """Learns from labeled texts; ``unlabeled`` ones say which words are common.

        Raises ``ValueError`` when there are too few classes to tell apart.
        """
        if len(X) != len(y):
            raise ValueError(f"{len(X)} texts, but labels of {len(y)}")
        progress("Reading the texts", 0.0)
        self.vectorizer_ = TextVectorizer(self.max_features).fit(X, unlabeled)
        progress("Weighing words", 0.2)
        matrix = self.vectorizer_.transform(X)
        with threadpool_limits(1):
            self._fit_head(matrix, y, lambda words, share: progress(words, 0.25 + 0.75 * share))
        self.classes_ = self.head_.classes_
        progress("Trained", 1.0)
        return self

    def _fit_head(self, matrix: Any, y: Sequence[Any], progress: Callable[[str, float], None]) -> None:
        if self.multi_label:
            names = sorted({name for row in y for name in row})
            targets = np.array([[name in row for name in names] for row in y], dtype=bool)
            head = MultiLabelLogistic(self.C, self.folds, self.seed)
            self.head_: MultiLabelLogistic | TemperatureScaledLogistic = head.fit(
                matrix, targets, names=names, progress=progress
            )
        else:
            single = TemperatureScaledLogistic(self.C, self.folds, self.seed)
            self.head_ = single.fit(matrix, np.array(list(y), dtype=object).astype(str), progress=progress)

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (texts, classes); rows of one class a text sum to one."""
        if not hasattr(self, "head_"):
            raise NotFittedError("this classifier has learned nothing yet: call fit")
        return self.head_.predict_proba(self.vectorizer_.transform(X))

    def score_classes(self, X: Sequence[str]) -> list[list[ScoredClass]]:
        """For each text its classes, the most probable first, with their confidences."""
        probabilities = self.predict_proba(X)
        if isinstance(self.head_, MultiLabelLogistic):
            chosen = probabilities >= self.head_.threshold_
        else:
            chosen = np.zeros(probabilities.shape, dtype=bool)
            chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
        return [
            sorted(
                (ScoredClass(str(self.classes_[at]), float(row[at])) for at in np.flatnonzero(picked)),
                key=lambda scored: (-scored.confidence, scored.category),
            )
            for row, picked in zip(probabilities, chosen, strict=True)
        ]

    def predict(self, X: Sequence[str]) -> Any:
        """The class of each text as an array, or with ``multi_label`` a list of classes for each."""
        rows = self.score_classes(X)
        if self.multi_label:
            return [sorted(scored.category for scored in row) for row in rows]
        return np.array([row[0].category for row in rows])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
