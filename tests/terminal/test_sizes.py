"""From the first label to the saved one on every size of screen, and what a change of size leaves alone."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import Terminal, command, is_so
from tests.terminal.test_kinds import COLOURS

if TYPE_CHECKING:
    from tests.terminal.conftest import Place

OPEN = ("open", "letters", "--document", "a.txt")

NARROW, WIDE = (60, 20), (120, 40)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)], ids=str)
def test_a_document_is_labeled_from_nothing(unlabeled: Place, size: tuple[int, int]) -> None:
    with Terminal(unlabeled.home, *OPEN, size=size) as terminal:
        terminal.until("Ann Lee")
        # Two words are selected and labeled, and the same words everywhere with them.
        terminal.press("v", "w").until("Selected")
        terminal.press("1").until("1 unsaved")
        terminal.until("━Person*")
        terminal.press("=").until("3 unsaved")
        # With a brush, a word and enter are a label.
        terminal.press("}", "7", "w").until("line 4 of 5")
        terminal.press("B", "2").until("Brush: Town")
        terminal.press("enter").until("4 unsaved")
        terminal.press("B").until(partial(is_so, "-Brush: Town"))
        terminal.press("g", "j", "v", "w", "1").until("5 unsaved")
        terminal.press("u").until("4 unsaved")
        terminal.press("ctrl+r").until("5 unsaved")
        terminal.press("ctrl+s").until("5 labels in 1 document")
        saved = terminal.until(partial(is_so, "-unsaved"))
        terminal.press("U").until("> b.txt")
    found = command(unlabeled.home, "show", "letters", "a.txt")["labels"]
    labels = [(label["text"], label["category"]) for label in found]
    assert labels == [
        ("Ann Lee", "Person"),
        ("Bo Sand", "Person"),
        ("Ann Lee", "Person"),
        ("Ann Lee", "Person"),
        ("Porto", "Town"),
    ]
    assert saved.count("━Person") == 4
    assert saved.count("━Town") == 1


def to_the_documents(terminal: Terminal) -> None:
    """The wizard up to its fourth step."""
    for key, words in (
        ("L", "[1 Method]"),
        ("l", "[2 Model]"),
        ("l", "[3 Entities]"),
        ("l", "[4 Documents]"),
    ):
        terminal.press(key).until(words)


@pytest.mark.parametrize(
    "environment", [{"TERM": "linux", "LANG": "C"}, {"NO_COLOR": "1"}], ids=lambda given: "+".join(given)
)
def test_the_wizard_starts_a_job_on_a_terminal_that_can_do_little(
    letters: Place, environment: dict[str, str | None]
) -> None:
    with Terminal(letters.home, "open", "contracts", size=(80, 24), environment=environment) as terminal:
        terminal.until("contracts > ")
        to_the_documents(terminal)
        terminal.press("f").until("documents in all")
        terminal.press("space", "space").until("selected: 2 documents")
        # Back to the categories and forth again: nothing is lost, and one category is left out.
        terminal.press("h").until("[3 Entities]")
        terminal.press("space").until("1 of 2 selected")
        terminal.press("l").until("selected: 2 documents")
        terminal.press("l").until("s starts the job")
        terminal.press("s").until("0 running, 3 in all")
        terminal.press("q").until("> letter")
        sent = bytes(terminal.received)
    job = command(letters.home, "jobs", "contracts")["items"][0]
    assert (job["state"], job["documents"]) == ("succeeded", 2)
    if "NO_COLOR" in environment:
        assert COLOURS.search(sent) is None
    else:
        assert re.search(rb"[\x80-\xff]", sent) is None


def shrink_and_grow(terminal: Terminal, words: str) -> None:
    """The screen gets small and large again; what was typed or chosen is there each time."""
    for size in (NARROW, WIDE):
        terminal.resize(*size)
        terminal.until(words)
        terminal.settle()


def test_a_change_of_size_leaves_dialogs_and_the_wizard_as_they_are(letters: Place) -> None:
    with Terminal(letters.home, "open", "contracts", "--document", "letter12.txt") as terminal:
        terminal.until("Town")
        for key, opened in (
            ("/", "Search"),
            ("F", "Flag this"),
            (":", "A command of"),
            ("I", "Path of a labels"),
        ):
            terminal.press(key).until(opened)
            terminal.type("some w")
            shrink_and_grow(terminal, "some w")
            # The field still has the focus.
            terminal.type("ords").until("some words")
            terminal.press("ctrl+g").until(partial(is_so, "-some words"))
        terminal.press("?").until("Page back")
        shrink_and_grow(terminal, "Data labeling")
        terminal.press("q").until("> letter12.txt")
        terminal.press("v", "w").until("Selected")
        shrink_and_grow(terminal, "Selected")
        terminal.press("v")
        to_the_documents(terminal)
        terminal.press("f").until("documents in all")
        terminal.press("space", "j", "space")
        terminal.until("selected: 2 documents")
        shrink_and_grow(terminal, "selected: 2")
        terminal.press("/").type("letter0")
        shrink_and_grow(terminal, "letter0")
        terminal.type("3").until("letter03")
        terminal.press("ctrl+g").until("selected: 2")
        terminal.press("l").until("s starts the job")
        shrink_and_grow(terminal, "s starts the job")
        for _ in range(5):
            terminal.press("q")
        terminal.until("> letter12.txt")
        assert b"Traceback" not in terminal.received
