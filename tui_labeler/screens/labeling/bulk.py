"""Decisions on many suggestions at once: all of a document, or all that a filter holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.labeling.base import decision
from tui_labeler.screens.labeling.review import ReviewActions
from tui_labeler.screens.labeling.review_filter import ReviewChoice
from tui_labeler.screens.lines import StatusLine
from tui_labeler.screens.working import ask, with_progress

if TYPE_CHECKING:
    from tui_labeler.engine.reviewing.review import Decided


class BulkReviewActions(ReviewActions):
    """What the keys for many suggestions do."""

    async def action_accept_all(self) -> None:
        await self._decide_all(accepting=True)

    async def action_reject_all(self) -> None:
        await self._decide_all(accepting=False)

    @decision
    async def _decide_all(self, *, accepting: bool) -> None:
        assert self.shown is not None
        if self.is_blind:
            self.say(self.hidden_words)
            return
        here = SuggestionFilter(documents=frozenset({self.shown}), shown_only=True)
        review = self.session.review
        wanted = replace(self._choice.filter, documents=here.documents, shown_only=True)
        if not self.reviewing:
            wanted = here
        done = await (review.accept_matching(wanted) if accepting else review.reject_matching(wanted))
        left = await review.count(here, rejecting=not accepting)
        outside = left.suggestions + left.words - done.skipped - done.outdated
        self._after_many(done, accepting=accepting, outside=outside if wanted != here else 0)

    def _after_many(self, done: Decided, *, accepting: bool, outside: int = 0) -> None:
        """``outside`` are those of the document that the review's filter does not hold."""
        self.count_decided(singly=False)
        self.show_changes([done.made] if done.made else ())
        drafts = not self.session.project.settings.save_immediately
        words, short = (
            _done(done, accepting, outside, short=short, drafts=drafts) for short in (False, True)
        )
        if self.reviewing and self.shown is not None and not self.suggestion():
            self.go_next((self.shown, ""), words=words, short=short)
        else:
            self.say(self.query_one(StatusLine).fitting(words, short))

    @work
    async def action_accept_many(self) -> None:
        """Accepts all that a filter holds, after saying how many."""
        await self._decide_many(accepting=True)

    @work
    async def action_reject_many(self) -> None:
        """Rejects all that a filter holds, after saying how many."""
        await self._decide_many(accepting=False)

    @reporting
    async def _decide_many(self, *, accepting: bool) -> None:
        verb = "Accept" if accepting else "Reject"
        begin = self._choice if self.reviewing else ReviewChoice(self.suggestions_wanted)
        chosen = await self._ask_which(f"{verb} which suggestions?", begin, ordered=False)
        if chosen is None:
            return
        wanted = self._among(chosen)
        words = chosen.words(self.session.store.state.categories) or "all suggestions"
        if not self.reviewing and self.filter != DocumentFilter():
            listed = frozenset(row.id for row in self.documents.rows)
            wanted = replace(
                wanted, documents=listed if wanted.documents is None else listed & wanted.documents
            )
            words += "; in the documents of the list"
        self.count_others(await self.session.refresh())
        review = self.session.review
        count = await with_progress(
            self.app,
            "Looking for suggestions",
            lambda progress: review.count(wanted, rejecting=not accepting, progress=progress),
        )
        if count is None:
            return
        blind = self.session.project.settings.hide_until_labeled and not self.nothing_suggested
        if not count.documents:
            hidden = " Those that blind mode hides are left alone." if blind else ""
            self.say(f"No suggestion is like that: {words}.{hidden}")
            return
        hidden = "\nSuggestions that blind mode hides are left alone." if blind else ""
        sure = await ask(
            self,
            ConfirmScreen(
                f"{verb} {_what(count)} in {counted(count.documents, 'document')}?",
                f"Held by the filter: {words}.{hidden}\nOne undo takes all of it back.",
                confirm=verb,
            ),
        )
        if sure:
            async with self.turn:
                self.begin_counting()
                decide = review.accept_matching if accepting else review.reject_matching
                done = await with_progress(
                    self.app,
                    f"{verb}ing suggestions",
                    lambda progress: decide(wanted, progress),
                    when_stopped="What was decided until then stays; one undo takes it back.",
                )
                assert done is not None
                self._after_many(done, accepting=accepting)


def _what(count: Decided) -> str:
    parts = [counted(count.suggestions, "suggestion")] if count.suggestions or not count.words else []
    parts += [_answers(count)] if count.words else []
    return " and ".join(parts)


def _answers(count: Decided) -> str:
    return f"{counted(count.words, 'answer')} to place"


def _done(done: Decided, accepting: bool, outside: int, *, short: bool, drafts: bool) -> str:
    """What was decided, and what was left; with ``drafts``, also what of it waits to be saved, where words to
    place went too: those never wait."""
    verb = "accepted" if accepting else "rejected"
    words = f"{done.suggestions:,} {verb}" if short else f"{counted(done.suggestions, 'suggestion')} {verb}"
    if done.words:
        words += " (unsaved)" if drafts and done.suggestions and not short else ""
        words += f", {done.words:,} to place dropped" if short else f", {_answers(done)} dropped"
        words += " (saved)" if drafts else ""
    if done.skipped:
        words += f", {done.skipped:,} left: {'in the way' if short else 'they meet one that was accepted'}"
    if done.outdated:
        words += f", {done.outdated:,} left: {'earlier text' if short else 'they are on an earlier text'}"
    if outside:
        words += f", {outside:,} outside the filter{'' if short else ' left'}"
    return f"{words}. u takes it back." if done.suggestions or done.words else f"{words}."
