"""The cells that the clusters of one row are seen in, where its line holds right-to-left text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tui_labeler.screens.widgets.arabic import joined
from tui_labeler.screens.widgets.bidi import base_level, levels, mirrored, visual_order
from tui_labeler.screens.widgets.cells import clusters, shown

WINDOW = 2_000
"""Code points that are looked at together for their directions: a line may be a whole book."""


@dataclass(frozen=True, slots=True)
class VisualRow:
    """The row from left to right. A right-to-left one begins at the right end, after free cells."""

    firsts: list[int]
    """First cell of each cluster, in logical order."""
    columns: list[int]
    """First cell of what is drawn, from left to right; free cells at the left are drawn too."""
    texts: list[str]
    """What is drawn there."""
    order: list[int]
    """Which cluster that is; -1 for a free cell."""
    width: int
    """Cells that are drawn."""
    end: int
    """The cell of the line end: left of a right-to-left line (-1 where it is full), right of others."""
    base: int
    """1 for a right-to-left line."""

    def index_at(self, column: int) -> int | None:
        """The cluster at a cell; ``None`` beyond the row's ends."""
        if not 0 <= column < self.width:
            return None
        index = self.order[bisect_right(self.columns, column) - 1]
        return None if index < 0 else index

    def pieces(self, low: int, high: int) -> list[tuple[int, int]]:
        """The cells of the clusters ``low..high``, from left to right; what touches is one piece."""
        found: list[tuple[int, int]] = []
        for place, index in enumerate(self.order):
            if not low <= index < high:
                continue
            first = self.columns[place]
            last = self.columns[place + 1] if place + 1 < len(self.columns) else self.width
            if found and found[-1][1] == first:
                found[-1] = (found[-1][0], last)
            else:
                found.append((first, last))
        return found


class Direction:
    """The embedding levels of one line of a text, which begins at ``start``."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        self.base = base_level(text[:WINDOW])
        self._levels = self._levels_of(text) if len(text) <= WINDOW else None

    def levels(self, starts: Sequence[int]) -> list[int]:
        """The levels of the clusters that begin at these offsets of the whole text."""
        if self._levels is not None:
            return [self._levels[start - self._start] for start in starts]
        low = max(0, starts[0] - self._start - WINDOW // 4)
        found = self._levels_of(self._text[low : starts[-1] - self._start + WINDOW // 4])
        return [found[start - self._start - low] for start in starts]

    def _levels_of(self, text: str) -> list[int]:
        """The level of each code point; marks have that of what they stand on."""
        line = shown(text)
        starts, _ = clusters(line)
        found = levels([line[start] for start in starts], self.base)
        spread: list[int] = []
        for level, end in zip(found, [*starts[1:], len(line)], strict=True):
            spread.extend([level] * (end - len(spread)))
        return spread


def visual_row(
    direction: Direction,
    starts: Sequence[int],
    texts: Sequence[str],
    characters: Sequence[str],
    widths: Sequence[int],
    room: int,
) -> VisualRow:
    """Lays out one row in ``room`` cells, its clusters given in logical order: where each starts in the
    text, what is drawn for it, its first character, and its cells."""
    found = direction.levels(starts)
    texts = joined(texts)
    order = visual_order(characters, found, direction.base)
    free = max(0, room - sum(widths)) if direction.base else 0
    columns = list(range(free))
    drawn = [" "] * free
    firsts = [0] * len(order)
    column = free
    for index in order:
        firsts[index] = column
        columns.append(column)
        drawn.append(mirrored(texts[index]) if found[index] % 2 else texts[index])
        column += widths[index]
    end = free - 1 if direction.base else column
    return VisualRow(firsts, columns, drawn, [-1] * free + order, column, end, direction.base)
