"""Two people at two terminals, a home each, and a folder between them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import Terminal, command, is_so
from tests.terminal.test_lines import sent_when_idle

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {"a.txt": "Ann Lee lives in Berlin.\n", "b.txt": "Bo Sand lives in Ghent.\n"}
OPEN = ("open", "letters", "--document")


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    """Of Ana, who made the project, and of Bo, who joined it; both sync every second."""
    texts = tmp_path / "texts"
    texts.mkdir()
    for name, text in TEXTS.items():
        (texts / name).write_text(text)
    found = tmp_path / "ana", tmp_path / "bo"
    for home in found:
        home.mkdir()
        (home / "settings.toml").write_text(f'name = "{home.name}"\nsync_every = 1\n')
        command(
            home,
            *("project", "create", "letters", "--kind", "ner", "--container", str(texts), "--share"),
            *("--category", "Person", "--category", "Town"),
        )
    return found


def test_what_one_saves_the_other_sees_and_what_both_make_differently_is_decided(
    homes: tuple[Path, Path],
) -> None:
    with (
        Terminal(homes[0], *OPEN, "a.txt") as ana,
        Terminal(homes[1], *OPEN, "b.txt", size=(80, 24)) as bo,
    ):
        ana.until("synced")
        bo.until("synced")
        ana.press("v", "w", "1")
        ana.until("1 unsaved")
        ana.press("ctrl+s")
        ana.until("Labels saved")
        bo.press("[")
        bo.until("━Person")
        bo.press("q")
        bo.until("1 project")
        label = ("label", "letters", "b.txt", "--offset", "0")
        command(homes[1], *label, "--length", "2", "--category", "Town")
        command(homes[0], *label, "--length", "7", "--category", "Person")
        ana.until(partial(is_so, "-pending"))
        bo.press("enter")
        bo.until("conflict 1")
        bo.press("Y")
        bo.until("“Bo Sand”")
        bo.press("t")
        bo.until("No conflict is left")
        bo.press("q")
        bo.until("synced")
    for home in homes:
        shown = command(home, "show", "letters", "b.txt")["labels"]
        assert [(item["category"], item["text"]) for item in shown] == [("Person", "Bo Sand")]


def test_a_shared_project_that_nobody_uses_sends_nothing(homes: tuple[Path, Path]) -> None:
    with Terminal(homes[0], *OPEN, "a.txt") as terminal:
        terminal.until("synced")
        assert sent_when_idle(terminal, 200) == 0
