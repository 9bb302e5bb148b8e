"""What people do at a terminal in several tests: each step ends when the screen shows what came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.terminal.driver import is_so

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.terminal.driver import Terminal


def go(terminal: Terminal, way: Iterable[tuple[str, str]]) -> None:
    """Presses keys, each with the words that it brings, or takes away where they start with ``-``."""
    for key, words in way:
        terminal.press(key).until(partial(is_so, words))


def create_project(
    terminal: Terminal, documents: Path | str, name: str, *, kind: int = 0, labels: str = ""
) -> None:
    """Fills in the form of a new project and makes it; ``kind`` is how often the kind is turned."""
    terminal.until("First steps")
    go(terminal, [("q", "There is no project yet"), ("n", "Labels file")])
    terminal.type(str(documents)).press("down").type(name).press("down", *["space"] * kind)
    terminal.press("down", "down", "down").type(labels)
    terminal.press("ctrl+s").until(f"{name} > ")
    terminal.until("documents")


def train(terminal: Terminal) -> None:
    """Trains a first model, and looks at how it performs."""
    go(terminal, [("T", "Start training"), ("s", "[1 Overview]")])
    terminal.until("Precision")
    go(terminal, [("2", "all (micro)"), ("3", "rows: actual"), ("q", "contracts > ")])


def open_the_last_step(terminal: Terminal, model: str, *, selected: str = "selected: ") -> None:
    """Goes through the wizard with all unlabeled documents, up to the key that starts the job.

    From the fourth step it goes back once, and on again: nothing is lost.
    """
    terminal.until("contracts > ")
    go(terminal, [("L", "[1 Method]"), ("l", "[2 Model]")])
    terminal.until(model)
    go(terminal, [("l", "[3 Entities]")])
    terminal.until("8 of 8 selected")
    go(terminal, [("l", "[4 Documents]"), ("*", selected), ("h", "[3 Entities]"), ("l", selected)])
    go(terminal, [("l", "[5 Review and start]")])
    terminal.until("s starts the job")


def save_and_export(terminal: Terminal, file: Path) -> None:
    """Saves the labels, and writes them to a file."""
    go(terminal, [("ctrl+s", "Labels saved"), ("E", "What would be written"), ("s", "Path of the file")])
    terminal.press("ctrl+u").type(str(file)).press("enter").until("Labels exported")


def leave(terminal: Terminal) -> None:
    """Goes back to the projects and ends the program."""
    terminal.press("q").until("1 project")
    terminal.press("q")
    assert terminal.ended() == 0
