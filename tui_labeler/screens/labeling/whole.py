"""What is said of documents as a whole: nothing to label, a flag, their set, their language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.documents.reading import GONE
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.labeling.rules import NOT_EMPTY, check_empty
from tui_labeler.engine.turns import BATCH, Progress
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.labeling.base import LabelingBase, step
from tui_labeler.screens.working import with_progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import Transaction

_STOPPED = "What was changed until then stays; one undo takes it back."


class WholeDocumentActions(LabelingBase):
    """What the keys for whole documents do: the one in view, or those of the list."""

    def concerned_rows(self) -> list[DocumentRow]:
        """What a key about documents is for: while the list has the focus those selected, or in an open
        range, or else the one at its cursor; in the text the one in view."""
        known = self.session.rows
        if self.documents.has_focus:
            at_cursor = [row.id for row in [self.documents.current] if row is not None]
            chosen = self.documents.in_hand or frozenset(at_cursor)
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
        said = self._said(rows, words)
        made = await change(Progress())
        self.say(said)
        return made

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
        return words if self._is_plain(documents[0].id) else f"{documents[0].location}: {words}"

    def _these(self, documents: Sequence[Document | DocumentRow]) -> str:
        """One that is not in view, or that the list does not show, is named."""
        if len(documents) != 1:
            return f"{len(documents):,} documents"
        return "this document" if self._is_plain(documents[0].id) else documents[0].location

    def _is_plain(self, document_id: int) -> bool:
        """Which document is meant needs no name."""
        return document_id == self.shown and self.documents.lists(document_id)

    def on_document_list_selection_changed(self) -> None:
        self.show_title()

    @step
    async def action_mark_reviewed(self) -> Transaction | None:
        """Seen, and rightly empty: it counts for training. Once more takes it back."""
        concerned = self.concerned_rows()
        documents = [row for row in concerned if self._has_text(row)]
        if not documents:
            if len(concerned) == 1 and concerned[0].problem == GONE:
                check_empty(concerned[0])
            if concerned:
                these = self._these(concerned).replace("this document", "This document")
                self.answer(f"{these} can't be read, so nothing can be labeled there.")
            return None
        for row in documents:
            self.check_taken(row.id)
        empty = [row for row in documents if not row.labels]
        reviewed = any(not row.reviewed for row in empty)
        chosen = empty if reviewed else [row for row in documents if row.reviewed]
        if not chosen:
            if len(documents) == 1:
                check_empty(documents[0])
            raise RefusedError(f"Each of the {len(documents):,} documents has labels.", hint=NOT_EMPTY)
        words = "Reviewed: nothing to label." if reviewed else "Not reviewed any more."
        if len(chosen) < len(documents):
            words += f" {len(documents) - len(chosen):,} more have labels."
        if unread := len(concerned) - len(documents):
            words += f" {unread:,} can't be read."
        elif reviewed and len(documents) == 1:
            words += " U goes to the next."
        ids, mark = [row.id for row in chosen], self.session.labeling.set_reviewed
        return await self._change(
            "Marking", chosen, lambda progress: mark(ids, reviewed=reviewed, progress=progress), words
        )

    def _has_text(self, row: DocumentRow) -> bool:
        """Whether a document could be read when it was tried last."""
        return not (row.problem or (row.id == self.shown and self.problem))

    @step
    async def action_dataset(self) -> Transaction | None:
        """To the other set; several go to the testing set unless they are all in it."""
        rows = self.concerned_rows()
        if not rows:
            return None
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
