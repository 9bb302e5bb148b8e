"""The cursor in a text and the selection that hangs on it: pure movement, nothing drawn.

Two ways to select: by words (both ends snap to words) and by characters. While a selection is open its
active end follows the cursor; ``swap`` makes the other end the active one.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Span
from tui_labeler.domain.text import paragraphs, sentences, stripped, words

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.layout import TextLayout


_SPACE = re.compile(r"\s")
_FAR = 256
"""Code points to either side in which a word is looked for before the whole text is cut into words."""


class Mode(StrEnum):
    """How the selection grows."""

    OFF = ""
    WORDS = "words"
    CHARACTERS = "characters"


class Units:
    """Where the words, sentences and paragraphs of a text are; found when first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def words(self) -> tuple[list[int], list[int]]:
        """Starts and ends of every word, punctuation marks included."""
        found = list(words(self.text))
        return [start for start, _ in found], [end for _, end in found]

    @cached_property
    def stops(self) -> tuple[list[int], list[int]]:
        """Starts and ends of the words that word movement stops at: all but punctuation marks."""
        starts, ends = self.words
        kept = [
            index
            for index, start in enumerate(starts)
            if ends[index] - start > 1 or unicodedata.category(self.text[start])[0] not in "PC"
        ]
        return [starts[index] for index in kept], [ends[index] for index in kept]

    @cached_property
    def sentences(self) -> list[int]:
        return [start for start, _ in sentences(self.text)]

    @cached_property
    def paragraphs(self) -> list[int]:
        return [start for start, _ in paragraphs(self.text)]

    def word_at(self, offset: int) -> tuple[int, int] | None:
        """The word around an offset, or ``None`` in white space.

        Looked for between the white space around it, so that a long text need not be cut up first.
        """
        text = self.text
        if not 0 <= offset < len(text) or text[offset].isspace():
            return None
        before = _SPACE.search(text[max(0, offset - _FAR) : offset][::-1])
        after = _SPACE.search(text, offset, offset + _FAR)
        if (before or offset <= _FAR) and (after or offset + _FAR >= len(text)):
            start = offset - before.start() if before else 0
            found = words(text, start, after.start() if after else len(text))
            return next(((first, last) for first, last in found if first <= offset < last), None)
        starts, ends = self.words
        index = bisect_right(starts, offset) - 1
        return (starts[index], ends[index]) if index >= 0 and offset < ends[index] else None

    def trimmed(self, start: int, end: int) -> Span | None:
        """A range without outer white space; ``None`` when nothing is left."""
        left = stripped(self.text, start, end)
        return Span(*left) if left else None


class Caret:
    """A cursor over a layout. Every movement takes a count and stays inside the text."""

    def __init__(self, layout: TextLayout, units: Units) -> None:
        self.layout = layout
        self.units = units
        self.cursor = 0
        self.mode = Mode.OFF
        self.anchor = 0
        """The other end of the selection: the offset of a word or a character in it."""
        self.pinned: Span | None = None
        """A span that was gone to; it is the current one until the cursor moves."""
        self._column: int | None = None

    # --- what is selected -------------------------------------------------------------------------

    @property
    def selection(self) -> Span | None:
        """What is selected, without outer white space."""
        if self.mode is Mode.OFF:
            return None
        return self.units.trimmed(*self.selected_range())

    def selected_range(self) -> tuple[int, int]:
        """The raw range between the two ends; both ends are inside it."""
        low, high = sorted((self.anchor, self.cursor))
        if self.mode is Mode.WORDS:
            first, last = self.units.word_at(low), self.units.word_at(high)
            return first[0] if first else low, last[1] if last else self.layout.after(high)
        return low, self.layout.after(high) if high < len(self.units.text) else high

    @property
    def current_span(self) -> Span | None:
        """The selection, else the span that was gone to, else the word at the cursor."""
        if self.mode is not Mode.OFF:
            return self.selection
        if self.pinned:
            return self.units.trimmed(self.pinned.start, self.pinned.end)
        word = self.units.word_at(self.cursor)
        return Span(*word) if word else None

    def select(self, start: int, end: int, mode: Mode = Mode.CHARACTERS) -> None:
        """Selects a range, with its end as the active one."""
        self._place(start)
        self.anchor = self.cursor
        self._place(self.layout.before(end))
        self.mode = mode

    def toggle(self, mode: Mode) -> None:
        """Starts a selection, changes how an open one grows, or closes it."""
        if self.mode is Mode.OFF:
            span = self.pinned
            if span:
                self.select(span.start, span.end, mode)
            else:
                self.anchor = self.cursor
            self.mode = mode
        else:
            self.mode = Mode.OFF if self.mode is mode else mode
        self.pinned = None

    def clear(self) -> bool:
        """Closes the selection; says whether there was one."""
        had = self.mode is not Mode.OFF or self.pinned is not None
        self.mode = Mode.OFF
        self.pinned = None
        return had

    def swap(self) -> None:
        """Makes the other end of the selection the active one."""
        if self.mode is not Mode.OFF:
            anchor = self.anchor
            self.anchor = self.cursor
            self._place(anchor)

    def move_end_by_words(self, count: int) -> None:
        """Moves the active end by words; opens a selection on the current span where there is none."""
        starts, ends = self.units.stops
        if not self._open(Mode.WORDS) or not starts:
            return
        index = bisect_right(starts, self.cursor) - 1
        if count < 0 and index >= 0 and self.cursor >= ends[index]:
            index += 1
        index = min(max(index + count, 0), len(starts) - 1)
        if self.mode is Mode.CHARACTERS and starts[index] >= self.anchor:
            self.go(self.layout.before(ends[index]))
        else:
            self.go(starts[index])

    def move_end_by_characters(self, count: int) -> None:
        """Moves the active end by characters; opens a selection on the current span where there is none."""
        if self._open(Mode.CHARACTERS):
            self.by_characters(count)

    def _open(self, mode: Mode) -> bool:
        """Makes sure that a selection is open in which single steps of ``mode`` are possible."""
        if self.mode is Mode.OFF:
            span = self.current_span
            if span is None:
                return False
            aligned = self._is_aligned(span)
            self.select(span.start, span.end, mode if aligned else Mode.CHARACTERS)
        elif mode is Mode.CHARACTERS and self.mode is Mode.WORDS:
            forward = self.cursor >= self.anchor
            start, end = self.selected_range()
            self.select(start, end)
            if not forward:
                self.swap()
        self.pinned = None
        return True

    def _is_aligned(self, span: Span) -> bool:
        """Whether a span begins and ends where words do."""
        first, last = self.units.word_at(span.start), self.units.word_at(span.end - 1)
        return (first is None or first[0] == span.start) and (last is None or last[1] == span.end)

    # --- movement ---------------------------------------------------------------------------------

    def go(self, offset: int) -> None:
        """Puts the cursor at an offset, or at the nearest place before it."""
        self._place(offset)
        self.pinned = None

    def by_characters(self, count: int) -> None:
        place = self.cursor
        step = self.layout.after if count > 0 else self.layout.before
        for _ in range(min(abs(count), len(self.units.text))):
            place = step(place)
        self.go(place)

    def by_words(self, count: int) -> None:
        """Forward to the start of the next words; backward to the start of this one or those before."""
        starts = self.units.stops[0]
        if not starts:
            return
        index = bisect_right(starts, self.cursor) - 1 if count > 0 else bisect_left(starts, self.cursor)
        index = min(max(index + count, 0), len(starts) - 1)
        if (starts[index] - self.cursor) * count > 0:
            self.go(starts[index])

    def by_lines(self, count: int) -> None:
        """Down or up by rows, in the same column as far as the rows reach."""
        column = self.layout.column_of(self.cursor) if self._column is None else self._column
        row = self.layout.row_of(self.cursor) + count
        self.go(self.layout.offset_at(min(max(row, 0), len(self.layout) - 1), column))
        self._column = column

    def to_line_start(self) -> None:
        self.go(self.layout.starts[self.layout.row_of(self.cursor)])

    def to_line_end(self) -> None:
        row = self.layout.row_of(self.cursor)
        self.go(max(self.layout.starts[row], self.layout.before(self.layout.ends[row])))

    def by_sentences(self, count: int) -> None:
        self._by_starts(self.units.sentences, count)

    def by_paragraphs(self, count: int) -> None:
        self._by_starts(self.units.paragraphs, count)

    def to_start(self) -> None:
        self.go(0)

    def to_end(self) -> None:
        self.go(len(self.units.text))

    def to_line(self, number: int) -> None:
        """To the start of a line of the text, from 1; to the last where there are not so many."""
        lines = self.layout.lines
        self.go(lines[min(max(number, 1), len(lines)) - 1])

    def _by_starts(self, starts: list[int], count: int) -> None:
        index = bisect_right(starts, self.cursor) - 1 if count > 0 else bisect_left(starts, self.cursor)
        index += count
        if index < 0:
            self.to_start()
        elif index >= len(starts):
            self.to_end()
        else:
            self.go(starts[index])

    def _place(self, offset: int) -> None:
        self.cursor = self.layout.snap(offset)
        self._column = None
