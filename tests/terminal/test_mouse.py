"""The mouse, as a terminal reports it (SGR, 1006): all that it can do here, and that nothing needs it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.terminal.driver import Terminal, command, is_so

if TYPE_CHECKING:
    from tests.terminal.conftest import Place

DRAGGED = 32
"""What is added to a button's number while the mouse moves."""

WHEEL_UP, WHEEL_DOWN = 64, 65


def find(terminal: Terminal, words: str) -> tuple[int, int]:
    """The column and row of words on the screen, from 1."""
    terminal.until(words)
    row = next(number for number, row in enumerate(terminal.rows) if words in row)
    return terminal.rows[row].index(words) + 1, row + 1


def mouse(terminal: Terminal, *reports: tuple[int, tuple[int, int], str]) -> None:
    """Sends reports at once: each a button, a place, and ``M`` for down or ``m`` for up."""
    terminal.type("".join(f"\x1b[<{button};{column};{row}{end}" for button, (column, row), end in reports))


def click(terminal: Terminal, words: str, times: int = 1) -> None:
    """Presses and lets go of the mouse where words begin."""
    place = find(terminal, words)
    mouse(terminal, *[(0, place, "M"), (0, place, "m")] * times)


def drag(terminal: Terminal, first: str, last: str) -> None:
    """Drags the mouse from where some words begin to where others do."""
    begin, end = find(terminal, first), find(terminal, last)
    mouse(terminal, (0, begin, "M"))
    mouse(terminal, (DRAGGED, end, "M"))
    mouse(terminal, (0, end, "m"))


def test_the_mouse_labels(unlabeled: Place) -> None:
    with Terminal(unlabeled.home, "open", "letters", "--document", "b.txt") as terminal:
        terminal.until("Cleo")
        click(terminal, "a.txt", times=2)
        terminal.until("> a.txt")
        drag(terminal, "Ann Lee travels", "Lee travels")
        terminal.until("Selected")
        click(terminal, "1  ━  Person", times=2)
        terminal.until("1 unsaved")
        # A click brings the cursor to a word, a second one selects it; keys go on from there.
        click(terminal, "Berlin on", times=2)
        terminal.until("Selected")
        terminal.press("2").until("2 unsaved")
        click(terminal, "Porto")
        terminal.press("v").until("Selected")
        click(terminal, "2  ━  Town", times=2)
        terminal.until("3 unsaved")
        click(terminal, "Undo")
        terminal.until("2 unsaved")
        click(terminal, "Save labels")
        terminal.until("2 labels in 1 document")
    shown = command(unlabeled.home, "show", "letters", "a.txt")["labels"]
    assert [(label["text"], label["category"]) for label in shown] == [
        ("Ann Lee", "Person"),
        ("Berlin", "Town"),
    ]


def test_the_wheel_scrolls_the_text_and_leaves_the_cursor(unlabeled: Place) -> None:
    with Terminal(unlabeled.home, "open", "letters", "--document", "long.txt", size=(80, 24)) as terminal:
        place = find(terminal, "number 9 ")
        mouse(terminal, *[(WHEEL_DOWN, place, "M")] * 10)
        terminal.until(partial(is_so, "-number 1 "))
        mouse(terminal, *[(WHEEL_UP, place, "M")] * 10)
        terminal.until("number 1 ")
        mouse(terminal, *[(WHEEL_DOWN, place, "M")] * 10)
        terminal.until(partial(is_so, "-number 1 "))
        # A key brings the cursor's line back.
        terminal.press("w").until("number 1 ")


def test_the_mouse_goes_through_the_wizard_and_the_jobs(letters: Place) -> None:
    with Terminal(letters.home, "open", "contracts", "--document", "letter12.txt") as terminal:
        terminal.until("Town")
        for key, words in (("Autolabel", "[1 Method]"), ("Next", "[2 Model]"), ("Next", "[3 Entities]")):
            click(terminal, key)
            terminal.until(words)
        click(terminal, "Town")
        terminal.press("space").until("1 of 2 selected")
        for _ in range(3):
            click(terminal, "Back")
        terminal.until(partial(is_so, "-[1 Method]"))
        terminal.press("J").until("2 in all")
        click(terminal, "train", times=2)
        terminal.until("[1 Overview]")
        terminal.press("q").until("2 in all")
        click(terminal, "Back")
        terminal.until("> letter12.txt")
