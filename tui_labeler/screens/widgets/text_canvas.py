"""Draws a text with its marks and keeps the cursor in view."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.reactive import reactive

from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.caret import Caret, Mode, Units
from tui_labeler.screens.widgets.layout import TextLayout
from tui_labeler.screens.widgets.marks import Mark, MarkRows, dashes
from tui_labeler.screens.widgets.painting import Overlay, rule_segments, text_segments
from tui_labeler.screens.widgets.palette import category_class, category_classes
from tui_labeler.screens.widgets.text_keys import CaretKeys

if TYPE_CHECKING:
    from rich.segment import Segment

_UNSIZED = 80
"""The width that is laid out for until the widget has one."""
_OVERLAP = 2
"""Lines of a page that the next one shows again."""


class TextCanvas(CaretKeys, inherit_bindings=True):
    """What a text, its marks and its caret look like in a viewport."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text-view--label",
        "text-view--suggestion",
        "text-view--to-place",
        "text-view--compact-label",
        "text-view--compact-suggestion",
        "text-view--compact-to-place",
        "text-view--current",
        "text-view--compact-current",
        "text-view--span",
        "text-view--selection",
        "text-view--found",
        "text-view--cursor",
    } | category_classes("text-view")

    ORDERS_ITSELF: ClassVar[bool] = True

    compact = reactive(False, init=False)
    """Underlines in the text in place of rule rows under it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._current: Mark | None = None
        self.open_text("")

    def open_text(self, text: str, marks: Iterable[Mark] = ()) -> None:
        """Lays a text out and puts the cursor at its start."""
        self.text = text
        self.text_layout = TextLayout(text, self._text_width)
        self.rows = MarkRows(self.text_layout, marks, compact=self.compact)
        self.caret = Caret(self.text_layout, Units(text))
        self._found: list[Span] = []
        self._current = None
        self._chosen: str | None = None

    @property
    def _text_width(self) -> int:
        """One cell is kept for white space that hangs over a row's end, and for the cursor there."""
        width = self.view_size.width
        return max(1, width - 1) if width else _UNSIZED

    def resized(self) -> None:
        if self.text_layout.width != self._text_width:
            self._wrap()

    def _wrap(self) -> None:
        self.text_layout = TextLayout(self.text, self._text_width)
        self.rows = MarkRows(self.text_layout, self.rows.marks.values(), compact=self.compact)
        self.caret.layout = self.text_layout

    def on_resize(self) -> None:
        self.resized()
        self.set_content_size(0, self.rows.line_count)
        self._reveal(self.caret.cursor)
        self.repaint()

    def watch_compact(self) -> None:
        self.lay_out_again()

    def lay_out_again(self) -> None:
        """Measures all rows anew; the one at the top stays there."""
        row = self.rows.place_of(self.top)[0]
        self._wrap()
        self.set_content_size(0, self.rows.line_count)
        self.scroll_to(y=self.rows.lines[row])
        self._reveal(self.caret.cursor)
        self.repaint()

    def _mark_at_cursor(self) -> Mark | None:
        around = self.rows.at(self.caret.cursor)
        return next((mark for mark in around if mark.id == self._chosen), around[0] if around else None)

    # --- what is in view --------------------------------------------------------------------------

    def _active_rows(self) -> set[int]:
        """The rows in view that the cursor, the selection or the current mark make look different."""
        low, high = self.caret.cursor, self.caret.cursor
        if self.caret.mode is not Mode.OFF:
            low, high = self.caret.selected_range()
        elif span := self.caret.current_span:
            low, high = min(low, span.start), max(high, span.end)
        last = self.rows.line_count - 1
        top = self.rows.place_of(min(self.top, last))[0]
        bottom = self.rows.place_of(min(self.top + self.view_size.height, last))[0]
        active = {self.text_layout.row_of(self.caret.cursor)}
        spans = [(low, high)] + ([(self._current.start, self._current.end)] if self._current else [])
        for start, end in spans:
            active.update(
                range(max(top, self.text_layout.row_of(start)), min(bottom, self.text_layout.row_of(end)) + 1)
            )
        return active

    def _lines_in_view(self, rows: Iterable[int]) -> list[int]:
        return [line - self.top for row in rows for line in self.rows.lines_of(row)]

    def _reveal(self, start: int, end: int | None = None, *, third: bool = False) -> bool:
        """Scrolls if ``start..end`` is out of view: by half a page, never line by line.

        A target that was gone to comes to a third of the viewport, so that what follows is in view too.
        Says whether it scrolled.
        """
        height = self.view_size.height
        if not height:
            return False
        first, last = self._lines_between(start, end)
        if self.top <= first and last < self.top + height:
            return False
        if self.rows.collapse():
            self.set_content_size(0, self.rows.line_count)
            first, last = self._lines_between(start, end)
        top = min(max(first - height // (3 if third else 2), 0), max(0, self.rows.line_count - height))
        scrolled = top != self.top
        self.scroll_to(y=top)
        if not scrolled:
            self.repaint()
        return True

    def _lines_between(self, start: int, end: int | None) -> tuple[int, int]:
        """The lines to bring into view; of what is higher than the view, its beginning."""
        row = self.text_layout.row_of(start)
        lines = self.rows.lines_of(row)
        last_row = self.text_layout.row_of(end - 1) if end is not None and end > start else row
        last = self.rows.lines_of(last_row)[-1]
        if last - lines[0] >= self.view_size.height:
            last = lines[-1] if len(lines) < self.view_size.height else lines[0]
        return lines[0], last

    def turn_page(self, part: float, count: int) -> None:
        overlap = _OVERLAP if abs(part) == 1 else 0
        step = count * (int(part * self.view_size.height) - int(part) * overlap)
        line = self.rows.lines[self.text_layout.row_of(self.caret.cursor)]
        target = min(max(line + step, 0), self.rows.line_count - 1)
        row = self.rows.place_of(target)[0] - self.text_layout.row_of(self.caret.cursor)
        self.scroll_to(y=self.top + step)
        self.change(lambda: self.caret.by_lines(row))

    # --- drawing ----------------------------------------------------------------------------------

    def paint_line(self, y: int) -> list[Segment]:
        line = self.top + y
        if line >= self.rows.line_count:
            return []
        row, lane = self.rows.place_of(line)
        if lane < 0:
            return text_segments(self.text_layout, row, self._overlays(row), self.style)
        lanes = self.rows.lanes(row)
        if lane >= len(lanes):
            return []
        return rule_segments(lanes[lane], self.glyphs, self._rule_classes, self.style)

    def _rule_classes(self, mark: Mark) -> tuple[str, ...]:
        names = category_class("text-view", mark.color), f"text-view--{mark.kind}"
        return (*names, "text-view--current") if mark == self._current else names

    def _overlays(self, row: int) -> list[Overlay]:
        start, end = self.text_layout.starts[row], self.text_layout.ends[row]
        after = self.text_layout.starts[row + 1] if row + 1 < len(self.text_layout) else end + 1
        overlays: list[Overlay] = []

        def cover(low: int, high: int, *names: str) -> None:
            if low < after and high > start:
                for first, last in self.text_layout.pieces_of(row, low, high):
                    overlays.append((first, last, names))

        if self.compact:
            for mark in sorted(self.rows.in_row(row), key=lambda m: (m.start, -m.end, m.id)):
                names = [category_class("text-view", mark.color)]
                names += ["text-view--compact-current"] * (mark == self._current)
                cover(mark.start, mark.end, *names)
                for low, high in dashes(mark, max(mark.start, start), min(mark.end, after)):
                    cover(low, high, *names, f"text-view--compact-{mark.kind}")
        if self._found:
            for span in self._found_in(start, after):
                cover(span.start, span.end, "text-view--found")
        if self.caret.mode is not Mode.OFF:
            cover(*self.caret.selected_range(), "text-view--selection")
        elif span_now := self.caret.current_span:
            cover(span_now.start, span_now.end, "text-view--span")
        if start <= self.caret.cursor < after:
            cover(self.caret.cursor, self.caret.cursor + 1, "text-view--cursor")
        return overlays

    def _found_in(self, start: int, end: int) -> list[Span]:
        first = bisect_left(self._found, start, key=lambda span: span.end)
        last = bisect_left(self._found, end, key=lambda span: span.start)
        return self._found[first:last]
