"""Evaluation: an honest comparison that changes nothing."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import Bench, document, key, number, span, suggestions, whole
from tui_labeler.domain import performance as measures
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import TrainOptions
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.models.intervals import intervals, wilson, wilson_f1

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

METHOD = Method("model", "rules")


async def labeled(bench: Bench, documents: int = 6) -> ProjectSession:
    session = await bench.create(documents, immediate=True)
    for row in session.documents.select():
        await session.labeling.add(row.id, key(session, "Person"), span("Ann"))
        await session.labeling.add(row.id, key(session, "Place"), span("Rome"))
    return session


async def evaluate(bench: Bench, session: ProjectSession, **options: Any) -> Job:
    return await bench.run(await session.jobs.evaluate(METHOD, options))


async def test_the_model_is_compared_with_the_labels_and_nothing_changes(bench: Bench) -> None:
    session = await labeled(bench)
    await bench.add_model(session)
    before = whole(session)
    job = await evaluate(bench, session)
    assert job.state is JobState.SUCCEEDED
    result = job.result
    assert (result["precision"], result["recall"]) == (0.4, 1.0)
    assert result["f1"] == pytest.approx(2 * 0.4 / 1.4, abs=1e-4)
    assert result["per_category"]["Person"]["false_positives"] == 12
    assert (result["documents"], result["left_out"]) == (6, {"training": 0, "accepted": 0})
    found = result["calibration"]
    assert (found["predictions"], found["confidence"], found["right"]) == (30, 0.9, 0.4)
    assert found["expected_calibration_error"] == pytest.approx(0.5)
    assert [one["predictions"] for one in found["bins"]] == [30]
    # Six of six: the documents are alike, and a seventh may still be another.
    assert result["intervals"]["per_category"]["Place"]["recall"] == [0.6097, 1.0]
    await session.refresh()
    assert whole(session) == before
    assert (await session.quota.usage()).used == 0


@pytest.mark.parametrize(("limit", "words"), [(1, "labeling 1 document"), (2, "labeling 2 documents")])
async def test_the_stage_counts_its_documents(bench: Bench, limit: int, words: str) -> None:
    session = await labeled(bench, 3)
    await bench.add_model(session)
    job = await evaluate(bench, session, limit=limit)
    journal = (await bench.project_folder()) / "jobs" / job.id / "events.jsonl"
    stages = [json.loads(line).get("words") for line in journal.read_text(encoding="utf-8").splitlines()]
    assert words in stages


async def test_documents_that_taught_the_model_are_left_out(bench: Bench) -> None:
    session = await labeled(bench)
    learned = [number(session, f"d000{item}.txt") for item in (0, 1)]
    await bench.add_model(session, learned=learned)
    result = (await evaluate(bench, session)).result
    assert (result["documents"], result["left_out"]["training"]) == (4, 2)
    result = (await evaluate(bench, session, include_training=True)).result
    assert result["documents"] == 6


async def test_labels_that_began_as_suggestions_do_not_flatter(bench: Bench) -> None:
    session = await labeled(bench)
    await bench.add_model(session)
    await bench.autolabel(session)
    first, second = number(session), number(session, "d0001.txt")
    await session.review.accept(first, suggestions(session)[0].id)
    await session.review.accept(second, suggestions(session, "d0001.txt")[0].id)
    mended = [item for item in document(session, "d0001.txt").active_labels if item.suggestion]
    await session.labeling.change(second, mended[0].id, span=Span(4, 11))
    result = (await evaluate(bench, session)).result
    assert (result["documents"], result["left_out"]["accepted"]) == (4, 2)
    result = (await evaluate(bench, session, include_accepted=True)).result
    assert result["documents"] == 6


async def test_where_all_labeled_texts_changed_training_and_evaluation_say_so(bench: Bench) -> None:
    session = await labeled(bench, 12)
    await bench.add_model(session)
    bench.write({row.location: "Another text." for row in session.documents.select()})
    await session.documents.sync()
    trained = await bench.run(await session.training.start(TrainOptions("new")))
    for job in (trained, await evaluate(bench, session)):
        assert job.state is JobState.FAILED
        assert "12 labeled documents are left out" in job.message
        assert "d0009.txt and 2 more" in job.message


async def test_documents_that_are_not_there_to_be_labeled_fail_with_their_reasons(bench: Bench) -> None:
    session = await labeled(bench)
    await bench.add_model(session)
    bench.write({"d0001.txt": "Another text."})
    await session.documents.sync()
    job = await evaluate(bench, session)
    assert job.state is JobState.PARTIALLY_COMPLETED
    assert [(item.location, item.message) for item in job.failed] == [
        ("d0001.txt", "its text has changed since it was labeled")
    ]
    assert (job.result["documents"], job.result["chosen"]) == (5, 6)
    part = await evaluate(bench, session, limit=2)
    assert part.state is JobState.SUCCEEDED, "it was not among those that were asked for"


async def test_nothing_to_compare_with_is_told(bench: Bench) -> None:
    session = await labeled(bench, 2)
    await bench.add_model(session, learned=list(session.rows))
    with pytest.raises(InputError, match="2 taught the model") as refused:
        await evaluate(bench, session)
    assert "--include-training" in refused.value.hint
    assert "--include-accepted" not in refused.value.hint
    assert await session.jobs.list() == ()


async def test_a_project_without_labels_is_not_evaluated_and_told_to_label_first(bench: Bench) -> None:
    session = await bench.create(3)
    await bench.add_model(session)
    for method in (METHOD, Method("gpt", resource="r", deployment="gpt")):
        with pytest.raises(InputError, match="no labeled document") as refused:
            await session.jobs.evaluate(method, {})
        assert "by hand first" in refused.value.hint
        assert "--include" not in refused.value.hint
    assert await session.jobs.list() == ()


async def test_a_part_is_chosen_by_its_seed(bench: Bench) -> None:
    session = await labeled(bench)
    model = await bench.add_model(session)
    versions = set()
    for seed in (0, 0, 1):
        result = (await evaluate(bench, session, limit=2, seed=seed)).result
        assert result["documents"] == 2
        versions.add(result["labels_version"])
    assert len(versions) == 2
    assert len(model.seen) == 6


some_labels = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 3).map(lambda start: Span(start * 5, start * 5 + 3))),
    max_size=4,
    unique=True,
).map(tuple)


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(some_labels, some_labels), min_size=5, max_size=12), seed=st.integers(0, 3))
def test_intervals_hold_the_figure_they_are_of(
    pairs: list[tuple[tuple[Any, ...], tuple[Any, ...]]], seed: int
) -> None:
    tested = [
        measures.TestedDocument(f"d{at}", actual, predicted) for at, (actual, predicted) in enumerate(pairs)
    ]
    performance = measures.measure(ProjectKind.ENTITIES, tested)
    found = intervals(ProjectKind.ENTITIES, tested, performance, {}, seed)
    pieces = [(performance.total, found)] + [
        (counts, found["per_category"][name]) for name, counts in performance.per_category.items()
    ]
    for counts, ends in pieces:
        for name in ("precision", "recall", "f1"):
            low, high = ends[name]
            assert 0 <= low <= high <= 1
            assert low - 1e-4 <= getattr(counts, name) <= high + 1e-4


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (8, 8, 0.6756, 1.0),
        (0, 8, 0.0, 0.3244),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 0, 0, 1),
    ],
)
def test_the_interval_of_a_share_is_the_published_one(right: int, of: int, low: float, high: float) -> None:
    """Cases of Newcombe, 1998, Statistics in Medicine 17, 857, table I, method 3, and of none and all."""
    assert wilson(right, of) == pytest.approx((low, high), abs=5e-5)


def test_documents_that_are_alike_leave_the_figures_uncertain() -> None:
    labels = (("a", Span(0, 3)), ("a", Span(5, 8)), ("b", Span(9, 12)))
    said = (labels[0], labels[2], ("a", Span(20, 22)))
    tested = [measures.TestedDocument(f"d{at}", labels, said) for at in range(8)]
    performance = measures.measure(ProjectKind.ENTITIES, tested)
    found = intervals(ProjectKind.ENTITIES, tested, performance, {}, 0)
    for ends in (found, *found["per_category"].values()):
        for name in ("precision", "recall", "f1"):
            assert ends[name][1] - ends[name][0] > 0.1
    assert found["per_category"]["b"]["recall"] == [0.6756, 1.0]


@pytest.mark.parametrize("at_once", [True, False], ids=["wrong and missed at once", "one by one"])
@pytest.mark.parametrize(("truth", "labels"), [(0.8, 8), (0.8, 24), (0.5, 8), (0.9, 40)])
def test_intervals_hold_the_truth_as_often_as_they_say(truth: float, labels: int, at_once: bool) -> None:
    """Each label is found with a chance of ``truth``; what is made up is as much as what is missed."""
    generator = random.Random(0)
    held, rounds = 0, 1000
    for _ in range(rounds):
        found = sum(generator.random() < truth for _ in range(labels))
        others = sum(generator.random() >= truth for _ in range(labels))
        missed = labels - found
        low, high = wilson_f1(measures.Counts(found, missed if at_once else others, missed))
        held += low <= truth <= high
    assert held / rounds >= 0.92


async def test_a_category_that_was_made_anew_under_its_name_is_the_one_that_the_model_knows(
    bench: Bench,
) -> None:
    session = await labeled(bench)
    await bench.add_model(session)
    await session.categories.delete(key(session, "Person"))
    await session.categories.add("Person")
    for row in session.documents.select():
        await session.labeling.add(row.id, key(session, "Person"), span("Ann"))
    result = (await evaluate(bench, session)).result
    assert result["per_category"]["Person"]["true_positives"] == 6
    assert result["per_category"]["Person"]["false_negatives"] == 0
    job = await bench.run(await session.jobs.autolabel(session.documents.select(), METHOD))
    assert job.suggestions > 0
    await session.refresh()
    found = {
        each.category for row in session.documents.select() for each in suggestions(session, row.location)
    }
    assert key(session, "Person") in found


async def test_a_model_that_knows_none_of_the_chosen_categories_is_refused(bench: Bench) -> None:
    session = await labeled(bench)
    await bench.add_model(session)
    new = await session.categories.add("Unheard")
    with pytest.raises(InputError, match="knows none"):
        await session.jobs.autolabel(session.documents.select(), METHOD, [new.id])
