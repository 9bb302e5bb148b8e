"""Others work in the same project, people and a watcher: who has what is seen, and nobody is disturbed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import letter
from tests.terminal.driver import Terminal, command, environment_of, is_so

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.terminal.conftest import Place

OPEN = ("open", "contracts", "--document")
BO: dict[str, str | None] = {"TUI_LABELER_NAME": "bo"}


@pytest.fixture
def place(letters: Place, tmp_path: Path) -> Place:
    """A project whose documents are the test's own, half of those that had suggestions without any."""
    mine = tmp_path / "mine"
    shutil.copytree(letters.documents, mine)
    (project,) = (letters.home / "projects").iterdir()
    path = project / "project.json"
    path.write_text(path.read_text().replace(str(letters.documents), str(mine)))
    command(letters.home, "reject", "contracts", "--document", "letter13.txt")
    return replace(letters, documents=mine)


@pytest.fixture
def watcher(place: Place) -> Iterator[subprocess.Popen[str]]:
    """Round after round, from the first one's end on."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tui_labeler", "watch", "contracts", "--model", "first", "--every", "1"],
        env=environment_of(place.home, {"TUI_LABELER_NAME": "watcher"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert _round(process)["round"] == 1
    yield process
    process.kill()
    process.communicate()


def _round(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def test_new_documents_are_suggested_and_who_labels_beside_that_notices_it_in_the_list_alone(
    place: Place, watcher: subprocess.Popen[str]
) -> None:
    with Terminal(place.home, *OPEN, "letter13.txt") as terminal:
        terminal.until("contracts > letter13.txt")
        terminal.press("v", "1")
        terminal.until("1 unsaved")
        terminal.press("w", "w", "v", "l")
        terminal.until("Selected.")
        text, status = [row[31:84] for row in terminal.rows[1:20]], terminal.rows[-2][:60]
        cursor = bytes(terminal.received).count(b"\x1b[6 q")
        (place.documents / "letter99.txt").write_bytes(letter(5).encode())
        while not (found := _round(watcher))["sync"]["added"]:
            pass
        assert (found["documents"], found["state"]) == (1, "succeeded")
        terminal.until("17 documents")
        terminal.settle()
        assert "contracts > letter13.txt" in terminal.rows[0]
        assert "1 unsaved" in terminal.rows[0]
        assert [row[31:84] for row in terminal.rows[1:20]] == text
        assert terminal.rows[-2][:60] == status
        assert bytes(terminal.received).count(b"\x1b[6 q") == cursor
        terminal.press("1")
        terminal.until("2 unsaved")
        row = next(row for row in terminal.rows if "letter99.txt" in row)
        assert row.split("│")[0].split()[-1] == "2"
    shown = command(place.home, "show", "contracts", "letter99.txt")
    assert len(shown["suggestions"]) == 2


def test_of_two_people_one_has_the_document_and_when_they_are_killed_it_is_free(place: Place) -> None:
    with (
        Terminal(place.home, *OPEN, "letter13.txt") as ana,
        Terminal(place.home, *OPEN, "letter12.txt", size=(80, 24), environment=BO) as bo,
    ):
        ana.until("letter13.txt")
        bo.until("letter12.txt")
        bo.press("]")
        bo.until("with ana")
        bo.press("v", "1")
        bo.until("Somebody else has this")
        ana.until(partial(is_so, "-unsaved"))
        ana.press("[")
        bo.until(partial(is_so, "-with ana"))
        ana.until("@   letter13.txt")
        ana.press("]")
        ana.until("with bo since")
        os.kill(bo.pid, signal.SIGKILL)
        assert bo.ended() == -signal.SIGKILL
        ana.until(partial(is_so, "-with bo"))
        ana.press("v", "1")
        ana.until("1 unsaved")
    labels = command(place.home, "show", "contracts", "letter13.txt")["labels"]
    assert len(labels) == 1


def test_a_document_that_came_since_is_opened_by_its_name(place: Place) -> None:
    (place.documents / "new.txt").write_text("Dora Quill went to Lyon.\n")
    with Terminal(place.home, *OPEN, "new.txt") as terminal:
        terminal.until("Dora Quill")
        terminal.press("ctrl+q")
        assert terminal.ended() == 0
