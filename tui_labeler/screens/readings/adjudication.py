"""Two finished readings of a document, side by side over its text: one key settles a place that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from tui_labeler.domain.agreement import Take
from tui_labeler.engine.actions import CHOOSE, SETTLE
from tui_labeler.engine.errors import LabelerError, RefusedError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.answering import AnsweringScreen
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.lines import KeyLine, Notes, StatusLine, TitleLine
from tui_labeler.screens.places import Place
from tui_labeler.screens.readings.adjudication_text import (
    document_words,
    finished_words,
    heading,
    place_row,
    reading_marks,
    side_words,
    waiting_words,
)
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.text_view import TextView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.domain.agreement import Pairing
    from tui_labeler.engine.history.undone import Undone
    from tui_labeler.engine.readings.two_readings import TwoReadings
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.following import Follower, News


class Reading(TextView, can_focus=False):
    """A text that is looked at: keys are the screen's."""


class AdjudicationScreen(AnsweringScreen["Place | None"]):
    """The result is the place that a person wants to see in its document."""

    HELP: ClassVar[str] = """\
## Adjudication

Documents that two people have labeled, each without the other, and that both are done with; those with the
most differences first. Both readings stand side by side, the places that differ in the list below. What both
have alike is taken as it is.

`left` or `h` takes what stands on the left, `right` or `l` what stands on the right, `b` both, `x` neither;
the cursor goes to the next place. With the last one the document is settled: what was taken becomes labels,
made by you. `u` takes the last choice back, `ctrl+r` makes it again; before the last one `n` and `N` go to
any place, to choose anew.

`A` settles all documents whose readings agree in everything, in one step. `]` and `[` go to the next document
and the one before, `ctrl+d` and `ctrl+u` scroll both texts, `enter` shows the place in the document.

The readings stay as they are: the figures of agreement (`|` where texts are labeled) do not change.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "take('first')", "Left", tooltip="Take the left one", id="adjudication.left"),
        Binding("right,l", "take('second')", "Right", tooltip="Take the right one", id="adjudication.right"),
        Binding("b", "take('both')", "Both", tooltip="Take both", id="adjudication.both"),
        Binding("x", "take('neither')", "Neither", tooltip="Take neither", id="adjudication.neither"),
        Binding(
            "A", "take_agreeing", "All that agree", tooltip="Settle what agrees", id="adjudication.agreeing"
        ),
        Binding("q,ctrl+g,escape", "leave", "Back", tooltip="Back to the document", id="adjudication.leave"),
        Binding("u", "undo", "Undo", tooltip="Take back your last choice", id="adjudication.undo"),
        Binding("ctrl+r", "redo", "Redo", tooltip="Make it again", id="adjudication.redo", show=False),
        Binding("n", "skip(1)", "Next", tooltip="To the next place", id="adjudication.next", show=False),
        Binding("N", "skip(-1)", "Back", tooltip="To the place before", id="adjudication.back", show=False),
        Binding(
            "right_square_bracket",
            "step(1)",
            "Next document",
            tooltip="The next document",
            id="adjudication.next-document",
        ),
        Binding(
            "left_square_bracket",
            "step(-1)",
            "Document before",
            tooltip="The document before",
            id="adjudication.document-before",
            show=False,
        ),
        Binding(
            "ctrl+d", "scroll(0.5)", "Down", tooltip="Scroll both texts", id="adjudication.down", show=False
        ),
        Binding("ctrl+u", "scroll(-0.5)", "Up", tooltip="Scroll both back", id="adjudication.up", show=False),
    ]

    def __init__(self, session: ProjectSession, follower: Follower, first: int | None = None) -> None:
        """``first`` is the document to begin with, where it can be settled."""
        super().__init__()
        self._session = session
        self._follower = follower
        self._order: list[int] = []
        """Ids, in the order in which they were found: settled ones stay in it, so that one can go back."""
        self._document = first
        self._both: TwoReadings | None = None
        self._text = ""
        self._settled = 0
        self._is_deciding = False
        self._seq = -1

    def compose(self) -> ComposeResult:
        yield TitleLine()
        with Horizontal(id="readings"):
            for side in ("first", "second"):
                with Vertical():
                    yield Notes(id=f"{side}-reader")
                    yield Reading(id=side)
        yield Notes(id="what")
        yield Picker(id="places")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.set_class(self._session.project.kind.is_classification, "-classes")
        self._follower.news.subscribe(self, self._take_news)
        self.query_one(Picker).focus()
        self._load()

    def on_unmount(self) -> None:
        self._follower.forget(self)

    # --- what is shown ------------------------------------------------------------------------------

    @work(exclusive=True, group="load")
    @reporting
    async def _load(self) -> None:
        await self._session.refresh()
        self._order = [item.document for item in self._session.readings.compared().documents]
        open_ones = [key for key in self._order if not self._session.store.state.rows[key].settled]
        if self._document not in self._order:
            self._document = next(iter(open_ones), None)
        await self._show()

    def _take_news(self, news: News) -> None:
        if news.transactions and not self._is_deciding:
            self._load()

    async def _show(self, at: int | None = None) -> None:
        """Shows the document in question; the cursor goes to the place ``at``, else to one to decide."""
        key = self._document
        both = None if key is None else self._session.readings.both(key)
        changed = both is None or self._both is None or both.document != self._both.document
        self._both = both
        if changed:
            self._text = await self._read()
        self._show_title()
        self.set_class(both is None, "-none")
        self.query_one("#what", Notes).text = (
            document_words(both, self._names) if both else self._none_words()
        )
        self._show_texts()
        self._show_places(at)
        self.refresh_bindings()

    async def _read(self) -> str:
        if self._both is None:
            return ""
        try:
            return (await self._session.documents.text(self._both.document)).text
        except LabelerError as error:
            tell(self.app, error.message, title=error.title, severity="warning")
            return ""

    @property
    def _names(self) -> dict[str, str]:
        return {key: category.name for key, category in self._session.store.state.categories.items()}

    def _show_title(self) -> None:
        title = self.query_one(TitleLine)
        rows = self._session.rows
        location = "" if self._both is None else f" > {self._both.location}"
        title.left = f"{self._session.project.name} > Adjudication{location}"
        left = sum(rows[key].waits_for_adjudication for key in self._order if key in rows)
        title.right = f"{left:,} of {counted(len(self._order), 'document')} to settle" if self._order else ""

    def _none_words(self) -> str:
        if self._settled:
            return finished_words(self._settled)
        return waiting_words(self._session.readings.compared())

    def _show_texts(self) -> None:
        both = self._both
        for number, side in enumerate(("first", "second")):
            view, reader = self.query_one(f"#{side}", Reading), self.query_one(f"#{side}-reader", Notes)
            if both is None:
                view.set_document("", key=None)
                reader.text = ""
                continue
            annotations = (both.first, both.second)[number]
            categories = self._session.store.state.categories
            reader.text = side_words(both.readers[number], annotations, self._names)
            view.set_document(self._text, reading_marks(annotations, categories), key=both.document)

    def _show_places(self, at: int | None) -> None:
        both, picker = self._both, self.query_one(Picker)
        places = both.differing if both else ()
        names, text = self._names, self._text
        rows = [
            Choice(str(number), place_row(place, both, names, text))
            for number, place in enumerate(places)
            if both
        ]
        undecided = [number for number, place in enumerate(places) if both and place in both.undecided]
        wanted = at if at is not None else next(iter(undecided), 0)
        picker.set_rows(rows, heading(both) if rows and both else None, cursor=str(wanted))
        self._reveal()

    def on_picker_highlighted(self) -> None:
        self._reveal()

    def _reveal(self) -> None:
        """Both texts show the place at the cursor."""
        place = self._place
        if place is None:
            return
        for side, annotation in (("first", place.first), ("second", place.second)):
            span = (annotation or place.first or place.second or ("", None))[1]
            if span is not None and span.end <= len(self._text):
                self.query_one(f"#{side}", Reading).go_to(span.start, span.end)

    @property
    def _place(self) -> Pairing | None:
        current = self.query_one(Picker).current
        places = self._both.differing if self._both else ()
        return places[int(current)] if current is not None and int(current) < len(places) else None

    # --- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("take", "skip") and (self._both is None or not self._both.differing):
            return None
        if action == "step" and len(self._order) < 2:
            return None
        return True

    @work(group="decide")
    @reporting
    async def action_take(self, take: str) -> None:
        """Settles the place at the cursor; the cursor is at the next one then."""
        both, place = self._both, self._place
        if both is None or place is None or self._is_deciding:
            return
        self._is_deciding = True
        try:
            await self._session.readings.choose(both.document, place, Take(take))
            after = self._session.readings.both(both.document)
            if after is not None and after.settled:
                self._settled += 1
                labels = counted(len(after.result), "label")
                self.say(f"{both.location} is settled: {labels}. u takes the last choice back.")
                self._document = self._next_open() or self._document
                await self._show()
            else:
                await self._show(self._next_place(both.differing.index(place)))
        except RefusedError as error:
            # Where it can be read beside the places that it is about.
            self.say(f"{error.message} {error.hint}")
            await self._show(both.differing.index(place))
        finally:
            self._is_deciding = False

    def _next_place(self, place: int) -> int | None:
        """The next undecided place behind one, round the end."""
        both = self._both and self._session.readings.both(self._both.document)
        if not both:
            return None
        open_ones = [number for number, line in enumerate(both.differing) if line in both.undecided]
        return next((number for number in open_ones if number > place), next(iter(open_ones), None))

    def _next_open(self) -> int | None:
        """The next document that can be settled, round the end of the list."""
        rows = self._session.rows
        at = self._order.index(self._document) if self._document in self._order else -1
        ordered = [*self._order[at + 1 :], *self._order[: at + 1]]
        return next((key for key in ordered if key in rows and rows[key].waits_for_adjudication), None)

    @work(group="decide")
    @reporting
    async def action_take_agreeing(self) -> None:
        """Settles every document whose readings agree in all."""
        agreeing = [
            item.document
            for item in self._session.readings.compared().documents
            if not item.differing and item.settled is None
        ]
        if not agreeing:
            self.say("There is no document whose readings agree in everything.")
            return
        await self._session.readings.settle_agreeing(agreeing)
        self._settled += len(agreeing)
        self.say(f"{counted(len(agreeing), 'document')} settled that both have alike. u takes that back.")
        if self._document in agreeing:
            self._document = self._next_open() or self._document
        await self._show()

    @work(group="decide")
    @reporting
    async def action_undo(self) -> None:
        last = await self._session.history.undoable()
        if last and last[0].action not in (CHOOSE, SETTLE):
            self.say("Nothing is left here to take back; in the document u goes further back.")
            return
        undone = await self._session.history.undo()
        await self._after_walk("Taken back." if undone else "There is nothing to take back.", undone)

    @work(group="decide")
    @reporting
    async def action_redo(self) -> None:
        if await self._session.history.redoable() not in (None, CHOOSE, SETTLE):
            self.say("Nothing is left here to do again; in the document ctrl+r goes further.")
            return
        redone = await self._session.history.redo()
        await self._after_walk("Done again." if redone else "There is nothing to do again.", redone)

    async def _after_walk(self, words: str, undone: Undone | None) -> None:
        """Goes to the document that an undo or a redo was about."""
        here = [key for key in undone.documents if key in self._order] if undone else []
        if here and self._document not in here:
            self._document = here[0]
        self.say(words)
        await self._show()

    def action_skip(self, step: int) -> None:
        picker = self.query_one(Picker)
        picker.move_to((picker.cursor + step) % picker.row_count)

    @work(exclusive=True, group="load")
    @reporting
    async def action_step(self, step: int) -> None:
        """The next document, settled or not; it goes round."""
        at = self._order.index(self._document) if self._document in self._order else -1
        self._document = self._order[(at + step) % len(self._order)]
        await self._show()

    def action_scroll(self, pages: float) -> None:
        for view in self.query(Reading):
            view.scroll_to(y=view.scroll_offset.y + round(pages * view.size.height))

    def on_picker_chosen(self) -> None:
        place = self._place
        if self._both is not None:
            annotation = (place.first or place.second) if place else None
            self.dismiss(Place(self._both.document, annotation[1] if annotation else None))

    def action_leave(self) -> None:
        self.dismiss(None)
