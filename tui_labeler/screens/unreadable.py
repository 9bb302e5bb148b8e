"""Records that can't be read: they stand in their list, say why, and can be deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


def unreadable_row(name: str, error: LabelerError) -> Callable[[int, Glyphs], Line]:
    """One such record in a list."""

    def paint(width: int, signs: Glyphs) -> Line:
        return ((fit(f"{clean(name)}: {clean(error.message)}", width, signs.more), "bad"),)

    return paint


def unreadable_page(error: LabelerError) -> Callable[[int, Glyphs], Sequence[Line]]:
    """All there is to say of one."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        return [
            (),
            *wrapped(error.message, width, "bad", "  "),
            *wrapped(error.hint, width, "", "  "),
            *wrapped("D deletes the record.", width, "dim", "  "),
        ]

    return build
