"""Second step: which trained model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.models import ModelCard
from tui_labeler.screens.base import reporting
from tui_labeler.screens.models.models import model_heading, model_row
from tui_labeler.screens.performance import pages as performance_pages
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession


class ModelStep(Step):
    """Lists the models; the figures of the one at the cursor stand below."""

    HELP: ClassVar[str] = """\
## Autolabel, step 2: model

The trained models with F1 score, precision (P) and recall (R) from their testing sets. Below, the figures
of the model at the cursor, category by category; `p` shows all there is to know of its performance.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "performance", "Performance", tooltip="How the model performs", id="wizard.performance"),
    ]

    called = "Model"

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._cards: dict[str, ModelCard] = {}

    def body(self) -> Iterable[Widget]:
        yield Picker(id="models")
        yield Sheet(id="about")

    def started(self) -> None:
        self.read()

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Lists the models; the newest is offered first."""
        cards = sorted(await self.session.models.list(), key=lambda card: card.created, reverse=True)
        self._cards = {card.name: card for card in cards}
        rows = [Choice(card.name, model_row(card)) for card in cards]
        self.query_one(Picker).set_rows(rows, model_heading, cursor=self.choices.model or None)
        if not rows:
            self.say("There is no trained model any more.")

    def on_picker_highlighted(self, event: Picker.Highlighted) -> None:
        self.choices = replace(self.choices, model=event.key)
        self.query_one(Sheet).show_page(performance_pages.categories(self._cards[event.key]))

    def on_picker_chosen(self) -> None:
        self.action_go_on()

    def collect(self) -> Choices:
        return replace(self.choices, model=self.query_one(Picker).current or self.choices.model)

    def obstacle(self) -> str:
        return "" if self.choices.model in self._cards else "Choose a model first."

    def action_performance(self) -> None:
        card = self._cards.get(self.choices.model)
        if card is not None:
            self.app.push_screen(PerformanceScreen(self.session, card))
