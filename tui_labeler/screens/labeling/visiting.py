"""Which suggestion comes next: over document ends and round the list, from where the cursor is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.document_filters import Sort
from tui_labeler.domain.labels import Suggestion, ToPlace
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.reviewing.visiting import held, next_open
from tui_labeler.screens.labeling.marks import shown_suggestions
from tui_labeler.screens.labeling.placing import PlacingActions
from tui_labeler.screens.lines import StatusLine

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING_LEFT = "No suggestion is left."


class VisitingActions(PlacingActions):
    """Goes from suggestion to suggestion."""

    @property
    def suggestions_wanted(self) -> SuggestionFilter:
        """Those that are visited: of the documents' filter, where no review chooses others."""
        return SuggestionFilter(
            min_confidence=self.filter.min_confidence,
            max_confidence=self.filter.max_confidence,
            category=self.filter.category,
            job=self.filter.job,
            shown_only=True,
        )

    def suggestion(self) -> Suggestion | None:
        """The open suggestion that ``a`` and ``x`` are about."""
        item = self.item()
        return item if isinstance(item, Suggestion) and item.decision is None else None

    def suggestion_here(self) -> Suggestion | None:
        return self.suggestion()

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
        state, wanted = self.session.store.state, self.suggestions_wanted
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
        assert self.shown is not None
        document = self.session.store.state.document(self.shown)
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
        self,
        after: tuple[int, str] | None,
        *,
        backwards: bool = False,
        here: bool = False,
        words: str = "",
        short: str = "",
    ) -> None:
        """Goes to the next undecided suggestion: over document ends and round the end of the list, or
        with ``here`` in this document alone; ``words`` are said there, and before the news that nothing is
        left; or ``short``, where the line has no room for them. A search is over with it."""
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
            self.suggestions_wanted,
            backwards=backwards,
            least_confident_first=self._doubtful_first,
        )
        if found is None:
            self.current_class = None
            self.show_document()
            done = [said.partition(". ")[0].removesuffix(".") for said in (words, short) if said]
            self._say_that_nothing_is_left(done, here=here)
            return
        item = found.item
        words = self.query_one(StatusLine).fitting(words, short or words)
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
                self.suggestions_wanted,
                least_confident_first=self._doubtful_first,
            )
        if found is None:
            self.say(words)
        else:
            self._go_to(found.item, words)

    def _say_that_nothing_is_left(self, done: Sequence[str], *, here: bool) -> None:
        """Says so, and what to do; before it what was ``done``, in ever fewer words, never cut for it."""
        news = self._nothing_left(here=here)
        forms = [f"{said}. {words}" for said in done for words in news] or list(news)
        self.say(self.query_one(StatusLine).fitting(*forms, *(f"{said}." for said in done)))

    def _nothing_left(self, *, here: bool) -> tuple[str, ...]:
        """In ever fewer words."""
        if not self.open_count:
            advice = self._all_decided()
            return f"{NOTHING_LEFT} {advice}", f"None is left. {advice}"
        if self.session.project.settings.hide_until_labeled:
            return (
                "No suggestion that is shown is left. U goes to a document to label.",
                "None that is shown is left. U goes on.",
            )
        if here:
            return (
                "No suggestion is left in this document. n goes to the next.",
                "None is left in this document. n goes on.",
                "None is left here. n goes on.",
            )
        return (
            "No suggestion is left in this list; f shows others.",
            "None is left in this list; f shows others.",
            "None is left; f shows others.",
        )

    def _all_decided(self) -> str:
        if self.is_read_only:
            return "Labeling here is off: H."
        return "ctrl+s saves the labels." if self.session.labeling.drafts() else "L has documents labeled."

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
