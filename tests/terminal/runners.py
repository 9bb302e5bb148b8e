"""Runners that a test holds still: how fast a machine is decides nothing."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.terminal.driver import GaveUpError, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.terminal.driver import Terminal


@dataclass(frozen=True)
class Held:
    """A runner that stands still in the middle of its job. It has the job's lock, so it counts as running."""

    pid: int
    request: Path
    """The job's first record."""

    def note_done(self, number: int) -> None:
        """Writes what the runner would when it has labeled so many of its documents more."""
        documents = json.loads(self.request.read_bytes())["documents"]
        events = _events(self.request)
        done = sum(len(event.get("documents", ())) for event in events)
        event = {
            "event": "applied",
            "time": events[-1]["time"],
            "documents": documents[done : done + number],
            "suggestions": number,
        }
        with self.request.with_name("events.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(f"{json.dumps(event)}\n")

    def go_on(self) -> None:
        """Lets it work again, and what was sent to it meanwhile reach it."""
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def held(terminal: Terminal, key: str, home: Path) -> Iterator[Held]:
    """Presses the key that starts a job, and stops the job's runner (SIGSTOP) as soon as there is one.

    A runner notes its start before it loads anything, so that most of its work is still to come. At the end
    it goes on. Raises ``GaveUpError`` when no runner starts, or when one has ended already.
    """
    before = set(_requests(home))
    found: list[Held] = []

    def started(_: str) -> bool:
        for path in set(_requests(home)) - before:
            pids = [event["pid"] for event in _events(path) if event["event"] == "started"]
            if pids:
                found.append(Held(pids[-1], path))
        return bool(found)

    terminal.send(key)
    terminal.until(started)
    runner = found[0]
    try:
        os.kill(runner.pid, signal.SIGSTOP)
    except ProcessLookupError as error:
        raise GaveUpError("The runner was gone before it could be held.") from error
    try:
        wait_for(lambda: _stands_still(runner.pid), "the runner stands still")
        if any(event["event"] == "ended" for event in _events(runner.request)):
            raise GaveUpError("The job had ended before its runner could be held.")
        yield runner
    finally:
        if is_running(runner.pid):
            runner.go_on()


def is_running(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _requests(home: Path) -> list[Path]:
    return sorted(home.glob("projects/*/jobs/*/request.json"))


def _events(request: Path) -> list[dict[str, Any]]:
    """What a job's journal says, but for a line that is being written."""
    journal = request.with_name("events.jsonl")
    lines = journal.read_bytes().split(b"\n")[:-1] if journal.exists() else []
    return [json.loads(line) for line in lines]


def _stands_still(pid: int) -> bool:
    # The name in parentheses may hold anything; the state is the first field behind it.
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"
