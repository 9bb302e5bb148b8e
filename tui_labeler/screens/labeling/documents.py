"""Which document is in view, which are listed, and what is said of one as a whole."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.documents import DocumentState, Sort
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.turns import BATCH, Progress
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen
from tui_labeler.screens.labeling.base import decision, step
from tui_labeler.screens.labeling.filter import FilterScreen
from tui_labeler.screens.labeling.marks import class_items
from tui_labeler.screens.labeling.search import SearchActions
from tui_labeler.screens.labeling.searching import DRAW_EVERY
from tui_labeler.screens.labeling.view import NOTHING_SUGGESTED
from tui_labeler.screens.readings.agreement import AgreementScreen
from tui_labeler.screens.sharing.sync_words import followed_lines
from tui_labeler.screens.working import with_progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.events import Key
    from textual.worker import Worker

    from tui_labeler.domain.documents import Document, DocumentRow
    from tui_labeler.engine.ports import Transaction
    from tui_labeler.screens.labeling.filter import FilterChoice

_SORTS = (
    ("n", Sort.NAME, "Name"),
    ("z", Sort.SIZE, "Size"),
    ("s", Sort.STATE, "State"),
    ("c", Sort.CONFIDENCE, "Document with the least confident suggestion first"),
)


_STOPPED = "What was changed until then stays; one undo takes it back."


def _line_number(typed: str) -> int:
    """0 for what is none."""
    number = typed.strip().replace(",", "")
    return int(number[:9]) if number.isdecimal() else 0


class DocumentActions(SearchActions):
    """What the keys for documents do."""

    _in_texts = ""
    """The words that a filter looks for in the texts at the moment."""

    _filtering: Worker[None] | None = None

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
            self._go_on_to(self.documents.rows[place])
        else:
            self.say("This is the last document of the list." if step > 0 else "This is the first document.")

    def _go_on_to(self, row: DocumentRow) -> None:
        """Opens a document. In a pane of many classes the name of one begins where it has nothing yet."""
        self.open_document(row.id)
        if self.pane.has_focus and not self.is_read_only and self._is_unlabeled(row):
            self.pane.begin_name(by_itself=True)

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

    # --- filtering, sorting, lines ---------------------------------------------------------------

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
            self.text.focus()
            self.text.go_to_line(_line_number(typed))

    def action_compact(self) -> None:
        """Underlines in the text in place of rules under it, or back; for all documents until the end."""
        self.looks.compact = self.text.compact = not self.looks.compact
        self.say("Compact: the line below names the label at the cursor." if self.looks.compact else "")

    def action_filter(self) -> None:
        """Which documents are listed; in a review, which suggestions it visits. Calls off a filter that
        is still looking through the texts."""
        if self._in_texts:
            self._call_off()
        elif self.reviewing:
            self.filter_suggestions()
        else:
            self._filtering = self._filter_documents()

    async def on_key(self, event: Key) -> None:
        """Calls off a filter that looks through the texts."""
        if self._in_texts and event.key in ("escape", "ctrl+g"):
            event.stop()
            event.prevent_default()
            self._call_off()

    def _call_off(self) -> None:
        assert self._filtering is not None
        self._filtering.cancel()
        self.say(f"Looking for “{self._in_texts}” was called off: the list is as it was.")

    @work
    async def _filter_documents(self) -> None:
        await self._ask_filter()

    @reporting
    async def _ask_filter(self) -> None:
        jobs = await self.session.jobs.list()
        categories = tuple(self.session.store.state.categories.values())
        # A list that is not narrowed to documents by their ids has lost what was found.
        narrowed, found = self.filter.ids, self._found_list
        chosen = await self.app.push_screen_wait(
            FilterScreen(
                self.filter,
                categories,
                jobs,
                self.session.labeling.actor,
                found=found if found and narrowed is not None and narrowed <= found.ids else None,
                contents=self._contents if narrowed is not None else "",
            )
        )
        if chosen is not None:
            await self._apply_filter(chosen)

    async def _apply_filter(self, chosen: FilterChoice) -> None:
        wanted, unreadable = chosen.filter, 0
        if chosen.contents:
            self._in_texts = chosen.contents
            try:
                found, unreadable = await self._look_into_texts(chosen)
            finally:
                self._in_texts = ""
            wanted = replace(wanted, ids=found)
        self._contents = chosen.contents
        self.list_documents(wanted, chosen.words)
        if unreadable:
            tell(self.app, f"{counted(unreadable, 'document')} can't be read.", title="Not looked into")

    async def _look_into_texts(self, chosen: FilterChoice) -> tuple[frozenset[int], int]:
        """The documents whose text holds the words, and how many could not be read."""
        among = self.session.documents.select(chosen.filter, self.sorting, as_seen=True)
        ids: set[int] = set()
        unreadable, said, clock = 0, 0.0, asyncio.get_running_loop().time
        async with aclosing(self.session.documents.search(chosen.contents, among)) as steps:
            async for step in steps:
                ids.update(found.row.id for found in step.found)
                unreadable = step.unreadable
                if clock() >= said + DRAW_EVERY:
                    said = clock()
                    self.say(
                        f"{counted(len(ids), 'document')} with “{chosen.contents}” so far, {step.looked:,} "
                        f"of {step.total:,} looked at. f calls it off."
                    )
        return frozenset(ids), unreadable

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

    def concerned_rows(self) -> list[DocumentRow]:
        """What a key about documents is for: those selected, or in an open range, while the list has the
        focus, else the one in view."""
        known = self.session.rows
        if self.documents.has_focus and (chosen := self.documents.in_hand):
            return [known[key] for key in sorted(chosen & known.keys())]
        return [] if self.document is None else [known[self.document.id]]

    def concerned(self) -> list[Document]:
        """As :meth:`concerned_rows`, each looked into: for what the short form does not tell."""
        return [self.session.store.state.document(row.id) for row in self.concerned_rows()]

    async def _change(
        self,
        title: str,
        rows: Sequence[DocumentRow],
        change: Callable[[Progress], Awaitable[Transaction | None]],
        words: str,
    ) -> Transaction | None:
        """Changes documents at once; from within a step. More than one transaction holds go on by themselves,
        with their progress in view, and may be stopped."""
        if len(rows) > BATCH:
            self._change_many(title, rows, change, words)
            return None
        self.say(self._said(rows, words))
        return await change(Progress())

    @work(group="many")
    @reporting
    async def _change_many(
        self,
        title: str,
        rows: Sequence[DocumentRow],
        change: Callable[[Progress], Awaitable[Transaction | None]],
        words: str,
    ) -> None:
        progress = Progress()

        async def at_work(shown: Progress) -> None:
            nonlocal progress
            progress = shown
            await change(shown)

        async with self.turn:
            try:
                await with_progress(self.app, title, at_work, when_stopped=_STOPPED)
            finally:
                self.show_changes()
        stopped = f" Stopped: only {progress.done:,} of {progress.total:,} were changed." * progress.stopped
        self.say(self._said(rows, words + stopped))

    def _said(self, documents: Sequence[Document | DocumentRow], words: str) -> str:
        if len(documents) != 1:
            return f"{counted(len(documents), 'document')}: {words}"
        return words if self.documents.lists(documents[0].id) else f"{documents[0].location}: {words}"

    def _these(self, documents: Sequence[Document | DocumentRow]) -> str:
        """One that the list does not show is named."""
        if len(documents) != 1:
            return f"{len(documents):,} documents"
        return "this document" if self.documents.lists(documents[0].id) else documents[0].location

    def on_document_list_selection_changed(self) -> None:
        self.show_title()

    @decision
    async def action_mark_reviewed(self) -> Transaction | None:
        """Seen, and rightly empty: it counts for training. Once more takes it back."""
        documents = self.concerned_rows()
        empty = [row for row in documents if row.reviewed or not row.labels]
        if not empty:
            what = (
                documents[0].location if len(documents) == 1 else f"Each of the {len(documents):,} documents"
            )
            raise RefusedError(f"{what} has labels.", hint="Only an empty document is marked as such.")
        reviewed = any(not row.reviewed for row in empty)
        words = "Reviewed: nothing to label." if reviewed else "Not reviewed any more."
        if len(empty) < len(documents):
            words += f" {len(documents) - len(empty):,} more have labels."
        elif reviewed and len(documents) == 1:
            words += " U goes to the next."
        ids, mark = [row.id for row in empty], self.session.labeling.set_reviewed
        return await self._change(
            "Marking", empty, lambda progress: mark(ids, reviewed=reviewed, progress=progress), words
        )

    @work(exclusive=True, group="history")
    @reporting
    async def action_agreement(self) -> None:
        """In blind mode shows what was suggested beside the labels, once the person says that all of it is
        labeled; else how far both agree so far."""
        if not await self.ready() or (document := self.document) is None:
            return
        if document.readers:
            await self._show_agreement(document)
            return
        if self.is_blind and not await self.session.blind.is_anything_suggested():
            self.say(NOTHING_SUGGESTED)
            return
        if self.is_blind and document.active_labels and not await self._is_done(document):
            return
        async with self.turn:
            made = await self.session.blind.reveal(document.id)
            self.show_changes([made] if made else ())
            if made and self.reviewing:
                self.refill()
        await self._show_agreement(document)

    async def _show_agreement(self, document: Document) -> None:
        result = await self.session.blind.result()
        readers = await self.session.agreeing.result()
        reading = self.session.store.state.document(document.id).blind
        # Two readings on an earlier text are not compared at all.
        same_text = reading is None or reading.text_hash == document.text_hash
        self.app.push_screen(
            AgreementScreen(
                self.session, result, readers, document.location, self.text.text if same_text else None
            )
        )

    async def _is_done(self, document: Document) -> bool:
        """Asks whether all of a document is labeled: what is missing would count against the suggestions."""
        labels = counted(len(document.active_labels), "label")
        answer = await self.app.push_screen_wait(
            ConfirmScreen(
                f"Is all of {document.location} labeled?",
                "Blind mode hides what was suggested for it. When you are done, that is shown beside your "
                f"{labels}, and how far both agree as they are now is counted. That is not taken back.",
                "Done: show suggestions",
                "Go on labeling",
            )
        )
        return answer is True

    @step
    async def action_dataset(self) -> Transaction | None:
        """To the other set; several go to the testing set unless they are all in it."""
        rows = self.concerned_rows()
        all_tested = all(row.dataset is Dataset.TEST for row in rows)
        other = Dataset.TRAIN if all_tested else Dataset.TEST
        words = "In the testing set." if other is Dataset.TEST else "In the training set."
        ids, put = [row.id for row in rows], self.session.documents.set
        return await self._change(
            "Changing the set", rows, lambda progress: put(ids, dataset=other, progress=progress), words
        )

    @work
    async def action_flag(self) -> None:
        documents = self.concerned_rows()
        if not documents:
            return
        chosen = [document.id for document in documents]

        async def set_flag(note: str) -> None:
            flag = self.session.labeling.set_flag
            made = await self._change(
                "Flagging",
                documents,
                lambda progress: flag(chosen, note, progress),
                "Flagged." if note.strip() else "Not flagged.",
            )
            self.show_changes([made] if made else ())

        await self.app.push_screen_wait(
            InputScreen(
                f"Flag {self._these(documents)}",
                "A note for whoever looks for it; empty takes the flag away",
                documents[0].flag,
                "ask the team lead",
                accept=set_flag,
            )
        )

    @work
    async def action_language(self) -> None:
        documents = self.concerned_rows()
        if not documents:
            return
        chosen = [document.id for document in documents]

        async def set_language(language: str) -> None:
            put = self.session.documents.set
            made = await self._change(
                "Changing the language",
                documents,
                lambda progress: put(chosen, language=language.strip(), progress=progress),
                "Their language was changed." if len(documents) > 1 else "",
            )
            self.show_changes([made] if made else ())

        await self.app.push_screen_wait(
            InputScreen(
                f"Language of {self._these(documents)}",
                "For instance en-us; empty takes the project's",
                documents[0].language,
                self.session.project.language,
                accept=set_language,
            )
        )

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
