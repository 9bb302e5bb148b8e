"""Jobs in real runner processes: memory by number of documents, throughput, and how fast a cancel is felt.

``python -m benchmarks.jobs [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report import Row, print_rows
from benchmarks.state import texts
from tui_labeler.assembly import workbench
from tui_labeler.domain.jobs import JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import TrainOptions
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import words
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.jobs"
LABELED = 20


def peak_megabytes(pid: int) -> float:
    """The most memory that a living process has held; 0 once it is gone. Source: proc(5), ``VmHWM``."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines.get("VmHWM", "0 kB").split()[0]) / 1024


async def follow(session: ProjectSession, job: Job) -> tuple[Job, float]:
    """The job at its end, and the most megabytes that its runner held."""
    peak = 0.0
    last = job
    async for last in session.jobs.follow(job.id):
        if last.pid:
            peak = max(peak, peak_megabytes(last.pid))
    return last, peak


async def ready(
    base: Path,
    count: int,
    *,
    make: Callable[[int, Path], None] = texts,
    labeled: tuple[str, ...] = ("date", "amount"),
) -> ProjectSession:
    """A project of ``count`` documents, and a model of a few in which the words ``labeled`` are labeled."""
    make(count, base / f"texts-{count}")
    (base / f"home-{count}").mkdir()
    (base / f"home-{count}" / "settings.toml").write_text("quota = 0\n", encoding="utf-8")
    made = await workbench(base / f"home-{count}", immediate=True).create(
        NewProject("job", ProjectKind.ENTITIES, str(base / f"texts-{count}"), categories=labeled)
    )
    session = made.session
    by_word = dict(zip(labeled, session.store.state.categories, strict=True))
    for row in session.documents.select()[:LABELED]:
        text = (await session.documents.text(row.id)).text
        for word, category in by_word.items():
            spans = [Span(start, end) for start, end in words(text) if text[start:end] == word]
            await session.labeling.add_many(row.id, category, spans)
    await follow(session, await session.training.start(TrainOptions("m")))
    return session


async def measure(sizes: tuple[int, ...]) -> list[Row]:
    rows: list[Row] = []
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-jobs-") as name:
        for count in sizes:
            session = await ready(Path(name), count)
            targets = session.documents.select()[LABELED:]
            job = await session.jobs.autolabel(targets, Method("model", model="m"))
            job, peaks[count] = await follow(session, job)
            figure = (
                f"{job.seconds:.1f} s, {job.done / job.seconds:,.0f} documents/s, peak {peaks[count]:.0f} MB"
            )
            what = f"autolabel {count - LABELED:,} documents of 600 characters"
            rows.append(Row(what, COMMAND, figure, "", None))
        ratio = peaks[sizes[-1]] / peaks[sizes[0]]
        what = f"runner's peak memory at {sizes[-1]:,} to that at {sizes[0]:,} documents"
        rows.append(Row(what, COMMAND, f"{ratio:.2f}", "≤ 1.25", ratio <= 1.25))
        rows.append(await cancelling(session))
    return rows


async def cancelling(session: ProjectSession) -> Row:
    """Seconds from a request to cancel to the job's last event, while a model is being trained."""
    job = await session.training.start(TrainOptions("n"))
    async for seen in session.jobs.follow(job.id):
        if seen.stage:
            break
    began = time.perf_counter()
    await session.jobs.cancel(job.id)
    job, _ = await follow(session, job)
    seconds = time.perf_counter() - began
    figure = f"{seconds:.2f} s, {job.state.value}"
    return Row(
        "cancel a training", COMMAND, figure, "≤ 1 s", seconds <= 1 and job.state is JobState.CANCELLED
    )


def run(*, quick: bool = False) -> list[Row]:
    return asyncio.run(measure((500, 2_000) if quick else (2_000, 10_000)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
