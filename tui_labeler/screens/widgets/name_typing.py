"""Rows that are found by typing their names, while a name is being typed; otherwise letters are keys."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from tui_labeler.screens.widgets.rows import RowView, row_key

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType


class Naming(Enum):
    """What becomes of a key with a character."""

    OFF = auto()
    """No name is being typed: it is the key that it is."""
    BY_ITSELF = auto()
    """Nobody asked for a name, but small letters begin one; all others are keys."""
    LETTERS = auto()
    """Letters begin a name, capitals too; all others are keys."""
    NAME = auto()
    """A name was begun, or asked for by its key: every character belongs to it."""


class NameTyping(RowView):
    """A name begins and ends by keys, never by itself while keys act on the screen.

    Who has just set a class by its name expects of the next key what it does everywhere else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        row_key("slash", "name", "Find", "Begin any class's name; enter sets it", "name"),
        row_key("backspace", "erase", "Letter back", "Take back the last letter", "erase"),
        row_key("ctrl+g,escape", "end_name", "End name", "Letters are keys again", "end-name"),
    ]

    class NameChanged(Message):
        """What becomes of the next key is something else than before."""

        def __init__(self, view: NameTyping) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> NameTyping:
            return self.view

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.narrows = False
        """Names can be typed: there are more than have a key each."""
        self.naming = False
        """A name is being typed: letters find a category, rather than act on the screen."""
        self.typed = ""
        """What has been typed of a name."""
        self.reserved = ""
        """Small letters that begin no name by themselves: they stay the keys that they are."""
        self.kept: frozenset[str] = frozenset()
        """Keys that belong to no name: the last line shows them always."""
        self._began = Naming.OFF

    @property
    def current(self) -> str:
        """The id of the category at the cursor; empty where there is none."""
        raise NotImplementedError

    def show_fitting(self, current: str, cursor: int = 0) -> None:
        """Shows what fits what is typed.

        The cursor goes to the category ``current`` where it is shown, else to the row ``cursor``.
        """
        raise NotImplementedError

    def go_to(self, category: str) -> None:
        """Puts the cursor on a category, if it is shown."""
        raise NotImplementedError

    def begin_name(self, began: Naming = Naming.LETTERS) -> None:
        """From here on letters find a category, where there are many; what was typed before is forgotten."""
        if self.narrows:
            self._narrow("", naming=True, began=began)

    def end_name(self) -> None:
        """Letters are keys again, and all are shown; the cursor stays on its category."""
        if not self.naming:
            return
        current = self.current
        self._narrow("", naming=False)
        self.go_to(current)

    @property
    def stage(self) -> Naming:
        """What becomes of the next key."""
        if not self.naming:
            return Naming.OFF
        return Naming.NAME if self.typed else self._began

    def types(self, character: str | None) -> bool:
        """Whether a character is a part of a name at the moment."""
        if not character or len(character) > 1:
            return False
        match self.stage:
            case Naming.OFF:
                return False
            case Naming.BY_ITSELF:
                return character.isalpha() and not character.isupper() and character not in self.reserved
            case Naming.LETTERS:
                return character.isalpha()
            case Naming.NAME:
                return character.isprintable() and (bool(self.typed) or not character.isspace())

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key not in self.kept and self.types(character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "name":
            return self.narrows
        if action in ("erase", "end_name"):
            return self.naming
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        if self.check_consume_key(event.key, event.character):
            event.stop()
            event.prevent_default()
            self._narrow(self.typed + (event.character or ""), naming=True)

    def _narrow(self, typed: str, *, naming: bool, began: Naming | None = None) -> None:
        before = self.stage
        self.naming, self.typed = naming, typed
        if began is not None:
            self._began = began
        self.show_fitting("" if typed else self.current)
        self.reveal()
        self.refresh_bindings()
        if self.stage is not before:
            self.post_message(self.NameChanged(self))

    def action_name(self) -> None:
        self.begin_name(Naming.NAME)

    def action_erase(self) -> None:
        """Takes the last letter back; where there is none, the name ends."""
        if self.typed:
            self._narrow(self.typed[:-1], naming=True)
        else:
            self.end_name()

    def action_end_name(self) -> None:
        self.end_name()

    def on_blur(self) -> None:
        # The focus comes back to where it was when it is the terminal that has lost it.
        if self.app.app_focus:
            self.end_name()

    def focus_on_click(self) -> bool:
        """A click sets a class and leaves the keys where they are: letters would be taken for a name."""
        return not self.narrows and super().focus_on_click()
