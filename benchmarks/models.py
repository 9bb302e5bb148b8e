"""Trained models on real corpora: how good, how well calibrated, how fast.

``python -m benchmarks.models [--quick] [--conll TRAIN TEST]``. The corpora are read from
``TUI_LABELER_DATA``. Clusters and word weights see the texts that are to be predicted, as in a labeling
project, never their labels. ``--conll`` measures files of your own, beside what was reached on CoNLL-2003.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import corpora, peer, spacy_peer
from benchmarks.corpora import DATA, Spans
from benchmarks.report import Row, print_rows
from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import TestedDocument, measure
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.estimators import EntityRecognizer, TextClassifier, sentences
from tui_labeler.engine.adapters.estimators.models import ClassModel, EntityModel

COMMAND = "python -m benchmarks.models"
LEVEL = 0.9
"""Confidence from which people accept in bulk."""


def entity_f1(actual: Sequence[Spans], predicted: Sequence[Sequence[tuple[str, int, int]]]) -> float:
    """Strict F1 of spans, from summed counts."""
    documents = [
        TestedDocument(
            str(number),
            tuple((category, Span(start, end)) for category, start, end in gold),
            tuple((found[0], Span(found[1], found[2])) for found in said),
        )
        for number, (gold, said) in enumerate(zip(actual, predicted, strict=True))
    ]
    return measure(ProjectKind.ENTITIES, documents).total.f1


def calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error over ten bins of equal mass. Source: Naeini et al., AAAI 2015."""
    order = np.argsort(confidence)
    bins = np.array_split(order, 10)
    scores, hits = np.asarray(confidence), np.asarray(right, dtype=float)
    return float(sum(abs(scores[b].mean() - hits[b].mean()) * len(b) for b in bins if len(b)) / len(order))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a share. Source: Wilson, JASA 1927."""
    if not count:
        return 0.0, 1.0
    z, share = 1.96, hits / count
    middle = share + z * z / (2 * count)
    half = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    scale = 1 + z * z / count
    return (middle - half) / scale, (middle + half) / scale


def confidence_rows(name: str, confidence: Sequence[float], right: Sequence[bool]) -> list[Row]:
    error = calibration_error(confidence, right)
    sure = [hit for score, hit in zip(confidence, right, strict=True) if score >= LEVEL]
    share = sum(sure) / len(sure) if sure else 0.0
    low, high = wilson(sum(sure), len(sure))
    figure = f"{share:.3f} of {len(sure):,} ({low:.3f} to {high:.3f})"
    return [
        Row(
            f"{name}: expected calibration error, {len(right):,} predictions",
            COMMAND,
            f"{error:.3f}",
            "≤ 0.05",
            error <= 0.05,
        ),
        Row(f"{name}: right among those at ≥ {LEVEL}", COMMAND, figure, "≥ 0.93", share >= 0.93),
    ]


def loan_rows() -> list[Row]:
    texts, spans = corpora.loans()
    rows = []
    for size, target in ((16, 0.97), (3, 0.90)):
        found, seconds = [], []
        for seed in range(5):
            order = random.Random(seed).sample(range(len(texts)), len(texts))
            train, test = order[:size], order[-4:]
            began = time.perf_counter()
            model = EntityRecognizer(seed=seed).fit(
                [texts[i] for i in train],
                [spans[i] for i in train],
                unlabeled=[text for i, text in enumerate(texts) if i not in train],
            )
            seconds.append(time.perf_counter() - began)
            found.append(entity_f1([spans[i] for i in test], cut(model, [texts[i] for i in test])))
        mean = statistics.mean(found)
        figure = f"F1 {mean:.3f} ({', '.join(f'{value:.3f}' for value in found)}), seeds 0 to 4"
        rows.append(Row(f"loan agreements, {size} documents", COMMAND, figure, f"≥ {target}", mean >= target))
        most = max(seconds)
        what = f"loan agreements, {size} documents: training, slowest"
        rows.append(Row(what, COMMAND, f"{most:.1f} s", "≤ 5 s", most <= 5))
    return rows


def cut(model: EntityRecognizer, texts: Sequence[str]) -> list[list[tuple[str, int, int]]]:
    return [[found[:3] for found in row] for row in model.predict(texts)]


class Trial(NamedTuple):
    """One training on a random sample, and what its model says of the testing part."""

    value: float
    """F1 or accuracy."""
    trained: float
    """Seconds."""
    speed: float
    """Tokens or documents that are predicted in a second."""
    confidence: list[float]
    right: list[bool]


def trial_rows(name: str, trials: Sequence[Trial], measure: str, target: float) -> list[Row]:
    """The mean over the seeds from 0 on, with each of them; since luck
    with a small sample is as large as what is looked for."""
    mean = statistics.mean(trial.value for trial in trials)
    each = f" ({', '.join(f'{trial.value:.3f}' for trial in trials)})" if len(trials) > 1 else ""
    seeds = f"seeds 0 to {len(trials) - 1}" if len(trials) > 1 else "seed 0"
    slowest = max(trial.trained for trial in trials)
    figure = f"{measure} {mean:.3f}{each}, {seeds}; trained in {slowest:.1f} s"
    return [Row(name, COMMAND, figure, f"≥ {target}", mean >= target)]


def corpus_rows(
    name: str, train: str, test: str, size: int, target: float, *, seeds: int = 3, sure: bool = False
) -> list[Row]:
    """Trains on ``size`` random sentences a seed and tests on the whole testing part."""
    learned, tested = corpora.conll(DATA / train), corpora.conll(DATA / test)
    trials = [_entity_trial(learned, tested, size, seed) for seed in range(seeds)]
    what = f"{name}, {min(size, len(learned[0])):,} sentences"
    rows = trial_rows(what, trials, "F1", target)
    if size == 1000:
        slowest = max(trial.trained for trial in trials)
        rows.append(
            Row(f"{name}: training 1,000 sentences", COMMAND, f"{slowest:.1f} s", "≤ 15 s", slowest <= 15)
        )
        speed = min(trial.speed for trial in trials)
        told = f"{name}: prediction, tokens a second and core"
        rows.append(Row(told, COMMAND, f"{speed:,.0f}", "≥ 12,000", speed >= 12_000))
    if sure:
        rows += confidence_rows(f"{what}, seed 0", trials[0].confidence, trials[0].right)
    return rows


CONLL_2003 = {200: 0.70, 1000: 0.80, 10**9: 0.86}
"""What was reached on CoNLL-2003, which may not be shared, by sentences; the last are all."""


def given_rows(train: str, test: str) -> list[Row]:
    """Any corpus of CoNLL files, by their paths; the targets are those of CoNLL-2003."""
    name, files = Path(train).name, (str(Path(train).resolve()), str(Path(test).resolve()))
    return [
        row for size, target in CONLL_2003.items() for row in corpus_rows(name, *files, size, target, seeds=1)
    ]


def _entity_trial(
    learned: tuple[list[str], list[Spans]], tested: tuple[list[str], list[Spans]], size: int, seed: int
) -> Trial:
    (texts, spans), (test_texts, test_spans) = learned, tested
    chosen = random.Random(seed).sample(range(len(texts)), min(size, len(texts)))
    rest = [text for i, text in enumerate(texts) if i not in set(chosen)]
    began = time.perf_counter()
    model = EntityRecognizer(seed=seed).fit(
        [texts[i] for i in chosen], [spans[i] for i in chosen], unlabeled=[*rest, *test_texts]
    )
    trained = time.perf_counter() - began
    began = time.perf_counter()
    with threadpool_limits(1):
        said = model.predict(test_texts)
    speed = sum(len(text.split(" ")) for text in test_texts) / (time.perf_counter() - began)
    return Trial(
        entity_f1(test_spans, [[found[:3] for found in row] for row in said]),
        trained,
        speed,
        [found.confidence for row in said for found in row],
        [found[:3] in set(gold) for row, gold in zip(said, test_spans, strict=True) for found in row],
    )


_FIFTH = ", seeds 0 to 4: a plain random fifth held out, not the split of `train`, which keeps every class"
"""Beside figures that one `train --seed` does not give again."""


WITH = " with embeddings"


def sample_rows(*, embeddings: bool = False) -> list[Row]:
    """The two Azure samples of classes, 20 % held out."""
    with_ = WITH if embeddings else ""
    rows = []
    texts, classes = corpora.classified("single-label-webofscience")
    found = []
    for seed in range(5):
        order = random.Random(seed).sample(range(len(texts)), len(texts))
        part = len(texts) // 5
        test, train = order[:part], order[part:]
        model = TextClassifier(seed=seed, embeddings=embeddings).fit(
            [texts[i] for i in train], [classes[i][0] for i in train], unlabeled=[texts[i] for i in test]
        )
        said = model.predict([texts[i] for i in test])
        found.append(sum(one == classes[i][0] for one, i in zip(said, test, strict=True)) / part)
    mean = statistics.mean(found)
    rows.append(
        Row(f"Web of Science{with_}, accuracy", COMMAND, f"{mean:.3f}{_FIFTH}", "≥ 0.78", mean >= 0.78)
    )
    texts, classes = corpora.classified("multi-label-movies")
    found = []
    for seed in range(5):
        order = random.Random(seed).sample(range(len(texts)), len(texts))
        part = len(texts) // 5
        test, train = order[:part], order[part:]
        model = TextClassifier(multi_label=True, seed=seed, embeddings=embeddings).fit(
            [texts[i] for i in train], [classes[i] for i in train], unlabeled=[texts[i] for i in test]
        )
        documents = [
            TestedDocument(str(i), tuple((c, None) for c in classes[i]), tuple((c, None) for c in one))
            for one, i in zip(model.predict([texts[i] for i in test]), test, strict=True)
        ]
        found.append(measure(ProjectKind.MULTI_LABEL, documents).total.f1)
    mean = statistics.mean(found)
    rows.append(Row(f"movies{with_}, micro-F1", COMMAND, f"{mean:.3f}{_FIFTH}", "≥ 0.72", mean >= 0.72))
    return rows


def embedded_rows() -> list[Row]:
    """Models of classes with the extra ``embeddings``; none where it is missing."""
    if not sentences.installed():
        return []
    few = banking_rows(8, 0.84, seeds=5, embeddings=True)
    more = banking_rows(16, 0.87, seeds=5, embeddings=True)
    return [*few, *more, *sample_rows(embeddings=True)]


def banking_rows(
    each: int, target: float, *, seeds: int = 1, sure: bool = False, embeddings: bool = False
) -> list[Row]:
    """Trains on ``each`` random texts of every class a seed and tests on the whole testing part."""
    trials = [_class_trial(each, seed, embeddings=embeddings) for seed in range(seeds)]
    name = f"banking77, {each} a class{WITH if embeddings else ''}"
    rows = trial_rows(name, trials, "accuracy", target)
    speed = min(trial.speed for trial in trials)
    if embeddings or sure:
        told = f"{name}: prediction, documents a second and core"
        rows.append(Row(told, COMMAND, f"{speed:,.0f}", "≥ 3,000", speed >= 3_000))
    if sure or embeddings:
        rows += confidence_rows(f"{name}, seed 0", trials[0].confidence, trials[0].right)
    return rows


def _class_trial(each: int, seed: int, *, embeddings: bool) -> Trial:
    texts, classes = corpora.banking77("train")
    test_texts, test_classes = corpora.banking77("test")
    chosen = corpora.few(texts, classes, each, seed)
    rest = [text for i, text in enumerate(texts) if i not in set(chosen)]
    began = time.perf_counter()
    model = TextClassifier(seed=seed, embeddings=embeddings).fit(
        [texts[i] for i in chosen], [classes[i] for i in chosen], unlabeled=[*rest, *test_texts]
    )
    trained = time.perf_counter() - began
    began = time.perf_counter()
    with threadpool_limits(1):
        said = [row[0] for row in model.score_classes(test_texts)]
    speed = len(test_texts) / (time.perf_counter() - began)
    right = [found.category == gold for found, gold in zip(said, test_classes, strict=True)]
    return Trial(sum(right) / len(right), trained, speed, [found.confidence for found in said], right)


def cores_rows() -> list[Row]:
    """The same texts on one core and on two, whose workers were started beforehand."""
    texts, spans = corpora.conll(DATA / "bio-ner/BC5CDR/train.tsv")
    entities = EntityRecognizer(seed=0).fit(texts[:200], spans[:200])
    sentences_of = corpora.conll(DATA / "bio-ner/BC5CDR/test.tsv")[0] * 4
    texts, classes = corpora.banking77("train")
    chosen = corpora.few(texts, classes, 16, 0)
    intents = TextClassifier(seed=0).fit([texts[i] for i in chosen], [classes[i] for i in chosen])
    questions = corpora.banking77("test")[0] * 16
    return [
        _cores_row("entities", lambda cores: EntityModel(entities, cores), sentences_of),
        _cores_row("classes", lambda cores: ClassModel(intents, cores), questions),
    ]


def _cores_row(what: str, model_of: Callable[[int], EntityModel | ClassModel], batch: list[str]) -> Row:
    """One core and two in turn, so that what else the machine does falls on both."""
    models = [model_of(cores) for cores in (1, 2)]
    for model in models:
        asyncio.run(model.predict(batch))
    taken = [[_seconds(model, batch) for model in models] for _ in range(5)]
    ratio = statistics.median(one / two for one, two in taken)
    speeds = [len(batch) / statistics.median(times) for times in zip(*taken, strict=True)]
    figure = f"{ratio:.2f} ({speeds[0]:,.0f} and {speeds[1]:,.0f} texts/s)"
    return Row(f"{what}: prediction on two cores, in times one", COMMAND, figure, "≥ 1.7", ratio >= 1.7)


def _seconds(model: EntityModel | ClassModel, batch: list[str]) -> float:
    began = time.perf_counter()
    asyncio.run(model.predict(batch))
    return time.perf_counter() - began


def run(*, quick: bool = False) -> list[Row]:
    """All corpora; ``quick`` leaves out those that train for long."""
    if not DATA.exists():
        raise SystemExit(f"there are no corpora at {DATA}; set TUI_LABELER_DATA")
    cdr = ("BC5CDR", "bio-ner/BC5CDR/train.tsv", "bio-ner/BC5CDR/test.tsv")
    yoruba = ("Yoruba", "unicode/masakhaner2-yor/train.txt", "unicode/masakhaner2-yor/test.txt")
    rows = [*loan_rows(), *sample_rows(), *banking_rows(8, 0.71, seeds=5)]
    rows += banking_rows(16, 0.80, seeds=5, sure=True)
    rows += embedded_rows()
    rows += corpus_rows(*cdr, 200, 0.64, sure=True)
    rows += corpus_rows(*yoruba, 200, 0.65)
    if not quick:
        rows += corpus_rows(*cdr, 1000, 0.76)
        rows += corpus_rows(*yoruba, 1000, 0.76)
        wnut = ("WNUT-17", "wnut17/wnut17train.conll", "wnut17/emerging.test.annotated")
        rows += corpus_rows(*wnut, 100_000, 0.22, seeds=1)
        rows += banking_rows(64, 0.89)
        if sentences.installed():
            rows += banking_rows(64, 0.91, embeddings=True)
        rows += peer.rows(entity_f1, COMMAND)
        rows += spacy_peer.rows(entity_f1, COMMAND)
        rows += cores_rows()
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--conll", nargs=2, metavar=("TRAIN", "TEST"), help="only these files, whose last column has IOB tags"
    )
    options = parser.parse_args()
    print_rows(given_rows(*options.conll) if options.conll else run(quick=options.quick))
