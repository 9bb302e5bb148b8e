"""A simulated annotator: knows the gold labels, looks at the program's state and presses its keys.

The keys are pressed in the program itself, run without a terminal; which are the fewest
``benchmarks.planner`` says. Suggestions are decided in the order in which the program offers them, labels are
made in reading order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.screen import ModalScreen

from benchmarks.planner import Place, Planner
from tui_labeler.domain.labels import Span, Suggestion
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.labeling.words import identical
from tui_labeler.screens.widgets.caret import Mode

if TYPE_CHECKING:
    from textual.pilot import Pilot

Gold = Mapping[str, Sequence[tuple[str, Span]]]
"""Category names and spans by location."""

_WAITED_FOR = ("text", "load", "history", "sync", "search")
"""Groups of workers that a person waits for after a key."""


def overlap(left: Span, right: Span) -> int:
    """Code points that two spans share."""
    return min(left.end, right.end) - max(left.start, right.start)


class Annotator:
    """Labels by hand, or reviews; counts keys by what they were for, and decisions."""

    def __init__(self, pilot: Pilot[None], gold: Gold) -> None:
        self._pilot = pilot
        self._gold = gold
        self.keys: Counter[str] = Counter()
        """``by hand``: labels that nothing suggested, and the way to their documents and back to suggestions;
        ``decide``: suggestions; ``go``: between documents, into and out of the review, and saving."""
        self.by_hand = 0
        """Labels made with no suggestion for them."""
        self.decided: Counter[str] = Counter()
        """Decisions on suggestions by their kind."""
        self._away = False
        """The cursor was moved from the suggestion that is to be decided."""
        self._pressed: set[str] = set()
        self._planner: tuple[str, Planner] | None = None

    @property
    def decisions(self) -> int:
        """Labels by hand, and decisions on suggestions."""
        return self.by_hand + self.decided.total()

    # --- what is on the screen ----------------------------------------------------------------------

    @property
    def screen(self) -> LabelingScreen:
        screen = self._pilot.app.screen
        if not isinstance(screen, LabelingScreen):
            raise RuntimeError(f"the keys led to {screen}")
        return screen

    @property
    def location(self) -> str:
        document = self.screen.document
        if document is None:
            raise RuntimeError("no document is in view")
        return document.location

    def _open(self) -> list[Suggestion]:
        document = self.screen.document
        return list(document.open_suggestions(self.screen.session.project.kind)) if document else []

    def _name(self, category: str) -> str:
        return self.screen.session.store.state.categories[category].name

    def _key(self, category: str) -> str:
        """The key that the pane shows beside a category."""
        return next(key for key, one in self.screen.keys.items() if self._name(one) == category)

    def labels(self, location: str, *, saved: bool = False) -> list[tuple[str, Span]]:
        """The labels of a document in text order."""
        document = self.screen.session.documents.find(location)
        found = document.saved_labels if saved else document.active_labels
        return [(self._name(label.category), label.span) for label in found if label.span]

    def _missing(self) -> list[tuple[str, Span]]:
        known = set(self.labels(self.location))
        return [one for one in self._gold.get(self.location, ()) if one not in known]

    # --- keys ---------------------------------------------------------------------------------------

    async def press(self, what: str, *keys: str) -> None:
        """Presses keys one by one and waits for what each brings."""
        for key in keys:
            self.keys[what] += 1
            self._pressed.add(key)
            await self._pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Waits for what a key began, or until it asks something."""
        app = self._pilot.app
        await self._pilot.pause()
        while not isinstance(app.screen, ModalScreen) and any(
            worker.group in _WAITED_FOR and not worker.is_finished for worker in app.workers
        ):
            await self._pilot.pause()

    def _plan(self, span: Span, at: Place | None = None) -> tuple[str, ...]:
        view = self.screen.text
        if self._planner is None or self._planner[0] != self.location:
            self._planner = self.location, Planner(view.text_layout, view.caret.units)
        pinned = view.caret.pinned
        return self._planner[1].selecting(span, at or Place(view.cursor, pinned=pinned))

    def _expect(self, span: Span, keys: Sequence[str]) -> None:
        selected = self.screen.text.selection
        if selected != span:
            raise RuntimeError(f"{self.location}: {selected} is selected by {keys} and not {span}")

    async def _label(self, what: str, category: str, span: Span) -> None:
        """Selects and labels; every place of the same words where all of them are such labels."""
        keys = self._plan(span)
        await self.press(what, *keys)
        self._expect(span, keys)
        if self._alike(category, span):
            await self.press(what, "=")
        await self.press(what, self._key(category))

    def _alike(self, category: str, span: Span) -> bool:
        places = {(category, place) for place in identical(self.screen.text.text, span)}
        return len(places & set(self._missing())) > 1 and places <= set(self._gold[self.location])

    # --- from nothing -------------------------------------------------------------------------------

    async def label_document(self) -> None:
        """Labels all that is missing in the document in view, in reading order."""
        while missing := self._missing():
            await self._label("by hand", *missing[0])
            self.by_hand += len(missing) - len(self._missing())

    async def label_all(self) -> None:
        """Labels the documents of the list from the first to the last, and saves."""
        for number in range(len(self._gold)):
            if number:
                await self.press("go", "]")
            await self.label_document()
        await self.press("go", "ctrl+s")

    # --- review -------------------------------------------------------------------------------------

    async def review_all(self, *, bulk: bool = False) -> None:
        """Reviews all suggestions, labels what they miss, and saves; ``bulk`` takes ``A`` and ``X`` too."""
        await self.press("go", "r")
        while self.screen.open_count and self._open():
            await self._step(bulk=bulk)
        await self.label_document()
        left = {name for name, wanted in self._gold.items() if len(self.labels(name)) < len(wanted)}
        if left:
            await self.press("by hand", "r")
        while left:
            before = self.location
            await self.press("by hand", "U")
            if self.location == before:
                raise RuntimeError(f"U leads to none of {sorted(left)}")
            await self.label_document()
            left.discard(self.location)
        await self.press("go", "ctrl+s")

    async def _step(self, *, bulk: bool) -> None:
        """One label that nothing suggested, or one decision on the suggestion at the cursor."""
        suggestions, missing = self._open(), self._missing()
        meant = self._meant(suggestions, missing)
        missed = [one for one in missing if one not in meant.values()]
        current = self._coming(suggestions)
        together = bulk and len(suggestions) > 1 and (not meant or self._all_right(suggestions, meant))
        if len(suggestions) > 1 and not together:
            missed = [one for one in missed if one[1].start < _start(current)]
        if missed:
            await self._label("by hand", *missed[0])
            self.by_hand += len(missing) - len(self._missing())
            await self._come_on("by hand")
            return
        if together:
            self._away = False
            await self._press_decision("all of a document", "A" if meant else "X")
            return
        if self._away:
            await self._go_to_suggestion(
                "by hand", "n" if _start(current) >= self.screen.text.cursor else "N"
            )
            self._away = False
        at = self.screen.suggestion()
        if at is None:
            raise RuntimeError(f"{self.location}: the program is at no suggestion")
        await self._decide(at, meant.get(at.id))

    def _coming(self, suggestions: Sequence[Suggestion]) -> Suggestion:
        """The suggestion that is to be decided now: at the cursor, else the first that is left."""
        at = None if self._away else self.screen.suggestion()
        return at or suggestions[0]

    def _meant(
        self, suggestions: Sequence[Suggestion], missing: Sequence[tuple[str, Span]]
    ) -> dict[str, tuple[str, Span]]:
        """Which missing label each suggestion comes nearest to; no label is meant twice."""
        pairs = [
            (
                one.span == span,
                self._name(one.category) == name,
                overlap(one.span, span),
                one.id,
                (name, span),
            )
            for one in suggestions
            for name, span in missing
            if one.span and one.span.overlaps(span)
        ]
        found: dict[str, tuple[str, Span]] = {}
        for *_, key, label in sorted(pairs, reverse=True):
            if key not in found and label not in found.values():
                found[key] = label
        return found

    async def _decide(self, one: Suggestion, meant: tuple[str, Span] | None) -> None:
        """Accepts, rejects or mends a suggestion, by the fewest keys."""
        assert one.span is not None
        if meant is None:
            await self._press_decision("rejected", "x")
        elif one.span == meant[1]:
            right = self._name(one.category) == meant[0]
            keys = ["a"] if right else ["c", self._key(meant[0])]
            await self._press_decision("accepted" if right else "other category", *keys)
        else:
            layout = self.screen.text.text_layout
            edited = Place(layout.before(one.span.end), Mode.CHARACTERS, one.span.start)
            keys = ["e", *self._plan(meant[1], edited), "enter"]
            # By hand: select, the category's key, and n to come to the next suggestion.
            if self._name(one.category) == meant[0] and len(keys) <= len(self._plan(meant[1])) + 2:
                await self._press_decision("other ends", *keys)
            else:
                await self._label("decide", *meant)
                self.decided["labeled anew"] += 1
                await self._come_on("decide")

    async def _go_to_suggestion(self, what: str, key: str) -> None:
        """While a search lasts, ``n`` and ``N`` go through the places found: it is ended first."""
        await self.press(what, *(("escape",) if self.screen.text.found else ()), key)

    async def _press_decision(self, what: str, *keys: str) -> None:
        self.decided[what] += 1
        await self.press("decide", *keys)

    def _all_right(self, suggestions: Sequence[Suggestion], meant: Mapping[str, tuple[str, Span]]) -> bool:
        return all(meant.get(one.id) == (self._name(one.category), one.span) for one in suggestions)

    async def _come_on(self, what: str) -> None:
        """After a label by hand: it may have hidden the last suggestion of the document."""
        self._away = bool(self._open())
        if not self._away:
            await self.label_document()
            if self.screen.open_count:
                await self._go_to_suggestion(what, "n")


def _start(suggestion: Suggestion) -> int:
    return suggestion.span.start if suggestion.span else 0
