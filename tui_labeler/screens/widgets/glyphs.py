"""The signs that widgets draw with: one set for Unicode terminals, one for plain ASCII.

A screen's program chooses once, from the locale: it gives the application the class ``-ascii``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.scrollbar import ScrollBarRender

ASCII_CLASS = "-ascii"
"""The application's style class that makes every widget draw with :data:`ASCII`."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs of one cell each."""

    label: str
    """The solid rule under a label."""
    suggestion: str
    """The dotted rule under a suggestion."""
    to_place: str
    """The rule under a likely place of words that were not found."""
    more: str
    """Stands for what was clipped."""
    unlabeled: str
    labeled: str
    auto_labeled: str
    reviewed: str
    unreadable: str
    to_read: str
    """Given to two readers, of whom the person is one that is not done."""
    to_adjudicate: str
    """Both readers are done with it."""
    taken: str
    """Somebody else has it open to label it."""
    flag: str
    selected: str
    unselected: str
    check: str
    bar: str
    bar_second: str
    bar_empty: str
    column: str
    """Between the columns of a table."""
    line: str
    """Under the heading of a table."""
    times: str
    """Before a number of failures."""
    dot: str
    """Between the parts of a line."""
    corner: str
    """Where the axes of a plot meet."""
    draft: str = "*"
    stale: str = "?"
    """Behind a label that was made on an earlier text."""
    cursor: str = ">"


UNICODE = Glyphs(
    label="━",
    suggestion="┄",
    to_place="≈",
    more="…",
    unlabeled=" ",
    labeled="●",
    auto_labeled="◌",
    reviewed="✓",
    unreadable="!",
    to_read="◇",
    to_adjudicate="◆",
    taken="@",
    flag="⚑",
    selected="■",
    unselected="·",
    check="✓",
    bar="█",
    bar_second="▒",
    bar_empty="░",
    column="│",
    line="─",
    times="×",
    dot="·",
    corner="└",
)

ASCII = Glyphs(
    label="=",
    suggestion=".",
    to_place="~",
    more="~",
    unlabeled=" ",
    labeled="o",
    auto_labeled="~",
    reviewed="v",
    unreadable="!",
    to_read="2",
    to_adjudicate="&",
    taken="@",
    flag="P",
    selected="#",
    unselected=" ",
    check="v",
    bar="#",
    bar_second=":",
    bar_empty=".",
    column="|",
    line="-",
    times="x",
    dot="-",
    corner="+",
)


_PLAIN = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "…": "~",
        "⏎": "enter",
        "⌫": "backspace",
        "↑": "up",
        "↓": "down",
        "←": "left",
        "→": "right",
    }
)


TYPE_SIGNS = {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "…": "~",
    "–": "-",
    "—": "-",
    "×": "x",
    "·": "-",
    "↑": "^",
    "↓": "v",
    "←": "<",
    "→": ">",
}
"""Signs of one cell that ASCII has something of one cell for: what is laid out already stays in place."""

_TYPEWRITTEN = str.maketrans(TYPE_SIGNS)


def typewritten(sent: str) -> str:
    """What is sent to a terminal that can only show ASCII; other characters of a document stay."""
    return sent if sent.isascii() else sent.translate(_TYPEWRITTEN)


class PlainScrollBar(ScrollBarRender):
    """A scroll bar that ends at whole cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def plain_signs(words: str) -> str:
    """Words of the program's own with signs that every terminal has."""
    return words.translate(_PLAIN)


def glyphs(ascii: bool) -> Glyphs:  # noqa: A002 - the word for it
    """The set for a terminal that can only show ASCII, or the full one."""
    return ASCII if ascii else UNICODE
