"""spaCy trained from nothing beside this program: the loan agreements, the same documents, in one run."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from benchmarks import corpora
from benchmarks.report import Row
from tui_labeler.engine.adapters.estimators import EntityRecognizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.corpora import Spans

EPOCHS = 40
DROPOUT = 0.2


def learned(texts: Sequence[str], labels: Sequence[Spans], tested: Sequence[str], seed: int) -> list[Spans]:
    """What a blank English pipeline says of ``tested`` after :data:`EPOCHS` rounds over ``texts``.

    Labels that its tokens can't hold are left out, as spaCy itself does.
    """
    import spacy
    from spacy.training import Example
    from spacy.util import fix_random_seed, minibatch

    fix_random_seed(seed)
    pipeline = spacy.blank("en")
    recognizer = pipeline.add_pipe("ner")
    examples = []
    for text, spans in zip(texts, labels, strict=True):
        made = pipeline.make_doc(text)
        held = [made.char_span(start, end, category) for category, start, end in spans]
        entities = [(one.start_char, one.end_char, one.label_) for one in held if one is not None]
        examples.append(Example.from_dict(made, {"entities": entities}))
        for _, _, category in entities:
            recognizer.add_label(category)  # type: ignore[attr-defined]
    optimizer = pipeline.initialize(lambda: examples)
    draw = random.Random(seed)
    for _ in range(EPOCHS):
        draw.shuffle(examples)
        for batch in minibatch(examples, size=2):
            pipeline.update(batch, sgd=optimizer, drop=DROPOUT)
    return [[(e.label_, e.start_char, e.end_char) for e in made.ents] for made in pipeline.pipe(tested)]


def ours(texts: Sequence[str], labels: Sequence[Spans], tested: Sequence[str], seed: int) -> list[Spans]:
    model = EntityRecognizer(seed=seed).fit(texts, labels, unlabeled=tested)
    return [[found[:3] for found in row] for row in model.predict(tested)]


def rows(f1: Callable[[Sequence[Spans], Sequence[Spans]], float], command: str) -> list[Row]:
    """Learning from 16 and from 3 loan agreements, tested on four others; seed 0."""
    # Loaded before anything is timed.
    import spacy  # noqa: F401

    texts, spans = corpora.loans()
    found = []
    for size in (16, 3):
        order = random.Random(0).sample(range(len(texts)), len(texts))
        train, test = order[:size], order[-4:]
        parts = [texts[i] for i in train], [spans[i] for i in train], [texts[i] for i in test]
        told, taken = [], []
        for method in (learned, ours):
            began = time.perf_counter()
            said = method(*parts, 0)
            taken.append(time.perf_counter() - began)
            told.append(f1([spans[i] for i in test], said))
        figure = (
            f"F1 {told[0]:.3f} in {taken[0]:.1f} s; this program {told[1]:.3f} in {taken[1]:.1f} s, "
            f"{taken[1] / taken[0]:.2f} of the time"
        )
        what = f"loan agreements, {size} documents: spaCy from nothing, {EPOCHS} rounds"
        better = told[1] > told[0] and taken[1] < taken[0]
        found.append(Row(what, command, figure, "better in less time", better))
    return found
