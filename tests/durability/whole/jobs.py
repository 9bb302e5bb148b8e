"""Jobs that are killed: whoever started them, their runners, or both."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.cli.test_gpt_jobs import expected, kept_requests
from tests.durability.looking import expect
from tests.durability.whole.endings import Moment, Strike, end
from tests.durability.whole.ground import LETTERS
from tests.durability.whole.rounds import Ran
from tests.durability.whole.screen import Chain
from tests.durability.whole.snapshot import Snapshot
from tui_labeler.assembly import workbench
from tui_labeler.domain.jobs import Job, JobState
from tui_labeler.domain.labels import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.durability.whole.rounds import Rounds
    from tests.terminal.driver import Terminal

MODEL = ("--model", "first")
DEPLOYMENT = ("--resource", "work", "--deployment", "good", "--concurrency", "3")

GONE, REFUSED = 130, 4
"""The exit code of who follows a job whose process is gone."""

TRIES = 6
"""Runs of one job that may be killed; the next one is left to its end."""

STARTS = (0.6, 2.5)
"""Seconds after its start in which a command has a job at work."""

_IN_ALL = re.compile(r"(\d+) in all")


def folders(rounds: Rounds) -> set[Path]:
    return {path.parent for path in rounds.home.glob("projects/*/jobs/*/request.json")}


def _pid_in(folder: Path) -> int:
    """The process that a job's newest run has told of; 0 where there is none."""
    events = folder / "events.jsonl"
    lines = events.read_bytes().split(b"\n")[:-1] if events.exists() else []
    return next((pid for line in reversed(lines) if (pid := json.loads(line).get("pid"))), 0)


class Killer:
    """Kills the runner of the job that was started last, at a moment of its own."""

    def __init__(self, rounds: Rounds, before: set[Path]) -> None:
        self._rounds = rounds
        self._before = before
        self._moment: Moment | None = None
        self._pid = 0

    def looks(self) -> bool:
        """Whether it has killed one."""
        for folder in folders(self._rounds) - self._before:
            self._pid = self._pid or _pid_in(folder)
        if self._pid and self._moment is None:
            strike = self._rounds.drawn_command((0.0, 1.5))
            self._moment = Moment(self._rounds.home, strike)
        if self._moment is None or not self._moment.has_come():
            return False
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        return True


# --- by command ---------------------------------------------------------------------------------------


def start(rounds: Rounds, name: str, *arguments: str) -> str | None:
    """Starts a job by a command, of which something is killed; the job's id, if there is one."""
    before = folders(rounds)
    victim = rounds.draw.choice(("application", "application", "runner"))
    if victim == "application":
        ran = rounds.command(name, *arguments, lasts=STARTS)
        told = ran.result
    else:
        told = _kill_runner(rounds, name, before, *arguments)
    new = [folder.name for folder in folders(rounds) - before]
    expect(len(new) <= 1, f"one command made the jobs {new}")
    expect(told is None or told["job_id"] in new, f"there is no job {told and told['job_id']}")
    return new[0] if new else None


def _kill_runner(rounds: Rounds, name: str, before: set[Path], *arguments: str) -> Any:
    ending = rounds.draw.choice(("SIGKILL", "power"))
    strike = Strike(ending, 0.0, once_written=False)
    with (
        rounds.at_risk(strike, f"{name}, its runner") as told,
        rounds.terminal(*arguments, "--json", "--progress", "none", ending=ending) as terminal,
    ):
        killer, struck = Killer(rounds, before), False
        while not terminal.is_over and not struck:
            terminal.read_more(0.002)
            struck = killer.looks()
        told.append(struck)
        if ending == "power" and struck:
            end(terminal, ending, lambda: None)
            return None
        terminal.ended()
        while terminal.read_more(0.05):
            pass
    return Ran(0, bytes(terminal.received), struck).result


def to_its_end(rounds: Rounds, job_id: str) -> Job:
    """Resumes a job until it is over, with further kills of its runner on the way."""
    job = _job(rounds, job_id)
    for number in range(2 * TRIES):
        rounds.counts[f"a job found {job.state.value}"] += 1
        if job.state is JobState.SUCCEEDED:
            return job
        expect(
            job.state in (JobState.QUEUED, JobState.RUNNING, JobState.INTERRUPTED, JobState.CANCELLED),
            f"the job is {job.state}: {job.message} {job.failed}",
        )
        resume = ("job", "resume", LETTERS, job_id, "--yes")
        if number < TRIES and rounds.draw.random() < 0.4:
            rounds.command("resuming a job", *resume, lasts=STARTS)
        else:
            # One that was killed before it said a word counts as starting for a while; then it is gone. One
            # that nobody killed may have ended by now: then there is nothing to go on with.
            rounds.tool(*resume, codes=(0, GONE, REFUSED))
        job = _job(rounds, job_id)
    raise AssertionError(f"the job does not end: {job}")


def _job(rounds: Rounds, job_id: str) -> Job:
    async def read() -> Job:
        session = await workbench(rounds.home).open(LETTERS)
        try:
            return await session.jobs.get(job_id)
        finally:
            await session.close()

    return asyncio.run(read())


def _rejected(rounds: Rounds, job: Job) -> dict[str, set[tuple[int, int]]]:
    """What was rejected of the job's method in each document: it does not suggest that again, others may."""

    assert job.request.method is not None
    method = job.request.method.name

    async def read() -> dict[str, set[tuple[int, int]]]:
        session = await workbench(rounds.home).open(LETTERS)
        try:
            documents = [session.store.state.document(number) for number in session.rows]
        finally:
            await session.close()
        return {
            document.location: {
                (item.span.start, item.span.end)
                for item in document.suggestions.values()
                if item.span and item.method == method
                if item.decision and item.decision.verdict is Verdict.REJECTED
            }
            for document in documents
        }

    return asyncio.run(read())


def _fresh(rounds: Rounds, most: int) -> tuple[Snapshot, list[str]]:
    """Letters that were never labeled."""
    names = rounds.ground.write_letters(rounds.draw.randint(most // 2, most))
    rounds.tool("sync", LETTERS)
    return rounds.ground.snapshot(), names


def _check_labels(rounds: Rounds, job: Job, before: Snapshot, names: list[str]) -> None:
    """Each document was answered once, has what was answered, and all others are as they were."""
    (path,) = rounds.home.glob(f"projects/*/jobs/{job.id}/answers.jsonl")
    answers = [json.loads(line) for line in path.read_text().splitlines()]
    expect(
        sorted(line["location"] for line in answers) == sorted(names),
        "a document was answered twice, or never",
    )
    expect(
        (job.done, job.failed) == (len(names), ()),
        f"{job.done} of {len(names)} are done, failed: {job.failed}",
    )
    found = rounds.ground.snapshot()
    rejected = _rejected(rounds, job)
    for answer in answers:
        places = {(each["span"]["start"], each["span"]["end"]) for each in answer["proposals"]}
        proposed = places - rejected[answer["location"]]
        there = {(mark.start, mark.end) for mark in found[answer["location"]].open}
        expect(proposed == there, f"{answer['location']} has {there}, and was answered {proposed}")
    chain = Chain(Snapshot({**before.texts, **{name: found[name] for name in names}}))
    expect(job.suggestions == sum(len(found[name].open) for name in names), "the job counted something else")
    rounds.look(chain)


def autolabel(rounds: Rounds) -> None:
    """A trained model labels letters."""
    before, names = _fresh(rounds, 24)
    named = [word for name in names for word in ("--document", name)]
    job_id = start(rounds, "autolabeling", "autolabel", LETTERS, *MODEL, *named, "--yes")
    if job_id is None:
        rounds.look(Chain(before))
        return
    _check_labels(rounds, to_its_end(rounds, job_id), before, names)


def autolabel_by_keys(rounds: Rounds) -> None:
    """The same from the wizard: the job goes on without whoever started it."""
    before, names = _fresh(rounds, 24)
    jobs = folders(rounds)
    strike = rounds.drawn_command((0.0, 1.5))
    shown = [0]
    with (
        rounds.at_risk(strike, "autolabeling by keys"),
        rounds.terminal("open", LETTERS, ending=strike.ending) as it,
    ):
        it.until("documents")
        for key, words in (
            ("L", "[1 Method]"),
            ("l", "[2 Model]"),
            ("l", "[3 Entities]"),
            ("l", "[4 Documents]"),
        ):
            it.press(key).until(words)
        it.press("*").until("selected: ")
        it.press("l").until("s starts the job")
        strike_keys(rounds, it, "s", strike, shown)
    new = [folder.name for folder in folders(rounds) - jobs]
    expect(
        len(new) <= 1 and shown[0] <= len(jobs) + len(new), f"{shown[0]} jobs were shown, and {new} is new"
    )
    if not new:
        rounds.look(Chain(before))
        return
    job = to_its_end(rounds, new[0])
    # Tables without a label were chosen too; the model knows nothing of them.
    chosen = [name for name, text in before.texts.items() if not (text.labels or text.open)]
    expect(set(names) <= set(chosen), f"{set(names) - set(chosen)} were not new")
    _check_labels(rounds, job, before, chosen)


def strike_keys(rounds: Rounds, it: Terminal, key: str, strike: Strike, shown: list[int]) -> None:
    """Presses the key that starts a job, and ends the program; how many jobs it showed in the end."""

    def look() -> None:
        found = _IN_ALL.search(it.text)
        shown[0] = int(found[1]) if found else shown[0]

    moment = Moment(rounds.home, strike)
    it.send(key)
    while not moment.has_come():
        it.read_more(0.002)
        look()
    end(it, strike.ending, look)


def ask_deployment(rounds: Rounds) -> None:
    """A deployment labels letters: an answer that was kept is not asked for again."""
    before, names = _fresh(rounds, 40)
    named = [word for name in names for word in ("--document", name)]
    asked = len(rounds.ground.server.chats)
    job_id = start(rounds, "asking a deployment", "autolabel", LETTERS, *DEPLOYMENT, *named, "--yes")
    if job_id is None:
        rounds.look(Chain(before))
        return
    job = to_its_end(rounds, job_id)
    kept = kept_requests(rounds.home)
    last = {request.raw: request.number for request in rounds.ground.server.chats[asked:]}
    again = [r.number for r in rounds.ground.server.chats[asked:] if r.number in kept - {last[r.raw]}]
    expect(not again, f"the requests {again} were answered and kept, and asked again")
    expect(set(last.values()) <= kept, "an answer was not kept")
    _check_labels(rounds, job, before, names)
    found = rounds.ground.snapshot()
    for name in names:
        wanted = Counter(category for _, category in expected(int(name[6:-4])))
        counted = Counter(mark.category for mark in found[name].open)
        expect(counted == wanted, f"{name} has {counted} instead of {wanted}")
