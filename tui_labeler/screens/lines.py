"""The first and the last line of a screen: where one is, and which keys there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean, clip
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, Glyphs, glyphs, plain_signs

if TYPE_CHECKING:
    from textual.binding import ActiveBinding
    from textual.events import Click, Resize
    from textual.screen import Screen


class Words(Widget):
    """Shows words with the signs that the terminal has."""

    @property
    def glyphs(self) -> Glyphs:
        return glyphs(self.app.has_class(ASCII_CLASS))

    def words(self, text: str) -> str:
        """``text`` as it may be drawn."""
        safe_text = in_order(clean(text))
        return plain_signs(safe_text) if self.app.has_class(ASCII_CLASS) else safe_text


class TitleLine(Words):
    """One line: where one is on the left, how things stand on the right.

    Where room is short, the right end of how things stand goes first; where one is keeps half of the line.
    """

    left = reactive("")
    right = reactive("")

    def fitting(self, *forms: str) -> str:
        """The first of several ways to say how things stand that there is room for, else the last of them."""
        width = self.content_size.width
        room = width - min(cell_len(self.words(self.left)), width // 2) - 1
        return next((form for form in forms if not width or cell_len(self.words(form)) <= room), forms[-1])

    def render(self) -> Content:
        width, more = self.content_size.width, self.glyphs.more
        kept = min(cell_len(self.words(self.left)), width // 2)
        right = clip(self.words(self.right), max(0, width - kept - 1), more)
        left = clip(self.words(self.left), max(0, width - cell_len(right) - 1), more)
        gap = " " * max(1, width - cell_len(left) - cell_len(right))
        return Content.assemble((left, "bold"), gap, right)


class StatusLine(Words):
    """One line of words, with others at its right end; drawn anew only when they change."""

    text = reactive("")
    right = reactive("")
    """Figures, the weightiest first, with commas between them: where room is short, the last go first."""
    spare = reactive("")
    """Stands at the right end where nothing else does and the words leave room for it."""
    whole = reactive(False)
    """The words are to be read whole, whatever becomes of the figures; else the first figure stays."""
    shorter: reactive[Sequence[str]] = reactive(())
    """The same in ever fewer words, for lines that are too narrow for them."""

    def fitting(self, *forms: str) -> str:
        """The first of several ways to say something that the line has room for, else the last of them."""
        room = self.content_size.width - 1
        return next((form for form in forms if room < 0 or cell_len(self.words(form)) <= room), forms[-1])

    def render(self) -> Content:
        width, more = self.content_size.width, self.glyphs.more
        forms = [self.words(form) for form in (self.text, *self.shorter)]
        text = next((form for form in forms if cell_len(form) < width), forms[-1])
        spare = self.words(self.spare)
        room = width - cell_len(text) - 2
        figures = _shorter(self.words(self.right))
        least = "" if self.whole else figures[-1]
        right = next((shown for shown in figures if cell_len(shown) <= room), least)
        if not self.right and cell_len(spare) <= room:
            right = spare
        right = clip(right, width, more)
        text = _clip_words(text, max(0, width - cell_len(right) - 1), more, whole=self.whole)
        return Content(f"{text}{' ' * max(1, width - cell_len(text) - cell_len(right))}{right}")


def _shorter(figures: str) -> list[str]:
    """``these: 3 of 8 decided, 4 a minute`` and what is left of it with fewer figures at its end."""
    named, colon, rest = figures.rpartition(": ")
    parts = rest.split(", ")
    return [f"{named}{colon}{', '.join(parts[:count])}" for count in range(len(parts), 0, -1)]


def _clip_words(text: str, width: int, more: str, *, whole: bool) -> str:
    """Cuts what does not fit. The last sentence, which says what to do, outlives what comes before it."""
    before, stop, advice = text.rpartition(". ")
    room = width - cell_len(stop + advice)
    if whole and stop and room > 1 and cell_len(text) > width:
        return clip(before, room, more) + stop + advice
    return clip(text, width, more)


class Notes(Words):
    """A few lines of words in a place of fixed size: new words never make a new layout."""

    text = reactive("")

    def render(self) -> Content:
        width, more = self.content_size.width, self.glyphs.more
        return Content("\n".join(clip(self.words(line), width, more) for line in self.text.split("\n")))


class KeyLine(Words):
    """The keys that can be pressed here, as many as there is room for; a click presses one.

    The keys that lead on from everywhere stand at the right end, so that they are never cut off.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--off"}

    ALWAYS: ClassVar[tuple[str, ...]] = ("app.help",)
    """Ids of the bindings at the right end."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._items: list[tuple[str, str, str, bool]] = []
        self._pinned = False
        self._places: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._take_bindings)
        self.call_after_refresh(self._take_bindings, self.screen)

    def on_resize(self, event: Resize) -> None:
        self.refresh()

    def _take_bindings(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        ordered = self._ordered(screen.active_bindings.values())
        self._pinned = bool(ordered) and ordered[-1].binding.id in self.ALWAYS
        # Letters that find something are no bindings, and no single key would stand for them.
        letters: str = getattr(screen, "letters_shown", "")
        items = [("", "a-z", letters, True)] if letters else []
        named: Mapping[str, str] = getattr(screen, "keys_named", {})
        items += [
            (
                item.binding.key,
                self.app.get_key_display(item.binding),
                self.words(named.get(item.binding.id or "", item.binding.description)),
                item.enabled,
            )
            for item in ordered
        ]
        if items != self._items:
            self._items = items
            self.refresh()

    def _ordered(self, bindings: Iterable[ActiveBinding]) -> list[ActiveBinding]:
        """The screen's own keys first, one key an action; a screen may say which, and in which order."""
        wanted: Sequence[str] | None = getattr(self.screen, "keys_shown", None)
        shown: dict[str, ActiveBinding] = {}
        for item in bindings:
            name = item.binding.id
            if item.binding.show if wanted is None else name in wanted or name in self.ALWAYS:
                shown.setdefault(item.binding.action, item)

        def rank(item: ActiveBinding) -> int:
            name = item.binding.id
            if name in self.ALWAYS:
                return 1000
            if wanted is not None and name is not None:
                return wanted.index(name)
            return 0 if item.node is self.screen else 1

        return sorted(shown.values(), key=rank)

    def render(self) -> Content:
        width = self.content_size.width
        last = self._items[-1:] if self._pinned else []
        room = width - sum(_width(item) for item in last)
        parts: list[Content | str | tuple[str, object]] = []
        self._places = []
        x = 0
        for item in self._items[:-1] if last else self._items:
            if x + _width(item) > room:
                break
            x = self._put(parts, item, x)
        if last:
            gap = max(0, width - x - _width(last[0]))
            parts.append(" " * gap)
            self._put(parts, last[0], x + gap)
        return Content.assemble(*parts)  # type: ignore[arg-type]

    def _put(
        self, parts: list[Content | str | tuple[str, object]], item: tuple[str, str, str, bool], x: int
    ) -> int:
        key, display, description, enabled = item
        name = "key-line--key" if enabled else "key-line--off"
        parts.append((f" {display} ", self.get_visual_style(name)))
        parts.append((f"{description} ", "" if enabled else self.get_visual_style(name)))
        end = x + _width(item)
        self._places.append((range(x, end), key))
        return end

    def on_click(self, event: Click) -> None:
        place = event.get_content_offset(self)
        for cells, key in self._places:
            if place is not None and place.x in cells and key:
                self.app.simulate_key(key)


class Foot(Widget):
    """Covers the line of keys of the screen beneath: they are not taken while another asks."""

    def render(self) -> Content:
        return Content("")


def _width(item: tuple[str, str, str, bool]) -> int:
    return cell_len(item[1]) + cell_len(item[2]) + 3
