"""A list to choose from: rows that can't be chosen and are dim, rows that are selected, a heading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from textual.message import Message

from tui_labeler.screens.widgets.cells import clean
from tui_labeler.screens.widgets.glyphs import Glyphs
from tui_labeler.screens.widgets.rows import RowView, row_key
from tui_labeler.screens.widgets.sheet import LOOKS, Line

if TYPE_CHECKING:
    from rich.style import Style
    from textual.binding import BindingType


@dataclass(frozen=True, slots=True)
class Choice:
    """One row."""

    key: str
    paint: Callable[[int, Glyphs], Line]
    """Its words for a width in cells."""
    disabled: bool = False
    """Drawn dim; choosing it posts :class:`Picker.Refused`."""


class Picker(RowView, inherit_bindings=False):
    """Rows of a screen's own making under a heading. With ``multiple``, ``space`` selects rows.

    Words are made safe here, whatever they hold.
    """

    HELP: ClassVar[str] = """\
## List

`j` `k` or arrows move, `g` `G` go to the ends, `enter` chooses. Where rows have boxes, `space` selects one
and `*` all or none. With the mouse: a click goes to a row, a double click chooses it, a click on its box
selects it.
"""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "picker--cursor",
        "picker--heading",
        "picker--disabled",
        *(f"picker--{look}" for look in LOOKS),
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        *(binding for binding in RowView.BINDINGS if getattr(binding, "id", "") != "list.open"),
        row_key("space", "toggle_row", "Select", "Select the row, or take it out", "toggle", show=True),
        row_key("asterisk", "toggle_rows", "All / none", "Select all rows, or none", "all", show=True),
        row_key("enter", "open", "Choose", "Choose the row", "choose"),
    ]

    class _RowMessage(Message):
        def __init__(self, picker: Picker, key: str) -> None:
            super().__init__()
            self.picker = picker
            self.key = key

        @property
        def control(self) -> Picker:
            return self.picker

    class Highlighted(_RowMessage):
        """The cursor came to another row."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Picker.Highlighted) and message.picker is self.picker

    class Chosen(_RowMessage):
        """``enter`` on a row."""

    class Refused(_RowMessage):
        """``enter`` or ``space`` on a row that can't be chosen."""

    class SelectionChanged(Message):
        """Other rows are selected than before."""

        def __init__(self, picker: Picker) -> None:
            super().__init__()
            self.picker = picker

        @property
        def control(self) -> Picker:
            return self.picker

    def __init__(self, *, multiple: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.selected: set[str] = set()
        """Keys of the selected rows."""
        self._multiple = multiple
        self._rows: Sequence[Choice] = ()
        self._heading: Callable[[int, Glyphs], Line] | None = None

    # --- what is shown ------------------------------------------------------------------------------

    def set_rows(
        self,
        rows: Sequence[Choice],
        heading: Callable[[int, Glyphs], Line] | None = None,
        *,
        cursor: str | None = None,
    ) -> None:
        """Shows rows. The cursor stays on its row (or goes to ``cursor``) where that is among them."""
        before = self.current
        wanted = before if cursor is None else cursor
        self._rows = rows
        self._heading = heading
        places = {row.key: number for number, row in enumerate(rows)}
        self.cursor = places.get(wanted or "", max(0, min(self.cursor, len(rows) - 1)))
        self.fit_rows()
        if not self.reveal():
            self.repaint()
        if self.current != before:
            self.moved()

    @property
    def current(self) -> str | None:
        """The key of the row at the cursor."""
        return self._rows[self.cursor].key if self.cursor < len(self._rows) else None

    def select(self, keys: Iterable[str]) -> None:
        """Selects exactly these rows, without a message."""
        self.selected = set(keys)
        self.repaint()

    @property
    def text(self) -> str:
        """The heading and all rows as plain text, at the present width."""
        width = self._room
        lines = [self._heading(width, self.glyphs)] if self._heading else []
        for row in self._rows:
            mark = "[x] " if row.key in self.selected else "[ ] " if self._multiple else ""
            lines.append(((mark, ""), *row.paint(width, self.glyphs)))
        return "\n".join("".join(clean(words) for words, _ in line).rstrip() for line in lines)

    # --- rows ---------------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        return len(self._rows)

    @property
    def heading(self) -> int:
        return int(self._heading is not None)

    def moved(self) -> None:
        if self.current is not None:
            self.post_message(self.Highlighted(self, self.current))

    def opened(self) -> None:
        row = self._rows[self.cursor]
        self.post_message((self.Refused if row.disabled else self.Chosen)(self, row.key))

    # --- drawing ------------------------------------------------------------------------------------

    @property
    def _gutter(self) -> int:
        return 4 if self._multiple else 2

    @property
    def _room(self) -> int:
        """Cells for a row's words: one is left free at the right edge."""
        return max(1, self.view_size.width - self._gutter - 1)

    def paint_line(self, y: int) -> list[Segment]:
        if self._heading is not None and y == 0:
            line = self._heading(self._room, self.glyphs)
            return [Segment(" " * self._gutter, self.style()), *self._segments(line, ("picker--heading",))]
        number = self.row_at(y)
        if number is None:
            return []
        row = self._rows[number]
        at_cursor = number == self.cursor
        base = ("picker--disabled",) * row.disabled + ("picker--cursor",) * at_cursor
        sign = f"{self.glyphs.cursor if at_cursor else ' '} "
        if self._multiple:
            sign += f"{self.glyphs.selected if row.key in self.selected else self.glyphs.unselected} "
        segments = [
            Segment(sign, self.style(*base)),
            *self._segments(row.paint(self._room, self.glyphs), base),
        ]
        used = sum(segment.cell_length for segment in segments)
        return [*segments, Segment(" " * max(0, self.view_size.width - used), self.style(*base))]

    def _segments(self, line: Line, base: tuple[str, ...]) -> list[Segment]:
        return [Segment(clean(words), self._look(look, base)) for words, look in line]

    def _look(self, look: str, base: tuple[str, ...]) -> Style:
        """At the cursor, colours would only make a patchwork; signs and words say the same."""
        at_cursor = "picker--cursor" in base
        return self.style(*base) if at_cursor or not look else self.style(f"picker--{look}", *base)

    # --- selecting ----------------------------------------------------------------------------------

    @property
    def box_width(self) -> int:
        return self._gutter if self._multiple else 0

    def box_clicked(self) -> None:
        self.action_toggle_row()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("toggle_row", "toggle_rows"):
            return self._multiple
        return super().check_action(action, parameters)

    def action_toggle_row(self) -> None:
        if not self._rows:
            return
        row = self._rows[self.cursor]
        if row.disabled:
            self.post_message(self.Refused(self, row.key))
            return
        self.selected ^= {row.key}
        self.repaint_rows([self.cursor])
        self.post_message(self.SelectionChanged(self))

    def action_toggle_rows(self) -> None:
        keys = {row.key for row in self._rows if not row.disabled}
        self.selected = self.selected - keys if keys <= self.selected else self.selected | keys
        self.repaint()
        self.post_message(self.SelectionChanged(self))
