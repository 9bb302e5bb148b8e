"""Autolabeling jobs: each document once, paid for once, whatever comes between."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TEXT, Bench, document, key, number, span, suggestions, whole, words_of
from tui_labeler.domain.jobs import Answer, Job, JobState, Method, Proposal
from tui_labeler.domain.labels import Placed
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.store import jobs as store_jobs
from tui_labeler.engine.adapters.store.jobs import FileJobJournal, FileJobStore
from tui_labeler.engine.autolabelers import trained
from tui_labeler.engine.documents.decoding import Decoded
from tui_labeler.engine.errors import (
    InputError,
    LockedError,
    NotFoundError,
    QuotaError,
    RefusedError,
    StorageError,
)
from tui_labeler.screens.labeling.provenance import provenance

if TYPE_CHECKING:
    from tui_labeler.engine.ports import FittedModel
    from tui_labeler.engine.session import ProjectSession

METHOD = Method("model", "rules")
LONG = TEXT + "." * 1500
"""Two text records."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "BATCH_DOCUMENTS", 2)


async def used(session: ProjectSession) -> int:
    return (await session.quota.usage()).used


async def settled(bench: Bench, session: ProjectSession, documents: int, records: int) -> None:
    """Every document has its five suggestions once, and was charged once."""
    await session.refresh()
    for row in session.documents.select():
        found = session.store.state.document(row.id).suggestions.values()
        assert len(found) == 5, row.location
    assert len(session.rows) == documents
    assert await used(session) == records
    assert whole(await bench.session()) == whole(session)


class KilledError(BaseException):
    """The runner's process ends here."""


# --- the ordinary way -------------------------------------------------------------------------------


async def test_a_job_labels_each_document_once_and_is_charged_its_text_records(bench: Bench) -> None:
    session = await bench.create({f"d{item:04}.txt": LONG for item in range(7)})
    model = await bench.add_model(session)
    job = await bench.start(session)
    assert job.state is JobState.QUEUED
    assert bench.launcher.launched == [job.id]
    assert await used(session) == 14
    ended = await bench.run(job)
    assert (ended.state, ended.done, ended.total, ended.suggestions) == (JobState.SUCCEEDED, 7, 7, 35)
    assert (ended.text_records, ended.failed, ended.waiting) == (14, (), 0)
    assert len(model.seen) == 7
    await settled(bench, session, 7, 14)
    (first, *_) = suggestions(session)
    assert (first.source, first.job, first.confidence, first.version) == (
        "model:rules",
        job.id,
        0.9,
        model.version,
    )


async def test_which_of_the_possible_places_a_suggestion_is_stays_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained, "Proposal", partial(Proposal, placed=Placed.AMBIGUOUS, place=2, places=3))
    session = await bench.create({"d0000.txt": TEXT})
    await bench.add_model(session)
    await bench.run(await bench.start(session))
    found = suggestions(await bench.session())
    assert {(item.placed, item.place, item.places) for item in found} == {(Placed.AMBIGUOUS, 2, 3)}
    ambiguous, fuzzy = found[0], replace(found[0], placed=Placed.FUZZY)
    await session.refresh()
    assert "Placed       ambiguous, 2 of 3\n" in await provenance(session, document(session), ambiguous)
    assert "Placed       fuzzy\n" in await provenance(session, document(session), fuzzy)


async def test_a_document_without_a_suggestion_is_processed_and_paid(bench: Bench) -> None:
    session = await bench.create({"a.txt": "nothing here"})
    await bench.add_model(session)
    job = await bench.autolabel(session)
    assert (job.state, job.done, job.suggestions) == (JobState.SUCCEEDED, 1, 0)
    assert await used(session) == 1


async def test_only_the_chosen_categories_and_documents_are_labeled(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session, "d0001.txt", categories=["Place"])
    assert words_of(suggestions(session, "d0001.txt")) == ["Rome", "Oslo"]
    assert suggestions(session) == ()
    assert await used(session) == 1


@pytest.mark.parametrize("kind", [ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL])
async def test_classes_are_suggested_too(bench: Bench, kind: ProjectKind) -> None:
    session = await bench.create(kind=kind)
    await bench.add_model(session)
    await bench.autolabel(session)
    names = {key(session, name): name for name in ("Person", "Place")}
    wanted = ["Person"] if kind is ProjectKind.SINGLE_LABEL else ["Person", "Place"]
    assert sorted(names[item.category] for item in suggestions(session)) == wanted


async def test_a_new_job_replaces_what_is_undecided_in_its_categories(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session, "old", words={"met": "Person", "then": "Place", "went": "Place"})
    await bench.add_model(session)
    first = await bench.autolabel(session, model="old")
    assert words_of(suggestions(session)) == ["met", "went"]
    await session.review.accept(number(session), suggestions(session)[0].id)
    await bench.autolabel(session, categories=["Person"])
    assert words_of(suggestions(session)) == ["Ann", "Bob", "Ann", "went"]
    assert [label.span for label in document(session).active_labels] == [span("met")]
    answers = await session.jobs._jobs.answers(first.id)
    assert len(answers) == 3
    assert len(answers[0].proposals) == 2


async def test_what_was_rejected_is_not_suggested_again_by_the_same_method(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.add_model(session, "second")
    await bench.autolabel(session)
    await session.review.reject(number(session), suggestions(session)[0].id)
    await bench.autolabel(session, model="second")
    assert words_of(suggestions(session)) == ["Bob", "Rome", "Ann", "Oslo"]
    assert len(suggestions(session, "d0001.txt")) == 5


async def test_what_was_rejected_on_an_earlier_text_keeps_nothing_from_other_words(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    await session.review.reject(number(session), suggestions(session)[0].id)
    text = "Bob met somebody in Rome."
    bench.write({"d0000.txt": text})
    await session.documents.sync()
    await bench.autolabel(session)
    assert words_of(suggestions(session), text) == ["Bob", "Rome"]


async def test_a_job_without_documents_categories_or_model_does_not_start(bench: Bench) -> None:
    session = await bench.create()
    rows = session.documents.select()
    with pytest.raises(NotFoundError, match="no model named 'rules'"):
        await session.jobs.autolabel(rows, METHOD)
    await bench.add_model(session)
    with pytest.raises(InputError):
        await session.jobs.autolabel([], METHOD)
    with pytest.raises(InputError):
        await session.jobs.autolabel(rows, METHOD, [])
    with pytest.raises(InputError):
        await session.jobs.autolabel(rows, METHOD, ["nothing"])
    assert await session.jobs.list() == ()
    assert await used(session) == 0


async def test_a_category_that_is_deleted_meanwhile_gets_no_suggestions(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    await session.categories.delete(key(session, "Place"))
    assert (await bench.run(job)).suggestions == 9


# --- quota ------------------------------------------------------------------------------------------


async def test_too_little_quota_refuses_the_job_and_says_how_many_documents_fit(bench: Bench) -> None:
    bench.quota = 5
    session = await bench.create({f"d{item:04}.txt": LONG for item in range(4)})
    await bench.add_model(session)
    rows = session.documents.select()
    estimate = await session.jobs.estimate(rows, METHOD)
    assert (estimate.documents, estimate.needed, estimate.left, estimate.fits) == (4, 8, 5, 2)
    with pytest.raises(QuotaError, match="8 text records are needed and 5 of 5"):
        await session.jobs.autolabel(rows, METHOD)
    assert await session.jobs.list() == ()
    assert await used(session) == 0
    assert bench.launcher.launched == []
    await session.jobs.autolabel(rows[: estimate.fits], METHOD)
    assert await used(session) == 4


async def test_no_limit_fits_everything(bench: Bench) -> None:
    bench.quota = 0
    session = await bench.create()
    estimate = await session.jobs.estimate(session.documents.select(), METHOD)
    assert (estimate.left, estimate.fits) == (None, 3)


async def test_a_job_that_can_not_be_launched_leaves_nothing_behind(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    bench.launcher.error = StorageError("no more processes")
    with pytest.raises(StorageError):
        await bench.start(session)
    assert await session.jobs.list() == ()
    assert await used(session) == 0


async def test_unreadable_documents_fail_by_themselves_and_cost_nothing(bench: Bench) -> None:
    session = await bench.create({"a.txt": LONG, "b.txt": b"\xff\x00", "c.txt": LONG})
    await bench.add_model(session)
    job = await bench.autolabel(session)
    assert (job.state, job.done) == (JobState.PARTIALLY_COMPLETED, 2)
    assert [(item.location, item.error) for item in job.failed] == [("b.txt", "unreadable")]
    assert await used(session) == 4


async def test_the_month_may_change_while_a_job_waits(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    bench.clock.pass_time(days=20)
    await session.jobs.cancel(job.id)
    assert await used(session) == 0
    await session.jobs.resume(job.id)
    assert await used(session) == 3
    await bench.run(job)
    await settled(bench, session, 3, 3)


async def test_a_dead_job_gives_its_reservation_back_when_it_is_cancelled_or_deleted(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    first, second = await bench.start(session), await bench.start(session)
    assert await used(session) == 6
    bench.clock.pass_time(seconds=store_jobs.LAUNCH_PATIENCE)
    assert (await session.jobs.get(first.id)).state is JobState.INTERRUPTED
    assert (await session.jobs.cancel(first.id)).state is JobState.CANCELLED
    assert await used(session) == 3
    await session.jobs.delete(second.id)
    assert await used(session) == 0


# --- documents that change meanwhile ---------------------------------------------------------------


async def test_removed_and_changed_documents_fail_with_their_reason_and_can_be_retried(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    (bench.documents / "d0000.txt").unlink()
    bench.write({"d0001.txt": "Ann is here"})
    ended = await bench.run(job)
    assert [(item.location, item.error) for item in ended.failed] == [
        ("d0000.txt", "gone"),
        ("d0001.txt", "changed"),
    ]
    assert "sync" in ended.failed[1].message
    assert (ended.state, ended.done, await used(session)) == (JobState.PARTIALLY_COMPLETED, 1, 1)
    with pytest.raises(RefusedError, match="nothing left to do"):
        await session.jobs.resume(job.id)
    bench.write({"d0000.txt": TEXT})
    await session.documents.sync()
    await session.jobs.retry(job.id)
    ended = await bench.run(job)
    await session.refresh()
    assert (ended.state, ended.done, ended.failed) == (JobState.SUCCEEDED, 3, ())
    assert len(suggestions(session, "d0001.txt")) == 1
    assert await used(session) == 3
    with pytest.raises(RefusedError):
        await session.jobs.retry(job.id)


class Breaking(FolderContainer):
    async def read(self, name: str) -> bytes:
        if name == "d0001.txt":
            raise InputError("no name for a document")
        return await super().read(name)


async def test_a_document_that_the_container_refuses_fails_alone(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    ended = await bench.run(await bench.start(session), container=Breaking(bench.documents))
    assert [(item.location, item.error) for item in ended.failed] == [("d0001.txt", "bad_input")]


# --- cancel, crash, resume --------------------------------------------------------------------------


async def test_a_cancelled_job_keeps_what_it_did_and_goes_on_later(bench: Bench) -> None:
    session = await bench.create(7)

    async def cancel(texts: Sequence[str]) -> None:
        if len(model.seen) == 2:
            await session.jobs.cancel(job.id)
            await asyncio.Event().wait()

    model = await bench.add_model(session, before=cancel)
    job = await bench.start(session)
    ended = await bench.run(job)
    assert (ended.state, ended.done, ended.waiting) == (JobState.CANCELLED, 2, 5)
    assert await used(session) == 2
    model.before = None
    assert (await session.jobs.cancel(job.id)).state is JobState.CANCELLED
    await session.jobs.resume(job.id)
    assert await used(session) == 7
    ended = await bench.run(job)
    assert (ended.state, ended.done, ended.suggestions) == (JobState.SUCCEEDED, 7, 35)
    assert len(model.seen) == 7
    await settled(bench, session, 7, 7)


def _cancels_in_a_write(monkeypatch: pytest.MonkeyPatch, session: ProjectSession, job: Job) -> None:
    """Has a job cancelled once its first answers are on the disk, before it goes on."""
    real, really_asked = FileJobJournal.answers, FileJobJournal.cancel_requested
    cancelled = asyncio.Event()

    async def slow(self: FileJobJournal, answers: Sequence[Answer]) -> None:
        await real(self, answers)
        await session.jobs.cancel(job.id)
        await cancelled.wait()

    def asked(self: FileJobJournal) -> bool:
        found = really_asked(self)
        if found:
            # After the runner has cancelled its work, which it does at once.
            asyncio.get_running_loop().call_soon(cancelled.set)
        return found

    monkeypatch.setattr(FileJobJournal, "answers", slow)
    monkeypatch.setattr(FileJobJournal, "cancel_requested", asked)


async def test_a_cancel_during_a_write_waits_for_the_books(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(4)
    await bench.add_model(session)
    job = await bench.start(session)
    _cancels_in_a_write(monkeypatch, session, job)
    ended = await bench.run(job)
    await session.refresh()
    assert (ended.state, ended.done, ended.suggestions) == (JobState.CANCELLED, 2, 10)
    assert sum(row.suggestion_count for row in session.rows.values()) == 10
    assert await used(session) == 2


async def test_a_job_that_was_cancelled_after_its_last_document_has_only_to_be_closed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(2)
    model = await bench.add_model(session)
    job = await bench.start(session)
    with monkeypatch.context() as patch:
        _cancels_in_a_write(patch, session, job)
        ended = await bench.run(job)
    assert (ended.state, ended.done) == (JobState.CANCELLED, 2)
    await session.jobs.resume(job.id)
    ended = await bench.run(job)
    assert (ended.state, ended.done, ended.suggestions) == (JobState.SUCCEEDED, 2, 10)
    assert len(model.seen) == 2
    await settled(bench, session, 2, 2)


@pytest.mark.parametrize("at", ["answers", "applied", "before answers", "commit", "settle", "ended"])
async def test_a_job_killed_at_any_step_goes_on_and_does_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    session = await bench.create(7)
    model = await bench.add_model(session)
    job = await bench.start(session)
    calls = [0]
    real: Any

    async def killed(self: Any, *arguments: Any, **more: Any) -> None:
        calls[0] += 1
        if calls[0] < 2 and at not in ("settle", "ended"):
            await real(self, *arguments, **more)
            return
        if at == "answers":
            await real(self, *arguments, **more)
        raise KilledError

    runner = await bench.runner()
    with monkeypatch.context() as patch:
        match at:
            case "answers" | "before answers":
                real = FileJobJournal.answers
                patch.setattr(FileJobJournal, "answers", killed)
            case "applied":
                real = FileJobJournal.applied
                patch.setattr(FileJobJournal, "applied", killed)
            case "commit":
                real = type(runner.store).commit
                patch.setattr(type(runner.store), "commit", killed)
            case "settle":
                real = type(runner.quota).settle
                patch.setattr(type(runner.quota), "settle", killed)
            case _:
                real = FileJobJournal.ended
                patch.setattr(FileJobJournal, "ended", killed)
        with pytest.raises(KilledError):
            await runner.run(job.id)
    stopped = await session.jobs.get(job.id)
    assert stopped.state is JobState.INTERRUPTED
    assert await used(session) == 7
    await session.jobs.resume(job.id)
    ended = await bench.run(job)
    assert (ended.state, ended.done, ended.suggestions) == (JobState.SUCCEEDED, 7, 35)
    assert len(model.seen) == (9 if at == "before answers" else 7)
    await settled(bench, session, 7, 7)


async def test_a_job_whose_model_is_gone_fails_with_its_name_and_costs_nothing(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    await session.models.delete("rules")
    ended = await bench.run(job)
    assert (ended.state, ended.code) == (JobState.FAILED, "not_found")
    assert "The model 'rules' was deleted." in ended.message
    assert ended.result["exit_code"] == 2
    assert await used(session) == 0
    await bench.add_model(session)
    await session.jobs.resume(job.id)
    assert (await bench.run(job)).state is JobState.SUCCEEDED


async def test_a_job_whose_model_goes_while_it_loads_says_that_it_was_deleted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)

    async def load(name: str) -> FittedModel:
        await session.models.delete(name)
        raise InputError("content-1 holds no model that can be used: model.json can't be read.")

    monkeypatch.setattr(bench.models, "load", load)
    ended = await bench.run(job)
    assert (ended.state, ended.code) == (JobState.FAILED, "not_found")
    assert "The model 'rules' was deleted." in ended.message


async def test_a_model_that_a_job_works_with_is_not_deleted(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.add_model(session, "other")
    job = await bench.start(session)
    with pytest.raises(RefusedError, match=job.id):
        await session.training.delete("rules")
    await session.training.delete("other")
    await session.jobs.cancel(job.id)
    await bench.run(job)
    await session.training.delete("rules")
    assert await session.models.list() == ()


async def test_resuming_a_job_that_is_at_work_follows_it(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    assert (await session.jobs.resume(job.id)).state is JobState.QUEUED
    assert bench.launcher.launched == [job.id]
    with pytest.raises(RefusedError, match="still at work"):
        await session.jobs.delete(job.id)


async def test_of_two_who_resume_one_launches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_jobs, "LOCK_PATIENCE", 0.05)
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    bench.clock.pass_time(minutes=1)
    journal = await session.jobs._jobs.run(job.id)
    real = type(session.jobs._jobs).get
    looks = [0]

    async def late(self: Any, job_id: str) -> Job:
        found: Job = await real(self, job_id)
        looks[0] += 1
        return replace(found, state=JobState.INTERRUPTED) if looks[0] == 1 else found

    monkeypatch.setattr(type(session.jobs._jobs), "get", late)
    resumed = await session.jobs.resume(job.id)
    assert not resumed.state.is_over
    assert bench.launcher.launched == [job.id]
    await journal.close()


async def test_only_one_runner_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_jobs, "LOCK_PATIENCE", 0.05)
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    journal = await session.jobs._jobs.run(job.id)
    with pytest.raises(LockedError):
        await bench.run(job)
    await journal.close()


async def test_a_job_is_followed_to_its_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.engine.jobs.following.FOLLOW_EVERY", 0)
    # Each look takes a second of the tests' clock, and there are many before the runner has its lock.
    monkeypatch.setattr("tui_labeler.engine.adapters.store.jobs.LAUNCH_PATIENCE", 1e9)
    session = await bench.create(9)
    await bench.add_model(session)
    job = await bench.start(session)
    running = asyncio.ensure_future(bench.run(job))
    seen = [step async for step in session.jobs.follow(job.id)]
    await running
    assert seen[-1].state is JobState.SUCCEEDED
    assert [step.done for step in seen] == sorted(step.done for step in seen)


async def test_figures_of_a_followed_job_wait_and_its_states_do_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.jobs.following.FOLLOW_EVERY", 0)
    monkeypatch.setattr("tui_labeler.engine.adapters.store.jobs.LAUNCH_PATIENCE", 1e9)
    session = await bench.create(9)
    await bench.add_model(session)
    job = await bench.start(session)
    running = asyncio.ensure_future(bench.run(job))
    seen = [step async for step in session.jobs.follow(job.id, figures_every=3600)]
    await running
    states = [step.state for step in seen]
    assert states[-1] is JobState.SUCCEEDED
    assert len(states) == len(set(states))


async def test_people_label_while_a_job_runs_and_nothing_of_either_is_lost(bench: Bench) -> None:
    session = await bench.create(20)

    async def label(texts: Sequence[str]) -> None:
        place = f"d{len(model.seen):04}.txt"
        await session.labeling.add(number(session, place), key(session, "Place"), span("Ann"))

    model = await bench.add_model(session, before=label)
    await bench.autolabel(session)
    assert session.labeling.drafts() == 10
    for turn in range(20):
        found = words_of(suggestions(session, f"d{turn:04}.txt"))
        assert found == (
            ["Bob", "Rome", "Ann", "Oslo"] if turn % 2 == 0 else ["Ann", "Bob", "Rome", "Ann", "Oslo"]
        )


# --- size -------------------------------------------------------------------------------------------


class Text(str):
    """A text that can be watched."""

    __slots__ = ("__weakref__",)


async def test_two_thousand_documents_stream_and_few_texts_are_alive_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained, "BATCH_DOCUMENTS", 64)
    session = await bench.create(2000)
    alive: weakref.WeakSet[Text] = weakref.WeakSet()
    most = [0]

    def watched(data: bytes) -> Decoded:
        text = Text(data.decode())
        alive.add(text)
        most[0] = max(most[0], len(list(alive)))
        return Decoded(text, "", document(session).text_hash)

    monkeypatch.setattr("tui_labeler.engine.documents.reading.decode", watched)
    model = await bench.add_model(session)
    model.seen = _Counting()
    job = await bench.autolabel(session)
    gc.collect()
    assert (job.state, job.done, job.suggestions) == (JobState.SUCCEEDED, 2000, 10_000)
    assert most[0] <= 2 * 64 + 2
    await settled(bench, session, 2000, 2000)


class _Counting(list[str]):
    """Counts texts without keeping them."""

    def __iadd__(self, texts: Any) -> _Counting:  # type: ignore[misc,override]
        return self


DAMAGE: dict[str, dict[str, bytes]] = {
    "request": {"request.json": b"{"},
    "events": {"events.jsonl": b"[]\n"},
    "all": {"request.json": b"{", "events.jsonl": b"[]\n", "answers.jsonl": b"[]\n"},
}


@pytest.mark.parametrize(("damage", "left", "kept"), [("request", 1, 0), ("events", 1, 0), ("all", 3, 3)])
async def test_a_broken_job_that_is_deleted_gives_back_what_it_did_not_use(
    bench: Bench, damage: str, left: int, kept: int
) -> None:
    """Its runner died after the first of three documents; what still can be read says so."""
    session = await bench.create(3)
    await bench.add_model(session)
    job = await session.jobs.autolabel(session.documents.select(), METHOD)
    await session.jobs.delete((await bench.autolabel(session, "d0000.txt")).id)
    assert await used(session) == 4
    folder = (await bench.project_folder()) / "jobs" / job.id
    store = FileJobStore(folder.parent, bench.clock)
    journal = await store.run(job.id)
    await journal.started(1, 3)
    answer = Answer(number(session), "d0000.txt", "", len(TEXT))
    await journal.answers([answer])
    await journal.applied([answer], 0)
    for name, content in DAMAGE[damage].items():
        (folder / name).write_bytes(content)
    session = await bench.session()
    with pytest.raises(LockedError):
        await session.jobs.delete(job.id)
    assert await used(session) == 4
    await journal.close()
    assert [name for name, _ in await session.jobs.broken()] == [job.id]
    assert (await session.jobs.delete(job.id)).quota_kept == kept
    assert await used(session) == 1 + left
    assert await session.jobs.broken() == ()


async def test_a_broken_job_that_had_been_settled_keeps_what_it_used(bench: Bench) -> None:
    session = await bench.create(3)
    await bench.add_model(session)
    job = await bench.autolabel(session)
    folder = (await bench.project_folder()) / "jobs" / job.id
    for name in ("request.json", "events.jsonl", "answers.jsonl"):
        (folder / name).write_bytes(b"[]\n")
    assert (await session.jobs.delete(job.id)).quota_kept == 0
    assert await used(session) == 3


# --- what a job is resumed with, and what is left of one --------------------------------------------


async def stopped_half_way(bench: Bench, session: ProjectSession) -> Job:
    """A job that was cancelled after its first documents."""

    async def cancel(texts: object) -> None:
        if (await session.jobs.get(job.id)).done:
            await session.jobs.cancel(job.id)
            await asyncio.sleep(60)

    await bench.add_model(session, before=cancel)
    job = await bench.start(session)
    ended = await bench.run(job)
    assert ended.state is JobState.CANCELLED
    assert 0 < ended.done < 200
    return ended


async def test_a_job_does_not_go_on_with_another_model_than_it_began_with(bench: Bench) -> None:
    session = await bench.create(200)
    job = await stopped_half_way(bench, session)
    await bench.add_model(session, confidence=0.4)
    with pytest.raises(RefusedError, match="trained anew") as caught:
        await session.jobs.resume(job.id)
    assert "another job" in caught.value.hint
    assert (await session.jobs.get(job.id)).state is JobState.CANCELLED
    await bench.add_model(session)
    await session.jobs.resume(job.id)
    assert (await bench.run(job)).state is JobState.SUCCEEDED


async def test_a_model_that_changes_before_a_resumed_job_runs_ends_it(bench: Bench) -> None:
    session = await bench.create(200)
    job = await stopped_half_way(bench, session)
    await bench.add_model(session)
    await session.jobs.resume(job.id)
    await bench.add_model(session, confidence=0.4)
    ended = await bench.run(job)
    assert (ended.state, ended.code, ended.done) == (JobState.FAILED, "refused", job.done)


async def test_a_job_that_has_labeled_nothing_takes_the_model_as_it_is(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    await session.jobs.cancel(job.id)
    await bench.run(job)
    await bench.add_model(session, confidence=0.4)
    await session.jobs.resume(job.id)
    assert (await bench.run(job)).state is JobState.SUCCEEDED


async def test_a_job_whose_documents_all_fail_has_failed(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    for path in bench.documents.iterdir():
        path.unlink()
    ended = await bench.run(job)
    assert (ended.state, ended.done, len(ended.failed)) == (JobState.FAILED, 0, 3)
    assert ended.message.startswith("None of 3 documents could be labeled. d0000.txt: ")
    assert (ended.code, ended.result) == ("all_failed", {})
    bench.write({"d0000.txt": TEXT})
    await session.jobs.retry(job.id)
    again = await bench.run(job)
    assert (again.state, again.done, again.code) == (JobState.PARTIALLY_COMPLETED, 1, "")
