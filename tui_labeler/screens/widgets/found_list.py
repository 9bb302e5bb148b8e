"""Documents that hold some words: a line each, with the first place and what stands around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message

from tui_labeler.screens.widgets.bidi import in_order, parts_in_order
from tui_labeler.screens.widgets.cells import clean, clip, clip_middle, clip_start, fit
from tui_labeler.screens.widgets.rows import RowView

if TYPE_CHECKING:
    from textual.binding import BindingType

    from tui_labeler.engine.documents.searching import Found, Passage
    from tui_labeler.screens.widgets.glyphs import Glyphs

_HITS = 8
"""Cells of the column of numbers."""


class FoundList(RowView):
    """What a search has found. Draws only the rows in view; rows are added while a search goes on."""

    HELP: ClassVar[str] = """\
## Documents found

`j` `k` or arrows move, `g` `G` go to the ends, `enter` or a double click opens a document at its first hit.
"""

    BINDINGS: ClassVar[list[BindingType]] = []

    ORDERS_ITSELF: ClassVar[bool] = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {"found-list--cursor", "found-list--dim", "found-list--hit"}

    class Opened(Message):
        """A document is to be opened."""

        def __init__(self, view: FoundList, found: Found) -> None:
            super().__init__()
            self.view = view
            self.found = found

        @property
        def control(self) -> FoundList:
            return self.view

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.found: Sequence[Found] = ()

    def show(self, found: Sequence[Found], cursor: int | None = None) -> None:
        """Shows what was found; the cursor stays where it is unless it is given a place."""
        self.found = found
        if cursor is not None:
            self.cursor = cursor
        self.cursor = min(self.cursor, max(0, len(found) - 1))
        self.fit_rows()
        if not self.reveal():
            self.repaint()

    @property
    def row_count(self) -> int:
        return len(self.found)

    @property
    def heading(self) -> int:
        return 1

    def opened(self) -> None:
        if self.cursor < len(self.found):
            self.post_message(self.Opened(self, self.found[self.cursor]))

    def paint_line(self, y: int) -> list[Segment]:
        width = self.view_size.width
        if y == 0:
            heading = f"  {fit('document', _name_width(width))}{'hits':>{_HITS}}  first hit"
            return [Segment(clip(heading, width), self.style("found-list--dim"))]
        index = self.row_at(y)
        if index is None:
            return []
        found, signs = self.found[index], self.glyphs
        at_cursor = ("found-list--cursor",) * (index == self.cursor)
        name = in_order(clip_middle(clean(found.row.location), _name_width(width) - 1, signs.more))
        sign = signs.cursor if at_cursor else " "
        head = f"{sign} {fit(name, _name_width(width))}{found.hits:>{_HITS},}  "
        parts = passage_parts(found.passage, max(0, width - cell_len(head)), signs)
        return [
            Segment(clip(head, width), self.style(*at_cursor)),
            *(
                Segment(words, self.style(*at_cursor, *["found-list--hit"] * (part == 1)))
                for part, words in parts_in_order(parts)
            ),
        ]


def _name_width(width: int) -> int:
    return min(40, max(12, width // 4))


def passage_parts(passage: Passage, width: int, signs: Glyphs) -> tuple[str, str, str]:
    """A passage clipped to a width in cells: before the hit, the hit, behind it.

    The hit comes first; what stands before it gets a third of the line, and what the rest leaves free.
    """
    words = clip(clean(passage.words), width, signs.more)
    before, after = clean(passage.before), clean(passage.after)
    room = width - cell_len(words)
    before_room = min(room, max(width // 3, room - cell_len(after)))
    if passage.goes_back or cell_len(before) > before_room:
        before = clip_start(signs.more + before, before_room, signs.more)
    after = clip(after, room - cell_len(before), signs.more)
    return before, words, after
