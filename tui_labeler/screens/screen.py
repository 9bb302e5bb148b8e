"""The base of all screens, those that fill the terminal and those that stand on others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import textual.screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import Binding

Result = TypeVar("Result")


class Drawing(textual.screen.Screen[Result], Generic[Result]):
    """A screen that draws all that changed of it, and nothing else.

    Textual 8 hands what changed of a screen beneath another to the one on top. There it takes the place of
    the widgets that wait to be drawn (``Screen._on_timer_update`` clears them), and the screen beneath stays
    marked as one to be drawn (``Screen._compositor_refresh``): with every message that it gets afterwards, a
    timer's too, the one on top is drawn anew, as a whole.
    """

    def _on_timer_update(self) -> None:
        if self._repaint_required:
            waiting = [widget.region for widget in self._dirty_widgets if widget is not self]
            self._repaint_regions.update(waiting)
        super()._on_timer_update()

    def _compositor_refresh(self) -> None:
        top = self.app.screen
        if self is top:
            super()._compositor_refresh()
            return
        if top.styles.background.a < 1:
            super()._compositor_refresh()
        # Else nothing of it can be seen; it is drawn whole when it comes back.
        self._compositor._dirty_regions.clear()
        self._dirty_widgets.clear()
        self._repaint_required = False
        self._repaint_regions.clear()


class Screen(Drawing[Result], Generic[Result]):
    """A screen that fills the terminal."""

    def refused(self) -> Iterable[tuple[Binding, str]]:
        """Keys that do nothing to what is at the cursor, each with the reason."""
        return ()


class ModalScreen(Drawing[Result], textual.screen.ModalScreen[Result], Generic[Result]):
    """A screen that stands on another, which is seen around it."""
