"""Which document is in view, which are listed, and what is said of one as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.documents import DocumentState, Sort
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.agreement import AgreementScreen
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ChoiceScreen, InputScreen
from tui_labeler.screens.labeling_base import LabelingBase, decision
from tui_labeler.screens.labeling_filter import FilterScreen

if TYPE_CHECKING:
    from tui_labeler.domain.documents import DocumentRow
    from tui_labeler.engine.ports import Transaction
    from tui_labeler.screens.labeling_filter import FilterChoice

_SORTS = (
    ("n", Sort.NAME, "Name"),
    ("z", Sort.SIZE, "Size"),
    ("s", Sort.STATE, "State"),
    ("c", Sort.CONFIDENCE, "Least confident first"),
)


class DocumentActions(LabelingBase):
    """What the keys for documents do."""

    _searched = ""

    # --- going through them -------------------------------------------------------------------------

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
            self.open_document(self.documents.rows[place].id)
        else:
            self.say("This is the last document of the list." if step > 0 else "This is the first document.")

    def action_next_unlabeled(self) -> None:
        """The next document of the list that nobody has labeled, round the end of the list."""
        rows, place = self.documents.rows, self._place()
        for row in (*rows[place + 1 :], *rows[: place + 1]):
            if self._is_unlabeled(row) and row.id != self.wanted:
                self.open_document(row.id)
                return
        self.say("Every document of the list is labeled or was reviewed.")

    def _is_unlabeled(self, row: DocumentRow) -> bool:
        """In blind mode one that has suggestions only is still to be labeled."""
        if row.state is DocumentState.AUTO_LABELED and not row.label_count:
            document = self.session.store.state.document(row.id)
            return document.reviewed is None and document.hides_suggestions(self.session.project.settings)
        return row.state is DocumentState.UNLABELED

    def action_documents(self) -> None:
        """To the list, or back to the text. On a narrow screen the list comes and goes with it."""
        if self.documents.has_focus:
            self.text.focus()
        else:
            self.set_class(True, "-documents")
            self.documents.focus()

    def action_next_mark(self, step: int) -> None:
        """Goes to the next label or suggestion of the text, round its end."""
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

    # --- searching, filtering, sorting --------------------------------------------------------------

    @work
    async def action_search(self) -> None:
        """Looks for words in the text; the same again goes to the next place."""
        words = await self.app.push_screen_wait(
            InputScreen(
                "Search in this text", "enter finds, n and N go on; empty ends it", self._searched, anew=True
            )
        )
        if words is None:
            return
        self._searched = words.strip()
        if self._searched:
            self.find_again(forward=True)
        else:
            self.text.clear_found()
            self.say("")

    def find_again(self, *, forward: bool) -> None:
        found = self.text.find(self._searched, forward)
        self.text.focus()
        if found is None:
            self.say(f"“{self._searched}” is not in this text. f finds documents by their text.")
        else:
            place = self.text.found.index(found) + 1
            self.say(f"“{self._searched}”: {place} of {len(self.text.found)}")

    @work
    async def action_line(self) -> None:
        """Asks for the number of a line, and goes there."""
        here, last = self.text.line
        typed = await self.app.push_screen_wait(
            InputScreen("Go to line", f"1 to {last:,}", str(here), anew=True)
        )
        if typed is None:
            return
        number = typed.strip().replace(",", "")
        if number.isdecimal() and int(number[:9]):
            self.text.focus()
            self.text.go_to_line(int(number[:9]))
        else:
            self.say(f"“{typed}” is no line number. Lines go from 1 to {last:,}.")

    def action_compact(self) -> None:
        """Underlines in the text in place of rules under it, or back; for all documents until the end."""
        self.looks.compact = self.text.compact = not self.looks.compact
        self.say("Compact: the line below names the label at the cursor." if self.looks.compact else "")

    def action_filter(self) -> None:
        """Which documents are listed; in a review, which suggestions it visits."""
        if self.reviewing:
            self.filter_suggestions()
        else:
            self._filter_documents()

    @work
    async def _filter_documents(self) -> None:
        await self._ask_filter()

    @reporting
    async def _ask_filter(self) -> None:
        jobs = await self.session.jobs.list()
        categories = tuple(self.session.store.state.categories.values())
        chosen = await self.app.push_screen_wait(FilterScreen(self.filter, categories, jobs))
        if chosen is not None:
            await self._apply_filter(chosen)

    async def _apply_filter(self, chosen: FilterChoice) -> None:
        wanted = chosen.filter
        if chosen.contents:
            among = self.session.documents.select(wanted, self.sorting)
            found: list[int] = []
            async for row in self.session.documents.search(chosen.contents, among):
                found.append(row.id)
                if len(found) % 20 == 1:
                    self.say(f"Looking for “{chosen.contents}”: {counted(len(found), 'document')}…")
            wanted = replace(wanted, ids=frozenset(found))
        self.filter, self.filter_words = wanted, chosen.words
        self.refill()
        self.say("" if self.documents.rows else "No document is like that. f shows others.")
        if self.documents.rows and all(row.id != self.wanted for row in self.documents.rows):
            self.open_document(self.documents.rows[0].id)

    @work
    async def action_sort(self) -> None:
        chosen = await self.app.push_screen_wait(
            ChoiceScreen(
                "Order of the documents", "", [(key, str(sort), words) for key, sort, words in _SORTS]
            )
        )
        if chosen is not None:
            self.sorting = Sort(chosen)
            self.refill()

    # --- one document as a whole --------------------------------------------------------------------

    @decision
    async def action_mark_reviewed(self) -> Transaction | None:
        """Seen, and rightly empty: it counts for training. Once more takes it back."""
        document = self.document
        assert document is not None
        if document.reviewed is None and document.active_labels:
            raise RefusedError(
                f"{document.location} has labels.", hint="Only an empty document is marked as such."
            )
        reviewed = document.reviewed is None
        self.say("Reviewed: nothing to label. U goes to the next." if reviewed else "Not reviewed any more.")
        return await self.session.labeling.set_reviewed(document.id, reviewed=reviewed)

    @work(exclusive=True, group="history")
    @reporting
    async def action_agreement(self) -> None:
        """In blind mode shows what was suggested beside the labels; else how far both agree so far."""
        if not await self.ready() or (document := self.document) is None:
            return
        async with self.turn:
            made = await self.session.blind.reveal(document.id)
            self.show_changes([made] if made else ())
        result = await self.session.blind.result()
        reading = self.session.store.state.document(document.id).blind
        same_text = reading is not None and reading.text_hash == document.text_hash
        self.app.push_screen(
            AgreementScreen(self.session, result, document.location, self.text.text if same_text else None)
        )

    @decision
    async def action_dataset(self) -> Transaction | None:
        document = self.document
        assert document is not None
        other = Dataset.TRAIN if document.dataset is Dataset.TEST else Dataset.TEST
        self.say("In the testing set." if other is Dataset.TEST else "In the training set.")
        return await self.session.documents.set([document.id], dataset=other)

    @work
    async def action_flag(self) -> None:
        document = self.document
        if document is None:
            return
        note = await self.app.push_screen_wait(
            InputScreen(
                "Flag this document",
                "A note for whoever looks for it; empty takes the flag away",
                document.flag,
                "ask the team lead",
            )
        )
        if note is not None:
            await self._set_flag(document.id, note)

    @reporting
    async def _set_flag(self, document: int, note: str) -> None:
        made = await self.session.labeling.set_flag(document, note)
        self.show_changes([made] if made else ())

    @work
    async def action_language(self) -> None:
        document = self.document
        if document is None:
            return
        language = await self.app.push_screen_wait(
            InputScreen(
                "Language of this document",
                "For instance en-us; empty takes the project's",
                document.language,
                self.session.project.language,
            )
        )
        if language is not None:
            await self._set_language(document.id, language.strip())

    @reporting
    async def _set_language(self, document: int, language: str) -> None:
        made = await self.session.documents.set([document], language=language)
        self.show_changes([made] if made else ())

    @work(exclusive=True, group="sync")
    @reporting
    async def action_read_container(self) -> None:
        """Takes in new, changed and missing documents."""
        self.say("Reading the container…")
        synced = await self.session.documents.sync()
        self.show_changes()
        self.refill()
        parts = [f"{synced.added:,} new", f"{synced.changed:,} changed", f"{synced.gone:,} gone"]
        parts += [f"{len(synced.unreadable):,} unreadable"] * bool(synced.unreadable)
        self.say("")
        tell(self.app, ", ".join(parts), title="The container was read")
