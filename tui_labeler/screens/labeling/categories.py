"""The project's entities or classes: add, rename, describe, give examples, recolour, merge, delete."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine import limits
from tui_labeler.engine.actions import ACTIONS
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.choosing import chooser
from tui_labeler.screens.dialogs import ConfirmScreen, InputScreen
from tui_labeler.screens.labeling.colors import ColorScreen
from tui_labeler.screens.labeling.taking_back import LAST_ACTION, WHEN_STOPPED, is_sure, undone_words
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.narrowing import narrow
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.palette import PALETTE, colors
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.working import ask, looked_up, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Set

    from textual.app import ComposeResult

    from tui_labeler.domain.projects import Category
    from tui_labeler.engine.categories import CategoryCount
    from tui_labeler.engine.history.undone import Undone
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


_CATEGORY = "category."
"""What the names of actions on categories begin with."""

_STOPPED = "The category stays, without what went until then; one undo brings that back."


def _key(key: str, action: str, description: str, tooltip: str, name: str) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=f"categories.{name}")


class CategoriesScreen(Screen[None]):
    """Every change is one step that undo takes back."""

    HELP: ClassVar[str] = """\
## Categories

Labels follow when a category is renamed. Merging turns all labels and suggestions of one category into
another's. Descriptions and examples are for people, and are sent along when a language model labels.
`u` takes your last change back, `ctrl+r` does it again.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("a,n", "add", "Add", "Add a category", "add"),
        _key("r", "rename", "Rename", "Another name; labels follow", "rename"),
        _key("i", "describe", "Describe", "What it means", "describe"),
        _key("e", "examples", "Examples", "A few examples, parted by |", "examples"),
        _key("q", "close", "Back", "Back to the documents", "close"),
        _key("o", "recolor", "Colour", "Another colour", "color"),
        _key("m", "merge", "Merge", "Turn it into another category", "merge"),
        _key("d,delete", "delete", "Delete", "Delete it with its labels", "delete"),
        _key("u", "undo", "Undo", "Take back your last change of a category", "undo"),
        _key("ctrl+r", "redo", "Redo", "Do again what was undone", "redo"),
        _key("slash", "search", "Find", "Show only those with a few letters in their name", "search"),
        _key("ctrl+g,escape", "show_all", "Show all", "Show all again, or go back", "show-all"),
    ]

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._typed = ""
        """What names are narrowed by."""

    def compose(self) -> ComposeResult:
        title = TitleLine()
        title.left = f"{self._session.project.name} > {self._session.project.kind.nouns.capitalize()}"
        yield title
        yield Picker(id="category-list")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(Picker).focus()
        self._show()

    def _show(self, cursor: str | None = None) -> None:
        counts = self._session.categories.counts()
        known = list(self._session.store.state.categories.values())
        fitting = narrow(self._typed, [category.name for category in known])
        if cursor is not None and all(known[place].id != cursor for place in fitting):
            self._typed, fitting = "", list(range(len(known)))
        # In the project's order, as without letters: what is changed stays where it is.
        rows = [self._choice(known[place], counts[known[place].id]) for place in sorted(fitting)]
        heading = _heading if rows else self._none_fits if known else self._nothing
        self.query_one(Picker).set_rows(rows, heading, cursor=cursor)
        self.refresh_bindings()
        every = counted(len(known), "category", "categories")
        words = f"{len(rows):,} of {every} (“{self._typed}”)" if self._typed else every
        self.query_one(TitleLine).right = words

    def _none_fits(self, width: int, signs: Glyphs) -> Line:
        words = f"No name has “{clean(self._typed)}” in it: / looks for others, ctrl+g shows all."
        return ((fit(words, width, signs.more), "dim"),)

    def _nothing(self, width: int, signs: Glyphs) -> Line:
        words = f"There is no {self._session.project.kind.noun} yet: a adds one."
        return ((fit(words, width, signs.more), "dim"),)

    def _choice(self, category: Category, count: CategoryCount) -> Choice:
        def paint(width: int, signs: Glyphs) -> Line:
            return _row(category, count, width, signs)

        return Choice(category.id, paint)

    def _current(self) -> Category | None:
        return self._session.store.state.categories.get(self.query_one(Picker).current or "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        wants_one = action in ("rename", "describe", "examples", "recolor", "merge", "delete")
        return None if wants_one and self._current() is None else True

    # --- changes ------------------------------------------------------------------------------------

    def action_close(self) -> None:
        self.dismiss(None)

    @work
    async def action_search(self) -> None:
        """Narrows the list by a few letters of the names; none show all."""
        typed = await self.app.push_screen_wait(
            InputScreen("Find by name", "A few letters; empty shows all", self._typed, anew=True)
        )
        if typed is not None:
            self._typed = typed.strip()
            self._show()

    def action_show_all(self) -> None:
        """Shows all again; back to the documents where all are shown."""
        if not self._typed:
            self.action_close()
            return
        self._typed = ""
        self._show()

    @work
    @reporting
    async def action_add(self) -> None:
        noun = self._session.project.kind.noun
        name = await self.app.push_screen_wait(
            InputScreen(
                f"New {noun}", "Its name", accept=lambda name: self._session.categories.add(name.strip())
            )
        )
        if name is not None:
            made = self._session.categories.by_name(name.strip())
            warnings = (
                *limits.category_name(name),
                *limits.categories(len(self._session.store.state.categories)),
            )
            if warnings:
                tell(self.app, "\n".join(warnings), severity="warning")
            self._show(made.id)

    async def _edit(
        self, title: str, label: str, given: str, change: Callable[[str], Coroutine[Any, Any, object]]
    ) -> None:
        """Asks for another value of the category at the cursor, in the place of what is ``given``."""
        await self.app.push_screen_wait(InputScreen(title, label, given, accept=change))
        self._show()

    @work
    @reporting
    async def action_rename(self) -> None:
        if category := self._current():
            rename = partial(self._session.categories.rename, category.id)
            await self._edit(
                f"Rename {category.name}", "Its name", category.name, lambda name: rename(name.strip())
            )

    @work(exclusive=True, group="describe")
    @reporting
    async def action_describe(self) -> None:
        if category := self._current():
            change = partial(self._session.categories.set, category.id)
            await self._edit(
                f"Describe {category.name}",
                "What it means, in a sentence",
                category.description,
                lambda words: change(description=words.strip()),
            )

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        event.stop()
        self.action_describe()

    @work
    @reporting
    async def action_examples(self) -> None:
        if category := self._current():
            change = partial(self._session.categories.set, category.id)
            await self._edit(
                f"Examples of {category.name}",
                "Parted by |",
                " | ".join(category.examples),
                lambda given: change(examples=[e.strip() for e in given.split("|") if e.strip()]),
            )

    @work
    @reporting
    async def action_recolor(self) -> None:
        category = self._current()
        if category is None:
            return
        categories = self._session.store.state.categories
        places = colors(categories.values())
        users: dict[str, list[str]] = {}
        for other in categories.values():
            users.setdefault(PALETTE[places[other.id]], []).append(other.name)
        chosen = await self.app.push_screen_wait(
            ColorScreen(f"Colour of {category.name}", users, at=PALETTE[places[category.id]])
        )
        if chosen is not None:
            await self._session.categories.set(category.id, color=chosen)
            self._show()

    @work(exclusive=True, group="ask")
    @reporting
    async def action_merge(self) -> None:
        category = self._current()
        if category is None:
            return
        others = [c for c in self._session.store.state.categories.values() if c.id != category.id]
        touched = await self._touched(category)
        if touched is None:
            return
        into = await ask(
            self,
            chooser(
                f"Merge {category.name} into which?",
                touched,
                [("", other.id, other.name) for other in others],
            ),
        )
        if into is not None:
            await with_progress(
                self.app,
                f"Merging {category.name}",
                partial(self._session.categories.merge, category.id, into),
                when_stopped=_STOPPED,
            )
            self._show()

    @work(exclusive=True, group="ask")
    @reporting
    async def action_delete(self) -> None:
        category = self._current()
        if category is None:
            return
        touched = await self._touched(category)
        if touched is None:
            return
        sure = await ask(
            self,
            ConfirmScreen(
                f"Delete {category.name}?",
                f"{touched} One undo brings everything back.",
                confirm="Delete",
                cancel="Keep",
            ),
        )
        if sure:
            await with_progress(
                self.app,
                f"Deleting {category.name}",
                partial(self._session.categories.delete, category.id),
                when_stopped=_STOPPED,
            )
            self._show()

    @work(exclusive=True, group="history")
    @reporting
    async def action_undo(self) -> None:
        """Takes back this person's last action, as far as it was one on categories."""
        history = self._session.history
        found = await looked_up(self.app, LAST_ACTION, history.undoable)
        if found is None:
            return
        if not found:
            tell(self.app, "There is nothing of yours to take back.")
        elif not found[0].action.startswith(_CATEGORY):
            action = ACTIONS.get(found[0].action, found[0].action)
            words = f"Your last action: {action}.\nq, then u takes it back."
            tell(self.app, words, title="No category was changed last")
        elif await is_sure(self, found):
            known = set(self._session.store.state.categories)
            undone = await with_progress(
                self.app, "Taking it back", partial(history.undo, found), when_stopped=WHEN_STOPPED
            )
            self._tell_undone(undone, known, "Took back")

    @work(exclusive=True, group="history")
    @reporting
    async def action_redo(self) -> None:
        """Does again what was undone last, here or before."""
        known = set(self._session.store.state.categories)
        undone = await with_progress(self.app, "Doing it again", self._session.history.redo, may_stop=False)
        if undone is None:
            tell(self.app, "There is nothing to do again.")
        self._tell_undone(undone, known, "Did again")

    def _tell_undone(self, undone: Undone | None, known: Set[str], verb: str) -> None:
        """The cursor goes to a category that came back; ``known`` are the ids of those there were before."""
        now = self._session.store.state.categories
        changed = undone.category_ids if undone is not None else ()
        self._show(next((each for each in changed if each in now and each not in known), None))
        if undone is not None:
            tell(self.app, undone_words(undone, verb))

    async def _touched(self, category: Category) -> str | None:
        """What hangs on a category; ``None`` when the person stopped counting."""
        count = await looked_up(
            self.app,
            f"Counting what {category.name} is on",
            partial(self._session.categories.touched, category.id),
        )
        if count is None:
            return None
        return (
            f"It has {count.label_words} in {counted(count.documents, 'document')} "
            f"and {counted(count.suggestions, 'open suggestion')}."
        )


def _heading(width: int, signs: Glyphs) -> Line:
    return ((_columns("name", "labels", "suggestions", "description", width, signs), "dim"),)


def _row(category: Category, count: CategoryCount, width: int, signs: Glyphs) -> Line:
    words = category.description
    if category.examples:
        words = f"{words}  e.g. {', '.join(category.examples)}".strip()
    return (
        (_columns(category.name, f"{count.labels:,}", f"{count.suggestions:,}", words, width, signs), ""),
    )


def _columns(name: str, labels: str, suggestions: str, words: str, width: int, signs: Glyphs) -> str:
    room = max(8, min(30, width // 3))
    line = f"{fit(clean(name), room, signs.more)} {labels:>8} {suggestions:>12}  "
    return line + fit(clean(words), max(0, width - room - 24), signs.more)
