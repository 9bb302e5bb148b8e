"""Last step: the whole job on a sheet, and the start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.jobs import Job
from tui_labeler.screens.base import reporting
from tui_labeler.screens.widgets.cells import NAMES, some_of
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.method import METHODS
from tui_labeler.screens.wizard.step import Choices, Step
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


class StartStep(Step):
    """Shows a job before it begins, and begins it once however often the key is pressed."""

    HELP: ClassVar[str] = """\
## Autolabel: review and start

Nothing has happened yet: `s` starts the job, which then goes on by itself while you work elsewhere.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", tooltip="Start the autolabeling job", id="wizard.start"),
    ]

    called = "Review and start"

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._starting = False

    def body(self) -> Iterable[Widget]:
        yield Sheet(id="summary")

    def started(self) -> None:
        self.query_one(Sheet).focus()
        self.read()

    def read(self) -> object:
        """Works out what the job takes, in a worker where that may take a while, and shows it."""
        self.query_one(Sheet).show_page(self.page)
        self.say("s starts the job.")
        return None

    def rows(self) -> list[DocumentRow]:
        """The chosen documents that are still there."""
        return self.session.documents.select(DocumentFilter(ids=self.choices.documents))

    @property
    def categories(self) -> list[str]:
        """Ids of the chosen categories, in the project's order."""
        chosen = self.choices.categories
        return [key for key in self.session.store.state.categories if chosen is None or key in chosen]

    # --- what is shown ------------------------------------------------------------------------------

    def facts(self) -> list[tuple[str, str]]:
        """What is said of the job: names, and words beside them."""
        known = self.session.store.state.categories
        names = [known[key].name for key in self.categories]
        nouns = self.session.project.kind.nouns.capitalize()
        return [
            ("Method", METHODS[self.choices.method][0]),
            ("Documents", f"{len(self.choices.documents & self.session.rows.keys()):,}"),
            (nouns, f"{len(names)} of {len(known)}: {some_of(names, NAMES)}"),
        ]

    def warnings(self, width: int) -> Sequence[Line]:
        """What is in the way."""
        return ()

    def page(self, width: int, signs: Glyphs) -> Sequence[Line]:
        """The whole job."""
        lines: list[Line] = []
        for name, words in self.facts():
            first, *rest = wrapped(words, width, "", " " * 17)
            lines += [((f"  {name:<15}", "dim"), first[1]), *rest]
        lines += [(), *self.warnings(width)]
        lines += wrapped(
            "Suggestions are shown for review; none becomes a label by itself. Your labels win: where a "
            "suggestion meets one it stays hidden.",
            width,
            "dim",
            "  ",
        )
        return lines

    # --- the start ----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "go_on":
            return False
        if action == "start":
            return None if self._starting else True
        return super().check_action(action, parameters)

    @work(group="start")
    async def action_start(self) -> None:
        if self._starting:
            return
        self._starting = True
        self.refresh_bindings()
        await self._start()
        self._starting = False
        self.refresh_bindings()

    @reporting
    async def _start(self) -> None:
        self.dismiss(await self.begin())

    async def begin(self) -> Job:
        """Begins the job as it is shown. Raises ``LabelerError``."""
        return await self.session.jobs.autolabel(self.rows(), self.choices.labeler, self.categories)
