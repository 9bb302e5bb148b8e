"""Words that a model answered and that were not found: shown, looked for, set or dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import work

from tui_labeler.domain.labels import Label, Span, Suggestion, ToPlace
from tui_labeler.screens.labeling.base import LabelingBase
from tui_labeler.screens.labeling.marks import shown_to_place
from tui_labeler.screens.lines import StatusLine
from tui_labeler.screens.widgets.cells import clean, clip, clip_middle
from tui_labeler.screens.widgets.marks import Mark, MarkKind
from tui_labeler.screens.widgets.palette import colors

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Transaction

_LEAST = 20
"""Cells that the words in hand have in the line under the text, and their category, before advice has any."""

NOTHING_TO_PLACE = "The document in view has no words to place."

_WHOLE = " i shows all."
"""Stands behind words that are cut, where there is room."""


class PlacingActions(LabelingBase):
    """What the keys for words that are to place do."""

    _placing: str | None = None
    """The id of the words in hand."""
    _places: tuple[Span, ...] = ()
    """Where they may be meant, the likeliest first."""
    _place_at = 0
    _taken_at = 0
    """Where the cursor was when they were taken in hand: until it leaves, keys are about them."""
    _left_at: tuple[str, int] | None = None
    """The id of the open suggestion at the cursor, if there was one, and the cursor, where ``+`` led away to
    the words in hand."""

    _places_found: asyncio.Event

    # --- the words in hand --------------------------------------------------------------------------

    @property
    def words_here(self) -> tuple[ToPlace, ...]:
        """Those of the document in view that wait, where they are shown."""
        document = self.document
        return shown_to_place(self.session, document) if document and not self.problem else ()

    @property
    def words_in_hand(self) -> ToPlace | None:
        return next((item for item in self.words_here if item.id == self._placing), None)

    @property
    def _likely_place(self) -> Span | None:
        """The likely place that is marked."""
        return self._places[self._place_at] if self._places and self.words_in_hand else None

    def is_about_words(self) -> bool:
        """Whether a decision is about the words in hand, not about a suggestion at the cursor."""
        if self.words_in_hand is None:
            return False
        return self.is_at_words() or self.text.selection is not None or self.suggestion_here() is None

    def is_at_words(self) -> bool:
        """Whether the cursor is where the words in hand have put it, whatever else is there."""
        if self.words_in_hand is None:
            return False
        place, cursor = self._likely_place, self.text.cursor
        return cursor == self._taken_at if place is None else place.start <= cursor < place.end

    def suggestion_here(self) -> Suggestion | None:
        """The open suggestion at the cursor."""
        raise NotImplementedError

    def go_on_from_words(
        self, item: ToPlace, left_at: tuple[str, int] | None, *, backwards: bool = False, here: bool = False
    ) -> None:
        """To what is to decide after words that were in hand; ``left_at`` is where ``+`` led away."""
        raise NotImplementedError

    def put_down(self) -> None:
        super().put_down()
        self.put_words_down()

    def put_words_down(self) -> None:
        """Nothing is being placed any more."""
        self._placing, self._places, self._place_at = None, (), 0
        self._left_at = None

    def go_to_words(self, item: ToPlace, words: str = "") -> None:
        """Takes words in hand and looks for where they may be meant; ``words`` are said there."""
        self.put_words_down()
        self._placing, self._taken_at = item.id, self.text.cursor
        self._places_found = asyncio.Event()
        self.say(words)
        self._find_places(item, self._places_found, words)

    @work(exclusive=True, group="load")
    async def _find_places(self, item: ToPlace, found: asyncio.Event, words: str) -> None:
        """A long text takes a while: it is searched in a thread."""
        # Loaded when there is something to place, not when the program starts.
        from tui_labeler.engine.autolabelers.placing import likely_places

        document, text = self.shown, self.text.text
        spans = await asyncio.to_thread(likely_places, text, item.text)
        found.set()
        if (self._placing, self.shown) == (item.id, document):
            self._places, self._place_at = self._free_first(spans), 0
            self._show_place(words)

    def _free_first(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """Where a label is, nothing can be set; such a place is shown last."""
        labels = self.document.active_labels if self.document else ()
        taken = {s for s in spans if any(label.span and label.span.overlaps(s) for label in labels)}
        return tuple(sorted(spans, key=lambda span: span in taken))

    def _show_place(self, words: str = "") -> None:
        self.show_document()
        place = self._likely_place
        if place is not None:
            self.text.go_to(place.start, place.end)
        # Nothing in the text shows words without a place: the line has to.
        self.say(words if place is not None else "")

    # --- keys ---------------------------------------------------------------------------------------

    def action_place(self, step: int) -> None:
        """To the next likely place of the words in hand; of words without any, to the next words.

        Where the line is not about words, those in hand come back, or else the document's first.
        """
        waiting, item = self.words_here, self.words_in_hand
        if not waiting:
            self.answer(self.hidden_words if self.is_blind else NOTHING_TO_PLACE)
        elif item is None or not self.is_about_words():
            here = self.suggestion_here()
            left_at = (here.id if here else "", self.text.cursor)
            self.go_to_words(item or waiting[0])
            self._left_at = left_at
        elif self._places:
            self._place_at = (self._place_at + step) % len(self._places)
            self._show_place()
        elif self._places_found.is_set() and len(waiting) > 1:
            left = self._left_at
            self.go_to_words(waiting[(waiting.index(item) + step) % len(waiting)])
            self._left_at = left

    def unplaced_words(self, verb: str, item: Label | Suggestion | None) -> str:
        # The line is about the words: what lies under the cursor by chance gets nothing done to it unseen.
        if not (self.is_at_words() if item else self.words_in_hand and self.is_about_words()):
            return ""
        if verb == "remove":
            return "These words are not in the text yet: x drops them, a sets them."
        words = "Their category can be changed" if verb == "change" else "Their ends can be moved"
        return f"{words} once they are set in the text: a sets them."

    async def decide_words(self, item: ToPlace, *, accepting: bool) -> Transaction | None:
        """Sets the words where something is selected, else at the marked place; or drops them."""
        assert self.shown is not None
        placing, document = self.session.placing, self.shown
        if not accepting:
            made = await placing.drop(document, item.id)
        else:
            await self._places_found.wait()
            span = self.text.selection or self._likely_place
            if span is None:
                self.say("Nothing like it was found. Select the words, then a sets them; x drops them.")
                return None
            made = await placing.place(document, item.id, span)
        left_at = self._left_at
        self.text.clear_selection()
        self.put_words_down()
        self.count_decided()
        self.show_changes([made] if made else ())
        self.go_on_from_words(item, left_at, here=not self.reviewing)
        return made

    # --- what is shown ------------------------------------------------------------------------------

    def show_document(self) -> None:
        if self._placing is not None and self.words_in_hand is None:
            self.put_words_down()
        super().show_document()

    def all_marks(self) -> list[Mark]:
        marks = super().all_marks()
        item, place = self.words_in_hand, self._likely_place
        if item is not None and place is not None:
            color = colors(self.session.store.state.categories.values()).get(item.category, 0)
            name = self.category_name(item.category)
            marks.append(
                Mark(f"place {item.id}", place.start, place.end, name, MarkKind.TO_PLACE, color=color)
            )
        return marks

    def placing_words(self) -> str:
        item = self.words_in_hand
        if item is None or not self.is_about_words():
            return ""
        head, told = self._to_place(item), self._told_of_places()
        words, category = clean(item.text), clean(self.category_name(item.category))
        room = self.query_one(StatusLine).content_size.width - 1 - cell_len(f"{head}:  ()")
        lengths = cell_len(words), cell_len(category)
        advice = next((keys for keys in told if room < 0 or sum(lengths) + cell_len(keys) <= room), None)
        if advice is None:
            # Advice goes first: the last line has the keys, and nothing but this line has the words.
            least = sum(min(length, _LEAST) for length in lengths)
            shorter = (*(keys + _WHOLE for keys in told), *told)
            advice = next((keys for keys in shorter if least + cell_len(keys) <= room), told[-1])
            room = max(2, room - cell_len(advice))
            # Names of categories often begin alike and differ at their ends.
            category = clip_middle(category, max(room // 2, room - lengths[0]))
            words = clip(words, room - cell_len(category))
        return f"{head}: {words} ({category}){advice}"

    def _told_of_places(self) -> tuple[str, ...]:
        """What stands behind the words in hand, with ever shorter instructions."""
        if self.text.selection is not None:
            return ". Selected: a sets it here, x drops it.", ": a sets it here, x drops it.", ": a sets it."
        if not self._places_found.is_set():
            return ". Looking for likely places.", ": looking."
        if not self._places:
            head = ": nothing like it."
            return (
                f"{head} Select the words and press a; x drops it.",
                f"{head} Select it and a; x drops it.",
                f"{head} Select, a; x drops.",
                head,
                ": no place.",
                ".",
            )
        head = f", {self._place_at + 1} of {len(self._places)}."
        return f"{head} a sets it, + next place, x drops it.", f"{head} a sets, + next, x drops.", head, "."

    def _to_place(self, item: ToPlace) -> str:
        """With the number of words to place in the document, where there are several."""
        waiting = self.words_here
        return f"To place ({waiting.index(item) + 1}/{len(waiting)})" if len(waiting) > 1 else "To place"

    def to_place_line(self) -> str:
        item = self.words_in_hand or next(iter(self.words_here), None)
        return (
            f"{self._to_place(item)}: {clean(item.text)} ({self.category_name(item.category)})"
            if item
            else ""
        )
