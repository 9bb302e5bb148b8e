"""The line drops, the program is killed, two people work at once: nothing that was shown is lost."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.terminal.driver import DEADLINE, Terminal, command, environment_of, wait_for
from tests.terminal.runners import held, is_running
from tests.terminal.steps import go, open_the_last_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.azurite import Azurite
    from tests.terminal.conftest import Place

OPEN = ("open", "contracts")

LEFT_AT_THE_END = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l", b"\x1b[8h")
"""The other screen, the hidden cursor, the mouse, marked pastes and the order of right-to-left text."""


def labels_of(place: Place, location: str) -> list[Any]:
    found: list[Any] = command(place.home, "show", "contracts", location)["labels"]
    return found


def newest_job(place: Place) -> Any:
    return command(place.home, "jobs", "contracts")["items"][0]


def _is_gone(row: str, screen: str) -> bool:
    return row not in screen.splitlines()


def end(terminal: Terminal, ending: str) -> int:
    """Ends the program from outside; its exit code, or minus the signal."""
    if ending == "closed":
        terminal.hang_up()
    else:
        os.kill(terminal.pid, signal.Signals[ending])
    return terminal.ended()


@pytest.mark.parametrize("ending", ["closed", "SIGTERM"])
def test_a_job_outlives_the_terminal_that_started_it(suggested: Place, ending: str) -> None:
    with Terminal(suggested.home, *OPEN) as terminal:
        open_the_last_step(terminal, "first")
        with held(terminal, "s", suggested.home) as runner:
            terminal.until("1 running, 3 in all")
            end(terminal, ending)
            assert is_running(runner.pid)
            assert newest_job(suggested)["state"] == "running"
            with Terminal(suggested.home, *OPEN) as another:
                another.until("contracts > ")
                another.press("J").until("1 running, 3 in all")
                runner.go_on()
                another.until("0 running, 3 in all")
                another.until(lambda screen: re.search(r"[1-9]\d\d done, 0 failed, 0 waiting", screen))
    job = newest_job(suggested)
    assert (job["state"], job["failed"]) == ("succeeded", []), job
    unlabeled = command(suggested.home, "documents", "contracts", "--filter", "unlabeled")["items"]
    assert job["documents"] > 64 > len(unlabeled)


@pytest.mark.parametrize("ending", ["closed", "SIGTERM"])
def test_what_a_session_has_taken_is_free_once_it_was_ended_from_outside(
    contracts: Place, azurite: Azurite, ending: str
) -> None:
    name = f"c{uuid4().hex[:16]}"
    way_in = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
    with azurite.plain_client(name) as client:
        client.create_container()
        client.upload_blob("one.txt", b"Ann Lee lives in Berlin.")
        create = ("project", "create", "contracts", "--kind", "ner", "--container", azurite.url(name))
        command(contracts.home, *create, environment=way_in)

        def far() -> list[str]:
            names = [blob.name for blob in client.list_blobs(name_starts_with=".tui-labeler/")]
            return [each for each in names if "/takes/" in each]

        def near() -> list[str]:
            return [path.name for path in contracts.home.glob("projects/*/takes/*.json")]

        with Terminal(contracts.home, *OPEN, environment=way_in) as terminal:
            terminal.until("Ann Lee")
            wait_for(lambda: bool(near() and far()), "a take here and there")
            end(terminal, ending)
            assert (near(), far()) == ([], [])
            assert "Unclosed" not in terminal.text


def test_a_training_outlives_the_terminal_that_started_it(contracts: Place) -> None:
    create = ("project", "create", "contracts", "--kind", "ner", "--container", str(contracts.documents))
    command(contracts.home, *create, "--labels", str(contracts.labels))
    with Terminal(contracts.home, *OPEN) as terminal:
        terminal.until("contracts > ")
        terminal.press("T").until("Start training")
        with held(terminal, "s", contracts.home) as runner:
            terminal.until("running")
            end(terminal, "closed")
            assert newest_job(contracts)["state"] == "running"
            with Terminal(contracts.home, *OPEN) as another:
                another.until("contracts > ")
                another.press("J").until("1 running, 1 in all")
                runner.go_on()
                another.until("0 running, 1 in all")
                another.press("enter").until("[1 Overview]")
    assert newest_job(contracts)["state"] == "succeeded"


LABELS_FILE = "its path"
"""Typed in the place of a key."""

SCREENS: dict[str, tuple[tuple[str, str], ...]] = {
    "projects": (("q", "The review is over"), ("q", "1 project")),
    "labeling": (),
    "a dialog": (("f", "Which suggestions?"),),
    "a field": (("I", "Path of a labels file"),),
    "wizard": (("L", "[1 Method]"), ("l", "[2 Model]"), ("l", "[3 Entities]"), ("l", "[4 Documents]")),
    "jobs": (("J", "autolabel first"),),
    "training": (("T", "Start training"),),
    "performance": (("P", "1 model"), ("enter", "[1 Overview]")),
    "help": (("?", "Page back"),),
    "find in all": (("ctrl+f", "Find in all documents"),),
    "export": (("E", "What would be written"),),
    "categories": (("K", "description"),),
    "resources": (("@", "deployment"),),
    "new project": (("q", "The review is over"), ("q", "1 project"), ("n", "New project")),
    "project settings": (("O", "Project settings"),),
    "models": (("P", "1 model"),),
    "last step": (
        *(("L", "[1 Method]"), ("l", "[2 Model]"), ("l", "[3 Entities]"), ("l", "[4 Documents]")),
        *(("*", "selected: "), ("l", "[5 Review and start]")),
    ),
    "a text in the wizard": (
        *(("L", "[1 Method]"), ("l", "[2 Model]"), ("l", "[3 Entities]"), ("l", "[4 Documents]")),
        ("enter", "Page down"),
    ),
    "Azure Machine Learning": (("H", "Azure Machine Learning"),),
    "palette": ((":", "Move the ends of the label"),),
    "distribution": (("\\", "q Back"),),
    "many": (("M", "Accept which suggestions?"),),
    "where a suggestion comes from": (("i", "Where this"),),
    "a search in the text": (("/", "Search"),),
    "a new category": (("K", "description"), ("n", "Name")),
    "a new resource": (("L", "[1 Method]"), ("a", "Name")),
    "path of an export": (("E", "What would be written"), ("s", "Path of the file")),
    "an import": (("I", "Path of a labels file"), (LABELS_FILE, ""), ("enter", "What would change")),
    "agreement": (("|", "> Agreement"),),
    "adjudication": (("W", "> Adjudication"),),
}
"""Keys that lead to each, and words that show that one is there."""


SIGNALS = ("SIGHUP", "SIGTERM")

BOTH = ("labeling", "a field", "jobs")
"""What a signal does may differ where keys, a field or others' news are waited for."""

FEWER = ("find in all", "export", "categories", "resources")
"""Of these, where the terminal goes is like elsewhere: one ending each, unless all are asked for."""

LEFT = ("projects", "new project")
"""The project is left before: what is not saved would be asked about."""

RARE = tuple(SCREENS)[tuple(SCREENS).index("new project") :]
"""These are ended only where all is asked for."""


def _endings() -> Iterator[tuple[str, str]]:
    """The line drops, and a signal comes, in each; every signal in each with ``TUI_LABELER_ENDINGS=all``."""
    every = os.environ.get("TUI_LABELER_ENDINGS") == "all"
    for number, screen in enumerate(SCREENS):
        if screen in RARE and not every:
            continue
        if every or screen not in FEWER:
            yield screen, "closed"
        for signal_name in SIGNALS if every or screen in BOTH else (SIGNALS[number % 2],):
            yield screen, signal_name


ENDINGS = tuple(_endings())


@pytest.mark.parametrize(("screen", "ending"), ENDINGS)
def test_what_was_saved_is_there_wherever_the_program_is_ended(
    suggested: Place, screen: str, ending: str
) -> None:
    location = "agreement04.txt"
    with Terminal(suggested.home, *OPEN, "--document", location, "--review") as terminal:
        terminal.until("0 of ")
        terminal.press("a").until("1 of ")
        terminal.press("ctrl+s").until("1 label in 1 document")
        if screen not in LEFT:
            terminal.press("a").until("1 unsaved")
        for key, words in SCREENS[screen]:
            if key == LABELS_FILE:
                terminal.type(str(suggested.labels))
            else:
                go(terminal, [(key, words)])
        code = end(terminal, ending)
        assert b"Traceback" not in terminal.received
        # Of a terminal that is gone nothing can be said: nobody reads what is sent to it, and Python has a
        # code of its own for an output that it could not flush.
        if ending != "closed":
            assert code == 128 + signal.Signals[ending]
            assert [mode for mode in LEFT_AT_THE_END if mode not in terminal.received[-2000:]] == []
    assert len(labels_of(suggested, location)) == (1 if screen in LEFT else 2)


def test_a_dropped_line_ends_a_program_whose_output_is_not_buffered(suggested: Place) -> None:
    """As in many container images: there each write to the terminal that is gone fails at once."""
    with Terminal(suggested.home, *OPEN, environment={"PYTHONUNBUFFERED": "1"}) as terminal:
        terminal.until("contracts > ")
        terminal.send("j")
        terminal.hang_up()
        # Raises where it runs on; nobody is left who could be told a code.
        terminal.ended()


def test_a_decision_that_was_shown_survives_kill_9(suggested: Place) -> None:
    location = "agreement04.txt"
    with Terminal(suggested.home, *OPEN, "--document", location, "--review") as terminal:
        terminal.until("0 of ")
        before = len(labels_of(suggested, location))
        for number in range(1, 4):
            terminal.press("a").until(f"{number} of ")
        terminal.until("3 unsaved")
        terminal.kill()
    assert len(labels_of(suggested, location)) == before + 3
    with Terminal(suggested.home, *OPEN, "--document", location) as terminal:
        terminal.until("3 unsaved")
        terminal.press("ctrl+s").until("3 labels in 1 document")
        terminal.kill()
    with Terminal(suggested.home, *OPEN, "--document", location) as terminal:
        screen = terminal.until(location)
        terminal.until("category")
        assert "unsaved" not in screen
    assert len(labels_of(suggested, location)) == before + 3


def test_two_terminals_see_each_others_decisions(
    suggested: Place, record_property: Callable[[str, object], None]
) -> None:
    location = "agreement04.txt"
    there = ("--document", location)
    with (
        Terminal(suggested.home, *OPEN, *there) as first,
        Terminal(suggested.home, *OPEN, *there, environment={"TUI_LABELER_NAME": "bo"}) as second,
    ):
        first.until("ContractNumber")
        second.until("ContractNumber")
        wait_for(lambda: any("with " in one.settle().split("\n")[0] for one in (first, second)), "one has it")
        count = re.compile(rf"{re.escape(location)} +(\d+\*?)?")
        # One accepts the first suggestion of the document, the other its last.
        for decider, other, way in ((first, second, ";"), (second, first, "'")):
            # A document is with one of them at a time.
            decider.press("ctrl+t")
            other.until(f"with {'ana' if decider is first else 'bo'}")
            decider.settle()
            other.settle()
            before = [row for row in other.rows if count.search(row[:40])]
            decider.press(way, "a").until("1 unsaved")
            began = time.monotonic()
            other.until(partial(_is_gone, before[-1]))
            record_property("seconds until the other saw it", round(time.monotonic() - began, 2))
    assert {label["by"] for label in labels_of(suggested, location) if "by" in label} <= {"ana", "bo"}
    assert len(labels_of(suggested, location)) == 2


def test_a_job_that_another_terminal_starts_is_shown_and_can_be_cancelled(suggested: Place) -> None:
    with Terminal(suggested.home, *OPEN) as first, Terminal(suggested.home, *OPEN) as second:
        second.until("contracts > ")
        open_the_last_step(first, "first")
        with held(first, "s", suggested.home) as runner:
            second.until("1 job running")
            second.press("J").until("autolabel first")
            second.press("c").until("cancelling")
            runner.go_on()
            second.until("cancelled")
            first.until("cancelled")
    wait_for(lambda: newest_job(suggested)["state"] == "cancelled", "the job is cancelled")


def test_a_terminal_that_goes_ends_the_program_that_no_signal_tells(suggested: Place) -> None:
    """One that is not the controlling terminal, as under some wrappers: the kernel sends no signal."""
    master, slave = pty.openpty()
    argv = [sys.executable, "-m", "tui_labeler", *OPEN]
    environment = environment_of(suggested.home, {})
    with subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    ) as program:
        os.close(slave)
        try:
            seen = b""
            while b"contracts" not in seen:
                seen += os.read(master, 1 << 16)
            os.close(master)
            # 120: nobody is left to whom the interpreter could send its last words.
            assert program.wait(DEADLINE) in (120, 128 + signal.SIGHUP)
        finally:
            program.kill()


def test_a_home_that_was_set_back_is_told_by_the_shell_once_the_application_has_ended(
    contracts: Place, tmp_path: Path
) -> None:
    create = ("project", "create", "contracts", "--kind", "ner", "--container", str(contracts.documents))
    command(contracts.home, *create, "--category", "Party")
    shutil.copytree(contracts.home, tmp_path / "backup")
    with Terminal(contracts.home, *OPEN) as terminal:
        terminal.until("contracts > ")
        terminal.press("v", "1").until("1 unsaved")
        shutil.rmtree(contracts.home / "projects")
        shutil.copytree(tmp_path / "backup" / "projects", contracts.home / "projects")
        terminal.press("ctrl+q").until("not saved")
        terminal.press("l")
        assert terminal.ended() == 3
        said = bytes(terminal.received).rpartition(LEFT_AT_THE_END[0])[2].decode()
    assert "was there and is missing" in " ".join(said.split())
