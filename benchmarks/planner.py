"""The cheapest keys that select a span, found by trying the program's own caret.

A plan is a sequence of documented keys (``docs/keys.md``); every digit of a count and every letter of a
search is one. The brush is left out: while it is held, digits are no counts. Of selections only those are
tried that reach at most one word over the span.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tui_labeler.domain.finding import Finder
from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.caret import Caret, Mode, Units

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.layout import TextLayout

MOST = 99
"""The highest count that is typed."""
LETTERS = 3
"""The most letters that are searched for."""

MOVES = {
    "w": ("by_words", 1),
    "b": ("by_words", -1),
    "l": ("by_characters", 1),
    "h": ("by_characters", -1),
    "j": ("by_lines", 1),
    "k": ("by_lines", -1),
    ")": ("by_sentences", 1),
    "(": ("by_sentences", -1),
    "}": ("by_paragraphs", 1),
    "{": ("by_paragraphs", -1),
}
JUMPS = {"0": "to_line_start", "$": "to_line_end", "g": "to_start", "G": "to_end"}
ENDS = {
    ">": ("move_end_by_words", 1),
    "<": ("move_end_by_words", -1),
    ".": ("move_end_by_characters", 1),
    ",": ("move_end_by_characters", -1),
}
STARTS = {"v": Mode.WORDS, "V": Mode.CHARACTERS}

Keys = tuple[str, ...]


class Place(NamedTuple):
    """What the caret is at: cursor, selection, and the span that was gone to."""

    cursor: int
    mode: Mode = Mode.OFF
    anchor: int = 0
    pinned: Span | None = None


class Planner:
    """Plans keys in one text as it is laid out; offsets are code points of it."""

    def __init__(self, layout: TextLayout, units: Units) -> None:
        self._caret = Caret(layout, units)
        self._units = units
        self._finder = Finder(units.text)
        self._walks: dict[int, list[tuple[Keys, Place]]] = {}
        self._start = Place(0)

    def selecting(self, wanted: Span, at: Place) -> Keys:
        """The fewest keys after which ``wanted`` is selected. Raises ``ValueError`` when none select it.

        ``at`` may hold a selection, as while the ends of a label are edited; no count is typed then.
        """
        entries = self._entries(wanted)
        low, high = self._around(wanted)
        if at.mode is not Mode.OFF:
            low, high = min(low, at.anchor, at.cursor), max(high, at.anchor + 1, at.cursor + 1)
        window = low, high
        number = 0
        left = self._left(at, wanted, entries)
        self._start = at
        waiting: list[tuple[int, int, int, Keys, Place]] = [(left, left, number, (), at)]
        done: set[Place] = set()
        while waiting:
            _, left, _, keys, place = heapq.heappop(waiting)
            if not left:
                return keys
            if place in done:
                continue
            done.add(place)
            for more, then in self._steps(place, entries, window):
                if then in done or (then.mode is not Mode.OFF and not self._inside(then, *window)):
                    continue
                number += 1
                left = self._left(then, wanted, entries)
                sum_of = len(keys) + len(more) + left
                heapq.heappush(waiting, (sum_of, left, number, keys + more, then))
        raise ValueError(f"no keys select {wanted.start}..{wanted.end}")

    # --- the caret ----------------------------------------------------------------------------------

    def _put(self, place: Place) -> Caret:
        caret = self._caret
        caret.go(place.cursor)
        caret.mode, caret.anchor, caret.pinned = place.mode, place.anchor, place.pinned
        return caret

    def _place(self) -> Place:
        caret = self._caret
        anchor = caret.anchor if caret.mode is not Mode.OFF else 0
        return Place(caret.cursor, caret.mode, anchor, caret.pinned)

    def _inside(self, place: Place, low: int, high: int) -> bool:
        start, end = self._put(place).selected_range()
        return low <= start and end <= high

    def _around(self, wanted: Span) -> tuple[int, int]:
        """The span with a word on either side."""
        starts, ends = self._units.words
        before = max(0, bisect_right(starts, wanted.start) - 2)
        after = min(len(ends) - 1, bisect_left(ends, wanted.end) + 1)
        return starts[before], ends[after] + 1

    def _left(self, place: Place, wanted: Span, entries: set[int]) -> int:
        """The fewest keys that can be left: the search is A* (Hart, Nilsson and Raphael, 1968)."""
        if place.mode is not Mode.OFF:
            return int(self._put(place).selection != wanted)
        return 1 if place.pinned or place.cursor in entries else 2

    def _entries(self, wanted: Span) -> set[int]:
        """Where a selection of the span may begin: in its first word, or in its last."""
        found: set[int] = set()
        for offset in (wanted.start, wanted.end - 1):
            start, end = self._units.word_at(offset) or (offset, offset + 1)
            found.update(range(start, end))
        return found

    # --- single steps -------------------------------------------------------------------------------

    def _steps(
        self, place: Place, entries: set[int], window: tuple[int, int]
    ) -> Iterator[tuple[Keys, Place]]:
        first = place == self._start
        if place.mode is not Mode.OFF:
            yield from self._in_selection(place)
            return
        yield from self._walk(place.cursor)
        if first:
            yield from self._searches(place, entries)
        if first or place.pinned or place.cursor in entries:
            for key, mode in STARTS.items():
                self._put(place).toggle(mode)
                yield (key,), self._place()
            for key, (name, step) in ENDS.items():
                before: Place | None = None
                for count in range(1, MOST + 1):
                    getattr(self._put(place), name)(count * step)
                    then = self._place()
                    if then == before or not self._inside(then, *window):
                        break
                    before = then
                    yield _counted(count, key), then

    def _in_selection(self, place: Place) -> Iterator[tuple[Keys, Place]]:
        """Steps of an open selection, where a digit would be a category's key."""
        for key, (name, step) in (MOVES | ENDS).items():
            # The column that rows are walked in is not a part of a place.
            if key not in "jk":
                getattr(self._put(place), name)(step)
                yield (key,), self._place()
        for key, name in JUMPS.items():
            getattr(self._put(place), name)()
            yield (key,), self._place()
        for key, mode in STARTS.items():
            if mode is not place.mode:
                self._put(place).toggle(mode)
                yield (key,), self._place()
        self._put(place).swap()
        yield ("o",), self._place()

    def _walk(self, cursor: int) -> list[tuple[Keys, Place]]:
        """Every place that one counted move or jump leads to, by the fewest keys."""
        if cursor not in self._walks:
            found: dict[int, Keys] = {}
            for key, name in JUMPS.items():
                getattr(self._put(Place(cursor)), name)()
                found.setdefault(self._caret.cursor, (key,))
            for key, (name, step) in MOVES.items():
                caret, before = self._put(Place(cursor)), -1
                for count in range(1, MOST + 1):
                    getattr(caret, name)(step)
                    if caret.cursor == before:
                        break
                    before = caret.cursor
                    keys = _counted(count, key)
                    if before not in found or len(keys) < len(found[before]):
                        found[before] = keys
            found.pop(cursor, None)
            self._walks[cursor] = [(keys, Place(offset)) for offset, keys in found.items()]
        return self._walks[cursor]

    def _searches(self, place: Place, entries: set[int]) -> Iterator[tuple[Keys, Place]]:
        """Searches of a few letters that lead right to where the selection may begin."""
        text = self._units.text
        for offset in sorted(entries):
            for length in range(1, LETTERS + 1):
                letters = text[offset : offset + length]
                if letters != letters.strip() or len(letters) < length:
                    break
                spans = self._finder.find_all(letters)
                starts = [span.start for span in spans]
                if not spans:
                    continue
                span = spans[bisect_left(starts, place.cursor + 1) % len(spans)]
                if span.start == offset:
                    yield ("/", *letters, "enter"), Place(offset, pinned=span)


def _counted(count: int, key: str) -> Keys:
    return (*str(count), key) if count > 1 else (key,)
