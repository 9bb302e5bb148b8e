"""Models do not depend on the ids of categories, which are random in every project."""

from __future__ import annotations

import random

import pytest

from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import Features
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.estimators import SklearnEstimators
from tui_labeler.engine.ports import Prediction, Sample

Found = tuple[str, Span | None, float]

WORDS = {
    "loan": ["borrow", "lender", "interest", "money", "bank", "rate"],
    "crime": ["police", "robbery", "detective", "night", "gun", "bank"],
    "sea": ["wave", "boat", "captain", "storm", "night", "harbour"],
}


def samples(kind: ProjectKind, ids: dict[str, str]) -> list[Sample]:
    """The same texts and labels, with other ids for the categories."""
    generator = random.Random(5)
    made = []
    for _ in range(60):
        subjects = generator.sample(sorted(WORDS), k=2 if kind is ProjectKind.MULTI_LABEL else 1)
        words = [generator.choice(WORDS[subject]) for subject in subjects for _ in range(6)]
        text = " ".join(words)
        if kind is ProjectKind.ENTITIES:
            spans = []
            at = 0
            for word in words:
                if word in WORDS[subjects[0]][:2]:
                    spans.append((ids[subjects[0]], Span(at, at + len(word))))
                at += len(word) + 1
            made.append(Sample(text, tuple(spans)))
        else:
            made.append(Sample(text, tuple((ids[subject], None) for subject in subjects)))
    return made


@pytest.mark.parametrize("kind", list(ProjectKind))
async def test_the_same_labels_under_other_ids_make_the_same_model(kind: ProjectKind) -> None:
    answers: list[list[list[Found]]] = []
    for ids in ({"loan": "a", "crime": "b", "sea": "c"}, {"loan": "z", "crime": "y", "sea": "x"}):
        name_of = {key: name for name, key in ids.items()}
        known = samples(kind, ids)
        model = await SklearnEstimators().train(
            kind, known, [], seed=0, features=Features.WORDS, progress=lambda words, share: None
        )
        found = await model.predict([sample.text for sample in known])

        def named(
            row: list[Prediction], name_of: dict[str, str] = name_of
        ) -> list[tuple[str, Span | None, float]]:
            return [(name_of[item.category], item.span, round(item.confidence, 9)) for item in row]

        answers.append([named(list(row)) for row in found])
    assert answers[0] == answers[1]
    assert any(answers[0])
