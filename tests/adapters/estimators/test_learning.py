"""What the estimators learn, in any script, and what they say when there is too little to learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest

from tests.adapters.estimators import made
from tests.realdata import real
from tui_labeler.domain import performance
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import Features
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import OffsetMap
from tui_labeler.engine.adapters.estimators import SklearnEstimators
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.ports import FittedModel, Prediction, Sample

ENTITIES, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


async def trained(kind: ProjectKind, samples: Sequence[Sample], seed: int = 0) -> FittedModel:
    return await SklearnEstimators().train(
        kind, samples, (), seed=seed, features=Features.WORDS, progress=lambda words, share: None
    )


def f1(kind: ProjectKind, samples: Sequence[Sample], said: Sequence[Sequence[Prediction]]) -> float:
    documents = [
        performance.TestedDocument(str(number), sample.annotations, tuple((p.category, p.span) for p in row))
        for number, (sample, row) in enumerate(zip(samples, said, strict=True))
    ]
    return performance.measure(kind, documents).total.f1


async def test_entities_are_found_in_texts_that_were_not_seen() -> None:
    model = await trained(ENTITIES, made.entities(30))
    test = made.entities(20, seed=1)
    assert f1(ENTITIES, test, await model.predict([sample.text for sample in test])) >= 0.95


@pytest.mark.parametrize(("kind", "several"), [(SINGLE, False), (MULTI, True)])
async def test_classes_are_told_apart_in_texts_that_were_not_seen(kind: ProjectKind, several: bool) -> None:
    model = await trained(kind, made.classes(60, several=several))
    test = made.classes(60, seed=1, several=several)
    assert f1(kind, test, await model.predict([sample.text for sample in test])) >= 0.9


async def test_a_text_with_one_class_gets_exactly_one_and_one_with_several_may_get_none() -> None:
    single = await trained(SINGLE, made.classes(30))
    multi = await trained(MULTI, made.classes(60, several=True))
    texts = ["", "nothing known here", "invoice refund card statement charged price"]
    assert [len(row) for row in await single.predict(texts)] == [1, 1, 1]
    said = [{p.category for p in row} for row in await multi.predict(texts)]
    assert said[0] == set()
    assert said[2] == {"billing"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_offsets_are_code_points_of_the_raw_text(end: str) -> None:
    samples = made.entities(30, end=end)
    model = await trained(ENTITIES, samples)
    text = f"😀 Café 👩‍👩‍👧{end}The order of Greta Rossi goes to Oslo next week.{end}"
    (row,) = await model.predict([text])
    assert {(p.category, text[p.span.start : p.span.end]) for p in row if p.span} >= {("city", "Oslo")}
    for prediction in row:
        assert prediction.span is not None
        cut = text[prediction.span.start : prediction.span.end]
        assert cut == cut.strip()


async def test_a_script_without_spaces_and_one_from_right_to_left_can_be_learned() -> None:
    japanese = [
        Sample(f"{name}さんは{city}にいます。", (("person", Span(0, 2)), ("city", Span(5, 7))))
        for name in ("田中", "佐藤", "鈴木", "高橋", "伊藤")
        for city in ("東京", "大阪", "京都", "福岡", "札幌")
    ]
    hebrew = [
        Sample(f"{name} גר ב{city}.", (("person", Span(0, len(name))),))
        for name in ("דוד", "משה", "יוסף")
        for city in ("חיפה", "יפו")
    ]
    model = await trained(ENTITIES, japanese + hebrew * 3)
    (row, other) = await model.predict(["田中さんは京都にいます。", "משה גר ביפו."])
    assert {(p.category, p.span) for p in row} == {("person", Span(0, 2)), ("city", Span(5, 7))}
    assert {(p.category, p.span) for p in other} == {("person", Span(0, 3))}


async def test_predictions_come_in_text_order_without_overlap_and_with_probabilities() -> None:
    model = await trained(ENTITIES, made.entities(12))
    for row in await model.predict([sample.text for sample in made.entities(15, seed=5)]):
        spans = [p.span for p in row if p.span]
        assert all(one.end <= other.start for one, other in pairwise(spans))
        assert all(0 <= p.confidence <= 1 for p in row)


async def test_wrong_predictions_are_less_confident_than_right_ones() -> None:
    model = await trained(ENTITIES, made.entities(5))
    test = made.entities(40, seed=9)
    right: list[float] = []
    wrong: list[float] = []
    for sample, row in zip(test, await model.predict([s.text for s in test]), strict=True):
        for p in row:
            (right if (p.category, p.span) in sample.annotations else wrong).append(p.confidence)
    assert right
    if wrong:
        assert sum(wrong) / len(wrong) < sum(right) / len(right)


@pytest.mark.parametrize(
    ("kind", "samples"),
    [(ENTITIES, made.entities(10)), (SINGLE, made.classes(30)), (MULTI, made.classes(30, several=True))],
)
async def test_the_same_labels_and_seed_give_the_same_model_in_any_order(
    kind: ProjectKind, samples: list[Sample]
) -> None:
    one, other = await trained(kind, samples), await trained(kind, samples[::-1])
    assert one.version == other.version
    texts = [sample.text for sample in samples[:5]]
    assert await one.predict(texts) == await other.predict(texts)
    assert (await trained(kind, samples[1:])).version != one.version


async def test_a_category_with_one_label_is_learned_beside_the_others() -> None:
    rare = Sample("Invoice 4711 is due.", (("number", Span(8, 12)),))
    model = await trained(ENTITIES, [*made.entities(8), rare])
    (row,) = await model.predict(["Invoice 4711 is due."])
    assert ("number", Span(8, 12)) in {(p.category, p.span) for p in row}


@pytest.mark.parametrize(
    ("kind", "samples", "words"),
    [
        (ENTITIES, [Sample("nothing here", ())], "no labeled entity"),
        (SINGLE, [Sample("nothing here", ())], "no labeled document"),
        (SINGLE, [Sample("one", (("a", None),)), Sample("two", (("a", None),))], "same class"),
        (MULTI, [Sample("one", ())], "no labeled document"),
    ],
)
async def test_too_little_to_learn_from_is_said(kind: ProjectKind, samples: list[Sample], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        await trained(kind, samples)
    assert caught.value.hint


async def test_progress_grows_to_the_end() -> None:
    seen: list[float] = []
    await SklearnEstimators().train(
        ENTITIES,
        made.entities(8),
        (),
        seed=0,
        features=Features.WORDS,
        progress=lambda words, share: seen.append(share),
    )
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 1


async def test_many_documents_get_the_same_from_two_processes_as_from_one() -> None:
    model = await trained(SINGLE, made.classes(30))
    texts = [sample.text for sample in made.classes(3000, seed=2)]
    together = await model.predict(texts)
    assert len(together) == 3000
    assert list(together[:20]) == list(await model.predict(texts[:20]))


async def test_sixteen_loan_agreements_teach_the_twelve_entities() -> None:
    folder = real("azure-language", "custom-ner-loan-agreements")
    file = json.loads((folder / "loanAgreementsLabels.json").read_bytes())
    samples = []
    for document in file["assets"]["documents"]:
        text = (folder / document["location"]).read_bytes().decode("utf-8-sig")
        offsets = OffsetMap.of(text)
        labels = [label for region in document["entities"] for label in region["labels"]]
        found = []
        for label in labels:
            start = offsets.from_utf16(label["offset"])
            found.append(
                (label["category"], Span(start, offsets.from_utf16(label["offset"] + label["length"])))
            )
        samples.append(Sample(text, tuple(found)))
    model = await trained(ENTITIES, samples[:16])
    said = await model.predict([sample.text for sample in samples[16:]])
    assert f1(ENTITIES, samples[16:], said) >= 0.92
