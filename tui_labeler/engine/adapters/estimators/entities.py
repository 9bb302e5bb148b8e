"""The recogniser of entities: a linear-chain field over words, lines and clusters."""

from __future__ import annotations

from itertools import chain
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


MARGINS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5)
"""What may be taken from the scores of tokens outside.

The most probable tags leave out every span that is less likely than not, which costs more recall than it
wins precision: few labels make a field timid.
"""

FOLD_LEAST = 2
"""Tokens that a feature needs in the out-of-fold models: they train in half the time, F1 within 0.003."""


NEARLY = 0.002
LARGER = 0.5
"""F1 that is given up for a margin so much larger: rejecting a suggestion is a key, finding what is missing
a search."""


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
        penalty: float = 0.03,
        iterations: int = 120,
        folds: int = 3,
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
        self._learn(design, tagged.tags, corpus, progress)
        progress("Trained", 1.0)
        return self

    def _runs(self, X: Sequence[str], unlabeled: Iterable[str]) -> Iterable[list[str]]:
        for text in chain(X, unlabeled):
            yield [text[start:end] for start, end in tokens.tokenize(text, self.grain_)]

    def _learn(
        self, design: Design, tags: Ints, corpus: Corpus, progress: Callable[[str, float], None]
    ) -> None:
        """Trains on all texts, and for margin and calibration on all but a part."""
        folds = _fold_numbers(corpus, self.folds, self.seed)
        count = int(folds.max()) + 1 if len(folds) else 0
        steps = _Steps(self.iterations + count * self.fold_iterations, progress)
        self.weights_ = self._train(design, tags, corpus.unit, self.iterations, steps)
        parts = [self._held_out(design, tags, corpus, folds == fold, steps) for fold in range(count)]
        self.margin_, self.calibration_ = _fitted(parts, int((tags % 2 == 1).sum()))

    def _train(
        self, design: Design, tags: Ints, unit: Ints, iterations: int, steps: _Steps, least: int = 1
    ) -> Weights:
        allowed, first = tagging.transitions_allowed(len(self.categories_))
        return crf.fit(
            design,
            tags,
            unit,
            np.vstack([allowed, first]),
            penalty=self.penalty,
            iterations=iterations,
            least=least,
            progress=steps,
        )

    def _held_out(
        self, design: Design, tags: Ints, corpus: Corpus, out: NDArray[np.bool_], steps: _Steps
    ) -> dict[float, _Outcome]:
        """What a model that has not seen the tokens ``out`` finds there at each margin."""
        rest = Design(design.choices.select(~out), design.table)
        weights = self._train(
            rest, tags[~out], _renumber(corpus.unit[~out]), self.fold_iterations, steps, FOLD_LEAST
        )
        field = _Field.of(
            weights, Design(design.choices.select(out), design.table), _renumber(corpus.unit[out])
        )
        gold = set(map(tuple, tagging.decode(tags[out]).tolist()))
        found = {}
        for margin in MARGINS:
            spans, probability = field.spans(margin)
            right = np.array([tuple(span) in gold for span in spans.tolist()], dtype=bool)
            found[margin] = _Outcome(probability, right)
        return found

    def predict(self, X: Sequence[str]) -> list[list[ScoredSpan]]:
        """The spans of each text, in text order and without overlap."""
        if not hasattr(self, "weights_"):
            raise NotFittedError("this recogniser has learned nothing yet: call fit")
        found: list[list[ScoredSpan]] = [[] for _ in X]
        corpus = tokens.read(X, self.grain_, self.unit_)
        if not len(corpus):
            return found
        field = _Field.of(self.weights_, self.featurizer_.design(corpus), corpus.unit)
        spans, probability = field.spans(self.margin_)
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


class _Outcome(NamedTuple):
    """Predicted spans: the field's probabilities, and whether they are right."""

    probability: NDArray[np.float64]
    right: NDArray[np.bool_]


def _fitted(parts: Sequence[dict[float, _Outcome]], labels: int) -> tuple[float, confidence.Platt]:
    """The margin, and Platt scaling of what is found with it, from what was found in unseen texts.

    The margin is the one with the best F1, or one that is a little larger and nearly as good.
    """
    if len(parts) < 2:
        return 0.0, confidence.Platt()
    found = {
        margin: _Outcome(*map(np.concatenate, zip(*(part[margin] for part in parts), strict=True)))
        for margin in MARGINS
    }
    f1 = {margin: 2 * seen.right.sum() / (len(seen.right) + labels) for margin, seen in found.items()}
    best = max(MARGINS, key=lambda margin: (f1[margin], -margin))
    best = max(m for m in MARGINS if m <= best + LARGER and f1[m] >= f1[best] - NEARLY)
    return best, confidence.fit_platt(*found[best])


class _Steps:
    """Counts the steps of several trainings into one growing share."""

    def __init__(self, total: int, progress: Callable[[str, float], None]) -> None:
        self._total = total
        self._progress = progress
        self._done = 0

    def __call__(self) -> None:
        self._done += 1
        self._progress("Training", 0.25 + 0.74 * self._done / self._total)


class _Field(NamedTuple):
    """A trained field over a corpus."""

    packing: crf.Packing
    scores: NDArray[np.float64]
    transitions: NDArray[np.float64]
    lattice: crf.Lattice

    @classmethod
    def of(cls, weights: Weights, design: Design, unit: Ints) -> Self:
        packing = crf.Packing.of(unit)
        scores = weights.scores(design)[packing.order]
        transitions = weights.transitions.astype(np.float64)
        return cls(packing, scores, transitions, crf.messages(scores, transitions, packing))

    def spans(self, margin: float) -> tuple[Ints, NDArray[np.float64]]:
        """Spans of tokens and their probabilities, both in text order.

        ``margin`` is taken from the scores of tokens outside; it changes what is found, not how
        probable that is.
        """
        scores = self.scores.copy()
        scores[:, 0] -= margin
        tags = np.empty(len(scores), dtype=np.int64)
        tags[self.packing.order] = crf.best_paths(scores, self.transitions, self.packing)
        spans = tagging.decode(tags)
        return spans, confidence.span_probabilities(self.lattice, self.transitions, self.packing, spans)


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
