"""What forms are made of: a line to type in, and one of a few values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from tui_labeler.domain.text import safe
from tui_labeler.screens.widgets.cells import clean


class Safely(Highlighter):
    """Draws what is typed or given sign for sign, with visible ones for those that a terminal would obey."""

    def __init__(self, field: Input) -> None:
        self._field = field

    def __call__(self, text: str | Text) -> Text:
        # Rich takes some control characters out of what it is given, and the cursor would be elsewhere.
        return Text(safe(self._field.value), no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """No part of it looks different."""


class Field(Input):
    """A line to type in; its cursor does not blink, for blinking is sent over the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "OK", tooltip="Take what was typed", id="field.enter"),
    ]

    def __init__(self, value: str = "", placeholder: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(value, clean(placeholder), Safely(self), id=id, select_on_focus=False, compact=True)
        self.cursor_blink = False


class FormField(Field):
    """One of several lines to type in: ``enter`` goes on, and what confirms them all is the form's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.focus_next", "Next", tooltip="To the next field", id="form.enter"),
    ]


class Cycle(Widget, can_focus=True):
    """One of a few values; ``space`` or an arrow goes to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right,l", "turn(1)", "Change", tooltip="The next value", id="cycle.next"),
        Binding("left,h", "turn(-1)", "Back", tooltip="The value before", id="cycle.back", show=False),
        Binding("enter", "next_field", "Next", tooltip="To the next field", id="cycle.enter"),
    ]

    chosen = reactive(0)

    def __init__(self, values: Sequence[str], *, chosen: int = 0, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._values = tuple(values)
        self.set_reactive(Cycle.chosen, chosen)

    def set_values(self, values: Sequence[str]) -> None:
        """Other values, of which the first is chosen."""
        if tuple(values) != self._values:
            self._values = tuple(values)
            self.chosen = 0
            self.refresh()

    def render(self) -> Content:
        words = clean(self._values[self.chosen])
        return Content(f"< {words} >" if len(self._values) > 1 else words)

    def action_turn(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self._values)

    def action_next_field(self) -> None:
        self.screen.focus_next()


def in_field(value: float | None) -> str:
    """A number as a field holds it; nothing for none."""
    return "" if value is None else f"{value:g}"
