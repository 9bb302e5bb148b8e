"""A line of numbered names, one of them shown: a wizard's steps, a page's sections. A click goes to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from textual import events


class Tabs(Static):
    """Draws the names that a subclass gives it and says which was clicked; keys are the screen's."""

    ALLOW_SELECT: ClassVar[bool] = False

    class Clicked(Message):
        """A name was clicked; ``number`` counts from 1."""

        def __init__(self, tabs: Tabs, number: int) -> None:
            super().__init__()
            self.tabs = tabs
            self.number = number

        @property
        def control(self) -> Tabs:
            return self.tabs

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._places: list[range] = []

    def show_names(self, names: Sequence[Sequence[tuple[str, object]]]) -> None:
        """Draws the names side by side; each is made of words with their styles."""
        self._places = []
        start = 0
        for parts in names:
            end = start + sum(cell_len(words) for words, _ in parts)
            self._places.append(range(start, end))
            start = end
        self.update(Content.assemble(*(part for parts in names for part in parts)))  # type: ignore[arg-type]

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        for number, cells in enumerate(self._places, 1):
            if place is not None and place.x in cells:
                self.post_message(self.Clicked(self, number))
