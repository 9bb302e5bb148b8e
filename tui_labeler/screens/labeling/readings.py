"""Documents that two label each without the other, two people or a person and a model: who they are given to,
being done with one, and how far both agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ConfirmScreen, InputScreen
from tui_labeler.screens.labeling.base import NO_TEXT
from tui_labeler.screens.labeling.view import NOTHING_SUGGESTED
from tui_labeler.screens.labeling.whole import WholeDocumentActions
from tui_labeler.screens.readings.agreement import AgreementScreen
from tui_labeler.screens.working import ask, looked_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.readings.agreeing import Agreed
    from tui_labeler.engine.reviewing.blind import BlindResult


class ReadingActions(WholeDocumentActions):
    """What the keys for readings do."""

    # --- giving -------------------------------------------------------------------------------------

    @work
    @reporting
    async def action_give(self) -> None:
        """Gives the documents to two people; takes them back where all of them are with readers."""
        documents = self.concerned()
        if not documents:
            return
        if all(document.is_given for document in documents):
            await self._withdraw(documents)
            return
        chosen = [document.id for document in documents]

        async def give(typed: str) -> None:
            given = await self.session.readings.assign(typed.split(","), documents=chosen)
            self.show_changes()
            pairs = sorted({" and ".join(readers) for _, readers in given.documents})
            what = counted(len(given.documents), "document")
            self.say(f"{what} given to {', '.join(pairs)}.")
            if given.skipped:
                location, reason = given.skipped[0]
                more = f"; {len(given.skipped) - 1:,} more" if len(given.skipped) > 1 else ""
                tell(self.app, f"{location}: {reason}{more}", title="Not given", severity="warning")

        await self.app.push_screen_wait(
            InputScreen(
                f"Who labels {self._these(documents)}?",
                "Two names, as people have them in their settings; neither sees the other's labels before "
                "both are done",
                self._readers_before(),
                "two names, with a comma between them",
                accept=give,
            )
        )

    def _readers_before(self) -> str:
        """Those that were given documents before, if there are any."""
        return next((", ".join(row.readers) for row in self.session.rows.values() if row.readers), "")

    async def _withdraw(self, documents: Sequence[Document]) -> None:
        done = any(document.finished for document in documents)
        words = "What they have labeled in it goes" if len(documents) == 1 else "What they have labeled goes"
        answer = await self.app.push_screen_wait(
            ConfirmScreen(
                f"Take {self._these(documents)} back from its readers?"
                if len(documents) == 1
                else f"Take {self._these(documents)} back from their readers?",
                f"{words}{', though some are done' if done else ''}. u brings it back.",
                "Take back",
                "Leave it",
            )
        )
        if answer is True:
            made = await self.session.readings.withdraw([document.id for document in documents])
            self.show_changes([made] if made else ())
            self.say(self._said(documents, "Taken back from the readers."))

    # --- being done ---------------------------------------------------------------------------------

    @work(exclusive=True, group="history")
    @reporting
    async def action_finish_reading(self) -> None:
        """Says that the documents are labeled in full, or goes on with them."""
        if not await self.ready():
            self.answer(NO_TEXT if self.problem else "")
            return
        documents, actor = self.concerned(), self.session.labeling.actor
        mine = [document for document in documents if actor in document.readers and document.is_given]
        if not mine:
            self.say(_why_not_done(documents))
            return
        chosen = [document.id for document in mine]
        going_on = all(actor in document.finishers for document in mine)
        if not going_on and not await self._may_finish(mine):
            return
        async with self.turn:
            readings = self.session.readings
            made = await (readings.reopen(chosen) if going_on else readings.finish(chosen))
            self.show_changes([made] if made else ())
        self.say(self._said(mine, "Not done any more." if going_on else "Done. U goes to the next."))

    async def _may_finish(self, documents: Sequence[Document]) -> bool:
        """Asks where it can't be taken back: where everybody is done then, or there is no label."""
        actor = self.session.labeling.actor
        last = [d for d in documents if set(d.readers) - set(d.finishers) == {actor}]
        empty = [d for d in documents if not d.active_labels and actor not in d.finishers]
        if not last and not empty:
            return True
        parts = []
        if empty:
            parts.append(
                "It has no label: that counts as nothing to label."
                if len(documents) == 1
                else f"{len(empty):,} have no label: that counts as nothing to label."
            )
        if last:
            parts.append("Everybody is done then, and sees both readings; that is not taken back.")
        question = ConfirmScreen(
            f"Is all of {self._these(documents)} labeled?", " ".join(parts), "Done", "Go on labeling"
        )
        return await ask(self, question) is True

    # --- how far both agree -------------------------------------------------------------------------

    @work(exclusive=True, group="history")
    @reporting
    async def action_agreement(self) -> None:
        """In blind mode shows what was suggested beside the labels, once the person says that all of it is
        labeled; else how far both agree so far."""
        if not await self.ready() or (document := self.document) is None:
            self.answer(NO_TEXT if self.problem else "")
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
        async def look() -> tuple[BlindResult, Agreed]:
            return await self.session.blind.result(), await self.session.agreeing.result()

        found = await looked_up(self.app, "Comparing what was labeled", look)
        if found is None or not self.is_active:
            return
        result, readers = found
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


def _why_not_done(documents: Sequence[Document]) -> str:
    """Why somebody who reads none of the documents can't be done with one."""
    if len(documents) > 1:
        return "% is for two readers' documents; none of these is yours."
    readers = " and ".join(documents[0].readers) if documents and documents[0].is_given else ""
    if readers:
        return f"% is for its readers, {readers}, to say that they are done."
    return "% is for two readers' documents; & gives this one to two."
