"""The look at what was sent objects to each thing planted in it, and to nothing of the program's own."""

from __future__ import annotations

import pytest

from tests.terminal.sent import unfit
from tests.terminal.test_hostile import ATTACKS
from tui_labeler.screens.widgets.spacing_marks import QUESTION

START = (
    f"\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h\x1b[?25l\x1b[?1004h\x1b[>25u{QUESTION}\x1b[?7l"
)
ROW = "\x1b[1;38;5;231;48;5;235m > {} \x1b[0m\x1b[2;3;4;7;34;100m label \x1b[0m\x1b[38;2;1;5;8m.\x1b[0m"
END = "\x1b[?1000l\x1b[?25h\x1b[?2004l\x1b[?1049l"

PLANTED = {
    **{name: attack for name, attack in ATTACKS.items() if name not in ("markup", "lines")},
    "one C1 sign": "\x9b",
    "a line's end alone": "\n",
    "a line's end as terminals send it": "\r\n",
    "the line's beginning": "\r",
    "tab": "\t",
    "bidi override": "\u202e",
    "bidi mark": "\u200f",
    "zero width": "\u200b",
    "lone joiner": "\u200d",
    "lone non-joiner": "\u200c",
    "grapheme joiner": "\u034f",
    "variation selector": "\U000e0100",
    "Mongolian selector": "\u180b",
    "Khmer vowel": "\u17b5",
    "filler": "\u3164",
    "byte order": "\ufeff",
    "soft hyphen": "\u00ad",
    "line separator": "\u2028",
    "tag": "\U000e0041",
    "shorthand": "\U0001bca0",
    "blinking": "\x1b[5m",
    "blinking among others": "\x1b[1;5;31m",
    "hidden": "\x1b[8m",
    "hidden behind a colour": "\x1b[38;5;8;8m",
    "a colour that is none": "\x1b[38;5m",
    "home": "\x1b[H",
    "a place outside": "\x1b[777;777H",
    "cleared line": "\x1b[K",
    "clipboard": "\x1b]52;c;eA==\x07",
    "the start in the middle": "\x1b[?1049h",
    "the end in the middle": "\x1b[?25h",
    "another pointer": "\x1b]22;wait\x07",
    "parted by a look": "\x1b\x1b[0m[2J",
}
"""Each leaves the layout whole, or nearly so."""


def frame(name: str, *, other: str = "plain") -> bytes:
    """Two rows, one of them with a name, between the program's start and its end."""
    rows = f"\x1b[1;1H{ROW.format(name)}\r\n\x1b[2;1H{ROW.format(other)}"
    return f"{START}{rows}\x1b]22;text\x07{END}".encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("words", ["plain", "Zoë שלום ابن 日本 e\u0301 🏳\ufe0f", "␛]52;c;�␣[red]x[/]"])
def test_words_and_what_the_program_sends_are_fit(words: str) -> None:
    assert unfit(frame(words)) == []


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_what_is_planted_in_a_name_is_objected_to(planted: str) -> None:
    assert unfit(frame(f"na{planted}me"))
    assert unfit(frame(planted))


@pytest.mark.parametrize("planted", [b"\x9b2J", b"\x85", b"\xff", b"\xed\xa0\xbd", b"\xc0\x9b"], ids=repr)
def test_bytes_that_are_no_text_are_objected_to(planted: bytes) -> None:
    assert unfit(frame("here").replace(b"here", planted))
