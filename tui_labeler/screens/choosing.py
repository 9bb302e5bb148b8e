"""One of many things by a few letters of its name; by its key where there are few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_labeler.screens.dialogs import ChoiceScreen, Dialog, plain
from tui_labeler.screens.fields import Field
from tui_labeler.screens.narrowing import MANY, narrow

if TYPE_CHECKING:
    from textual.widget import Widget


class NameField(Field):
    """Takes a part of a name; meanwhile its keys move among the names that fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take", tooltip="Take the name at the cursor", id="name.enter"),
        Binding("down", "screen.move(1)", "Down", tooltip="Next name", id="name.down"),
        Binding("up", "screen.move(-1)", "Up", tooltip="Name before", id="name.up"),
        Binding("pagedown", "screen.move(10)", "On", tooltip="Ten names on", id="name.page-down", show=False),
        Binding(
            "pageup", "screen.move(-10)", "Back", tooltip="Ten names back", id="name.page-up", show=False
        ),
    ]


class NameScreen(Dialog["str | None"]):
    """Asks for one of many: what is typed leaves the names that fit, and ``enter`` takes the first.

    ``choices`` are ``(id, name)``. The cursor begins ``at`` one of them. The result is an id, ``None`` for
    none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "Take", tooltip="Take this name", id="name.take", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Choose nothing", id="name.cancel"),
    ]

    keys_shown: ClassVar[list[str]] = ["name.enter", "name.down", "name.up", "name.cancel"]
    """Ids of the keys in the last line."""

    def __init__(
        self, title: str, message: str, choices: Sequence[tuple[str, str]], *, at: str | None = None
    ) -> None:
        super().__init__(title, message)
        self._choices = tuple(choices)
        self._at = at
        self._fitting: list[int] = []

    def body(self) -> Iterable[Widget]:
        yield NameField(placeholder="type a few letters of its name", id="dialog-input")
        names = OptionList(id="dialog-choices", compact=True)
        names.can_focus = False
        yield names

    def on_mount(self) -> None:
        self._show("")
        ids = [chosen for chosen, _ in self._choices]
        if self._at in ids:
            self._names.highlighted = ids.index(self._at)

    @property
    def _names(self) -> OptionList:
        return self.query_one(OptionList)

    def _show(self, typed: str) -> None:
        self._fitting = narrow(typed, [name for _, name in self._choices])
        names = self._names
        names.clear_options()
        names.add_options(Option(plain(f" {self._choices[index][1]}")) for index in self._fitting)
        if not self._fitting:
            names.add_option(Option(" No name fits.", disabled=True))
        names.highlighted = 0 if self._fitting else None

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_take()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(event.option_index)

    def action_move(self, rows: int) -> None:
        if self._fitting:
            place = (self._names.highlighted or 0) + rows
            self._names.highlighted = max(0, min(place, len(self._fitting) - 1))

    def action_take(self) -> None:
        if self._names.highlighted is not None:
            self._take(self._names.highlighted)

    def _take(self, place: int) -> None:
        self.dismiss(self._choices[self._fitting[place]][0])

    def action_cancel(self) -> None:
        self.dismiss(None)


def chooser(
    title: str, message: str, choices: Sequence[tuple[str, str, str]], *, at: str | None = None
) -> ChoiceScreen | NameScreen:
    """The question for one of ``(key, id, name)``: by name where there are more than have a digit each."""
    if len(choices) > MANY:
        return NameScreen(title, message, [(chosen, name) for _, chosen, name in choices], at=at)
    return ChoiceScreen(title, message, choices)
