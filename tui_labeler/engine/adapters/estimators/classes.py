"""The classifier of texts: logistic regression over TF-IDF of words and characters, over embeddings, or both.

Words are tokens of any script, one and two at a time; characters are runs of two to five within words. The
inverse document frequencies come from all texts of a project, labeled or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

from tui_labeler.engine.adapters.estimators import parallel, sentences
from tui_labeler.engine.adapters.estimators.heads import MultiLabelLogistic, TemperatureScaledLogistic
from tui_labeler.engine.adapters.estimators.vectors import TextVectorizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Head = MultiLabelLogistic | TemperatureScaledLogistic


VECTORS = 3.0
VECTORS_OF_SEVERAL = 1.0
"""Length of a row's embedding beside that of its characters, one; and where a text may have several classes.
Measured on banking77 and Web of Science, and on the movies."""

COMPARED = 2000
"""Labeled texts up to which words, embeddings and both are tried on texts held out. Beyond, both together are
best wherever that was measured, and trying takes long."""


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
    embeddings : whether sentence embeddings are tried, alone and beside the words, which needs that extra.
    cores : how many embed; all by default.
    """

    def __init__(
        self,
        multi_label: bool = False,
        C: float = 10.0,
        folds: int = 3,
        max_features: int = 100_000,
        seed: int = 0,
        embeddings: bool = False,
        cores: int | None = None,
    ) -> None:
        self.multi_label = multi_label
        self.C = C
        self.folds = folds
        self.max_features = max_features
        self.seed = seed
        self.embeddings = embeddings
        self.cores = cores

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[Any],
        *,
        unlabeled: Iterable[str] = (),
        progress: Callable[[str, float], None] = lambda words, share: None,
    ) -> Self:
        """Learns from labeled texts; ``unlabeled`` ones say which words are common.

        Raises ``ValueError`` when there are too few classes to tell apart, and ``InputError`` without the
        extra that ``embeddings`` needs.
        """
        if len(X) != len(y):
            raise ValueError(f"{len(X)} texts, but labels of {len(y)}")
        progress("Reading the texts", 0.0)
        self.vectorizer_ = TextVectorizer(self.max_features).fit(X, unlabeled)
        progress("Weighing words", 0.2)
        words = self.vectorizer_.transform(X)
        vectors = None
        if self.embeddings:
            vectors = self._embedded(X, lambda share: progress("Embedding the texts", 0.2 + 0.4 * share))
        began = 0.25 if vectors is None else 0.6
        with threadpool_limits(1):
            self._fit_best(
                words, vectors, y, lambda doing, share: progress(doing, began + (1 - began) * share)
            )
        self.classes_ = self.head_.classes_
        progress("Trained", 1.0)
        return self

    def _fit_best(
        self,
        words: sparse.csr_array,
        vectors: NDArray[np.float32] | None,
        y: Sequence[Any],
        progress: Callable[[str, float], None],
    ) -> None:
        """The head, and which features it has: those with the smallest loss on texts held out."""
        shape = words.shape[1], 0 if vectors is None else vectors.shape[1]
        tried = [shape] if vectors is None else [shape, (0, shape[1]), (shape[0], 0)]
        if len(y) > COMPARED:
            tried = [shape]
        heads: list[Head] = []

        def step(doing: str, share: float) -> None:
            progress(doing, (len(heads) + share) / len(tried))

        for first, second in tried:
            matrix = _joined(words[:, :first], None if vectors is None else vectors[:, :second])
            heads.append(self._fit_head(matrix, y, step))
        best = int(np.argmin([head.loss_ for head in heads]))
        self.head_ = heads[best]
        kept, self.vectors_ = tried[best]
        if not kept:
            self.vectorizer_.restore((), np.zeros(0))

    def _embedded(
        self, X: Sequence[str], progress: Callable[[float], None] = lambda share: None
    ) -> NDArray[np.float32]:
        cores = parallel.cores_here() if self.cores is None else self.cores
        length = np.float32(VECTORS_OF_SEVERAL if self.multi_label else VECTORS)
        return sentences.encoder().encode(X, cores, progress) * length

    def _matrix(self, X: Sequence[str]) -> Any:
        return _joined(self.vectorizer_.transform(X), self._embedded(X) if self.vectors_ else None)

    def _fit_head(self, matrix: Any, y: Sequence[Any], progress: Callable[[str, float], None]) -> Head:
        if self.multi_label:
            names = sorted({name for row in y for name in row})
            targets = np.array([[name in row for name in names] for row in y], dtype=bool)
            head = MultiLabelLogistic(self.C, self.folds, self.seed)
            return head.fit(matrix, targets, names=names, progress=progress)
        single = TemperatureScaledLogistic(self.C, self.folds, self.seed)
        return single.fit(matrix, np.array(list(y), dtype=object).astype(str), progress=progress)

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (texts, classes); rows of one class a text sum to one."""
        if not hasattr(self, "head_"):
            raise NotFittedError("this classifier has learned nothing yet: call fit")
        return self.head_.predict_proba(self._matrix(X))

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


def _joined(words: sparse.csr_array, vectors: NDArray[np.float32] | None) -> Any:
    """Features of words, then those of embeddings."""
    if vectors is None or not vectors.shape[1]:
        return words
    if not words.shape[1]:
        return vectors
    return sparse.csr_array(sparse.hstack([words, sparse.csr_array(vectors)], format="csr"))
