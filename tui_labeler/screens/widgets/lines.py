"""The base of all widgets that draw line by line and send only what changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, Glyphs, glyphs
from tui_labeler.screens.widgets.palette import category_of, palette_of

if TYPE_CHECKING:
    from rich.segment import Segment


class PlainBars(ScrollBarRender):
    """Scrollbars of whole cells, told by colour and reverse alone: no sign that a terminal might lack."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """Keeps what each line looked like; a change redraws the lines that differ, as far as they do.

    A subclass gives :meth:`paint_line`. After any change of what it draws it calls :meth:`repaint`, with
    the lines that may differ, or with none for all of them. Scrolling is never animated.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    ORDERS_ITSELF: ClassVar[bool] = False
    """Its lines are painted in visual order; else right-to-left words in them are put in order here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._painted: dict[int, Strip] = {}
        self._painted_size = Size(0, 0)
        self._style_cache: dict[tuple[str, ...], Style] = {}

    def paint_line(self, y: int) -> list[Segment]:
        """The segments of the line at ``y`` of the viewport; what they leave free is filled."""
        raise NotImplementedError

    @property
    def glyphs(self) -> Glyphs:
        """The signs that the terminal can show."""
        return glyphs(self.app.has_class(ASCII_CLASS))

    def style(self, *names: str) -> Style:
        """The widget's own style under those of the named parts (component classes), the last on top."""
        style = self._style_cache.get(names)
        if style is None:
            style = self._style_cache[names] = self._mixed_style(names)
        return style

    def _mixed_style(self, names: tuple[str, ...]) -> Style:
        """Each part's colours are laid over those beneath, see-through ones too."""
        style = self.rich_style
        _, _, background, color = self.colors
        for name in names:
            index = category_of(name)
            if index is not None:
                own = palette_of(self.app).on(index, background)
                color = color if own is None else own
                style += Style(color=color.rich_color)
                continue
            part = self.get_component_styles(name)
            if part.has_rule("background"):
                background += part.background
                style += Style(bgcolor=background.rich_color)
            if part.auto_color:
                color = background + background.get_contrast_text(part.color.a)
            elif part.has_rule("color"):
                color = background + part.color
            style += Style(color=color.rich_color) + part.text_style
        return style

    @property
    def view_size(self) -> Size:
        """The cells that content can be seen in: what scrollbars leave."""
        width, height = self.size
        return Size(
            max(0, width - self.scrollbar_size_vertical), max(0, height - self.scrollbar_size_horizontal)
        )

    # --- drawing ----------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        if self._painted_size != self.view_size:
            self._painted_size = self.view_size
            self._painted.clear()
            self.resized()
        strip = self._painted.get(y)
        if strip is None:
            strip = self._painted[y] = self._strip(y)
        return strip

    def resized(self) -> None:
        """Called before the first line is drawn in a new size."""

    def repaint(self, lines: Iterable[int] | None = None) -> None:
        """Redraws the lines of the viewport that differ from what they were, and nothing else."""
        width, height = view = self.view_size
        if not self.is_mounted or self._painted_size != view:
            self._painted.clear()
            self.refresh()
            return
        regions = []
        for y in range(height) if lines is None else lines:
            if not 0 <= y < height:
                continue
            old, new = self._painted.get(y), self._strip(y)
            self._painted[y] = new
            end = width if old is None else _changed_cells(old, new)
            if end:
                regions.append(Region(0, y, end, 1))
        if regions:
            self.refresh(*regions)

    def _strip(self, y: int) -> Strip:
        width = self.size.width
        segments = self.paint_line(y)
        if not segments:
            return Strip.blank(width, self.style())
        if not self.ORDERS_ITSELF and not all(segment.text.isascii() for segment in segments):
            segments = [segment._replace(text=in_order(segment.text)) for segment in segments]
        strip = Strip(segments)
        return strip.adjust_cell_length(width, self.style()).simplify()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._style_cache.clear()
        self._painted.clear()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        return _plain(super().vertical_scrollbar)

    @property
    def horizontal_scrollbar(self) -> ScrollBar:
        return _plain(super().horizontal_scrollbar)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    # --- scrolling --------------------------------------------------------------------------------

    def set_content_size(self, width: int, height: int) -> None:
        """Says how much there is to scroll through.

        Where no scrollbar comes or goes, the screen isn't laid out anew for it: that would redraw the
        whole widget.
        """
        size = Size(width, height)
        if size == self.virtual_size:
            return
        viewport = self.container_size
        bars = [self._bars(s, viewport) for s in (size, self.virtual_size)]
        if not self.is_mounted or not viewport or bars[0] != bars[1]:
            self.virtual_size = size
            return
        self.set_reactive(ScrollView.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = height
        if self.show_horizontal_scrollbar:
            self.horizontal_scrollbar.window_virtual_size = width
        self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def _bars(self, size: Size, viewport: Size) -> tuple[bool, bool]:
        styles = self.styles
        return (
            styles.overflow_x == "auto" and size.width > viewport.width,
            styles.overflow_y == "auto" and size.height > viewport.height,
        )

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> None:
        """As in the base class, at once: an animation would draw the widget once a frame."""
        options["animate"] = False
        if self.is_mounted:
            super().scroll_to(x, y, **options)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        if self.show_horizontal_scrollbar:
            self.horizontal_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self.repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self.repaint()

    @property
    def top(self) -> int:
        """The line of the content that stands in the first line of the viewport."""
        return self.scroll_offset.y


def _plain(bar: ScrollBar) -> ScrollBar:
    bar.renderer = PlainBars  # type: ignore[misc]
    return bar


def _changed_cells(old: Strip, new: Strip) -> int:
    """How many cells from the left have to be sent so that ``old`` becomes ``new``; 0 for none.

    What is left of them is sent too: the terminal library draws a line from where its widget starts.
    """
    end = new.cell_length
    if old == new:
        return 0
    before, after = list(old), list(new)
    if old.cell_length != end:
        return end
    while before and after and before[-1] == after[-1]:
        end -= after.pop().cell_length
        before.pop()
    if not before or not after:
        return end
    text, other = after[-1].text, before[-1].text
    if after[-1].style == before[-1].style and text.isascii() and other.isascii():
        same = 0
        for one, two in zip(reversed(text), reversed(other), strict=False):
            if one != two:
                break
            same += 1
        end -= same
    return end
