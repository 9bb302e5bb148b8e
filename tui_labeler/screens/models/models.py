"""The trained models of a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.jobs import Job, JobKind
from tui_labeler.domain.models import ModelCard
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.unreadable import unreadable_row
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.words import look_of, percent, when
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


def model_heading(width: int, signs: Glyphs) -> Line:
    """The heading over the rows of :func:`model_row`."""
    words = f"{'model':<{_name_width(width)}}{'F1':>7}{'P':>7}{'R':>7}"
    if _trained_fits(width):
        words += f"  {'trained':<16}"
    words += f"{'documents':>16}"
    return ((fit(words, width, signs.more), ""),)


def _name_width(width: int) -> int:
    return max(12, min(50, width - 37 - 18 * _trained_fits(width)))


def _trained_fits(width: int) -> bool:
    """On a narrow screen the date gives way: a count that is cut in two says something else."""
    return width >= 72


def model_row(card: ModelCard) -> Callable[[int, Glyphs], Line]:
    """A model with its figures, when it was trained, and from how many documents (learned + tested)."""

    def paint(width: int, signs: Glyphs) -> Line:
        measured = card.performance
        documents = f"{len(card.train_documents):,} + {len(card.test_documents):,} test"
        return (
            (fit(clean(card.name), _name_width(width), signs.more), ""),
            *(
                (f"{percent(share):>7}", look_of(share))
                for share in (measured.f1, measured.precision, measured.recall)
            ),
            (f"  {when(card.created):<16}" * _trained_fits(width), ""),
            (f"{documents:>16}", ""),
        )

    return paint


def _trains(job: Job) -> bool:
    return job.request.kind is JobKind.TRAIN and not job.state.is_over


class ModelsScreen(Screen[None]):
    """Lists the models; each opens with its performance."""

    HELP: ClassVar[str] = """\
## Models

Every trained model of the project, with its F1 score, precision (P) and recall (R) on the documents that
it was tested with. `enter` shows how it performs, `D` deletes it. A model is trained from the labeling
screen.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,p", "performance", "Performance", tooltip="How the model performs", id="models.open"),
        Binding("D", "delete", "Delete", tooltip="Delete the model", id="models.delete"),
        Binding("q,escape", "leave", "Back", tooltip="Back to where you were", id="models.back"),
    ]

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._cards: dict[str, ModelCard] = {}

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Picker(id="models")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self._session.project.name} > Models"
        self.read()

    def on_screen_resume(self) -> None:
        if self.is_mounted:
            self.read()

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Lists what is there now."""
        cards = await self._session.models.list()
        broken = await self._session.models.broken()
        self._cards = {card.name: card for card in cards}
        rows = [Choice(card.name, model_row(card)) for card in cards]
        rows += [Choice(name, unreadable_row(name, error)) for name, error in broken]
        self.query_one(Picker).set_rows(rows, model_heading)
        self.query_one(TitleLine).right = counted(len(rows), "model")
        none = "No model yet: T in the project trains one."
        if not rows and any(map(_trains, await self._session.jobs.list())):
            none = "No model yet: one is being trained."
        self.query_one(StatusLine).text = "" if rows else none
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("performance", "delete"):
            return super().check_action(action, parameters)
        current = self.query_one(Picker).current
        return True if (current in self._cards if action == "performance" else current) else None

    def on_picker_highlighted(self) -> None:
        self.refresh_bindings()

    def on_picker_chosen(self) -> None:
        self.action_performance()

    def action_performance(self) -> None:
        name = self.query_one(Picker).current
        if name in self._cards:
            self.app.push_screen(PerformanceScreen(self._session, self._cards[name]))

    @work(exclusive=True, group="delete")
    @reporting
    async def action_delete(self) -> None:
        name = self.query_one(Picker).current
        if name is None:
            return
        await self._session.training.check_unused(name)
        message = f"The model {name!r} and its figures will be gone for good. Labels and suggestions stay."
        if await ask(self, ConfirmScreen("Delete the model?", message, "Delete", "Keep")):
            await self._session.training.delete(name)
            tell(self.app, f"The model {name!r} is deleted.")
            self.read()

    def action_leave(self) -> None:
        self.dismiss(None)
