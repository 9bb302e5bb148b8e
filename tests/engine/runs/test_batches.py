"""Labeling through a batch API that is played in memory: what is sent, kept, paid, and found again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import (
    NAMES,
    TEXT,
    Bench,
    RuleChat,
    asked_text,
    document,
    number,
    span,
    suggestions,
    words_of,
)
from tests.builders import key as id_of
from tui_labeler.domain.jobs import Job, JobState, Method, Usage
from tui_labeler.domain.resources import Deployment, Prices, Resource, ResourceKind
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.deployments.batches import (
    BatchFile,
    BatchGoneError,
    BatchLimits,
    BatchState,
    BatchStatus,
    CrowdedError,
    Row,
)
from tui_labeler.engine.deployments.chat import (
    BusyError,
    Finish,
    Question,
    Reply,
    TroubleError,
    UnansweredError,
)
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.gpt.going_on import GoingOn
from tui_labeler.engine.gpt.preview import Terms
from tui_labeler.engine.jobs.jobs import Deleted
from tui_labeler.engine.ports import Connected
from tui_labeler.engine.runs.autolabeling import AutolabelRun
from tui_labeler.engine.runs.batches import PATIENCE
from tui_labeler.engine.runs.sent import BatchPace
from tui_labeler.engine.wording import batches_going_on

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

GPT = Method("gpt", resource="r", deployment="gpt")
PRICES = Prices(1.0, 2.0)
PLACES = {f"{n}.txt": f"{n}: Ann is in Rome." for n in range(5)}


STEPS = 20
"""Of a job with two batches."""


class CrashError(BaseException):
    """The process is gone."""


class Lines:
    """A file in the making."""

    def __init__(self, limits: BatchLimits) -> None:
        self.questions: dict[str, Question] = {}
        self.closed = False
        self._limits = limits

    @property
    def rows(self) -> int:
        return len(self.questions)

    def add(self, key: str, question: Question) -> bool:
        if self.questions and self.rows >= self._limits.requests:
            return False
        assert key not in self.questions
        self.questions[key] = question
        return True

    def close(self) -> None:
        self.closed = True


@dataclass
class Made:
    """A batch as the server knows it."""

    file: str
    status: BatchStatus = BatchStatus.VALIDATING
    rows: dict[str, Reply | LabelerError] = field(default_factory=dict)
    reason: str = ""
    crowded: bool = False


class Batches:
    """Answers files by the rules of ``RuleChat``. Outlives the runners that talk to it, as a server does."""

    def __init__(self) -> None:
        self.limits = BatchLimits(1000, 10**9)
        self.chat = RuleChat()
        self.chat.says = _rules
        self.drafts: list[Lines] = []
        self.files: dict[str, dict[str, Question]] = {}
        self.made: dict[str, Made] = {}
        self.asked: Counter[str] = Counter()
        """Texts that were answered, and paid for."""
        self.statuses: list[BatchStatus | Exception] = []
        """What the next looks meet; then batches are completed."""
        self.share = 1.0
        """Of the rows that are answered when a batch ends early."""
        self.at_create: list[Exception | None] = []
        self.slow_cancel = False
        self.forgotten: list[str] = []
        self.calls: list[str] = []
        self.crash_at = -1
        """The process dies at this step."""

    def step(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) - 1 == self.crash_at:
            raise CrashError(name)

    def file(self) -> Lines:
        self.drafts.append(Lines(self.limits))
        return self.drafts[-1]

    async def upload(self, file: BatchFile, name: str) -> str:
        assert isinstance(file, Lines)
        assert not file.closed
        self.step("before upload")
        key = f"file{len(self.files)}"
        self.files[key] = dict(file.questions)
        self.step("after upload")
        return key

    async def create(self, uploaded: str, name: str) -> BatchState:
        self.step("before create")
        met = self.at_create.pop(0) if self.at_create else None
        if met is not None and not isinstance(met, TroubleError):
            raise met
        key = f"batch{len(self.made)}"
        self.made[key] = Made(uploaded)
        if met is not None:
            raise met
        self.step("after create")
        return self._state(key)

    async def find(self, uploaded: str) -> BatchState | None:
        self.step("find")
        for key, made in self.made.items():
            if made.file == uploaded and made.status is not BatchStatus.FAILED:
                return self._state(key)
        return None

    async def state(self, batch: str) -> BatchState:
        self.step("state")
        made = self.made[batch]
        if made.status is BatchStatus.CANCELLING:
            self._end(batch, BatchStatus.CANCELLED)
        if not made.status.is_over:
            met = self.statuses.pop(0) if self.statuses else BatchStatus.COMPLETED
            if isinstance(met, Exception):
                raise met
            made.status = met
            if met.is_over and met is not BatchStatus.FAILED:
                self._end(batch, met)
        return self._state(batch)

    def _end(self, batch: str, status: BatchStatus) -> None:
        made = self.made[batch]
        made.status = status
        rows = list(self.files[made.file].items())
        share = 1.0 if status is BatchStatus.COMPLETED else self.share
        for key, question in rows[: round(len(rows) * share)]:
            text = asked_text(question)
            self.asked[text] += 1
            said = self.chat.says(text)
            made.rows[key] = Reply(said, Finish.STOP, Usage(100, 10)) if isinstance(said, str) else said  # type: ignore[assignment]

    def _state(self, key: str) -> BatchState:
        made = self.made[key]
        return BatchState(
            key,
            made.status,
            len(self.files[made.file]),
            len(made.rows),
            made.reason,
            made.crowded,
            (f"{key}-out",),
            made.file,
        )

    async def rows(self, state: BatchState) -> AsyncIterator[Row]:
        self.step("before rows")
        for key, outcome in reversed(self.made[state.id].rows.items()):
            yield Row(key, outcome)
            self.step("a row")

    async def cancel(self, batch: str) -> BatchState:
        self.calls.append("cancel")
        if self.slow_cancel:
            self.made[batch].status = BatchStatus.CANCELLING
        else:
            self._end(batch, BatchStatus.CANCELLED)
        return self._state(batch)

    async def forget(self, state: BatchState) -> None:
        self.step("forget")
        self.forgotten += [state.sent, *state.files]

    async def connect(self, resource: str, deployment: str) -> Connected:
        return Connected(self.chat, self.chat.deployment, f"{resource}/{deployment}", self)


def _rules(text: str) -> str:
    return entities(*((word, NAMES[word]) for word in NAMES if word in text))


def entities(*found: tuple[str, str]) -> str:
    return json.dumps({"entities": [{"text": w, "category": c, "before": ""} for w, c in found]})


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def start(session: ProjectSession, **options: Any) -> Job:
    rows = list(session.rows.values())
    return await session.jobs.autolabel(rows, GPT, gpt=GptOptions(batch=True, **options), prices=PRICES)


async def run(
    bench: Bench, batches: Batches, job: Job, wait: Callable[[float], Awaitable[None]] = no_wait
) -> Job:
    runner = await bench.runner()
    try:
        return await replace(runner, deployments=batches, batch_pace=BatchPace(60, wait)).run(job.id)
    finally:
        await runner.store.close()


def labeled(session: ProjectSession, names: Sequence[str]) -> dict[str, list[str]]:
    return {name: words_of(suggestions(session, name), PLACES[name]) for name in names}


ALL_LABELED = {name: ["Ann", "Rome"] for name in PLACES}


@pytest.fixture
def batches() -> Batches:
    return Batches()


# --- its life ---------------------------------------------------------------------------------------


async def test_a_batch_labels_every_document_and_sends_no_question_by_itself(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.VALIDATING, BatchStatus.IN_PROGRESS, BatchStatus.FINALIZING]
    waits: list[float] = []
    words: list[str] = []
    job = await start(session)

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        words.append((await session.jobs.get(job.id)).stage)

    ended = await run(bench, batches, job, wait)
    await session.refresh()
    assert (ended.state, ended.done, ended.failed) == (JobState.SUCCEEDED, 5, ())
    assert labeled(session, list(PLACES)) == ALL_LABELED
    assert len(batches.made) == 1
    assert batches.chat.questions == []
    assert ended.usage == Usage(500, 50)
    assert ended.cost == pytest.approx((500 * 0.5 + 50 * 1.0) / 1e6)
    assert waits == [60] * 4
    assert words[2] == "batch: in progress, 0 of 5 answered; next look in 60 s"
    assert all(draft.closed for draft in batches.drafts)
    assert batches.forgotten == ["file0", "batch0-out"]


async def test_how_long_a_batch_took_says_nothing_of_other_jobs(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    job = await run(bench, batches, await start(session))
    assert job.seconds > 0
    earlier = await session.jobs.used(job.id)
    assert earlier is not None
    assert (earlier.documents, earlier.usage, earlier.seconds) == (5, job.usage, None)


def test_a_batch_is_looked_at_once_a_minute() -> None:
    assert BatchPace().every >= 60


async def test_the_same_text_is_one_question_and_a_kept_answer_none(bench: Bench, batches: Batches) -> None:
    session = await bench.create(3)
    assert (await run(bench, batches, await start(session))).usage == Usage(100, 10)
    assert batches.asked == Counter({TEXT: 1})
    again = await run(bench, batches, await start(session))
    assert (again.state, again.done, again.usage) == (JobState.SUCCEEDED, 3, Usage())
    assert len(batches.made) == 1


async def test_repairs_and_cut_answers_are_asked_in_a_second_batch(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    said: dict[str, list[str | Reply]] = {
        PLACES["0.txt"]: ["It is Ann, I think.", entities(("Ann", "Person"))],
        PLACES["1.txt"]: [Reply('{"enti', Finish.LENGTH, Usage(100, 10)), entities(("Rome", "Place"))],
    }
    batches.chat.says = lambda text: said[text].pop(0) if said.get(text) else _rules(text)
    ended = await run(bench, batches, await start(session))
    await session.refresh()
    assert ended.state is JobState.SUCCEEDED
    assert [len(batches.files[made.file]) for made in batches.made.values()] == [5, 2]
    assert labeled(session, ["0.txt", "1.txt", "2.txt"]) == {
        "0.txt": ["Ann"],
        "1.txt": ["Rome"],
        "2.txt": ["Ann", "Rome"],
    }
    assert ended.usage == Usage(700, 70)


async def test_all_parts_and_samples_of_a_document_go_into_one_batch(bench: Bench, batches: Batches) -> None:
    text = "\n\n".join(f"Paragraph {n} says that Ann met Bob in Rome on day {n}." for n in range(400))
    session = await bench.create({"long.txt": text})
    batches.chat.says = lambda part: Reply(_rules(part), Finish.STOP, Usage(1_000, 500))
    ended = await run(bench, batches, await start(session, samples=2))
    await session.refresh()
    assert ended.state is JobState.SUCCEEDED
    (made,) = batches.made.values()
    assert len(batches.files[made.file]) >= 4
    assert ended.usage.prompt_tokens == 1_000 * len(batches.files[made.file])
    assert set(words_of(suggestions(session, "long.txt"), text)) == {"Ann", "Bob", "Rome"}


async def test_a_document_that_fails_in_one_part_costs_what_all_its_parts_cost(
    bench: Bench, batches: Batches
) -> None:
    text = "\n\n".join(f"Paragraph {n} says that Ann met Bob in Rome on day {n}." for n in range(400))
    session = await bench.create({"long.txt": text})
    batches.chat.says = lambda part: (
        UnansweredError("filtered", reason="content_filter")
        if "Paragraph 0 " in part
        else Reply(_rules(part), Finish.STOP, Usage(1_000, 500))
    )
    ended = await run(bench, batches, await start(session))
    assert [(item.location, item.error) for item in ended.failed] == [("long.txt", "content_filter")]
    (made,) = batches.made.values()
    assert ended.usage.prompt_tokens == 1_000 * (len(batches.files[made.file]) - 1)


async def test_an_empty_document_needs_no_batch(bench: Bench, batches: Batches) -> None:
    session = await bench.create({"empty.txt": ""})
    ended = await run(bench, batches, await start(session))
    assert ended.state.is_over
    assert len(batches.made) <= 1


async def test_a_job_is_split_into_files_by_the_limits(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.limits = BatchLimits(2, 10**9)
    ended = await run(bench, batches, await start(session))
    assert ended.state is JobState.SUCCEEDED
    assert [len(file) for file in batches.files.values()] == [2, 2, 1]
    assert set(batches.asked.values()) == {1}


# --- crashes ----------------------------------------------------------------------------------------


async def crashed_and_resumed(bench: Bench, batches: Batches, at: int) -> tuple[Job, bool]:
    """Dies at a step; another process goes on."""
    session = await bench.create(PLACES)
    batches.limits = BatchLimits(3, 10**9)
    batches.statuses = [BatchStatus.IN_PROGRESS]
    batches.crash_at = at
    job = await start(session)
    died = True
    with suppress(CrashError):
        ended = await run(bench, batches, job)
        died = False
    if died:
        batches.crash_at = -1
        await session.jobs.resume(job.id)
        ended = await run(bench, batches, job)
    await session.refresh()
    assert labeled(session, list(PLACES)) == ALL_LABELED
    return ended, died


async def test_the_steps_of_a_job_are_as_many_as_the_crashes_that_are_tried(
    bench: Bench, batches: Batches
) -> None:
    _, died = await crashed_and_resumed(bench, batches, -1)
    assert not died
    assert len(batches.calls) == STEPS


@pytest.mark.parametrize("at", range(STEPS))
async def test_a_crash_at_any_step_asks_and_pays_nothing_twice(
    bench: Bench, batches: Batches, at: int
) -> None:
    ended, died = await crashed_and_resumed(bench, batches, at)
    assert died
    assert (ended.state, ended.done) == (JobState.SUCCEEDED, 5)
    assert set(batches.asked.values()) == {1}
    assert ended.usage == Usage(500, 50)
    # At most one file was sent in vain, and no batch was made of it.
    assert len(batches.files) - len(batches.made) <= 1


async def test_what_goes_on_with_a_batch_that_is_sent_only_collects(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    job = await start(session)
    assert await session.jobs.collects(job.id) == 0
    batches.statuses = [BatchStatus.IN_PROGRESS] * 3
    waits: list[int] = []

    async def wait(seconds: float) -> None:
        waits.append(await session.jobs.collects(job.id))

    await run(bench, batches, job, wait)
    assert set(waits) == {5}
    assert await session.jobs.collects(job.id) == 0
    deployment = Deployment("gpt-4o")
    resource = Resource("work", ResourceKind.OPENAI, "https://api.openai.com", (deployment,))
    terms = Terms(resource, deployment, GptOptions(batch=True), PRICES)
    where = GoingOn(terms, "what is missing", None, asks=False, collects=5).where
    assert "5 questions are at " in where
    assert "nothing new is sent, their answers are collected" in where


async def test_a_create_whose_answer_is_lost_is_found_and_not_made_again(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.at_create = [TroubleError("dropped")]
    ended = await run(bench, batches, await start(session))
    assert ended.state is JobState.SUCCEEDED
    assert len(batches.made) == 1


# --- what batches come to ---------------------------------------------------------------------------


async def test_an_expired_batch_keeps_what_was_answered_and_the_rest_fails_for_that_reason(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses, batches.share = [BatchStatus.EXPIRED], 0.6
    job = await run(bench, batches, await start(session))
    assert (job.state, job.done) == (JobState.PARTIALLY_COMPLETED, 3)
    assert {item.error for item in job.failed} == {"expired"}
    assert job.usage == Usage(300, 30)
    await session.jobs.retry(job.id)
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done) == (JobState.SUCCEEDED, 5)
    assert set(batches.asked.values()) == {1}
    assert ended.usage == Usage(500, 50)


async def test_rows_that_failed_are_failures_of_their_documents(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    faults = {
        PLACES["1.txt"]: UnansweredError("The content filter refused.", reason="content_filter"),
        PLACES["3.txt"]: TroubleError("a fault: status 500"),
    }
    batches.chat.says = lambda text: faults.get(text) or _rules(text)
    job = await run(bench, batches, await start(session))
    found = [(item.location, item.error, item.message) for item in job.failed]
    assert found == [
        ("1.txt", "content_filter", "The content filter refused."),
        ("3.txt", "trouble", "a fault: status 500"),
    ]
    assert len(batches.made) == 1


async def test_a_refused_batch_ends_the_job_with_the_reason_and_a_resume_sends_it_again(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.VALIDATING, BatchStatus.FAILED]
    job = await start(session)

    async def wait(seconds: float) -> None:
        for made in batches.made.values():
            made.reason = "there is no such deployment (model_not_found)"

    failed = await run(bench, batches, job, wait)
    assert (failed.state, failed.code) == (JobState.FAILED, "resource")
    assert "there is no such deployment (model_not_found)" in failed.message
    await session.jobs.resume(job.id)
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done) == (JobState.SUCCEEDED, 5)


async def test_a_batch_that_somebody_else_cancels_ends_the_job_and_nothing_is_sent_again(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses, batches.share = [BatchStatus.CANCELLED], 0.4
    job = await run(bench, batches, await start(session))
    assert (job.state, job.code, job.done) == (JobState.CANCELLED, "cancelled", 2)
    assert "cancelled at the service" in job.message
    assert len(batches.made) == 1


async def test_a_batch_that_is_gone_is_said_and_asked_again_only_by_a_resume(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchGoneError("The server does not know it.")]
    job = await run(bench, batches, await start(session))
    assert job.state is JobState.FAILED
    assert "is lost" in job.message
    assert len(batches.made) == 1
    await session.jobs.resume(job.id)
    assert (await run(bench, batches, job)).state is JobState.SUCCEEDED


# --- trouble and room -------------------------------------------------------------------------------


async def test_looks_that_meet_trouble_are_repeated(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [TroubleError("dropped"), BusyError("429"), TroubleError("dropped")] * 5
    assert (await run(bench, batches, await start(session))).state is JobState.SUCCEEDED


async def test_trouble_without_end_ends_the_job_and_a_resume_collects_the_batch(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [TroubleError("dropped")] * PATIENCE
    job = await run(bench, batches, await start(session))
    assert (job.state, job.code) == (JobState.FAILED, "resource")
    await session.jobs.resume(job.id)
    assert (await run(bench, batches, job)).state is JobState.SUCCEEDED
    assert len(batches.made) == 1


async def test_a_file_that_finds_no_room_is_begun_when_there_is_some(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.limits = BatchLimits(3, 10**9)
    batches.at_create = [None, CrowdedError("full"), CrowdedError("full")]
    batches.statuses = [BatchStatus.IN_PROGRESS] * 6
    ended = await run(bench, batches, await start(session))
    assert ended.state is JobState.SUCCEEDED
    assert [len(file) for file in batches.files.values()] == [3, 2]
    assert set(batches.asked.values()) == {1}


async def test_a_file_that_never_finds_room_is_cut_in_two(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.at_create = [CrowdedError("full")] * 3
    ended = await run(bench, batches, await start(session))
    assert ended.state is JobState.SUCCEEDED
    assert [len(file) for file in batches.files.values()] == [5, 3, 2]
    assert set(batches.asked.values()) == {1}


async def test_no_room_may_be_said_by_a_batch_that_fails(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.FAILED]
    job = await start(session)

    async def wait(seconds: float) -> None:
        for made in batches.made.values():
            made.crowded = True

    ended = await run(bench, batches, job, wait)
    assert ended.state is JobState.SUCCEEDED
    assert len(batches.files) == 1
    assert len(batches.made) == 2


# --- money ------------------------------------------------------------------------------------------


async def test_a_budget_is_never_crossed_and_a_larger_one_goes_on(bench: Bench, batches: Batches) -> None:
    texts = {f"{n:02}.txt": f"{n}: Ann is in Rome." for n in range(20)}
    session = await bench.create(texts)
    job = await run(bench, batches, await start(session, budget_tokens=1500))
    assert (job.state, job.code) == (JobState.CANCELLED, "budget")
    spent = job.usage.prompt_tokens + job.usage.completion_tokens
    assert 0 < spent <= 1500
    assert 0 < job.done < 20
    assert sum(batches.asked.values()) == job.done
    await session.jobs.resume(job.id, budget=Budget())
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done) == (JobState.SUCCEEDED, 20)
    assert set(batches.asked.values()) == {1}


async def test_a_budget_that_is_too_small_for_any_question_sends_nothing(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    job = await run(bench, batches, await start(session, budget_tokens=10))
    assert (job.state, job.code, job.done) == (JobState.CANCELLED, "budget", 0)
    assert batches.calls == []


# --- cancel -----------------------------------------------------------------------------------------


async def cancelled(bench: Bench, batches: Batches, session: ProjectSession) -> Job:
    """A job that somebody cancels while its batch is waited for."""
    batches.statuses = [BatchStatus.IN_PROGRESS] * 100
    batches.share = 0.4
    job = await start(session)

    async def wait(seconds: float) -> None:
        await session.jobs.cancel(job.id)
        await asyncio.Event().wait()

    return await run(bench, batches, job, wait)


async def test_a_cancel_keeps_and_labels_what_was_answered(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    job = await cancelled(bench, batches, session)
    assert (job.state, job.done, job.failed) == (JobState.CANCELLED, 2, ())
    assert job.usage == Usage(200, 20)
    assert batches.calls.count("cancel") == 1
    batches.statuses = []
    await session.jobs.resume(job.id)
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done) == (JobState.SUCCEEDED, 5)
    assert set(batches.asked.values()) == {1}


async def test_a_slow_cancel_is_said_and_a_resume_collects_what_was_answered(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.slow_cancel = True
    job = await cancelled(bench, batches, session)
    assert (job.state, job.done) == (JobState.CANCELLED, 0)
    assert "not cancelled at the service yet" in job.message
    batches.statuses = []
    await session.jobs.resume(job.id)
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done, ended.usage) == (JobState.SUCCEEDED, 5, Usage(500, 50))
    assert set(batches.asked.values()) == {1}


async def test_a_cancel_while_answers_are_labeled_stops_there_and_keeps_them(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    job = await start(session, at_once=1)
    runner = await bench.runner()
    read: list[str] = []

    class Slow(FolderContainer):
        async def read(self, name: str) -> bytes:
            read.append(name)
            if len(read) == 8:  # the third of the second pass
                async for seen in session.jobs.follow(job.id):
                    if seen.done == 2:
                        break
                await session.jobs.cancel(job.id)
                await asyncio.Event().wait()
            return await super().read(name)

    container = Slow(bench.documents)
    there = replace(runner, deployments=batches, container=container, batch_pace=BatchPace(60, no_wait))
    stopped = await there.run(job.id)
    await runner.store.close()
    assert (stopped.state, stopped.done) == (JobState.CANCELLED, 2)
    assert "not all of it is labeled yet" in stopped.message
    await session.jobs.resume(job.id)
    ended = await run(bench, batches, job)
    assert (ended.state, ended.usage, len(batches.made)) == (JobState.SUCCEEDED, Usage(500, 50), 1)


async def test_answers_that_a_crash_left_unused_are_used_and_counted_once(
    bench: Bench, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(PLACES)
    job = await start(session)

    async def die(*_: object) -> None:
        raise CrashError("labeling")

    with monkeypatch.context() as patched:
        patched.setattr(AutolabelRun, "_apply", die)
        with pytest.raises(CrashError):
            await run(bench, batches, job)
    await session.jobs.resume(job.id)
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done, ended.usage) == (JobState.SUCCEEDED, 5, Usage(500, 50))
    assert ended.suggestions == 10
    assert len(batches.made) == 1


async def test_a_job_that_fails_says_that_its_other_batches_go_on(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.limits = BatchLimits(3, 10**9)
    batches.statuses = [BatchStatus.IN_PROGRESS, BatchStatus.FAILED]
    job = await start(session)
    failed = await run(bench, batches, job)
    assert failed.state is JobState.FAILED
    for advice in (failed.hint, failed.on_screen):
        assert "What was sent before goes on" in advice
    await session.jobs.resume(job.id)
    assert (await run(bench, batches, job)).state is JobState.SUCCEEDED
    assert set(batches.asked.values()) == {1}


async def test_a_job_whose_process_died_is_cancelled_at_the_service_too(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.share = 0.4
    job = await start(session)
    bench.launcher.launched.clear()

    async def die(seconds: float) -> None:
        raise CrashError

    with pytest.raises(CrashError):
        await run(bench, batches, job, die)
    assert (await session.jobs.get(job.id)).state is JobState.INTERRUPTED
    asked = await session.jobs.cancel(job.id)
    assert not asked.state.is_over
    assert bench.launcher.launched == [job.id]
    ended = await run(bench, batches, job)
    assert (ended.state, ended.done, ended.usage) == (JobState.CANCELLED, 2, Usage(200, 20))
    assert [made.status for made in batches.made.values()] == [BatchStatus.CANCELLED]


@pytest.mark.parametrize("at", ["before create", "after create", "state", "before rows"])
async def test_nothing_stays_at_the_service_of_a_job_whose_process_died_and_that_is_cancelled(
    bench: Bench, batches: Batches, at: str
) -> None:
    session = await bench.create(PLACES)
    job = await start(session)
    step = batches.step

    def die(name: str) -> None:
        step(name)
        if name == at:
            raise CrashError

    batches.step = die  # type: ignore[method-assign]
    with pytest.raises(CrashError):
        await run(bench, batches, job)
    batches.step = step  # type: ignore[method-assign]
    await session.jobs.cancel(job.id)
    ended = await run(bench, batches, job)
    assert ended.state is JobState.CANCELLED
    assert all(made.status.is_over for made in batches.made.values())
    outcomes = {f"{key}-out" for key in batches.made}
    assert set(batches.forgotten) == {"file0"} | outcomes
    assert (await session.jobs.perhaps_out(job.id)) == 0


async def test_the_file_of_a_batch_that_is_refused_does_not_stay_at_the_service(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.FAILED]
    assert (await run(bench, batches, await start(session))).state is JobState.FAILED
    assert "file0" in batches.forgotten


# --- deleting ---------------------------------------------------------------------------------------


async def died(bench: Bench, batches: Batches, session: ProjectSession) -> Job:
    """A job whose process died while its batch was waited for."""
    batches.share = 0.4
    job = await start(session)

    async def die(seconds: float) -> None:
        raise CrashError

    with pytest.raises(CrashError):
        await run(bench, batches, job, die)
    return await session.jobs.get(job.id)


def launching(bench: Bench, batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners do run: in this process."""
    at_work: list[asyncio.Task[Job]] = []

    async def launch(project_id: str, job_id: str) -> int:
        (job,) = [one for one in await (await bench.session()).jobs.list() if one.id == job_id]
        at_work.append(asyncio.create_task(run(bench, batches, job)))
        return 4711

    monkeypatch.setattr(bench.launcher, "launch", launch)


async def test_deleting_a_job_stops_what_it_has_left_at_the_service_and_uses_what_was_answered(
    bench: Bench, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(PLACES)
    job = await died(bench, batches, session)
    launching(bench, batches, monkeypatch)
    assert await session.jobs.delete(job.id) == Deleted()
    assert [made.status for made in batches.made.values()] == [BatchStatus.CANCELLED]
    assert await session.jobs.list() == ()
    await session.refresh()
    assert sum(row.suggestion_count for row in session.rows.values()) == 4


async def test_a_batch_that_can_not_be_stopped_is_told_when_its_job_is_deleted(
    bench: Bench, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(PLACES)
    job = await died(bench, batches, session)
    launching(bench, batches, monkeypatch)

    async def unreachable(batch: str) -> BatchState:
        raise TroubleError("dropped")

    monkeypatch.setattr(batches, "cancel", unreachable)
    gone = await session.jobs.delete(job.id)
    assert gone == Deleted(going_on=("batch0",))
    assert "1 batch (batch0) could not be stopped" in batches_going_on(gone.going_on)
    assert await session.jobs.list() == ()


async def test_a_job_whose_batches_are_over_or_stopped_already_is_deleted_at_once(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    done = await run(bench, batches, await start(session))
    batches.slow_cancel = True
    bench.write({"new.txt": "Bob is in Oslo."})
    await session.documents.sync()
    stopped = await cancelled(bench, batches, session)
    assert stopped.state is JobState.CANCELLED
    bench.launcher.launched.clear()
    for job in (done, stopped):
        assert await session.jobs.delete(job.id) == Deleted()
    assert bench.launcher.launched == []


async def test_deleting_a_project_stops_what_its_jobs_have_left_at_the_service(
    bench: Bench, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(PLACES)
    await died(bench, batches, session)
    launching(bench, batches, monkeypatch)
    assert await bench.workbench().delete("Test") == ()
    assert [made.status for made in batches.made.values()] == [BatchStatus.CANCELLED]


# --- where there is none ----------------------------------------------------------------------------


async def test_a_deployment_without_a_batch_api_says_so(bench: Bench) -> None:
    session = await bench.create(1)
    job = await bench.run(await start(session))
    assert job.state is JobState.FAILED
    assert "no batch API" in job.message
    assert document(session).suggestions == {}


async def test_an_evaluation_is_asked_at_once_and_at_the_full_price(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    for name, text in PLACES.items():
        await session.labeling.add(number(session, name), id_of(session, "Person"), span("Ann", text))
    await session.labeling.save()
    options = GptOptions(batch=True, shots=0).as_options()
    job = await run(bench, batches, await session.jobs.evaluate(GPT, options, prices=PRICES))
    assert job.state is JobState.SUCCEEDED
    assert (len(batches.made), len(batches.chat.questions)) == (0, 5)
    assert job.result["cost"] == pytest.approx(600 / 1e6)
