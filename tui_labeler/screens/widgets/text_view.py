"""One document's text with its labels and suggestions, a cursor and a selection."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message
from textual.reactive import reactive

from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.caret import Caret, Mode, Units
from tui_labeler.screens.widgets.finding import Finder
from tui_labeler.screens.widgets.layout import TextLayout
from tui_labeler.screens.widgets.marks import Mark, MarkRows
from tui_labeler.screens.widgets.painting import Overlay, rule_segments, text_segments
from tui_labeler.screens.widgets.palette import category_class, category_classes
from tui_labeler.screens.widgets.text_keys import CaretKeys

if TYPE_CHECKING:
    from rich.segment import Segment
    from textual import events

_UNSIZED = 80
"""The width that is laid out for until the widget has one."""


class TextView(CaretKeys):
    """Shows a raw text wrapped by words, with a rule under each label and suggestion.

    The text is never changed, all offsets are code points of it. Nothing in it reaches the terminal as
    a control character. What can be labeled at any moment is :attr:`current_span`.
    """

    HELP: ClassVar[str] = """\
## Text

Move with `h j k l` or arrows, `w` `b` by words, `(` `)` by sentences, `{` `}` by paragraphs, `g` `G` to
the ends, `ctrl+d` `ctrl+u` by half pages. Digits before a key are a count.

`v` selects by words, `V` by characters; the selection follows the cursor. `>` `<` move its end by words,
`.` `,` by characters, `o` changes to its other end. Without a selection the word at the cursor counts.
"""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text-view--label",
        "text-view--suggestion",
        "text-view--to-place",
        "text-view--compact-label",
        "text-view--compact-suggestion",
        "text-view--compact-to-place",
        "text-view--current",
        "text-view--span",
        "text-view--selection",
        "text-view--found",
        "text-view--cursor",
    } | category_classes("text-view")

    compact = reactive(False, init=False)
    """Underlines in the text in place of rule rows under it."""

    class CursorMoved(Message):
        """The cursor stands elsewhere."""

        def __init__(self, view: TextView, offset: int) -> None:
            super().__init__()
            self.view = view
            self.offset = offset

        @property
        def control(self) -> TextView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, TextView.CursorMoved) and message.view is self.view

    class SelectionChanged(Message):
        """Something else is selected, or nothing."""

        def __init__(self, view: TextView, span: Span | None) -> None:
            super().__init__()
            self.view = view
            self.span = span

        @property
        def control(self) -> TextView:
            return self.view

    class MarkEntered(Message):
        """The cursor came to another mark, or left one (``None``)."""

        def __init__(self, view: TextView, mark: Mark | None) -> None:
            super().__init__()
            self.view = view
            self.mark = mark

        @property
        def control(self) -> TextView:
            return self.view

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._key: Hashable = None
        self._current: Mark | None = None
        self._open("")

    # --- what is shown ----------------------------------------------------------------------------

    def set_document(self, text: str, marks: Iterable[Mark] = (), *, key: Hashable) -> None:
        """Shows a document. ``key`` names it: the same one again keeps the cursor and the view."""
        again = key == self._key
        self._key = key
        if again and text == self.text:
            self.set_marks(marks)
            return
        cursor = self.caret.cursor if again else 0
        self._open(text, marks)
        self.set_content_size(0, self.rows.line_count)
        self.caret.go(cursor)
        self._current = self._mark_at_cursor()
        if not again:
            self.scroll_to(y=0)
        self._reveal(self.caret.cursor)
        self.repaint()
        self._tell(None, None, None)

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Shows other marks on the same text; only lines that differ are drawn again."""
        row, lane = self.rows.place_of(self.top)
        self.rows.set(marks)
        before, self._current = self._current, self._mark_at_cursor()
        self.set_content_size(0, self.rows.line_count)
        line = min(self.rows.lines[row] + lane + 1, self.rows.lines_of(row)[-1])
        if line != self.top:
            self.scroll_to(y=line)
        self.repaint()
        if before != self._current:
            self.post_message(self.MarkEntered(self, self._current))

    def _open(self, text: str, marks: Iterable[Mark] = ()) -> None:
        self.text = text
        self.layout_ = TextLayout(text, self._text_width)
        self.rows = MarkRows(self.layout_, marks, compact=self.compact)
        self.caret = Caret(self.layout_, Units(text))
        self._finder = Finder(text)
        self._found: list[Span] = []
        self._query = ""
        self._current = None
        self._chosen: str | None = None

    @property
    def _text_width(self) -> int:
        """One cell is kept for white space that hangs over a row's end, and for the cursor there."""
        width = self.view_size.width
        return max(1, width - 1) if width else _UNSIZED

    def resized(self) -> None:
        if self.layout_.width != self._text_width:
            self._wrap()

    def _wrap(self) -> None:
        self.layout_ = TextLayout(self.text, self._text_width)
        self.rows = MarkRows(self.layout_, self.rows.marks.values(), compact=self.compact)
        self.caret.layout = self.layout_

    def on_resize(self) -> None:
        self.resized()
        self.set_content_size(0, self.rows.line_count)
        self._reveal(self.caret.cursor)
        self.repaint()

    def watch_compact(self) -> None:
        row = self.rows.place_of(self.top)[0]
        self._wrap()
        self.set_content_size(0, self.rows.line_count)
        self.scroll_to(y=self.rows.lines[row])
        self._reveal(self.caret.cursor)
        self.repaint()

    # --- cursor, selection, marks -----------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The offset of the cursor."""
        return self.caret.cursor

    @property
    def selection(self) -> Span | None:
        """What is selected, without outer white space."""
        return self.caret.selection

    @property
    def current_span(self) -> Span | None:
        """What a label key labels: the selection, the span gone to, or the word at the cursor."""
        return self.caret.current_span

    @property
    def current_mark(self) -> Mark | None:
        """The mark that was gone to, or the shortest one around the cursor."""
        return self._current

    def marks_at(self, offset: int) -> list[Mark]:
        """The marks around an offset, the shortest first."""
        return self.rows.at(offset)

    def go_to(self, start: int, end: int | None = None) -> None:
        """Puts the cursor at ``start`` and brings the range into view; it becomes the current span."""
        self._go(start, end, None)

    def go_to_mark(self, mark_id: str) -> bool:
        """Goes to a mark and makes it the current one among those that overlap it; false if it's gone."""
        mark = self.rows.marks.get(mark_id)
        if mark is None:
            return False
        self._go(mark.start, mark.end, mark_id)
        return True

    def select(self, start: int, end: int) -> None:
        """Selects a range by characters."""
        self.change(lambda: self.caret.select(start, end))

    def clear_selection(self) -> None:
        """Drops the selection, if there is one."""
        self.change(self.caret.clear, reveal=False)

    def _go(self, start: int, end: int | None, mark_id: str | None) -> None:
        def step() -> None:
            self.caret.clear()
            self.caret.go(start)
            if end is not None and start < end <= len(self.text):
                self.caret.pinned = Span(start, end)

        self.change(step, chosen=mark_id, end=end, third=True)

    def change(
        self,
        step: Callable[[], object],
        *,
        chosen: str | None = None,
        end: int | None = None,
        third: bool = False,
        reveal: bool = True,
    ) -> None:
        """Runs one step of the caret, draws what differs and tells who listens."""
        rows = self._active_rows()
        before = self.caret.cursor, self.caret.selection, self._current
        step()
        if chosen is not None or self.caret.cursor != before[0]:
            self._chosen = chosen
        self._current = self._mark_at_cursor()
        if not (reveal and self._reveal(self.caret.cursor, end, third=third)):
            self.repaint(self._lines_in_view(rows | self._active_rows()))
        self._tell(*before)

    def _tell(self, cursor: int | None, selection: Span | None, mark: Mark | None) -> None:
        if self.caret.cursor != cursor:
            self.post_message(self.CursorMoved(self, self.caret.cursor))
        if self.caret.selection != selection:
            self.post_message(self.SelectionChanged(self, self.caret.selection))
        if self._current != mark:
            self.post_message(self.MarkEntered(self, self._current))

    def _mark_at_cursor(self) -> Mark | None:
        around = self.rows.at(self.caret.cursor)
        return next((mark for mark in around if mark.id == self._chosen), around[0] if around else None)

    # --- search -----------------------------------------------------------------------------------

    def find(self, query: str, forward: bool = True) -> Span | None:
        """Goes to the next place of some words, whatever their case, and round the end of the text.

        All places are highlighted until :meth:`clear_found`.
        """
        if query != self._query:
            self._query = query
            self._found = self._finder.find_all(query)
        if not self._found:
            self.repaint()
            return None
        starts = [span.start for span in self._found]
        here = self.caret.cursor
        index = bisect_left(starts, here + 1) if forward else bisect_left(starts, here) - 1
        span = self._found[index % len(self._found)]
        self.go_to(span.start, span.end)
        self.repaint()
        return span

    @property
    def found(self) -> list[Span]:
        """Every place of what was searched for last."""
        return self._found

    def clear_found(self) -> None:
        self._query = ""
        self._found = []
        self.repaint()

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
        active = {self.layout_.row_of(self.caret.cursor)}
        spans = [(low, high)] + ([(self._current.start, self._current.end)] if self._current else [])
        for start, end in spans:
            active.update(
                range(max(top, self.layout_.row_of(start)), min(bottom, self.layout_.row_of(end)) + 1)
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
        row = self.layout_.row_of(start)
        lines = self.rows.lines_of(row)
        last_row = self.layout_.row_of(end - 1) if end is not None and end > start else row
        last = self.rows.lines_of(last_row)[-1]
        if last - lines[0] >= self.view_size.height:
            last = lines[-1] if len(lines) < self.view_size.height else lines[0]
        return lines[0], last

    def turn_page(self, pages: float) -> None:
        step = int(pages * self.view_size.height) - (2 if pages >= 1 else -2 if pages <= -1 else 0)
        line = self.rows.lines[self.layout_.row_of(self.caret.cursor)]
        target = min(max(line + step, 0), self.rows.line_count - 1)
        row = self.rows.place_of(target)[0] - self.layout_.row_of(self.caret.cursor)
        self.scroll_to(y=self.top + step)
        self.change(lambda: self.caret.by_lines(row))

    # --- drawing ----------------------------------------------------------------------------------

    def paint_line(self, y: int) -> list[Segment]:
        line = self.top + y
        if line >= self.rows.line_count:
            return []
        row, lane = self.rows.place_of(line)
        if lane < 0:
            return text_segments(self.layout_, row, self._overlays(row), self.style)
        lanes = self.rows.lanes(row)
        if lane >= len(lanes):
            return []
        return rule_segments(lanes[lane], self.glyphs, self._rule_classes, self.style)

    def _rule_classes(self, mark: Mark) -> tuple[str, ...]:
        names = category_class("text-view", mark.color), f"text-view--{mark.kind}"
        return (*names, "text-view--current") if mark == self._current else names

    def _overlays(self, row: int) -> list[Overlay]:
        start, end = self.layout_.starts[row], self.layout_.ends[row]
        after = self.layout_.starts[row + 1] if row + 1 < len(self.layout_) else end + 1
        overlays: list[Overlay] = []

        def cover(low: int, high: int, *names: str) -> None:
            if low < after and high > start:
                overlays.append((*self.layout_.columns_of(row, low, high), names))

        if self.compact:
            for mark in sorted(self.rows.in_row(row), key=lambda m: (m.start, -m.end, m.id)):
                names = [category_class("text-view", mark.color), f"text-view--compact-{mark.kind}"]
                cover(mark.start, mark.end, *names, *["text-view--current"] * (mark == self._current))
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

    # --- mouse ------------------------------------------------------------------------------------

    def _offset_under(self, event: events.MouseEvent) -> int | None:
        place = event.get_content_offset(self)
        line = self.top + place.y if place else -1
        if place is None or not 0 <= line < self.rows.line_count:
            return None
        row, lane = self.rows.place_of(line)
        if lane >= 0:
            for rule in self.rows.lanes(row)[lane] if lane < len(self.rows.lanes(row)) else ():
                if rule.first <= place.x < rule.last:
                    return max(rule.mark.start, self.layout_.starts[row])
        return self.layout_.offset_at(row, place.x)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = self._offset_under(event)
        if offset is not None and event.button == 1:
            self.change(self.caret.clear, reveal=False)
            self.change(lambda: self.caret.go(offset))
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        offset = self._offset_under(event) if self.app.mouse_captured is self else None
        if offset is None or offset == self.caret.cursor:
            return
        if self.caret.mode is Mode.OFF:
            self.change(lambda: self.caret.toggle(Mode.WORDS))
        self.change(lambda: self.caret.go(offset))

    def on_mouse_up(self) -> None:
        if self.app.mouse_captured is self:
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        word = self.caret.current_span if event.chain == 2 else None
        if word:
            self.change(lambda: self.caret.select(word.start, word.end, Mode.WORDS))
