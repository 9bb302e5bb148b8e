"""Undo and redo, saving, labels from files and to files, and where a label comes from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.labels import Label
from tui_labeler.engine.actions import JOB
from tui_labeler.engine.wording import counted
from tui_labeler.engine.workbench import set_settings
from tui_labeler.screens.base import read_labels_file, reporting, saved_words, tell
from tui_labeler.screens.dialogs import MessageScreen
from tui_labeler.screens.labeling.base import step
from tui_labeler.screens.labeling.marks import class_items
from tui_labeler.screens.labeling.placing import PlacingActions
from tui_labeler.screens.labeling.provenance import provenance, words_provenance
from tui_labeler.screens.labeling.taking_back import (
    LAST_ACTION,
    WHEN_STOPPED,
    is_large,
    is_sure,
    undone_words,
)
from tui_labeler.screens.leaving import may_leave
from tui_labeler.screens.projects.project_settings import ProjectSettingsScreen
from tui_labeler.screens.working import ask, looked_up, with_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Suggestion
    from tui_labeler.engine.history.undone import Undone
    from tui_labeler.engine.imports.plans import Skipped
    from tui_labeler.engine.ports import Transaction

_SHOWN = 30
"""Lines of what was left out that a message repeats."""


class FileActions(PlacingActions):
    """What the keys for the project as a whole do."""

    # --- taking back --------------------------------------------------------------------------------

    @work(exclusive=True, group="history")
    @reporting
    async def action_undo(self) -> None:
        """Takes back this person's last action; asks first where it was a large one."""
        async with self.turn:
            found = await looked_up(self.app, LAST_ACTION, self.session.history.undoable)
            if found is not None and not found:
                self.say("There is nothing of yours to take back.")
            elif found and not is_large(found):
                await self._take_back(found)
        if found and is_large(found) and await is_sure(self, found):
            async with self.turn:
                await self._take_back(found)

    async def _take_back(self, asked: Sequence[Transaction]) -> None:
        self.begin_counting()
        undone = await with_progress(
            self.app,
            "Taking it back",
            lambda progress: self.session.history.undo(asked, progress),
            when_stopped=WHEN_STOPPED,
            # What a job did is taken back as a whole.
            may_stop=asked[0].action != JOB,
        )
        self._recount(undone)
        self._after_history(undone, "Took back")

    @work(exclusive=True, group="history")
    @reporting
    async def action_redo(self) -> None:
        """Does again what was undone last."""
        async with self.turn:
            self.begin_counting()
            undone = await with_progress(
                self.app, "Doing it again", self.session.history.redo, may_stop=False
            )
            if undone is None:
                self.say("There is nothing to do again.")
            else:
                self._recount(undone)
                self._after_history(undone, "Did again")

    def _recount(self, undone: Undone | None) -> None:
        """The review's progress counts no decision that was taken back; what a job suggested, or did
        not suggest after all, nobody has decided."""
        if undone is not None and undone.action != JOB:
            self.count_decided(singly=len(undone.suggestions) <= 1)

    def _after_history(self, undone: Undone | None, verb: str) -> None:
        self.show_changes([undone.made] if undone is not None and undone.made else ())
        if undone is None:
            return
        words = undone_words(undone, verb)
        if len(undone.documents) == 1 and undone.documents[0] != self.shown:
            self.open_document(undone.documents[0], lambda: self._go_to_undone(undone, words))
        else:
            self._go_to_undone(undone, words)

    def _go_to_undone(self, undone: Undone, words: str) -> None:
        """To the suggestion that came back, where the next decision is wanted."""
        document = self.document
        suggestion = None
        back = [item for item in self.words_here if item.id in undone.to_place]
        if len(back) == 1:
            self.go_to_words(back[0], words)
            return
        if document is not None and len(undone.suggestions) == 1:
            suggestion = document.suggestions.get(undone.suggestions[0])
        if document is None:
            self.say(words)
        elif suggestion is None and self.reviewing:
            self.go_to_first_open(words)
        elif suggestion is None:
            self.say(words)
        elif self.reviewing and suggestion.decision is not None:
            self.go_next((document.id, suggestion.id), words=words)
        else:
            self.go_to_suggestion(suggestion, words)

    @step
    async def action_save(self) -> None:
        saved = await self.session.labeling.save()
        if saved.documents:
            if self.follower.background is not None:
                self.follower.background.soon()
            tell(self.app, saved_words(saved), title="Labels saved")
        if words := self._unsaved_reading():
            self.say(words)
        elif not saved.documents:
            self.say("Everything is saved.")

    def _unsaved_reading(self) -> str:
        """Why saving makes no labels of a document that is with its readers; empty where it is not."""
        document = self.document
        if document is None or not document.is_given:
            return ""
        if document.is_open_to_all:
            return "Nothing of this document is saved so: adjudicating makes its labels (W)."
        return (
            "A reading is no draft: this document gets labels when both are done (%) and it is adjudicated."
        )

    @work
    @reporting
    async def action_project_settings(self, at: str = "") -> None:
        """Asks for the project's settings; ``at`` is the id of the field to begin at."""
        sharing = self.session.sharing
        is_remote = sharing is not None and sharing.is_remote
        wanted = await self.app.push_screen_wait(
            ProjectSettingsScreen(self.session.project, is_remote=is_remote, at=at)
        )
        if wanted is None:
            return
        share = wanted.settings.share_labels
        before = self.session.project.settings.share_labels
        async with self.turn:
            settings = replace(wanted.settings, share_labels=before)
            await set_settings(self.session, replace(wanted, settings=settings))
            self.show_changes()
            if sharing is not None and share is not before:
                await sharing.share(on=share)
                self.show_changes()
                self._say_shared(on=share)

    def _say_shared(self, *, on: bool) -> None:
        background = self.follower.background
        if background is not None and on:
            background.soon()
        self.say(
            "Saved labels are shared from here on, in the folder `.tui-labeler` beside the texts."
            if on
            else "Saved labels stay in this home from here on; those in the folder stay there too."
        )

    # --- files --------------------------------------------------------------------------------------

    @work
    @reporting
    async def action_import_labels(self) -> None:
        """Asks for a file, and shows what it would change; that screen imports it."""
        from tui_labeler.screens.label_files.importing import ImportScreen, ask_for_file

        found: list[bytes] = []

        async def read(path: str) -> None:
            if path:
                found.append(await read_labels_file(path))

        path = await self.app.push_screen_wait(ask_for_file("", read))
        if not path or not found:
            return
        imported = await self.app.push_screen_wait(ImportScreen(self.session, path, found[-1]))
        if imported is None:
            return
        self.show_changes()
        words = [
            f"{counted(imported.labels, 'label')} in {counted(imported.documents, 'document')}"
            f"; {imported.unchanged:,} were there already."
        ]
        if imported.suggestions:
            words.append(f"{counted(imported.suggestions, 'suggestion')} to review.")
        if imported.added:
            words.append(f"{counted(len(imported.added), 'new document')} in the container.")
        if imported.categories:
            words.append(f"New: {', '.join(imported.categories)}")
        await self._report("Labels imported", words, imported.skipped, imported.notes)

    @work
    @reporting
    async def action_export_labels(self) -> None:
        from tui_labeler.screens.label_files.exporting import ExportScreen

        written = await self.app.push_screen_wait(ExportScreen(self.session))
        self.show_changes()
        if written:
            tell(self.app, written, title="Labels exported")

    async def _report(
        self, title: str, words: list[str], skipped: Sequence[Skipped], notes: Sequence[Skipped]
    ) -> None:
        """A message in passing; one that stays where something was left out."""
        if not skipped and not notes:
            tell(self.app, "\n".join(words), title=title)
            return
        for heading, items in (("Left out", skipped), ("Kept, and worth a look", notes)):
            if items:
                words += ["", f"{heading} ({len(items):,}):"]
                words += [f"  {_told(item)}" for item in items[:_SHOWN]]
        await self.app.push_screen_wait(MessageScreen(title, "\n".join(words)))

    # --- where from, and away -----------------------------------------------------------------------

    @work(exclusive=True, group="provenance")
    @reporting
    async def action_provenance(self) -> None:
        """Says who or what made the label or suggestion at the cursor, and what happened since."""
        item, document = self.item(), self.document
        in_hand = self.words_in_hand if self.is_about_words() else None
        if in_hand is not None:
            words = words_provenance(self.session, in_hand)
            await self.app.push_screen_wait(MessageScreen("Where these words come from", words))
            return
        items = [] if item is None else [item]
        if self.has_classes and document is not None:
            # A class has no place in the text: all are told of, the current one first.
            items += [other for other in class_items(self.session, document) if other != item]
        if not items or document is None:
            self.say(self.no_item_words())
            return
        title = _where_from(items)
        told = await looked_up(self.app, title, partial(self._provenances, document, items))
        if told is not None:
            await ask(self, MessageScreen(title, "\n\n".join(told)))

    async def _provenances(self, document: Document, items: Sequence[Label | Suggestion]) -> list[str]:
        return [await provenance(self.session, document, each) for each in items]

    @work(exclusive=True, group="leave")
    @reporting
    async def action_leave(self) -> None:
        if self.awaiting is not None or self.editing is not None:
            self.put_down()
            self.text.clear_selection()
            self.say("")
        elif self.distribution.has_focus:
            self.focus_text()
        elif self.way_back is not None:
            go_back, self.way_back = self.way_back, None
            self.say("")
            self.refresh_bindings()
            go_back()
        elif self.reviewing:
            self.end_review()
            over = "The review is over: all documents are listed. q goes to the projects."
            self.say(self.read_only_words() if self.is_read_only else over)
        elif await may_leave(self.app, self.session, self.follower.background):
            self.post_message(self.Left(self))

    def action_want(self, what: str) -> None:
        selected = frozenset(self.documents.selected & self.session.rows.keys())
        self.post_message(self.Wanted(self.session, what, selected))


def _told(item: Skipped) -> str:
    line = f"line {item.line}" if item.line else ""
    where = [line] if item.location in ("", line) else [line, item.location]
    return ": ".join([*filter(None, where), item.reason])


def _where_from(items: Sequence[Label | Suggestion]) -> str:
    if len(items) > 1:
        return f"Where these {len(items)} come from"
    return (
        "Where this label comes from" if isinstance(items[0], Label) else "Where this suggestion comes from"
    )
