"""Read-only lines that a screen composes: overviews, tables, details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType

from tui_labeler.screens.widgets.cells import clean
from tui_labeler.screens.widgets.glyphs import Glyphs
from tui_labeler.screens.widgets.lines import LineView

Part = tuple[str, str]
"""Some words and how they look: ``title``, ``dim``, ``good``, ``warn``, ``bad``, ``bar``, or ``""``."""

Line = tuple[Part, ...]

Build = Callable[[int, Glyphs], Sequence[Line]]
"""Makes the lines for a width in cells and a set of signs."""

LOOKS = ("title", "dim", "good", "warn", "bad", "bar", "key")


def _key(key: str, action: str, description: str, tooltip: str, name: str) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=f"sheet.{name}", show=False)


def _nothing(width: int, signs: Glyphs) -> Sequence[Line]:
    return ()


class Sheet(LineView, inherit_bindings=False):
    """Shows lines and scrolls through them. What they say is made safe here, whatever it holds."""

    HELP: ClassVar[str] = """\
## Text to read

`j` `k` or arrows scroll by a line, `ctrl+d` `ctrl+u` by half a page, `g` `G` to the ends.
"""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sheet--{look}" for look in LOOKS}

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("j,down", "scroll(1)", "Down", "One line down", "down"),
        _key("k,up", "scroll(-1)", "Up", "One line up", "up"),
        _key("ctrl+d", "scroll_pages(0.5)", "Half page down", "Half a page down", "half-down"),
        _key("ctrl+u", "scroll_pages(-0.5)", "Half page up", "Half a page up", "half-up"),
        _key("pagedown", "scroll_pages(1.0)", "Page down", "One page down", "page-down"),
        _key("pageup", "scroll_pages(-1.0)", "Page up", "One page up", "page-up"),
        _key("g,home", "to_end(-1)", "Top", "To the first line", "top"),
        _key("G,end", "to_end(1)", "Bottom", "To the last line", "bottom"),
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._build: Build = _nothing
        self._lines: Sequence[Line] = ()

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown."""
        return self._lines

    @property
    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join("".join(clean(words) for words, _ in line).rstrip() for line in self._lines)

    def show_page(self, build: Build, *, keep_place: bool = False) -> None:
        """Shows what ``build`` makes, now and at any other width. Only lines that differ are drawn."""
        self._build = build
        if self.view_size.width:
            self._make()
            if not keep_place:
                self.scroll_to(y=0)
            self.repaint()

    def _make(self) -> None:
        self._lines = self._build(max(1, self.view_size.width - 1), self.glyphs)
        self.set_content_size(0, len(self._lines))

    def on_resize(self) -> None:
        self._make()
        self.repaint()

    def paint_line(self, y: int) -> list[Segment]:
        number = self.top + y
        if number >= len(self._lines):
            return []
        return [
            Segment(clean(words), self.style(f"sheet--{look}") if look else self.style())
            for words, look in self._lines[number]
        ]

    def action_scroll(self, lines: int) -> None:
        self.scroll_to(y=self.top + lines)

    def action_scroll_pages(self, pages: float) -> None:
        self.scroll_to(y=self.top + round(pages * self.view_size.height))

    def action_to_end(self, direction: int) -> None:
        self.scroll_to(y=len(self._lines) if direction > 0 else 0)
