"""Read-only lines that a screen composes: overviews, tables, details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from rich.segment import Segment
from textual.binding import Binding, BindingType

from tui_labeler.screens.widgets.cells import clean
from tui_labeler.screens.widgets.glyphs import Glyphs
from tui_labeler.screens.widgets.lines import LineView

Part = tuple[str, str]
"""Some words and how they look: ``title``, ``dim``, ``good``, ``warn``, ``bad``, ``bar``, or ``""``."""

Line = tuple[Part, ...]


class Headed(NamedTuple):
    """Lines under some that stay in view while those are scrolled through."""

    heading: Sequence[Line]
    lines: Sequence[Line]


Build = Callable[[int, Glyphs], Sequence[Line]]
"""Makes the lines for a width in cells and a set of signs."""

HeadedBuild = Callable[[int, Glyphs], Sequence[Line] | Headed]
"""The same, where some may stay in view."""

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
        self._build: HeadedBuild = _nothing
        self._made = Headed((), ())

    def on_unmount(self) -> None:
        # What is left of a screen goes some time later, and what a page is made of may be large.
        self._build, self._made = _nothing, Headed((), ())

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown, with what stays in view."""
        return [*self._made.heading, *self._made.lines]

    @property
    def line_width(self) -> int:
        """The cells that lines are made for."""
        return max(1, self.view_size.width - 1)

    @property
    def _fixed(self) -> Sequence[Line]:
        """What stays in view of the heading: its last lines where it is high, half of the sheet at most."""
        heading = self._made.heading
        return heading[max(0, len(heading) - self.view_size.height // 2) :]

    @property
    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join("".join(clean(words) for words, _ in line).rstrip() for line in self.lines)

    def show_page(self, build: HeadedBuild, *, keep_place: bool = False) -> None:
        """Shows what ``build`` makes, now and at any other width. Only lines that differ are drawn."""
        self._build = build
        if self.view_size.width:
            self._make()
            if not keep_place:
                self.scroll_to(y=0)
            self.repaint()

    def _make(self) -> None:
        made = self._build(self.line_width, self.glyphs)
        self._made = made if isinstance(made, Headed) else Headed((), made)
        self.set_content_size(0, len(self._fixed) + len(self._made.lines))

    def on_resize(self) -> None:
        self._make()
        self.repaint()

    def paint_line(self, y: int) -> list[Segment]:
        fixed, lines = self._fixed, self._made.lines
        number = self.top + y - len(fixed)
        if y >= len(fixed) and number >= len(lines):
            return []
        line = fixed[y] if y < len(fixed) else lines[number]
        return [
            Segment(clean(words), self.style(f"sheet--{look}") if look else self.style())
            for words, look in line
        ]

    def action_scroll(self, lines: int) -> None:
        self.scroll_to(y=self.top + lines)

    def action_scroll_pages(self, pages: float) -> None:
        self.scroll_to(y=self.top + round(pages * (self.view_size.height - len(self._fixed))))

    def action_to_end(self, direction: int) -> None:
        self.scroll_to(y=len(self._made.lines) if direction > 0 else 0)
