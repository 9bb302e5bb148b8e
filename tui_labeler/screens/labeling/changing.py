"""What is labeled or suggested gets another category or other ends, makes room for others, or goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, Span, Suggestion
from tui_labeler.engine.labeling.rules import LabelInTheWayError
from tui_labeler.screens.labeling.asking import CategoryQuestions
from tui_labeler.screens.labeling.base import decision
from tui_labeler.screens.labeling.words import quoted
from tui_labeler.screens.narrowing import MANY

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Transaction


@dataclass(frozen=True, slots=True)
class Blocked:
    """What could not be labeled because a label is in the way, and where that was said."""

    category: str
    span: Span
    moved: str | None
    """The label that was to be changed; ``None`` where one was to be added."""
    view: tuple[object, ...]
    """The document, line, cursor and selection that were in view with the offer to replace."""


class ChangeActions(CategoryQuestions):
    """What the keys for the label or suggestion at the cursor do."""

    _blocked: Blocked | None = None
    """What was refused last; offered by :attr:`offered` only."""

    @property
    def document_id(self) -> int:
        assert self.shown is not None
        return self.shown

    def in_the_way(self, error: LabelInTheWayError) -> str:
        label = error.labels[0]
        known = self.session.store.state.categories.get(label.category)
        # A label that was written by hand may be of none.
        name = label.category if known is None else known.name
        more = f" and {len(error.labels) - 1} more" if len(error.labels) > 1 else ""
        words = self.quoted(label.span) if label.span else ""
        return f"In the way: {name} {words}{more}. ! replaces it."

    def quoted(self, span: Span) -> str:
        """The words of a span, cut where they are long."""
        return quoted(self.text.text, span)

    def refuse(self, error: LabelInTheWayError, category: str, span: Span | None, moved: str | None) -> None:
        """Says what is in the way, and offers to replace it for as long as that is in view."""
        self.say(self.in_the_way(error))
        self._blocked = None if span is None else Blocked(category, span, moved, self._view_of_offer())

    def _view_of_offer(self) -> tuple[object, ...]:
        return self.shown, self.message, self.text.cursor, self.text.selection

    @property
    def offered(self) -> Blocked | None:
        """What was refused, while the line offers to replace and nothing else was begun since."""
        blocked = self._blocked
        return blocked if blocked is not None and blocked.view == self._view_of_offer() else None

    def withdraw_offer(self) -> None:
        """Takes the line away that offers to replace, where what was refused is no longer selected."""
        if self._blocked is not None and self.offered is None:
            if self.message == self._blocked.view[1]:
                self.message = ""
            self._blocked = None

    async def action_replace(self) -> None:
        """Labels what was refused, and removes the labels that were in the way."""
        # The line goes when the step begins, and with it what it offers.
        await self._replace(self.offered, self.shown)

    @decision
    async def _replace(self, blocked: Blocked | None, document: int | None) -> Transaction | None:
        self._blocked = None
        if blocked is None or document != self.shown:
            none = "No label is in the way of anything."
            self.say("Nothing is in the way of a class: press its key." if self.has_classes else none)
            return None
        category, span, moved = blocked.category, blocked.span, blocked.moved
        self.text.clear_selection()
        labeling = self.session.labeling
        if moved is None:
            return await labeling.add(self.document_id, category, span, replacing=True)
        return await labeling.change(self.document_id, moved, category=category, span=span, replacing=True)

    def action_change(self) -> None:
        """Gives the label or suggestion at the cursor another category."""
        item = self.item()
        unplaced = self.unplaced_words("change", item)
        if unplaced or item is None:
            self.answer(unplaced or self.no_item_words())
            return

        async def change(category: str) -> None:
            if self.editing is None:
                # What is selected is not what gets the category.
                self.text.clear_selection()
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
            return await self.accept_item(item, category, span)
        try:
            return await self.session.labeling.change(
                self.document_id, item.id, category=category, span=span, replacing=self.has_classes
            )
        except LabelInTheWayError as error:
            self.refuse(error, category or item.category, span or item.span, item.id)
            return None

    async def accept_item(
        self, suggestion: Suggestion, category: str | None = None, span: Span | None = None
    ) -> Transaction | None:
        made = await self.session.review.accept(self.document_id, suggestion.id, category=category, span=span)
        self.after_decision(self.document_id, suggestion, made)
        return made

    def action_edit(self) -> None:
        """Selects the label or suggestion at the cursor, so that its ends can be moved."""
        item = self.item()
        if self.editing is not None:
            self.put_down()
            self.text.clear_selection()
            self.say("")
        elif self.has_classes:
            self.say("A class holds for the whole document: it has no ends to move.")
        elif unplaced := self.unplaced_words("edit", item):
            self.answer(unplaced)
        elif item is None or item.span is None:
            self.answer("There is no label here whose ends could be moved.")
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
        if unplaced := self.unplaced_words("remove", item):
            self.answer(unplaced)
            return None
        if item is None:
            self.say(self.no_item_words())
            return None
        if isinstance(item, Suggestion):
            made = await self.session.review.reject(self.document_id, item.id)
            self.after_decision(self.document_id, item, made)
            if made is not None and not self.reviewing:
                # In a review the figures tell, and the line is for the next suggestion.
                self.say(f"Rejected: {self.category_name(item.category)}. u brings it back.")
            return made
        made = await self.session.labeling.remove(self.document_id, item.id)
        if made is not None:
            self.say(f"Removed: {self.category_name(item.category)}. u brings it back.")
        return made
