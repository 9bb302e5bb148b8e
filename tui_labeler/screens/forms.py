"""A form over the screen: a title, a line for each field, and a place for what is wrong."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, TypeVar

from textual.containers import Grid, Vertical
from textual.widgets import Label, Static

from tui_labeler.screens.dialogs import plain
from tui_labeler.screens.fields import Cycle, Field
from tui_labeler.screens.lines import Foot, KeyLine
from tui_labeler.screens.screen import ModalScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

Result = TypeVar("Result")


class FormScreen(ModalScreen[Result | None]):
    """Asks for several things at once; ``None`` when the person changed their mind.

    ``enter`` goes on to the next field; ``ctrl+s`` confirms, as in every form.
    """

    TITLE = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="form-frame"):
            yield Static(plain(self.heading), id="form-title")
            with Grid(id="form-fields"):
                for label, field in self.fields():
                    yield Label(label, markup=False)
                    yield field
            yield Static(id="form-problem")
            yield KeyLine()
        yield Foot()

    @property
    def heading(self) -> str:
        """The words over the fields."""
        return self.TITLE or ""

    @abstractmethod
    def fields(self) -> tuple[tuple[str, Widget], ...]:
        """Each field with the words before it; a field has an id."""

    @abstractmethod
    def action_apply(self) -> None:
        """Ends with what was chosen, or complains."""

    def action_cancel(self) -> None:
        self.dismiss(None)

    def chosen(self, field: str) -> int:
        """Which of its values a :class:`~tui_labeler.screens.fields.Cycle` stands at."""
        return self.query_one(f"#{field}", Cycle).chosen

    def typed(self, field: str) -> str:
        """What stands in a field, without the white space around it."""
        return self.query_one(f"#{field}", Field).value.strip()

    def complain(self, words: str) -> None:
        self.query_one("#form-problem", Static).update(plain(words))
