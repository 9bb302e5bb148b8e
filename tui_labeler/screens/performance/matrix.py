"""The confusion matrix of a model as lines, and which of its columns a width can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.domain.models import ModelCard
from tui_labeler.domain.performance import NONE
from tui_labeler.screens.performance.pages import category_cell
from tui_labeler.screens.widgets.cells import clean
from tui_labeler.screens.widgets.sheet import Headed
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

NAME = 12
"""Cells that a row's name has at least."""

LONG_NAME = 34
"""Cells that a row's name has at most."""


@dataclass(frozen=True)
class _Measures:
    """Cells for a row's number, for its name and for a column, and how many columns fit."""

    number: int
    name: int
    cell: int
    columns: int


@dataclass(frozen=True)
class Matrix:
    """Who was taken for whom; ``first`` is the first column that is shown of a matrix that is too wide."""

    card: ModelCard
    shares: bool = False
    first: int = 0

    @cached_property
    def keys(self) -> list[str]:
        """The matrix's rows, which are its columns too; ``$none`` stands last."""
        matrix, name = self.card.performance.confusion, self.card.category_name
        keys = {*matrix, *(key for line in matrix.values() for key in line)} - {NONE}
        return [*sorted(keys, key=lambda key: (name(key).casefold(), key)), NONE]

    def last_first(self, width: int, signs: Glyphs) -> int:
        """The first column where the last one is in view; 0 where all are."""
        return max(0, len(self.keys) - self._measures(width, signs).columns)

    def page(self, width: int, signs: Glyphs) -> Sequence[Line] | Headed:
        """The rows under the axes and the columns' numbers, which stay in view."""
        if not self.card.performance.confusion:
            return _none(self.card, width)
        keys, room = self.keys, self._measures(width, signs)
        start = min(self.first, max(0, len(keys) - room.columns))
        shown = range(start, min(len(keys), start + room.columns))
        rows: list[Line] = [
            (
                (f"  {number:>{room.number}} {category_cell(self.card, key, room.name, signs)}", ""),
                *(self._cell(key, keys[column], room.cell, signs) for column in shown),
            )
            for number, key in enumerate(keys, 1)
        ]
        unit = "% of the row" if self.shares else "counts"
        note = (
            f"{unit}; % changes it. On the diagonal: exactly right. {NONE}: labeled, or predicted, as "
            "nothing, or with other boundaries."
        )
        heading = self._heading(shown, room, width)
        return Headed(heading, [*rows, (), *wrapped(note, width, "dim", "  ")])

    def _heading(self, shown: range, room: _Measures, width: int) -> list[Line]:
        lines: list[Line] = [
            (("  rows: actual ", "title"), ("(what the label says)", "dim")),
            (("  columns: predicted ", "title"), ("(what the model says), by the rows' numbers", "dim")),
        ]
        if len(shown) < len(self.keys):
            words = (
                f"! columns {shown.start + 1} to {shown.stop} of {len(self.keys)}: > and < show the others"
            )
            lines += wrapped(words, width, "warn", "  ")
        else:
            lines.append(())
        columns = "".join(f"{column + 1:>{room.cell}}" for column in shown)
        return [*lines, ((f"  {'':<{room.number + 1 + room.name}}{columns}", "dim"),)]

    def _measures(self, width: int, signs: Glyphs) -> _Measures:
        """Columns come first: they, and then the names, are as narrow as must be for all to be seen.

        Where that would leave names that look alike, or not all columns can be seen anyway, names have a
        third of the width.
        """
        keys, names = self.keys, [clean(self.card.category_name(key)) for key in self.keys]
        number = max(2, len(str(len(keys))))
        lines = self.card.performance.confusion.values()
        most = max((count for line in lines for count in line.values()), default=0)
        figures = max(4 if self.shares else len(str(most)), number)
        longest = min(LONG_NAME, max(map(cell_len, names)))
        left = width - 3 - number
        cell = max(figures + 1, min(max(6, figures + 2), (left - longest) // len(keys)))
        beside = left - cell * len(keys)
        shown = {category_cell(self.card, key, max(0, beside), signs) for key in keys}
        if beside < NAME or len(shown) < len(set(names)):
            beside = max(NAME, width // 3, beside)
        name = max(NAME, min(longest, beside))
        return _Measures(number, name, cell, max(1, (left - name) // cell))

    def _cell(self, row: str, column: str, width: int, signs: Glyphs) -> tuple[str, str]:
        counts: Mapping[str, int] = self.card.performance.confusion.get(row, {})
        count = counts.get(column, 0)
        if not count:
            return (f"{signs.dot:>{width}}", "dim")
        words = f"{100 * count / sum(counts.values()):.0f}%" if self.shares else str(count)
        return (f"{words:>{width}}", "good" if row == column else "bad")


def _none(card: ModelCard, width: int) -> list[Line]:
    words = (
        "There is no confusion matrix where a document can have several classes: a class that is missed "
        "was not taken for another one."
        if card.kind.short == "multi"
        else "The testing set holds nothing to compare."
    )
    return list(wrapped(words, width, "", "  "))
