"""How figures, times and sentences are written on screens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.screens.widgets.cells import clean, clip

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

GOOD, FAIR = 0.8, 0.6
"""From here on a figure is drawn as good, or as fair; a choice of this program."""


def percent(share: float | None) -> str:
    """A share in five cells: ``92.3%``; `` 100%`` only where nothing is missing, ``-`` if not measured."""
    if share is None:
        return "    -"
    return " 100%" if share >= 1 else f"{min(share * 100, 99.9):4.1f}%"


def look_of(share: float | None) -> str:
    """How a figure is drawn; its number says the same."""
    if share is None:
        return "dim"
    return "good" if share >= GOOD else "warn" if share >= FAIR else "bad"


def bar(share: float, width: int, signs: Glyphs) -> str:
    """A share as a bar of ``width`` cells; what is more than nothing has at least one cell."""
    filled = min(width, max(round(share * width), int(share > 0)))
    return signs.bar * filled + signs.bar_empty * (width - filled)


def when(time: str) -> str:
    """A stored time (UTC, ISO 8601) as people here read it, to the minute."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M") if time else "-"


def duration(seconds: float) -> str:
    """``0.8 s``, ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def rough(seconds: float) -> str:
    """As :func:`duration`, from ten seconds on in steps: what is read beside work need not move."""
    step = 5 if seconds < 60 else 10 if seconds < 600 else 60
    return duration(seconds if seconds < 10 else round(seconds / step) * step)


def lines_of(words: str, width: int) -> Iterable[str]:
    """Words from outside in lines of at most ``width`` cells; a word that is wider is cut."""
    line = ""
    for word in clean(words).split(" "):
        if line and cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
        while cell_len(line) > width:
            head = clip(line, width, "")
            yield head
            line = line[len(head) :]
    yield line


def wrapped(words: str, width: int, look: str = "", indent: str = "") -> list[Line]:
    """Words in lines of at most ``width`` cells, each behind ``indent``."""
    return [((indent, ""), (line, look)) for line in lines_of(words, max(8, width - len(indent)))]


def heading(words: str) -> Line:
    return ((words, "title"),)
