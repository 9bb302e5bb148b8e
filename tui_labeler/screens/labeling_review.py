"""Going through suggestions: one key a decision, over document ends, with the progress in view."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.documents import DocumentFilter, DocumentState
from tui_labeler.domain.labels import Suggestion
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.review import SuggestionFilter, confidence_bound
from tui_labeler.screens.base import counted, reporting
from tui_labeler.screens.dialogs import ConfirmScreen, InputScreen
from tui_labeler.screens.labeling_base import LabelingBase, decision

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Transaction
    from tui_labeler.engine.review import Decided

_ENOUGH = 5
"""Decisions before a rate is worth showing."""

NOTHING_LEFT = "No suggestion is left."


class ReviewActions(LabelingBase):
    """What the keys for suggestions do."""

    clock: Callable[[], float] = staticmethod(monotonic)
    """Seconds, from any start."""

    decided = 0
    """Decisions of this sitting."""
    _started = 0.0

    # --- the mode -----------------------------------------------------------------------------------

    def action_review(self) -> None:
        """Starts going through suggestions, or ends it."""
        if self.reviewing:
            self.reviewing = False
            self.filter, self.filter_words = DocumentFilter(), ""
            self.refill()
            self.say("")
            self.refresh_bindings()
        else:
            self.start_review()

    def start_review(self, *, at: int | None = None, job: str | None = None) -> None:
        """Lists the documents with suggestions (of one job) and goes to the first one.

        It begins ``at`` a document, by default the one in view.
        """
        self.reviewing = True
        self.filter = DocumentFilter(states=frozenset({DocumentState.AUTO_LABELED}), job=job)
        self.filter_words = "auto labeled" if job is None else f"auto labeled, job {job}"
        self.decided = 0
        self._started = self.clock()
        self.refill()
        first = self.shown if at is None else at
        self.go_next(None if first is None else (first, ""))
        self.refresh_bindings()

    @property
    def _suggestions_wanted(self) -> SuggestionFilter:
        return SuggestionFilter(
            min_confidence=self.filter.min_confidence,
            max_confidence=self.filter.max_confidence,
            category=self.filter.category,
            job=self.filter.job,
        )

    @property
    def open_count(self) -> int:
        """Open suggestions in the whole project."""
        return sum(sum(counts.values()) for counts in self.session.store.state.totals.suggestions.values())

    def progress_words(self) -> str:
        if not self.reviewing:
            return ""
        left = self.open_count
        words = f"{self.decided:,} of {self.decided + left:,} decided"
        minutes = (self.clock() - self._started) / 60
        if self.decided >= _ENOUGH and minutes > 0:
            words += f", {self.decided / minutes:.0f} a minute"
        documents = self.session.store.state.totals.states[DocumentState.AUTO_LABELED]
        return f"{words}, {counted(documents, 'document')} left"

    # --- one decision -------------------------------------------------------------------------------

    def suggestion(self) -> Suggestion | None:
        """The open suggestion that ``a`` and ``x`` are about."""
        item = self.item()
        return item if isinstance(item, Suggestion) and item.decision is None else None

    async def action_accept(self) -> None:
        await self._decide(accepting=True)

    async def action_reject(self) -> None:
        await self._decide(accepting=False)

    @decision
    async def _decide(self, *, accepting: bool) -> Transaction | None:
        suggestion, document = self.suggestion(), self.shown
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
        self.decided += 1
        self.show_changes([made])
        self.go_next((document, suggestion.id), here=not self.reviewing)

    # --- the next one -------------------------------------------------------------------------------

    async def action_next(self, step: int) -> None:
        """The next suggestion; while a search is on outside of a review, the next place found."""
        if self.text.found and not self.reviewing:
            self.find_again(forward=step > 0)
            return
        if not await self.ready() and self.shown is None:
            return
        suggestion = self.suggestion()
        after = (self.shown, suggestion.id) if suggestion and self.shown is not None else None
        if after is None and self.shown is not None:
            after = self._place_in_text(backwards=step < 0)
        self.go_next(after, backwards=step < 0)

    def _place_in_text(self, *, backwards: bool) -> tuple[int, str]:
        """Where the cursor is among the suggestions: behind the last one before it."""
        document = self.document
        assert document is not None
        open_ones = document.open_suggestions(self.session.project.kind)
        if self.has_classes:
            return document.id, ""
        cursor = self.text.cursor
        if backwards:
            behind = [s for s in open_ones if s.span and s.span.start > cursor]
            return document.id, behind[0].id if behind else ""
        before = [s for s in open_ones if s.span and s.span.start < cursor]
        return document.id, before[-1].id if before else ""

    def find_again(self, *, forward: bool) -> None:
        """The next place of what was searched for."""
        raise NotImplementedError

    def go_next(
        self, after: tuple[int, str] | None, *, backwards: bool = False, here: bool = False, words: str = ""
    ) -> None:
        """Goes to the next undecided suggestion: over document ends and round the end of the list, or
        with ``here`` in this document alone; ``words`` are said there."""
        order = [row.id for row in self.documents.rows] if not here else []
        if after is not None and after[0] not in order:
            order.insert(0, after[0])
        found = self.session.review.next_open(after, order, self._suggestions_wanted, backwards=backwards)
        if found is None:
            self.current_class = None
            self.show_document()
            self._say_that_nothing_is_left(here=here)
        elif found[0] == self.shown == self.wanted:
            self._go_to(found[1], words)
        else:
            suggestion = found[1]
            self.open_document(found[0], lambda: self._go_to(suggestion, words))

    def _say_that_nothing_is_left(self, *, here: bool) -> None:
        if not self.open_count:
            self.say(self._all_decided())
        elif here:
            self.say("No suggestion is left in this document. n goes to the next.")
        else:
            self.say("No suggestion is left in this list; f shows others.")

    def _all_decided(self) -> str:
        more = "ctrl+s saves the labels." if self.session.labeling.drafts() else "L has documents labeled."
        return f"{NOTHING_LEFT} {more}"

    def _go_to(self, suggestion: Suggestion, words: str) -> None:
        if self.has_classes:
            self.current_class = suggestion.category
            self.show_document()
        else:
            self.text.go_to_mark(suggestion.id)
        self.say(words)

    # --- many at once -------------------------------------------------------------------------------

    async def action_accept_all(self) -> None:
        await self._decide_all(accepting=True)

    async def action_reject_all(self) -> None:
        await self._decide_all(accepting=False)

    @decision
    async def _decide_all(self, *, accepting: bool) -> None:
        assert self.shown is not None
        here = SuggestionFilter(documents=frozenset({self.shown}))
        review = self.session.review
        done = await (review.accept_matching(here) if accepting else review.reject_matching(here))
        self._after_many(done, accepting=accepting)

    def _after_many(self, done: Decided, *, accepting: bool) -> None:
        self.decided += done.suggestions
        self.show_changes()
        verb = "accepted" if accepting else "rejected"
        words = f"{counted(done.suggestions, 'suggestion')} {verb}"
        if done.skipped:
            words += f", {done.skipped:,} left: they meet one that was accepted"
        words += ". u takes it back."
        if self.reviewing and self.shown is not None and not self.suggestion():
            self.go_next((self.shown, ""), words=words)
        elif self.open_count:
            self.say(words)

    @work
    @reporting
    async def action_accept_many(self) -> None:
        """Accepts all above a confidence in the documents of the list, after saying how many."""
        given = await self.app.push_screen_wait(
            InputScreen(
                "Accept suggestions above a confidence",
                "In all documents of the list. A number between 0 and 1:",
                "0.9",
            )
        )
        if given is None:
            return
        wanted = SuggestionFilter(
            documents=frozenset(row.id for row in self.documents.rows),
            min_confidence=_confidence(given),
            category=self.filter.category,
            job=self.filter.job,
        )
        count = self.session.review.count(wanted)
        if not count.suggestions:
            self.say(f"No suggestion has a confidence of {given} or more.")
            return
        sure = await self.app.push_screen_wait(
            ConfirmScreen(
                f"Accept {counted(count.suggestions, 'suggestion')}?",
                f"In {counted(count.documents, 'document')}, each with a confidence of {given} or more. "
                "One undo takes all of it back.",
                confirm="Accept",
            )
        )
        if sure:
            async with self.turn:
                self._after_many(await self.session.review.accept_matching(wanted), accepting=True)


def _confidence(given: str) -> float:
    try:
        value = float(given.strip().rstrip("%"))
    except ValueError:
        raise InputError(f"{given!r} is no number.", hint="For instance 0.9.") from None
    bound = confidence_bound(value / 100 if given.strip().endswith("%") else value, "The confidence")
    assert bound is not None
    return bound
