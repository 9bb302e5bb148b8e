"""Takes the pictures of README and docs: the samples, trained on and autolabeled in a home of their own."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_labeler.app import LabelerApp
from tui_labeler.assembly import workbench
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.models import Split, TrainOptions
from tui_labeler.engine.demo import DemoHome, gold_labels
from tui_labeler.engine.workbench import set_settings
from tui_labeler.samples import SAMPLES
from tui_labeler.samples import folder as sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession

SIZE = (120, 36)

NAMES = (
    *("projects", "labeling", "review", "classes", "search", "categories", "training", "performance"),
    *("confusion", "confidence", "wizard", "jobs", "comparison", "agreement"),
)
"""Every picture that is taken."""

PATIENCE = 300
"""Looks at the screen, a tenth of a second apart, before it is given up."""


def write(folder: Path) -> None:
    """Writes the pictures into ``folder``, and takes away others that are there."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    os.environ |= {"TZ": "UTC", "TUI_LABELER_NAME": "ana"}
    time.tzset()
    asyncio.run(_pictures(folder))


async def _pictures(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pictures-") as name:
        home = Path(name) / "home"
        await _sample_home(home)
        async with _running(home) as pilot:
            await _until(pilot, "2 projects")
            _take(pilot, folder, "projects")
        async with _running(home, "contracts", review=True) as pilot:
            await _entities(pilot, folder)
            await _jobs_and_models(pilot, folder)
        async with _running(home, "tickets", review=True) as pilot:
            await _until(pilot, "decided")
            _take(pilot, folder, "classes")
        location = await _label_blindly(home)
        async with _running(home, "contracts", document=location) as pilot:
            await _until(pilot, location)
            await pilot.press("vertical_line")
            await _until(pilot, "Go on labeling")
            await pilot.press("y")
            await _until(pilot, "> Agreement")
            _take(pilot, folder, "agreement")


async def _entities(pilot: Pilot[None], folder: Path) -> None:
    """Where texts are labeled, and what stands around it."""
    await _until(pilot, "decided")
    _take(pilot, folder, "review")
    await pilot.press("r", "left_square_bracket", "slash", *"Tanner", "enter", "v", "w")
    await _until(pilot, "Selected")
    _take(pilot, folder, "labeling")
    await pilot.press("escape", "K")
    await _until(pilot, "> Entities")
    _take(pilot, folder, "categories")
    await pilot.press("q", "ctrl+f", *"payment")
    await _until(pilot, "57 of 57 documents")
    _take(pilot, folder, "search")
    await pilot.press("escape")


async def _jobs_and_models(pilot: Pilot[None], folder: Path) -> None:
    """Training, what came of it, and the jobs of what was trained."""
    await pilot.press("T")
    await _until(pilot, "learn from")
    _take(pilot, folder, "training")
    await pilot.press("q", "P")
    await _until(pilot, "> Models")
    await pilot.press("j", "enter")
    for key, words, name in (("1", "Precision", "performance"), ("3", "actual", "confusion")):
        await pilot.press(key)
        await _until(pilot, words)
        _take(pilot, folder, name)
    await pilot.press("6")
    await _until(pilot, "by their confidence")
    _take(pilot, folder, "confidence")
    await pilot.press("q", "q", "L")
    for step in ("[1 ", "[2 ", "[3 "):
        await _until(pilot, step)
        if step != "[3 ":
            await pilot.press("l")
    _take(pilot, folder, "wizard")
    await pilot.press("q", "q", "q", "J")
    await _until(pilot, "succeeded")
    _take(pilot, folder, "jobs")
    await pilot.press("equals_sign", "j", "equals_sign")
    await _until(pilot, "documents differ")
    _take(pilot, folder, "comparison")


# --- what the pictures are of ---------------------------------------------------------------------------


async def _sample_home(home: Path) -> None:
    """Both samples, with models and the suggestions of jobs: two for the contracts, to be compared."""
    bench = workbench(home, immediate=True)
    demo = DemoHome(bench, home, {each: sample(each) for each in SAMPLES})
    demo.claim()
    contracts = await demo.project("contracts")
    early = TrainOptions("early", Split.AUTO, test_percent=60, seed=1)
    await _trained_and_used(contracts, early, TrainOptions("first", Split.MANUAL))
    tickets = await demo.project("tickets")
    await _trained_and_used(tickets, TrainOptions("first", Split.MANUAL))


async def _trained_and_used(session: ProjectSession, *models: TrainOptions) -> None:
    for options in models:
        await _ended(session, await session.training.start(options))
        await session.refresh()
    wanted = DocumentFilter(states=frozenset({DocumentState.UNLABELED}))
    rows = session.documents.select(wanted)
    for options in models:
        job = await session.jobs.autolabel(rows, Method("model", model=options.model))
        await _ended(session, job)
        await session.refresh()
    await session.close()


async def _ended(session: ProjectSession, job: Job) -> None:
    async for last in session.jobs.follow(job.id):
        job = last
    if job.state is not JobState.SUCCEEDED:
        raise SystemExit(f"the job {job.state}: {job.message}")


async def _label_blindly(home: Path) -> str:
    """Turns blind mode on, labels a document as the sample's full labels say; gives its location."""
    session = await workbench(home, immediate=True).open("contracts")
    settings = replace(session.project.settings, hide_until_labeled=True)
    await set_settings(session, replace(session.project, settings=settings))
    wanted = DocumentFilter(states=frozenset({DocumentState.AUTO_LABELED}))
    row = session.documents.select(wanted)[0]
    gold = await gold_labels(session, (sample("contracts") / "gold.json").read_bytes())
    for category, span in sorted(gold[row.id]):
        await session.labeling.add(row.id, category, span)
    await session.close()
    return row.location


# --- the application ------------------------------------------------------------------------------------


@asynccontextmanager
async def _running(home: Path, project: str | None = None, **options: object) -> AsyncIterator[Pilot[None]]:
    app = LabelerApp(workbench(home), open_project=project, **options)  # type: ignore[arg-type]
    async with app.run_test(size=SIZE) as pilot:
        yield pilot


async def _until(pilot: Pilot[None], words: str) -> None:
    """Waits for words on the screen."""
    for _ in range(PATIENCE):
        await pilot.pause(0.1)
        if any(words in line for line in _lines(pilot)):
            return
    raise SystemExit(f"the screen never said {words!r}:\n" + "\n".join(_lines(pilot)))


def _take(pilot: Pilot[None], folder: Path, name: str) -> None:
    (folder / f"{name}.svg").write_text(pilot.app.export_screenshot(title="tui-labeler"), encoding="utf-8")


def _lines(pilot: Pilot[None]) -> Iterator[str]:
    """What is drawn, line by line."""
    for strip in pilot.app.screen._compositor.render_strips():
        yield "".join(segment.text for segment in strip)
