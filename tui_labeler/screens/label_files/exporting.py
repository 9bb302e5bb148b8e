"""Exporting saved labels: in which format, parted or not, and what the format can't hold; then writing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.errors import ConflictError, InputError
from tui_labeler.engine.exports.splitting import shares
from tui_labeler.engine.formats import FORMATS
from tui_labeler.engine.wording import counted
from tui_labeler.labels_on_disk import check_no_document
from tui_labeler.screens.base import reporting, saved_words, tell, whole_path, write_file, write_label_files
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen
from tui_labeler.screens.label_files import text as importing_text
from tui_labeler.screens.label_files.form import FileForm
from tui_labeler.screens.label_files.text import Ready

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.picker import Picker


@dataclass(frozen=True, slots=True)
class _Written:
    """What is to be written: one file, or several into a folder."""

    data: bytes | None
    files: Mapping[str, bytes] | None
    ready: Ready
    check: Callable[[], None] = lambda: None
    """Raises ``ContainerError`` where it is no better than any file in its place."""


class ExportScreen(FileForm[str | None]):
    """Shows what an export would hold, and writes it. The result is what was written, in words."""

    HELP: ClassVar[str] = """\
## Export saved labels

- **Format**: what it can't hold is listed below, by document, before anything is written.
- **For training**: one file; or train, dev and test in a folder, by document, drawn with a seed so that each
  category keeps its share, never one text in two of them; or the sets as they are. A data card comes with it.
- **Suggestions** that nobody has decided stay out, unless you ask for them: Label Studio's JSON has
  predictions. Elsewhere they would read as labels.

Drafts are not in it: `ctrl+s` saves them. `s` asks where to write.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Write", tooltip="Ask where to, and write", id="export.start"),
        Binding("f", "choose_format", "Format", tooltip="Choose the format", id="export.format"),
        Binding("ctrl+s", "save", "Save labels", tooltip="Save your drafts first", id="export.save"),
        Binding("o,tab", "app.focus_next", "Other list", tooltip="To the other list", id="export.other"),
        Binding("q,ctrl+g,escape", "leave", "Back", tooltip="Back; nothing is written", id="export.back"),
    ]

    WHAT = "Export saved labels"
    WORKING = "reading labels"
    REFUSED: ClassVar[Mapping[str, str]] = {
        "seed": "Nothing is drawn: choose shares first.",
        "suggestions": "Only Label Studio's JSON, not parted, has a place for them.",
        "start": "There is nothing to write yet.",
    }

    def __init__(self, session: ProjectSession) -> None:
        super().__init__(session)
        self._format = next(iter(FORMATS.values()))
        self._split = ""
        self._seed = 0
        self._suggestions = False
        self._written: _Written | None = None

    # --- what is shown ------------------------------------------------------------------------------

    def forget(self) -> None:
        self._written = None

    async def prepare(self) -> None:
        self._written = await (self._parted() if self._split else self._whole())

    async def _whole(self) -> _Written:
        found = await self._session.label_files.write(
            self._format.name, suggestions=bool(self._with_suggestions)
        )
        ready = Ready(
            found.documents,
            found.labels,
            {},
            found.skipped,
            found.notes,
            found.drafts_pending,
            found.suggestions,
        )
        return _Written(found.data, None, ready, found.check_not_hollow)

    async def _parted(self) -> _Written:
        wanted = shares(self._split, self._seed)
        found = await self._session.label_files.write_split(self._format.name, wanted, self._session.agreeing)
        parts = {name.value: (part.documents, part.labels) for name, part in found.parts.items()}
        drafts = found.card.drafts
        ready = Ready(found.documents, found.labels, parts, found.skipped, found.notes, drafts)
        return _Written(None, found.files, ready)

    def show(self) -> None:
        ready = self._written.ready if self._written else None
        rows = importing_text.export_rows(
            self._format.title, self._split, self._seed, ready, suggestions=self._with_suggestions
        )
        self.form.set_rows(rows)
        self.about.show_page(importing_text.export_page(ready, self._problem))
        self.refresh_bindings()

    @property
    def _with_suggestions(self) -> bool | None:
        """Whether they are written; ``None`` where they have no place: training takes labels alone."""
        return self._suggestions if self._format.holds_suggestions and not self._split else None

    # --- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "start":
            return True if self._written is not None else None
        if action == "save":
            return bool(self._session.labeling.drafts())
        return super().check_action(action, parameters)

    @work(exclusive=True, group="form")
    @reporting
    async def on_picker_chosen(self, event: Picker.Chosen) -> None:
        match event.key:
            case "format":
                self.action_choose_format()
            case "split":
                await self._choose_split()
            case "seed":
                await self._choose_seed()
            case "suggestions":
                self._suggestions = not self._suggestions
                self.work_out()
            case _:
                self.action_start()

    @work(exclusive=True, group="form")
    @reporting
    async def action_choose_format(self) -> None:
        kind = self._session.project.kind
        known = [each for each in FORMATS.values() if kind in each.kinds]
        chosen = await self.ask_format("In which format?", known, self._format.name)
        if chosen is not None:
            self._format = FORMATS[chosen]
            self.work_out()

    async def _choose_split(self) -> None:
        chosen = await self.app.push_screen_wait(
            ChoiceScreen("For training", "", importing_text.split_choices(), at=self._split or "one")
        )
        if chosen == "other":

            async def check(typed: str) -> None:
                shares(typed.strip())

            chosen = await self.app.push_screen_wait(
                InputScreen("For training", "Percent of train, dev and test:", "70/15/15", accept=check)
            )
        if chosen is not None:
            self._split = "" if chosen == "one" else chosen.strip()
            self.work_out()

    async def _choose_seed(self) -> None:
        async def check(typed: str) -> None:
            if len(typed.strip()) > 9 or not typed.strip().isdecimal():
                raise InputError(f"{typed!r} is no seed.", hint="A whole number from 0 on.")

        typed = await self.app.push_screen_wait(
            InputScreen("Seed", "The same one draws the same parts:", str(self._seed), accept=check)
        )
        if typed is not None:
            self._seed = int(typed)
            self.work_out()

    @work(exclusive=True, group="form")
    @reporting
    async def action_save(self) -> None:
        tell(self.app, saved_words(await self._session.labeling.save()), title="Labels saved")
        self.work_out()

    @work(exclusive=True, group="files")
    @reporting
    async def action_start(self) -> None:
        """Asks where to, and writes what is shown."""
        written = self._written
        if written is None:
            return

        async def write(path: str) -> None:
            if path:
                await self._write(path, written)

        what = "folder" if self._is_folder(written) else "file"
        path = await self.app.push_screen_wait(
            InputScreen(
                "Export saved labels", f"Path of the {what} to write", self._proposed(written), accept=write
            )
        )
        if path:
            ready, place = written.ready, whole_path(path)
            self.dismiss(
                f"{counted(ready.labels, 'label')} of {counted(ready.documents, 'document')} in {place}."
            )

    def _is_folder(self, written: _Written) -> bool:
        return written.files is not None or self._format.is_archive

    def _proposed(self, written: _Written) -> str:
        name = self._session.project.name
        if written.files is not None or self._format.is_archive:
            return f"{name}-{self._format.name}"
        return f"{name}{self._format.extensions[0]}"

    async def _write(self, path: str, written: _Written) -> None:
        """Raises ``ConflictError`` where something is in the way that is not to be overwritten."""
        if self._is_folder(written) and not (written.files is None and path.lower().endswith(".zip")):
            await write_label_files(path, written.files, written.data)
            return
        assert written.data is not None
        check_no_document(self._session, [Path(path)])
        try:
            await write_file(path, written.data, overwrite=False)
        except ConflictError:
            written.check()
            sure = await self.app.push_screen_wait(
                ConfirmScreen("Overwrite the file?", f"{path} is there already.", confirm="Overwrite")
            )
            if not sure:
                raise
            await write_file(path, written.data, overwrite=True)

    def action_leave(self) -> None:
        self.dismiss(None)
