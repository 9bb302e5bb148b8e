"""What a line does to keys: it cuts, delays, bundles and pastes them, and brings what is no key at all."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.terminal.driver import Terminal, command, is_so
from tests.terminal.sent import unfit

if TYPE_CHECKING:
    from tests.terminal.conftest import Place

OPEN = ("open", "letters", "--document", "b.txt")

PATIENT = {"ESCDELAY": "60000"}
"""So long a wait for the rest of a sequence that no machine is too slow for it."""

NO_KEYS = {
    "a late answer": b"\x1b[?62;22c",
    "a colour": b"\x1b]11;rgb:1e1e/AAAA/XXXX\x07",
    "a picture's answer": b"\x1b_Gi=1;XA\x1b\\",
    "a key of another world": b"\x1b[57;5Z",
    "a number too large": b"\x1b[99999999;1u",
    "a mouse of old": b"\x1b[M \xff\xfe",
    "half a character": b"\xe9\xff",
    "a screen without a width": b"\x1b[48;40;0;0;0t",
    "a screen too wide": b"\x1b[48;40;99999;1;1t",
}
"""What terminals send without a key. Each would be a command to the program if it were taken for keys."""


def labels_of(place: Place, location: str) -> list[Any]:
    return [
        (item["text"], item["category"])
        for item in command(place.home, "show", "letters", location)["labels"]
    ]


def sends(terminal: Terminal, data: bytes) -> None:
    """Sends bytes at once, and reads what they cause."""
    terminal.process.send(data)
    terminal.settle()


def save_and_leave(terminal: Terminal) -> None:
    terminal.press("ctrl+s").until("Labels saved")
    terminal.press("q").until("1 project")
    terminal.press("q")
    assert terminal.ended() == 0


def test_a_key_that_follows_escape_is_not_lost(unlabeled: Place) -> None:
    with Terminal(unlabeled.home, *OPEN) as terminal:
        terminal.until("Cleo")
        terminal.press("v", "w").until("Selected")
        # The selection is gone when the program has waited long enough for the rest of a sequence.
        terminal.press("escape").until(partial(is_so, "-Selected"))
        terminal.press("[").until("> a.txt")
        terminal.press("v", "w").until("Selected")
        # Whatever can't be the rest of one is a key at once.
        terminal.press("escape", "g", "v", "w").until("Selected")
        terminal.press("1").until("1 unsaved")
        save_and_leave(terminal)
    assert labels_of(unlabeled, "a.txt") == [("Ann Lee", "Person")]


def test_an_arrow_that_comes_in_parts_is_an_arrow(unlabeled: Place) -> None:
    with Terminal(unlabeled.home, *OPEN, environment=PATIENT) as terminal:
        terminal.until("Cleo")
        for part in (b"\x1b", b"[", b"C", b"\x1bO", b"C", b"\x1b", b"[C"):
            sends(terminal, part)
        terminal.press("V").until("Selected")
        sends(terminal, b"\x1b[")
        sends(terminal, b"C")
        terminal.press("1").until("1 unsaved")
        save_and_leave(terminal)
    assert labels_of(unlabeled, "b.txt") == [("o", "Person")]


def test_what_is_no_key_presses_none_and_ends_nothing(unlabeled: Place) -> None:
    with Terminal(unlabeled.home, *OPEN) as terminal:
        terminal.until("Cleo")
        terminal.press("v", "w").until("Selected")
        before = terminal.settle()
        for what, data in NO_KEYS.items():
            sends(terminal, data)
            assert terminal.settle() == before, what
        # Keys before and after it are keys.
        sends(terminal, b"1" + NO_KEYS["a late answer"] + b"]" + NO_KEYS["a colour"] + b"[")
        terminal.until("1 unsaved")
        save_and_leave(terminal)
    assert labels_of(unlabeled, "b.txt") == [("Cleo Hart", "Person")]


def pasted(text: str) -> bytes:
    return b"\x1b[200~" + text.encode() + b"\x1b[201~"


def test_a_paste_is_text_for_a_field_and_nothing_for_a_document(unlabeled: Place) -> None:
    attack = "aXd\x1b[31mX\x1b]0;owned\x07" + "1]" * 40
    with Terminal(unlabeled.home, *OPEN) as terminal:
        terminal.until("Cleo")
        terminal.press("v", "w").until("Selected")
        # The line alone says something else: the text, its marks and the selection stay as they were.
        *before, _, _ = terminal.settle().split("\n")
        for text in (attack, "1\r\n]\r\n", "1\x1b[201~]", "\x1b", "1" * 100_000):
            sends(terminal, pasted(text))
            terminal.until("Nothing can be pasted here")
            assert terminal.settle().split("\n")[:-2] == before
        # A slow line brings it in parts, and the end of it as well.
        for part in (b"\x1b", b"[200~1", b"]X\x1b", b"[20", b"1~"):
            sends(terminal, part)
        assert terminal.settle().split("\n")[:-2] == before
        terminal.press("1").until("1 unsaved")
        for key, words in (("/", "Search"), ("f", "Which documents?")):
            terminal.press(key).until(words)
            sends(terminal, pasted("Hart \x1b[31m\x1b]0;owned\x07\x1b[2J\nsecond line\n"))
            screen = terminal.until("Hart ␛[31m␛]0;owned␇␛[2J")
            assert "second line" not in screen
            sends(terminal, pasted("behind\x1b[201~"))
            terminal.until("␛[2Jbehind")
            terminal.press("ctrl+g").until(partial(is_so, "-behind"))
        save_and_leave(terminal)
        assert unfit(bytes(terminal.received)) == []
    assert labels_of(unlabeled, "b.txt") == [("Cleo Hart", "Person")]
    assert [labels_of(unlabeled, name) for name in ("a.txt", "c.txt")] == [[], []]


def test_a_name_is_pasted_into_the_form_of_a_new_project(unlabeled: Place) -> None:
    with Terminal(unlabeled.home) as terminal:
        terminal.until("1 project")
        terminal.press("n").until("Labels file")
        sends(terminal, pasted(f"{unlabeled.documents}\r\n"))
        terminal.press("down")
        sends(terminal, pasted("second\r\nq\r\n"))
        terminal.press("ctrl+s").until("second > ")
        terminal.until("4 documents")
    assert len(command(unlabeled.home, "documents", "second")["items"]) == 4


def _waits(pid: int) -> int:
    """How often a process has gone to sleep and was woken, all threads together."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    lines = [line for task in tasks for line in (task / "status").read_text("ascii").splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def sent_when_idle(terminal: Terminal, rounds: int = 40) -> int:
    """Bytes that reach the terminal while the program wakes up so often, to look at the state or at keys."""
    terminal.settle(silence=0.5)
    start, before = _waits(terminal.pid), len(terminal.received)
    terminal.until(lambda _: _waits(terminal.pid) - start >= rounds)
    return len(terminal.received) - before


def test_a_program_that_nobody_uses_sends_nothing(unlabeled: Place) -> None:
    with Terminal(unlabeled.home, *OPEN) as terminal:
        terminal.until("Cleo")
        assert sent_when_idle(terminal) == 0
        terminal.press("/").until("Search")
        # The field has the cursor, and it does not blink.
        assert sent_when_idle(terminal) == 0
