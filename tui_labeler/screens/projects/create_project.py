"""Makes a project: a folder of texts, what is to be labeled in them, and perhaps labels from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.widgets import Label, Static

from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import in_lines
from tui_labeler.engine.workbench import KINDS_IN_WORDS, CreatedProject, NewProject, Workbench, suggested_name
from tui_labeler.screens.base import find_file, read_labels_file
from tui_labeler.screens.dialogs import plain
from tui_labeler.screens.fields import Cycle, Field, FormField
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.screen import Screen

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget
    from textual.worker import Worker

KINDS = tuple(KINDS_IN_WORDS.items())

SHARING = ("labels stay with you", "labels are for all who have the folder")
ALWAYS_SHARED = ("labels are for all who have the container",)


class CreateProjectScreen(Screen["CreatedProject | None"]):
    """A form: ``enter`` goes on to the next field, ``ctrl+s`` makes the project."""

    HELP: ClassVar[str] = """\
## New project

Only the place of the texts is needed: the project is named after it. Every `.txt` at the folder's root is a
document; none is ever written. A container in Azure Blob storage does as well:
`https://ACCOUNT.blob.core.windows.net/CONTAINER` (with a SAS token behind it, if there is one), `az://CONTAINER`,
or the name of one in `settings.toml`.

Labels may be *shared*: with everybody who has the folder, if you say so here; those of a container in Blob
storage always are. Where others have made a project of that name already, yours joins it, and takes over its
categories and labels.

A labels file (Azure labels JSON) brings its labels and categories along.
Categories can be added, renamed and described later.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "create", "Make it", tooltip="Make the project", id="create.make"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="create.next", show=False),
        Binding("up", "app.focus_previous", "Back", tooltip="Field before", id="create.back", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Make no project", id="create.cancel"),
    ]

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._workbench = workbench
        self._busy = False
        self._making: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        title = TitleLine()
        title.left = "New project"
        yield title
        with VerticalScroll(can_focus=False):
            with Grid(id="form"):
                yield from self._fields()
            yield Static(id="problem", markup=False)
        yield KeyLine()

    def _fields(self) -> ComposeResult:
        fields: tuple[tuple[str, Widget], ...] = (
            ("Container", FormField(placeholder="folder of .txt files, or az://CONTAINER", id="folder")),
            ("Name", FormField(placeholder="the folder's name", id="name")),
            ("Kind", Cycle(tuple(words for _, words in KINDS), id="kind")),
            ("Language", FormField(placeholder="the labels file's, else en-us", id="language")),
            ("Multilingual", Cycle(("no", "yes: each document has a language"), id="multilingual")),
            ("Labels file", FormField(placeholder="none", id="labels")),
            ("Categories", FormField(placeholder="Borrower, Lender, Amount", id="categories")),
            ("Sharing", Cycle(SHARING, id="sharing")),
        )
        for label, field in fields:
            yield Label(label, markup=False)
            yield field

    # --- what is typed ------------------------------------------------------------------------------

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Field).value.strip()

    def _named(self) -> str:
        return self._value("name") or suggested_name(self._value("folder"))

    def on_mount(self) -> None:
        for cycle in self.query(Cycle):
            self.watch(cycle, "chosen", self._forget_problem, init=False)

    def _forget_problem(self) -> None:
        """What was wrong with other values says nothing of these."""
        if not self._busy:
            self._say("")

    def on_input_changed(self, event: Field.Changed) -> None:
        self._forget_problem()
        if event.input.id == "folder":
            name = self.query_one("#name", Field)
            name.placeholder = self._named() if self._value("folder") else "the folder's name"
            is_remote = "://" in self._value("folder")
            self.query_one("#sharing", Cycle).set_values(ALWAYS_SHARED if is_remote else SHARING)

    # --- making it ----------------------------------------------------------------------------------

    def action_create(self) -> None:
        if not self._busy:
            self._making = self._create()

    @work
    async def _create(self) -> None:
        if not self._value("folder"):
            self._complain("folder", "Where are the texts? A folder is needed, or a container.")
            return
        self._busy = True
        self._say("Reading the container. Cancel calls it off.")
        try:
            created = await self._make()
        except LabelerError as error:
            self._complain("", f"{error.title}: {in_lines(error)}")
        else:
            self.dismiss(created)
        finally:
            self._busy = False

    async def _make(self) -> CreatedProject:
        labels_path = self._value("labels")
        labels = None
        if labels_path:
            labels = await read_labels_file(await find_file(labels_path, self._value("folder")))
        names = (name.strip() for name in self._value("categories").split(","))
        new = NewProject(
            name=self._named(),
            kind=KINDS[self.query_one("#kind", Cycle).chosen][0],
            container=self._value("folder"),
            language=self._value("language"),
            multilingual=bool(self.query_one("#multilingual", Cycle).chosen),
            categories=tuple(name for name in names if name),
            share=bool(self.query_one("#sharing", Cycle).chosen),
        )
        return await self._workbench.create(
            new, labels=labels, labels_name=Path(labels_path).name, progress=self._progress
        )

    def _progress(self, doing: str, documents: int) -> None:
        if documents % 100 == 0:
            self._say(f"{doing.capitalize()}: {documents:,}")

    def _say(self, words: str, *, bad: bool = False) -> None:
        place = self.query_one("#problem", Static)
        place.set_class(bad, "-bad")
        place.update(plain(words))
        if words:
            # On a low screen it stands below the last line that is in view.
            self.call_after_refresh(place.scroll_visible, animate=False)

    def _complain(self, field: str, words: str) -> None:
        if field:
            self.query_one(f"#{field}").focus()
        self._say(words.strip(), bad=True)

    def action_cancel(self) -> None:
        if self._busy and self._making is not None:
            self._making.cancel()
            self._say("Called off: no project was made.")
        else:
            self.dismiss(None)
