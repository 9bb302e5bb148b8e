"""Labels made by keyboard: of what is selected, with a brush, or everywhere at once; and classes set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.labels import Span, Suggestion
from tui_labeler.engine.labeling.rules import LabelInTheWayError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.labeling.base import decision
from tui_labeler.screens.labeling.changing import ChangeActions
from tui_labeler.screens.labeling.words import identical
from tui_labeler.screens.widgets.cells import clean, clip_middle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.events import Key

    from tui_labeler.engine.ports import Transaction


_GO_ON = ("project.leave", "app.help", "app.quit", "app.messages", "app.suspend")
"""Keys that mean what they always mean while a category is asked for."""

_MANY_PLACES = 500
"""More places of the same words than these are labeled after a question only."""

_NAME = 20
"""Cells for a category's name in a message that has more to say."""

_AT_ENDS = (*_GO_ON, "app.palette", "label.add", "label.edit", "review.accept", "review.reject")
"""Keys that do something while ends are moved, beside those of the text."""


def _labeled_words(count: int, taken: int) -> str:
    """How many places were labeled, and how many were before."""
    if not count:
        return "labeled already." if taken == 1 else f"all {taken} places are labeled already."
    were = "was" if taken == 1 else "were"
    return f"{counted(count, 'place')} labeled{f', {taken} {were} labeled already' if taken else ''}."


class EntityActions(ChangeActions):
    """What the keys of categories do, and those that label with them."""

    # --- category keys ------------------------------------------------------------------------------

    async def on_key(self, event: Key) -> None:
        """A category's key labels, where it means nothing else at the moment."""
        if event.key in ("escape", "ctrl+g") and (self.awaiting or self.editing):
            event.stop()
            self.put_down()
            self.text.clear_selection()
            self.say("")
            return
        category = self.keys.get(event.character or "")
        if self.editing is not None:
            self._keep_editing(event)
            return
        if self.awaiting and category is None:
            self._answer(event)
            return
        if category is None or not self._takes_category_key():
            return
        event.stop()
        event.prevent_default()
        if self.documents.has_focus and not self.awaiting:
            about = self.document
            of = f" {about.location}" if about is not None else ""
            self.answer(f"{event.character} labels{of}, the document in view: D goes to it first.")
            return
        await self.take_category(category)

    def _answer(self, event: Key) -> None:
        """While a category is asked for, other keys open the list of names, or do nothing and say so."""
        active = self.active_bindings.get(event.key)
        name = active.binding.id or "" if active else ""
        if name in _GO_ON or (name.startswith("list.") and self.pane.has_focus):
            return
        event.stop()
        event.prevent_default()
        if name in (self._asked_by, "label.add"):
            self.choose_by_name(self._asked)
        else:
            shown = event.character if event.is_printable else event.key
            self.say(f"{shown} is no category's key. enter lists them, esc leaves.")

    def _keep_editing(self, event: Key) -> None:
        """While ends are moved, keys that would drop them do nothing and say so."""
        active = self.active_bindings.get(event.key)
        name = active.binding.id or "" if active else ""
        if name in _AT_ENDS or name.startswith("text.") or (active is None and not event.is_printable):
            return
        event.stop()
        event.prevent_default()
        shown = event.character if event.is_printable else event.key
        self.answer(f"{shown} has to wait: the ends are being moved. enter applies, e leaves.")

    def _takes_category_key(self) -> bool:
        if self.awaiting or self.has_classes:
            return True
        return self.brush is not None or self.text.selection is not None

    async def take_category(self, category: str) -> None:
        """What choosing a category does: answers a question, sets a class, labels what is selected."""
        if self.is_read_only:
            self.say(self.read_only_words())
        elif self.awaiting is not None:
            step = self.awaiting[1]
            self.put_down()
            # The answer may change nothing: then nobody else would take the question away.
            self.message = ""
            self.show_status()
            await step(category)
        elif self.has_classes:
            self.pane.end_name()
            self.current_class = category
            self.pane.go_to(category)
            await self.toggle_category(category)
        else:
            if self.brush is not None:
                self.hold_brush(category)
            await self.label_current(category)

    # --- labels -------------------------------------------------------------------------------------

    @decision
    async def toggle_category(self, category: str) -> Transaction | None:
        """Sets a class or takes it away; a suggested one is accepted."""
        item = self.item()
        if isinstance(item, Suggestion):
            return await self.accept_item(item)
        document, before = self.document_id, self.open_here
        made = await self.session.labeling.toggle(document, category)
        if made is None:
            self.say(f"{self.category_name(category)} is set already. d takes it away.")
        elif made.action == "label.remove":
            self.say(f"Removed: {self.category_name(category)}. u brings it back.")
        elif self.reviewing and before and not self.open_here:
            # The person's own class answers what was suggested.
            self.count_decided()
            self.show_changes([made])
            self.go_next((document, ""))
        return made

    @decision
    async def label_current(self, category: str) -> Transaction | None:
        """Labels the selection, else the word at the cursor."""
        span = self.text.current_span
        if span is None:
            self.say("There is no word here. Move to one, or select with v.")
            return None
        return await self._label(category, span)

    async def _label(self, category: str, span: Span) -> Transaction | None:
        try:
            made = await self.session.labeling.add(self.document_id, category, span)
        except LabelInTheWayError as error:
            self.refuse(error, category, span, None)
            return None
        self.text.clear_selection()
        if self.placing_words():
            # Else the line goes on about words to place, and tells nobody of the label.
            name = clip_middle(clean(self.category_name(category)), _NAME)
            self.say(f"{self.quoted(span)} is labeled {name}. {self.to_place_line()}")
        return made

    async def action_label(self) -> None:
        """Applies an edit; labels with the brush; else asks for the category."""
        if self.editing is not None:
            await self.apply_edit()
        elif self.has_classes:
            self.choose_by_name("Which class?")
        elif self.brush is not None:
            await self.label_current(self.brush)
        elif self.text.current_span is not None:
            self.choose_by_name("Label with which entity?")

    # --- brush and identical words ------------------------------------------------------------------

    def action_brush(self) -> None:
        """Takes the brush up, or puts it down."""
        if self.has_classes:
            self.say("A class holds for the whole document: press its key.")
        elif self.brush is not None:
            self.hold_brush(None)
            self.say("")
        else:
            self.ask_category(
                "Brush: press a category's key, or B for the list.",
                self._take_brush,
                title="Brush with which entity?",
                by="label.brush",
            )

    async def _take_brush(self, category: str) -> None:
        self.hold_brush(category)
        self.say("")
        self.text.focus()

    def hold_brush(self, category: str | None) -> None:
        """Marks with a category until it is put down."""
        self.brush = category
        self.pane.brush = category
        self.take_digits()

    def action_label_identical(self) -> None:
        """Labels all places of the same words, with the category of the label at the cursor."""
        item, span = self.item(), self.text.current_span
        if self.has_classes:
            self.say("A class holds for the whole document: press its key.")
        elif span is None:
            self.say("There are no words here to look for.")
        elif item is not None and item.span is not None and self.text.selection is None:
            self._label_everywhere(item.category, item.span)
        elif self.brush is not None:
            self._label_everywhere(self.brush, span)
        else:

            async def everywhere(category: str) -> None:
                self._label_everywhere(category, span)

            self.ask_category(
                f"Label every {self.quoted(span)}. Press a category's key.",
                everywhere,
                title=f"Label every {self.quoted(span)} with which entity?",
                by="label.all",
            )

    @work
    async def _label_everywhere(self, category: str, span: Span) -> None:
        """Says first how many places there are, where a slip of the finger would label a great many."""
        places, words = identical(self.text.text, span), self.quoted(span)
        if len(places) > _MANY_PLACES:
            sure = await self.app.push_screen_wait(
                ConfirmScreen(
                    f"Label {len(places):,} places?",
                    f"{words} is in this text {len(places):,} times: each becomes "
                    f"{self.category_name(category)} where nothing is in the way. "
                    "One undo takes all labels back.",
                    confirm="Label",
                )
            )
            if not sure:
                return
        await self.label_identical(category, span, places)

    @decision
    async def label_identical(self, category: str, span: Span, places: Sequence[Span]) -> Transaction | None:
        """Labels ``places``: every place of the words of ``span`` that is not inside other words."""
        if len(places) > _MANY_PLACES:
            self.say(f"Labeling {len(places):,} places…")
        made = await self.session.labeling.add_many(self.document_id, category, places)
        count = sum(change.table == "label" for change in made.changes) if made else 0
        taken = len(places) - count
        self.text.clear_selection()
        self.say(f"{self.quoted(span)}: {_labeled_words(count, taken)}")
        return made
