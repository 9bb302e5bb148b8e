"""Which document is in view, and which place of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.documents import DocumentState
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.labeling.filtering import FilterActions
from tui_labeler.screens.labeling.marks import class_items
from tui_labeler.screens.sharing.sync_words import followed_lines
from tui_labeler.screens.widgets.name_typing import Naming

if TYPE_CHECKING:
    from textual.events import Key

    from tui_labeler.domain.document_rows import DocumentRow


def _line_number(typed: str) -> int:
    """0 for what is none."""
    number = typed.strip().replace(",", "")
    return int(number[:9]) if number.isdecimal() else 0


class DocumentActions(FilterActions):
    """What the keys that go through documents do."""

    def _place(self) -> int:
        """Where the wanted document stands in the list; where the cursor is, if it is not listed."""
        rows = self.documents.rows
        cursor = self.documents.cursor
        if cursor < len(rows) and rows[cursor].id == self.wanted:
            return cursor
        return next((place for place, row in enumerate(rows) if row.id == self.wanted), cursor)

    def action_step(self, step: int) -> None:
        """The next document of the list, or the one before; it does not go round."""
        place = self._place() + step
        if 0 <= place < len(self.documents.rows):
            self._go_on_to(self.documents.rows[place])
        else:
            self.say("This is the last document of the list." if step > 0 else "This is the first document.")

    def _go_on_to(self, row: DocumentRow) -> None:
        """Opens a document. In a pane of many classes the name of one begins where it has nothing yet."""
        self.open_document(row.id)
        if self.pane.has_focus and not self.is_read_only and self._is_unlabeled(row):
            self.pane.begin_name(Naming.BY_ITSELF)

    def action_next_unlabeled(self) -> None:
        """The next document of the list that nobody has labeled, round the end of the list."""
        rows, place = self.documents.rows, self._place()
        if self.reviewing and self.session.project.settings.hide_until_labeled:
            # A review lists what has suggestions in view, and those to label have none.
            rows = self.session.documents.select(sort=self.sorting, as_seen=True)
            place = next((place for place, row in enumerate(rows) if row.id == self.wanted), -1)
        for row in (*rows[place + 1 :], *rows[: place + 1]):
            if self._is_unlabeled(row) and row.id != self.wanted and self.taker(row) is None:
                self._go_on_to(row)
                return
        with_others = sum(self._is_unlabeled(row) and self.taker(row) is not None for row in rows)
        but = f", but for {counted(with_others, 'document')} that others have" if with_others else ""
        self.say(f"Every document of the list is labeled or was reviewed{but}.")

    def _is_unlabeled(self, row: DocumentRow) -> bool:
        """In blind mode one that has suggestions only is still to be labeled. One that is with readers is,
        for each of them, until they are done."""
        if row.is_given:
            return row.is_to_read(self.session.labeling.actor)
        return self.session.documents.as_seen(row).state is DocumentState.UNLABELED

    def action_documents(self) -> None:
        """To the list, or back to the text. On a narrow screen the list comes and goes with it."""
        if self.documents.has_focus:
            self.text.focus()
        else:
            self.set_class(True, "-documents")
            self.documents.focus()

    async def on_key(self, event: Key) -> None:
        """``escape`` goes back from the list or a pane to the text, where it has nothing else to end."""
        ends_other = self.awaiting is not None or self.editing is not None or self.is_looking_through
        in_list = self.documents.has_focus and not self.documents.has_range
        in_pane = (self.pane.has_focus and not self.pane.naming) or self.distribution.has_focus
        if event.key == "escape" and (in_list or in_pane) and not ends_other:
            event.stop()
            self.focus_text()

    def action_next_mark(self, step: int) -> None:
        """Goes to the next label or suggestion of the text, round its end; or of the document's classes."""
        if self.has_classes:
            self._go_to_class(step)
            return
        marks = sorted(self.text.rows.marks.values(), key=lambda mark: (mark.start, mark.end, mark.id))
        if not marks:
            self.say("Nothing is labeled in this document.")
            return
        current = self.text.current_mark
        if current in marks:
            place = (marks.index(current) + step) % len(marks)
        else:
            before = sum(mark.start <= self.text.cursor for mark in marks)
            place = (before if step > 0 else before - 1) % len(marks)
        self.text.go_to_mark(marks[place].id)

    def _go_to_class(self, step: int) -> None:
        document = self.document
        items = [] if document is None else class_items(self.session, document)
        if not items:
            self.say(self.no_item_words())
            return
        current = self.item()
        at = items.index(current) + step if current in items else min(step, 0)
        self.current_class = items[at % len(items)].category
        self.pane.go_to(self.current_class)
        self.show_document()

    @work
    async def action_line(self) -> None:
        """Asks for the number of a line, and goes there."""
        here, last = self.text.line

        async def check(typed: str) -> None:
            if not _line_number(typed):
                raise InputError(f"“{typed}” is no line number.", hint=f"Lines go from 1 to {last:,}.")

        typed = await self.app.push_screen_wait(
            InputScreen("Go to line", f"1 to {last:,}", str(here), anew=True, accept=check)
        )
        if typed is not None:
            wanted = _line_number(typed)
            self.text.focus()
            self.text.go_to_line(wanted)
            if wanted > last:
                self.say(f"Line {last:,} is the last one.")

    def action_compact(self) -> None:
        """Underlines in the text in place of rules under it, or back; for all documents until the end."""
        self.looks.compact = self.text.compact = not self.looks.compact
        self.say("Compact: the line below names the label at the cursor." if self.looks.compact else "")

    @work(exclusive=True, group="sync")
    @reporting
    async def action_read_container(self) -> None:
        """Takes in new, changed and missing documents."""
        self.say("Reading the container…")
        try:
            synced = await self.session.documents.sync()
        finally:
            self.say("")
        self.show_changes()
        self.refill()
        parts = [f"{synced.added:,} new", f"{synced.changed:,} changed", f"{synced.gone:,} gone"]
        parts += [f"{len(synced.unreadable):,} unreadable"] * bool(synced.unreadable)
        words = [", ".join(parts), *followed_lines(synced)]
        tell(self.app, "\n".join(words), title="The container was read")
