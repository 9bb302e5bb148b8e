"""The documents that a model was tested with: their labels beside what the model said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import work
from textual.containers import Vertical

from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import Annotation, TestedDocument
from tui_labeler.engine.errors import LabelerError
from tui_labeler.screens.performance.pages import category_cell
from tui_labeler.screens.widgets.cells import clean, clip, clip_middle, fit
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Headed, Sheet

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key

    from tui_labeler.domain.models import ModelCard
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import HeadedBuild, Line


_KEYS_HERE = "Keys move in these lines: enter or tab goes back to the list"


@dataclass(frozen=True, slots=True)
class Compared:
    """One place of a document: what the label says, and what the model."""

    actual: str | None
    """A category id; ``None`` where nothing is labeled so."""
    predicted: str | None
    span: Span | None

    @property
    def outcome(self) -> str:
        if self.actual == self.predicted:
            return "right"
        if self.predicted is None:
            return "missed"
        return "extra" if self.actual is None else "taken for another"


def compare(document: TestedDocument) -> tuple[Compared, ...]:
    """The labels and predictions of a document side by side, in text order.

    What is at the very same place is one line; what only overlaps stands in two, as it counts twice.
    """
    actual, predicted = list(document.actual), list(document.predicted)
    lines = [Compared(category, category, span) for category, span in actual if (category, span) in predicted]
    missed = [item for item in actual if item not in predicted]
    extra = [item for item in predicted if item not in actual]
    for category, span in missed:
        other = next((item for item in extra if item[1] == span), None)
        if other is not None:
            extra.remove(other)
        lines.append(Compared(category, other[0] if other else None, span))
    lines += [Compared(None, category, span) for category, span in extra]
    return tuple(sorted(lines, key=lambda line: (_place((line.actual or "", line.span)), line.outcome)))


def _place(annotation: Annotation) -> tuple[int, int]:
    span = annotation[1]
    return (span.start, span.end) if span else (0, 0)


class TestingSet(Vertical):
    """A list of the tested documents above the labels and predictions of the one at the cursor."""

    def __init__(self, session: ProjectSession, card: ModelCard) -> None:
        super().__init__()
        self._session = session
        self._card = card
        self._compared = {document.location: compare(document) for document in card.tested}
        self._only_mismatches = False
        self._text: str | None = None
        self._problem = ""

    def compose(self) -> ComposeResult:
        yield Picker(id="tested")
        yield Sheet(id="compared")

    def on_mount(self) -> None:
        self._list()

    def on_descendant_focus(self) -> None:
        self._show(keep_place=True)

    def on_descendant_blur(self) -> None:
        self._show(keep_place=True)

    def focus_list(self) -> None:
        self.query_one(Picker).focus()

    def toggle_mismatches(self) -> None:
        """Shows what went wrong only, or everything."""
        self._only_mismatches = not self._only_mismatches
        self._list()
        self._show()

    # --- the list -----------------------------------------------------------------------------------

    def _list(self) -> None:
        shown = [
            (location, lines)
            for location, lines in self._compared.items()
            if not self._only_mismatches or any(line.outcome != "right" for line in lines)
        ]
        rows = [Choice(location, _document(location, lines)) for location, lines in shown]
        self.query_one(Picker).set_rows(rows, _heading)
        if not rows:
            self._show()

    def on_picker_highlighted(self, event: Picker.Highlighted) -> None:
        event.stop()
        self._read(event.key)

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """To the labels and predictions of the document, which keys move in then; enter goes back."""
        event.stop()
        self.query_one(Sheet).focus()

    def on_key(self, event: Key) -> None:
        if event.key == "enter" and self.query_one(Sheet).has_focus:
            event.stop()
            self.focus_list()

    @work(exclusive=True)
    async def _read(self, location: str) -> None:
        """Reads the document's text, to show what the spans cover."""
        self._text, self._problem = None, ""
        try:
            document = self._session.documents.find(location)
            self._text = (await self._session.documents.text(document.id)).text
        except LabelerError as error:
            self._problem = error.message
        self._show()

    # --- one document -------------------------------------------------------------------------------

    def _show(self, *, keep_place: bool = False) -> None:
        location = self.query_one(Picker).current
        self.query_one(Sheet).show_page(self._page(location), keep_place=keep_place)

    def _page(self, location: str | None) -> HeadedBuild:
        if location is None:
            words = "No document went wrong." if self._card.tested else "No document was tested."
            return lambda width, signs: (((f"  {words}", "dim"),),)
        lines = self._compared[location]
        shown = [line for line in lines if not self._only_mismatches or line.outcome != "right"]
        has_keys = self.query_one(Sheet).has_focus

        def build(width: int, signs: Glyphs) -> Headed:
            classes = self._card.kind.is_classification
            names = max(10, min(26, (width - 24) // 3))
            text_width = 0 if classes else max(8, width - 2 * names - 24)
            titles = f"  {'text':<{text_width}} " if text_width else "  "
            titles += f"{'labeled':<{names}} {'predicted':<{names}} outcome"
            page: list[Line] = []
            heading: list[Line] = [((titles, "dim"),)]
            if has_keys:
                heading.insert(0, ((clip(f"  {_KEYS_HERE}", width, signs.more), "title"),))
            for line in shown:
                words = (
                    f"  {fit(self._words(line.span, text_width, signs), text_width)} " if text_width else "  "
                )
                looks = "good" if line.outcome == "right" else "bad"
                mark = signs.check if looks == "good" else signs.times
                page.append(
                    (
                        (words, ""),
                        (f"{self._category(line.actual, names, signs)} ", ""),
                        (f"{self._category(line.predicted, names, signs)} ", ""),
                        (f"{mark} {line.outcome}", looks),
                    )
                )
            if self._problem:
                page += [(), ((f"  {clip(clean(self._problem), width - 2, signs.more)}", "warn"),)]
            return Headed(heading, page)

        return build

    def _category(self, category: str | None, width: int, signs: Glyphs) -> str:
        return category_cell(self._card, category, width, signs) if category else f"{'-':<{width}}"

    def _words(self, span: Span | None, width: int, signs: Glyphs) -> str:
        if span is None or self._text is None:
            return f"{span.start}..{span.end}" if span else ""
        words = " ".join(self._text[span.start : span.end].split())
        return clip_middle(clean(words), width, signs.more)


def _heading(width: int, signs: Glyphs) -> Line:
    return ((fit(f"{'document':<{_width(width)}}{'right':>7}{'wrong':>7}", width, signs.more), ""),)


def _width(width: int) -> int:
    return max(12, min(60, width - 16))


def _document(location: str, lines: Sequence[Compared]) -> Callable[[int, Glyphs], Line]:
    right = sum(line.outcome == "right" for line in lines)
    wrong = len(lines) - right

    def paint(width: int, signs: Glyphs) -> Line:
        name = fit(clip_middle(clean(location), _width(width) - 1, signs.more), _width(width))
        return ((name, ""), (f"{right:>7}", ""), (f"{wrong or '':>7}", "bad"))

    return paint
