"""State: what a decision costs, and opening a project, at 100, 10,000 and 100,000 documents.

``python -m benchmarks.state [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import tinydb_peer
from benchmarks.report import Row, print_rows
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.state"
SIZES = (100, 10_000, 100_000)
DECISIONS = 100
ROUNDS = 7
WORDS = [
    "invoice",
    "total",
    "due",
    "supplier",
    "customer",
    "order",
    "date",
    "amount",
    "payment",
    "terms",
    "delivery",
    "city",
    "note",
]


def texts(count: int, folder: Path, times: int = 1) -> None:
    """Seeded texts of about 600 characters, or ``times`` as many, a file each."""
    generator = random.Random(count)
    folder.mkdir(parents=True)
    for number in range(count):
        text = " ".join(generator.choices(WORDS, k=90 * times))
        (folder / f"document-{number:06d}.txt").write_text(text, encoding="utf-8")


async def project(home: Path, folder: Path, count: int) -> float:
    """Makes a project in which every tenth document is labeled; returns the seconds that creating took."""
    began = time.perf_counter()
    made = await workbench(home, immediate=True).create(
        NewProject(f"size-{count}", ProjectKind.ENTITIES, str(folder), categories=("Amount", "Party"))
    )
    seconds = time.perf_counter() - began
    session = made.session
    category = next(iter(session.store.state.categories))
    for row in session.documents.select()[::10]:
        await session.labeling.add_many(row.id, category, [Span(at, at + 5) for at in range(0, 200, 20)])
    await session.store.checkpoint()
    await session.close()
    return seconds


async def decisions(session: ProjectSession, generator: random.Random, count: int) -> list[float]:
    """Milliseconds of single decisions, each on a document that was opened first."""
    rows = session.documents.select()
    category = list(session.store.state.categories)[1]
    found = []
    for _ in range(count):
        row = generator.choice(rows)
        await session.documents.text(row.id)
        start = generator.randrange(300, row.characters - 5)
        began = time.perf_counter()
        await session.labeling.add(row.id, category, Span(start, start + 3), replacing=True)
        found.append((time.perf_counter() - began) * 1000)
    return found


def bare(folder: Path, count: int) -> list[float]:
    """Milliseconds of appending a line of the same length to a file and syncing it."""
    line = b"x" * 420 + b"\n"
    found = []
    descriptor = os.open(folder / "bare.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(count):
        began = time.perf_counter()
        os.write(descriptor, line)
        os.fsync(descriptor)
        found.append((time.perf_counter() - began) * 1000)
    os.close(descriptor)
    return found


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


OPENING = """
import asyncio, json, re, sys, time
from pathlib import Path
began = time.perf_counter()
from tui_labeler.assembly import workbench
async def main():
    session = await workbench(Path(sys.argv[1])).open(sys.argv[2])
    rows = session.documents.select()
    return len(rows)
count = asyncio.run(main())
print(json.dumps({"seconds": time.perf_counter() - began, "documents": count,
    "mb": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024}))
"""


def opening(home: Path, name: str) -> tuple[float, float]:
    """Seconds (median of five) and megabytes of opening a project in a fresh process, imports included."""
    runs = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", OPENING, str(home), name], check=True, capture_output=True
            ).stdout
        )
        for _ in range(5)
    ]
    return statistics.median(run["seconds"] for run in runs), max(run["mb"] for run in runs)


async def latencies(base: Path, sizes: tuple[int, ...]) -> dict[int, float]:
    """The p95 of decisions by size, 0 for the bare limit.

    Taken in turns, and the median of the turns: other work on the machine then meets all of them alike.
    """
    sessions = {count: await workbench(base / f"home-{count}").open(f"size-{count}") for count in sizes}
    rounds: dict[int, list[float]] = {0: [], **{count: [] for count in sizes}}
    for number in range(ROUNDS):
        rounds[0].append(p95(bare(base, DECISIONS)))
        for count, session in sessions.items():
            rounds[count].append(p95(await decisions(session, random.Random(number), DECISIONS)))
    return {count: statistics.median(values) for count, values in rounds.items()}


async def measure(sizes: tuple[int, ...]) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-state-") as name:
        base = Path(name)
        for count in sizes:
            texts(count, base / f"texts-{count}")
            seconds = await project(base / f"home-{count}", base / f"texts-{count}", count)
            rows.append(
                Row(f"create a project of {count:,} documents", COMMAND, f"{seconds:.1f} s", "", None)
            )
            opened, megabytes = opening(base / f"home-{count}", f"size-{count}")
            figure = f"{opened:.2f} s, {megabytes:.0f} MB"
            rows.append(Row(f"open the state of {count:,} documents", COMMAND, figure, "", None))
        found = await latencies(base, sizes)
        rows.append(Row("bare append and fsync, p95", COMMAND, f"{found[0]:.2f} ms", "", None))
        for count in sizes:
            value, ratio = found[count], found[count] / found[0]
            figure = f"{value:.2f} ms, {ratio:.1f} x bare"
            what = f"one decision made durable, p95, {count:,} documents"
            rows.append(Row(what, COMMAND, figure, "≤ 10 x bare, ≤ 10 ms", ratio <= 10 and value <= 10))
        for count in sizes:
            taken = tinydb_peer.one_update(base, count)
            figure = f"{taken:.1f} ms; a decision here takes {found[count] / taken:.3f} of it"
            what = f"TinyDB as it comes: one update among {count:,} rows, not synced"
            rows.append(Row(what, COMMAND, figure, "", None))
        ratio = found[sizes[-1]] / found[sizes[0]]
        what = f"decision latency at {sizes[-1]:,} to that at {sizes[0]:,} documents"
        rows.append(Row(what, COMMAND, f"{ratio:.2f}", "≤ 1.5", ratio <= 1.5))
    return rows


def run(*, quick: bool = False) -> list[Row]:
    return asyncio.run(measure(SIZES[:2] if quick else SIZES))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
