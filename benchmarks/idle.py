"""What the program takes while nobody presses a key and a job for a deployment runs beside it.

``python -m benchmarks.idle [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.gpt import METHOD, chat_server, cpu_seconds, ready
from benchmarks.opening import PROGRAM
from benchmarks.report import Row, print_rows
from benchmarks.terminal import Terminal
from tui_labeler.domain.jobs import JobState
from tui_labeler.engine.autolabelers.options import GptOptions

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.idle"
DOCUMENTS = 9_000
"""With ``DELAY`` seconds an answer, enough for a job to outlast what is measured."""
AT_ONCE = (GptOptions().at_once, 32)
"""What jobs do unless they are told otherwise, and what a large quota allows."""
DELAY = 0.3
STARTING = 4.0
"""Seconds after the first document is seen, until all of the start is over."""


class Idle(NamedTuple):
    sent: float
    """Bytes a second to the terminal."""
    share: float
    """Of one core."""


def watch(home: Path, screen: str, seconds: float) -> Idle:
    """Looks at the program on one of its screens; ``screen`` is the key that opens it, empty for none."""
    with Terminal([*PROGRAM, "--home", str(home), "open", "bench"]) as terminal:
        terminal.wait_for(b"document-000000")
        # Not until it is silent: what the job brings is shown all the time.
        terminal.drain(STARTING)
        if screen:
            terminal.press(screen)
            time.sleep(1)
        terminal.drain(1.0)
        cpu, began = cpu_seconds(terminal.pid), time.perf_counter()
        sent = len(terminal.drain(seconds))
        taken = time.perf_counter() - began
        return Idle(sent / taken, (cpu_seconds(terminal.pid) - cpu) / taken)


async def measured(base: Path, url: str, seconds: float) -> list[tuple[str, Idle]]:
    """The program before a job, and on two screens while jobs run.

    Raises ``RuntimeError`` when the job ended before the measurement did.
    """
    home = base / "home"
    session = await ready(base, DOCUMENTS, url)
    alone = await asyncio.to_thread(watch, home, "", seconds)
    found = [("no job", alone)]
    for at_once in AT_ONCE:
        job = await session.jobs.autolabel(
            session.documents.select(), METHOD, gpt=GptOptions(at_once=at_once, shots=0)
        )
        for screen, key in (("labeling", ""), ("jobs", "J")):
            idle = await asyncio.to_thread(watch, home, key, seconds)
            found.append((f"a GPT job of {at_once} at once, {screen} screen", idle))
        await _check_running(session, job.id)
        await session.jobs.cancel(job.id)
        async for _ in session.jobs.follow(job.id):
            pass
    await session.close()
    return found


async def _check_running(session: ProjectSession, job_id: str) -> None:
    job = await session.jobs.get(job_id)
    if job.state is not JobState.RUNNING or not job.done:
        raise RuntimeError(f"the job is {job.state} after {job.done} documents")


def run(*, quick: bool = False) -> list[Row]:
    os.environ["TUI_LABELER_NAME"] = "bench"
    seconds = 5.0 if quick else 20.0
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as name, chat_server(delay=DELAY) as server:
        found = asyncio.run(measured(Path(name), server.url, seconds))
    return [
        Row(
            f"idle, {what}",
            COMMAND,
            f"{idle.sent:.0f} B/s, {idle.share * 100:.1f} % of a core",
            "≤ 1,000 B/s, ≤ 3 %",
            idle.sent <= 1000 and idle.share <= 0.03,
        )
        for what, idle in found
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
