"""The line drops, the program is killed, two people work at once: nothing that was shown is lost."""

from __future__ import annotations

import os
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.terminal.driver import Terminal, command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.terminal.conftest import Place

OPEN = ("open", "contracts")


def labels_of(place: Place, location: str) -> list[Any]:
    found: list[Any] = command(place.home, "show", "contracts", location)["labels"]
    return found


def newest_job(place: Place) -> Any:
    return command(place.home, "jobs", "contracts")["items"][0]


def _is_gone(row: str, screen: str) -> bool:
    return row not in screen.splitlines()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def start_a_long_job(terminal: Terminal) -> None:
    """Autolabels all unlabeled documents through the wizard, and looks on until some are done."""
    terminal.until("contracts > ")
    terminal.press("L").until("[1 Method]")
    terminal.press("l").until("first")
    terminal.press("l").until("8 of 8 selected")
    terminal.press("l").until("[4 Documents]")
    terminal.press("*", "l").until("s starts the job")
    terminal.press("s").until(lambda screen: re.search(r"running .* [1-9]\d*/\d+", screen))


def test_a_training_outlives_the_terminal_that_started_it(contracts: Place) -> None:
    create = ("project", "create", "contracts", "--kind", "ner", "--container", str(contracts.documents))
    command(contracts.home, *create, "--labels", str(contracts.labels))
    with Terminal(contracts.home, *OPEN) as terminal:
        terminal.until("contracts > ")
        terminal.press("T").until("Start training")
        terminal.press("s").until("running")
        terminal.hang_up()
        terminal.ended()
    assert newest_job(contracts)["state"] in ("queued", "running")
    with Terminal(contracts.home, *OPEN) as terminal:
        terminal.until("contracts > ")
        terminal.press("J").until("0 running, 1 in all")
        terminal.press("enter").until("[1 Overview]")
    assert newest_job(contracts)["state"] == "succeeded"


@pytest.mark.parametrize("screen", ["projects", "labeling", "filter", "wizard", "jobs", "help"])
def test_the_program_ends_when_the_line_drops_whatever_it_shows(suggested: Place, screen: str) -> None:
    keys = {"projects": "q", "labeling": "", "filter": "f", "wizard": "L", "jobs": "J", "help": "?"}[screen]
    words = {
        "projects": "1 project",
        "labeling": "category",
        "filter": "Which documents?",
        "wizard": "[1 Method]",
        "jobs": "autolabel first",
        "help": "Data labeling",
    }[screen]
    with Terminal(suggested.home, *OPEN) as terminal:
        terminal.until("category")
        terminal.press(*keys).until(words)
        terminal.hang_up()
        terminal.ended()
        assert not is_running(terminal.pid)


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
        count = re.compile(rf"{re.escape(location)} +(\d+\*?)?")
        # One accepts the first suggestion of the document, the other its last.
        for decider, other, way in ((first, second, ";"), (second, first, "'")):
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
        start_a_long_job(first)
        second.until("1 job running")
        second.press("J").until("autolabel first")
        second.press("c").until("cancelled")
        first.until("cancelled")
    wait_for(lambda: newest_job(suggested)["state"] == "cancelled", "the job is cancelled")
