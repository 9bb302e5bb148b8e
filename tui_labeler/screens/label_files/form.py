"""The frame of importing and exporting: a short form, below it what it leads to, and a line of words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import work

from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import in_lines
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key

    from tui_labeler.engine.formats.model import Format
    from tui_labeler.engine.session import ProjectSession

Result = TypeVar("Result")


class FileForm(Screen[Result]):
    """What a label file holds, or is to hold, is worked out anew after each choice, and shown below."""

    WHAT: ClassVar[str]
    """In the first line, behind the project's name."""

    WORKING: ClassVar[str] = ""
    """In the last line while it is worked out."""

    REFUSED: ClassVar[Mapping[str, str]]
    """Why a row of the form can't be chosen, by its key."""

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._problem = ""
        """Why it could not be worked out."""

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Picker(id="form")
        yield Sheet(id="about")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self._session.project.name} > {self.WHAT}"
        self.form.focus()
        self.work_out()

    def on_unmount(self) -> None:
        # What is left of a screen goes some time later, and a file of many documents takes many megabytes.
        self.forget()

    @property
    def form(self) -> Picker:
        return self.query_one("#form", Picker)

    @property
    def about(self) -> Sheet:
        """What stands below the form."""
        return self.query_one("#about", Sheet)

    def say(self, words: str) -> None:
        """Shows words in the last line, in place of those before."""
        self.query_one(StatusLine).text = words

    @work(exclusive=True, group="load")
    async def work_out(self) -> None:
        """Works out anew what the choices lead to, on the project as it is at this moment, and shows it."""
        self._problem = ""
        self.forget()
        self.show()
        self.say(self.WORKING)
        try:
            await self.prepare()
        except LabelerError as error:
            self._problem = in_lines(error)
        self.say("")
        self.show()

    @abstractmethod
    def forget(self) -> None:
        """What was worked out before does not count any more."""

    @abstractmethod
    async def prepare(self) -> None:
        """Works it out; a ``LabelerError`` is shown in its place."""

    @abstractmethod
    def show(self) -> None:
        """Shows the form and what stands below it."""

    async def ask_format(self, title: str, formats: Iterable[Format], at: str, first: str = "") -> str | None:
        """The name of a format; ``first`` stands before the others and is found by the content."""
        choices = [(first, "Found by its content")] if first else []
        choices += [(known.name, known.title) for known in formats]
        numbered = [
            (str(number) if number < 10 else "", name, title)
            for number, (name, title) in enumerate(choices, 1)
        ]
        return await self.app.push_screen_wait(ChoiceScreen(title, "", numbered, at=at))

    def on_picker_refused(self, event: Picker.Refused) -> None:
        self.say(self.refusal(event.key))

    def on_key(self, event: Key) -> None:
        """A key that is off says why."""
        active = self.active_bindings.get(event.key)
        if active is not None and not active.enabled and (why := self.refusal(active.binding.action)):
            event.stop()
            self.say(why)

    def refusal(self, what: str) -> str:
        """Why a row, or a key, of the form does nothing; ``what`` is the row or the action."""
        return self.REFUSED.get(what, "")
