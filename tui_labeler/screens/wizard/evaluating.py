"""Evaluating a method before it is let loose on the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.jobs import Job, Method
from tui_labeler.engine.jobs.following import FIGURES_EVERY
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting
from tui_labeler.screens.jobs import text as jobs_text
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.domain.resources import Prices
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


class EvaluateScreen(Screen[None]):
    """Starts an evaluation, follows it and shows what it found. It goes on when the screen is left."""

    HELP: ClassVar[str] = """\
## Evaluation

The method labels documents that have labels already, and the two are compared: precision (P), recall (R) and
F1 with their 95 % intervals. Documents that a model learned from, and labels that began as suggestions,
are left out: they would flatter it. Nothing is changed and no quota is used; a deployment charges as always.

`c` stops it. `q` goes back to the wizard, where the job can be started.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cancel", "Cancel", tooltip="Stop the evaluation", id="evaluate.cancel"),
        Binding("q,escape", "leave", "Back", tooltip="Back to the wizard", id="evaluate.back"),
    ]

    def __init__(
        self,
        session: ProjectSession,
        method: Method,
        *,
        options: Mapping[str, Any] | None = None,
        prices: Prices | None = None,
    ) -> None:
        """``options`` and ``prices`` as :meth:`~tui_labeler.engine.jobs.jobs.Jobs.evaluate` takes them."""
        super().__init__()
        self._session = session
        self._method = method
        self._options = dict(options or {})
        self._prices = prices
        self._job: Job | None = None
        self._drafts = 0
        """Draft decisions that it did not see."""

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Sheet(id="evaluation")
        yield KeyLine()

    def on_mount(self) -> None:
        title = self.query_one(TitleLine)
        title.left = f"{self._session.project.name} > Evaluate {self._method.source.partition(':')[2]}"
        self.query_one(Sheet).focus()
        self.follow()

    @work(exclusive=True)
    @reporting
    async def follow(self) -> None:
        """Starts the job and shows it each time that something is new."""
        self._drafts = self._session.labeling.drafts()
        job = await self._session.jobs.evaluate(self._method, self._options, prices=self._prices)
        following = self._session.jobs.follow(job.id, figures_every=FIGURES_EVERY)
        async with aclosing(following) as steps:
            async for self._job in steps:
                self._show(self._job)

    def _show(self, job: Job) -> None:
        self.query_one(TitleLine).right = job.state.value
        self.query_one(Sheet).show_page(self._page(job), keep_place=True)
        self.refresh_bindings()

    def _page(self, job: Job) -> Callable[[int, Glyphs], Sequence[Line]]:
        detail = jobs_text.detail(job, {})
        if not self._drafts:
            return detail
        words = f"! Saved labels only: {counted(self._drafts, 'draft decision')} left out."
        return lambda width, signs: [*wrapped(words, width, "warn", " "), (), *detail(width, signs)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel":
            return True if self._job is not None and not self._job.state.is_over else None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="cancel")
    @reporting
    async def action_cancel(self) -> None:
        if self._job is not None:
            await self._session.jobs.cancel(self._job.id)

    def action_leave(self) -> None:
        self.dismiss(None)
