"""Points and lines over two axes, as lines of text in the looks of a sheet.

The dots come from plotille's canvas, chosen for its size (0.5 MB of pure Python that needs nothing else and
is imported in 20 ms) and because it keeps no state and asks no terminal: without colours of its own it gives
plain signs, which get the looks of the application here. It is imported when something is drawn first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from tui_labeler.screens.widgets.cells import clean, clip
from tui_labeler.screens.widgets.glyphs import ASCII

if TYPE_CHECKING:
    from plotille import Canvas

    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line, Part

BLANK = 0x2800
"""The Braille pattern without a dot; the lower eight bits are the dots (Unicode Standard, section 21.1)."""

DOT_COLUMNS, DOT_ROWS = 2, 4
"""Dots of a cell."""

SPACING = 4
"""Dots from one dot of a dotted line to the next."""

LEFT, RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)
"""The bits of a Braille pattern's two columns, from the top."""

Cell = tuple[str, str]
"""One sign and its look."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The values from one end to the other, and the words at some of them."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"an axis from {self.low} to {self.high}")

    def end(self, dots: int) -> float:
        """Where a canvas of so many dots must end for ``high`` to be at its last dot."""
        return self.high + (self.high - self.low) / (dots - 1)

    def dot(self, value: float, dots: int) -> int:
        """The dot that a value falls on."""
        return round((value - self.low) / (self.high - self.low) * (dots - 1))


@dataclass(frozen=True, slots=True)
class Series:
    """Points that belong together; what lies outside of the axes is not drawn."""

    points: Sequence[tuple[float, float]]
    look: str = "bar"
    sign: str = ""
    """Of one cell, at each point."""
    line: Literal["none", "solid", "dotted"] = "solid"
    """Between a point and the next."""


def plot(
    series: Sequence[Series], across: Axis, up: Axis, width: int, height: int, signs: Glyphs
) -> list[Line]:
    """A drawing of ``width`` by ``height`` cells in all, axes included; later series lie on top.

    At least 8 by 4 cells are taken.
    """
    gutter = max((len(words) for _, words in up.ticks), default=0)
    columns, rows = max(6, width - gutter - 2), max(2, height - 2)
    cells = _cells(series, across, up, columns, rows, signs)
    at_row = {rows - 1 - up.dot(value, rows * DOT_ROWS) // DOT_ROWS: words for value, words in up.ticks}
    lines: list[Line] = [
        ((f"{at_row.get(number, ''):>{gutter}} {signs.column}", "dim"), *_parts(row))
        for number, row in enumerate(cells)
    ]
    lines.append(((f"{'':>{gutter}} {signs.corner}{signs.line * columns}", "dim"),))
    lines.append(((f"{'':>{gutter + 2}}{_under(across, columns)}", "dim"),))
    return lines


def beside(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Two blocks of lines next to each other, the left one ``width`` cells wide."""
    lines: list[Line] = []
    for number in range(max(len(left), len(right))):
        first = left[number] if number < len(left) else ()
        second = right[number] if number < len(right) else ()
        used = sum(cell_len(words) for words, _ in first)
        lines.append((*first, (" " * max(0, width - used), ""), *second) if second else first)
    return lines


def _under(across: Axis, columns: int) -> str:
    """The words below the axis, each centred below its value; one that would touch another is left out."""
    line = ""
    for value, words in across.ticks:
        middle = across.dot(value, columns * DOT_COLUMNS) // DOT_COLUMNS
        start = max(0, min(columns - len(words), middle - len(words) // 2))
        if not line or start > len(line):
            line = line.ljust(start) + words
    return clip(clean(line), columns)


def _cells(
    series: Sequence[Series], across: Axis, up: Axis, columns: int, rows: int, signs: Glyphs
) -> list[list[Cell]]:
    from plotille import Canvas

    dots = [[0] * columns for _ in range(rows)]
    cells: list[list[Cell]] = [[(" ", "")] * columns for _ in range(rows)]
    signed: set[tuple[int, int]] = set()
    for one in series:
        canvas = Canvas(
            columns,
            rows,
            xmin=across.low,
            ymin=up.low,
            xmax=across.end(columns * DOT_COLUMNS),
            ymax=up.end(rows * DOT_ROWS),
        )
        _trace(canvas, one)
        for y, line in enumerate(canvas.plot(linesep="\n").split("\n")):
            for x, sign in enumerate(line):
                pattern = ord(sign) - BLANK
                if not 0 <= pattern < 256:
                    cells[y][x] = (sign, one.look)
                    signed.add((x, y))
                elif pattern and (x, y) not in signed:
                    dots[y][x] |= pattern
                    cells[y][x] = (_sign(dots[y][x], signs), one.look)
    return cells


def _trace(canvas: Canvas, series: Series) -> None:
    for (x, y), (next_x, next_y) in pairwise(series.points):
        if series.line == "solid":
            canvas.line(x, y, next_x, next_y)
        elif series.line == "dotted":
            steps = max(1, *map(abs, canvas.dots_between(x, y, next_x, next_y))) / SPACING
            for number in range(int(steps) + 1):
                share = min(1.0, number / steps)
                canvas.point(x + (next_x - x) * share, y + (next_y - y) * share)
    if series.sign:
        for x, y in series.points:
            canvas.point(x, y, marker=series.sign)


def _parts(row: Sequence[Cell]) -> list[Part]:
    """Neighbours of one look as one part."""
    return [
        ("".join(sign for sign, _ in cells), look) for look, cells in groupby(row, key=lambda cell: cell[1])
    ]


def _sign(pattern: int, signs: Glyphs) -> str:
    return _plain(pattern) if signs is ASCII else chr(BLANK + pattern)


def _plain(pattern: int) -> str:
    """The ASCII sign that looks most like some dots."""
    left = [row for row, bit in enumerate(LEFT) if pattern & bit]
    right = [row for row, bit in enumerate(RIGHT) if pattern & bit]
    lit = {*left, *right}
    if len(lit) == 1:
        return "'--."[lit.pop()]
    if not left or not right:
        return "|" if len(lit) > 2 else ":"
    slope = sum(left) / len(left) - sum(right) / len(right)
    return "/" if slope > 0 else "\\" if slope < 0 else "|"
