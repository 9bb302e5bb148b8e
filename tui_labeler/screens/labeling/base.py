"""What the parts of the labeling screen share: documents are opened, and steps taken one at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from textual import work
from textual.actions import parse
from textual.widgets import Static

from tui_labeler.engine.documents.reading import GONE
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import tell_error
from tui_labeler.screens.dialogs import plain
from tui_labeler.screens.labeling.keys import IN_TEXT, WRITING, WRITING_SCREENS
from tui_labeler.screens.labeling.marks import class_items, shown_suggestions, shown_to_place
from tui_labeler.screens.labeling.view import LabelingView
from tui_labeler.screens.widgets.document_list import DocumentList

if TYPE_CHECKING:
    from textual.events import Key

    from tui_labeler.domain.labels import Label, Suggestion
    from tui_labeler.engine.ports import Transaction

P = ParamSpec("P")
S = TypeVar("S", bound="LabelingBase")


AHEAD = 16
"""Documents of the list whose texts are read before they are opened."""


NOT_PASTED = "Nothing can be pasted here: texts stay as they are, and keys label them."

NO_TEXT = "The document in view can't be read, so nothing can be labeled in it."
"""What a key that labels says where there is no text."""


def _is_writing(action: str, parameters: tuple[object, ...]) -> bool:
    """Whether a key's action changes what people have said, or leads to where they do."""
    return action in WRITING or (action == "want" and bool(WRITING_SCREENS & set(parameters)))


class LabelingBase(LabelingView):
    """Opens documents, and knows what was begun on them."""

    _text_waits = False
    """The text had the focus before a document came that has none."""

    _is_first = True
    """No document was shown yet: the text was given the focus, and may not have it so far."""

    _open_before = (0, 0)
    """Suggestions that were open, and that the review still held, when the step being taken began."""

    _answered = ""
    """What the last key was answered that did nothing: it goes with the next key."""

    _text_hash = ""
    """What the project knew of the text when it was last read."""

    def category_name(self, category: str) -> str:
        """By its id, which stands for one that is gone."""
        known = self.session.store.state.categories.get(category)
        return known.name if known else category

    def show_changes(self, transactions: Sequence[Transaction] = ()) -> None:
        super().show_changes(transactions)
        document = self.document
        if document is not None and self.wanted == self.shown and document.text_hash != self._text_hash:
            self._text_hash = document.text_hash
            self.open_document(document.id, self._say_that_it_is_another)

    def opened(self) -> None:
        """A document came into view that was asked for as a whole."""

    def _say_that_it_is_another(self) -> None:
        document = self.document
        left = sum(map(document.is_stale, document.active_labels)) if document else 0
        labels = f". {counted(left, 'label is', 'labels are')} on the one before: Q." if left else ""
        self.say(f"The text has changed{labels or ': this is the new one.'}")

    def open_document(self, document_id: int, then: Callable[[], object] | None = None) -> None:
        """Shows a document as soon as it is read; ``then`` is called when it is in view."""
        if document_id != self.wanted:
            self.pane.end_name()
            if self.way_back is not None:
                self.way_back = None
                self.refresh_bindings()
        self.wanted = document_id
        if self.session.taking is not None:
            self.session.taking.want(document_id)
        self._read_done.clear()
        self.documents.go_to(document_id)
        self._read(document_id, then)

    def read_again(self) -> None:
        """Opens the document that could not be shown anew: its text is none that has changed."""
        document = self.document
        if document is not None:
            self._text_hash = document.text_hash
            self.open_document(document.id)

    @work(exclusive=True, group="text")
    async def _read(self, document_id: int, then: Callable[[], object] | None) -> None:
        text, changed, self.problem = "", False, ""
        try:
            found = await self.session.documents.open(document_id)
            text, changed = found.text, found.changed
        except LabelerError as error:
            self.take_problem(error)
        self.shown = document_id
        document = self.document
        self._text_hash = document.text_hash if document else ""
        self.put_down()
        # What was said before there was any text has not been read yet.
        said = self.message if self._is_first else ""
        self._show_problem()
        self.text.set_document(text, self.all_marks(), key=document_id)
        self.text.clear_found()
        self.current_class = None
        self.show_document()
        self.say(self._words_on(changed=changed) or said)
        self._read_done.set()
        if then is not None:
            then()
        else:
            self.opened()
        if self.session.documents.container.is_remote:
            self._read_ahead(document_id)

    @work(group="ahead")
    async def _read_ahead(self, document_id: int) -> None:
        """Has the next texts of the list at hand before they are opened."""
        rows, at = self.documents.rows, self.documents.cursor
        if at >= len(rows) or rows[at].id != document_id:
            return
        # As many again as there are when half of them have been opened.
        start = at + 1 - at % (AHEAD // 2)
        with suppress(LabelerError):  # whoever opens one of them is told
            await self.session.documents.read_ahead([row.id for row in rows[start : start + AHEAD]])

    def take_problem(self, error: LabelerError) -> None:
        is_new = not self.problem
        super().take_problem(error)
        if is_new:
            self.call_later(self._show_problem)

    def _words_on(self, *, changed: bool) -> str:
        """What is worth saying of a document that was just opened."""
        document = self.document
        if document is not None and document.problem == GONE and not self.problem:
            return "No longer in the container: this text was kept. Q asks what becomes of its labels."
        return "The text is another than the one that was labeled." if changed else ""

    def _show_problem(self) -> None:
        """Shows why there is no text, or the text again; the focus goes and comes back with it."""
        if self.problem:
            self._text_waits |= self.text.has_focus or self._is_first
        self._is_first = False
        if self.has_class("-unreadable") != bool(self.problem):
            self.set_class(bool(self.problem), "-unreadable")
            self.refresh_bindings()
        self.query_one("#unreadable", Static).update(plain(self.problem))
        if self._text_waits and not self.problem:
            self._text_waits = False
            self.text.focus()
        self.take_digits()

    def no_item_words(self) -> str:
        """What is said where a key for a label, or a suggestion, finds none."""
        if not self.has_classes:
            return "There is no label here. Go to one with ; or ' first."
        document = self.document
        if document is not None and class_items(self.session, document):
            return "No class is chosen: go to one with ; or ' first."
        return "This document has no class yet, and none is suggested for it."

    def unplaced_words(self, verb: str, item: Label | Suggestion | None) -> str:
        """Why words that are to place can't have another category (``change``) or other ends (``edit``) yet,
        or be removed (``remove``); empty where keys are not about such words but about ``item``."""
        raise NotImplementedError

    def focus_text(self) -> None:
        """Keys are for the text from here on; where there is none, as soon as one comes."""
        self._text_waits |= bool(self.problem)
        self.text.focus()

    # --- what is decided ----------------------------------------------------------------------------

    @property
    def open_count(self) -> int:
        """Open suggestions in the whole project, and words that are to place."""
        totals = self.session.store.state.totals
        return sum(sum(counts.values()) for counts in totals.suggestions.values()) + totals.to_place

    @property
    def held_count(self) -> int:
        """Open suggestions that the review visits, and words that are to place."""
        return self.open_count

    @property
    def open_here(self) -> bool:
        """Whether the document in view has an open suggestion, or words to place, that are shown."""
        document = self.document
        return document is not None and bool(
            shown_suggestions(self.session, document) or shown_to_place(self.session, document)
        )

    def begin_counting(self) -> None:
        """A step begins: what it decides is counted from here on."""
        self._open_before = self.open_count, self.held_count

    def count_decided(self, *, singly: bool = True) -> None:
        """Counts what the step has decided up to now, or taken back."""
        before, self._open_before = self._open_before, (self.open_count, self.held_count)
        opened, held = (was - left for was, left in zip(before, self._open_before, strict=True))
        self.progress.count(held, singly=singly)
        if self.sitting is not self.progress:
            self.sitting.count(opened, singly=singly)

    def go_next(
        self,
        after: tuple[int, str] | None,
        *,
        backwards: bool = False,
        here: bool = False,
        words: str = "",
        short: str = "",
    ) -> None:
        """Goes to the next undecided suggestion."""
        raise NotImplementedError

    def after_decision(self, document: int, suggestion: Suggestion, made: Transaction | None) -> None:
        """Called when a suggestion was accepted or rejected; ``made`` is ``None`` when it had been before."""
        raise NotImplementedError

    def go_to_first_open(self, words: str) -> None:
        """Goes to the first undecided suggestion of the document in view, if it has one; says ``words``."""
        raise NotImplementedError

    def go_to_suggestion(self, suggestion: Suggestion, words: str = "") -> None:
        """Puts the cursor on a suggestion of the document in view, and says ``words``."""
        raise NotImplementedError

    def end_review(self) -> None:
        """Back to all documents, in the order that they had before."""
        raise NotImplementedError

    async def accept_moved(self) -> bool:
        """Accepts with the ends as they are being moved; false where none are."""
        raise NotImplementedError

    def reject_moved(self) -> bool:
        """Makes ready to reject what has its ends moved; true where that is nothing to reject."""
        raise NotImplementedError

    def filter_suggestions(self) -> object:
        """Asks which suggestions a review visits."""
        raise NotImplementedError

    def check_taken(self, document_id: int | None = None) -> None:
        """Raises ``TakenError`` where somebody else has a document, by default the one in view."""
        document_id = self.shown if document_id is None else document_id
        if self.session.taking is not None and document_id is not None:
            self.session.taking.check(document_id)

    async def ready(self) -> bool:
        """Waits until the wanted document is in view; whether it can be labeled."""
        await self.arrived()
        return self.wanted is not None and not self.problem and self.document is not None

    async def arrived(self) -> None:
        """Waits until the wanted document is in view, be it without a text."""
        if self.wanted is not None:
            await self._read_done.wait()

    def put_down(self) -> None:
        """Ends what was begun: a question for a category, an edit."""
        self.awaiting = None
        was_editing, self.editing = self.editing, None
        self.take_digits()
        if was_editing is not None:
            self.refresh_bindings()

    def take_digits(self) -> None:
        """Digits are counts for movement unless they choose a category."""
        self.documents.digits_are_counts = not self.awaiting
        self.text.digits_are_counts = not (self.problem or self.has_classes or self.brush or self.awaiting)

    # --- keys that are off --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that label are grey while labels are made elsewhere, and in the list of documents."""
        if action == "want" and "show_handover" in parameters and self.session.handover is None:
            return None
        if self.is_read_only and _is_writing(action, parameters):
            return None
        if action in IN_TEXT and self._is_in_list:
            return None
        return super().check_action(action, parameters)

    async def on_key(self, event: Key) -> None:
        """A key that is off says why, until the next one."""
        # Beside the text no cursor moves on that would take away what was said.
        if self.message and (self.message == self._answered or not self.text.has_focus):
            self.say("")
        self._answered = ""
        active = self.active_bindings.get(event.key)
        if active is None or active.enabled:
            return
        _, action, parameters = parse(active.binding.action)
        if self.is_read_only and _is_writing(action, parameters):
            event.stop()
            self.answer(self.read_only_words())
        elif action in IN_TEXT and self._is_in_list:
            event.stop()
            shown = event.character if event.is_printable else event.key
            self.answer(f"{shown} is for the text in view: enter opens the document here, D goes back.")

    def on_paste(self) -> None:
        """Only fields take what is pasted, and keep it to themselves."""
        self.answer(NOT_PASTED)

    def answer(self, words: str) -> None:
        """Says why a key did nothing: it was for nothing but that key."""
        self.say(words)
        self._answered = words

    @property
    def _is_in_list(self) -> bool:
        """Keys are for the list, whose cursor may be at another document than the one in view.

        Where a text can't be shown the list has the focus by itself, and nobody went there.
        """
        return isinstance(self.focused, DocumentList) and not self._text_waits


def decision(
    method: Callable[Concatenate[S, P], Awaitable[Transaction | None]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, None]]:
    """A :func:`step` that decides something in the document in view: refused while somebody else has it, or
    while its text can't be read."""

    @wraps(method)
    async def decide(screen: S, /, *args: P.args, **kwargs: P.kwargs) -> Transaction | None:
        if not await screen.ready():
            screen.answer(NO_TEXT if screen.problem else "")
            return None
        screen.check_taken()
        return await method(screen, *args, **kwargs)

    return step(decide)


def step(
    method: Callable[Concatenate[S, P], Awaitable[Transaction | None]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, None]]:
    """A step of a person: one at a time, once the document in view is there, errors shown.

    What the step gives back is the only thing that it committed; ``None`` when there may be more.
    """

    @wraps(method)
    async def run(screen: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        async with screen.turn:
            await screen.arrived()
            screen.message = ""
            screen.begin_counting()
            made = None
            try:
                made = await method(screen, *args, **kwargs)
            except LabelerError as error:
                # What was said on the way to it does not hold.
                screen.message = ""
                tell_error(screen.app, error)
            screen.count_decided()
            screen.show_changes([made] if made else ())
            # What was said before goes also where nothing has changed.
            screen.show_status()

    return run
