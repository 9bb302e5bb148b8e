"""A line view over many equal rows with a cursor: what lists, panes and tables share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.screens.widgets.lines import LineView

if TYPE_CHECKING:
    from textual import events


def row_key(key: str, action: str, description: str, tooltip: str, name: str, show: bool = False) -> Binding:
    """A binding of a list, with an id that a keymap can name."""
    return Binding(key, action, description, tooltip=tooltip, id=f"list.{name}", show=show)


class RowView(LineView, inherit_bindings=False):
    """Rows of one line each under a heading of fixed lines, and a cursor that turns pages at the edges.

    A subclass gives :attr:`row_count` and paints ``heading`` lines before the first row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        row_key("j,down", "move(1)", "Down", "One row down", "down"),
        row_key("k,up", "move(-1)", "Up", "One row up", "up"),
        row_key("pagedown", "page(1.0)", "Page down", "One page down", "page-down"),
        row_key("pageup", "page(-1.0)", "Page up", "One page up", "page-up"),
        row_key("ctrl+d", "page(0.5)", "Half page down", "Half a page down", "half-down"),
        row_key("ctrl+u", "page(-0.5)", "Half page up", "Half a page up", "half-up"),
        row_key("g,home", "first", "Top", "To the first row", "first"),
        row_key("G,end", "last", "Bottom", "To the last row", "last"),
        row_key("enter", "open", "Open", "Open the row", "open", show=True),
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.cursor = 0
        """The index of the current row; 0 as well when there is none."""

    @property
    def row_count(self) -> int:
        raise NotImplementedError

    @property
    def heading(self) -> int:
        """Lines above the rows that do not scroll."""
        return 0

    def moved(self) -> None:
        """Called when the cursor came to another row."""

    def opened(self) -> None:
        """Called when the current row is to be opened."""

    @property
    def box_width(self) -> int:
        """Cells at the left of a row that are its box; 0 where rows can't be selected."""
        return 0

    def box_clicked(self) -> None:
        """Called when the current row is to be selected, or taken out."""

    def changed_rows(self, before: int, after: int) -> list[int]:
        """The rows that look different when the cursor goes from one to another."""
        return [before, after]

    # --- the cursor -------------------------------------------------------------------------------

    def move_to(self, index: int) -> None:
        """Puts the cursor on a row, or the nearest one, and brings it into view: half a page at a time."""
        index = min(max(index, 0), max(0, self.row_count - 1))
        before, self.cursor = self.cursor, index
        if not self.reveal() and before != index:
            self.repaint_rows(self.changed_rows(before, index))
        if before != index:
            self.moved()

    def reveal(self) -> bool:
        """Scrolls if the cursor is out of view; says whether it did."""
        height = self.page_rows
        if height <= 0 or self.top <= self.cursor < self.top + height:
            return False
        top = min(max(self.cursor - height // 2, 0), max(0, self.row_count - height))
        if top == self.top:
            return False
        self.scroll_to(y=top)
        return True

    @property
    def page_rows(self) -> int:
        """Rows that the viewport holds."""
        return self.view_size.height - self.heading

    def action_move(self, rows: int) -> None:
        self.move_to(self.cursor + rows)

    def action_page(self, pages: float) -> None:
        rows = int(pages * max(1, self.page_rows))
        before, top = self.cursor, self.top
        self.scroll_to(y=self.top + rows)
        self.move_to(self.cursor + rows)
        if self.top != top and before == self.cursor:
            self.repaint_rows([before])

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(self.row_count - 1)

    def action_open(self) -> None:
        if self.row_count:
            self.opened()

    # --- drawing ----------------------------------------------------------------------------------

    def repaint_rows(self, rows: list[int] | range) -> None:
        """Redraws rows that may look different."""
        shift = self.heading - self.top
        self.repaint([row + shift for row in rows])

    def fit_rows(self, width: int = 0) -> None:
        """Says how many rows there are to scroll through."""
        self.set_content_size(width, self.row_count + self.heading)

    def row_at(self, y: int) -> int | None:
        """The row in a line of the viewport."""
        row = self.top + y - self.heading
        return row if y >= self.heading and row < self.row_count else None

    def on_resize(self) -> None:
        self.reveal()
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """A click goes to a row, a double click opens it; a click on its box selects it, or takes it out."""
        place = event.get_content_offset(self)
        row = None if place is None else self.row_at(place.y)
        if place is None or row is None:
            return
        self.move_to(row)
        if place.x < self.box_width:
            self.box_clicked()
        elif event.chain == 2:
            self.opened()
