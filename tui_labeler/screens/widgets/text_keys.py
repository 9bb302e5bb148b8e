"""The keys of the text view, and what each does to its caret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.screens.widgets.caret import Caret, Mode
from tui_labeler.screens.widgets.lines import LineView

if TYPE_CHECKING:
    from textual.events import Key

MAX_COUNT = 99_999


def _key(key: str, action: str, description: str, tooltip: str, name: str, show: bool = False) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=f"text.{name}", show=show)


class CaretKeys(LineView, inherit_bindings=False):
    """Moves a caret by keys. Digits before a key are its count."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("h,left", "move('by_characters', -1)", "Left", "One character to the left", "left"),
        _key("l,right", "move('by_characters', 1)", "Right", "One character to the right", "right"),
        _key("k,up", "move('by_lines', -1)", "Up", "One row up, same column", "up"),
        _key("j,down", "move('by_lines', 1)", "Down", "One row down, same column", "down"),
        _key("w", "move('by_words', 1)", "Word", "To the next word", "word"),
        _key("b", "move('by_words', -1)", "Word back", "To the word before", "word-back"),
        _key("0,home", "jump('to_line_start')", "Row start", "To the start of the row", "line-start"),
        _key("$,end", "jump('to_line_end')", "Row end", "To the end of the row", "line-end"),
        _key(")", "move('by_sentences', 1)", "Sentence", "To the next sentence", "sentence"),
        _key("(", "move('by_sentences', -1)", "Sentence back", "To the sentence before", "sentence-back"),
        _key("}", "move('by_paragraphs', 1)", "Paragraph", "To the next paragraph", "paragraph"),
        _key("{", "move('by_paragraphs', -1)", "Paragraph back", "To the paragraph before", "paragraph-back"),
        _key("g", "jump('to_start')", "Top", "To the start of the document", "top"),
        _key("G", "bottom", "Bottom", "To the end of the document; with a count, to that line", "bottom"),
        _key("pagedown", "page(1.0)", "Page down", "One page down", "page-down"),
        _key("pageup", "page(-1.0)", "Page up", "One page up", "page-up"),
        _key("ctrl+d", "page(0.5)", "Half page down", "Half a page down", "half-down"),
        _key("ctrl+u", "page(-0.5)", "Half page up", "Half a page up", "half-up"),
        _key("v", "select('words')", "Select", "Start or stop selecting by words", "select", show=True),
        _key("V", "select('characters')", "Select characters", "Start or stop by characters", "characters"),
        _key("o", "swap", "Other end", "Work on the other end of the selection", "other-end"),
        _key(">", "move('move_end_by_words', 1)", "Word more", "Selection's end a word on", "end-word"),
        _key(
            "<", "move('move_end_by_words', -1)", "Word less", "Selection's end a word back", "end-word-back"
        ),
        _key("full_stop", "move('move_end_by_characters', 1)", "More", "Selection's end one on", "end-more"),
        _key("comma", "move('move_end_by_characters', -1)", "Less", "Selection's end one back", "end-less"),
        _key("ctrl+g,escape", "unselect", "Unselect", "Drop the selection, or end the search", "unselect"),
    ]

    digits_are_counts = True
    """Whether digits are a count while nothing is selected; off, they go on to the screen."""

    caret: Caret

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._count = 0
        self._prefix = 0

    def change(self, step: Callable[[], object]) -> None:
        """Runs one step of the caret and shows what came of it."""
        raise NotImplementedError

    def count_changed(self) -> None:
        """Says that another count waits for its key."""
        raise NotImplementedError

    def turn_page(self, part: float, count: int) -> None:
        """Moves the view and the cursor ``count`` times by a part of the viewport's height."""
        raise NotImplementedError

    def on_key(self, event: Key) -> None:
        """Collects the count; every other key takes it along, used or not."""
        digit = event.character or ""
        counts = self.digits_are_counts and self.caret.mode is Mode.OFF
        before = self._count
        if counts and len(digit) == 1 and digit in "0123456789" and (digit != "0" or self._count):
            self._count = min(self._count * 10 + int(digit), MAX_COUNT)
            event.stop()
            event.prevent_default()
        else:
            self._prefix, self._count = self._count, 0
        if self._count != before:
            self.count_changed()

    @property
    def count(self) -> int:
        """The count typed so far; 0 for none."""
        return self._count

    def _take_count(self) -> int:
        count, self._prefix = self._prefix or 1, 0
        return count

    def action_move(self, step: str, direction: int) -> None:
        count = self._take_count() * direction
        self.change(lambda: getattr(self.caret, step)(count))

    def action_jump(self, step: str) -> None:
        self.change(getattr(self.caret, step))

    def action_bottom(self) -> None:
        number, self._prefix = self._prefix, 0
        self.change(self.caret.to_end if not number else lambda: self.caret.to_line(number))

    def action_page(self, pages: float) -> None:
        self.turn_page(pages, self._take_count())

    def action_select(self, mode: str) -> None:
        self.change(lambda: self.caret.toggle(Mode(mode)))

    def action_swap(self) -> None:
        self.change(self.caret.swap)

    def action_unselect(self) -> None:
        self.change(self.caret.clear)
