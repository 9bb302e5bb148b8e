"""How labels or documents are spread over the categories, training beside testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment

from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit
from tui_labeler.screens.widgets.palette import category_class, category_classes
from tui_labeler.screens.widgets.rows import RowView


@dataclass(frozen=True, slots=True)
class Share:
    """What one category has in each set."""

    name: str
    train: int
    test: int
    color: int = 0
    """An index into the palette."""
    documents: tuple[int, int] | None = None
    """Documents of the training and of the testing set that have such labels; ``None`` tells no more."""


_NAME, _AMOUNT, _DOCUMENTS = "name", "amount", "documents"
"""What a row shows of a category."""

_NUMBERS = len(" 1234 + 1234")
_BAR = 8
"""Cells that bars should have."""
_LEAST_BAR = 3
"""Cells that they are left where names need the room."""


def bar(parts: Sequence[tuple[int, str]], most: int, width: int) -> str:
    """A bar of ``width`` cells for ``most``: each part's amount in its own sign.

    An amount above zero always shows, so far as there is room.
    """
    drawn = ""
    reached = 0
    for amount, sign in parts:
        reached += amount
        cells = round(width * reached / most) if most else 0
        if amount:
            cells = max(cells, len(drawn) + 1)
        drawn += sign * (min(cells, width) - len(drawn))
    return drawn


class Distribution(RowView):
    """Bars by category: training solid, testing shaded, the numbers beside them.

    Documents, where they are told, have a bar of their own under that of the labels. Names that do not fit
    are cut in their middle.
    """

    HELP: ClassVar[str] = """\
## Distribution

How labels, and documents with labels, are spread over the categories: training beside testing. `j` `k`
scroll, the key that opened this goes back.
"""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"distribution--dim", "distribution--cursor"} | category_classes(
        "distribution"
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.shares: Sequence[Share] = ()
        self.unit = "labels"
        self.key = ""
        """Leads to all of it; told where there is no room for all."""
        self._names: list[str] = []
        """Of all categories, as they are drawn."""
        self._name_width = 1
        self._rows = [_AMOUNT]
        """What the rows of one category show."""

    def set_shares(self, shares: Sequence[Share], unit: str = "labels") -> None:
        """Shows these categories; ``unit`` says what the first bar of each counts."""
        if (tuple(shares), unit) == (self.shares, self.unit):
            return
        self.shares = tuple(shares)
        self.unit = unit
        self._lay_out()
        self.repaint()

    def _lay_out(self) -> None:
        """Gives names the room that tells them apart: a line of their own where bars leave too little."""
        width, names = self.view_size.width, [in_order(clean(share.name)) for share in self.shares]
        of_documents = [_DOCUMENTS] * any(share.documents for share in self.shares)
        usual = max(1, min(24, (width - _NUMBERS) // 2))
        longest = max(usual, *map(cell_len, names), 1)
        beside = width - _NUMBERS - 1
        rooms = [min(longest, max(usual, beside - cells)) for cells in (max(_BAR, width // 4), _LEAST_BAR)]
        self._name_width = next((room for room in rooms if _as_different(self._cut(names, room), names)), 0)
        if self._name_width:
            self._names, self._rows = self._cut(names, self._name_width), [_AMOUNT, *of_documents]
        else:
            # A bar by itself says what it is of; two are named.
            self._name_width = usual if of_documents else 0
            self._names, self._rows = self._cut(names, width), [_NAME, _AMOUNT, *of_documents]
        self.cursor = max(0, min(self.cursor, self.row_count - 1))
        self.fit_rows()

    def _cut(self, names: Sequence[str], width: int) -> list[str]:
        return [clip_middle(name, width, self.glyphs.more) for name in names]

    def on_resize(self) -> None:
        self._lay_out()
        super().on_resize()

    @property
    def row_count(self) -> int:
        return len(self.shares) * len(self._rows)

    @property
    def heading(self) -> int:
        return 1

    def paint_line(self, y: int) -> list[Segment]:
        width = self.view_size.width
        glyphs = self.glyphs
        if y == 0:
            legend = self._legend("training ", "testing")
            if cell_len(legend) > width:
                legend = self._legend("train", "test")
            return [Segment(fit(legend, width, glyphs.more), self.style("distribution--dim"))]
        index = self.row_at(y)
        if index is None:
            return []
        left = self.row_count - index
        if left > 1 and y == self.view_size.height - 1 and self.key and not self.has_focus:
            words = f"{-(-left // len(self._rows)):,} more: {self.key}"
            return [Segment(fit(words, width, glyphs.more), self.style("distribution--dim"))]
        place, row = divmod(index, len(self._rows))
        share, shows = self.shares[place], self._rows[row]
        at_cursor = ["distribution--cursor"] * (index == self.cursor and self.has_focus)
        if shows == _NAME:
            return [Segment(fit(self._names[place], width), self.style(*at_cursor))]
        name = "  documents" if shows == _DOCUMENTS else self._names[place]
        if shows == _AMOUNT and _NAME in self._rows:
            name = f"  {self.unit}"
        most = max(one.train + one.test for one in self.shares)
        train, test = (share.documents or (0, 0)) if shows == _DOCUMENTS else (share.train, share.test)
        numbers = f" {train:>4} + {test:<4}"
        bar_width = max(1, width - self._name_width - 1 - len(numbers))
        parts = ((train, glyphs.bar), (test, glyphs.bar_second))
        dim = ["distribution--dim"] * (name.startswith("  "))
        return [
            Segment(fit(name, self._name_width, glyphs.more) + " ", self.style(*dim, *at_cursor)),
            Segment(
                fit(bar(parts, most, bar_width), bar_width),
                self.style(category_class("distribution", share.color), *at_cursor),
            ),
            Segment(numbers, self.style(*at_cursor)),
        ]

    def _legend(self, train: str, test: str) -> str:
        return f"{self.unit}: {self.glyphs.bar} {train} {self.glyphs.bar_second} {test}"


def _as_different(cut: Sequence[str], names: Sequence[str]) -> bool:
    """Whether names that differ do so in what is left of them too."""
    return len(set(cut)) == len(set(names))
