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
from typing import TYPE_CHECKING

from benchmarks.jobs import peak_megabytes
from benchmarks.report import Row, print_rows
from tui_labeler.assembly import workbench
from tui_labeler.domain.jobs import JobState, Method
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import Capabilities, Deployment, ResourceKind, Structured
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.chat import Message, Question, Role
from tui_labeler.engine.gpt_options import GptOptions
from tui_labeler.engine.resources import NewResource
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
ABLE = Capabilities(Structured.SCHEMA, logprobs=False, reasoning=False, seconds=DELAY, tested="2026-01-01")


@contextmanager
def chat_server(*, delay: float, rate: float | None = None) -> Iterator[str]:
    """Its address, while it runs."""
    command = [sys.executable, "-m", "benchmarks.chat_server", "--delay", str(delay)]
    command += ["--rate", str(rate)] if rate else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def texts(count: int, folder: Path) -> None:
    """Seeded texts of ``CHARACTERS`` characters, all different, a file each.

    Most words stand in a text once, as names do.
    """
    generator = random.Random(count)
    folder.mkdir(parents=True)
    for number in range(count):
        made = ("".join(generator.choices(SYLLABLES, k=3)) for _ in range(CHARACTERS // 6))
        (folder / f"document-{number:06d}.txt").write_text(" ".join(made)[:CHARACTERS], encoding="utf-8")


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


def _cpu(pid: int) -> float:
    """Seconds of processor time of a living process. Source: proc(5), ``stat``."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Followed:
    """A job at its end, and what its runner was seen to take."""

    def __init__(self) -> None:
        self.peak = self.early_peak = self.cpu = 0.0
        self.steps: list[tuple[float, int]] = []
        """Seconds since its start, and documents done."""

    async def follow(self, session: ProjectSession, job: Job) -> Job:
        began = time.perf_counter()
        async for job in session.jobs.follow(job.id):  # noqa: B020 - the newest state of the same job
            self.steps.append((time.perf_counter() - began, job.done))
            if job.pid:
                try:
                    self.cpu = max(self.cpu, _cpu(job.pid))
                    self.peak = max(self.peak, peak_megabytes(job.pid))
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if job.done <= job.total // 10:
                    self.early_peak = self.peak
        return job

    def rate(self, last: int) -> float:
        """Documents a second after the ramp, up to those that only run out."""
        inner = [step for step in self.steps if step[0] >= RAMP and step[1] <= last]
        if len(inner) < 2:
            return 0.0
        (began, first), (ended, done) = inner[0], inner[-1]
        return (done - first) / (ended - began)


async def job_row(count: int, *, rate: float | None) -> list[Row]:
    """A whole job in its runner process."""
    with tempfile.TemporaryDirectory(prefix="bench-gpt-") as name, chat_server(delay=DELAY, rate=rate) as url:
        session = await ready(Path(name), count, url)
        job = await session.jobs.autolabel(
            session.documents.select(), METHOD, gpt=GptOptions(at_once=AT_ONCE, shots=0)
        )
        followed = Followed()
        job = await followed.follow(session, job)
        await session.close()
    ideal = rate or AT_ONCE / DELAY
    share = followed.rate(count - 2 * AT_ONCE) / ideal
    limit = f"{rate:.0f} a second allowed, others 429 with retry-after" if rate else "no limit"
    ended = job.state is JobState.SUCCEEDED and job.done == count
    rows = [
        Row(
            f"{count:,} documents, {DELAY} s an answer, {AT_ONCE} at once, {limit}",
            COMMAND,
            f"{followed.rate(count - 2 * AT_ONCE):.1f} documents/s, {share:.2f} of the ideal; "
            f"{len(job.failed)} failed; {job.seconds:.1f} s in all",
            "≥ 0.90, none failed",
            share >= 0.9 and ended,
        )
    ]
    if rate is None:
        milliseconds = followed.cpu / count * 1000
        growth = followed.peak / followed.early_peak if followed.early_peak else 0.0
        rows += [
            Row(
                f"processor time of the runner for a document of {CHARACTERS:,} characters",
                COMMAND,
                f"{milliseconds:.1f} ms",
                "≤ 5 ms",
                milliseconds <= 5,
            ),
            Row(
                f"memory of the runner: peak over {count:,} documents to that over the first tenth",
                COMMAND,
                f"{followed.peak:.0f} MB, {growth:.2f}",
                "≤ 1.25",
                0 < growth <= 1.25,
            ),
        ]
    return rows


async def plain_loop(count: int) -> Row:
    """The same questions one after the other, straight through the SDK's adapter."""
    from tui_labeler.domain.resources import Resource

    with chat_server(delay=DELAY) as url:
        resource = OpenAIResource(Resource("r", ResourceKind.OPENAI, url, ()), "")
        model = resource.deployment(Deployment("gpt", ABLE))
        schema = {
            "type": "object",
            "$defs": {"category": {"type": "string", "enum": ["Word"]}},
            "properties": {},
            "required": [],
            "additionalProperties": False,
        }
        words = "=====\n" + "word " * (CHARACTERS // 5) + "\n====="
        began = time.perf_counter()
        for number in range(count):
            await model.ask(Question((Message(Role.USER, f"{number} {words}"),), 500, schema=schema))
        seconds = time.perf_counter() - began
        await resource.close()
    return Row(
        f"{count:,} documents one after the other, straight through the SDK",
        COMMAND,
        f"{count / seconds:.1f} documents/s",
        "",
        None,
    )


async def measure(count: int, allowed: int) -> list[Row]:
    rows = await job_row(count, rate=None)
    rows += await job_row(allowed, rate=ALLOWED)
    rows.append(await plain_loop(50 if count < 5000 else 200))
    return rows


def run(*, quick: bool = False) -> list[Row]:
    return asyncio.run(measure(1500 if quick else 10_000, 1500 if quick else 5000))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
