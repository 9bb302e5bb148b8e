"""Wraps a raw text into rows of cells, and maps offsets to places and back.

Offsets are code points of the raw text, columns are cells as they are seen: a row of a line with
right-to-left text is in visual order, at the right end where the line is right-to-left. No row is drawn
here, and nothing of the terminal library is known: this is arithmetic.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from tui_labeler.screens.widgets.bidi import has_right_to_left, is_ordered
from tui_labeler.screens.widgets.cells import clusters, drawn, is_plain, shown
from tui_labeler.screens.widgets.visual import Direction, VisualRow, visual_row

TAB = 4
"""Cells between tab stops."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_SPACES = frozenset(" \t\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000")
# Marks that may not begin, or end, a row of a script that breaks between characters.
_NEVER_FIRST = frozenset(
    "、。，．・：；？！」』）】〉》〕］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}”’…"
)
_NEVER_LAST = frozenset("「『（【〈《〔［｛([{“‘")


@dataclass(frozen=True, slots=True)
class RowCells:
    """The clusters of one row."""

    starts: list[int]
    """Offset of each cluster."""
    columns: list[int]
    """First cell of each cluster."""
    texts: list[str]
    """What is drawn for each; a tab is a run of spaces."""
    width: int
    """Cells of the whole row."""
    visual: VisualRow | None = None
    """Where the clusters are seen, in a line with right-to-left text."""


class TextLayout:
    """A text wrapped by words to ``width`` cells.

    A row may take one cell more for white space that hangs over its end, so that every code point but
    those of line ends has a cell. Raises ``ValueError`` for a width below one.
    """

    def __init__(self, text: str, width: int) -> None:
        if width < 1:
            raise ValueError(f"a row of {width} cells holds nothing")
        self.text = text
        self.width = width
        self.starts: list[int] = []
        """Where each row starts."""
        self.ends: list[int] = []
        """Where each row ends: before its line end, or where the next row starts."""
        self._plain: list[bool] = []
        start = 0
        self.lines = [0]
        """Where the lines of the text start; a row is a part of one."""
        for match in _LINE_END.finditer(text):
            self.lines.append(match.end())
            self._add_line(start, match.start())
            start = match.end()
        self._add_line(start, len(text))
        self._row_cells = lru_cache(maxsize=512)(self._measure_row)
        self._direction = lru_cache(maxsize=64)(self._find_direction)

    def __len__(self) -> int:
        """The number of rows; even an empty text has one."""
        return len(self.starts)

    def line_of(self, offset: int) -> int:
        """The number of the line that an offset lies in, from 1; its line end belongs to it."""
        return max(1, bisect_right(self.lines, offset))

    def row_of(self, offset: int) -> int:
        """The row of an offset; a line end belongs to the row before it."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def column_of(self, offset: int) -> int:
        """The first cell of the cluster at ``offset``; a line end stands right after the row's last one."""
        row = self.row_of(offset)
        if self._plain[row]:
            return min(offset, self.ends[row]) - self.starts[row]
        cells = self._row_cells(row)
        if offset >= self.ends[row] or not cells.starts:
            return cells.visual.end if cells.visual else cells.width
        index = max(0, bisect_right(cells.starts, offset) - 1)
        return cells.visual.firsts[index] if cells.visual else cells.columns[index]

    def pieces_of(self, row: int, start: int, end: int) -> list[tuple[int, int]]:
        """The cells of the part of ``start..end`` that lies in ``row``, from left to right.

        One piece, but where directions change within the part.
        """
        visual = self.visual_of(row)
        if visual is None:
            return [self.columns_of(row, start, end)]
        starts = self._row_cells(row).starts
        low = max(0, bisect_right(starts, max(start, self.starts[row])) - 1)
        high = bisect_left(starts, end)
        if start >= self.ends[row] or low >= high:
            return [(max(0, visual.end), max(0, visual.end) + 1)]
        return visual.pieces(low, high)

    def columns_of(self, row: int, start: int, end: int) -> tuple[int, int]:
        """The cells of the part of ``start..end`` that lies in ``row``: first, and one after the last.

        A part without a cell of its own (a line end) gets the one after the row's end. In a line with
        right-to-left text there may be other cells between them: :meth:`pieces_of` tells.
        """
        if self.visual_of(row) is not None:
            pieces = self.pieces_of(row, start, end)
            return pieces[0][0], pieces[-1][1]
        start, end = max(start, self.starts[row]), min(end, self.ends[row])
        if self._plain[row]:
            first, last = start - self.starts[row], end - self.starts[row]
        else:
            first = self.column_of(start) if start < self.ends[row] else self._row_cells(row).width
            last = self._column_after(row, end)
        return first, max(first + 1, last)

    def offset_at(self, row: int, column: int) -> int:
        """The offset of the cluster at a cell; beyond the end of a line, that line's end."""
        row = min(max(row, 0), len(self) - 1)
        start, end = self.starts[row], self.ends[row]
        wraps = row + 1 < len(self) and self.starts[row + 1] == end
        if self._plain[row]:
            return min(start + max(column, 0), end - 1 if wraps else end)
        cells = self._row_cells(row)
        if cells.visual:
            index = cells.visual.index_at(column)
            if index is None:
                return cells.starts[-1] if wraps else end
            return cells.starts[index]
        if column >= cells.width and not wraps:
            return end
        return cells.starts[max(0, bisect_right(cells.columns, column) - 1)] if cells.starts else end

    def snap(self, offset: int) -> int:
        """The nearest place for a cursor at or before ``offset``: never inside a cluster or a line end."""
        offset = min(max(offset, 0), len(self.text))
        row = self.row_of(offset)
        if offset >= self.ends[row]:
            return self.ends[row]
        if self._plain[row]:
            return offset
        cells = self._row_cells(row)
        return cells.starts[bisect_right(cells.starts, offset) - 1]

    def after(self, offset: int) -> int:
        """The place after the cluster, or the line end, at ``offset``; the text's length at its end."""
        row = self.row_of(offset)
        if offset >= self.ends[row]:
            return self.starts[row + 1] if row + 1 < len(self) else len(self.text)
        if self._plain[row]:
            return offset + 1
        cells = self._row_cells(row)
        index = bisect_right(cells.starts, offset)
        return cells.starts[index] if index < len(cells.starts) else self.ends[row]

    def before(self, offset: int) -> int:
        """The place before ``offset``; 0 at the beginning."""
        return self.snap(offset - 1) if offset > 0 else 0

    def drawn(self, row: int) -> str:
        """The row as it is sent to a terminal."""
        if self._plain[row]:
            return shown(self.text[self.starts[row] : self.ends[row]])
        cells = self._row_cells(row)
        return "".join(cells.visual.texts if cells.visual else cells.texts)

    def drawn_part(self, row: int, first: int, last: int) -> str:
        """The cells ``first..last`` of a row; the cut falls on cluster boundaries."""
        if self._plain[row]:
            start = self.starts[row]
            return shown(self.text[start + first : min(start + last, self.ends[row])])
        cells = self._row_cells(row)
        columns, texts = cells.columns, cells.texts
        if cells.visual:
            columns, texts = cells.visual.columns, cells.visual.texts
        low, high = bisect_left(columns, first), bisect_left(columns, last)
        return "".join(texts[low:high])

    def row_width(self, row: int) -> int:
        """Cells that are drawn in a row."""
        if self._plain[row]:
            return self.ends[row] - self.starts[row]
        cells = self._row_cells(row)
        return cells.visual.width if cells.visual else cells.width

    def visual_of(self, row: int) -> VisualRow | None:
        """Where a row's clusters are seen; ``None`` for a row without right-to-left text around it."""
        return None if self._plain[row] else self._row_cells(row).visual

    def _column_after(self, row: int, end: int) -> int:
        """The cell after the cluster that holds the code point before ``end``."""
        cells = self._row_cells(row)
        index = bisect_left(cells.starts, end)
        return cells.columns[index] if index < len(cells.starts) else cells.width

    def _measure_row(self, row: int) -> RowCells:
        start, end = self.starts[row], self.ends[row]
        line = shown(self.text[start:end])
        offsets, widths = clusters(line)
        columns: list[int] = []
        texts: list[str] = []
        column = 0
        for index, (offset, width) in enumerate(zip(offsets, widths, strict=True)):
            columns.append(column)
            if line[offset] == "\t":
                width = _tab_width(column, self.width)
                texts.append(" " * width)
            else:
                texts.append(drawn(line[offset : offsets[index + 1] if index + 1 < len(offsets) else None]))
            column += width
        cells = RowCells([start + offset for offset in offsets], columns, texts, column)
        direction = self._direction(self.line_of(start) - 1) if offsets and is_ordered() else None
        if direction is None:
            return cells
        characters = [line[offset] for offset in offsets]
        taken = [after - first for first, after in pairwise([*columns, column])]
        visual = visual_row(direction, cells.starts, texts, characters, taken, self.width + 1)
        return replace(cells, visual=visual)

    def _find_direction(self, line: int) -> Direction | None:
        """How a line of the text runs; ``None`` for one without right-to-left characters."""
        start = self.lines[line]
        end = self.ends[
            self.row_of(self.lines[line + 1] - 1 if line + 1 < len(self.lines) else len(self.text))
        ]
        text = self.text[start:end]
        return Direction(text, start) if has_right_to_left(text) else None

    def _add_line(self, start: int, end: int) -> None:
        line = self.text[start:end]
        if is_plain(line):
            cuts = _cut_plain(line, self.width)
            plain = True
        else:
            cuts = _cut_clusters(shown(line), self.width)
            plain = False
        self.starts.append(start)
        for cut in cuts:
            self.ends.append(start + cut)
            self.starts.append(start + cut)
        self.ends.append(end)
        self._plain.extend([plain] * (len(cuts) + 1))


def _tab_width(column: int, width: int) -> int:
    """A tab reaches to the next stop, but never further than the one cell that may hang over."""
    return max(1, min(TAB - column % TAB, width + 1 - column))


def _cut_plain(line: str, width: int) -> list[int]:
    """Where a line of one-cell characters is cut."""
    cuts: list[int] = []
    start, length = 0, len(line)
    while length - start > width:
        over = start + width
        if line[over] == " ":
            start = over + 1
            if start == length:
                break
        else:
            space = line.rfind(" ", start, over)
            start = space + 1 if space >= 0 else over
        cuts.append(start)
    return cuts


def _cut_clusters(line: str, width: int) -> list[int]:
    """Where a line is cut when widths have to be measured."""
    offsets, widths = clusters(line)
    cuts: list[int] = []
    count = len(offsets)
    first = index = column = 0
    chance = -1
    while index < count:
        character = line[offsets[index]]
        cells = _tab_width(column, width) if character == "\t" else widths[index]
        hangs = character in _SPACES and column + cells <= width + 1
        if index > first and _may_break(line, offsets, widths, index):
            chance = index
        if column + cells > width and not hangs and index > first:
            first = index = chance if chance > first else index
        elif column + cells > width:
            first = index = index + 1
        else:
            column += cells
            index += 1
            continue
        if first < count:
            cuts.append(offsets[first])
        column = 0
        chance = -1
    return cuts


def _may_break(line: str, offsets: list[int], widths: list[int], index: int) -> bool:
    """Whether a row may end before the cluster at ``index``."""
    before, character = line[offsets[index - 1]], line[offsets[index]]
    if before in _SPACES:
        return True
    if widths[index - 1] == 2 or widths[index] == 2:
        return character not in _NEVER_FIRST and character not in _SPACES and before not in _NEVER_LAST
    return False
