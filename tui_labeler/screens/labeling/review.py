"""Going through suggestions: one key a decision, over document ends, with the progress in view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.documents import DocumentFilter, DocumentState, Sort
from tui_labeler.domain.jobs import JobKind
from tui_labeler.domain.labels import Suggestion, ToPlace
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.reviewing.inbox import Inbox
from tui_labeler.engine.reviewing.others import decided_in
from tui_labeler.engine.reviewing.visiting import held, next_open
from tui_labeler.screens.base import reporting
from tui_labeler.screens.labeling.base import decision
from tui_labeler.screens.labeling.marks import shown_suggestions
from tui_labeler.screens.labeling.placing import PlacingActions
from tui_labeler.screens.labeling.review_filter import ReviewChoice, ReviewFilterScreen
from tui_labeler.screens.labeling.review_progress import ReviewProgress
from tui_labeler.screens.widgets.cells import clip
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.engine.ports import Transaction

_FILTER_WIDTH = 24
"""Cells for the words of a filter."""

ABOUT_LINES = 5
"""Lines that there is room for under the categories."""

NOTHING_LEFT = "No suggestion is left."


class ReviewActions(PlacingActions):
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
    def _suggestions_wanted(self) -> SuggestionFilter:
        if self.reviewing:
            return replace(self._choice.filter, shown_only=True)
        return SuggestionFilter(
            min_confidence=self.filter.min_confidence,
            max_confidence=self.filter.max_confidence,
            category=self.filter.category,
            job=self.filter.job,
            shown_only=True,
        )

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

    def suggestion(self) -> Suggestion | None:
        """The open suggestion that ``a`` and ``x`` are about."""
        item = self.item()
        return item if isinstance(item, Suggestion) and item.decision is None else None

    def suggestion_here(self) -> Suggestion | None:
        return self.suggestion()

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

    # --- the next one -------------------------------------------------------------------------------

    async def action_next(self, step: int) -> None:
        """The next suggestion; while a search lasts, the next place found."""
        if self.text.found:
            self.find_again(forward=step > 0)
            return
        if not await self.ready() and self.shown is None:
            return
        words = self.words_in_hand
        if words is not None and self.is_about_words():
            self.go_on_from_words(words, self._left_at, backwards=step < 0)
            return
        item = self.suggestion()
        after = (self.shown, item.id) if item and self.shown is not None else None
        if after is None and self.shown is not None:
            after = self._place_in_text(self.text.cursor, backwards=step < 0)
        self.go_next(after, backwards=step < 0)

    def go_on_from_words(
        self, item: ToPlace, left_at: tuple[str, int] | None, *, backwards: bool = False, here: bool = False
    ) -> None:
        """Words come behind the suggestions of their document: those that ``+`` led away from come first."""
        assert self.shown is not None
        skipped = self._skipped(left_at, backwards=backwards) if left_at is not None else None
        if skipped is not None:
            self.text.clear_found()
            self._go_to(skipped, "")
        else:
            self.go_next((self.shown, item.id), backwards=backwards, here=here)

    def _skipped(self, left_at: tuple[str, int], *, backwards: bool) -> Suggestion | None:
        """The open suggestion that ``+`` led away from, or else the next one behind that place."""
        assert self.shown is not None
        state, wanted = self.session.store.state, self._suggestions_wanted
        left, cursor = left_at
        at_left = next((s for s in held(state, self.shown, wanted) if s.id == left), None)
        if at_left is not None or backwards:
            return at_left
        after = self._place_in_text(cursor, backwards=False)
        found = next_open(state, after, [self.shown], wanted, least_confident_first=self._doubtful_first)
        if found is None or found.went_round or not isinstance(found.item, Suggestion):
            return None
        return found.item

    def _place_in_text(self, cursor: int, *, backwards: bool) -> tuple[int, str]:
        """Where a cursor is among the suggestions: behind the last one before it."""
        document = self.document
        assert document is not None
        open_ones = shown_suggestions(self.session, document)
        if self.has_classes or self._doubtful_first:
            return document.id, ""
        if backwards:
            behind = [s for s in open_ones if s.span and s.span.start > cursor]
            return document.id, behind[0].id if behind else ""
        before = [s for s in open_ones if s.span and s.span.start < cursor]
        return document.id, before[-1].id if before else ""

    @property
    def _doubtful_first(self) -> bool:
        return self.reviewing and self.sorting is Sort.CONFIDENCE

    def find_again(self, *, forward: bool) -> None:
        """The next place of what was searched for."""
        raise NotImplementedError

    def go_next(
        self, after: tuple[int, str] | None, *, backwards: bool = False, here: bool = False, words: str = ""
    ) -> None:
        """Goes to the next undecided suggestion: over document ends and round the end of the list, or
        with ``here`` in this document alone; ``words`` are said there, and before the news that nothing is
        left. A search is over with it."""
        self.text.clear_found()
        order = [row.id for row in self.documents.rows] if not here else []
        if after is not None and after[0] not in order:
            if self.reviewing:
                after = None
            else:
                order.insert(0, after[0])
        found = next_open(
            self.session.store.state,
            after,
            order,
            self._suggestions_wanted,
            backwards=backwards,
            least_confident_first=self._doubtful_first,
        )
        if found is None:
            self.current_class = None
            self.show_document()
            done, _, _ = words.partition(". ")
            self._say_that_nothing_is_left(f"{done}. " if done else "", here=here)
            return
        item = found.item
        if not words and after == (found.document, item.id):
            words = "There is no other suggestion in this list."
        elif not words and found.went_round:
            words = f"Went on from the {'end' if backwards else 'start'} of the list."
        if found.document == self.shown == self.wanted:
            self._go_to(item, words)
        else:
            self.open_document(found.document, lambda: self._go_to(item, words))

    def _go_to(self, item: Suggestion | ToPlace, words: str) -> None:
        if isinstance(item, ToPlace):
            self.go_to_words(item, words)
        else:
            self.go_to_suggestion(item, words)

    def opened(self) -> None:
        """In a review the cursor of a document is on the first of what there is to decide."""
        if self.reviewing and not self.problem:
            self.go_to_first_open(self.message)

    def go_to_first_open(self, words: str) -> None:
        """Goes to the first undecided suggestion of the document in view, if it has one; says ``words``."""
        found = None
        if self.shown is not None:
            found = next_open(
                self.session.store.state,
                None,
                [self.shown],
                self._suggestions_wanted,
                least_confident_first=self._doubtful_first,
            )
        if found is None:
            self.say(words)
        else:
            self._go_to(found.item, words)

    def _say_that_nothing_is_left(self, done: str, *, here: bool) -> None:
        """``done`` is what was done before."""
        if not self.open_count:
            self.say(done + self._all_decided())
        elif self.session.project.settings.hide_until_labeled:
            self.say(f"{done}No suggestion that is shown is left. U goes to a document to label.")
        elif here:
            self.say(f"{done}No suggestion is left in this document. n goes to the next.")
        else:
            self.say(f"{done}No suggestion is left in this list; f shows others.")

    def _all_decided(self) -> str:
        if self.is_read_only:
            return f"{NOTHING_LEFT} Labeling here is off: H."
        more = "ctrl+s saves the labels." if self.session.labeling.drafts() else "L has documents labeled."
        return f"{NOTHING_LEFT} {more}"

    def go_to_suggestion(self, suggestion: Suggestion, words: str = "") -> None:
        if self.words_in_hand is not None:
            self.put_words_down()
            self.show_document()
        if self.has_classes:
            self.current_class = suggestion.category
            self.show_document()
            self.pane.go_to(suggestion.category)
        else:
            self.text.go_to_mark(suggestion.id)
        self.say(words)
