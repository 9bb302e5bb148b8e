"""Third step: which entities or classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.models import ModelCard
from tui_labeler.domain.performance import MANY_LABELS
from tui_labeler.engine.models.models import find_model, learned_ids
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.wizard.step import Choices, Step
from tui_labeler.screens.words import FAIR, look_of, percent

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


UNKNOWN = "unknown to this model"


def hint(card: ModelCard, category: str | None) -> str:
    """Why a category, by the model's id, had better be left out; empty when there is nothing against it."""
    if category is None:
        return UNKNOWN
    reasons: list[str] = []
    counts = card.performance.per_category.get(category)
    if counts is None:
        reasons.append("not measured")
    elif counts.precision < FAIR or counts.recall < FAIR:
        low = [name for name, share in (("P", counts.precision), ("R", counts.recall)) if share < FAIR]
        reasons.append(f"low {' and '.join(low)}")
    labels = card.train_labels.get(category, 0)
    if labels < MANY_LABELS:
        reasons.append(f"trained on {labels}")
    return ", ".join(reasons)


class CategoriesStep(Step):
    """Lists the categories with their labels and figures; all are selected at first."""

    HELP: ClassVar[str] = f"""\
## Autolabel, step 3: entities or classes

Those that are selected get suggestions. Each shows its labels in the project, and its precision (P) and
recall (R) with this model. Categories that perform well give good suggestions; one with a precision or
recall under {FAIR:.0%}, or fewer than {MANY_LABELS} labels to train on, carries a hint. Labels of the testing
set are in the column, and nothing was learned from them.

`space` takes a category in or out, `*` all or none, `n` adds a new one to the project. A model can't
suggest what it has not learned: such a category is dim and stays out until a model is trained with it.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", tooltip="Add a category to the project", id="wizard.category-add"),
    ]

    number = 3

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._card: ModelCard | None = None
        self._learned: dict[str, str] = {}
        """The model's ids of the categories that it knows, by the project's."""

    def body(self) -> Iterable[Widget]:
        yield Picker(id="categories", multiple=True)

    def started(self) -> None:
        self.read()

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Lists the project's categories with what this model makes of them."""
        self._card = await find_model(self.session.models, self.choices.model)
        self._list()

    def _list(self, cursor: str | None = None) -> None:
        known = self.session.store.state.categories
        counts = self.session.categories.counts()
        self._learned = learned_ids(self._card, known) if self._card else {}
        rows = [
            Choice(key, self._row(key, category.name, counts[key].labels), disabled=key not in self._learned)
            for key, category in known.items()
        ]
        picker = self.query_one(Picker)
        picker.set_rows(rows, self._heading, cursor=cursor)
        chosen = self.choices.categories
        picker.select(self._learned if chosen is None else chosen & self._learned.keys())
        self._tell_count()

    def _heading(self, width: int, signs: Glyphs) -> Line:
        name = _name_width(width)
        noun = self.session.project.kind.noun
        return ((f"{noun:<{name}}{'labels':>8}{'P':>7}{'R':>7}  {'hint':<12}", ""),)

    def _row(self, key: str, name: str, labels: int) -> Callable[[int, Glyphs], Line]:
        card = self._card
        learned = self._learned.get(key)
        counts = card.performance.per_category.get(learned) if card and learned else None
        words = hint(card, learned) if card else ""

        def paint(width: int, signs: Glyphs) -> Line:
            shares = (counts.precision, counts.recall) if counts else ()
            figures = [(f"{percent(share):>7}", look_of(share)) for share in shares] or [
                (f"{'-':>7}" * 2, "dim")
            ]
            return (
                (fit(clean(name), _name_width(width), signs.more), ""),
                (f"{labels:>8}", ""),
                *figures,
                (f"  {'! ' + words if words else ''}", "warn"),
            )

        return paint

    def _tell_count(self) -> None:
        picker = self.query_one(Picker)
        self.say_right(f"{len(picker.selected)} of {picker.row_count} selected")

    def on_picker_selection_changed(self) -> None:
        self.choices = self.collect()
        self.say("")
        self._tell_count()

    def on_picker_chosen(self) -> None:
        self.action_go_on()

    def on_picker_refused(self, event: Picker.Refused) -> None:
        name = clean(self.session.store.state.categories[event.key].name)
        self.say(f"This model has not learned {name}. Train one with its labels; l goes on.")

    def collect(self) -> Choices:
        """What another model may know stays chosen for that one."""
        before, chosen = self.choices.categories, frozenset(self.query_one(Picker).selected)
        if self._card is None or (before is None and chosen == self._learned.keys()):
            return self.choices
        others = frozenset(self.session.store.state.categories) - self._learned.keys()
        return replace(self.choices, categories=chosen | (others if before is None else before & others))

    def obstacle(self) -> str:
        if self.query_one(Picker).selected:
            return ""
        noun = self.session.project.kind.noun
        if not self._learned:
            nouns = self.session.project.kind.nouns
            return f"This model has learned none of these {nouns}. h goes back to the models."
        return f"Select at least one {noun}: space selects, * selects all."

    @work(exclusive=True, group="add")
    @reporting
    async def action_add(self) -> None:
        noun = self.session.project.kind.noun
        name = await self.app.push_screen_wait(
            InputScreen(
                f"New {noun}",
                f"Name of the new {noun}:",
                accept=lambda name: self.session.categories.add(name.strip()),
            )
        )
        if name is None:
            return
        added = self.session.categories.by_name(name.strip())
        if self.choices.categories is not None:
            self.choices = replace(self.choices, categories=self.choices.categories | {added.id})
        self._list(added.id)


def _name_width(width: int) -> int:
    return max(12, min(50, width - 54))
