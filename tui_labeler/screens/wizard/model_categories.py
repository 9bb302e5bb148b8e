"""Which entities or classes, for a trained model: with what it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, ClassVar

from textual import work

from tui_labeler.domain.models import ModelCard
from tui_labeler.domain.performance import MANY_LABELS
from tui_labeler.domain.projects import Category
from tui_labeler.engine.models.models import find_model, learned_ids
from tui_labeler.screens.base import reporting
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.wizard.categories import CategoriesStep, name_width
from tui_labeler.screens.words import FAIR, look_of, percent

if TYPE_CHECKING:
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line
    from tui_labeler.screens.wizard.step import Choices


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


class ModelCategoriesStep(CategoriesStep):
    """Lists the categories with their labels and figures; all that it has learned are selected at first."""

    HELP: ClassVar[str] = f"""\
## Autolabel, step 3: entities or classes

Those that are selected get suggestions. Each shows its labels in the project, and its precision (P) and
recall (R) with this model. Categories that perform well give good suggestions; one with a precision or
recall under {FAIR:.0%}, or fewer than {MANY_LABELS} labels to train on, carries a hint. Labels of the testing
set are in the column, and nothing was learned from them.

`space` takes a category in or out, `*` all or none, `n` adds a new one to the project. A model can't
suggest what it has not learned: such a category is dim and stays out until a model is trained with it.
"""

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._card: ModelCard | None = None
        self._learned: dict[str, str] = {}
        """The model's ids of the categories that it knows, by the project's."""

    def started(self) -> None:
        self.read()

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Lists the project's categories with what this model makes of them."""
        self._card = await find_model(self.session.models, self.choices.model)
        self.list_rows()

    @property
    def known(self) -> Collection[str]:
        return self._learned.keys()

    def list_rows(self, cursor: str | None = None) -> None:
        # A category that was added just now may be one that the model knows by its name.
        self._learned = learned_ids(self._card, self.session.store.state.categories) if self._card else {}
        super().list_rows(cursor)

    def heading(self, width: int, signs: Glyphs) -> Line:
        name = name_width(width)
        noun = self.session.project.kind.noun
        return ((f"{noun:<{name}}{'labels':>8}{'P':>7}{'R':>7}  {'hint':<12}", ""),)

    def row(self, category: Category, labels: int) -> Callable[[int, Glyphs], Line]:
        card = self._card
        learned = self._learned.get(category.id)
        counts = card.performance.per_category.get(learned) if card and learned else None
        words = hint(card, learned) if card else ""

        def paint(width: int, signs: Glyphs) -> Line:
            shares = (counts.precision, counts.recall) if counts else ()
            figures = [(f"{percent(share):>7}", look_of(share)) for share in shares] or [
                (f"{'-':>7}" * 2, "dim")
            ]
            return (
                (fit(clean(category.name), name_width(width), signs.more), ""),
                (f"{labels:>8}", ""),
                *figures,
                (f"  {'! ' + words if words else ''}", "warn"),
            )

        return paint

    def on_picker_refused(self, event: Picker.Refused) -> None:
        name = clean(self.session.store.state.categories[event.key].name)
        self.say(f"This model has not learned {name}. Train one with its labels; l goes on.")

    def collect(self) -> Choices:
        return self.choices if self._card is None else super().collect()

    def obstacle(self) -> str:
        if self._learned or self.query_one(Picker).selected:
            return super().obstacle()
        nouns = self.session.project.kind.nouns
        return f"This model has learned none of these {nouns}. h goes back to the models."
