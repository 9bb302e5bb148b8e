"""Importing a label file: what it is, what it would change, and which documents are meant; then doing it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.formats import AUTO, FORMATS
from tui_labeler.engine.imports.plans import Imported
from tui_labeler.screens.base import read_labels_file, reporting
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.label_files import text as importing_text
from tui_labeler.screens.label_files.form import FileForm
from tui_labeler.screens.label_files.which_document import location_of, which_document

if TYPE_CHECKING:
    from tui_labeler.engine.imports.plans import ImportPlan
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.picker import Picker

STEP = 16
"""Documents between two words on how far it is."""

MOST_ROWS = 10
"""Of the form; more are scrolled to."""

_AT_WORK = "It is being imported; that is finished in a moment."


class ImportScreen(FileForm[Imported | None]):
    """Shows what importing a file would do, and does it. Nothing changes before that.

    The result is what came in; ``None`` when the person left.
    """

    HELP: ClassVar[str] = """\
## Import labels

The file is checked whole, and nothing changes before `s`.

- **Format**: found by the file's content; another can be chosen.
- **Texts that match none**: documents are found by their name, else by their text. Texts that are not in the
  project are left out, or written into the container as new documents, never over what is there.
- **which of ...?** Several documents could be it. None is guessed: `enter` asks which.

Below stands what would change, and every problem with its line in the file. Labels that people made here win
over the file. `u` takes an import back as a whole.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Import", tooltip="Import what is shown", id="import.start"),
        Binding("f", "choose_format", "Format", tooltip="Read it as another format", id="import.format"),
        Binding("o,tab", "app.focus_next", "Other list", tooltip="To the other list", id="import.other"),
        Binding("q,ctrl+g,escape", "leave", "Back", tooltip="Back; nothing changes", id="import.back"),
    ]

    WHAT = "Import labels"
    REFUSED: ClassVar[Mapping[str, str]] = {
        "add": "Every text of the file has its document, or none comes with it.",
        "start": "There is nothing new to import.",
    }

    def __init__(self, session: ProjectSession, path: str, data: bytes) -> None:
        super().__init__(session)
        self._path = path
        self._data = data
        self._format = AUTO
        self._choices: dict[str, str] = {}
        self._add = False
        self._plan: ImportPlan | None = None
        self._importing = False

    # --- what is shown ------------------------------------------------------------------------------

    def refusal(self, what: str) -> str:
        if what != "start":
            return super().refusal(what)
        if self._importing:
            return _AT_WORK
        if self._problem:
            return "This file can't be imported: the reason is above. f tries another format."
        return super().refusal(what) if self._plan is not None else "The file is still being read: a moment."

    def forget(self) -> None:
        self._plan = None

    async def prepare(self) -> None:
        self._plan = await self._session.label_files.plan(
            self._data,
            Path(self._path).name,
            self._format,
            choices=self._choices,
            add_documents=self._add,
            progress=self._step,
        )

    def _step(self, doing: str, count: int) -> None:
        if self.is_attached and count % STEP == 0:
            self.say(f"{doing}: {count:,}")

    def show(self) -> None:
        rows = importing_text.import_rows(self._path, self._format, self._plan, self._choices, add=self._add)
        self.form.set_rows(rows)
        self.form.styles.height = min(len(rows), MOST_ROWS) + 1
        self.about.show_page(importing_text.import_page(self._plan, self._problem))
        self.refresh_bindings()

    # --- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "start":
            return True if self._may_start else None
        return super().check_action(action, parameters)

    @property
    def _may_start(self) -> bool:
        return self._plan is not None and not self._plan.changes_nothing and not self._importing

    @work(exclusive=True, group="form")
    @reporting
    async def on_picker_chosen(self, event: Picker.Chosen) -> None:
        if self._importing:
            return
        self.say("")
        match event.key:
            case "file":
                await self._choose_file()
            case "format":
                self.action_choose_format()
            case "add":
                self._add = not self._add
                self.work_out()
            case "start":
                self.action_start()
            case row:
                await self._choose_document(row.removeprefix("?"))

    async def _choose_file(self) -> None:
        found: list[bytes] = []

        async def read(path: str) -> None:
            found.append(await read_labels_file(path))

        path = await self.app.push_screen_wait(ask_for_file(self._path, read))
        if path and found:
            self._path, self._data, self._format = path, found[-1], AUTO
            self._choices.clear()
            self.work_out()

    @work(exclusive=True, group="form")
    @reporting
    async def action_choose_format(self) -> None:
        chosen = await self.ask_format("Which format is the file?", FORMATS.values(), self._format, AUTO)
        if chosen is not None and not self._importing:
            self._format = chosen
            self.work_out()

    async def _choose_document(self, called: str) -> None:
        """Asks which document one of the file is; the last choice takes that back."""
        plan = self._plan
        asked = next((item for item in plan.ambiguous if item.called == called), None) if plan else None
        if asked is None:
            if self._choices.pop(called, None) is not None:
                self.work_out()
            return
        answer = await self.app.push_screen_wait(which_document(asked, asked.candidates))
        if answer is not None:
            self._choices[called] = location_of(answer)
            self.work_out()

    @work(group="files")
    @reporting
    async def action_start(self) -> None:
        plan = self._plan
        if plan is None or not self._may_start:
            return
        self._importing = True
        self.refresh_bindings()
        self.say("importing")
        try:
            imported = await self._session.label_files.apply(plan, self._step)
        finally:
            self._importing = False
        self.dismiss(imported)

    def action_leave(self) -> None:
        if self._importing:
            self.say(_AT_WORK)
        else:
            self.dismiss(None)


def ask_for_file(path: str, accept: object) -> InputScreen:
    """Asks for a label file."""
    return InputScreen(
        "Import labels",
        "Path of a labels file, or of a folder of them",
        path,
        accept=accept,  # type: ignore[arg-type]
    )
