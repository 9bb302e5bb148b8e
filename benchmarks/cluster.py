"""Labeling on a cluster of this machine: one worker, two, and this machine's own process beside them.

``python -m benchmarks.cluster [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.jobs import follow, ready
from benchmarks.report import Row, print_rows
from tests.dask_cluster import local_dask
from tui_labeler.domain.jobs import JobState, Method

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.cluster"
METHOD = Method("model", model="m")


async def measure(count: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-cluster-") as name:
        base = Path(name)
        session = await ready(base, count)
        try:
            alone = await labeled(session, None)
            seconds = {}
            for workers in (1, 2):
                folder = base / f"cluster-{workers}"
                folder.mkdir()
                with local_dask(folder, base / f"home-{count}", workers) as cluster:
                    seconds[workers] = await labeled(session, cluster.address)
        finally:
            await session.close()
    told = {"this machine's own process": alone, "one worker": seconds[1], "two workers": seconds[2]}
    rows = [
        Row(f"{count:,} documents of 600 characters, {who}", COMMAND, rate(count, found), "", None)
        for who, found in told.items()
    ]
    figure = f"{seconds[1] / seconds[2]:.2f}"
    return [*rows, Row("two workers, in times the speed of one", COMMAND, figure, "", None)]


def rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f} documents/s ({seconds:.1f} s)"


async def labeled(session: ProjectSession, scheduler: str | None) -> float:
    """Seconds of a job, from the start of its process to its end."""
    job = await session.jobs.autolabel(session.documents.select(), METHOD, scheduler=scheduler)
    last, _ = await follow(session, job)
    assert last.state is JobState.SUCCEEDED, last.message
    return last.seconds


def run(*, quick: bool = False) -> list[Row]:
    return asyncio.run(measure(4_000 if quick else 40_000))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
