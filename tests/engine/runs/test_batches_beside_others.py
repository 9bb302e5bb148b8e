"""What a batch holds, beside other jobs of the project: asked and paid for once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, asked_text
from tests.engine.runs.test_batches import GPT, PLACES, PRICES, Batches, CrashError, run, start
from tui_labeler.domain.jobs import JobState, Usage
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.autolabelers.estimate import estimate_job
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.work import Made, Work
from tui_labeler.engine.deployments.batches import BatchStatus
from tui_labeler.engine.gpt.preview import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def batches() -> Batches:
    return Batches()


async def at_once(session: ProjectSession, names: Sequence[str], **options: object) -> Job:
    """A job that asks at once."""
    rows = [row for row in session.rows.values() if row.location in names]
    return await session.jobs.autolabel(rows, GPT, gpt=GptOptions(**options), prices=PRICES)  # type: ignore[arg-type]


def asked(batches: Batches) -> Counter[str]:
    """Texts and how often they were paid for, in batches and at once."""
    return batches.asked + Counter(asked_text(question) for question in batches.chat.questions)


async def test_a_later_round_takes_what_another_job_had_answered_meanwhile(
    bench: Bench, batches: Batches
) -> None:
    texts = {f"{n:02}.txt": f"{n}: Ann is in Rome." for n in range(20)}
    session = await bench.create(texts)
    batches.statuses = [BatchStatus.IN_PROGRESS]
    job = await start(session, budget_tokens=1500)
    others: list[Job] = []

    async def wait(seconds: float) -> None:
        if not others:
            others.append(await run(bench, batches, await at_once(session, list(texts))))

    ended = await run(bench, batches, job, wait)
    held = len(others[0].failed)
    assert 0 < held < len(texts)
    assert (ended.state, ended.done, ended.usage) == (JobState.SUCCEEDED, 20, Usage(100 * held, 10 * held))
    assert set(asked(batches).values()) == {1}


async def test_a_job_whose_batch_was_left_behind_is_named_as_the_one_to_resume(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.IN_PROGRESS]
    job = await start(session)

    async def crash(seconds: float) -> None:
        raise CrashError

    with pytest.raises(CrashError):
        await run(bench, batches, job, crash)
    assert await session.jobs.perhaps_out(job.id) == len(PLACES)
    other = await run(bench, batches, await at_once(session, list(PLACES)))
    assert {failure.error for failure in other.failed} == {"at_service"}
    assert f"in a batch of job {job.id}, which was interrupted" in other.failed[0].message
    assert f"Resume job {job.id}" in other.failed[0].message
    await session.jobs.resume(job.id)
    batches.statuses = []
    assert (await run(bench, batches, job)).state is JobState.SUCCEEDED
    assert await session.jobs.perhaps_out(job.id) == 0


async def test_what_waits_in_a_batch_is_not_asked_again_and_a_retry_takes_its_answer(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.IN_PROGRESS]
    job = await start(session)
    others: list[Job] = []

    async def wait(seconds: float) -> None:
        if not others:
            others.append(await run(bench, batches, await at_once(session, list(PLACES))))
            others.append(await run(bench, batches, await start(session)))

    await run(bench, batches, job, wait)
    for other in others:
        assert (other.state, other.usage) == (JobState.FAILED, Usage())
        assert {failure.error for failure in other.failed} == {"at_service"}
        assert f"in a batch of job {job.id}" in other.failed[0].message
        await session.jobs.retry(other.id)
        again = await run(bench, batches, other)
        assert (again.state, again.done, again.usage) == (JobState.SUCCEEDED, len(PLACES), Usage())
    assert set(asked(batches).values()) == {1}
    assert len(batches.made) == 1


async def left_behind(bench: Bench, batches: Batches) -> tuple[ProjectSession, Job]:
    """A job over the first five of ten documents that died while its batch was out."""
    session = await bench.create({**PLACES, **{f"{n}.txt": f"{n}: Ann is in Rome." for n in range(5, 10)}})
    batches.statuses = [BatchStatus.IN_PROGRESS]
    rows = [row for row in session.rows.values() if row.location in PLACES]
    job = await session.jobs.autolabel(rows, GPT, gpt=GptOptions(batch=True), prices=PRICES)

    async def crash(seconds: float) -> None:
        raise CrashError

    with pytest.raises(CrashError):
        await run(bench, batches, job, crash)
    return session, job


async def test_a_batch_job_takes_what_another_batch_brings_between_its_rounds(
    bench: Bench, batches: Batches
) -> None:
    session, first = await left_behind(bench, batches)
    batches.statuses = []
    second = await start(session)
    others: list[Job] = []

    async def wait(seconds: float) -> None:
        assert not (await session.jobs.get(second.id)).failed
        if not others:
            await session.jobs.resume(first.id)
            others.append(await run(bench, batches, first))

    ended = await run(bench, batches, second, wait)
    assert [job.state for job in others] == [JobState.SUCCEEDED]
    assert (ended.state, ended.done, ended.usage) == (JobState.SUCCEEDED, 10, Usage(500, 50))
    assert set(asked(batches).values()) == {1}


async def test_a_batch_job_names_at_its_end_what_another_batch_still_has(
    bench: Bench, batches: Batches
) -> None:
    session, first = await left_behind(bench, batches)
    batches.statuses = []
    second = await start(session)
    failed: list[int] = []

    async def wait(seconds: float) -> None:
        failed.append(len((await session.jobs.get(second.id)).failed))

    ended = await run(bench, batches, second, wait)
    assert failed
    assert set(failed) == {0}
    assert (ended.state, ended.done) == (JobState.PARTIALLY_COMPLETED, 5)
    assert {failure.location for failure in ended.failed} == set(PLACES)
    assert all(f"Resume job {first.id}" in failure.message for failure in ended.failed)


async def test_a_document_of_which_another_batch_has_one_part_waits_for_that_part(
    bench: Bench, batches: Batches
) -> None:
    session, first = await left_behind(bench, batches)
    batches.statuses = []
    # The second answer to each question is this job's own.
    second = await start(session, samples=2)

    async def wait(seconds: float) -> None:
        if not (await session.jobs.get(first.id)).done:
            await session.jobs.resume(first.id)
            await run(bench, batches, first)

    ended = await run(bench, batches, second, wait)
    assert (ended.state, ended.done, ended.failed) == (JobState.SUCCEEDED, 10, ())
    assert sum(asked(batches).values()) == 20


async def test_what_waits_in_a_batch_is_told_before_a_job_starts(bench: Bench, batches: Batches) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.IN_PROGRESS]
    job = await start(session)
    found = []

    async def wait(seconds: float) -> None:
        request = replace(job.request, id="", options=GptOptions().as_options())
        found.append((await session.surveyor.survey([request]))[0])

    await run(bench, batches, job, wait)
    assert (found[0].waiting, len(found[0].characters), found[0].answered) == (5, 0, 0)
    told = estimate_job(
        Work(session.project.kind, [], 2, 100), made=Made(6, [20], 5, is_estimate=True, waiting=5)
    )
    deployment = Deployment("gpt")
    resource = Resource("r", ResourceKind.OPENAI, "https://example.org/v1", (deployment,))
    words = Terms(resource, deployment, GptOptions(), None).where("6 documents", told)
    assert words.endswith("5 questions wait in batches of another job and will not be asked again.")
    assert any("can be retried at no cost" in note for note in told.notes)


async def test_what_a_cancelled_job_has_stopped_at_its_service_is_asked_again(
    bench: Bench, batches: Batches
) -> None:
    session = await bench.create(PLACES)
    batches.statuses = [BatchStatus.IN_PROGRESS] * 100
    batches.share = 0.0
    batches.slow_cancel = True
    job = await start(session)

    async def wait(seconds: float) -> None:
        await session.jobs.cancel(job.id)

    assert (await run(bench, batches, job, wait)).state is JobState.CANCELLED
    other = await run(bench, batches, await at_once(session, list(PLACES)))
    assert (other.state, other.done) == (JobState.SUCCEEDED, len(PLACES))
