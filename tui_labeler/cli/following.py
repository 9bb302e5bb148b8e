"""Following a job to its end: progress, interruptions, and what its end means for the exit code."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui_labeler.cli.output import InterruptionError
from tui_labeler.cli.shapes import job_hint
from tui_labeler.domain.jobs import ALL_FAILED, JobState
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import clock, pause_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_labeler.cli.output import Output
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.session import ProjectSession

DONE, SOME_FAILED, INTERRUPTED = 0, 1, 130


@contextmanager
def interruptions() -> Iterator[asyncio.Event]:
    """An event that is set by SIGINT or SIGTERM; the second of them ends the command at once.

    A hang-up of the terminal is left alone: it ends the command, and the job goes on in its own process.
    So is a signal that the caller has the command ignore.
    """
    asked = asyncio.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    loop = asyncio.get_running_loop()
    command = asyncio.current_task()

    def interrupted() -> None:
        if asked.is_set() and command is not None:
            command.cancel()
        asked.set()

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
    for number in numbers:
        loop.add_signal_handler(number, interrupted)
    try:
        yield asked
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
        if signal.SIGTERM in numbers and command is not None:
            loop.add_signal_handler(signal.SIGTERM, command.cancel)


@contextmanager
def cancelled_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the running command as SIGINT does: by a cancel, so that nothing is left half made."""
    command = asyncio.current_task()
    if (
        command is None
        or threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    ):
        yield
        return
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    loop.add_signal_handler(signal.SIGTERM, command.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)


async def follow(session: ProjectSession, job: Job, out: Output, asked: asyncio.Event) -> Job:
    """Shows a job's progress until it is over; cancels it when ``asked`` is set."""
    canceller = asyncio.create_task(_cancel_when_asked(session, job.id, out, asked))
    try:
        told = ""
        async for state in session.jobs.follow(job.id):
            job = state
            if job.waits_until and job.waits_until != told and out.progress != "jsonl":
                told = job.waits_until
                out.note(
                    f"{pause_words(job, clock(told))} An interrupt cancels the job; `job resume` goes on."
                )
            out.job(job)
        if asked.is_set():
            await canceller
            job = await session.jobs.get(job.id)
    finally:
        canceller.cancel()
        out.clear()
    await session.refresh()
    return job


async def _cancel_when_asked(session: ProjectSession, job_id: str, out: Output, asked: asyncio.Event) -> None:
    await asked.wait()
    out.note(f"Cancelling job {job_id}; interrupt once more to leave it to itself.")
    await session.jobs.cancel(job_id)


def exit_code(job: Job) -> int:
    """The exit code that the end of a job asks for."""
    match job.state:
        case JobState.PARTIALLY_COMPLETED:
            return SOME_FAILED
        case JobState.FAILED if job.code == ALL_FAILED:
            # Documents failed, however many: what ended it was neither its use nor the world outside.
            return SOME_FAILED
        case JobState.FAILED:
            return int(job.result.get("exit_code", LabelerError.exit_code))
        case JobState.CANCELLED if job.code:
            # A rule stopped it, not a person: its budget.
            return int(job.result.get("exit_code", LabelerError.exit_code))
        case JobState.CANCELLED | JobState.INTERRUPTED:
            return INTERRUPTED
        case _:
            return DONE


def job_error(job: Job) -> LabelerError | None:
    """What ended a job against its will, as its journal tells it; ``None`` for any other end."""
    if job.state is JobState.INTERRUPTED:
        return InterruptionError(
            f"The process of job {job.id} is gone.", hint="`job resume` goes on with what is missing."
        )
    is_stopped = job.state is JobState.CANCELLED and job.code
    # Documents that failed are part of what a job reports.
    if (job.state is not JobState.FAILED and not is_stopped) or job.code == ALL_FAILED:
        return None
    kind = next((kind for kind in _kinds(LabelerError) if kind.code == job.code), LabelerError)
    # Some errors take more than a message to make; what is told of them is the same.
    told = type("JobError", (LabelerError,), {"title": kind.title, "code": kind.code})
    error: LabelerError = told(job.message, hint=job_hint(job))
    return error


def _kinds(kind: type[LabelerError]) -> Iterator[type[LabelerError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
