"""Handing labeling over to Azure Machine Learning: what it needs, how it stands, each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.handover import Phase, Step
from tui_labeler.domain.handover_needs import CONFIRMED, PERMANENT
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted, in_words_on_screen
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen
from tui_labeler.screens.handover.form import ConnectScreen
from tui_labeler.screens.handover.words import page, pen_sign, taken_words
from tui_labeler.screens.label_files.which_document import ask_which
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.working import on_top

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult
    from textual.events import Key

    from tui_labeler.domain.handover import TakenBack
    from tui_labeler.engine.handover.handing_over import HandingOver
    from tui_labeler.engine.handover.taking_in import Unclear
    from tui_labeler.engine.ports import Blob
    from tui_labeler.engine.session import ProjectSession


_SHOWN = {
    Phase.HERE: ("switch", "disconnect"),
    Phase.AML: ("switch", "import", "file"),
}
"""Keys of a connected project that lead on; the others say why they don't."""

_STEPS = {
    "connect": Step.CONNECT,
    "take_in": Step.IMPORT,
    "take_file": Step.IMPORT,
    "disconnect": Step.DISCONNECT,
}


class HandoverScreen(Screen[None]):
    """One project's connection to Azure Machine Learning."""

    HELP: ClassVar[str] = """\
## Azure Machine Learning

Labels can be made in Azure Machine Learning in place of here, on the same texts in the same container. One
side has the pen at a time. No service is called: a record in the container says who has it, and labels come
back as the JSON Lines that Azure Machine Learning exports there.

- `c` **connects**, once and for all: after a disconnect the two can never be joined again.
- `s` **switches**. To there: labels are synced and written beside the instructions, then labeling here is off
  in every home. Back: the latest export is taken in first.
- `i` takes in the latest export while Azure Machine Learning has the pen, `f` one that you choose: in the
  documents that it holds, its labels take the place of those here. `u` in the texts takes that back. Where
  several documents could be one of the file, or several of the file one of them, you are asked first.
- `D` **disconnects** for ever, on the project's typed name.

Training goes on meanwhile; it ignores the training and testing sets of the side without the pen.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "connect", "Connect", tooltip="For good", id="handover.connect"),
        Binding("s", "switch", "Switch", tooltip="Who labels from here on", id="handover.switch"),
        Binding("i", "take_in", "Import latest", tooltip="The newest export", id="handover.import"),
        Binding("f", "take_file", "Import file", tooltip="An export that you choose", id="handover.file"),
        Binding("D", "disconnect", "Disconnect", tooltip="For ever", id="handover.disconnect"),
        Binding("r", "look", "Look again", tooltip="Ask the container", id="handover.look"),
        Binding("q,ctrl+g,escape", "leave", "Back", tooltip="Back to the texts", id="handover.back"),
    ]

    def __init__(self, session: ProjectSession, handover: HandingOver) -> None:
        super().__init__()
        self._session = session
        self._handover = handover
        self._exports: Sequence[Blob] = ()
        self._said: list[str] = []
        self._is_busy = False
        self._back: TakenBack | None = None

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Sheet(id="about")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self._session.project.name} > Azure Machine Learning"
        self.query_one("#about", Sheet).focus()
        self._show()
        self.action_look()

    # --- what it shows ------------------------------------------------------------------------------

    def _show(self) -> None:
        known = self._handover.known
        self.query_one(TitleLine).right = pen_sign(known)
        found = page(
            known,
            self._session.project.id,
            self._handover.needs(),
            self._exports,
            self._said,
            back=self._back,
        )
        self.query_one("#about", Sheet).show_page(found)
        self.refresh_bindings()

    def _doing(self, words: str) -> None:
        self.query_one(StatusLine).text = f"{words[:1].upper()}{words[1:]}..." if words else ""

    @property
    def keys_shown(self) -> list[str]:
        """Ids of the keys in the last line: those that lead on as things stand, so that the way back fits."""
        known = self._handover.known
        steps = _SHOWN.get(known.phase, () if known.is_connected else ("connect",))
        return [f"handover.{name}" for name in (*steps, "look", "back")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        known = self._handover.known
        wanted: dict[str, bool] = {
            "connect": not known.is_connected and all(need.met for need in self._handover.needs()),
            "switch": known.phase in (Phase.HERE, Phase.AML),
            "take_in": known.phase is Phase.AML,
            "take_file": known.phase is Phase.AML,
            "disconnect": known.phase is Phase.HERE,
            "look": True,
        }
        if action in wanted:
            return True if wanted[action] and not self._is_busy else None
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """A key that is off says why."""
        active = self.active_bindings.get(event.key)
        step = None if active is None or active.enabled else self._wanted(active.binding.action)
        if step is None:
            return
        event.stop()
        if self._is_busy:
            self._say_busy()
            return
        try:
            self._handover.check(step)
        except LabelerError as error:
            self._said = [in_words_on_screen(error)]
            self._show()

    def _wanted(self, action: str) -> Step | None:
        """The step that a key stands for."""
        if action == "switch":
            return Step.TO_HERE if self._handover.known.phase is Phase.AML else Step.TO_AML
        return _STEPS.get(action)

    def _say_busy(self) -> None:
        self.query_one(StatusLine).text = "One moment: a step is under way."

    async def _step(self, words: str, do: Callable[[], Awaitable[list[str]]]) -> None:
        """Does one thing and shows what came of it; an error is shown where it stays."""
        self._is_busy = True
        self.refresh_bindings()
        self._doing(words)
        try:
            self._said = await do()
        except LabelerError as error:
            self._said = [f"{error.title}.", in_words_on_screen(error)]
        try:
            found = self._handover.known.is_connected
            self._exports = await self._handover.exports() if found else ()
            self._back = await self._handover.taken_back()
        except LabelerError as error:
            self._said = [*self._said, in_words_on_screen(error)]
        finally:
            self._is_busy = False
        self._doing("")
        self._show()

    # --- steps --------------------------------------------------------------------------------------

    @work(exclusive=True, group="load")
    async def action_look(self) -> None:
        """As the container has it."""

        async def look() -> list[str]:
            await self._handover.look()
            return []

        await self._step("Looking at the container", look)

    @work(exclusive=True, group="handover")
    async def action_connect(self) -> None:
        """Asks for all that is settled, says that it is for good, then connects."""
        terms = await self.app.push_screen_wait(ConnectScreen())
        if terms is None:
            return
        facts = "\n".join(f"- {fact}" for fact in CONFIRMED)
        words = f"{PERMANENT}\n\nOnly you can check these; connecting confirms them:\n{facts}"
        question = ConfirmScreen(f"Connect with {terms.aml.words}?", words, "Connect for good", "Not now")
        if not await self.app.push_screen_wait(question):
            return

        async def connect() -> list[str]:
            await self._handover.connect(terms)
            return []

        await self._step("Connecting", connect)

    @work(exclusive=True, group="handover")
    async def action_switch(self) -> None:
        """Gives the pen away, or takes it back."""
        if self._handover.known.phase is Phase.HERE:
            await self._to_aml()
        else:
            await self._to_here()

    async def _to_aml(self) -> None:
        words = (
            "Labels are synced and written into the container; then labeling here is off, for everybody, "
            "until somebody switches back. Labels that come back from there take the place of those here, in "
            "the documents that they are of."
        )
        question = ConfirmScreen("Label in Azure Machine Learning?", words, "Switch", "Not now")
        if not await self.app.push_screen_wait(question):
            return

        async def switch() -> list[str]:
            done = await self._handover.to_aml(self._doing)
            assert done.exported is not None
            written = counted(done.exported.labels, "label")
            return [f"Switched; {written} written for Azure Machine Learning."]

        await self._step("Switching", switch)

    async def _to_here(self) -> None:
        ways = [("f", "file", "Take labels from a file that you choose")]
        if self._exports:
            ways.insert(0, ("l", "latest", f"Take the latest labels: {self._exports[0].name}"))
        ways.append(("w", "without", "Take no labels: those here stay as they are"))
        said = "" if self._exports else "There is no export of Azure Machine Learning yet."
        chosen = await self.app.push_screen_wait(ChoiceScreen("Label here again?", said, ways))
        name = await self._file() if chosen == "file" else ""
        if chosen is None or name is None:
            return
        without = chosen == "without"
        cleared = ("", {}) if without else await self._clear(name)
        if cleared is None:
            return
        name, choices = cleared

        async def switch() -> list[str]:
            done = await self._handover.to_here(
                name=name, without_labels=without, choices=choices, doing=self._doing
            )
            return ["Labels are made here again.", *(taken_words(done.taken) if done.taken else [])]

        await self._step("Switching", switch)

    @work(exclusive=True, group="handover")
    async def action_take_in(self) -> None:
        """The newest export."""
        await self._take_in("")

    @work(exclusive=True, group="handover")
    async def action_take_file(self) -> None:
        """An export that a person chooses."""
        name = await self._file()
        if name is not None:
            await self._take_in(name)

    async def _take_in(self, name: str) -> None:
        cleared = await self._clear(name)
        if cleared is None:
            return
        named, choices = cleared

        async def take() -> list[str]:
            return taken_words(await self._handover.import_labels(named, self._doing, choices))

        await self._step("Importing labels", take)

    async def _clear(self, name: str) -> tuple[str, dict[str, str]] | None:
        """The name of a file, and which documents its rows are that several answer to; asked before anything
        changes. ``None`` where the file can't be read, which is shown, or the person went back."""
        found: list[Unclear] = []

        async def look() -> list[str]:
            found.append(await self._handover.unclear(name, self._doing))
            return []

        await self._step("Looking at the labels", look)
        if not found:
            return None
        await on_top(self)
        choices = await ask_which(self.app, found[0].rows)
        return None if choices is None else (found[0].name, choices)

    async def _file(self) -> str | None:
        """The name of a file in the container; ``None`` for none."""
        choices = [
            (str(number) if number < 10 else "", f"file:{blob.name}", blob.name)
            for number, blob in enumerate(self._exports, 1)
        ]
        if choices:
            choices.append(("o", "other", "Another file of the container"))
            chosen = await self.app.push_screen_wait(ChoiceScreen("Which file?", "", choices))
            if chosen != "other":
                return None if chosen is None else chosen.removeprefix("file:")
        named = await self.app.push_screen_wait(
            InputScreen("Which file?", "Its name in the container:", placeholder="Labeling/labels.jsonl")
        )
        return named.strip() or None if named is not None else None

    @work(exclusive=True, group="handover")
    async def action_disconnect(self) -> None:
        """Ends it for ever, on the project's typed name."""
        name = self._session.project.name
        typed = await self.app.push_screen_wait(
            InputScreen(
                "Disconnect for ever",
                "The labeling project can never be joined again, and its labels there are out of reach.\n"
                f"Type the project's name, {name}, to confirm it:",
                accept=self._handover.disconnect,
            )
        )
        if typed is not None:
            self._said = ["Disconnected."]
            self._show()

    def action_leave(self) -> None:
        """Back; not in the middle of a step, which would have to be begun anew."""
        if self._is_busy:
            self._say_busy()
        else:
            self.dismiss(None)
