"""python-crfsuite beside this program's own field: the same sentences, the same cuts, in one run."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks import corpora
from benchmarks.corpora import DATA, Spans
from benchmarks.report import Row
from tui_labeler.domain.text import words
from tui_labeler.engine.adapters.estimators import EntityRecognizer


def plain_features(tokens: Sequence[str]) -> list[list[str]]:
    """The usual features of a word and its neighbours: what both fields of the comparison see."""
    rows = []
    for index in range(len(tokens)):
        row = ["bias"]
        for offset in (-2, -1, 0, 1, 2):
            word = tokens[index + offset] if 0 <= index + offset < len(tokens) else "<end>"
            shape = "".join(
                "X" if c.isupper() else "x" if c.islower() else "9" if c.isdigit() else c for c in word
            )
            row += [f"{offset}w={word.lower()}", f"{offset}s={shape}"]
            if offset == 0:
                row += [f"p{n}={word[:n]}" for n in range(1, 5)] + [f"q{n}={word[-n:]}" for n in range(1, 5)]
        rows.append(row)
    return rows


def shape(word: str) -> str:
    """``Ab12`` is ``Xx99``."""
    return "".join("X" if c.isupper() else "x" if c.islower() else "9" if c.isdigit() else c for c in word)


def crfsuite(texts: Sequence[str], labels: Sequence[Spans], tested: Sequence[str]) -> list[Spans]:
    """What python-crfsuite says of texts once it has learned from others."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": 0.0, "c2": 0.05, "max_iterations": 120, "feature.possible_transitions": True})
    for text, gold in zip(texts, labels, strict=True):
        cuts = list(words(text))
        trainer.append(plain_features([text[a:b] for a, b in cuts]), tags(cuts, gold))
    with tempfile.NamedTemporaryFile(suffix=".crfsuite") as file:
        trainer.train(file.name)
        tagger = pycrfsuite.Tagger()
        tagger.open(file.name)
        said = []
        for text in tested:
            cuts = list(words(text))
            said.append(joined(cuts, tagger.tag(plain_features([text[a:b] for a, b in cuts]))))
    return said


def ours(texts: Sequence[str], labels: Sequence[Spans], tested: Sequence[str], **options: Any) -> list[Spans]:
    """What this program says."""
    model = EntityRecognizer(seed=0, **options).fit(texts, labels, unlabeled=tested)
    return [[found[:3] for found in row] for row in model.predict(tested)]


def rows(f1: Callable[[Sequence[Spans], Sequence[Spans]], float], command: str) -> list[Row]:
    """BC5CDR, 1,000 sentences: both fields, and what each part of this program's adds."""
    texts, labels = corpora.conll(DATA / "bio-ner/BC5CDR/train.tsv")
    tested, gold = corpora.conll(DATA / "bio-ner/BC5CDR/test.tsv")
    chosen = random.Random(0).sample(range(len(texts)), 1000)
    train = [texts[i] for i in chosen], [labels[i] for i in chosen]
    found = []
    for name, method in (
        ("python-crfsuite, plain features", crfsuite),
        ("this program, no clusters, no calibration", partial(ours, cluster=False, folds=0)),
        ("this program, no calibration", partial(ours, folds=0)),
        ("this program", ours),
    ):
        began = time.perf_counter()
        said = method(*train, tested)
        seconds = time.perf_counter() - began
        figure = f"F1 {f1(gold, said):.3f}; trained and tested in {seconds:.1f} s"
        found.append(Row(f"BC5CDR, 1,000 sentences: {name}", command, figure, "", None))
    return found


def tags(cuts: Sequence[tuple[int, int]], gold: Spans) -> list[str]:
    found = []
    for start, end in cuts:
        tag = "O"
        for category, first, last in gold:
            if first <= start and end <= last:
                tag = f"{'B' if start == first else 'I'}-{category}"
        found.append(tag)
    return found


def joined(cuts: Sequence[tuple[int, int]], said: Sequence[str]) -> Spans:
    spans: Spans = []
    last = "O"
    for (start, end), tag in zip(cuts, said, strict=True):
        kind, _, category = tag.partition("-")
        if kind == "B" or (kind == "I" and last[2:] != category):
            spans.append((category, start, end))
        elif kind == "I":
            spans[-1] = (category, spans[-1][1], end)
        last = tag
    return spans
