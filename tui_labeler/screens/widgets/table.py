"""A small read-only table: performance figures, confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message

from tui_labeler.screens.widgets.cells import clean, clip, fit
from tui_labeler.screens.widgets.rows import RowView, row_key

if TYPE_CHECKING:
    from textual.binding import BindingType

TONES = ("good", "warn", "bad", "dim", "strong")
_WIDEST = 32


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title; numbers stand to the right."""

    title: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says, and how it looks: one of :data:`TONES`, or nothing special.

    A tone is never the only sign of anything.
    """

    text: str
    tone: str = ""


class Table(RowView):
    """Rows and columns that scroll both ways; titles and the first columns stay in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        row_key("l,right", "scroll_columns(1)", "Right", "Columns further right", "right"),
        row_key("h,left", "scroll_columns(-1)", "Left", "Columns further left", "left"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--title",
        "table--cursor",
        *(f"table--{tone}" for tone in TONES),
    }

    class _RowMessage(Message):
        def __init__(self, view: Table, index: int) -> None:
            super().__init__()
            self.view = view
            self.index = index

        @property
        def control(self) -> Table:
            return self.view

    class Moved(_RowMessage):
        """The cursor came to another row."""

    class Opened(_RowMessage):
        """A row is to be opened."""

    def __init__(self, *, fixed: int = 1, show_cursor: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.fixed = fixed
        """Columns that do not scroll sideways."""
        self.show_cursor = show_cursor
        self.columns: Sequence[Column] = ()
        self.cells: list[list[Cell]] = []
        self._widths: list[int] = []

    def set_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str | Cell]]) -> None:
        """Shows a table; every row has as many cells as there are columns.

        Raises ``ValueError`` for a row that has not.
        """
        cells = [[_cell(one) for one in row] for row in rows]
        if any(len(row) != len(columns) for row in cells):
            raise ValueError(f"each row needs {len(columns)} cells")
        self.columns = tuple(Column(clean(column.title), column.right) for column in columns)
        self.cells = cells
        self._widths = [
            min(_WIDEST, max([cell_len(column.title), *(cell_len(row[index].text) for row in cells)]))
            for index, column in enumerate(self.columns)
        ]
        self.cursor = max(0, min(self.cursor, len(cells) - 1))
        self.fit_rows(sum(self._widths) + 2 * len(self._widths))
        self.repaint()

    @property
    def row_count(self) -> int:
        return len(self.cells)

    @property
    def heading(self) -> int:
        return 1

    def moved(self) -> None:
        self.post_message(self.Moved(self, self.cursor))

    def opened(self) -> None:
        self.post_message(self.Opened(self, self.cursor))

    def action_scroll_columns(self, direction: int) -> None:
        """Sideways to the next column's edge."""
        edge = 0
        edges = [0]
        for width in self._widths[self.fixed :]:
            edge += width + 2
            edges.append(edge)
        here = self.scroll_offset.x
        if direction > 0:
            self.scroll_to(x=next((place for place in edges if place > here), here))
        else:
            self.scroll_to(x=next((place for place in reversed(edges) if place < here), 0))

    def paint_line(self, y: int) -> list[Segment]:
        if y == 0:
            return self._line([Cell(column.title, "title") for column in self.columns], ())
        index = self.row_at(y)
        if index is None:
            return []
        at_cursor = self.show_cursor and index == self.cursor and self.has_focus
        return self._line(self.cells[index], ("table--cursor",) * at_cursor)

    def _line(self, cells: Sequence[Cell], names: tuple[str, ...]) -> list[Segment]:
        segments: list[Segment] = []
        hidden = self.scroll_offset.x
        for index, (cell, column, width) in enumerate(zip(cells, self.columns, self._widths, strict=True)):
            text = clip(cell.text, width, self.glyphs.more)
            text = " " * (width - cell_len(text)) + text if column.right else fit(text, width)
            text += "  "
            if index >= self.fixed and hidden:
                skipped = min(hidden, width + 2)
                hidden -= skipped
                text = " " * (width + 2 - skipped) if skipped < width + 2 else ""
            if text:
                segments.append(Segment(text, self.style(*[f"table--{cell.tone}"] * bool(cell.tone), *names)))
        return segments


def _cell(value: str | Cell) -> Cell:
    return Cell(clean(value.text), value.tone) if isinstance(value, Cell) else Cell(clean(value))
