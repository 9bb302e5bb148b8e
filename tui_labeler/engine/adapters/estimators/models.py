"""Trained models in memory, and the port that trains and loads them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import EMBEDDINGS, WORDS, Features
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.estimators import files, sentences, tagging
from tui_labeler.engine.adapters.estimators.classes import TextClassifier
from tui_labeler.engine.adapters.estimators.clusters import WordClusters
from tui_labeler.engine.adapters.estimators.confidence import Platt
from tui_labeler.engine.adapters.estimators.crf import LOWEST, Weights
from tui_labeler.engine.adapters.estimators.design import PAIRS, Featurizer
from tui_labeler.engine.adapters.estimators.entities import EntityRecognizer
from tui_labeler.engine.adapters.estimators.heads import MultiLabelLogistic, TemperatureScaledLogistic
from tui_labeler.engine.adapters.estimators.parallel import Pool
from tui_labeler.engine.adapters.estimators.tokens import Grain, Unit
from tui_labeler.engine.adapters.estimators.vectors import TextVectorizer
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.ports import Prediction
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_labeler.engine.ports import Progress, Sample


class EntityModel:
    """A fitted :class:`EntityRecognizer` as the engine knows it."""

    def __init__(self, estimator: EntityRecognizer, cores: int | None = None) -> None:
        self.estimator = estimator
        featurizer, weights = estimator.featurizer_, estimator.weights_
        self._arrays = {
            **files.sparse_arrays("features", weights.features),
            "transitions": weights.transitions,
            "clusters": featurizer.clusters.ids,
            **{f"pairs{number}": known for number, known in enumerate(featurizer.pairs)},
        }
        self._header = files.signed(
            files.EntitiesHeader(
                format=files.FORMAT,
                format_version=files.FORMAT_VERSION,
                version="",
                categories=estimator.categories_,
                grain=int(estimator.grain_),
                unit=int(estimator.unit_),
                anchored=featurizer.anchored,
                calibration=estimator.calibration_[:2],
                margin=estimator.margin_,
                tiers=featurizer.tiers,
                cluster_words=featurizer.clusters.words,
            ),
            self._arrays,
        )
        self._pool = Pool(self, load_model, cores)
        self.features = (WORDS,)

    @property
    def version(self) -> str:
        """Hash of what was learned."""
        return self._header.version

    def predict_now(self, texts: Sequence[str]) -> list[list[Prediction]]:
        return [
            [Prediction(found.category, Span(found.start, found.end), found.confidence) for found in row]
            for row in self.estimator.predict(texts)
        ]

    async def predict(self, texts: Sequence[str]) -> list[list[Prediction]]:
        """The spans of each text, in text order and without overlap."""
        return await asyncio.to_thread(self._pool.predict, texts)

    def save(self, folder: str) -> None:
        files.write(folder, self._header, self._arrays)


class ClassModel:
    """A fitted :class:`TextClassifier` as the engine knows it."""

    def __init__(self, estimator: TextClassifier, cores: int | None = None) -> None:
        self.estimator = estimator
        head, vectorizer = estimator.head_, estimator.vectorizer_
        multi = isinstance(head, MultiLabelLogistic)
        self._arrays = {
            **files.sparse_arrays("weights", head.coef_.T.astype(np.float32)),
            "offsets": head.intercept_.astype(np.float64),
            "idf": vectorizer.idf_,
        }
        self._header = files.signed(
            files.ClassesHeader(
                format=files.FORMAT,
                format_version=files.FORMAT_VERSION,
                version="",
                multi_label=multi,
                classes=tuple(map(str, head.classes_)),
                features=vectorizer.names_,
                temperature=1.0 if isinstance(head, MultiLabelLogistic) else head.temperature_,
                calibration=head.calibration_[:2] if isinstance(head, MultiLabelLogistic) else (1.0, 0.0),
                threshold=head.threshold_ if isinstance(head, MultiLabelLogistic) else 0.0,
                embedding=sentences.NAME if estimator.vectors_ else "",
            ),
            self._arrays,
        )
        self.features = (WORDS,) * bool(vectorizer.names_) + (EMBEDDINGS,) * bool(estimator.vectors_)
        # Embedding takes nearly all of the time, and has threads of its own.
        self._pool = Pool(self, load_model, 1 if estimator.vectors_ else cores)

    @property
    def version(self) -> str:
        """Hash of what was learned."""
        return self._header.version

    def predict_now(self, texts: Sequence[str]) -> list[list[Prediction]]:
        return [
            [Prediction(found.category, None, found.confidence) for found in row]
            for row in self.estimator.score_classes(texts)
        ]

    async def predict(self, texts: Sequence[str]) -> list[list[Prediction]]:
        """The classes of each text, the most probable first."""
        return await asyncio.to_thread(self._pool.predict, texts)

    def save(self, folder: str) -> None:
        files.write(folder, self._header, self._arrays)


def load_model(folder: str, cores: int | None = None) -> EntityModel | ClassModel:
    """Reads a model's files. Raises ``InputError`` for files that are no model, or without an extra it needs.

    ``cores``: how many it may use to predict; all by default.
    """
    header = files.read_header(folder)
    if isinstance(header, files.EntitiesHeader):
        return _load_entities(folder, header, cores)
    return _load_classes(folder, header, cores)


def _load_entities(folder: str, header: files.EntitiesHeader, cores: int | None) -> EntityModel:
    shapes = {
        **files.sparse_shapes("features"),
        "transitions": ("<f4", 2),
        "clusters": ("<u2", 2),
        **{f"pairs{number}": ("<i8", 1) for number in range(len(PAIRS))},
    }
    arrays = files.read_arrays(folder, shapes)
    count = tagging.tag_count(len(header.categories))
    pairs = [arrays[f"pairs{number}"] for number in range(len(PAIRS))]
    files.check(
        folder,
        header,
        arrays,
        {
            "it knows no category, or one twice": 0 < len(set(header.categories)) == len(header.categories),
            "it cuts texts in a way that is not known": header.grain in list(Grain)
            and header.unit in list(Unit),
            "its features have no tiers": len(header.tiers) == 4 and all(header.tiers),
            "transitions do not fit the categories": arrays["transitions"].shape == (count + 1, count),
            "clusters do not fit their words": arrays["clusters"].shape == (len(header.cluster_words), 3),
            "bigrams are not in order": all((known[1:] > known[:-1]).all() for known in pairs),
        },
    )
    clusters = WordClusters(header.cluster_words, arrays["clusters"])
    estimator = EntityRecognizer()
    estimator.categories_ = header.categories
    estimator.grain_, estimator.unit_ = Grain(header.grain), Unit(header.unit)
    estimator.featurizer_ = Featurizer(clusters, header.anchored, header.tiers, pairs)
    features = files.dense(folder, "features", arrays, (estimator.featurizer_.columns, count))
    estimator.weights_ = Weights(features, np.maximum(arrays["transitions"], np.float32(LOWEST)))
    estimator.calibration_, estimator.margin_ = Platt(*header.calibration), header.margin
    return EntityModel(estimator, cores)


def _load_classes(folder: str, header: files.ClassesHeader, cores: int | None) -> ClassModel:
    shapes = {**files.sparse_shapes("weights"), "offsets": ("<f8", 1), "idf": ("<f4", 1)}
    arrays = files.read_arrays(folder, shapes)
    classes, words = len(header.classes), len(header.features)
    vectors = sentences.DIMENSIONS if header.embedding else 0
    files.check(
        folder,
        header,
        arrays,
        {
            "it knows too few classes, or one twice": (1 if header.multi_label else 2)
            <= len(set(header.classes))
            == classes,
            "offsets do not fit the classes": len(arrays["offsets"]) == classes,
            "weights of words do not fit the features": len(arrays["idf"]) == words and words + vectors > 0,
            "it embeds texts in a way that is not known": header.embedding in ("", sentences.NAME),
        },
    )
    if vectors:
        sentences.encoder()
    estimator = TextClassifier(multi_label=header.multi_label, cores=cores)
    estimator.vectors_ = vectors
    estimator.vectorizer_ = TextVectorizer(words).restore(header.features, arrays["idf"])
    head: MultiLabelLogistic | TemperatureScaledLogistic
    if header.multi_label:
        head = MultiLabelLogistic()
        head.calibration_, head.threshold_ = Platt(*header.calibration), header.threshold
    else:
        head = TemperatureScaledLogistic()
        head.temperature_ = header.temperature
    head.classes_ = estimator.classes_ = np.array(header.classes)
    head.coef_ = files.dense(folder, "weights", arrays, (words + vectors, classes)).T.astype(np.float64)
    head.intercept_ = arrays["offsets"]
    head.n_features_in_ = words + vectors
    estimator.head_ = head
    return ClassModel(estimator, cores)


class SklearnEstimators:
    """Trains and loads models; the port :class:`tui_labeler.engine.ports.Estimators`."""

    async def train(
        self,
        kind: ProjectKind,
        samples: Sequence[Sample],
        unlabeled: Iterable[str],
        *,
        seed: int,
        features: Features,
        progress: Progress,
    ) -> EntityModel | ClassModel:
        """Learns in a thread; ``progress`` is called in the loop's own.

        The order of ``samples`` changes nothing. Raises ``InputError`` when there is too little to learn, or
        the extra that ``features`` need is not here.
        """
        loop = asyncio.get_running_loop()

        def report(words: str, share: float) -> None:
            loop.call_soon_threadsafe(progress, words, share)

        ordered = sorted(samples, key=_order)
        if kind is ProjectKind.ENTITIES:
            return await asyncio.to_thread(_train_entities, ordered, unlabeled, seed, report)
        wanted = features is Features.EMBEDDINGS or (features is Features.AUTO and sentences.installed())
        return await asyncio.to_thread(_train_classes, kind, ordered, unlabeled, seed, wanted, report)

    async def load(self, folder: str) -> EntityModel | ClassModel:
        """Raises ``InputError`` for files that are no model; never runs what it finds."""
        return await asyncio.to_thread(load_model, folder)


def _order(sample: Sample) -> tuple[str, list[tuple[int, int]]]:
    """Without the categories, whose ids are random."""
    return sample.text, sorted((s.start, s.end) if s else (0, 0) for _, s in sample.annotations)


def _train_entities(
    samples: Sequence[Sample], unlabeled: Iterable[str], seed: int, progress: Progress
) -> EntityModel:
    spans = [
        [(category, span.start, span.end) for category, span in sample.annotations if span is not None]
        for sample in samples
    ]
    if not any(spans):
        raise InputError(
            f"There is no labeled entity in the {counted(len(samples), 'document')} of the training set.",
            hint="Label some entities, save the labels, and train again.",
        )
    texts = [sample.text for sample in samples]
    places = [(c, (at, start, end)) for at, row in enumerate(spans) for c, start, end in row]
    codes = _codes(places)
    coded = [[(codes[category], start, end) for category, start, end in row] for row in spans]
    estimator = EntityRecognizer(seed=seed).fit(texts, coded, unlabeled=unlabeled, progress=progress)
    category_of = {code: category for category, code in codes.items()}
    estimator.categories_ = tuple(category_of[code] for code in estimator.categories_)
    return EntityModel(estimator)


def _codes(places: Iterable[tuple[str, tuple[int, ...]]]) -> dict[str, str]:
    """Names for categories that are the same in every project with the same texts and labels.

    Ids are random: in their order, folds and with them thresholds would differ from project to project.
    What is the same is where each category stands.
    """
    found: dict[str, list[tuple[int, ...]]] = {}
    for category, place in places:
        found.setdefault(category, []).append(place)
    ranked = sorted(found, key=lambda category: sorted(found[category]))
    return {category: f"{number:05}" for number, category in enumerate(ranked)}


def _train_classes(
    kind: ProjectKind,
    samples: Sequence[Sample],
    unlabeled: Iterable[str],
    seed: int,
    embeddings: bool,
    progress: Progress,
) -> ClassModel:
    multi = kind is ProjectKind.MULTI_LABEL
    rows = [(sample.text, sorted({category for category, _ in sample.annotations})) for sample in samples]
    if not multi:
        rows = [row for row in rows if row[1]]
    found = {category for _, classes in rows for category in classes}
    if not found:
        raise InputError(
            f"There is no labeled document among the {len(samples)} of the training set.",
            hint="Give some documents a class, save the labels, and train again.",
        )
    if len(found) == 1 and all(classes for _, classes in rows):
        raise InputError(
            "All labeled documents of the training set have the same class: there is nothing to tell apart.",
            hint="Label documents of a second class, save the labels, and train again.",
        )
    many = [classes for _, classes in rows if len(classes) > 1]
    if many and not multi:
        raise InputError(
            f"More than one class, where the project allows one: {counted(len(many), 'document')}.",
            hint="Leave one class to each document.",
        )
    texts = [text for text, _ in rows]
    codes = _codes((category, (at,)) for at, (_, classes) in enumerate(rows) for category in classes)
    coded = [sorted(codes[category] for category in classes) for _, classes in rows]
    targets = [classes if multi else classes[0] for classes in coded]
    estimator = TextClassifier(multi_label=multi, seed=seed, embeddings=embeddings)
    estimator.fit(texts, targets, unlabeled=unlabeled, progress=progress)
    category_of = {code: category for category, code in codes.items()}
    named = np.array([category_of[code] for code in estimator.classes_])
    estimator.classes_ = estimator.head_.classes_ = named
    return ClassModel(estimator)
