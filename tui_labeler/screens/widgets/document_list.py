"""The documents of a project, one line each, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment
from textual.message import Message

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.screens.widgets.document_columns import columns, state_sign
from tui_labeler.screens.widgets.rows import RowView, row_key
from tui_labeler.screens.widgets.text_keys import MAX_COUNT

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Key

_BOX = 2
"""Cells of the sign of a selected document."""


class DocumentList(RowView):
    """Documents with their state, labels and suggestions; a cursor and a selection of ids.

    With ``records`` each shows its text records at any width. Draws only the rows in view; the selection
    lives on when other rows are shown.
    """

    HELP: ClassVar[str] = """\
## Documents

`j` `k` or arrows move, `g` `G` go to the ends, `enter` opens. Digits before a key are a count: `12j`,
`12G`. `space` selects and goes on, `v` starts a range that `space` or `v` closes, `*` selects all or none.
`esc` drops a range that was begun, else it goes back.

With the mouse: a click goes to a document, a double click opens it, a click left of its sign selects it.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        row_key(
            "space",
            "select_row",
            "Select",
            "Select the document, or the range, and go on",
            "select",
            show=True,
        ),
        row_key("v", "range", "Range", "Start a range of documents, or select it", "range"),
        row_key("*", "all", "All / none", "Select all documents shown, or none", "all", show=True),
        row_key("ctrl+g,escape", "drop_range", "Drop range", "Drop the range (v closes it)", "drop-range"),
    ]

    ORDERS_ITSELF: ClassVar[bool] = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "document-list--cursor",
        "document-list--selected",
        "document-list--dim",
        *(f"document-list--{state}" for state in DocumentState),
    }

    class _RowMessage(Message):
        def __init__(self, view: DocumentList, row: DocumentRow) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> DocumentList:
            return self.view

    class Opened(_RowMessage):
        """A document is to be opened."""

    class Moved(_RowMessage):
        """The cursor came to another document."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, DocumentList.Moved) and message.view is self.view

    class SelectionChanged(Message):
        """Other documents are selected."""

        def __init__(self, view: DocumentList) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> DocumentList:
            return self.view

    class CountChanged(Message):
        """Digits that wait for the key they belong to, or no more."""

        def __init__(self, view: DocumentList) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> DocumentList:
            return self.view

    digits_are_counts = True
    """Whether digits are a count for the next key; off, they go on to the screen."""

    def __init__(self, *, records: bool = False, tokens: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.count = self._prefix = 0
        """Typed so far; 0 for none."""
        self._records = records
        self._tokens: Callable[[DocumentRow], int] | None = _unknown if tokens else None
        self.as_seen: Callable[[DocumentRow], DocumentRow] = _whole
        """Leaves out of a row what is not to be shown."""
        self.actor = ""
        """Whose list it is: what they have to read is marked."""
        self.taker: Callable[[DocumentRow], str] = _nobody
        """Who else has a document open to label it, by name; empty for nobody."""
        self.rows: list[DocumentRow] = []
        self.selected: set[int] = set()
        """Ids of the selected documents, shown or not."""
        self._index: dict[int, int] | None = None
        """Which row a document has, by id; not before somebody asks, as of very many it takes its time."""
        self._range: int | None = None

    # --- what is shown ----------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[DocumentRow], keep_cursor: bool = True) -> None:
        """Shows other rows; the cursor stays on its document if that is still among them."""
        current = self.current
        self.rows = list(rows)
        self._index = None
        self._range = None
        kept = None
        if keep_cursor and current:
            kept = next((index for index, row in enumerate(self.rows) if row.id == current.id), None)
        self.cursor = kept if kept is not None else min(self.cursor, len(self.rows) - 1) if keep_cursor else 0
        self.cursor = max(0, self.cursor)
        self.fit_rows()
        if not self.reveal():
            self.repaint()
        after = self.current
        if after and (current is None or after.id != current.id):
            self.moved()

    def show_takers(self, locations: Collection[str]) -> None:
        """Shows anew who has some documents."""
        last = min(self.top + self.page_rows + 1, len(self.rows))
        shown = [index for index in range(self.top, last) if self.rows[index].location in locations]
        if shown:
            self.repaint_rows(shown)

    def on_unmount(self) -> None:
        # What is left of a screen goes some time later, and many documents take many megabytes.
        self.rows = []
        self.selected = set()
        self._index = None

    @property
    def _places(self) -> dict[int, int]:
        """Which row each document has, by id."""
        if self._index is None:
            self._index = {row.id: index for index, row in enumerate(self.rows)}
        return self._index

    def renew(self, known: Mapping[int, DocumentRow]) -> None:
        """Shows the listed documents as they are now; each must be ``known``."""
        self.rows = [known[row.id] for row in self.rows]
        self.repaint()

    def update_rows(self, rows: Iterable[DocumentRow]) -> None:
        """Shows the new state of documents; those that are not listed are left out."""
        touched = []
        for row in rows:
            index = self._places.get(row.id)
            if index is not None:
                self.rows[index] = row
                touched.append(index)
        if touched:
            self.repaint_rows(touched)

    def show_tokens(self, tokens: Callable[[DocumentRow], int]) -> None:
        """Shows about how many tokens each document takes; it is asked for those in view alone."""
        self._tokens = tokens
        self.repaint()

    @property
    def current(self) -> DocumentRow | None:
        """The document at the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def lists(self, document_id: int) -> bool:
        """Whether a document is among those listed."""
        return document_id in self._places

    def go_to(self, document_id: int) -> bool:
        """Puts the cursor on a document; false if it is not listed."""
        current = self.current
        # The index of very many rows takes a moment to make.
        at_it = current is not None and current.id == document_id
        index = self.cursor if at_it else self._places.get(document_id)
        if index is None:
            return False
        self.move_to(index)
        return True

    def select(self, ids: Iterable[int]) -> None:
        """Selects exactly these documents."""
        self.selected = set(ids)
        self.repaint()
        self.post_message(self.SelectionChanged(self))

    # --- the cursor and the selection -------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """Collects the count; every other key takes it along, used or not."""
        digit, before = event.character or "", self.count
        counts = self.digits_are_counts and len(digit) == 1 and digit in "0123456789"
        if counts and (digit != "0" or self.count):
            self.count = min(self.count * 10 + int(digit), MAX_COUNT)
            event.stop()
            event.prevent_default()
        else:
            self._prefix, self.count = self.count, 0
        if self.count != before:
            self.post_message(self.CountChanged(self))

    def _take_count(self) -> int:
        count, self._prefix = self._prefix, 0
        return count

    def action_move(self, rows: int) -> None:
        super().action_move(rows * (self._take_count() or 1))

    def action_last(self) -> None:
        """With a count to that row."""
        count = self._take_count()
        self.move_to(count - 1 if count else self.row_count - 1)

    @property
    def row_count(self) -> int:
        return len(self.rows)

    @property
    def heading(self) -> int:
        return 1

    def moved(self) -> None:
        if self.current:
            self.post_message(self.Moved(self, self.current))

    def opened(self) -> None:
        if self.current:
            self.post_message(self.Opened(self, self.current))

    def changed_rows(self, before: int, after: int) -> list[int]:
        if self._range is None:
            return [before, after]
        low, high = sorted((before, after))
        return list(range(max(low, self.top), min(high, self.top + self.page_rows) + 1))

    @property
    def in_hand(self) -> frozenset[int]:
        """Ids of the documents that are selected, and of those in a range that is not closed yet."""
        ranged = self._in_range() if self._range is not None else range(0)
        return frozenset(self.selected) | {self.rows[index].id for index in ranged}

    def _in_range(self) -> range:
        if self._range is None:
            return range(self.cursor, min(self.cursor + 1, len(self.rows)))
        low, high = sorted((self._range, self.cursor))
        return range(low, high + 1)

    @property
    def box_width(self) -> int:
        return _BOX

    def box_clicked(self) -> None:
        if row := self.current:
            self.selected ^= {row.id}
            self.repaint_rows([self.cursor])
            self.post_message(self.SelectionChanged(self))

    def action_select_row(self) -> None:
        if self._range is not None:
            self.action_range()
        else:
            self.box_clicked()
            self.move_to(self.cursor + 1)

    def action_range(self) -> None:
        if not self.rows:
            return
        if self._range is None:
            self._range = self.cursor
            self.repaint_rows([self.cursor])
            return
        rows = self._in_range()
        self._range = None
        self.selected |= {self.rows[index].id for index in rows}
        self.repaint()
        self.post_message(self.SelectionChanged(self))

    @property
    def has_range(self) -> bool:
        """A range was begun and not closed."""
        return self._range is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """With no range to drop the key is the screen's."""
        if action == "drop_range":
            return self.has_range
        return super().check_action(action, parameters)

    def action_drop_range(self) -> None:
        self._range = None
        self.repaint()

    def action_all(self) -> None:
        shown = self._places.keys()
        self.select(self.selected - shown if shown <= self.selected else self.selected | shown)

    # --- drawing ----------------------------------------------------------------------------------

    def paint_line(self, y: int) -> list[Segment]:
        width = self.view_size.width
        if y == 0:
            return [
                Segment(
                    columns(width, self.glyphs, None, records=self._records, tokens=self._tokens),
                    self.style("document-list--dim"),
                )
            ]
        index = self.row_at(y)
        if index is None:
            return []
        row = self.as_seen(self.rows[index])
        marked = row.id in self.selected or (self._range is not None and index in self._in_range())
        sign = self.glyphs.selected if marked else self.glyphs.unselected
        at_cursor = index == self.cursor
        names = ["document-list--selected"] * marked + ["document-list--cursor"] * at_cursor
        state = [f"document-list--{row.state}", *names]
        taker = self.taker(row)
        return [
            Segment(f"{sign}{self.glyphs.cursor if at_cursor else ' '}", self.style(*names)),
            Segment(
                f"{self.glyphs.taken if taker else state_sign(row, self.glyphs, self.actor)} ",
                self.style(*state),
            ),
            Segment(
                columns(width, self.glyphs, row, taker, records=self._records, tokens=self._tokens)[4:],
                self.style(*names),
            ),
        ]


def _whole(row: DocumentRow) -> DocumentRow:
    return row


def _nobody(row: DocumentRow) -> str:
    return ""


def _unknown(row: DocumentRow) -> int:
    return 0
