"""How labels or documents are spread over the categories, training beside testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
    """Bars by category: training solid, testing shaded, the numbers beside them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"distribution--dim", "distribution--cursor"} | category_classes(
        "distribution"
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.shares: Sequence[Share] = ()
        self.unit = "labels"

    def set_shares(self, shares: Sequence[Share], unit: str = "labels") -> None:
        """Shows these categories; ``unit`` says what is counted: labels or documents."""
        self.shares = tuple(shares)
        self.unit = unit
        self.cursor = max(0, min(self.cursor, len(self.shares) - 1))
        self.fit_rows()
        self.repaint()

    @property
    def row_count(self) -> int:
        return len(self.shares)

    @property
    def heading(self) -> int:
        return 1

    def paint_line(self, y: int) -> list[Segment]:
        width = self.view_size.width
        glyphs = self.glyphs
        if y == 0:
            legend = f"{self.unit}: {glyphs.bar} training  {glyphs.bar_second} testing"
            return [Segment(fit(legend, width, glyphs.more), self.style("distribution--dim"))]
        index = self.row_at(y)
        if index is None:
            return []
        share = self.shares[index]
        most = max(one.train + one.test for one in self.shares)
        numbers = f" {share.train:>4} + {share.test:<4}"
        name_width = max(1, min(24, (width - len(numbers)) // 2))
        bar_width = max(1, width - name_width - 1 - len(numbers))
        parts = ((share.train, glyphs.bar), (share.test, glyphs.bar_second))
        at_cursor = ["distribution--cursor"] * (index == self.cursor and self.has_focus)
        return [
            Segment(fit(clean(share.name), name_width, glyphs.more) + " ", self.style(*at_cursor)),
            Segment(
                fit(bar(parts, most, bar_width), bar_width),
                self.style(category_class("distribution", share.color), *at_cursor),
            ),
            Segment(numbers, self.style(*at_cursor)),
        ]
