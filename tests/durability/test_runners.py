"""Runners as processes of their own: they outlive whoever starts them, and what kills them is mended."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.builders import NAMES, TEXT, RuleModel
from tui_labeler import samples
from tui_labeler.assembly import now, workbench
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.models import ModelCard, TrainOptions
from tui_labeler.domain.performance import Performance
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters import launcher
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

GUARD = 60
"""Seconds after which a test gives up; no verdict depends on it."""


class PacedLauncher(launcher.ProcessLauncher):
    program = (sys.executable, "-m", "tests.durability.paced_runner")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(launcher, "ProcessLauncher", PacedLauncher)
    return tmp_path / "home"


async def project(home: Path, count: int = 12) -> ProjectSession:
    """Documents, two categories and a model that knows some names."""
    folder = home.parent / "documents"
    folder.mkdir()
    for item in range(count):
        (folder / f"d{item:04}.txt").write_text(TEXT)
    new = NewProject("Test", ProjectKind.ENTITIES, str(folder), categories=("Person", "Place"))
    session = (await workbench(home).create(new)).session
    ids = {word: session.categories.by_name(name).id for word, name in NAMES.items()}
    card = ModelCard(
        "rules", ProjectKind.ENTITIES, now(), "ana", 0.0, "v", "l", TrainOptions("rules"), {},
        Performance({}), (), (),
    )  # fmt: skip
    await session.models.save(card, RuleModel(ProjectKind.ENTITIES, ids))
    return session


async def start(session: ProjectSession) -> Job:
    return await session.jobs.autolabel(session.documents.select(), Method("model", "rules"))


async def until(session: ProjectSession, job_id: str, wanted: Callable[[Job], bool]) -> Job:
    """Follows a job until it is as wanted."""
    async with asyncio.timeout(GUARD):
        async for job in session.jobs.follow(job_id):
            if wanted(job):
                return job
    raise AssertionError(f"the job ended otherwise: {job}")


def is_over(job: Job) -> bool:
    return job.state.is_over


def hold(home: Path, documents: int = 0) -> Path:
    """Makes runners wait after so many documents, until the file goes."""
    path = home / "hold"
    path.write_text(str(documents))
    return path


def the_file(home: Path, name: str) -> Path:
    """The file of that name of the only job."""
    (path,) = home.glob(f"projects/*/jobs/*/{name}")
    return path


def wait_for_end(process: int) -> bool:
    """Whether a process, perhaps a foreign one, is gone in the end."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], GUARD)[0])
    finally:
        os.close(descriptor)


async def once_each(session: ProjectSession, home: Path, job: Job, documents: int) -> None:
    """Each document labeled once and paid once."""
    await session.refresh()
    assert (job.state, job.done, job.failed) == (JobState.SUCCEEDED, documents, ())
    assert job.suggestions == 5 * documents
    assert all(row.suggestion_count == 5 for row in session.rows.values())
    assert (await session.quota.usage()).used == documents
    lines = the_file(home, "answers.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["document"] for line in lines) == sorted(session.rows)


_STARTER = """
import asyncio, sys
from pathlib import Path
from tests.durability.test_runners import PacedLauncher, start
from tui_labeler.engine.adapters import launcher
launcher.ProcessLauncher = PacedLauncher
from tui_labeler.assembly import workbench
async def main(home):
    session = await workbench(Path(home)).open("Test")
    print((await start(session)).id, flush=True)
    await asyncio.Event().wait()
asyncio.run(main(sys.argv[1]))
"""


def started_elsewhere(home: Path) -> tuple[subprocess.Popen[str], str]:
    """A process in a session of its own that started a job; with the job's id."""
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(home)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert starter.stdout is not None
    return starter, starter.stdout.readline().strip()


def hang_up(starter: subprocess.Popen[str]) -> int:
    os.killpg(starter.pid, signal.SIGHUP)
    assert starter.stdout is not None
    starter.stdout.close()
    return starter.wait(GUARD)


async def test_a_job_goes_on_when_the_terminal_that_started_it_hangs_up(home: Path) -> None:
    session = await project(home)
    held = hold(home)
    starter, job_id = await asyncio.to_thread(started_elsewhere, home)
    # The model's file is read, and a batch waits.
    running = await until(session, job_id, lambda job: job.stage == "labeling")
    assert running.pid is not None
    assert os.getsid(running.pid) == running.pid != os.getsid(0)
    assert await asyncio.to_thread(hang_up, starter) == -signal.SIGHUP
    os.kill(running.pid, signal.SIGHUP)
    held.unlink()
    await once_each(session, home, await until(session, job_id, is_over), 12)


async def test_a_cancel_from_another_process_is_felt_by_a_runner_that_waits(home: Path) -> None:
    session = await project(home)
    hold(home)
    job = await start(session)
    await until(session, job.id, lambda job: job.stage == "labeling")
    other = await workbench(home).open("Test")
    await other.jobs.cancel(job.id)
    ended = await until(session, job.id, is_over)
    assert (ended.state, ended.done, ended.pid) == (JobState.CANCELLED, 0, None)
    assert (await session.quota.usage()).used == 0


async def test_a_killed_runner_is_seen_and_its_job_goes_on_from_where_it_was(home: Path) -> None:
    session = await project(home, 30)
    held = hold(home, 10)
    job = await start(session)
    running = await until(session, job.id, lambda job: job.done == 10)
    assert running.pid is not None
    os.kill(running.pid, signal.SIGKILL)
    stopped = await until(session, job.id, is_over)
    assert (stopped.state, stopped.pid) == (JobState.INTERRUPTED, None)
    assert (await session.quota.usage()).used == 30
    held.unlink()
    await session.jobs.resume(job.id)
    await once_each(session, home, await until(session, job.id, is_over), 30)


async def test_a_runner_says_nothing_and_leaves_no_process(home: Path) -> None:
    session = await project(home)
    held = hold(home)
    job = await start(session)
    running = await until(session, job.id, lambda job: job.state is JobState.RUNNING)
    held.unlink()
    await until(session, job.id, is_over)
    log = the_file(home, "runner.log")
    assert log.read_text() == ""
    assert log.stat().st_mode & 0o777 == 0o600
    assert running.pid is not None
    assert await asyncio.to_thread(wait_for_end, running.pid)


async def test_the_tickets_are_learned_and_labeled_by_real_runners(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PacedLauncher, "program", (sys.executable, "-m", "tui_labeler.runner"))
    sample = samples.folder("tickets")
    new = NewProject("Test", ProjectKind.SINGLE_LABEL, str(sample / "documents"))
    labels = (sample / "labels.json").read_bytes()
    session = (await workbench(home).create(new, labels=labels, labels_name="labels.json")).session
    training = await session.training.start(TrainOptions("m"))
    trained = await until(session, training.id, is_over)
    assert (trained.state, trained.message) == (JobState.SUCCEEDED, "")
    assert trained.result["f1"] > 0
    empty = [row for row in session.documents.select() if not row.labels]
    job = await session.jobs.autolabel(empty, Method("model", "m"))
    ended = await until(session, job.id, is_over)
    assert (ended.state, ended.done, ended.suggestions) == (JobState.SUCCEEDED, len(empty), len(empty))
    await session.refresh()
    gold = {
        item["location"]: item["class"]["category"]
        for item in json.loads((sample / "gold.json").read_text())["assets"]["documents"]
    }
    names = session.store.state.categories
    right = 0
    for row in empty:
        (found,) = session.store.state.document(row.id).open_suggestions(session.project.kind)
        right += names[found.category].name == gold[row.location]
    assert right > len(empty) / 2


async def test_the_threads_of_a_runner_share_one_heap(tmp_path: Path) -> None:
    """Each has its own otherwise, and what is free in those makes a long job grow (GNU C library)."""

    class Telling(launcher.ProcessLauncher):
        program = (sys.executable, "-c", "import os; print(os.environ['MALLOC_ARENA_MAX'])")

    folder = tmp_path / "projects" / "p" / "jobs" / "j"
    folder.mkdir(parents=True)
    await Telling(tmp_path).launch("p", "j")
    async with asyncio.timeout(GUARD):
        while not (said := (folder / "runner.log").read_text()).endswith("\n"):  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.02)
    assert said == "1\n"
