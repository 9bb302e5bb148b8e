"""A project of 1,000, 10,000 and 100,000 documents of 1 to 128,000 characters: what each step takes.

``python -m benchmarks.scale [--quick]``

Every tenth document is labeled by a file; a model is trained on these and labels all others. Commands run
as the installed program does, each in a process of its own; jobs in their runner's process. While the job
runs, the program is open in a pseudo-terminal, and every screen is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.jobs import follow
from benchmarks.opening import PROGRAM, resident_megabytes
from benchmarks.report import Row, print_rows
from benchmarks.terminal import Terminal
from tui_labeler.assembly import workbench
from tui_labeler.domain.documents import DocumentFilter, DocumentState
from tui_labeler.domain.jobs import JobState, Method
from tui_labeler.domain.models import TrainOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.scale"
SIZES = (1_000, 10_000, 100_000)
LONGEST = 128_000
MIDDLE, SPREAD = 500, 1.2
"""Characters of the median document, and the spread of their logarithms."""
LABELED = 10
"""One document in so many."""
LINEAR = 1.5
"""The most that a step may take for one document at the largest size, in times of the one before it."""
FIRST = "document-000000.txt"
WORDS = ("the", "order", "was", "sent", "on", "time", "and", "paid", "in", "full", "by", "a", "customer")
FIRMS = ("Acme", "Contoso", "Fabrikam", "Northwind", "Tailspin", "Wingtip", "Adatum", "Litware")
TOWNS = ("Leeds", "Porto", "Malmo", "Ghent", "Turin", "Lyon", "Bergen", "Krakow")
FRAMES = (("the firm {} ", "Firm", FIRMS), ("to its house in {} ", "Town", TOWNS))
STEPS = {
    "create": "create the project",
    "import": "import labels of a tenth of the documents",
    "filter": "list those without labels",
    "search": "search all texts",
    "train": "train on a tenth of the documents",
    "autolabel": "label all others with it",
    "accept": "accept all suggestions of a confidence from 0.9",
    "export": "export all labels",
}
SCREENS = {"J": b"> Jobs", "P": b"> Models", "K": b"> Entities", "T": b"> Train a model", "L": b"> Autolabel"}
"""Keys of the project, and the title of the screen that each opens."""


class Taken(NamedTuple):
    """What one step took."""

    seconds: float
    megabytes: float
    """The most that its process held."""


class Beside(NamedTuple):
    """The program at a terminal, while a job runs."""

    move: float
    following: float
    """Milliseconds of a cursor's move and of the next document, the 95th of 100."""
    screen: float
    """Seconds of the screen that took longest to come."""
    megabytes: float


class Measured(NamedTuple):
    characters: int
    """Of all documents."""
    steps: dict[str, Taken]
    beside: Beside


class Text(NamedTuple):
    text: str
    labels: tuple[tuple[str, int, int], ...]
    """Category, first character, number of characters."""


def text(number: int, count: int) -> Text:
    """A document, always the same for its number: of skewed lengths, one the shortest, a few the longest."""
    draw = random.Random(number)
    length = min(LONGEST, max(1, round(draw.lognormvariate(math.log(MIDDLE), SPREAD))))
    if number < 2 or number % (count // 2) == 7:
        length = 1 if number == 1 else LONGEST if number else MIDDLE
    parts: list[str] = []
    labels: list[tuple[str, int, int]] = []
    at = 0
    while at < length:
        if draw.random() < 0.1:
            frame, category, names = draw.choice(FRAMES)
            name = f"{draw.choice(names)} {draw.choice(('Ltd', 'AB', 'North', 'Park'))}"
            start = at + frame.index("{")
            if start + len(name) <= length:
                labels.append((category, start, len(name)))
            part = frame.format(name)
        else:
            part = draw.choice(WORDS) + (".\n" if draw.random() < 0.08 else " ")
        parts.append(part)
        at += len(part)
    return Text("".join(parts)[:length], tuple(labels))


def write(count: int, base: Path) -> int:
    """Writes the documents and a labels file of every tenth; the characters of all of them."""
    folder = base / "texts"
    folder.mkdir()
    documents, characters = [], 0
    for number in range(count):
        made = text(number, count)
        characters += len(made.text)
        name = f"document-{number:06d}.txt"
        (folder / name).write_text(made.text, encoding="utf-8", newline="")
        if number % LABELED == 3:
            labels = [{"category": c, "offset": at, "length": length} for c, at, length in made.labels]
            regions = [{"regionOffset": 0, "regionLength": len(made.text), "labels": labels}]
            documents.append({"location": name, "language": "en-us", "entities": regions})
    kind = "CustomEntityRecognition"
    whole = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": kind, "projectName": "scale", "language": "en-us"},
        "assets": {
            "projectKind": kind,
            "entities": [{"category": category} for _, category, _ in FRAMES],
            "documents": documents,
        },
    }
    (base / "labels.json").write_text(json.dumps(whole), encoding="utf-8")
    return characters


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
        terminal.wait_for(FIRST.encode())
        terminal.settle(0.5)
        moves = [terminal.press(key).milliseconds for key in "wwjjkwbl" * 10]
        following = [terminal.press("]").milliseconds for _ in range(20)]
        opening = []
        for key, words in SCREENS.items():
            began = time.perf_counter()
            terminal.send(key)
            terminal.wait_for(words)
            opening.append(time.perf_counter() - began)
            terminal.settle(0.3)
            terminal.send("q")
            terminal.settle(0.3)
        held = resident_megabytes(terminal.pid)
    return Beside(_p95(moves), _p95(following), max(opening), held)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def job(session: ProjectSession, start: Callable[[], Awaitable[object]]) -> Taken:
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
        rest = session.documents.select(DocumentFilter(states=frozenset({DocumentState.UNLABELED})))
        method = Method("model", model="first")
        under_way = asyncio.create_task(job(session, lambda: session.jobs.autolabel(rest, method)))
        seen = await asyncio.to_thread(beside, base)
        found["autolabel"] = await under_way
        return found, seen
    finally:
        await session.close()


def measured(base: Path, count: int) -> Measured:
    """All that is done with a project of ``count`` documents, in order."""
    characters = write(count, base)
    (base / "home").mkdir()
    (base / "home" / "settings.toml").write_text("quota = 0\n", encoding="utf-8")
    labels, out = str(base / "labels.json"), str(base / "out.json")
    create = ("project", "create", "scale", "--kind", "ner", "--container", str(base / "texts"))
    found = {
        "create": command(base, *create),
        "import": command(base, "import", "scale", labels),
        "filter": command(base, "documents", "scale", "--filter", "unlabeled", "--limit", "20"),
        "search": command(base, "documents", "scale", "--search", "Wingtip Park", "--limit", "20"),
    }
    by_jobs, seen = asyncio.run(run_jobs(base))
    found |= by_jobs
    found["accept"] = command(base, "accept", "scale", "--min-confidence", "0.9")
    found["export"] = command(base, "export", "scale", out, "--save")
    return Measured(characters, found, seen)


def rows(found: dict[int, Measured]) -> list[Row]:
    before, last = list(found)[-2:]
    told = []
    for step, what in STEPS.items():
        taken = {count: each.steps[step] for count, each in found.items()}
        growth = taken[last].seconds / taken[before].seconds / (last / before)
        parts = [f"{count:,}: {each.seconds:.1f} s, {each.megabytes:.0f} MB" for count, each in taken.items()]
        figure = f"{'; '.join(parts)}; {growth:.2f} of the time a document"
        told.append(Row(what, COMMAND, figure, f"≤ {LINEAR} of the time a document", growth <= LINEAR))
    for count, each in found.items():
        seen = each.beside
        what = f"at the terminal while a model labels {count:,} documents ({each.characters / 1e6:.0f} MB)"
        figure = (
            f"a move p95 {seen.move:.0f} ms, the next document p95 {seen.following:.0f} ms, "
            f"a screen {seen.screen:.1f} s at most, {seen.megabytes:.0f} MB"
        )
        told.append(
            Row(what, COMMAND, figure, "screen ≤ 2 s, ≤ 400 MB", seen.screen <= 2 and seen.megabytes <= 400)
        )
    return told


def run(*, quick: bool = False) -> list[Row]:
    os.environ["TUI_LABELER_NAME"] = "bench"
    found = {}
    for count in SIZES[:2] if quick else SIZES:
        with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
            found[count] = measured(Path(name), count)
    return rows(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
