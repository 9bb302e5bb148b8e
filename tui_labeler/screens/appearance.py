"""The application's colours: a theme for the screen and a palette for categories, chosen and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import work

from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.typing_ahead import TypingAhead
from tui_labeler.screens.widgets.lines import LineView
from tui_labeler.screens.widgets.palette import AUTO, PALETTES, Palette, palette_named

Remember = Callable[[str, "str | bool"], None]
"""Keeps the value of a setting. May take a moment, and may raise ``LabelerError``."""


class Appearance(TypingAhead[None], inherit_bindings=False):
    """What the commands Theme and Palette do."""

    def __init__(self, palette: str, remember: Remember | None) -> None:
        super().__init__()
        self._palette = palette
        self._remember = remember

    @property
    def category_palette(self) -> Palette:
        """What the colours of categories look like. Without a terminal there is none to suit."""
        return palette_named(self._palette, None if self.is_headless else self.console.color_system)

    @work(exclusive=True, group="looks")
    @reporting
    async def action_change_theme(self) -> None:  # type: ignore[override]
        """Asks for a theme, and keeps it."""
        names = sorted(self.available_themes)
        chosen = await self._choose("Theme", [(name, name) for name in names], self.theme)
        if chosen is not None:
            self.theme = chosen
            await self.keep("theme", chosen)

    @work(exclusive=True, group="looks")
    @reporting
    async def action_change_palette(self) -> None:
        """Asks for the colours of categories, and keeps them."""
        known = [(AUTO, "as the terminal can show"), *((name, p.words) for name, p in PALETTES.items())]
        choices = [(name, f"{name}: {words}") for name, words in known]
        chosen = await self._choose("Colours of categories", choices, self._palette)
        if chosen is not None:
            self._palette = chosen
            for screen in self.screen_stack:
                for view in screen.query(LineView):
                    view.notify_style_update()
                    view.repaint()
            await self.keep("palette", chosen)

    async def _choose(self, title: str, choices: list[tuple[str, str]], now: str) -> str | None:
        rows = [("*" if name == now else "", name, words) for name, words in choices]
        return await self.push_screen_wait(ChoiceScreen(title, "* is in use.", rows))

    async def keep(self, setting: str, value: str | bool) -> None:
        """Remembers a choice for the next time. Raises ``LabelerError``; the choice holds all the same."""
        if self._remember is not None:
            await asyncio.to_thread(self._remember, setting, value)
