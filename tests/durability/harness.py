"""Kills people and jobs at random moments, and looks whether anything that was said to be done is missing.

``python -m tests.durability.harness --kills 50 --seed 1`` works in a folder of its own and prints what it
found; it ends with 1 when something was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.builders import NAMES, TEXT, RuleModel
from tests.durability import paced_runner
from tests.durability.looking import LostError, check_state, expect
from tests.durability.people import PROJECT, at_work, digest, dying_at
from tui_labeler.assembly import now, workbench
from tui_labeler.domain.jobs import Job, JobKind, JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import ModelCard, TrainOptions
from tui_labeler.domain.performance import Performance
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters import launcher
from tui_labeler.engine.adapters.store import checkpoint
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

DOCUMENTS = 30
MODES = ("people", "people", "autolabel", "autolabel", "train")
FILES = ("writing", "two people")
"""Rounds about the files themselves: a person dies while one is written, two write to one home."""

FOLDED_AFTER = 6_000
"""Bytes of journal after which people fold it: every few decisions, so that many a kill meets it."""

TOGETHER = 50
"""Acknowledgements of each of two people before they are killed."""

LASTS = {"autolabel": 0.25, "train": 0.06}
"""Seconds in which a job is likely to be at work."""


class NoLauncher:
    """Jobs are only written down: the harness forks their runners itself."""

    def __init__(self, home: Path) -> None:
        pass

    async def launch(self, project_id: str, job_id: str) -> int:
        return 0


@dataclass
class Harness:
    """One home, killed again and again."""

    home: Path
    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    # --- children -----------------------------------------------------------------------------------

    def fork(self, work: Callable[[], object]) -> int:
        """A child that leads a process group of its own. It never comes back from here."""
        process = os.fork()
        if process:
            return process
        os.setsid()
        try:
            work()
        finally:
            if sys.exc_info()[0]:
                traceback.print_exc()
            os._exit(1)

    def kill(self, process: int) -> None:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    def kill_people(self) -> list[dict[str, Any]]:
        """Kills a person at work after some acknowledgements and a moment; returns those."""
        reading, writing = os.pipe()
        seed = self.random.randrange(1 << 30)
        process = self.fork(lambda: asyncio.run(at_work(self.home, seed, writing)))
        os.close(writing)
        wanted = self.random.randrange(1, 60)
        data = b""
        while data.count(b"\n") < wanted:
            more = os.read(reading, 65536) if select.select([reading], [], [], 60)[0] else b""
            expect(bool(more), f"the person stopped by itself after {data[-300:]!r}")
            data += more
        time.sleep(self.random.random() * 0.02)
        self.kill(process)
        while more := os.read(reading, 65536):
            data += more
        os.close(reading)
        return _whole(data)

    def die_writing(self) -> list[dict[str, Any]]:
        """A person dies in the middle of a file that is not the journal; returns the acknowledgements."""
        reading, writing = os.pipe()
        seed, at = self.random.randrange(1 << 30), self.random.randrange(1, 25)
        process = self.fork(lambda: asyncio.run(dying_at(self.home, seed, writing, at)))
        os.close(writing)
        data = b""
        while more := os.read(reading, 65536) if select.select([reading], [], [], 60)[0] else b"":
            data += more
        os.close(reading)
        ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        expect(ended == -signal.SIGKILL, f"the person stopped by itself after {data[-300:]!r}")
        return _whole(data)

    def kill_two(self) -> list[dict[str, Any]]:
        """Two people at work in one home at the same time; both are killed once both have done something."""
        found: dict[int, bytes] = {}
        at_it: list[int] = []
        for _ in range(2):
            reading, writing = os.pipe()
            seed = self.random.randrange(1 << 30)
            at_it.append(self.fork(partial(_run_at_work, self.home, seed, writing)))
            os.close(writing)
            found[reading] = b""
        while any(data.count(b"\n") < TOGETHER for data in found.values()):
            ready = select.select(list(found), [], [], 60)[0]
            expect(bool(ready), "two people do nothing any more")
            for reading in ready:
                more = os.read(reading, 65536)
                expect(bool(more), f"one of two stopped by itself after {found[reading][-300:]!r}")
                found[reading] += more
        for process in at_it:
            self.kill(process)
        for reading in found:
            while more := os.read(reading, 65536):
                found[reading] += more
            os.close(reading)
        return [line for data in found.values() for line in _whole(data)]

    def run_job(self, project_id: str, job_id: str, *, within: float = 0.0) -> None:
        """Runs a job in a child, to its end or to a random moment ``within`` some seconds."""
        arguments = [str(self.home), project_id, job_id]
        process = self.fork(lambda: paced_runner.main(arguments))
        if within:
            time.sleep(self.random.random() * within)
            self.kill(process)
        else:
            os.waitpid(process, 0)

    # --- rounds -------------------------------------------------------------------------------------

    def run(self, kills: int) -> None:
        asyncio.run(self._make())
        killed = 0
        while killed < kills:
            mode = self.random.choice(MODES)
            killed += self._people() if mode == "people" else self._job(mode)
            self.counts[f"rounds of {mode}"] += 1

    def run_files(self, rounds: int) -> None:
        """Behind :meth:`run`: rounds about the files themselves, in turn."""
        for number in range(rounds):
            mode = FILES[number % len(FILES)]
            self._people(self.die_writing if mode == "writing" else self.kill_two)
            self.counts[f"rounds of {mode}"] += 1

    def _people(self, at_work: Callable[[], list[dict[str, Any]]] | None = None) -> int:
        acknowledged = (at_work or self.kill_people)()
        self.counts["decisions acknowledged"] += sum(len(line["made"]) for line in acknowledged)
        self.counts.update(f"act {line['act'][1:]}" for line in acknowledged)
        asyncio.run(self._check_people(acknowledged))
        return 1

    def _job(self, mode: str) -> int:
        project_id, job = asyncio.run(self._start(mode))
        kills = self.random.randint(1, 3)
        done = 0
        for _ in range(kills):
            self.run_job(project_id, job.id, within=LASTS[mode])
            done += 1
            if asyncio.run(self._resume(job.id)):
                break
        else:
            self.run_job(project_id, job.id)
        asyncio.run(self._check_job(job.id))
        return done

    # --- looking ------------------------------------------------------------------------------------

    async def _open(self) -> ProjectSession:
        return await workbench(self.home).open(PROJECT)

    async def _make(self) -> None:
        folder = self.home.parent / "documents"
        folder.mkdir()
        for item in range(DOCUMENTS):
            (folder / f"d{item:04}.txt").write_text(TEXT * 5)
        new = NewProject(PROJECT, ProjectKind.ENTITIES, str(folder), categories=("Person", "Place"))
        session = (await workbench(self.home).create(new)).session
        ids = {word: session.categories.by_name(name).id for word, name in NAMES.items()}
        card = ModelCard(
            "rules", ProjectKind.ENTITIES, now(), "ana", 0.0, "v", "l", TrainOptions("rules"), {},
            Performance({}), (), (),
        )  # fmt: skip
        await session.models.save(card, RuleModel(ProjectKind.ENTITIES, ids))
        await session.close()

    async def _check_people(self, acknowledged: list[dict[str, Any]]) -> None:
        session = await self._open()
        there = {item.seq: item async for item in session.store.history(newest_first=False)}
        for line in acknowledged:
            for seq, mark in line["made"]:
                expect(seq in there, f"decision {seq} ({line['act']}) is missing")
                expect(digest(there[seq]) == mark, f"decision {seq} ({line['act']}) is another")
        await check_state(session)
        await session.close()

    async def _start(self, mode: str) -> tuple[str, Job]:
        session = await self._open()
        # Somebody may have been killed between writing a text and telling the project.
        await session.documents.sync()
        if mode == "autolabel":
            rows = session.documents.select()
            job = await session.jobs.autolabel(rows, Method("model", "rules"))
        else:
            options = TrainOptions("trained", overwrite=True)
            if not (await session.training.preview()).labels:
                first = next(iter(session.store.state.categories))
                await session.labeling.add_many(next(iter(session.rows)), first, [_first_word(session)])
            await session.labeling.save()
            job = await session.training.start(options)
        await session.close()
        return session.project.id, job

    async def _resume(self, job_id: str) -> bool:
        """Whether the job had ended before it was killed; otherwise it waits for its next runner."""
        session = await self._open()
        job = await session.jobs.get(job_id)
        await check_state(session)
        await session.close()
        self.counts[f"found {job.state.value}"] += 1
        if job.state in (JobState.SUCCEEDED, JobState.PARTIALLY_COMPLETED):
            return True
        expect(job.state in (JobState.INTERRUPTED, JobState.QUEUED), f"the job is {job.state}: {job.message}")
        if job.state is JobState.INTERRUPTED:
            await session.jobs.resume(job_id)
        return False

    async def _check_job(self, job_id: str) -> None:
        session = await self._open()
        job = await session.jobs.get(job_id)
        expect(job.state is JobState.SUCCEEDED, f"the job ended {job.state}: {job.message} {job.failed}")
        await check_state(session)
        if job.request.kind is JobKind.AUTOLABEL:
            await self._check_autolabel(session, job)
        else:
            names = [card.name for card in await session.models.list()]
            expect(names == ["rules", "trained"], f"the models are {names}")
            left = sum(row.suggestion_count for row in session.rows.values())
            expect(left == 0, f"{left} suggestions were not deleted")
        await session.close()

    async def _check_autolabel(self, session: ProjectSession, job: Job) -> None:
        folder = self.home / "projects" / session.project.id / "jobs" / job.id
        asked = sorted(job.request.documents)
        lines = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
        expect(sorted(line["document"] for line in lines) == asked, "a document was answered twice, or never")
        expect(
            (job.done, job.text_records) == (len(asked), job.request.text_records), "a document is missing"
        )
        uses = json.loads((self.home / "quota.json").read_text())["uses"].values()
        mine = [use for use in uses if use["job"] == job.id]
        expect([use["used"] for use in mine] == [job.text_records], f"the quota says {mine}")
        expect(all(use["reserved"] == use["used"] for use in mine), f"something is still reserved: {mine}")
        self.counts["suggestions"] += job.suggestions
        for line in lines:
            found = session.store.state.document(line["document"]).suggestions.values()
            places = Counter((item.category, item.span) for item in found if item.job == job.id)
            expect(all(count == 1 for count in places.values()), "a suggestion was made twice")


def _run_at_work(home: Path, seed: int, acknowledgements: int) -> None:
    asyncio.run(at_work(home, seed, acknowledgements))


def _whole(data: bytes) -> list[dict[str, Any]]:
    """The acknowledgements that came whole."""
    return [json.loads(line) for line in data.splitlines(keepends=True) if line.endswith(b"\n")]


def _first_word(session: ProjectSession) -> Span:
    return Span(0, min(3, next(iter(session.rows.values())).characters))


def main(arguments: list[str]) -> int:
    """Ends with 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--files", type=int, default=30, help="rounds about the files themselves")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    launcher.ProcessLauncher = NoLauncher  # type: ignore[misc,assignment]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir(0o700)
        (home / "settings.toml").write_text("quota = 0\n")
        harness = Harness(home, given.seed)
        try:
            harness.run(given.kills)
            checkpoint.CHECKPOINT_AFTER = FOLDED_AFTER
            harness.run_files(given.files)
        except (LostError, LabelerError) as error:
            print(f"LOST (seed {given.seed}): {error}")  # noqa: T201
            return 1
        finally:
            print(dict(sorted(harness.counts.items())), f"{time.monotonic() - began:.1f} s")  # noqa: T201
    print(f"{given.kills} kills, seed {given.seed}: nothing was lost")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
