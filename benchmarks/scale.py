"""A project of 1,000, 10,000 and 100,000 documents of 1 to 128,000 characters: what each step takes.

``python -m benchmarks.scale [--quick]``

Every tenth document is labeled by a file; a model is trained on these and labels others. Commands run
as the installed program does, each in a process of its own; jobs in their runner's process. While the job
runs, the program is open in a pseudo-terminal; after it, every screen is asked for, with a beat on the
program's event loop that tells how long a key would have had to wait (:mod:`benchmarks.beating`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.jobs import follow
from benchmarks.opening import PROGRAM, resident_megabytes
from benchmarks.report import Row, print_rows
from benchmarks.scale_texts import name, write
from benchmarks.scale_visits import PATIENCE, RESERVED, US, Seen, furnish, visit
from benchmarks.terminal import Terminal
from tui_labeler.assembly import workbench
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import JobState, Method
from tui_labeler.domain.models import TrainOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.scale"
SIZES = (1_000, 10_000, 100_000)
AUTOLABELED = 10_000
"""Documents that the model labels, at most."""
LINEAR = 1.5
"""The most that a step may take for one document at the largest size, in times of the one before it."""
WAIT = 100
"""Milliseconds that a key may wait."""
STEPS = {
    "create": "create the project",
    "import": "import labels of a tenth of the documents",
    "filter": "list those without labels",
    "search": "search all texts",
    "train": "train on a tenth of the documents",
    "autolabel": f"label {AUTOLABELED:,} others with it, or all",
    "accept": "accept all its suggestions of a confidence from 0.9",
    "export": "export all labels",
}
SCREENS = {"J": b"> Jobs", "P": b"> Models", "K": b"> Entities", "T": b"> Train a model", "L": b"> Autolabel"}
"""Keys of the project, and the title of the screen that each opens."""


class Taken(NamedTuple):
    """What one step took."""

    seconds: float
    megabytes: float
    """The most that its process held."""
    documents: int = 0
    """That it was about, where these are not all, or a fixed part of them."""


class Beside(NamedTuple):
    """The program at a terminal, while a job runs."""

    move: float
    following: float
    """Milliseconds of a cursor's move and of the next document, the 95th of 100 if there were as many."""
    screen: float
    """Seconds of the screen that took longest to come."""
    megabytes: float


class Measured(NamedTuple):
    characters: int
    """Of all documents."""
    steps: dict[str, Taken]
    beside: Beside
    seen: Seen


def command(base: Path, *arguments: str) -> Taken:
    """Runs the program. Raises ``RuntimeError`` with what it said when it did not succeed."""
    began = time.perf_counter()
    with (base / "said").open("wb") as said:
        process = subprocess.Popen(
            [*PROGRAM, "--home", str(base / "home"), *arguments], stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError((base / "said").read_text(encoding="utf-8", errors="replace")[-2000:])
    # Kilobytes on Linux: getrusage(2).
    return Taken(time.perf_counter() - began, usage.ru_maxrss / 1024)


def beside(base: Path) -> Beside:
    """Keys and screens of the program. Raises ``TimeoutError`` when a screen does not come."""
    with Terminal([*PROGRAM, "--home", str(base / "home"), "open", "scale"]) as terminal:
        terminal.wait_for(name(0).encode(), PATIENCE)
        terminal.settle(0.5)
        moves = [terminal.press(key).milliseconds for key in "wwjjkwbl" * 10]
        following = [terminal.press("]").milliseconds for _ in range(20)]
        opening = []
        for key, words in SCREENS.items():
            began = time.perf_counter()
            terminal.send(key)
            terminal.wait_for(words, PATIENCE)
            opening.append(time.perf_counter() - began)
            terminal.settle(0.3)
            terminal.send("q")
            terminal.settle(0.3)
        held = resident_megabytes(terminal.pid)
    return Beside(_p95(moves), _p95(following), max(opening), held)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def job(session: ProjectSession, start: Callable[[], Awaitable[Job]]) -> Taken:
    """A job from its start to its end. Raises ``RuntimeError`` when it did not succeed."""
    began = time.perf_counter()
    last, peak = await follow(session, await start())
    if last.state is not JobState.SUCCEEDED:
        raise RuntimeError(last.message)
    return Taken(time.perf_counter() - began, peak)


async def run_jobs(base: Path) -> tuple[dict[str, Taken], Beside]:
    """Training and labeling in runners, and the program at a terminal while the latter is under way."""
    session = await workbench(base / "home").open("scale")
    try:
        found = {"train": await job(session, lambda: session.training.start(TrainOptions("first")))}
        unlabeled = session.documents.select(DocumentFilter(states=frozenset({DocumentState.UNLABELED})))
        rest = unlabeled[RESERVED : RESERVED + AUTOLABELED]
        method = Method("model", model="first")
        under_way = asyncio.create_task(job(session, lambda: session.jobs.autolabel(rest, method)))
        seen = await asyncio.to_thread(beside, base)
        found["autolabel"] = (await under_way)._replace(documents=len(rest))
        return found, seen
    finally:
        await session.close()


def measured(base: Path, count: int) -> Measured:
    """All that is done with a project of ``count`` documents, in order."""
    characters = write(count, base)
    (base / "home").mkdir()
    (base / "home" / "settings.toml").write_text("quota = 0\ntour = false\n", encoding="utf-8")
    labels, out = str(base / "labels.json"), str(base / "out.json")
    create = ("project", "create", "scale", "--kind", "ner", "--container", str(base / "texts"))
    found = {
        "create": command(base, *create),
        "import": command(base, "import", "scale", labels),
        "filter": command(base, "documents", "scale", "--filter", "unlabeled", "--limit", "20"),
        "search": command(base, "documents", "scale", "--search", "Wingtip Park", "--limit", "20"),
    }
    by_jobs, at_work = asyncio.run(run_jobs(base))
    found |= by_jobs
    asyncio.run(furnish(base / "home"))
    seen = visit(base, count)
    found["accept"] = command(base, "accept", "scale", "--min-confidence", "0.9")
    found["export"] = command(base, "export", "scale", out, "--save")
    return Measured(characters, found, at_work, seen)


def rows(found: dict[int, Measured]) -> list[Row]:
    return [*step_rows(found), *beside_rows(found), *visit_rows(found)]


def step_rows(found: dict[int, Measured]) -> list[Row]:
    before, last = list(found)[-2:]
    told = []
    for step, what in STEPS.items():
        taken = {count: each.steps[step] for count, each in found.items()}
        each_one = {count: took.seconds / (took.documents or count) for count, took in taken.items()}
        growth = each_one[last] / each_one[before]
        parts = [f"{count:,}: {each.seconds:.1f} s, {each.megabytes:.0f} MB" for count, each in taken.items()]
        figure = f"{'; '.join(parts)}; a document takes {growth:.2f} times as long as with {before:,}"
        told.append(Row(what, COMMAND, figure, f"≤ {LINEAR} times as long", growth <= LINEAR))
    return told


def beside_rows(found: dict[int, Measured]) -> list[Row]:
    told = []
    for count, each in found.items():
        seen = each.beside
        what = f"at the terminal while a model labels, {count:,} documents ({each.characters / 1e6:.0f} MB)"
        figure = (
            f"a move p95 {seen.move:.0f} ms, the next document p95 {seen.following:.0f} ms, "
            f"a screen {seen.screen:.1f} s at most, {seen.megabytes:.0f} MB"
        )
        told.append(
            Row(what, COMMAND, figure, "screen ≤ 2 s, ≤ 400 MB", seen.screen <= 2 and seen.megabytes <= 400)
        )
    return told


def visit_rows(found: dict[int, Measured]) -> list[Row]:
    """A row for each screen, and what the program held when all were gone through."""
    last = list(found)[-1]
    told = []
    for what in found[last].seen.again:
        visits = {count: each.seen.again[what] for count, each in found.items()}
        parts = [f"{count:,}: {each.wait:.0f} ms, {each.seconds:.1f} s" for count, each in visits.items()]
        figure, target = "; ".join(parts), f"≤ {WAIT} ms with {last:,}"
        told.append(Row(f"a key waits at most: {what}", COMMAND, figure, target, visits[last].wait <= WAIT))
    # While the program opens a project there is nothing to press yet; the section on opening judges that.
    first = {what: each.wait for what, each in found[last].seen.first.items() if what != "opening"}
    slow = sorted(first, key=lambda what: -first[what])[:3]
    worst = "; ".join(f"{what} {first[what]:.0f} ms" for what in slow)
    what, reached = f"a key waits at most the first time, {last:,} documents", first[slow[0]] <= WAIT
    told.append(Row(what, COMMAND, worst, f"≤ {WAIT} ms", reached))
    held = [f"{count:,}: {each.seen.megabytes:.0f} MB" for count, each in found.items()]
    reached = found[last].seen.megabytes <= 400
    told.append(Row("memory, all screens gone through", COMMAND, "; ".join(held), "≤ 400 MB", reached))
    return told


def run(*, quick: bool = False) -> list[Row]:
    os.environ["TUI_LABELER_NAME"] = US
    found = {}
    for count in SIZES[:2] if quick else SIZES:
        with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
            found[count] = measured(Path(folder), count)
    return rows(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
