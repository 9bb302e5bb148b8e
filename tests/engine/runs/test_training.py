"""Training: what is learned from, what is left out, and what happens when it is not to be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    TEXT,
    Bench,
    RuleModel,
    document,
    folder_models,
    key,
    number,
    span,
    suggestions,
    words_of,
)
from tui_labeler.domain.jobs import Job, JobState
from tui_labeler.domain.models import WORDS, Features, ModelCard, Split, TrainOptions
from tui_labeler.domain.performance import Counts, Performance
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.actions import ACTIONS
from tui_labeler.engine.adapters.store.jobs import FileJobJournal
from tui_labeler.engine.errors import InputError, LockedError, NotFoundError, RefusedError
from tui_labeler.engine.jobs.training import plan_of
from tui_labeler.engine.models.figures import figures
from tui_labeler.engine.models.samples import LabeledDocument, split

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports import FittedModel
    from tui_labeler.engine.session import ProjectSession


async def labeled(bench: Bench, documents: int = 10) -> ProjectSession:
    """Ten documents with a label each, saved."""
    session = await bench.create(documents, immediate=True)
    for row in session.documents.select():
        await session.labeling.add(row.id, key(session, "Person"), span("Ann"))
    return session


async def train(bench: Bench, session: ProjectSession, **options: object) -> Job:
    job = await session.training.start(TrainOptions("m", **options))  # type: ignore[arg-type]
    ended = await bench.run(job)
    await session.refresh()
    return ended


def taught(bench: Bench) -> list[str]:
    samples, _, _ = bench.estimators.calls[-1]
    return [sample.text for sample in samples]


# --- what counts ------------------------------------------------------------------------------------


async def test_a_model_is_trained_tested_and_put_in_its_place(bench: Bench) -> None:
    session = await labeled(bench)
    job = await train(bench, session, seed=3)
    assert job.state is JobState.SUCCEEDED
    (card,) = await session.models.list()
    assert (len(card.train_documents), len(card.test_documents)) == (8, 2)
    assert not set(card.train_documents) & set(card.test_documents)
    assert (job.result["model"], job.result["f1"]) == ("m", pytest.approx(0.6667, abs=1e-4))
    assert job.result["per_category"]["Person"]["recall"] == 1.0
    assert (job.result["train_documents"], job.result["test_documents"], job.result["seed"]) == (8, 2, 3)
    measured = card.performance.calibration
    assert measured is not None
    # The model names Ann twice in each of two documents, once where the label is, at a confidence of 0.9.
    assert [(one.predictions, one.right, one.confidence) for one in measured.bins] == [(4, 2, 0.9)]
    assert job.result["calibration"]["expected_calibration_error"] == pytest.approx(0.4)
    assert card.actor == "ana"
    assert card.train_labels == {key(session, "Person"): 8}
    await bench.autolabel(session, "d0000.txt", model="m")
    assert words_of(suggestions(session)) == ["Ann"]


async def test_drafts_are_not_learned_from(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    preview = await session.training.preview()
    assert (preview.documents, preview.labels, preview.drafts) == (0, 0, 1)
    with pytest.raises(InputError, match="no saved label") as caught:
        await session.training.start(TrainOptions("m"))
    assert "Save the 1 draft" in caught.value.hint
    await session.labeling.save()
    await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    await train(bench, session)
    samples, _, _ = bench.estimators.calls[-1]
    assert [sample.annotations for sample in samples] == [((key(session, "Person"), span("Ann")),)]


@pytest.mark.parametrize(
    ("kind", "documents"),
    [(ProjectKind.ENTITIES, 2), (ProjectKind.MULTI_LABEL, 2), (ProjectKind.SINGLE_LABEL, 2)],
)
async def test_reviewed_documents_without_labels_count_where_empty_is_an_answer(
    bench: Bench, kind: ProjectKind, documents: int
) -> None:
    session = await bench.create(kind=kind, immediate=True)
    where = span("Ann") if kind is ProjectKind.ENTITIES else None
    await session.labeling.add(number(session), key(session, "Person"), where)
    if kind is ProjectKind.SINGLE_LABEL:
        await session.labeling.add(number(session, "d0002.txt"), key(session, "Place"))
    await session.labeling.set_reviewed(number(session, "d0001.txt"))
    assert (await session.training.preview()).documents == documents
    await train(bench, session)
    (card,) = await session.models.list()
    assert len(card.train_documents) + len(card.test_documents) == documents
    _, unlabeled, _ = bench.estimators.calls[-1]
    assert len(unlabeled) >= 3 - documents


async def test_documents_that_can_not_be_read_or_have_another_text_are_left_out(bench: Bench) -> None:
    session = await labeled(bench, 5)
    bench.write({"d0001.txt": b"\xff", "d0002.txt": "Bob " + TEXT})
    (bench.documents / "d0003.txt").unlink()
    await session.documents.sync()
    assert (await session.training.preview()).documents == 3
    await train(bench, session)
    (card,) = await session.models.list()
    places = {number(session, f"d000{item}.txt") for item in (0, 4)}
    assert set(card.train_documents) | set(card.test_documents) == places


async def test_a_manual_split_goes_by_the_sets(bench: Bench) -> None:
    session = await labeled(bench)
    with pytest.raises(RefusedError, match="testing set"):
        await session.training.start(TrainOptions("m", Split.MANUAL))
    tests = [number(session, f"d000{item}.txt") for item in (2, 5)]
    await session.documents.set(tests, dataset=Dataset.TEST)
    assert (await session.training.preview()).test_documents == 2
    await train(bench, session, split=Split.MANUAL)
    (card,) = await session.models.list()
    assert sorted(card.test_documents) == tests
    assert len(card.train_documents) == 8


async def test_an_automatic_split_leaves_the_testing_set_out(bench: Bench) -> None:
    session = await labeled(bench)
    tests = [number(session, f"d000{item}.txt") for item in (2, 5)]
    await session.documents.set(tests, dataset=Dataset.TEST)
    await train(bench, session)
    (card,) = await session.models.list()
    assert not set(tests) & {*card.train_documents, *card.test_documents}


@pytest.mark.parametrize("way", Split)
async def test_what_is_said_before_training_is_what_training_does(bench: Bench, way: Split) -> None:
    session = await labeled(bench)
    await session.documents.set([number(session, f"d000{item}.txt") for item in (2, 5)], dataset=Dataset.TEST)
    bench.write({"d0001.txt": b"\xff", "d0003.txt": "Bob " + TEXT})
    (bench.documents / "d0004.txt").unlink()
    plan = plan_of(await session.training.check(), TrainOptions("m", way, seed=3))
    job = await train(bench, session, split=way, seed=3)
    (card,) = await session.models.list()
    used = (len(card.train_documents), len(card.test_documents))
    assert (plan.train, plan.test) == used == ((4, 1) if way is Split.AUTO else (5, 2))
    labels = (sum(card.train_labels.values()), sum(card.test_labels.values()))
    assert (plan.train_labels, plan.test_labels) == labels
    assert plan.unused == (2 if way is Split.AUTO else 0)
    assert [location for location, _ in plan.left_out] == ["d0001.txt", "d0003.txt", "d0004.txt"]
    assert plan.warnings == card.warnings == tuple(job.result["warnings"])
    left, *unused = plan.warnings
    assert left.startswith("3 labeled documents are left out")
    assert "d0003.txt" in left
    assert [line.startswith("2 labeled documents are not used") for line in unused] == [True] * (
        way is Split.AUTO
    )


async def test_nothing_is_warned_of_where_everything_is_used(bench: Bench) -> None:
    session = await labeled(bench)
    plan = plan_of(await session.training.check(), TrainOptions("m"))
    assert plan.words == ("8 documents with 8 labels to learn from, 2 documents with 2 labels to test with.",)
    assert (await train(bench, session)).result["warnings"] == []


async def test_documents_that_are_reviewed_by_half_are_warned_of(bench: Bench) -> None:
    session = await bench.create(4)
    await bench.add_model(session)
    await bench.autolabel(session)
    for location in ("d0000.txt", "d0001.txt"):
        await session.review.accept(number(session, location), suggestions(session, location)[0].id)
    assert (await session.training.preview()).undecided == 0, "drafts do not count yet"
    await session.labeling.save()
    assert (await session.training.preview()).undecided == 2
    words = "2 documents still have undecided suggestions; what is not accepted there counts as nothing"
    plan = plan_of(await session.training.check(), TrainOptions("m"))
    assert plan.warnings == (words,)
    job = await train(bench, session)
    assert job.result["warnings"] == [words]
    assert (await session.training.preview()).undecided == 0


async def test_a_training_set_without_labels_is_told(bench: Bench) -> None:
    session = await labeled(bench, 2)
    await session.documents.set(list(session.rows), dataset=Dataset.TEST)
    job = await train(bench, session)
    assert (job.state, job.code) == (JobState.FAILED, "bad_input")
    assert "training set" in job.message


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "x" * 51, "a b", "\x1b[31m"])
async def test_a_name_that_is_none_is_refused(bench: Bench, name: str) -> None:
    session = await labeled(bench, 2)
    with pytest.raises(InputError, match="no name for a model"):
        await session.training.start(TrainOptions(name))


# --- suggestions and overwriting --------------------------------------------------------------------


async def test_undecided_suggestions_go_when_a_model_is_trained(bench: Bench) -> None:
    session = await labeled(bench, 3)
    await bench.add_model(session)
    await bench.autolabel(session)
    await session.review.accept(number(session), suggestions(session)[0].id)
    await session.review.reject(number(session), suggestions(session)[0].id)
    # Two of fifteen are decided, and three are hidden by the labels.
    assert (await session.training.preview()).deleted_suggestions == 10
    job = await train(bench, session)
    assert job.result["deleted_suggestions"] == 10
    assert (await session.models.list())[0].deleted_suggestions == 10
    assert all(not row.suggestions for row in session.rows.values())
    assert len(document(session).suggestions) == 2
    await session.history.undo()
    assert len(suggestions(session, "d0001.txt")) == 4


async def test_a_failed_or_cancelled_training_deletes_nothing(bench: Bench) -> None:
    session = await labeled(bench, 3)
    await bench.add_model(session)
    await bench.autolabel(session)
    bench.estimators.error = InputError("too little to learn from")
    job = await train(bench, session)
    assert (job.state, job.message) == (JobState.FAILED, "too little to learn from")
    bench.estimators.error = None
    bench.estimators.hold = asyncio.Event()
    bench.estimators.begun.clear()
    job = await session.training.start(TrainOptions("m"))
    running = asyncio.ensure_future(bench.run(job))
    await bench.estimators.begun.wait()
    await session.jobs.cancel(job.id)
    assert (await running).state is JobState.CANCELLED
    await session.refresh()
    assert sum(row.suggestion_count for row in session.rows.values()) == 12
    assert [card.name for card in await session.models.list()] == ["rules"]
    # Cancelled training may begin anew.
    bench.estimators.hold.set()
    await session.jobs.resume(job.id)
    assert (await bench.run(job)).state is JobState.SUCCEEDED


async def test_a_cancel_while_the_model_is_put_in_its_place_comes_too_late(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await labeled(bench, 3)
    await bench.add_model(session)
    await bench.autolabel(session)
    job = await session.training.start(TrainOptions("m"))
    real, really_asked = bench.models.save, FileJobJournal.cancel_requested
    cancelled = asyncio.Event()

    async def slow(card: ModelCard, model: FittedModel) -> None:
        await session.jobs.cancel(job.id)
        await cancelled.wait()
        await real(card, model)

    def asked(self: FileJobJournal) -> bool:
        found = really_asked(self)
        if found:
            # After the runner has cancelled its work, which it does at once.
            asyncio.get_running_loop().call_soon(cancelled.set)
        return found

    monkeypatch.setattr(FileJobJournal, "cancel_requested", asked)
    monkeypatch.setattr(bench.models, "save", slow)
    assert (await bench.run(job)).state is JobState.SUCCEEDED
    await session.refresh()
    assert all(not row.suggestions for row in session.rows.values())


async def test_a_model_is_overwritten_only_on_purpose_and_as_a_whole(bench: Bench, tmp_path: Path) -> None:
    bench.models = folder_models(bench, tmp_path / "models")
    session = await labeled(bench)
    await train(bench, session)
    with pytest.raises(RefusedError, match="already a model"):
        await session.training.start(TrainOptions("m"))
    (first,) = await session.models.list()
    await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    await train(bench, session, overwrite=True, seed=1, test_percent=30)
    (second,) = await session.models.list()
    assert second.labels_version != first.labels_version
    assert len(second.test_documents) == 3
    loaded = await bench.models.load("m")
    assert isinstance(loaded, RuleModel)


async def test_one_model_is_trained_at_a_time(bench: Bench) -> None:
    session = await labeled(bench, 3)
    job = await session.training.start(TrainOptions("m"))
    with pytest.raises(LockedError, match="being trained"):
        await session.training.start(TrainOptions("n"))
    await session.jobs.cancel(job.id)
    await bench.run(job)
    second = await session.training.start(TrainOptions("n"))
    with pytest.raises(LockedError):
        await session.jobs.resume(job.id)
    assert len(await session.jobs.list()) == 2
    await bench.run(second)


async def test_two_trainings_that_start_at_one_moment_do_not_both_run(bench: Bench) -> None:
    ana = await labeled(bench, 3)
    bo = await bench.session("bo")
    results = await asyncio.gather(
        ana.training.start(TrainOptions("m")), bo.training.start(TrainOptions("n")), return_exceptions=True
    )
    assert sum(isinstance(result, Job) for result in results) <= 1
    assert all(isinstance(result, Job | LockedError) for result in results)
    assert len(await ana.jobs.list()) == sum(isinstance(result, Job) for result in results)


# --- the split --------------------------------------------------------------------------------------

documents = st.lists(
    st.tuples(st.lists(st.sampled_from("abcdef"), max_size=4), st.sampled_from(Dataset)), max_size=40
)


@settings(deadline=None)
@given(given_documents=documents, percent=st.integers(1, 99), seed=st.integers(0, 5))
def test_every_category_stays_in_the_training_part(
    given_documents: list[tuple[list[str], Dataset]], percent: int, seed: int
) -> None:
    made = [
        LabeledDocument(at, f"d{at}", dataset, "text", tuple((name, None) for name in names), False)
        for at, (names, dataset) in enumerate(given_documents)
    ]
    train_part, test_part = split(made, percent, seed)
    candidates = [item for item in made if item.dataset is Dataset.TRAIN]
    assert sorted(item.id for item in [*train_part, *test_part]) == [item.id for item in candidates]
    assert {name for item in train_part for name, _ in item.annotations} == {
        name for item in candidates for name, _ in item.annotations
    }
    assert len(test_part) <= max(1, round(len(candidates) * percent / 100))
    assert (train_part, test_part) == split(made, percent, seed)


def test_a_plain_split_is_four_to_one_and_depends_on_the_seed() -> None:
    made = [LabeledDocument(at, f"d{at}", Dataset.TRAIN, "", (("a", None),), False) for at in range(50)]
    train_part, test_part = split(made, 20, 0)
    assert (len(train_part), len(test_part)) == (40, 10)
    assert split(made, 20, 1)[1] != test_part


async def test_the_history_tells_of_training_and_of_a_model_that_is_deleted(bench: Bench) -> None:
    session = await labeled(bench)
    last = session.store.seq
    job = await bench.run(await session.training.start(TrainOptions("m")))
    await session.training.delete("m")
    assert await session.models.list() == ()
    deleted, trained = [entry async for entry in session.history.entries() if entry.seq > last]
    assert (trained.action, trained.who, trained.model, trained.job) == ("model.train", "ana", "m", job.id)
    assert (deleted.action, deleted.who, deleted.model, deleted.items) == ("model.delete", "ana", "m", 0)
    assert all(entry.action in ACTIONS for entry in (trained, deleted))
    assert len([entry async for entry in session.history.entries(document=0)]) < last
    with pytest.raises(NotFoundError):
        await session.history.undo_job(job.id)
    undone = await session.history.undo()
    assert undone is not None
    assert undone.action == "label.add"
    with pytest.raises(NotFoundError):
        await session.training.delete("m")


async def test_training_on_one_class_is_refused_before_a_job_is_made(bench: Bench) -> None:
    session = await bench.create(4, kind=ProjectKind.SINGLE_LABEL, immediate=True, categories=("A", "B"))
    for location in ("d0000.txt", "d0001.txt"):
        await session.labeling.add(number(session, location), key(session, "A"))
    with pytest.raises(InputError, match="same class"):
        await session.training.start(TrainOptions("m"))
    assert await session.jobs.list() == ()
    assert bench.launcher.launched == []
    await session.labeling.add(number(session, "d0002.txt"), key(session, "B"))
    await session.training.start(TrainOptions("m"))
    assert len(bench.launcher.launched) == 1


@pytest.mark.parametrize(
    ("language", "asked", "passed"),
    [
        ("en-us", Features.AUTO, Features.AUTO),
        ("yo", Features.AUTO, Features.WORDS),
        ("yo", Features.EMBEDDINGS, Features.EMBEDDINGS),
        ("en-us", Features.WORDS, Features.WORDS),
    ],
)
async def test_embeddings_are_tried_in_english_or_where_somebody_asks_for_them(
    bench: Bench, language: str, asked: Features, passed: Features
) -> None:
    session = await bench.create(
        8, kind=ProjectKind.SINGLE_LABEL, immediate=True, categories=("A", "B"), language=language
    )
    for at in range(8):
        await session.labeling.add(number(session, f"d{at:04}.txt"), key(session, "AB"[at % 2]))
    await train(bench, session, features=asked)
    assert bench.estimators.features is passed
    (card,) = await session.models.list()
    assert (card.options.features, card.features) == (asked, (WORDS,))
    assert figures(card, session.store.state)["features"] == ["words"]


async def test_embeddings_are_refused_for_entities(bench: Bench) -> None:
    session = await labeled(bench)
    with pytest.raises(InputError, match="for classes"):
        await session.training.start(TrainOptions("m", features=Features.EMBEDDINGS))


async def test_a_class_and_documents_without_any_are_enough_for_several_classes(bench: Bench) -> None:
    session = await bench.create(4, kind=ProjectKind.MULTI_LABEL, immediate=True, categories=("A", "B"))
    await session.labeling.add(number(session), key(session, "A"))
    with pytest.raises(InputError, match="same class"):
        await session.training.start(TrainOptions("m"))
    await session.labeling.set_reviewed(number(session, "d0001.txt"))
    await session.training.start(TrainOptions("m"))


async def test_figures_stand_in_the_order_of_the_project_s_categories(bench: Bench) -> None:
    names = ("Zone", "Person", "Area", "Place")
    session = await bench.create(categories=names)
    ids = [key(session, name) for name in names]
    counts = {category: Counts(1, 1, 1) for category in sorted(ids, reverse=True)}
    lines = ("$none", *reversed(ids))
    matrix = {row: dict.fromkeys(lines, 1) for row in lines}
    await bench.add_model(session)
    (card,) = await bench.models.list()
    found = figures(replace(card, performance=Performance(counts, matrix)), session.store.state)
    assert tuple(found["per_category"]) == names
    assert tuple(found["confusion"]) == tuple(found["confusion"]["Area"]) == (*names, "$none")
