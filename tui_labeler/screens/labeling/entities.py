"""Labels by keyboard: made, changed, moved, removed; by selection, with a brush, or everywhere at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.labels import Label, Span, Suggestion
from tui_labeler.engine.labeling.rules import LabelInTheWayError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.choosing import chooser
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.labeling.base import LabelingBase, decision
from tui_labeler.screens.labeling.words import identical, quoted
from tui_labeler.screens.narrowing import MANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.events import Key

    from tui_labeler.engine.ports import Transaction


_GO_ON = ("project.leave", "app.help", "app.quit", "app.messages", "app.suspend")
"""Keys that mean what they always mean while a category is asked for."""

_MANY_PLACES = 500
"""More places of the same words than these are labeled after a question only."""

_AT_ENDS = (*_GO_ON, "app.palette", "label.add", "label.edit", "review.accept", "review.reject")
"""Keys that do something while ends are moved, beside those of the text."""


def _labeled_words(count: int, taken: int) -> str:
    """How many places were labeled, and how many were before."""
    if not count:
        return "labeled already." if taken == 1 else f"all {taken} places are labeled already."
    were = "was" if taken == 1 else "were"
    return f"{counted(count, 'place')} labeled{f', {taken} {were} labeled already' if taken else ''}."


class EntityActions(LabelingBase):
    """What the keys for labels do."""

    blocked: tuple[str, Span, str | None] | None = None
    """What could not be labeled because a label is in the way: category, span, and the label to change."""

    _asked = ""
    """What the list of names is asked with, while a category is awaited."""
    _asked_by = ""
    """The id of the key that asks for the category."""

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
            self.say(f"{event.character} labels{of}, the document in view: D goes to it first.")
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
            self.say(f"{shown} is no category's key: press one, enter for the list, or esc.")

    def _keep_editing(self, event: Key) -> None:
        """While ends are moved, keys that would drop them do nothing and say so."""
        active = self.active_bindings.get(event.key)
        name = active.binding.id or "" if active else ""
        if name in _AT_ENDS or name.startswith("text.") or (active is None and not event.is_printable):
            return
        event.stop()
        event.prevent_default()
        shown = event.character if event.is_printable else event.key
        self.say(f"{shown} has to wait: the ends are being moved. enter applies, e leaves.")

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

    def ask_category(self, words: str, step: object, *, title: str, by: str) -> None:
        """The next category key will be the answer.

        The key with the id ``by`` asked; once more it opens the list of names, under ``title``.
        """
        if not self.session.store.state.categories:
            self.say("")
            return
        self.awaiting = (words, step)  # type: ignore[assignment]
        self._asked, self._asked_by, self.message = title, by, ""
        self.take_digits()
        self.show_status()

    def choose_by_name(self, title: str) -> None:
        """Offers all categories by name, those without a key too."""
        self._choose_by_name(title)

    @work
    async def _choose_by_name(self, title: str) -> None:
        if not self.session.store.state.categories:
            self.put_down()
            self.show_status()
            return
        key_of = {category: key for key, category in self.keys.items()}
        choices = [
            (key_of.get(category.id, ""), category.id, category.name)
            for category in self.session.store.state.categories.values()
        ]
        item = self.item()
        at = item.category if item else None
        chosen = await self.app.push_screen_wait(chooser(title, "", choices, at=at))
        if chosen is not None:
            await self.take_category(chosen)
        else:
            self.put_down()
            self.show_status()

    # --- labels -------------------------------------------------------------------------------------

    @decision
    async def toggle_category(self, category: str) -> Transaction | None:
        """Sets a class or takes it away; a suggested one is accepted."""
        item = self.item()
        if isinstance(item, Suggestion):
            return await self._accept(item)
        document, before = self._document_id, self.open_here
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

    def category_name(self, category: str) -> str:
        known = self.session.store.state.categories.get(category)
        return known.name if known else category

    @property
    def _document_id(self) -> int:
        assert self.shown is not None
        return self.shown

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
            made = await self.session.labeling.add(self._document_id, category, span)
        except LabelInTheWayError as error:
            self.blocked = (category, span, None)
            self.say(self._in_the_way(error))
            return None
        self.blocked = None
        self.text.clear_selection()
        return made

    def _in_the_way(self, error: LabelInTheWayError) -> str:
        label = error.labels[0]
        name = self.session.store.state.categories[label.category].name
        more = f" and {len(error.labels) - 1} more" if len(error.labels) > 1 else ""
        words = self.quoted(label.span) if label.span else ""
        return f"In the way: {name} {words}{more}. ! replaces it."

    def quoted(self, span: Span) -> str:
        """The words of a span, cut where they are long."""
        return quoted(self.text.text, span)

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

    @decision
    async def action_replace(self) -> Transaction | None:
        """Labels what was refused, and removes the labels that were in the way."""
        if self.blocked is None:
            self.say("No label is in the way of anything.")
            return None
        category, span, moved = self.blocked
        self.blocked = None
        self.text.clear_selection()
        labeling = self.session.labeling
        if moved is None:
            return await labeling.add(self._document_id, category, span, replacing=True)
        return await labeling.change(self._document_id, moved, category=category, span=span, replacing=True)

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
        if self.has_classes or span is None:
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
        made = await self.session.labeling.add_many(self._document_id, category, places)
        count = sum(change.table == "label" for change in made.changes) if made else 0
        taken = len(places) - count
        self.text.clear_selection()
        self.say(f"{self.quoted(span)}: {_labeled_words(count, taken)}")
        return made

    # --- changing what is there ---------------------------------------------------------------------

    def action_change(self) -> None:
        """Gives the label or suggestion at the cursor another category."""
        item = self.item()
        if item is None:
            self.say(self.no_item_words())
            return

        async def change(category: str) -> None:
            await self.change_item(item, category, None)

        title = "Which category instead?"
        words = "Change to: press a category's key, or c for the list."
        many = self.has_classes and len(self.session.store.state.categories) > MANY
        self.ask_category(title if many else words, change, title=title, by="label.change")
        if many:
            self.choose_by_name(title)

    @decision
    async def change_item(
        self, item: Label | Suggestion, category: str | None, span: Span | None
    ) -> Transaction | None:
        """Changes a label; accepts a suggestion in its changed form."""
        if isinstance(item, Suggestion):
            return await self._accept(item, category, span)
        try:
            return await self.session.labeling.change(
                self._document_id, item.id, category=category, span=span, replacing=self.has_classes
            )
        except LabelInTheWayError as error:
            if item.span is not None:
                self.blocked = (category or item.category, span or item.span, item.id)
            self.say(self._in_the_way(error))
            return None

    async def _accept(
        self, suggestion: Suggestion, category: str | None = None, span: Span | None = None
    ) -> Transaction | None:
        made = await self.session.review.accept(
            self._document_id, suggestion.id, category=category, span=span
        )
        self.after_decision(self._document_id, suggestion, made)
        return made

    def action_edit(self) -> None:
        """Selects the label or suggestion at the cursor, so that its ends can be moved."""
        item = self.item()
        if self.editing is not None:
            self.put_down()
            self.text.clear_selection()
            self.say("")
        elif item is None or item.span is None:
            self.say("There is no label here whose ends could be moved.")
        else:
            self._edit(item.id, item.span)
            self.say("")

    def _edit(self, item: str, span: Span) -> None:
        self.editing = item
        self.text.select(span.start, span.end)
        self.text.focus()
        self.refresh_bindings()

    def leave_dropped_edit(self) -> None:
        """Whoever drops the selection, by mouse for instance, leaves the ends as they were."""
        if self.editing is not None and self.text.selection is None:
            self.put_down()
            self.say("The ends are as they were.")

    def edited(self) -> Label | Suggestion | None:
        """The label or suggestion whose ends are being moved."""
        document = self.document
        if document is None or self.editing is None:
            return None
        return document.labels.get(self.editing) or document.suggestions.get(self.editing)

    async def apply_edit(self) -> None:
        """Takes the selection as the new boundaries; where they can't be had, it stays."""
        item, span = self.edited(), self.text.selection
        self.put_down()
        self.text.clear_selection()
        if item is None or span is None:
            return
        await self.change_item(item, None, span)
        document = self.document
        left = document.suggestions.get(item.id) if document else None
        if left is not None and left.decision is None:
            self._edit(item.id, span)

    async def accept_moved(self) -> bool:
        """Accepts with the ends as they are being moved; false where none are."""
        if self.editing is None:
            return False
        await self.apply_edit()
        return True

    def reject_moved(self) -> bool:
        """Makes ready to reject what has its ends moved; true where that is nothing to reject."""
        if isinstance(item := self.edited(), Label):
            name = self.category_name(item.category)
            self.say(f"x rejects suggestions, and {name} is a label here. enter applies, e leaves.")
            return True
        if self.editing is not None:
            self.put_down()
            self.text.clear_selection()
            if item is not None:
                self.text.go_to_mark(item.id)
        return False

    @decision
    async def action_remove(self) -> Transaction | None:
        """Removes the label at the cursor; rejects the suggestion there."""
        item = self.item()
        if item is None:
            self.say(self.no_item_words())
            return None
        if isinstance(item, Suggestion):
            made = await self.session.review.reject(self._document_id, item.id)
            self.after_decision(self._document_id, item, made)
            return made
        made = await self.session.labeling.remove(self._document_id, item.id)
        if made is not None:
            self.say(f"Removed: {self.category_name(item.category)}. u brings it back.")
        return made
