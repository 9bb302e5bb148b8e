"""Terminals that can do little, terminals that change, and a shell that takes the terminal back."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import Terminal, command, is_so
from tui_labeler.screens.widgets.glyphs import ASCII, UNICODE

if TYPE_CHECKING:
    from tests.terminal.conftest import Place

COLOURS = re.compile(rb"\x1b\[[0-9;:]*?(?<![0-9])(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?![0-9])[0-9;:]*m")
"""SGR sequences that choose a colour."""

MORE_THAN_16 = re.compile(rb"\x1b\[[0-9;:]*?(?<![0-9])[34]8[;:][0-9;:]*m")
"""SGR sequences that choose one of 256 colours, or of all."""

LETTER = "letter12.txt"
OPEN = ("open", "contracts", "--document", LETTER)

KINDS: dict[str, tuple[tuple[int, int], dict[str, str | None]]] = {
    "a PC's console": ((80, 24), {"TERM": "linux"}),
    "16 colours": ((120, 40), {"TERM": "xterm-16color"}),
    "16 colours, small": ((80, 24), {"TERM": "xterm-16color"}),
    "no colour": ((120, 40), {"NO_COLOR": "1"}),
    "no colour, small": ((80, 24), {"NO_COLOR": "1"}),
    "the C locale": ((120, 40), {"LANG": "C"}),
    "the C locale, small": ((80, 24), {"LC_ALL": "C", "TERM": "vt100"}),
    "a screen in a terminal": ((80, 24), {"TERM": "screen"}),
}

WAY: tuple[tuple[str, str], ...] = (
    ("r", "Accept all"),
    *(("L", "[1 Method]"), ("l", "[2 Model]"), ("p", "[1 Overview]"), ("q", "-[1 Overview]")),
    *(("l", "[3 Entities]"), ("l", "[4 Documents]"), ("q", "[3 Entities]"), ("q", "[2 Model]")),
    *(("q", "[1 Method]"), ("q", "-[1 Method]")),
    *(("J", "0 running, 2 in all"), ("down", "F1 score"), ("enter", "[1 Overview]")),
    *(("2", "all (micro)"), ("3", "rows: actual"), ("4", "[4 Test"), ("5", "[5 ")),
    *(("q", "-[5 "), ("q", "-2 in all")),
    *(("T", "Start training"), ("enter", "Which model?"), ("q", "-Which model?"), ("q", "-Start training")),
    *(("P", "D Delete"), ("q", "-D Delete")),
    *(("?", "Page back"), ("space", "Page back"), ("q", "-Page back")),
    *(("K", "contracts > Entities"), ("q", "-contracts > Entities")),
    *(("f", "Which suggestions?"), ("ctrl+g", "-Which suggestions?")),
    *((":", "A command of this screen"), ("ctrl+g", "-A command of this screen")),
    *(("E", "Export saved labels"), ("ctrl+g", "-Export saved labels")),
    *(("i", "Where this suggestion"), ("q", "-Where this suggestion")),
    *(("q", "The review is over"), ("q", "1 project"), ("n", "Labels file"), ("ctrl+g", "-Labels file")),
)
"""Keys that lead over the screens, and words that each brings, or takes away where they start with ``-``."""


def walk(terminal: Terminal) -> bytes:
    """Looks at every screen; all that was sent meanwhile."""
    terminal.until(LETTER)
    for key, words in WAY:
        terminal.press(key).until(partial(is_so, words))
        terminal.settle()
    terminal.press("q")
    assert terminal.ended() == 0
    return bytes(terminal.received)


def accept(terminal: Terminal) -> None:
    terminal.press(";", "a").until("1 unsaved")


def label(terminal: Terminal) -> None:
    terminal.press("g", "v", "w").until("Selected")
    terminal.press("1").until("2 unsaved")


def save(terminal: Terminal, place: Place) -> None:
    """Saves an accepted suggestion and a label made by hand, and looks whether they are there."""
    terminal.press("ctrl+s").until("2 labels in 1 document")
    labels = command(place.home, "show", "contracts", LETTER)["labels"]
    assert [item["text"] for item in labels[:1]] == ["Letter 12"]
    assert len(labels) == 2


@pytest.mark.parametrize("environment", [{"TERM": "linux", "LANG": "C"}, {"LC_ALL": "C", "NO_COLOR": "1"}])
def test_every_screen_is_ascii_where_the_locale_is_c_and_without_colour_where_none_is_wanted(
    letters: Place, environment: dict[str, str | None]
) -> None:
    size = (120, 40) if "NO_COLOR" in environment else (80, 24)
    with Terminal(letters.home, *OPEN, size=size, environment=environment) as terminal:
        sent = walk(terminal)
        signs = terminal.ever_seen
    foreign = re.search(rb"[\x80-\xff]", sent)
    assert foreign is None, sent[foreign.start() - 80 : foreign.end() + 40]
    assert {ASCII.label, ASCII.suggestion} <= signs
    colour = COLOURS.search(sent)
    assert (colour is None) == ("NO_COLOR" in environment), colour


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_labeled_and_a_suggestion_accepted_on_every_kind_of_terminal(
    letters: Place, kind: str
) -> None:
    size, environment = KINDS[kind]
    with Terminal(letters.home, *OPEN, size=size, environment=environment) as terminal:
        terminal.until(LETTER)
        terminal.until("Town")
        accept(terminal)
        # Beside the label that came of it stands a suggestion, and the two differ without any colour.
        plain = {"LANG", "LC_ALL"} & set(environment) or environment.get("TERM") == "linux"
        signs = ASCII if plain else UNICODE
        terminal.until(lambda screen: signs.label in screen and signs.suggestion in screen)
        label(terminal)
        save(terminal, letters)
        sent = bytes(terminal.received)
    if environment.get("TERM") in ("linux", "xterm-16color"):
        assert COLOURS.search(sent)
        assert MORE_THAN_16.search(sent) is None
    if "NO_COLOR" in environment:
        assert COLOURS.search(sent) is None
    if signs is ASCII:
        assert re.search(rb"[\x80-\xff]", sent) is None


def test_the_signs_for_plain_terminals_are_ascii() -> None:
    assert [field.name for field in fields(ASCII) if not getattr(ASCII, field.name).isascii()] == []


def _fills(columns: int, rows: int, screen: str) -> bool:
    lines = screen.split("\n")
    return len(lines) == rows and lines[-1].endswith("? Help") and columns - 1 <= len(lines[-1]) <= columns


def test_a_terminal_that_changes_its_size_is_drawn_anew(letters: Place) -> None:
    with Terminal(letters.home, *OPEN) as terminal:
        terminal.until("Town")
        for columns, rows in ((80, 24), (200, 60), (40, 12), (120, 40)):
            terminal.resize(columns, rows)
            terminal.until(partial(_fills, columns, rows))
            assert terminal.rows[0].startswith(" contracts > l")
            if columns == 80:
                accept(terminal)
        label(terminal)
        terminal.resize(80, 24)
        save(terminal, letters)


def test_a_script_that_has_started_the_program_is_suspended_with_it(letters: Place) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("no bash, whose job control this needs")
    with Terminal(letters.home, command=(shell, "--norc", "--noprofile", "-i")) as terminal:
        terminal.type("PS1='ready> '\r").until("ready>")
        script = shlex.join([shell, "-c", f"{terminal.program} {' '.join(OPEN)}; echo the script' goes on'"])
        terminal.type(f"{script}\r").until("Town")
        terminal.settle()
        before = terminal.text
        terminal.press("ctrl+z")
        assert "? Help" not in terminal.until("Stopped")
        terminal.type("echo in the shell\r").until(lambda screen: screen.count("in the shell") == 2)
        terminal.type("fg\r").until(lambda screen: screen == before)
        terminal.press("q").until("1 project")
        terminal.press("q").until("the script goes on")
        terminal.type("stty -a\r").until(" echo ")


def test_a_program_that_no_shell_waits_for_is_not_suspended(letters: Place) -> None:
    with Terminal(letters.home, *OPEN) as terminal:
        terminal.until("Town")
        terminal.press("ctrl+z").until("There is no shell here")
        terminal.press("ctrl+x").until(lambda screen: "There is no shell here" not in screen)
        terminal.press("q").until("1 project")


def _child(shell: int) -> int:
    """The one process that a shell has started."""
    (child,) = Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split()
    return int(child)


@pytest.mark.parametrize("way", ["ctrl+z", "SIGTSTP"])
def test_the_shell_takes_the_terminal_and_gives_it_back(letters: Place, way: str) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("no bash, whose job control this needs")
    with Terminal(letters.home, command=(shell, "--norc", "--noprofile", "-i")) as terminal:
        terminal.type("PS1='ready> '\r").until("ready>")
        terminal.type(f"{terminal.program} {' '.join(OPEN)}\r").until("Town")
        accept(terminal)
        terminal.settle()
        before = terminal.text
        if way == "ctrl+z":
            # From a field too.
            terminal.press("#").until("Go to line")
            terminal.press("ctrl+z")
        else:
            os.kill(_child(terminal.pid), signal.SIGTSTP)
        # This terminal has no other screen to go back to: nothing of the picture may be left.
        assert "? Help" not in terminal.until("Stopped")
        terminal.type("echo in the shell\r").until(lambda screen: screen.count("in the shell") == 2)
        terminal.type("fg\r").until("Town")
        if way == "ctrl+z":
            terminal.until("Go to line")
            terminal.press("ctrl+g").until(lambda screen: "Go to line" not in screen)
        terminal.until(lambda screen: screen == before)
        # The wizard lies over two other screens.
        terminal.press("L").until("Method")
        terminal.settle()
        wizard = terminal.text
        os.kill(_child(terminal.pid), signal.SIGTSTP)
        terminal.until("Stopped")
        terminal.type("fg\r").until(lambda screen: screen == wizard)
        terminal.press("q").until(lambda screen: screen == before)
        label(terminal)
        save(terminal, letters)
        terminal.press("q").until("1 project")
        terminal.press("q").until("ready>")
        terminal.type("stty -a\r").until(" echo ")
