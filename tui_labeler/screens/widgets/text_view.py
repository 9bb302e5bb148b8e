"""One document's text with its labels and suggestions, a cursor and a selection."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from tui_labeler.domain.finding import Finder
from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.caret import Mode
from tui_labeler.screens.widgets.text_canvas import TextCanvas

if TYPE_CHECKING:
    from textual import events

    from tui_labeler.screens.widgets.marks import Mark


class TextView(TextCanvas):
    """Shows a raw text wrapped by words, with a rule under each label and suggestion.

    The text is never changed, all offsets are code points of it. Nothing in it reaches the terminal as
    a control character. What can be labeled at any moment is :attr:`current_span`.
    """

    HELP: ClassVar[str] = """\
## Text

Move with `h j k l` or arrows, `w` `b` by words, `(` `)` by sentences, `{` `}` by paragraphs, `g` `G` to
the ends, `ctrl+d` `ctrl+u` by half pages. Digits before a key are a count; `12G` goes to line 12.

`v` selects by words, `V` by characters; the selection follows the cursor. `>` `<` move its end by words,
`.` `,` by characters, `o` changes to its other end. Without a selection the word at the cursor counts.

With the mouse: a click goes to a place, dragging selects words, a double click selects one.
"""

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

    class SearchChanged(Message):
        """Places were found, or the search that found some is over."""

        def __init__(self, view: TextView) -> None:
            super().__init__()
            self.view = view

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

    class CountChanged(Message):
        """Digits that wait for the key they belong to; 0 when there are none."""

        def __init__(self, view: TextView, count: int) -> None:
            super().__init__()
            self.view = view
            self.count = count

        @property
        def control(self) -> TextView:
            return self.view

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._key: Hashable = None
        self._current: Mark | None = None
        self.open_text("")

    def open_text(self, text: str, marks: Iterable[Mark] = ()) -> None:
        super().open_text(text, marks)
        self._finder = Finder(text)
        self._query = ""

    # --- what is shown ----------------------------------------------------------------------------

    def set_document(self, text: str, marks: Iterable[Mark] = (), *, key: Hashable) -> None:
        """Shows a document. ``key`` names it: the same one again keeps the cursor and the view."""
        again = key == self._key
        self._key = key
        if again and text == self.text:
            self.set_marks(marks)
            return
        cursor, selected = self.caret.cursor if again else 0, self.caret.selection
        searched = bool(self._found)
        self.open_text(text, marks)
        if searched:
            self.post_message(self.SearchChanged(self))
        self.set_content_size(0, self.rows.line_count)
        self.caret.go(cursor)
        self._current = self._mark_at_cursor()
        if not again:
            self.scroll_to(y=0)
        self._reveal(self.caret.cursor)
        self.repaint()
        self._tell(None, selected, None)

    def set_marks(self, marks: Iterable[Mark]) -> None:
        """Shows other marks on the same text; only lines that differ are drawn again."""
        (row, lane), lines, active = self.rows.place_of(self.top), self.rows.lines, self._active_rows()
        touched = self.rows.set(marks)
        before, self._current = self._current, self._mark_at_cursor()
        if self.rows.lines is lines:
            self.repaint(self._lines_in_view(touched | active | self._active_rows()))
        else:
            self.set_content_size(0, self.rows.line_count)
            line = min(self.rows.lines[row] + lane + 1, self.rows.lines_of(row)[-1])
            if line != self.top:
                self.scroll_to(y=line)
            self.repaint()
        if before != self._current:
            self.post_message(self.MarkEntered(self, self._current))

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

    @property
    def line(self) -> tuple[int, int]:
        """The number of the line that the cursor is in, from 1, and how many there are."""
        return self.text_layout.line_of(self.caret.cursor), len(self.text_layout.lines)

    def go_to_line(self, number: int) -> None:
        """Puts the cursor at the start of a line, from 1; at that of the last where there are fewer."""
        self.change(lambda: self.caret.to_line(number))

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

    def count_changed(self) -> None:
        self.post_message(self.CountChanged(self, self.count))

    def _tell(self, cursor: int | None, selection: Span | None, mark: Mark | None) -> None:
        if self.caret.cursor != cursor:
            self.post_message(self.CursorMoved(self, self.caret.cursor))
        if self.caret.selection != selection:
            self.post_message(self.SelectionChanged(self, self.caret.selection))
        if self._current != mark:
            self.post_message(self.MarkEntered(self, self._current))

    # --- search -----------------------------------------------------------------------------------

    def find(self, query: str, forward: bool = True) -> Span | None:
        """Goes to the next place of some words, whatever their case, and round the end of the text.

        All places are highlighted until :meth:`clear_found`.
        """
        if query != self._query:
            self._query = query
            self._find_all()
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
        """The search is over."""
        if self._query:
            self._query = ""
            self._find_all()
            self.repaint()

    def _find_all(self) -> None:
        before, self._found = self._found, self._finder.find_all(self._query) if self._query else []
        if bool(before) is not bool(self._found):
            self.post_message(self.SearchChanged(self))

    def action_unselect(self) -> None:
        """Drops the selection; where there is none, ends the search."""
        if self.caret.mode is Mode.OFF:
            self.clear_found()
        super().action_unselect()

    # --- mouse ------------------------------------------------------------------------------------

    def _offset_under(self, event: events.MouseEvent) -> int | None:
        place = event.get_content_offset(self)
        line = -1 if place is None else self.top + place.y
        if place is None or not 0 <= line < self.rows.line_count:
            return None
        row, lane = self.rows.place_of(line)
        if lane >= 0:
            for rule in self.rows.lanes(row)[lane] if lane < len(self.rows.lanes(row)) else ():
                if rule.first <= place.x < rule.last:
                    return max(rule.mark.start, self.text_layout.starts[row])
        return self.text_layout.offset_at(row, place.x)

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
