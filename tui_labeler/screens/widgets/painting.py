"""Turns rows of a layout and rules of marks into segments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment

if TYPE_CHECKING:
    from rich.style import Style

    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.layout import TextLayout
    from tui_labeler.screens.widgets.marks import Mark, Rule

Overlay = tuple[int, int, tuple[str, ...]]
"""Cells ``first..last`` and the component classes that they get; later ones lie on top."""


def text_segments(
    layout: TextLayout, row: int, overlays: Sequence[Overlay], style: Callable[..., Style]
) -> list[Segment]:
    """One row of text; an overlay may reach one cell beyond its end (a line end that is selected)."""
    width = layout.row_width(row)
    if not overlays:
        return [Segment(layout.drawn(row), style())] if width else []
    reach = max(width, *(last for _, last, _ in overlays))
    cuts = sorted({0, reach, *(c for first, last, _ in overlays for c in (first, last) if 0 < c < reach)})
    segments = []
    for first, last in itertools.pairwise(cuts):
        names = [name for start, end, names in overlays if start <= first < end for name in names]
        text = layout.drawn_part(row, first, last)
        text += " " * (last - first - cell_len(text))
        segments.append(Segment(text, style(*names)))
    return segments


def rule_segments(
    rules: Iterable[Rule],
    glyphs: Glyphs,
    names: Callable[[Mark], tuple[str, ...]],
    style: Callable[..., Style],
) -> list[Segment]:
    """One rule row: each mark's rule with its caption, blanks between them."""
    segments: list[Segment] = []
    column = 0
    for rule in rules:
        first, text = rule.placed(glyphs)
        if first > column:
            segments.append(Segment(" " * (first - column), style()))
        segments.append(Segment(text, style(*names(rule.mark))))
        column = first + cell_len(text)
    return segments
