"""How labels or documents are spread over the categories, training beside testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment

from tui_labeler.screens.widgets.cells import clean, fit
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

    Documents, where they are told, have a bar of their own under that of the labels.
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
        self._lines = 1
        """Bars of one category."""

    def set_shares(self, shares: Sequence[Share], unit: str = "labels") -> None:
        """Shows these categories; ``unit`` says what the first bar of each counts."""
        self.shares = tuple(shares)
        self._lines = 2 if any(share.documents for share in shares) else 1
        self.unit = unit
        self.cursor = max(0, min(self.cursor, self.row_count - 1))
        self.fit_rows()
        self.repaint()

    @property
    def row_count(self) -> int:
        return len(self.shares) * self._lines

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
        share, of_documents = self.shares[index // self._lines], bool(index % self._lines)
        most = max(one.train + one.test for one in self.shares)
        train, test = (share.documents or (0, 0)) if of_documents else (share.train, share.test)
        numbers = f" {train:>4} + {test:<4}"
        name_width = max(1, min(24, (width - len(numbers)) // 2))
        bar_width = max(1, width - name_width - 1 - len(numbers))
        parts = ((train, glyphs.bar), (test, glyphs.bar_second))
        name = "  documents" if of_documents else clean(share.name)
        at_cursor = ["distribution--cursor"] * (index == self.cursor and self.has_focus)
        dim = ["distribution--dim"] * of_documents
        return [
            Segment(fit(name, name_width, glyphs.more) + " ", self.style(*dim, *at_cursor)),
            Segment(
                fit(bar(parts, most, bar_width), bar_width),
                self.style(category_class("distribution", share.color), *at_cursor),
            ),
            Segment(numbers, self.style(*at_cursor)),
        ]

    def _legend(self, train: str, test: str) -> str:
        return f"{self.unit}: {self.glyphs.bar} {train} {self.glyphs.bar_second} {test}"
