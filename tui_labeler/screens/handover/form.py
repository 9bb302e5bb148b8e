"""What is settled when a project is connected with Azure Machine Learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.handover import AmlProject, Terms
from tui_labeler.domain.handover_needs import PREFIX
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.wording import in_words_on_screen
from tui_labeler.screens.base import read_file
from tui_labeler.screens.fields import Cycle, FormField
from tui_labeler.screens.forms import FormScreen

if TYPE_CHECKING:
    from textual.widget import Widget


class ConnectScreen(FormScreen[Terms]):
    """Asks for what is settled when a project is connected."""

    HELP: ClassVar[str] = """\
## Connecting with Azure Machine Learning

The *labeling project* is one of an Azure Machine Learning workspace on the same storage account; the names
are those of the Azure portal. *Exports* are looked for under names that begin so; empty looks everywhere in
the container. *Instructions* are written into the container, with the categories, their descriptions and
examples; `@FILE` takes them from a text file. *Who may switch* are names with commas between them, as the
history shows them; empty is everybody.
"""

    TITLE = "Connect with a labeling project"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Go on", tooltip="To the last question", id="connect.apply"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="connect.next", show=False),
        Binding("up", "app.focus_previous", "Back", tooltip="Field before", id="connect.back", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Connect nothing", id="connect.cancel"),
    ]

    def fields(self) -> tuple[tuple[str, Widget], ...]:
        return (
            ("Labeling project", FormField(placeholder="its name there", id="name")),
            ("Workspace", FormField(placeholder="of Azure Machine Learning", id="workspace")),
            ("Resource group", FormField(placeholder="of the workspace", id="group")),
            ("Subscription", FormField(placeholder="its id", id="subscription")),
            ("Exports under", FormField(PREFIX, "anywhere", id="prefix")),
            ("Instructions", FormField(placeholder="a few words, or @FILE", id="instructions")),
            ("Who labels there", Cycle(("our own people", "companies of the Marketplace"), id="vendor")),
            ("Who may switch", FormField(placeholder="everybody", id="switchers")),
        )

    def action_apply(self) -> None:
        self._apply()

    @work(exclusive=True, group="load")
    async def _apply(self) -> None:
        try:
            self.dismiss(await self._terms())
        except LabelerError as error:
            self.complain(in_words_on_screen(error))

    async def _terms(self) -> Terms:
        """Raises ``InputError``."""
        typed = self.typed
        words = typed("instructions")
        if words.startswith("@"):
            try:
                words = (await read_file(words[1:])).decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise InputError("The instructions are no UTF-8 text.", hint="Save them as UTF-8.") from error
        try:
            aml = AmlProject(typed("subscription"), typed("group"), typed("workspace"), typed("name"))
        except ValueError as error:
            raise InputError(f"{str(error).capitalize()}.") from error
        names = (name.strip() for name in typed("switchers").split(","))
        who = tuple(dict.fromkeys(name for name in names if name))
        return Terms(aml, bool(self.chosen("vendor")), typed("prefix"), words, who)
