"""For GPT: which entities or classes, and what the model is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.projects import Category
from tui_labeler.engine.categories import says_little
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.categories import CategoriesStep
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

HINT = "the name says little: describe it"


class GptCategoriesStep(CategoriesStep):
    """Lists the categories with descriptions and examples, which are edited here."""

    HELP: ClassVar[str] = """\
## Autolabel, step 3: entities or classes

All that the model knows of a category is its name, its description and its examples: they are sent with
every text. `i` describes the one at the cursor, `e` gives examples, `r` another name. A name like `Label1`
without either carries a hint: a model can't guess what it means.

`space` takes a category in or out, `*` all or none, `n` adds a new one to the project.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "describe", "Describe", tooltip="Say what it means", id="wizard.describe"),
        Binding("e", "examples", "Examples", tooltip="Give examples, parted by |", id="wizard.examples"),
        Binding("r", "rename", "Rename", tooltip="Another name; labels follow", id="wizard.rename"),
    ]

    def body(self) -> Iterable[Widget]:
        yield from super().body()
        yield Sheet(id="about")

    def started(self) -> None:
        self.query_one(Sheet).can_focus = False
        super().started()

    # --- what is shown ------------------------------------------------------------------------------

    def list_rows(self, cursor: str | None = None) -> None:
        super().list_rows(cursor)
        self._show()

    def heading(self, width: int, signs: Glyphs) -> Line:
        noun = self.session.project.kind.noun
        return ((f"{noun:<{_name_width(width)}}{'labels':>8}  description and examples", ""),)

    def row(self, category: Category, labels: int) -> Callable[[int, Glyphs], Line]:
        hint, told = says_little(category), _told(category)

        def paint(width: int, signs: Glyphs) -> Line:
            name = _name_width(width)
            words = f"! {HINT}" if hint else told or "-"
            return (
                (fit(clean(category.name), name, signs.more), ""),
                (f"{labels:>8}  ", ""),
                (fit(clean(words), max(1, width - name - 10), signs.more), "warn" if hint else ""),
            )

        return paint

    def _show(self) -> None:
        category = self._current

        def build(width: int, signs: Glyphs) -> Sequence[Line]:
            return () if category is None else _page(category, width)

        self.query_one(Sheet).show_page(build)

    @property
    def _current(self) -> Category | None:
        return self.session.store.state.categories.get(self.query_one(Picker).current or "")

    def on_picker_highlighted(self) -> None:
        self._show()

    # --- what is changed ----------------------------------------------------------------------------

    @work(exclusive=True, group="edit")
    @reporting
    async def action_describe(self) -> None:
        category = self._current
        if category is None:
            return
        words = await self.app.push_screen_wait(
            InputScreen(f"Describe {category.name}", "What it means, in a sentence", category.description)
        )
        if words is not None:
            await self.session.categories.set(category.id, description=words.strip())
            self.list_rows()

    @work(exclusive=True, group="edit")
    @reporting
    async def action_examples(self) -> None:
        category = self._current
        if category is None:
            return
        given = await self.app.push_screen_wait(
            InputScreen(f"Examples of {category.name}", "Parted by |", " | ".join(category.examples))
        )
        if given is not None:
            examples = [example.strip() for example in given.split("|") if example.strip()]
            await self.session.categories.set(category.id, examples=examples)
            self.list_rows()

    @work(exclusive=True, group="edit")
    @reporting
    async def action_rename(self) -> None:
        category = self._current
        if category is None:
            return
        name = await self.app.push_screen_wait(
            InputScreen(f"Rename {category.name}", "Its name", category.name)
        )
        if name is not None:
            await self.session.categories.rename(category.id, name.strip())
            self.list_rows()


def _told(category: Category) -> str:
    given = f"e.g. {', '.join(category.examples)}" if category.examples else ""
    return "  ".join(part for part in (category.description, given) if part)


def _page(category: Category, width: int) -> list[Line]:
    lines: list[Line] = [((f" {clean(category.name)}", "title"),)]
    if says_little(category):
        words = "! A model can't guess what this name means: i describes it, e gives examples."
        lines += wrapped(words, width, "warn", "   ")
    missing = {"description": "none; i gives one", "examples": "none; e gives some"}
    given = {"description": category.description, "examples": " | ".join(category.examples)}
    for name, words in given.items():
        first, *rest = wrapped(words or missing[name], width, "" if words else "dim", " " * 16)
        lines += [((f"   {name:<13}", "dim"), *first[1:]), *rest]
    return lines


def _name_width(width: int) -> int:
    return max(12, min(36, width // 3))
