"""The recogniser of entities: a linear-chain field over words, lines and clusters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

from tui_labeler.engine.adapters.estimators import clusters, confidence, crf, tagging, tokens
from tui_labeler.engine.adapters.estimators.design import Design, Featurizer
from tui_labeler.engine.adapters.estimators.tagging import LabeledSpan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tui_labeler.engine.adapters.estimators.crf import Weights
    from tui_labeler.engine.adapters.estimators.tokens import Corpus

    Ints = NDArray[np.int64]


class ScoredSpan(NamedTuple):
    """A predicted span with the calibrated probability of being right."""

    category: str
    start: int
    end: int
    confidence: float


class EntityRecognizer(BaseEstimator):  # type: ignore[misc]
    """Finds spans of categories in texts of any language.

    ``fit(X, y)`` takes a list of texts and for each a list of ``(category, start, end)`` in code points.
    ``predict(X)`` gives for each text its :class:`ScoredSpan` in text order, without overlap.

    Parameters
    ----------
    penalty : factor of the squared weights.
    iterations : steps of L-BFGS at most.
    folds : parts for the out-of-fold predictions that the confidence is calibrated on; below 2 none is.
    fold_iterations : steps of L-BFGS for each of them.
    cluster : whether words are clustered by the company they keep in all texts.
    anchors : whether lines and positions count; ``None`` says so for texts of several lines.
    seed : of the clusters and the folds.
    """

    def __init__(
        self,
        penalty: float = 0.05,
        iterations: int = 120,
        folds: int = 4,
        fold_iterations: int = 60,
        cluster: bool = True,
        anchors: bool | None = None,
        seed: int = 0,
    ) -> None:
        self.penalty = penalty
        self.iterations = iterations
        self.folds = folds
        self.fold_iterations = fold_iterations
        self.cluster = cluster
        self.anchors = anchors
        self.seed = seed

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[Sequence[tuple[str, int, int]]],
        *,
        unlabeled: Iterable[str] = (),
        progress: Callable[[str, float], None] = lambda words, share: None,
    ) -> Self:
        """Learns from labeled texts; ``unlabeled`` ones teach which words are alike.

        Raises ``ValueError`` when there is no span at all, or as many lists of spans as texts there are not.
        """
        labels = [[LabeledSpan(*span) for span in spans] for spans in y]
        self.categories_ = tuple(sorted({span.category for spans in labels for span in spans}))
        if len(X) != len(labels):
            raise ValueError(f"{len(X)} texts, but labels of {len(labels)}")
        if not self.categories_:
            raise ValueError("there is no span to learn from")
        with threadpool_limits(1):
            return self._fit(X, labels, unlabeled, progress)

    def _fit(
        self,
        X: Sequence[str],
        labels: list[list[LabeledSpan]],
        unlabeled: Iterable[str],
        progress: Callable[[str, float], None],
    ) -> Self:
        progress("Reading the texts", 0.0)
        self.grain_ = tagging.choose_grain(X, labels)
        self.unit_ = tagging.choose_unit(X, labels, self.grain_)
        corpus = tokens.read(X, self.grain_, self.unit_)
        tagged = tagging.encode(corpus, labels, self.categories_)
        self.unreachable_, self.dropped_ = tagged.unreachable, tagged.dropped
        progress("Grouping words that are alike", 0.05)
        known = clusters.learn(self._runs(X, unlabeled), self.seed) if self.cluster else clusters.EMPTY
        progress("Collecting features", 0.2)
        anchored = _has_lines(corpus) if self.anchors is None else self.anchors
        self.featurizer_ = Featurizer.learn(corpus, known, anchored=anchored)
        design = self.featurizer_.design(corpus)
        folds = _fold_numbers(corpus, self.folds, self.seed)
        split = 0.25 + 0.75 * self.iterations / (self.iterations + len(folds) * self.fold_iterations)
        self.weights_ = self._train(
            design,
            tagged.tags,
            corpus.unit,
            self.iterations,
            lambda share: progress("Training", 0.25 + (split - 0.25) * share),
        )
        self.calibration_ = self._calibrate(
            design,
            tagged.tags,
            corpus,
            folds,
            lambda share: progress("Checking its confidence", split + (1 - split) * share),
        )
        progress("Trained", 1.0)
        return self

    def _runs(self, X: Sequence[str], unlabeled: Iterable[str]) -> Iterable[list[str]]:
        for text in (*X, *unlabeled):
            corpus = tokens.read([text], self.grain_, tokens.Unit.PARAGRAPH)
            yield corpus.words

    def _train(
        self, design: Design, tags: Ints, unit: Ints, iterations: int, progress: Callable[[float], None]
    ) -> Weights:
        allowed, first = tagging.transitions_allowed(len(self.categories_))
        return crf.fit(
            design,
            tags,
            unit,
            np.vstack([allowed, first]),
            penalty=self.penalty,
            iterations=iterations,
            progress=progress,
        )

    def _calibrate(
        self, design: Design, tags: Ints, corpus: Corpus, folds: Ints, progress: Callable[[float], None]
    ) -> confidence.Platt:
        """Platt scaling on spans that models predict in texts which they have not seen."""
        count = len(np.unique(folds)) if len(folds) else 0
        if count < 2:
            return confidence.Platt()
        scores: list[NDArray[np.float64]] = []
        right: list[NDArray[np.bool_]] = []
        for fold in range(count):
            out, kept = folds == fold, folds != fold
            weights = self._train(
                Design(design.choices[kept], design.table),
                tags[kept],
                _renumber(corpus.unit[kept]),
                self.fold_iterations,
                partial(_part, progress, fold, count),
            )
            spans, probability = _spans(
                weights, Design(design.choices[out], design.table), _renumber(corpus.unit[out])
            )
            gold = set(map(tuple, tagging.decode(tags[out]).tolist()))
            right.append(np.array([tuple(span) in gold for span in spans.tolist()], dtype=bool))
            scores.append(probability)
        return confidence.fit_platt(np.concatenate(scores), np.concatenate(right))

    def predict(self, X: Sequence[str]) -> list[list[ScoredSpan]]:
        """The spans of each text, in text order and without overlap."""
        if not hasattr(self, "weights_"):
            raise NotFittedError("this recogniser has learned nothing yet: call fit")
        found: list[list[ScoredSpan]] = [[] for _ in X]
        corpus = tokens.read(X, self.grain_, self.unit_)
        if not len(corpus):
            return found
        spans, probability = _spans(self.weights_, self.featurizer_.design(corpus), corpus.unit)
        confidences = self.calibration_(probability).tolist()
        for (first, end, category), certain in zip(spans.tolist(), confidences, strict=True):
            start, stop = int(corpus.starts[first]), int(corpus.ends[end - 1])
            found[corpus.text[first]].append(ScoredSpan(self.categories_[category], start, stop, certain))
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags


def _part(progress: Callable[[float], None], part: int, parts: int, share: float) -> None:
    progress((part + share) / parts)


def _spans(weights: Weights, design: Design, unit: Ints) -> tuple[Ints, NDArray[np.float64]]:
    """Predicted spans of tokens and their probabilities, both in text order."""
    packing = crf.Packing.of(unit)
    scores = weights.scores(design)[packing.order]
    transitions = weights.transitions.astype(np.float64)
    tags = np.empty(len(unit), dtype=np.int64)
    tags[packing.order] = crf.best_paths(scores, transitions, packing)
    spans = tagging.decode(tags)
    lattice = crf.messages(scores, transitions, packing)
    return spans, confidence.span_probabilities(lattice, transitions, packing, spans)


def _renumber(unit: Ints) -> Ints:
    """The same sequences, counted without gaps."""
    return np.cumsum(np.diff(unit, prepend=unit[:1] if len(unit) else 0) != 0).astype(np.int64)


def _has_lines(corpus: Corpus) -> bool:
    """Whether most texts have several lines."""
    lines = np.bincount(np.unique(np.stack([corpus.text, corpus.line]), axis=1)[0], minlength=corpus.texts)
    return bool(np.median(lines) >= 3)


def _fold_numbers(corpus: Corpus, folds: int, seed: int) -> Ints:
    """A fold for every token: whole texts where there are enough, else whole sequences."""
    if folds < 2 or not len(corpus):
        return np.zeros(0, dtype=np.int64)
    whole = corpus.text if corpus.texts >= folds else corpus.unit
    count = int(whole[-1]) + 1
    if count < 2:
        return np.zeros(0, dtype=np.int64)
    numbers = np.random.default_rng(seed).permutation(count) % min(folds, count)
    return np.asarray(numbers[whole], dtype=np.int64)
