"""Going through suggestions: one key a decision, over document ends, with the progress in view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.document_filters import DocumentFilter, Sort
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import JobKind
from tui_labeler.domain.labels import Suggestion
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.reviewing.inbox import Inbox
from tui_labeler.engine.reviewing.others import decided_in
from tui_labeler.screens.base import reporting
from tui_labeler.screens.labeling.base import decision
from tui_labeler.screens.labeling.review_filter import ReviewChoice, ReviewFilterScreen
from tui_labeler.screens.labeling.review_progress import ReviewProgress
from tui_labeler.screens.labeling.visiting import NOTHING_LEFT, VisitingActions
from tui_labeler.screens.widgets.cells import clip
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.engine.ports import Transaction

_FILTER_WIDTH = 24
"""Cells for the words of a filter."""

ABOUT_LINES = 5
"""Lines that there is room for under the categories."""


class ReviewActions(VisitingActions):
    """What the keys for suggestions do."""

    _choice = ReviewChoice()
    """Which suggestions the review visits."""
    _inbox: Inbox | None = None
    """Counts what a choice holds; ``None`` while it holds everything."""
    _own_filter: DocumentFilter | None = None
    """What a review lists, unless other documents were asked for."""
    _sorting_before = Sort.NAME

    # --- the mode -----------------------------------------------------------------------------------

    def action_review(self) -> None:
        """Starts going through suggestions, or ends it."""
        if self.reviewing:
            self.end_review()
        else:
            self.start_review()

    def end_review(self) -> None:
        """Back to all documents, in the order that they had before."""
        self.reviewing = False
        self.filter, self.filter_words = DocumentFilter(), ""
        self.sorting = self._sorting_before
        self.refill()
        self.show_document()
        self.say("")
        self.refresh_bindings()

    def start_review(self, *, at: int | None = None, job: str | None = None) -> None:
        """Lists the documents with suggestions (of one job) and goes to the first one.

        It begins ``at`` a document, by default the one in view.
        """
        if not self.reviewing:
            self._sorting_before = self.sorting
        self.reviewing, self.way_back = True, None
        self.sitting = ReviewProgress(self.clock)
        # Wherever the person comes from: a and x must not be letters of a name.
        self.focus_text()
        self._review_these(ReviewChoice(SuggestionFilter(job=job)), at=at)
        self.refresh_bindings()

    def _review_these(self, choice: ReviewChoice, *, at: int | None = None) -> None:
        """Visits from here on what a choice holds."""
        self._choice = choice
        words = choice.words(self.session.store.state.categories)
        self._begin_inbox()
        self.progress = ReviewProgress(self.clock) if words else self.sitting
        self.filter = DocumentFilter(
            states=frozenset({DocumentState.AUTO_LABELED}),
            name=choice.name,
            ids=self.session.review.documents(choice.filter) if words else None,
        )
        self._own_filter = self.filter
        self.filter_words = words or "auto labeled"
        if choice.least_confident_first:
            self.sorting = Sort.CONFIDENCE
        elif self.sorting is Sort.CONFIDENCE:
            self.sorting = Sort.NAME
        self.refill()
        first = self.shown if at is None and not choice.least_confident_first else at
        self.go_next(None if first is None else (first, ""))

    def _begin_inbox(self) -> None:
        """What is left is counted document by document, where the project's totals hold more."""
        some = self._choice.words(self.session.store.state.categories)
        is_counted = some or self.session.project.settings.hide_until_labeled
        self._inbox = Inbox(self.session.store, self._among(self._choice)) if is_counted else None

    def refill(self) -> None:
        if self.reviewing and self.session.project.settings.hide_until_labeled is not self._blind_mode:
            self._begin_inbox()
        super().refill()

    @property
    def listed_count(self) -> int:
        """Those that are left; the list keeps decided ones until it is made anew."""
        if self.reviewing and self.filter is self._own_filter:
            return self._left()[1]
        return super().listed_count

    def _among(self, choice: ReviewChoice) -> SuggestionFilter:
        """The choice with the documents that its name stands for."""
        wanted = replace(choice.filter, shown_only=True)
        if not choice.name:
            return wanted
        rows = self.session.documents.select(DocumentFilter(name=choice.name))
        return replace(wanted, documents=frozenset(row.id for row in rows))

    @work
    @reporting
    async def filter_suggestions(self) -> None:
        chosen = await self._ask_which("Which suggestions?", self._choice)
        if chosen is not None:
            self._review_these(chosen)

    async def _ask_which(self, title: str, now: ReviewChoice, *, ordered: bool = True) -> ReviewChoice | None:
        jobs = [
            (job.id, f"{job.id} ({job.request.method.source})")
            for job in await self.session.jobs.list()
            if job.request.kind is JobKind.AUTOLABEL and job.request.method
        ]
        wanted = now.filter.job
        if wanted is not None and all(job != wanted for job, _ in jobs):
            jobs.append((wanted, wanted))
        categories = tuple(self.session.store.state.categories.values())
        return await ask(self, ReviewFilterScreen(title, now, categories, jobs, ordered=ordered))

    @property
    def suggestions_wanted(self) -> SuggestionFilter:
        if self.reviewing:
            return replace(self._choice.filter, shown_only=True)
        return super().suggestions_wanted

    @property
    def held_count(self) -> int:
        return super().held_count if self._inbox is None else self._inbox.left.suggestions

    def count_others(self, transactions: Sequence[Transaction]) -> None:
        """Counts what others decided of the suggestions that this review visits, and in the whole sitting."""
        if not self.reviewing or not transactions:
            return
        self._count_meanwhile(self.progress, transactions, self._among(self._choice))
        if self.sitting is not self.progress:
            self._count_meanwhile(self.sitting, transactions, SuggestionFilter(shown_only=True))

    def _count_meanwhile(
        self, progress: ReviewProgress, transactions: Sequence[Transaction], wanted: SuggestionFilter
    ) -> None:
        state, person = self.session.store.state, self.session.labeling.actor
        own = decided_in((done for done in transactions if done.actor == person), state, wanted)
        progress.count_others(decided_in(transactions, state, wanted) - own, elsewhere=own)

    def progress_words(self) -> str:
        if not self.reviewing:
            return ""
        left, documents = self._left()
        filtered = ""
        # The title names the filter: on a small screen the suggestion needs the room.
        if self._inbox is not None and not self.is_narrow:
            filtered = clip(self._choice.words(self.session.store.state.categories), _FILTER_WIDTH)
        return self.progress.words(left, documents, filtered=filtered)

    def _left(self) -> tuple[int, int]:
        """Suggestions that the review still holds, and documents with any."""
        if self._inbox is not None:
            held = self._inbox.left
            return held.suggestions, held.documents
        return self.open_count, self.session.store.state.totals.states[DocumentState.AUTO_LABELED]

    def about(self) -> str:
        """On a small screen with the pace, which the line below has no room for beside a suggestion."""
        words = super().about()
        if not (self.reviewing and self.is_narrow and words):
            return words
        lines = words.split("\n")
        return "\n".join([*lines, *self.progress.pace(self._left()[1])][: max(len(lines), ABOUT_LINES)])

    # --- one decision -------------------------------------------------------------------------------

    async def action_accept(self) -> None:
        """With the ends as they are, where they are being moved."""
        if not await self.accept_moved():
            await self._decide(accepting=True)

    async def action_reject(self) -> None:
        """Whatever became of its ends."""
        if not self.reject_moved():
            await self._decide(accepting=False)

    @decision
    async def _decide(self, *, accepting: bool) -> Transaction | None:
        words = self.words_in_hand
        if words is not None and self.is_about_words():
            return await self.decide_words(words, accepting=accepting)
        suggestion, document = self.suggestion(), self.shown
        if self.is_blind:
            self.say(self.hidden_words)
            return None
        if suggestion is None or document is None:
            self.say(
                "There is no suggestion here. n goes to the next one." if self.open_count else NOTHING_LEFT
            )
            return None
        review = self.session.review
        step = review.accept if accepting else review.reject
        made = await step(document, suggestion.id)
        self.after_decision(document, suggestion, made)
        return made

    def after_decision(self, document: int, suggestion: Suggestion, made: Transaction | None) -> None:
        """Counts a decision and goes on to the next suggestion."""
        if made is None:
            return
        self.count_decided()
        self.show_changes([made])
        self.go_next((document, suggestion.id), here=not self.reviewing)
