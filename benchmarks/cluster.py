"""Labeling on a cluster of this machine: one worker, two, and this machine's own process beside them.

``python -m benchmarks.cluster [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.jobs import follow, ready
from benchmarks.report import Row, print_rows
from benchmarks.state import WORDS, texts
from tests.dask_cluster import local_dask
from tui_labeler.domain.jobs import JobState, Method

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.cluster"
METHOD = Method("model", model="m")
WORKERS = (1, 2)


@dataclass(frozen=True, slots=True)
class Load:
    """Documents that are labeled, and how much there is in each."""

    what: str
    count: int
    make: Callable[[int, Path], None]
    categories: tuple[str, ...]
    """Words that are labeled."""


def reports(count: int, folder: Path) -> None:
    """Seeded texts of about 6,000 characters with the word ``date`` once."""
    generator = random.Random(count)
    others = [word for word in WORDS if word != "date"]
    folder.mkdir(parents=True)
    for number in range(count):
        words = generator.choices(others, k=900)
        words[generator.randrange(len(words))] = "date"
        (folder / f"report-{number:06d}.txt").write_text(" ".join(words), encoding="utf-8")


async def measure(load: Load) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-cluster-") as name:
        base = Path(name)
        session = await ready(base, load.count, make=load.make, labeled=load.categories)
        try:
            alone = await labeled(session, None)
            seconds = {}
            for workers in WORKERS:
                folder = base / f"cluster-{workers}"
                folder.mkdir()
                with local_dask(folder, base / f"home-{load.count}", workers) as cluster:
                    seconds[workers] = await labeled(session, cluster.address)
        finally:
            await session.close()
    told = {"this machine's own process": alone, "one worker": seconds[1], "two workers": seconds[2]}
    rows = [
        Row(f"{load.what}, {who}", COMMAND, rate(load.count, found), "", None) for who, found in told.items()
    ]
    figure = f"{seconds[1] / seconds[2]:.2f}"
    return [*rows, Row(f"{load.what}: two workers, in times the speed of one", COMMAND, figure, "", None)]


def rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f} documents/s ({seconds:.1f} s)"


async def labeled(session: ProjectSession, scheduler: str | None) -> float:
    """Seconds of a job, from the start of its process to its end."""
    job = await session.jobs.autolabel(session.documents.select(), METHOD, scheduler=scheduler)
    last, _ = await follow(session, job)
    assert last.state is JobState.SUCCEEDED, last.message
    return last.seconds


def run(*, quick: bool = False) -> list[Row]:
    many, few = (4_000, 400) if quick else (40_000, 4_000)
    short = f"{many:,} documents of 600 characters, some 12 suggestions in each"
    long = f"{few:,} documents of 6,000 characters, one suggestion in each"
    loads = (Load(short, many, texts, ("date", "amount")), Load(long, few, reports, ("date",)))
    return [row for load in loads for row in asyncio.run(measure(load))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
