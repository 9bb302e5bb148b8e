"""Marks on a text, and the rule rows that they take under each row of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.domain.confidence import cut
from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean, clip_middle

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.layout import TextLayout


class MarkKind(StrEnum):
    LABEL = "label"
    """Drawn with a solid rule."""
    SUGGESTION = "suggestion"
    """Drawn with a dotted rule."""
    TO_PLACE = "to-place"
    """A likely place of words that a model answered and that were not found."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One label or suggestion as the text shows it; offsets are code points of the raw text."""

    id: str
    start: int
    end: int
    name: str
    """The category's name."""
    kind: MarkKind = MarkKind.LABEL
    confidence: float | None = None
    """0 to 1."""
    color: int = 0
    """An index into the palette."""
    draft: bool = False
    """Not saved yet: its name carries a sign."""
    stale: bool = False
    """Made on an earlier text: its name carries a sign."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"{self.start}..{self.end} is not a span")


def percent(confidence: float) -> str:
    """A confidence in three characters, cut: ``.93``, ``1.0``."""
    return "1.0" if confidence >= 1 else cut(max(confidence, 0.0))[1:]


def caption(mark: Mark, glyphs: Glyphs) -> str:
    """What is written on a mark's rule."""
    name = in_order(clean(mark.name)) + glyphs.stale * mark.stale + glyphs.draft * mark.draft
    return name if mark.confidence is None else f"{name} {percent(mark.confidence)}"


def fitting_caption(mark: Mark, width: int, glyphs: Glyphs) -> str:
    """As much of a mark's caption as ``width`` cells hold: the name before the confidence, and of a long
    name both ends, since names often differ at their ends."""
    whole = caption(mark, glyphs)
    if cell_len(whole) <= width or mark.confidence is None:
        return clip_middle(whole, width, glyphs.more)
    return clip_middle(caption(replace(mark, confidence=None), glyphs), width, glyphs.more)


_DASHES = {MarkKind.LABEL: None, MarkKind.SUGGESTION: (2, 3), MarkKind.TO_PLACE: (1, 3)}
"""How many of how many characters are underlined; ``None`` for all."""


def dashes(mark: Mark, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The parts of ``low..high`` that a compact mark underlines: all of a label, dashes for a suggestion,
    dots for a likely place. Few terminals draw underlines of other kinds, and all draw gaps."""
    pattern = _DASHES[mark.kind]
    if pattern is None:
        yield low, high
        return
    inked, every = pattern
    first = low - (low - mark.start) % every
    for start in range(first, high, every):
        if start + inked > low:
            yield max(start, low), min(start + inked, high)


@dataclass(frozen=True, slots=True)
class Rule:
    """A mark's rule under one row: cells ``first..last``, and the room behind it that is free."""

    mark: Mark
    first: int
    last: int
    room: int
    leftward: bool = False
    """Behind it is to the left: the line is right-to-left."""
    named: bool = True
    """It carries the caption; of a mark in several pieces, one does."""

    def placed(self, glyphs: Glyphs) -> tuple[int, str]:
        """The cell that the rule with its caption begins at, and what is drawn."""
        text = self.drawn(glyphs)
        return (self.last - cell_len(text) if self.leftward else self.first), text

    def drawn(self, glyphs: Glyphs) -> str:
        """The rule with its caption.

        The rule always covers the whole span. The caption stands on it, or right behind it where that
        shows more.
        """
        sign = {
            MarkKind.LABEL: glyphs.label,
            MarkKind.SUGGESTION: glyphs.suggestion,
            MarkKind.TO_PLACE: glyphs.to_place,
        }[self.mark.kind]
        width = self.last - self.first
        if not self.named:
            return sign * width
        on_it = fitting_caption(self.mark, width - 2, glyphs) if width > 3 else ""
        behind = fitting_caption(self.mark, self.room, glyphs) if self.room > 1 else ""
        if cell_len(behind) > cell_len(on_it):
            return behind + sign * width if self.leftward else sign * width + behind
        if not on_it and width > 1:
            start = caption(self.mark, glyphs)[: width - 1]
            on_it = start if start.isascii() else ""
        return sign + on_it + sign * (width - 1 - cell_len(on_it))


MAX_LANES = 12
"""Rule rows under one row of text; what overlaps more than that is not drawn."""
MAX_IN_ROW = 128
"""Marks of one row that are looked at; no person reads more, and a file may hold thousands."""


class MarkRows:
    """Which marks lie under which row, and on which line of the display each row stands.

    A rule row that becomes empty keeps its place until :meth:`collapse`, so that the text does not jump
    under the eyes of somebody who decides one suggestion after the other. Where several marks go at once, no
    eye follows one of them, and the rows go too.
    """

    def __init__(self, layout: TextLayout, marks: Iterable[Mark] = (), *, compact: bool = False) -> None:
        self.layout = layout
        self.compact = compact
        self._marks: dict[str, Mark] = {}
        self._by_row: dict[int, list[Mark]] = {}
        self._lanes: dict[int, list[list[Rule]]] = {}
        self._kept: dict[int, int] = {}
        self._lines: list[int] | None = None
        self.set(marks)
        self.collapse()

    @property
    def marks(self) -> dict[str, Mark]:
        """All marks, by id."""
        return self._marks

    def set(self, marks: Iterable[Mark]) -> set[int]:
        """Replaces the marks and says which rows of the text are touched by what changed."""
        new = {mark.id: mark for mark in marks}
        gone = len(self._marks.keys() - new.keys())
        rows: set[int] = set()
        # Most are the very same object, and looking at thousands by value takes long.
        others = [key for key, old in self._marks.items() if new.get(key) is not old]
        for old, mark in [(self._marks[key], new.get(key)) for key in others]:
            if mark != old:
                for row in self.rows_of(old):
                    rows.add(row)
                    if old in self._by_row[row]:
                        self._by_row[row].remove(old)
        for key in [key for key, mark in new.items() if self._marks.get(key) is not mark]:
            mark = new[key]
            if self._marks.get(key) != mark:
                for row in self.rows_of(mark):
                    rows.add(row)
                    here = self._by_row.setdefault(row, [])
                    if len(here) < MAX_IN_ROW:
                        here.append(mark)
        self._marks = new
        for row in rows:
            self._lanes.pop(row, None)
            grown = len(self.lanes(row))
            if grown > self._kept.get(row, 0):
                self._kept[row] = grown
                self._lines = None
        if gone > 1:
            self.collapse()
        return rows

    def collapse(self) -> bool:
        """Gives up the rule rows that became empty; says whether anything moved."""
        needed = {} if self.compact else {row: len(self.lanes(row)) for row in self._by_row}
        needed = {row: count for row, count in needed.items() if count}
        if needed == self._kept:
            return False
        self._kept = needed
        self._lines = None
        return True

    def rows_of(self, mark: Mark) -> range:
        """The rows of the text that a mark lies in; a mark beyond the end of the text has none."""
        length = len(self.layout.text)
        if mark.start >= length:
            return range(0)
        return range(self.layout.row_of(mark.start), self.layout.row_of(min(mark.end, length) - 1) + 1)

    def in_row(self, row: int) -> Sequence[Mark]:
        """The marks of one row, in no order."""
        return self._by_row.get(row, ())

    def at(self, offset: int) -> list[Mark]:
        """The marks around an offset: the shortest first, suggestions before labels of the same span."""
        found = [m for m in self.in_row(self.layout.row_of(offset)) if m.start <= offset < m.end]
        return sorted(found, key=lambda m: (m.end - m.start, m.kind is MarkKind.LABEL, m.id))

    def lanes(self, row: int) -> list[list[Rule]]:
        """The rules under a row, line by line: what overlaps goes to the next line."""
        if row not in self._lanes:
            marks = self._by_row.get(row)
            self._lanes[row] = self._stack(row, marks) if marks and not self.compact else []
        return self._lanes[row]

    def _stack(self, row: int, marks: list[Mark]) -> list[list[Rule]]:
        visual = self.layout.visual_of(row)
        leftward = visual is not None and visual.base == 1
        spans = sorted(
            (
                (*piece, mark, piece == widest)
                for mark in marks
                for pieces in [self.layout.pieces_of(row, mark.start, mark.end)]
                for widest in [max(pieces[:: 1 if leftward else -1], key=lambda piece: piece[1] - piece[0])]
                for piece in pieces
            ),
            key=lambda item: (item[0], -item[1], item[2].kind is not MarkKind.LABEL, item[2].id),
        )
        lanes: list[list[tuple[int, int, Mark, bool]]] = []
        for span in spans:
            for lane in lanes:
                if lane[-1][1] <= span[0]:
                    lane.append(span)
                    break
            else:
                if len(lanes) < MAX_LANES:
                    lanes.append([span])
        return [_rules(lane, self.layout.width + 1, leftward) for lane in lanes]

    @property
    def lines(self) -> list[int]:
        """The display line of each row of the text, and behind them the number of all lines."""
        if self._lines is None:
            heights = [1] * len(self.layout)
            for row, count in self._kept.items():
                heights[row] += count
            self._lines = [0, *accumulate(heights)]
        return self._lines

    @property
    def line_count(self) -> int:
        return self.lines[-1]

    def place_of(self, line: int) -> tuple[int, int]:
        """What stands on a display line: the row of the text, and which of its rule rows (``-1``: none)."""
        row = bisect_right(self.lines, line, hi=len(self.layout)) - 1
        return row, line - self.lines[row] - 1

    def lines_of(self, row: int) -> range:
        """The display lines of a row: its text, then its rules."""
        return range(self.lines[row], self.lines[row + 1])


def _rules(lane: list[tuple[int, int, Mark, bool]], edge: int, leftward: bool) -> list[Rule]:
    """The rules of one lane, each with the room up to the next one; one cell stays free between them."""
    rules = []
    for index, (first, last, mark, named) in enumerate(lane):
        if leftward:
            room = first - (lane[index - 1][1] + 1 if index else 0)
        else:
            room = (lane[index + 1][0] - 1 if index + 1 < len(lane) else edge) - last
        rules.append(Rule(mark, first, last, room, leftward, named))
    return rules
