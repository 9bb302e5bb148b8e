"""Which colour a category has: each shown as it looks on this terminal, with who has it already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.color import Color
from textual.content import Content
from textual.style import Style

from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.widgets.cells import clean, clip
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, glyphs
from tui_labeler.screens.widgets.palette import PALETTE, palette_of

_WIDTH, _ROOM = 4, 32
"""Cells of a swatch, and of the names beside it."""


class ColorScreen(ChoiceScreen):
    """Asks for one of the twelve colours by its name."""

    def __init__(self, title: str, users: Mapping[str, Sequence[str]], *, at: str) -> None:
        """``users`` are the names of the categories that have a colour now; the cursor begins ``at`` one."""
        super().__init__(title, "", [("", color, color) for color in PALETTE], at=at)
        self._users = users

    def words(self, chosen: str, label: str) -> Content:
        index = PALETTE.index(chosen)
        surface = Color.parse(self.app.theme_variables["surface"])
        color = palette_of(self.app).on(index, surface)
        signs = glyphs(self.app.has_class(ASCII_CLASS))
        users = clip(clean(", ".join(self._users.get(chosen, ()))), _ROOM, signs.more)
        return Content.assemble(
            (signs.bar * _WIDTH, Style(foreground=color)) if color else " " * _WIDTH,
            f"  {label:<8}",
            (users, "dim"),
        )
