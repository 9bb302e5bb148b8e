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
SIZES = (1_000, 5_000)
LONGER = 10
"""Documents are so many times as long as elsewhere: keeping their texts would take about a tenth more."""
GROWN = 1.08
"""The most that the larger job may hold, in times of the smaller one: the index says each document."""
TAUGHT = 300
"""Documents of 600 characters that the training which is cancelled learns from."""


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
    taught: int = LABELED,
) -> ProjectSession:
    """A project of ``count`` documents, and a model of ``taught`` with the words ``labeled`` as labels."""
    make(count, base / f"texts-{count}")
    (base / f"home-{count}").mkdir()
    (base / f"home-{count}" / "settings.toml").write_text("quota = 0\n", encoding="utf-8")
    made = await workbench(base / f"home-{count}", immediate=True).create(
        NewProject("job", ProjectKind.ENTITIES, str(base / f"texts-{count}"), categories=labeled)
    )
    session = made.session
    by_word = dict(zip(labeled, session.store.state.categories, strict=True))
    for row in session.documents.select()[:taught]:
        text = (await session.documents.text(row.id)).text
        for word, category in by_word.items():
            spans = [Span(start, end) for start, end in words(text) if text[start:end] == word]
            await session.labeling.add_many(row.id, category, spans)
    await follow(session, await session.training.start(TrainOptions("m")))
    return session


def long_texts(count: int, folder: Path) -> None:
    """Seeded texts of about 6,000 characters, a file each."""
    texts(count, folder, times=LONGER)


async def measure(sizes: tuple[int, ...], taught: int) -> list[Row]:
    rows: list[Row] = []
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-jobs-") as name:
        for count in sizes:
            session = await ready(Path(name), count, make=long_texts)
            targets = session.documents.select()[LABELED:]
            job = await session.jobs.autolabel(targets, Method("model", model="m"))
            job, peaks[count] = await follow(session, job)
            await session.close()
            figure = (
                f"{job.seconds:.1f} s, {job.done / job.seconds:,.0f} documents/s, peak {peaks[count]:.0f} MB"
            )
            what = f"autolabel {count - LABELED:,} documents of 6,000 characters"
            rows.append(Row(what, COMMAND, figure, "", None))
        rows.append(growth_row(peaks))
        session = await ready(Path(name), taught + 1, taught=taught)
        rows.append(cancel_row(await cancelling(session), taught))
        await session.close()
    return rows


def growth_row(peaks: dict[int, float]) -> Row:
    """What the runner holds, by number of documents."""
    few, many = min(peaks), max(peaks)
    ratio = peaks[many] / peaks[few]
    what = f"runner's peak memory at {many:,} to that at {few:,} documents"
    return Row(what, COMMAND, f"{ratio:.2f}", f"≤ {GROWN}", ratio <= GROWN)


async def cancelling(session: ProjectSession) -> dict[str, tuple[float, JobState]]:
    """Seconds from a request to cancel to the job's last event, and how it ended, by the stage of a training
    that was cancelled as it began."""
    job = await session.training.start(TrainOptions("whole"))
    stages = list(dict.fromkeys([seen.stage async for seen in session.jobs.follow(job.id) if seen.stage]))
    found = {}
    for number, stage in enumerate(stages):
        job = await session.training.start(TrainOptions(f"n{number}"))
        async for seen in session.jobs.follow(job.id):
            if seen.stage == stage:
                break
        began = time.perf_counter()
        await session.jobs.cancel(job.id)
        job, _ = await follow(session, job)
        found[stage] = time.perf_counter() - began, job.state
    return found


def cancel_row(found: dict[str, tuple[float, JobState]], taught: int) -> Row:
    """The stage that takes longest to be left. One that was over before a cancel came says nothing."""
    left = {stage: seconds for stage, (seconds, state) in found.items() if state is JobState.CANCELLED}
    over = [stage for stage in found if stage not in left]
    slowest = max(left, key=lambda stage: left[stage], default="")
    figure = f"{left.get(slowest, 0):.2f} s at most of {len(left)} stages ({slowest})"
    figure += f"; over by then: {', '.join(over)}" if over else ""
    reached = bool(left) and left[slowest] <= 1 and len(left) > len(over)
    return Row(f"cancel a training on {taught} documents, at each stage", COMMAND, figure, "≤ 1 s", reached)


def run(*, quick: bool = False) -> list[Row]:
    return asyncio.run(measure((200, 400) if quick else SIZES, 40 if quick else TAUGHT))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
