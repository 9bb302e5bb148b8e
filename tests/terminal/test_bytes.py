"""What is sent to the terminal beside a job: the figures that changed, and nothing that stands still."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.terminal.driver import Terminal
from tests.terminal.runners import held
from tests.terminal.steps import open_the_last_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.terminal.conftest import Place
    from tests.terminal.runners import Held

OPEN = ("open", "contracts")

STEPS = 5


def steps(terminal: Terminal, runner: Held, shown: str) -> Iterator[bytes]:
    """What is sent until each of some steps of a job is on the screen, where ``shown`` counts documents.

    The first step is not among them: it brings lines and keys that were not there before.
    """
    for done in range(3, 3 * STEPS + 4, 3):
        start = len(terminal.received)
        runner.note_done(3)
        terminal.until(shown.format(done))
        terminal.settle()
        if done > 3:
            yield bytes(terminal.received[start:])


def test_the_jobs_screen_sends_what_changed_of_a_job_and_nothing_else(suggested: Place) -> None:
    with Terminal(suggested.home, *OPEN) as terminal:
        open_the_last_step(terminal, "first")
        with held(terminal, "s", suggested.home) as runner:
            terminal.until("1 running, 3 in all")
            for sent in steps(terminal, runner, " {} done, 0 failed"):
                assert b"done" in sent
                # The first line, the heading, the job below, what is not in question, the keys.
                for still in (b"3 in all", b"progress", b"succeeded", b"Categories", b"Cancel"):
                    assert still not in sent
                assert len(sent) < 2_000


def test_a_dialog_over_the_labeling_screen_is_not_drawn_anew_beside_a_job(suggested: Place) -> None:
    with Terminal(suggested.home, *OPEN) as terminal:
        open_the_last_step(terminal, "first")
        with held(terminal, "s", suggested.home) as runner:
            terminal.until("1 running, 3 in all")
            terminal.press("q").until("1 job running")
            terminal.press("f").until("Which documents?")
            for sent in steps(terminal, runner, "1 job running {}/"):
                assert b"job running" in sent
                assert b"Which documents?" not in sent
                assert len(sent) < 2_000


def test_the_training_screen_sends_what_changed_and_nothing_else(suggested: Place) -> None:
    with Terminal(suggested.home, *OPEN) as terminal:
        terminal.until("contracts > ")
        terminal.press("T").until("Start training")
        terminal.press("s").until("Train now?")
        with held(terminal, "y", suggested.home):
            terminal.until("Time at work")
            first = _at_work(terminal.settle())
            start = len(terminal.received)
            terminal.until(lambda screen: _at_work(screen) not in ("", first))
            sent = bytes(terminal.received[start:])
            assert b"at work" in sent
            assert b"Started" not in sent
            assert b"Cancel" not in sent


def _at_work(screen: str) -> str:
    found = re.search(r"Time at work +(\S.*)", screen)
    return found[1] if found else ""
