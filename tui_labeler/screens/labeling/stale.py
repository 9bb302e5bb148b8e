"""Labels whose text has changed, or is gone, since they were made: a question for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.engine.documents.reading import GONE
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.labeling.base import LabelingBase
from tui_labeler.screens.labeling.words import quoted
from tui_labeler.screens.working import ask, looked_up

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Label, Span
    from tui_labeler.engine.documents.looking_again import Earlier
    from tui_labeler.engine.ports import Transaction


class StaleActions(LabelingBase):
    """What the key for such labels does."""

    _stale_in_hand: str | None = None
    """The id of the label that is set on what is selected next."""

    def put_down(self) -> None:
        super().put_down()
        self._stale_in_hand = None

    def _show_problem(self) -> None:
        document = self.document
        if self.problem and document is not None and document.problem == GONE and document.active_labels:
            labels = counted(len(document.active_labels), "label")
            self.problem += f"\n\nIts {labels} are kept. Q asks what is to become of them."
        super()._show_problem()

    def weighty_words(self) -> str:
        words = super().weighty_words()
        label = self._label_in_hand
        if label is None or self.awaiting is not None or self.message:
            return words
        what = f"Where is {self.category_name(label.category)}? Select the words"
        return f"{what}, then Q sets it there." if not self.selecting else f"{what}: Q sets it on these."

    @property
    def _label_in_hand(self) -> Label | None:
        document = self.document
        label = document.labels.get(self._stale_in_hand or "") if document else None
        return label if label is not None and label.is_active else None

    # --- the key ------------------------------------------------------------------------------------

    @work(exclusive=True, group="history")
    @reporting
    async def action_look_again(self) -> None:
        """Asks about the next label on an earlier text, or sets the one in hand on what is selected."""
        document, span = self.document, self.text.selection
        if self._label_in_hand is not None and document is not None and span is not None:
            await self._keep(document, self._label_in_hand, span)
        elif document is not None and document.problem == GONE and document.active_labels:
            await self._ask_about_gone(document)
        elif document is not None and (label := self._next_stale(document)) is not None:
            await self._ask(document, label)
        else:
            self._go_to_another()

    def _next_stale(self, document: Document) -> Label | None:
        """The one at the cursor, else the next in the text, round its end."""
        stale = [label for label in document.active_labels if document.is_stale(label)]
        here = self.item()
        if any(label is here for label in stale):
            return next(label for label in stale if label is here)
        cursor = self.text.cursor
        return next(
            (label for label in stale if label.span and label.span.start >= cursor), next(iter(stale), None)
        )

    def _go_to_another(self) -> None:
        """To the next document that has such labels, round the end of the list."""
        rows: list[DocumentRow] = self.session.documents.select(sort=self.sorting)
        place = next((number for number, row in enumerate(rows) if row.id == self.wanted), -1)
        for row in (*rows[place + 1 :], *rows[: place + 1]):
            if row.stale and row.id != self.wanted:
                self.open_document(row.id, self.action_look_again)
                return
        self.say("No label is on an earlier text.")

    async def _ask(self, document: Document, label: Label) -> None:
        self.check_taken()
        assert label.span is not None
        text, span, name = self.text.text, label.span, self.category_name(label.category)
        fits = span.end <= len(text)
        if fits:
            self.text.go_to(span.start, span.end)

        async def look() -> tuple[Earlier | None]:
            return (await self.session.looking_again.earlier(document.id, label),)

        found = await looked_up(self.app, "Looking for the text it was made on", look)
        if found is None:
            return
        (earlier,) = found
        lines = (
            [f"It was made on: {earlier.around}"]
            if earlier
            else ["The text that it was made on is not kept."]
        )
        lines.append(f"There stands now: {quoted(text, span)}" if fits else "The text is shorter now.")
        choices = [("k", "keep", f"Keep {name} here")] if fits else []
        choices += [
            ("s", "set", "Set it elsewhere: select the words, then Q"),
            ("r", "remove", "Remove it"),
        ]
        question = f"Does {name} by {label.made.actor} still hold?"
        answer = await ask(self, ChoiceScreen(question, "\n".join(lines), choices))
        if answer == "keep":
            await self._keep(document, label, None)
        elif answer == "remove":
            async with self.turn:
                self._show(await self.session.labeling.remove(document.id, label.id))
            self._say_what_is_left(document.id, f"{name} is removed.")
        elif answer == "set":
            self._stale_in_hand = label.id
            self.text.clear_selection()
            self.text.focus()
            self.show_status()

    async def _keep(self, document: Document, label: Label, span: Span | None) -> None:
        self.check_taken()
        async with self.turn:
            self._show(await self.session.looking_again.keep(document.id, label.id, span))
        self._stale_in_hand = None
        self.text.clear_selection()
        self._say_what_is_left(
            document.id, f"{self.category_name(label.category)} holds for the text of today."
        )

    async def _ask_about_gone(self, document: Document) -> None:
        self.check_taken()
        labels = counted(len(document.active_labels), "label")
        answer = await self.app.push_screen_wait(
            ChoiceScreen(
                f"{document.location} is no longer in the container",
                f"Its {labels} are kept, and come to life again should it come back.",
                [("k", "keep", "Keep them"), ("r", "remove", f"Remove its {labels}; u takes that back")],
            )
        )
        if answer == "remove":
            async with self.turn:
                self._show(await self.session.looking_again.clear(document.id))
            self.say(f"Removed: {labels}.")

    def _show(self, made: Transaction | None) -> None:
        self.show_changes([made] if made else ())

    def _say_what_is_left(self, document: int, words: str) -> None:
        left = sum(row.stale for row in self.session.rows.values())
        here = self.session.rows[document].stale
        more = f" {left:,} more to look at: Q, {here:,} of them here." if left else " None is left."
        self.say(words + more)
