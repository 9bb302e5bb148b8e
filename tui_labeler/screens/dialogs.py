"""Small questions over a screen: yes or no, one of several, a line of text. All by keyboard alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import in_lines
from tui_labeler.screens.fields import Field
from tui_labeler.screens.lines import Foot, KeyLine
from tui_labeler.screens.screen import ModalScreen
from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key
    from textual.widget import Widget

Result = TypeVar("Result")


def plain(text: str) -> Content:
    """Text from outside for a widget: safe, several lines kept, nothing in it is markup."""
    return Content("\n".join(in_order(clean(line)) for line in text.split("\n")))


class Dialog(ModalScreen[Result]):
    """The frame of a question: a title, a message, what a subclass adds, and the keys."""

    VERTICAL_BREAKPOINTS = [(0, "-lowest"), (24, "-low"), (32, "-high")]  # noqa: RUF012 - Textual's own name

    def __init__(self, title: str, message: str = "") -> None:
        super().__init__()
        self._title = title
        self._message = message

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(plain(self._title), id="dialog-title")
            if self._message:
                with VerticalScroll(id="dialog-message", can_focus=False):
                    yield Static(plain(self._message))
            yield from self.body()
            yield KeyLine()
        yield Foot()

    def body(self) -> Iterable[Widget]:
        """What stands between message and keys."""
        return ()

    def on_resize(self) -> None:
        """A list gets the rows that the screen leaves it; what is chosen in it stays in view."""
        for choices in self.query(OptionList):
            self.call_after_refresh(choices.scroll_to_highlight)


class ConfirmScreen(Dialog[bool]):
    """Asks whether to go on.

    ``enter`` is no answer: it labels, and who types ahead of a question must not have said yes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", tooltip="Go on", id="dialog.yes"),
        Binding(
            "n,q,ctrl+g,escape", "answer(False)", "No", tooltip="Leave everything as it is", id="dialog.no"
        ),
    ]

    def __init__(self, title: str, message: str, confirm: str = "Yes", cancel: str = "No") -> None:
        super().__init__(title, message)
        self._words = {"answer(True)": confirm, "answer(False)": cancel}
        for bindings in self._bindings.key_to_bindings.values():
            bindings[:] = [_described(binding, self._words) for binding in bindings]

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


def _described(binding: Binding, words: dict[str, str]) -> Binding:
    if binding.action not in words:
        return binding
    return Binding(
        binding.key,
        binding.action,
        words[binding.action],
        tooltip=binding.tooltip,
        id=binding.id,
    )


class MessageScreen(Dialog[None]):
    """Says something that is worth more than a few seconds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter,ctrl+g,escape", "close", "Back", tooltip="Close this", id="message.close"),
        Binding("j,down", "line(1)", "Down", tooltip="One line down", id="message.down", show=False),
        Binding("k,up", "line(-1)", "Up", tooltip="One line up", id="message.up", show=False),
    ]

    def action_close(self) -> None:
        self.dismiss(None)

    def action_line(self, lines: int) -> None:
        self.query_one("#dialog-message", VerticalScroll).scroll_relative(y=lines, animate=False)


class Answers(OptionList):
    """A list without keys of its own: the screen has them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_down", "Down", tooltip="Next choice", id="choice.down", show=False),
        Binding("k,up", "cursor_up", "Up", tooltip="Choice before", id="choice.up", show=False),
        Binding("enter,space", "select", "Choose", tooltip="Take this one", id="choice.take"),
    ]


class ChoiceScreen(Dialog["str | None"]):
    """Asks for one of several things: by its key, or by moving to it and ``enter``.

    ``choices`` are ``(key, id, label)``; a key may be empty. The cursor begins ``at`` one of the ids. The
    result is an id, ``None`` for none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+g,escape", "cancel", "Cancel", tooltip="Choose nothing", id="dialog.cancel"),
    ]

    def __init__(
        self, title: str, message: str, choices: Sequence[tuple[str, str, str]], *, at: str | None = None
    ) -> None:
        super().__init__(title, message)
        self._choices = tuple(choices)
        self._at = at
        self._by_key = {key: chosen for key, chosen, _ in self._choices if key}

    def body(self) -> Iterable[Widget]:
        width = max((len(key) for key, _, _ in self._choices), default=0)
        yield Answers(
            *(
                Option(Content.assemble((f" {key:>{width}} ", "bold"), self.words(chosen, label)))
                for key, chosen, label in self._choices
            ),
            id="dialog-choices",
            compact=True,
        )

    def words(self, chosen: str, label: str) -> Content:
        """How a choice is drawn, behind its key."""
        return plain(label)

    def on_mount(self) -> None:
        ids = [chosen for _, chosen, _ in self._choices]
        if self._at in ids:
            self.query_one(OptionList).highlighted = ids.index(self._at)

    def on_key(self, event: Key) -> None:
        chosen = self._by_key.get(event.character or "") or self._by_key.get(event.key)
        if chosen is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index][1])

    def action_cancel(self) -> None:
        self.dismiss(None)


class InputScreen(Dialog["str | None"]):
    """Asks for a line of text; ``None`` when it was called off.

    With ``anew`` the first key replaces the text that is given, without it that text is gone on with.
    ``accept`` does what the text is for: when it raises a ``LabelerError``, the question stays, with the text
    and the reason, so that no further key acts on the screen beneath.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "OK", tooltip="Take what was typed", id="dialog.take-input", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Change nothing", id="dialog.cancel-input"),
    ]

    keys_shown: ClassVar[list[str]] = ["field.enter", "dialog.cancel-input"]
    """Ids of the keys in the last line."""

    def __init__(
        self,
        title: str,
        label: str,
        value: str = "",
        placeholder: str = "",
        *,
        anew: bool = False,
        accept: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        super().__init__(title, label)
        self._value = value
        self._anew = anew
        self._placeholder = placeholder
        self._accept = accept
        self._busy = False

    def body(self) -> Iterable[Widget]:
        field = Field(self._value, self._placeholder, id="dialog-input")
        field.select_on_focus = self._anew
        yield field
        yield Static(id="dialog-problem", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_take()

    def action_take(self) -> None:
        """Ends with what was typed, or says what is wrong with it."""
        typed = self.query_one(Field).value
        if self._accept is None:
            self.dismiss(typed)
        elif not self._busy:
            self._try(self._accept, typed)

    @work
    async def _try(self, accept: Callable[[str], Awaitable[object]], value: str) -> None:
        self._busy = True
        try:
            await accept(value)
        except LabelerError as error:
            self._complain(in_lines(error))
        else:
            self.dismiss(value)
        finally:
            self._busy = False

    def on_input_changed(self) -> None:
        """What was wrong with another text says nothing of this one."""
        self._complain("")

    def _complain(self, words: str) -> None:
        self.set_class(bool(words), "-refused")
        self.query_one("#dialog-problem", Static).update(plain(words))

    def action_cancel(self) -> None:
        if not self._busy:
            self.dismiss(None)
