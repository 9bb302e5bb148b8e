"""Which entities or classes: of the project, whatever labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.projects import Category
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


class CategoriesStep(Step):
    """Lists the categories with their labels; all that the method knows are selected at first."""

    HELP: ClassVar[str] = """\
## Autolabel: entities or classes

Those that are selected get suggestions. `space` takes a category in or out, `*` all or none, `n` adds a new
one to the project.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", tooltip="Add a category to the project", id="wizard.category-add"),
    ]

    def body(self) -> Iterable[Widget]:
        yield Picker(id="categories", multiple=True)

    def started(self) -> None:
        self.list_rows()

    # --- what is shown ------------------------------------------------------------------------------

    @property
    def known(self) -> Collection[str]:
        """Ids of the project's categories that the method can suggest."""
        return self.session.store.state.categories.keys()

    def list_rows(self, cursor: str | None = None) -> None:
        """Lists the categories anew; the cursor goes to the one with the id ``cursor``, or stays."""
        known, counts = self.known, self.session.categories.counts()
        rows = [
            Choice(key, self.row(category, counts[key].labels), disabled=key not in known)
            for key, category in self.session.store.state.categories.items()
        ]
        picker = self.query_one(Picker)
        picker.set_rows(rows, self.heading, cursor=cursor)
        chosen = self.choices.categories
        picker.select(known if chosen is None else chosen & set(known))
        self._tell_count()

    def heading(self, width: int, signs: Glyphs) -> Line:
        """What stands above the rows."""
        return ((f"{self.session.project.kind.noun:<{name_width(width)}}{'labels':>8}", ""),)

    def row(self, category: Category, labels: int) -> Callable[[int, Glyphs], Line]:
        """How a category is drawn that has so many labels."""
        return lambda width, signs: (
            (fit(clean(category.name), name_width(width), signs.more), ""),
            (f"{labels:>8}", ""),
        )

    def _tell_count(self) -> None:
        picker = self.query_one(Picker)
        self.say_right(f"{len(picker.selected)} of {picker.row_count} selected")

    # --- what is chosen -----------------------------------------------------------------------------

    def on_picker_selection_changed(self) -> None:
        self.choices = self.collect()
        self.say("")
        self._tell_count()

    def on_picker_chosen(self) -> None:
        self.action_go_on()

    def collect(self) -> Choices:
        """What another method or model may know stays chosen for that one."""
        before, chosen = self.choices.categories, frozenset(self.query_one(Picker).selected)
        known = frozenset(self.known)
        if before is None and chosen == known:
            return self.choices
        others = frozenset(self.session.store.state.categories) - known
        return replace(self.choices, categories=chosen | (others if before is None else before & others))

    def obstacle(self) -> str:
        if self.query_one(Picker).selected:
            return ""
        noun = self.session.project.kind.noun
        if not self.session.store.state.categories:
            return f"There is no {noun} yet: n adds one."
        return f"Select at least one {noun}: space selects, * selects all."

    @work(exclusive=True, group="edit")
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
        self.list_rows(added.id)


def name_width(width: int) -> int:
    """Cells of a name in a list of so many."""
    return max(12, min(50, width - 54))
