"""A training set too large to be worked through at once is learned part by part, and alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.adapters.estimators import made
from tui_labeler.engine.adapters.estimators import EntityRecognizer, choices, crf
from tui_labeler.engine.adapters.estimators.choices import NOTHING, Choices

if TYPE_CHECKING:
    import pytest


def learned() -> EntityRecognizer:
    samples = made.entities(40)
    spans = [[(name, span.start, span.end) for name, span in s.annotations if span] for s in samples]
    return EntityRecognizer().fit([sample.text for sample in samples], spans)


def test_parts_teach_what_the_whole_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learned()
    monkeypatch.setattr(crf, "CELLS", 500)
    monkeypatch.setattr(choices, "BATCH", 70)
    parted = learned()
    # Single precision is summed in another order: nearly equal, not the same bits.
    assert np.abs(whole.weights_.features - parted.weights_.features).max() < 0.02
    texts = [sample.text for sample in made.entities(20, seed=1)]
    said = [
        [[(s.category, s.start, s.end) for s in row] for row in m.predict(texts)] for m in (whole, parted)
    ]
    assert said[0] == said[1]


def test_choices_are_a_matrix_of_ones_for_any_tokens() -> None:
    columns = [
        (0, np.array([0, 2, NOTHING, 1])),
        (3, np.array([1, NOTHING, NOTHING, 2])),
        (2, np.array([1, 0, NOTHING, NOTHING])),
    ]
    kept = Choices.of(iter(columns), 4)
    dense = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0], [0, 1, 1, 0, 0]])
    assert (kept.matrix(np.ones(9)).toarray() == dense).all()
    order = np.array([3, 0, 2])
    assert (kept.select(order).matrix(np.ones(5)).toarray() == dense[order]).all()
