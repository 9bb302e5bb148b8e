"""The categories with their keys and counts; for classes, what this document has of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message

from tui_labeler.screens.narrowing import narrow
from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit, short
from tui_labeler.screens.widgets.lifting import Lifting, News
from tui_labeler.screens.widgets.marks import percent
from tui_labeler.screens.widgets.name_typing import NameTyping
from tui_labeler.screens.widgets.palette import category_class, category_classes
from tui_labeler.screens.widgets.rows import row_key

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType

_NARROW = 2
"""Cells of a column of small counts, as wide as its heading."""
_SPARE = 3
"""Cells around an entity's sign, and behind the counts, that long names may have."""


class Choice(StrEnum):
    """What the open document has of a class."""

    OFF = "off"
    CHECKED = "checked"
    """A label that a person made."""
    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    """A label that was a suggestion."""


_NOTHING = (None, Choice.OFF)
"""What a line says of a category that the open document has nothing of."""


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """One category as the pane shows it."""

    id: str
    name: str
    key: str = ""
    """The key that labels with it; empty when there is none left."""
    color: int = 0
    """An index into the palette."""
    labels: int = 0
    suggestions: int = 0
    choice: Choice | None = None
    """Only for classes."""
    confidence: float | None = None
    """Of the suggestion of this class."""
    draft: bool = False


class CategoryPane(NameTyping):
    """Categories, one line each: key, sign, name, labels, suggestions. Enter or a click picks one."""

    HELP: ClassVar[str] = """\
## Categories

The key beside a category labels with it. `enter` picks the category at the cursor, a click the one under it.
`C`, or `esc`, goes back to the text while no name is typed.

Where there are more than nine classes, letters find one: the beginning of its name (`card d`), the first
letters of its words (`cde` for *card delivery estimate*), or pieces of them (`cadel`). While a name can be
typed the heading says `find`, and the last line `a-z Find`. What begins one depends on how you came there:

- after `C` a letter, small or capital; digits set a class, and other keys are what they are in the text;
- after `/` whatever you type: a digit, a capital, a bracket;
- where `U`, `]` or `[` leads to a document that has no class yet, and none suggested, a small letter but
  `u`, which takes back: capitals and digits are keys, so that `U` goes on.

From its first letter on whatever you type belongs to the name, but `?`, which opens the help.

`enter` sets the class (where a document may have several, it takes away one that is set) and ends the name;
`ctrl+g` or `esc` ends it with nothing done. From then on
letters are keys again (`u` takes back, `q` leaves), the cursor stays on the class, and `/` begins the next.

Where not all classes fit, those that the document has, and those suggested for it, stand at the top.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        row_key("enter,space", "open", "Pick", "Label with the category", "pick"),
    ]

    ORDERS_ITSELF: ClassVar[bool] = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "category-pane--cursor",
        "category-pane--brush",
        "category-pane--dim",
        "category-pane--key",
        *(f"category-pane--{choice}" for choice in Choice),
    } | category_classes("category-pane")

    class Picked(Message):
        """A category was chosen from the pane."""

        def __init__(self, view: CategoryPane, category_id: str) -> None:
            super().__init__()
            self.view = view
            self.category_id = category_id

        @property
        def control(self) -> CategoryPane:
            return self.view

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.categories: Sequence[CategoryLine] = ()
        """Those that are shown."""
        self._all: Sequence[CategoryLine] = ()
        self._lifting = Lifting()
        self._brush: str | None = None
        self._labels_width = self._suggestions_width = _NARROW
        self._lengths: set[int] = set()
        """Cells of the names of entities."""
        self._suggested = False

    def set_categories(self, categories: Sequence[CategoryLine], of: object = None) -> None:
        """Shows these categories, in this order, as far as they fit what is typed.

        Where there is not room for all, what the document ``of`` has of them comes first; the cursor stays
        on its category while the document is the same. Lines that look the same are not drawn again.
        """
        current = self.current
        news = self._lifting.take((line.id for line in categories if line.choice not in _NOTHING), of)
        self._all = tuple(categories)
        self._labels_width = _width(line.labels for line in categories)
        self._suggestions_width = _width(line.suggestions for line in categories)
        self._suggested = any(line.suggestions for line in categories)
        self._lengths = {cell_len(clean(line.name)) for line in categories if line.choice is None}
        self.show_fitting(current, self.cursor)
        if news is News.NONE or not self._lifts:
            return
        if news is News.DOCUMENT or not self.has_focus:
            self.move_to(0)
            self.scroll_to(y=0)
        else:
            self.reveal()

    @property
    def current(self) -> str:
        return self.categories[self.cursor].id if self.cursor < len(self.categories) else ""

    @property
    def _lifts(self) -> bool:
        """What the document has would be out of view."""
        return 0 < self.page_rows < len(self._all) and not self.typed

    def show_fitting(self, current: str, cursor: int = 0) -> None:
        """The cursor goes to the category ``current`` where it is shown, else to the row ``cursor``."""
        if self._lifts:
            shown = self._lifting.order([line.id for line in self._all])
        else:
            shown = narrow(self.typed, [line.name for line in self._all])
        self.categories = tuple(self._all[index] for index in shown)
        places = {line.id: place for place, line in enumerate(self.categories)}
        self.cursor = places.get(current, max(0, min(cursor, len(self.categories) - 1)))
        self.fit_rows()
        self.repaint()

    def go_to(self, category: str) -> None:
        place = next((place for place, line in enumerate(self.categories) if line.id == category), None)
        if place is not None:
            self.move_to(place)

    def on_resize(self) -> None:
        # With another height more or fewer fit.
        self.show_fitting(self.current if self.cursor else "")
        super().on_resize()

    # --- drawing and choosing -----------------------------------------------------------------------

    @property
    def brush(self) -> str | None:
        """The id of the category that is marked with until it is put down."""
        return self._brush

    @brush.setter
    def brush(self, category_id: str | None) -> None:
        if category_id != self._brush:
            self._brush = category_id
            self.repaint()

    @property
    def row_count(self) -> int:
        return len(self.categories)

    @property
    def heading(self) -> int:
        return 1

    def opened(self) -> None:
        self.post_message(self.Picked(self, self.categories[self.cursor].id))

    def on_click(self, event: events.Click) -> None:
        # One click picks, and the second of a double click must not pick once more.
        event.prevent_default()
        place = event.get_content_offset(self)
        row = None if place is None else self.row_at(place.y)
        if row is not None and event.chain == 1:
            self.move_to(row)
            self.opened()

    def paint_line(self, y: int) -> list[Segment]:
        glyphs = self.glyphs
        spare = self._spare
        name_width = max(1, self._name_width + spare)
        dim = self.style("category-pane--dim")
        if y == 0:
            counts = self._counts(glyphs.label * 2, glyphs.suggestion * 2, spare)
            style = self.style("category-pane--key") if self.typed else dim
            return [Segment(self._heading(name_width, 5 if spare else 7), style), Segment(counts, dim)]
        index = self.row_at(y)
        if index is None:
            nothing = y == 1 and bool(self.typed)
            return [Segment(fit("No name fits.", self.view_size.width, glyphs.more), dim)] if nothing else []
        line = self.categories[index]
        is_brush = line.id == self._brush
        names = ["category-pane--brush"] * is_brush
        names += ["category-pane--cursor"] * (index == self.cursor and self.has_focus)
        colored = [f"category-pane--{line.choice}" if line.choice else _color(line), *names]
        shown = in_order(clean(line.name)) + glyphs.draft * line.draft
        if line.confidence is not None:
            shown = f"{clip_middle(shown, max(1, name_width - 5), glyphs.more)} {percent(line.confidence)}"
        shown = clip_middle(shown, name_width, glyphs.more)
        return [
            Segment(glyphs.cursor if is_brush else " ", self.style(*names)),
            Segment(fit(clean(self._key_of(line)), 1), self.style("category-pane--key", *names)),
            Segment(f" {self._sign(line).strip() if spare else self._sign(line)} ", self.style(*colored)),
            Segment(fit(shown, name_width), self.style(*(colored if line.choice else names))),
            Segment(self._counts(_short(line.labels), _short(line.suggestions), spare), self.style(*names)),
        ]

    @property
    def _name_width(self) -> int:
        """Cells that are left for a name beside its key, its sign and its counts."""
        return self.view_size.width - 10 - self._labels_width - self._suggestions_width

    @property
    def _spare(self) -> int:
        """Cells that names are lent so that one more of them stands whole; 0 where that helps none."""
        room, column = self._name_width, _SPARE + self._suggestions_width + 1
        lent = ((0, _SPARE),) if self._suggested else ((_SPARE, column), (0, _SPARE))
        fitting = (
            more for less, more in lent if any(less < length - room <= more for length in self._lengths)
        )
        return next(fitting, 0)

    def _counts(self, labels: str, suggestions: str, spare: int) -> str:
        """The columns of counts; that of suggestions may be lent to names while there are none."""
        shown = f" {labels:>{self._labels_width}}"
        if spare <= _SPARE:
            shown += f" {suggestions:>{self._suggestions_width}}"
        return shown if spare else f"{shown} "

    def _heading(self, name_width: int, key_width: int) -> str:
        """Over keys and names; what is typed of a name, where it can be."""
        if not self.naming:
            return f"{'key':<{key_width}}{fit('category', name_width, self.glyphs.more)}"
        words = f"{clean(self.typed)}_" if self.typed else "type its name"
        return f"{'find':<{key_width}}{fit(words, name_width, self.glyphs.more)}"

    def _key_of(self, line: CategoryLine) -> str:
        """The key that sets it at the moment."""
        return "" if self.types(line.key) else line.key

    def _sign(self, line: CategoryLine) -> str:
        """Three cells: how the category is drawn, or what the document has of a class."""
        glyphs = self.glyphs
        match line.choice:
            case None:
                return f" {glyphs.label} "
            case Choice.OFF:
                return "[ ]"
            case Choice.SUGGESTED:
                return f"[{glyphs.suggestion}]"
            case _:
                return f"[{glyphs.check}]"


def _color(line: CategoryLine) -> str:
    return category_class("category-pane", line.color)


def _width(counts: Iterable[int]) -> int:
    """Cells of a column of counts: names get what numbers leave."""
    return max([_NARROW, *(len(_short(count)) for count in counts)])


def _short(count: int) -> str:
    """A count in no more than four cells; nothing for none."""
    return short(count, 4)
