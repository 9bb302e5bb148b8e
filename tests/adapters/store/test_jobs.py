"""The records of jobs: a state that anybody can read, and steps that count once."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import Clock
from tui_labeler.domain.jobs import (
    Answer,
    DocumentFailure,
    Job,
    JobKind,
    JobRequest,
    JobState,
    Proposal,
    Usage,
)
from tui_labeler.domain.labels import Span
from tui_labeler.engine.adapters.store import jobs
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.errors import LockedError, NotFoundError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


MOST = Usage(100, 50)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> FileJobStore:
    monkeypatch.setattr(jobs, "LOCK_PATIENCE", 0.05)
    return FileJobStore(tmp_path / "jobs", clock)


def request(clock: Clock, ident: str = "j1", documents: int = 3) -> JobRequest:
    return JobRequest(ident, JobKind.AUTOLABEL, "ana", clock(), documents=tuple(range(documents)))


def answer(document: int) -> Answer:
    return Answer(document, f"d{document}.txt", "hash", 1500, (Proposal("c1", Span(0, 3), 0.9),))


async def states(store: FileJobStore) -> list[JobState]:
    return [job.state for job in await store.list()]


async def test_a_job_goes_from_queued_to_its_end(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    assert await states(store) == [JobState.QUEUED]
    journal = await store.run("j1")
    assert await states(store) == [JobState.QUEUED]
    await journal.started(os.getpid(), 3)
    running = await store.get("j1")
    assert (running.state, running.pid, running.total, running.done) == (JobState.RUNNING, os.getpid(), 3, 0)
    await journal.answers([answer(0), answer(1)])
    await journal.applied([answer(0), answer(1)], 5)
    await journal.failed([DocumentFailure(2, "d2.txt", "gone", "it is gone")])
    halfway = await store.get("j1")
    assert (halfway.done, halfway.suggestions, halfway.text_records, halfway.waiting) == (2, 5, 4, 0)
    await journal.ended("partially completed")
    await journal.close()
    ended = await store.get("j1")
    assert ended.state is JobState.PARTIALLY_COMPLETED
    assert ended.pid is None
    assert [failure.location for failure in ended.failed] == ["d2.txt"]
    assert ended.ended > ended.started > ended.request.created
    assert ended == await FileJobStore(store._folder, lambda: ended.ended).get("j1")


async def test_a_job_that_nobody_runs_is_interrupted_also_where_the_clock_was_set_back(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    earlier = FileJobStore(store._folder, lambda: "2001-01-01T00:00:00.000Z")
    assert await states(earlier) == [JobState.INTERRUPTED]


async def test_what_was_received_is_paid_for_before_a_document_is_done(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(os.getpid(), 3)
    first = journal.requests.sent("d0.txt", MOST, 50)
    journal.requests.sent("d0.txt", MOST, 50)
    journal.requests.answered(first, Usage(100, 10))
    live = await store.get("j1")
    assert (live.usage, live.done, live.unanswered) == (Usage(100, 10), 0, 0)
    await journal.close()
    killed = await store.get("j1")
    assert (killed.usage, killed.unanswered, killed.unanswered_usage) == (Usage(100, 10), 1, MOST)
    journal = await store.run("j1")
    await journal.started(os.getpid(), 3)
    third = journal.requests.sent("d1.txt", MOST, 50)
    again = await store.get("j1")
    assert (again.unanswered, again.unanswered_usage) == (1, MOST)
    journal.requests.refused(third)
    journal.requests.lost(journal.requests.sent("d1.txt", MOST, 50))
    journal.requests.answered(journal.requests.sent("d1.txt", MOST, 50), Usage(1, 1))
    ended = await store.get("j1")
    assert (ended.usage, ended.unanswered, ended.unanswered_usage) == (Usage(101, 11), 2, Usage(200, 100))
    await journal.close()


async def test_the_answer_of_a_batch_is_counted_once_however_often_it_is_read(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    assert journal.requests.collected("key/0", Usage(5, 5))
    await journal.close()
    journal = await store.run("j1")
    assert not journal.requests.collected("key/0", Usage(5, 5))
    assert journal.job.usage == Usage(5, 5)
    await journal.close()


async def test_a_request_that_a_crash_cut_off_is_dropped_by_the_next(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    journal.requests.answered(journal.requests.sent("d0.txt", MOST, 50), Usage(5, 5))
    await journal.close()
    path = store._folder / "j1" / "requests.jsonl"
    path.write_bytes(path.read_bytes() + b'{"what":"answ')
    journal = await store.run("j1")
    journal.requests.answered(journal.requests.sent("d1.txt", MOST, 50), Usage(1, 1))
    assert journal.job.usage == Usage(6, 6)
    await journal.close()


async def test_a_wait_for_an_answer_is_told_once_it_is_unusually_long(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(os.getpid(), 3)
    number = journal.requests.sent("slow.txt", MOST, 50)
    assert (await store.get("j1")).late == ""
    clock.pass_time(seconds=90)
    late = await store.get("j1")
    assert (late.late, late.late_seconds >= 90) == ("slow.txt", True)
    journal.requests.answered(number, Usage(1, 1))
    assert (await store.get("j1")).late == ""
    journal.requests.sent("next.txt", MOST, 50)
    clock.pass_time(seconds=90)
    assert (await store.get("j1")).late == "", "a deployment that takes so long is not late"
    await journal.close()


async def test_another_run_knows_how_long_answers_were_of_what_they_were_given(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    assert journal.requests.longest is None
    journal.requests.answered(journal.requests.sent("d0.txt", MOST, 50), Usage(5, 10))
    # Of one that got less room than it was to have, the share is that of what it was to have.
    journal.requests.answered(journal.requests.sent("d1.txt", Usage(5, 20), 50), Usage(5, 20))
    await journal.close()
    journal = await store.run("j1")
    assert journal.requests.longest == 0.4
    await journal.close()


async def test_a_job_whose_runner_is_gone_is_interrupted(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(1, 3)
    await journal.close()
    job = await store.get("j1")
    assert (job.state, job.pid) == (JobState.INTERRUPTED, None)


async def test_a_runner_that_never_came_is_gone_after_a_while(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    assert await states(store) == [JobState.QUEUED]
    clock.pass_time(seconds=jobs.LAUNCH_PATIENCE)
    assert await states(store) == [JobState.INTERRUPTED]


async def test_only_one_runner_works_on_a_job(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    with pytest.raises(LockedError):
        await store.run("j1")
    with pytest.raises(LockedError):
        await store.reopen("j1", retry=frozenset())
    await journal.close()
    await (await store.run("j1")).close()


async def test_a_cancel_is_seen_by_the_runner(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(1, 3)
    assert not journal.cancel_requested()
    await store.request_cancel("j1")
    assert journal.cancel_requested()
    assert await states(store) == [JobState.CANCELLING]
    await journal.ended("cancelled")
    await journal.close()
    assert await states(store) == [JobState.CANCELLED]


async def test_cancelling_a_job_without_a_runner_ends_it(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(1, 3)
    await journal.stage("labeling", 0, 0)
    await journal.close()
    worked = (await store.get("j1")).seconds
    clock.pass_time(days=3)
    await store.request_cancel("j1")
    job = await store.get("j1")
    assert job.state is JobState.CANCELLED
    assert job.seconds == worked < 10
    await store.request_cancel("j1")
    assert len((store._folder / "j1" / "events.jsonl").read_text().splitlines()) == 4


async def test_a_reopened_job_forgets_the_cancel_and_the_failures_to_retry(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(1, 3)
    failures = [DocumentFailure(number, f"d{number}.txt", "x", "x") for number in (1, 2)]
    await journal.failed(failures)
    await store.request_cancel("j1")
    await journal.ended("cancelled")
    await journal.close()
    await store.reopen("j1", retry=frozenset({1}))
    assert await states(store) == [JobState.QUEUED]
    again = await store.run("j1")
    assert not again.cancel_requested()
    assert again.failed_before == {2}
    await again.close()


async def test_time_at_work_is_the_sum_of_the_runs(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    for _ in range(2):
        journal = await store.run("j1")
        await journal.started(1, 3)
        clock.pass_time(seconds=9)
        await journal.ended("cancelled")
        await journal.close()
        clock.pass_time(hours=1)
        await store.reopen("j1", retry=frozenset())
    clock.pass_time(hours=1)
    await store.request_cancel("j1")
    assert (await store.get("j1")).seconds == 20


async def test_answers_that_were_not_applied_are_kept_for_the_next_runner(
    store: FileJobStore, clock: Clock
) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(1, 3)
    await journal.answers([answer(0)])
    await journal.applied([answer(0)], 1)
    await journal.answers([answer(1), answer(2)])
    await journal.close()
    again = await store.run("j1")
    assert again.finished == {0}
    assert dict(again.answered) == {1: answer(1), 2: answer(2)}
    assert await store.finished("j1") == {0}
    assert await store.answers("j1") == (answer(0), answer(1), answer(2))
    await again.close()


async def test_a_torn_event_is_ignored_and_cut_off_by_the_next(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.started(1, 3)
    path = store._folder / "j1" / "events.jsonl"
    with path.open("ab") as file:
        file.write(b'{"event":"applied","documents":[0,1')
    assert (await store.get("j1")).done == 0
    await journal.applied([answer(2)], 1)
    await journal.close()
    assert (await store.get("j1")).done == 1
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["started", "applied"]


@pytest.mark.parametrize("line", [b"[]\n", b"\xff\n", b'{"event":"ended","time":"t","state":"odd"}\n'])
async def test_a_broken_record_is_told(store: FileJobStore, clock: Clock, line: bytes) -> None:
    await store.create(request(clock))
    await store.create(request(clock, "j2"))
    (store._folder / "j1" / "events.jsonl").write_bytes(line)
    with pytest.raises(StorageError):
        await store.get("j1")
    assert [job.id for job in await store.list()] == ["j2"]
    ((name, error),) = await store.broken()
    assert name == "j1"
    assert str(store._folder / "j1") in error.message
    assert "job delete" in error.hint


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"created": 3}'])
async def test_a_broken_request_hides_no_other_job(store: FileJobStore, clock: Clock, content: bytes) -> None:
    for name in ("j1", "j2"):
        await store.create(request(clock, name))
    (store._folder / "j1" / "request.json").write_bytes(content)
    assert [job.id for job in await store.list()] == ["j2"]
    assert [name for name, _ in await store.broken()] == ["j1"]
    await store.delete("j1")
    assert await store.broken() == ()


async def test_a_job_with_a_time_that_is_none_is_broken(store: FileJobStore, clock: Clock) -> None:
    await store.create(replace(request(clock), created="yesterday"))
    assert await store.list() == ()
    assert [name for name, _ in await store.broken()] == ["j1"]


async def test_a_broken_job_that_somebody_works_on_is_not_deleted(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    (store._folder / "j1" / "events.jsonl").write_bytes(b"[]\n")
    with pytest.raises(LockedError):
        await store.delete("j1")
    await journal.close()
    await store.delete("j1")
    assert not (store._folder / "j1").exists()


async def test_readers_in_many_threads_count_each_step_once(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock, documents=400))
    journal = await store.run("j1")
    await journal.started(1, 400)
    seen: list[Job] = []

    async def look() -> None:
        while not seen or seen[-1].done < 40:
            seen.extend(await asyncio.gather(*(store.get("j1") for _ in range(4))))

    looking = asyncio.ensure_future(look())
    for number in range(40):
        await journal.applied([answer(number)], 1)
    await looking
    assert max(job.suggestions for job in seen) == 40
    assert all(job.suggestions == job.done for job in seen)
    await journal.close()


async def test_jobs_are_listed_newest_first_and_deleted_whole(store: FileJobStore, clock: Clock) -> None:
    for ident in ("j1", "j2", "j3"):
        await store.create(request(clock, ident))
    assert [job.id for job in await store.list()] == ["j3", "j2", "j1"]
    await store.delete("j2")
    assert [job.id for job in await store.list()] == ["j3", "j1"]
    assert not (store._folder / "j2").exists()
    with pytest.raises(NotFoundError):
        await store.get("j2")


@pytest.mark.parametrize("ident", ["", "..", "../other", "J1", "j1/..", "\0"])
async def test_a_name_that_is_no_job_leads_nowhere(store: FileJobStore, clock: Clock, ident: str) -> None:
    await store.create(request(clock))
    with pytest.raises(NotFoundError):
        await store.get(ident)


async def test_a_job_that_can_not_be_written_leaves_no_folder(
    store: FileJobStore, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError, match="No space left"):
            await store.create(request(clock))
    assert list((tmp_path / "jobs").iterdir()) == []


async def test_what_is_settled_stays_beside_what_is_settled_later(store: FileJobStore, clock: Clock) -> None:
    await store.create(request(clock))
    journal = await store.run("j1")
    await journal.prepared({"examples": [1], "batches": []})
    await journal.prepared({"batches": ["b1"]})
    assert journal.preparation == {"examples": [1], "batches": ["b1"]}
    await journal.close()
    later = await store.run("j1")
    assert later.preparation == {"examples": [1], "batches": ["b1"]}
    await later.close()
