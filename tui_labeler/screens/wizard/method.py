"""First step: a trained model, or GPT."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.resources.forms import AddResourceScreen
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.step import Choices, Step
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

NO_RESOURCE = "GPT needs a resource with a deployment, and there is none yet: a adds one right here."
NO_MODEL = "No model has been trained in this project yet: train one first (T in the project)."

SHORT = {"model": "no model has been trained yet", "gpt": "there is no resource yet: a adds one"}
"""The reasons in few words, for the list."""

METHODS = {
    "model": (
        "A trained model",
        "A model that was trained on labels of this project suggests labels for other documents. It runs on "
        "this machine: no text leaves it. It uses text records of the month's quota.",
    ),
    "gpt": (
        "GPT",
        "A deployed chat model labels by the names, descriptions and examples of the categories. No labels "
        "are needed; the documents' text is sent to the resource, which charges for it.",
    ),
}


class MethodStep(Step):
    """Offers the methods; one whose prerequisites are missing is dim, with the reason."""

    HELP: ClassVar[str] = """\
## Autolabel, step 1: method

What shall suggest the labels? A method that can't be used yet is dim and says what it needs. Suggestions
are reviewed by you: none becomes a label by itself, and your own labels always win.

GPT needs a *resource*: a server with a language model, and a deployment on it. `a` adds one.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add a resource", tooltip="Add a server for GPT", id="wizard.add-resource"),
    ]

    called = "Method"

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._reasons: dict[str, str] = {}
        """Why a method can't be used."""

    def body(self) -> Iterable[Widget]:
        yield Picker(id="methods")
        yield Sheet(id="about")

    def started(self) -> None:
        self.read()

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Finds out which methods can be used."""
        await self._read()

    async def _read(self) -> None:
        self._reasons = {}
        if not await self.session.models.list():
            self._reasons["model"] = NO_MODEL
        if not any(resource.deployments for resource in await self.resources.list()):
            self._reasons["gpt"] = NO_RESOURCE
        rows = [Choice(key, self._row(key), disabled=key in self._reasons) for key in METHODS]
        self.query_one(Picker).set_rows(rows, cursor=self.choices.method)
        self._show(self.choices.method)
        self.refresh_bindings()

    def _row(self, key: str) -> Callable[[int, Glyphs], Line]:
        words = SHORT[key] if key in self._reasons else ""
        return lambda width, signs: ((f"{METHODS[key][0]:<16}", "title"), (f"   {words}", "dim"))

    def _show(self, key: str) -> None:
        def build(width: int, signs: Glyphs) -> Sequence[Line]:
            lines: list[Line] = [(), *wrapped(METHODS[key][1], width, "", "  ")]
            if key in self._reasons:
                lines += [(), *wrapped(self._reasons[key], width, "warn", "  ")]
            return lines

        self.query_one(Sheet).show_page(build)

    def on_picker_highlighted(self, event: Picker.Highlighted) -> None:
        if event.key not in self._reasons:
            self.choices = replace(self.choices, method=event.key)
        self.say("")
        self._show(event.key)

    def on_picker_chosen(self) -> None:
        self.action_go_on()

    def on_picker_refused(self) -> None:
        self.action_go_on()

    def collect(self) -> Choices:
        key = self.query_one(Picker).current
        return self.choices if key is None or key in self._reasons else replace(self.choices, method=key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "add":
            return "gpt" in self._reasons
        return super().check_action(action, parameters)

    @work(exclusive=True, group="add")
    @reporting
    async def action_add(self) -> None:
        added = await self.app.push_screen_wait(AddResourceScreen(self.resources.add))
        if added is None:
            return
        if added.warnings:
            tell(self.app, "\n".join(added.warnings), title="Resource added", severity="warning")
        first = added.resource.deployments[-1].name
        self.choices = replace(self.choices, method="gpt", resource=added.resource.name, deployment=first)
        await self._read()

    def obstacle(self) -> str:
        key = self.query_one(Picker).current
        return self._reasons.get(key, "") if key else "One moment: the methods are being looked at."
