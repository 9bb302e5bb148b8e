"""The base of all screens that fill the terminal."""

from __future__ import annotations

from typing import Generic, TypeVar

import textual.screen

Result = TypeVar("Result")


class Screen(textual.screen.Screen[Result], Generic[Result]):
    """A screen that sends nothing by itself while another is on top of it.

    In Textual 8 (``Screen._compositor_refresh``) a screen beneath another hands what changed of it to the one
    on top, and stays marked as one to be drawn: with every message that it gets afterwards, a timer's too,
    the one on top is drawn anew, as a whole.
    """

    def _compositor_refresh(self) -> None:
        super()._compositor_refresh()
        if self is not self.app.screen:
            self._repaint_required = False
            self._repaint_regions.clear()
