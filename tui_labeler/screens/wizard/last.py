"""What the fifth step has in common whatever labels: the whole job on a sheet, and the start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.documents import DocumentFilter, DocumentRow
from tui_labeler.domain.jobs import Job
from tui_labeler.screens.base import reporting
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.widget import Widget
    from textual.worker import Worker

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession


class LastStep(Step):
    """Shows a job before it begins, and begins it once however often the key is pressed."""

    number = 5

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._starting = False

    def body(self) -> Iterable[Widget]:
        yield Sheet(id="summary")

    def started(self) -> None:
        self.query_one(Sheet).focus()
        self.read()

    def read(self) -> Worker[None]:
        """Works out what the job takes and shows it."""
        raise NotImplementedError

    async def begin(self) -> Job:
        """Begins the job as it is shown. Raises ``LabelerError``."""
        raise NotImplementedError

    def rows(self) -> list[DocumentRow]:
        """The chosen documents that are still there."""
        return self.session.documents.select(DocumentFilter(ids=self.choices.documents))

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
