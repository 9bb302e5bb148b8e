"""How a trained model performs, in seven sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from tui_labeler.domain.models import history
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.commands import bound_keys
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.performance import pages, plots
from tui_labeler.screens.performance.matrix import Matrix
from tui_labeler.screens.performance.tested import TestingSet
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.tabs import Tabs
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult
    from textual.events import Key

    from tui_labeler.domain.models import Milestone, ModelCard
    from tui_labeler.engine.session import ProjectSession

SECTIONS = (
    "Overview",
    "Categories",
    "Confusion matrix",
    "Test set",
    "Distribution",
    "Confidence",
    "Learning curve",
)
SHORT = ("Overview", "Categories", "Matrix", "Tests", "Spread", "Confidence", "Curve")
"""Their names where those are too wide for a line."""

CATEGORIES, MATRIX, TESTS, CURVE = 1, 2, 3, 6

_ONLY_IN = {"shares": MATRIX, "columns": MATRIX, "bars": CATEGORIES, "mismatches": TESTS}
"""The section that an action is for, where it is for one."""


def _width(names: Sequence[str]) -> int:
    return sum(len(name) + 4 for name in names)


class Sections(Tabs):
    """The names of the sections with their number keys, the shown one marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"sections--shown", "sections--key"}

    _shown = 0

    def show_section(self, shown: int) -> None:
        """Marks one section: by brackets and by its look."""
        self._shown = shown
        width = self.content_size.width
        names = next((names for names in (SECTIONS, SHORT) if _width(names) <= width), None)
        parts: list[list[tuple[str, object]]] = []
        for number, name in enumerate(names or SHORT):
            if number == shown:
                parts.append([(f"[{number + 1} {name}]", self.get_visual_style("sections--shown"))])
            else:
                key = (f" {number + 1}", self.get_visual_style("sections--key"))
                parts.append([key, (f" {name} " if names else " ", "")])
        self.show_names(parts)

    def on_resize(self) -> None:
        self.show_section(self._shown)


class PerformanceScreen(Screen[None]):
    """Shows a model's card; nothing here changes anything."""

    HELP: ClassVar[str] = """\
## Model performance

- **Overview**: precision (what share of the predictions is right), recall (what share of the labels was
  found) and F1 (their harmonic mean) from the summed counts of all categories; macro F1 is the plain mean
  over the categories. Below it, what would make the model better.
- **Categories**: the same for each category, with true positives (TP), false positives (FP) and false
  negatives (FN). A span counts as right when its boundaries and its category are. `b` draws precision and
  recall as bars, the weakest category first.
- **Confusion matrix**: rows are what the labels say, columns what the model says; `$none` is text that is
  labeled, or predicted, as nothing. `%` changes between counts and shares of the row; `>` and `<` show the
  columns that do not fit.
- **Test set**: each document that the model was tested with, its labels beside the predictions. `m` shows
  mismatches only, `enter` goes to its lines and back to the list, as `tab` does.
- **Distribution**: labels and labeled documents of each category in the training and the testing set.
- **Confidence**: whether it can be trusted. Predictions stand in bins of like size by their confidence; each
  point says how many of a bin were right. Expected calibration error: how far the bins are from the dotted
  line, on the mean.
- **Learning curve**: F1 of the project's models against the documents that each learned from.

Low recall with high precision: it misses much, but what it says can be trusted. High recall with low
precision: it finds most, and more than there is.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "turn(1)", "Next", tooltip="The next section", id="performance.next"),
        Binding("h,left", "turn(-1)", "Before", tooltip="The section before", id="performance.before"),
        *(
            Binding(
                str(number + 1),
                f"section({number})",
                name,
                tooltip=f"Show: {name.lower()}",
                id=f"performance.{name.split()[0].lower()}",
                show=False,
            )
            for number, name in enumerate(SECTIONS)
        ),
        Binding(
            "percent_sign",
            "shares",
            "Counts / %",
            tooltip="Counts or shares of the row",
            id="performance.shares",
        ),
        Binding(
            "b",
            "bars",
            "Figures / bars",
            tooltip="Precision and recall as bars, or all figures",
            id="performance.bars",
        ),
        Binding(
            "greater_than_sign",
            "columns(1)",
            "Columns",
            tooltip="More columns",
            id="performance.columns",
            show=False,
        ),
        Binding(
            "less_than_sign",
            "columns(-1)",
            "Columns back",
            tooltip="Columns before",
            id="performance.columns-back",
            show=False,
        ),
        Binding(
            "m", "mismatches", "Mismatches", tooltip="Mismatches only, or all", id="performance.mismatches"
        ),
        Binding("q,escape", "leave", "Back", tooltip="Back to where you were", id="performance.back"),
    ]

    def __init__(self, session: ProjectSession, card: ModelCard, *, section: int = 0) -> None:
        super().__init__()
        self._session = session
        self._card = card
        self._section = section
        self._shares = False
        self._bars = False
        self._models: Sequence[Milestone] | None = None
        self._first_column = 0

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Sections(id="sections")
        with ContentSwitcher(id="pages"):
            yield Sheet(id="page")
            with Vertical(id="tests"):
                yield TestingSet(self._session, self._card)
        yield KeyLine()

    def on_mount(self) -> None:
        title = self.query_one(TitleLine)
        title.left = f"{self._session.project.name} > {self._card.name} > Performance"
        title.right = f"F1 {percent(self._card.performance.f1).strip()}"
        self._show()
        self._read_models()

    @work(exclusive=True)
    @reporting
    async def _read_models(self) -> None:
        """The other models of the project, for the learning curve."""
        self._models = history(await self._session.models.list(), self._card)
        if self._section == CURVE:
            self._show(keep_place=True)

    def _show(self, *, keep_place: bool = False) -> None:
        self.query_one(Sections).show_section(self._section)
        switcher = self.query_one(ContentSwitcher)
        if self._section == TESTS:
            switcher.current = "tests"
            tests = self.query_one(TestingSet)
            tests.focus_list()
        else:
            switcher.current = "page"
            sheet = self.query_one("#page", Sheet)
            card = self._card
            build = [
                pages.overview(card),
                plots.bars(card) if self._bars else pages.categories(card),
                Matrix(card, self._shares, self._first_column).page,
                pages.overview(card),
                pages.distribution(card),
                plots.confidence(card),
                plots.learning(self._models, card.name),
            ][self._section]
            sheet.show_page(build, keep_place=keep_place)
            sheet.focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _ONLY_IN:
            return self._section == _ONLY_IN[action]
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """A key of another section says so."""
        for binding, reason in self.refused():
            if event.key in bound_keys([binding], self.app._keymap):
                tell(self.app, reason, title=binding.description)
        if event.key in ("enter", "space") and isinstance(self.focused, Sheet) and self._section != TESTS:
            tell(self.app, f"Nothing is chosen here: {TESTS + 1} lists the documents of the test.")

    def refused(self) -> Iterator[tuple[Binding, str]]:
        for key in self.BINDINGS:
            action = key.action.partition("(")[0] if isinstance(key, Binding) else ""
            section = _ONLY_IN.get(action, self._section)
            if isinstance(key, Binding) and section != self._section:
                yield key, f"It is for: {SECTIONS[section].lower()}, which {section + 1} shows."

    def on_tabs_clicked(self, event: Tabs.Clicked) -> None:
        event.stop()
        self.action_section(event.number - 1)

    def action_turn(self, step: int) -> None:
        self.action_section((self._section + step) % len(SECTIONS))

    def action_section(self, number: int) -> None:
        if number != self._section:
            self._section = number
            self._show()

    def action_shares(self) -> None:
        self._shares = not self._shares
        self._show(keep_place=True)

    def action_bars(self) -> None:
        self._bars = not self._bars
        self._show()

    def action_columns(self, direction: int) -> None:
        sheet = self.query_one("#page", Sheet)
        last = Matrix(self._card, self._shares).last_first(sheet.line_width, sheet.glyphs)
        self._first_column = max(0, min(last, self._first_column + 4 * direction))
        self._show(keep_place=True)

    def action_mismatches(self) -> None:
        self.query_one(TestingSet).toggle_mismatches()

    def action_leave(self) -> None:
        self.dismiss(None)
