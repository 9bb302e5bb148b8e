"""The program inside tmux and GNU screen, each on a server of its own that ends with the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import Terminal, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.terminal.conftest import Place

OPEN = ("open", "letters", "--document", "a.txt")


@dataclass(frozen=True)
class Multiplexer:
    """How one is started, left, come back to and ended."""

    new: tuple[str, ...]
    attach: tuple[str, ...]
    detach: tuple[str, ...]
    end: tuple[str, ...]
    environment: dict[str, str | None]


def _tmux(program: str, folder: Path) -> Multiplexer:
    settings = folder / "tmux.conf"
    settings.write_text("set -g status off\nset -g default-terminal tmux-256color\nset -g focus-events on\n")
    server = (program, "-S", str(folder / "tmux"), "-f", str(settings), "-u")
    new = (*server, "new-session", "/bin/sh")
    return Multiplexer(new, (*server, "attach"), ("ctrl+b", "d"), (*server, "kill-server"), {})


def _screen(program: str, folder: Path) -> Multiplexer:
    settings = folder / "screenrc"
    settings.write_text("startup_message off\nterm screen-256color\ndefutf8 on\naltscreen on\n")
    session = (program, "-c", str(settings), "-U", "-S", "work")
    there: dict[str, str | None] = {"SCREENDIR": str(folder), "SHELL": "/bin/sh"}
    return Multiplexer(
        session, (program, "-U", "-r", "work"), ("ctrl+a", "d"), (*session, "-X", "quit"), there
    )


@pytest.fixture(params=["tmux", "screen"])
def multiplexer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Multiplexer]:
    """One that knows nobody else's sessions and settings."""
    program = shutil.which(request.param)
    if program is None:
        pytest.skip(f"no {request.param}, which this runs the program in")
    folder = tmp_path / "server"
    folder.mkdir(mode=0o700)
    made = {"tmux": _tmux, "screen": _screen}[request.param](program, folder)
    yield made
    environment = {**os.environ, **{name: value for name, value in made.environment.items() if value}}
    subprocess.run(made.end, env=environment, capture_output=True, check=False)


def drawn(rows: list[str]) -> list[str]:
    """The screen without its two last lines, which tell of what was done last."""
    return rows[:-2]


def without_taker(rows: list[str]) -> list[str]:
    """As :func:`drawn`, where nobody else had the document."""
    return drawn([row.replace("@   a.txt", "    a.txt") for row in rows])


def test_a_document_is_labeled_in_a_multiplexer_and_is_there_after_detaching(
    unlabeled: Place, multiplexer: Multiplexer
) -> None:
    around = multiplexer.environment
    with Terminal(unlabeled.home, command=multiplexer.new, environment=around) as terminal:
        terminal.until(lambda screen: screen.rstrip().endswith(("$", "#")))
        terminal.type(f"exec {terminal.program} {' '.join(OPEN)}\r").until("Ann Lee")
        terminal.press("v", "w").until("Selected")
        terminal.press("1").until("1 unsaved")
        terminal.press("down", "up", "=").until("3 unsaved")
        terminal.resize(80, 24)
        terminal.until(lambda screen: screen.split("\n")[-1].endswith("? Help"))
        terminal.press(*multiplexer.detach)
        assert terminal.ended() == 0
    size = (100, 30)
    with (
        Terminal(unlabeled.home, command=multiplexer.attach, size=size, environment=around) as terminal,
        Terminal(unlabeled.home, *OPEN, size=size) as bare,
    ):
        bare.until("3 unsaved")
        # That the document is with the one in the multiplexer is shown in the other alone.
        bare.until("with ana")
        terminal.until(lambda _: bare.settle() and drawn(terminal.rows[1:]) == without_taker(bare.rows[1:]))
        terminal.press("ctrl+s").until("3 labels in 1 document")
        terminal.press("ctrl+q")
        assert terminal.ended() == 0
    shown = command(unlabeled.home, "show", "letters", "a.txt")["labels"]
    assert [label["text"] for label in shown] == ["Ann Lee"] * 3
