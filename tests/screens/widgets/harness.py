"""A bare application around one widget, and what it shows as plain text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from tui_labeler.screens.widgets.glyphs import ASCII_CLASS

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.message import Message

    from tui_labeler.screens.widgets.lines import LineView

SHEET = Path(__file__).parents[3] / "styles" / "widgets.tcss"


class Stage(App[None]):
    """Shows one widget with the project's style sheet and keeps the messages that it posts."""

    CSS_PATH = SHEET

    def __init__(self, widget: LineView, *, plain: bool = False) -> None:
        super().__init__()
        self.widget = widget
        self.heard: list[Message] = []
        self.painted: list[int] = []
        if plain:
            self.add_class(ASCII_CLASS)

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()
        paint = self.widget.render_line

        def counted(y: int) -> Any:
            self.painted.append(y)
            return paint(y)

        self.widget.render_line = counted  # type: ignore[method-assign]
        post = self.widget.post_message

        def kept(message: Message) -> bool:
            self.heard.append(message)
            return post(message)

        self.widget.post_message = kept  # type: ignore[method-assign]

    def of(self, kind: type[Message]) -> list[Any]:
        """The messages of one kind, in order."""
        return [message for message in self.heard if type(message) is kind]

    def lines(self) -> list[str]:
        """What the widget shows, line by line, without the blanks at the end."""
        widget = self.widget
        width = widget.view_size.width
        return [widget.render_line(y).crop(0, width).text.rstrip() for y in range(widget.view_size.height)]
