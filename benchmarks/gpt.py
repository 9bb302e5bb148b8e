"""Jobs for a deployment: how near they come to what the server allows, and what they cost this machine.

``python -m benchmarks.gpt [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.jobs import peak_megabytes
from benchmarks.report import Row, print_rows
from tui_labeler.assembly import workbench
from tui_labeler.domain.jobs import JobState, Method
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import ResourceKind
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.resources.resources import NewResource
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.gpt"
DELAY, AT_ONCE, ALLOWED = 0.3, 32, 40.0
CHARACTERS = 2000
RAMP = 10.0
"""Seconds at the start that do not count for the rate."""

SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]

METHOD = Method("gpt", resource="bench", deployment="gpt")


class Server(NamedTuple):
    url: str
    pid: int


@contextmanager
def chat_server(*, delay: float, rate: float | None = None) -> Iterator[Server]:
    """A server, while it runs."""
    command = [sys.executable, "-m", "benchmarks.chat_server", "--delay", str(delay)]
    command += ["--rate", str(rate)] if rate else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Server(server.stdout.readline().strip(), server.pid)
        finally:
            server.terminate()


def made_text(generator: random.Random) -> str:
    made = ("".join(generator.choices(SYLLABLES, k=3)) for _ in range(CHARACTERS // 6))
    return " ".join(made)[:CHARACTERS]


def texts(count: int, folder: Path) -> None:
    """Seeded texts of ``CHARACTERS`` characters, all different, a file each.

    Most words stand in a text once, as names do.
    """
    generator = random.Random(count)
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"document-{number:06d}.txt").write_text(made_text(generator), encoding="utf-8")


async def ready(base: Path, count: int, url: str) -> ProjectSession:
    """A project of ``count`` documents, and a resource at ``url``."""
    texts(count, base / "texts")
    bench = workbench(base / "home", immediate=True)
    await bench.resources.add(NewResource("bench", ResourceKind.OPENAI, url, ("gpt",)))
    await bench.resources.test("bench", "gpt")
    made = await bench.create(
        NewProject("bench", ProjectKind.ENTITIES, str(base / "texts"), categories=("Word", "Other"))
    )
    return made.session


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time of a living process. Source: proc(5), ``stat``."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for(pid: int) -> None:
    """Until a process is gone."""
    while pid and Path(f"/proc/{pid}").exists():
        time.sleep(0.05)


class Step(NamedTuple):
    """What was seen of a job at one moment."""

    at: float
    """Seconds since its start."""
    done: int
    cpu: float
    """Seconds of processor time of its runner."""
    server: float
    """The same, of the server."""


class Followed:
    """A job at its end, and what its runner was seen to take."""

    def __init__(self, server: int) -> None:
        self._server = server
        self.peak = self.early_peak = 0.0
        self.steps: list[Step] = []

    async def follow(self, session: ProjectSession, job: Job) -> Job:
        began = time.perf_counter()
        pid = 0
        async for job in session.jobs.follow(job.id):  # noqa: B020 - the newest state of the same job
            if job.pid:
                pid = job.pid
                try:
                    cpu = cpu_seconds(pid)
                    self.peak = max(self.peak, peak_megabytes(pid))
                except (FileNotFoundError, ProcessLookupError):
                    continue
                self.steps.append(Step(time.perf_counter() - began, job.done, cpu, cpu_seconds(self._server)))
                if job.done <= job.total // 10:
                    self.early_peak = self.peak
        # It writes its last files after its job has ended.
        await asyncio.to_thread(_wait_for, pid)
        return job

    def steady(self, last: int) -> tuple[Step, Step] | None:
        """The first moment after the ramp, and the last before there are only stragglers."""
        inner = [step for step in self.steps if step.at >= RAMP and step.done <= last]
        return (inner[0], inner[-1]) if len(inner) > 1 and inner[-1].done > inner[0].done else None


class Pace(NamedTuple):
    """What a job or a loop took of the time, in its middle."""

    rate: float
    """Documents a second."""
    cpu: float
    """Milliseconds of processor time for a document."""
    server: float
    """The same, of the server."""


def pace(began: Step, ended: Step) -> Pace:
    done = ended.done - began.done
    return Pace(
        done / (ended.at - began.at),
        (ended.cpu - began.cpu) / done * 1000,
        (ended.server - began.server) / done * 1000,
    )


class JobRun(NamedTuple):
    job: Job
    followed: Followed
    pace: Pace


async def run_job(count: int, *, rate: float | None) -> JobRun:
    """A whole job in its runner process."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-gpt-") as name,
        chat_server(delay=DELAY, rate=rate) as server,
    ):
        session = await ready(Path(name), count, server.url)
        job = await session.jobs.autolabel(
            session.documents.select(), METHOD, gpt=GptOptions(at_once=AT_ONCE, shots=0)
        )
        followed = Followed(server.pid)
        job = await followed.follow(session, job)
        await session.close()
    steady = followed.steady(count - 2 * AT_ONCE)
    return JobRun(job, followed, pace(*steady) if steady else Pace(0.0, 0.0, 0.0))


async def bare_loop(count: int, at_once: int) -> Pace:
    """Questions as a job asks them, so many open at once, through the SDK alone; answers are not used."""
    import openai

    generator = random.Random(count)
    asked = [f"=====\n{made_text(generator)}\n=====" for _ in range(count + at_once)]
    schema = {"type": "object", "$defs": {"category": {"type": "string", "enum": ["Word"]}}}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    settings: Any = {"model": "gpt", "response_format": form, "max_tokens": 500, "logprobs": True}
    with chat_server(delay=DELAY) as server:
        client = openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0)

        async def one_after_the_other(texts: Iterator[str]) -> None:
            for text in texts:
                message: Any = {"role": "user", "content": text}
                await client.chat.completions.create(messages=[message], **settings)

        async def ask_all(texts: Iterator[str]) -> None:
            await asyncio.gather(*(one_after_the_other(texts) for _ in range(at_once)))

        # The first ones open the connections, and make what the package makes once.
        await ask_all(iter(asked[:at_once]))
        cpu, served, began = time.process_time(), cpu_seconds(server.pid), time.perf_counter()
        await ask_all(iter(asked[at_once:]))
        taken = time.perf_counter() - began
        cpu, served = time.process_time() - cpu, cpu_seconds(server.pid) - served
        await client.close()
    return Pace(count / taken, cpu / count * 1000, served / count * 1000)


def job_row(run: JobRun, what: str, ideal: float) -> Row:
    job, share = run.job, run.pace.rate / ideal
    ended = job.state is JobState.SUCCEEDED and job.done == job.total
    return Row(
        f"{job.total:,} documents, {DELAY} s an answer, {AT_ONCE} at once, {what}",
        COMMAND,
        f"{run.pace.rate:.1f} documents/s, {share:.2f} of the ideal; {len(job.failed)} failed; "
        f"{job.seconds:.1f} s in all",
        "≥ 0.90, none failed",
        share >= 0.9 and ended,
    )


def cost_rows(run: JobRun, bare: Pace) -> list[Row]:
    """What a job costs this machine, beside the SDK alone."""
    followed = run.followed
    growth = followed.peak / followed.early_peak if followed.early_peak else 0.0
    return [
        Row(
            f"processor time of the runner for a document of {CHARACTERS:,} characters",
            COMMAND,
            f"{run.pace.cpu:.1f} ms, a bare loop over the SDK takes {bare.cpu:.1f} ms; "
            f"the server of the measurement took {run.pace.server:.1f} ms beside it",
            "≤ 5 ms",
            0 < run.pace.cpu <= 5,
        ),
        Row(
            f"memory of the runner: peak over {run.job.total:,} documents to that over the first tenth",
            COMMAND,
            f"{followed.peak:.0f} MB, {growth:.2f}",
            "≤ 1.25",
            0 < growth <= 1.25,
        ),
        Row(
            f"the same through a bare loop over the SDK, {AT_ONCE} at once",
            COMMAND,
            f"{bare.rate:.1f} documents/s; the job reached {run.pace.rate / bare.rate:.2f} of it",
            "",
            None,
        ),
    ]


async def measure(count: int, allowed: int) -> list[Row]:
    bare = await bare_loop(600 if count < 5000 else 3000, AT_ONCE)
    free = await run_job(count, rate=None)
    held = await run_job(allowed, rate=ALLOWED)
    few = 50 if count < 5000 else 200
    alone = await bare_loop(few, 1)
    return [
        job_row(free, "no limit", AT_ONCE / DELAY),
        *cost_rows(free, bare),
        job_row(held, f"{ALLOWED:.0f} a second allowed, others 429 with retry-after", ALLOWED),
        Row(
            f"{few:,} documents one after the other, straight through the SDK",
            COMMAND,
            f"{alone.rate:.1f} documents/s",
            "",
            None,
        ),
    ]


def run(*, quick: bool = False) -> list[Row]:
    return asyncio.run(measure(1500 if quick else 10_000, 1500 if quick else 5000))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
