"""What is written of two readings that are to be settled; without any screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Outcome, Pairing, Take
from tui_labeler.engine.wording import counted
from tui_labeler.screens.compared_text import Sides, category_name, words_of
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.marks import Mark
from tui_labeler.screens.widgets.palette import colors

if TYPE_CHECKING:
    from tui_labeler.domain.performance import Annotation
    from tui_labeler.domain.projects import Category
    from tui_labeler.engine.readings.two_readings import Compared, TwoReadings
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

_TAKEN = {Take.FIRST: "left", Take.SECOND: "right", Take.BOTH: "both", Take.NEITHER: "neither"}
_TAKEN_WIDTH = 9


def reading_marks(annotations: Sequence[Annotation], categories: Mapping[str, Category]) -> list[Mark]:
    """A reading as rules under the text."""
    palette = colors(categories.values())
    return [
        Mark(
            f"{category} {span.start} {span.end}",
            span.start,
            span.end,
            categories[category].name if category in categories else category,
            color=palette.get(category, 0),
        )
        for category, span in annotations
        if span is not None
    ]


def side_words(reader: str, annotations: Sequence[Annotation], names: Mapping[str, str]) -> str:
    """Over a text: whose reading it is, and its classes or how much it is."""
    classes = [category_name(names, category) for category, span in annotations if span is None]
    if classes:
        return f"{reader}: {', '.join(classes)}"
    return f"{reader}: {counted(len(annotations), 'label') if annotations else 'nothing labeled'}"


def document_words(both: TwoReadings, names: Mapping[str, str]) -> str:
    """One line under the texts: what agrees, and what is left to do."""
    same = len(both.lines) - len(both.differing)
    if both.settled:
        return f"Settled by {both.settled.actor}, with {counted(len(both.result), 'label')}."
    if not both.differing:
        what = "Both found nothing to label" if not same else f"Both have the same {counted(same, 'label')}"
        return f"{what}. A settles all documents like it."
    left = len(both.undecided)
    return f"{same:,} the same, {counted(len(both.differing), 'difference')}, {left:,} to decide."


def finished_words(settled: int) -> str:
    return f"All is settled: {counted(settled, 'document')} in this sitting. u takes the last step back."


def waiting_words(found: Compared) -> str:
    """Why there is nothing to settle."""
    waiting = sum(found.waiting.values())
    if waiting:
        are = counted(waiting, "document is", "documents are")
        return f"Nothing to settle yet: {are} with readers who are not done."
    if found.stale:
        return f"Nothing can be settled: {clean(found.stale[0])} has another text than the one that was read."
    return "Nothing to settle. & in a text gives it to two people."


def heading(both: TwoReadings) -> Callable[[int, Glyphs], Line]:
    def paint(width: int, signs: Glyphs) -> Line:
        text, name = _widths(width, both)
        titles = f"{fit('text', text)} " if text else ""
        one, other = (fit(clean(reader), name - 1, signs.more) for reader in both.readers)
        return ((f"{titles}{one} {other} {fit('taken', _TAKEN_WIDTH)}", ""),)

    return paint


def place_row(
    place: Pairing, both: TwoReadings, names: Mapping[str, str], text: str
) -> Callable[[int, Glyphs], Line]:
    """A place that differs: its words, what each has, and what was taken."""
    choice = next((c for c in both.choices if c.place == (place.first, place.second)), None)

    def paint(width: int, signs: Glyphs) -> Line:
        text_width, name = _widths(width, both)
        words = f"{fit(words_of(place, text, text_width, signs), text_width)} " if text_width else ""
        one, other = (
            fit(clean(category_name(names, side[0])) if side else "-", name - 1, signs.more)
            for side in (place.first, place.second)
        )
        taken = _TAKEN[choice.take] if choice else ""
        outcome = "" if choice else Sides("left", "right").outcome(place.outcome)
        cells: list[tuple[str, str]] = [(f"{words}{one} {other} ", "")]
        cells.append((fit(taken, _TAKEN_WIDTH), "good"))
        if outcome and place.outcome not in (Outcome.FIRST_ONLY, Outcome.SECOND_ONLY):
            cells.append((outcome, "dim"))
        return tuple(cells)

    return paint


def _widths(width: int, both: TwoReadings) -> tuple[int, int]:
    """Cells for the words and for a category's name."""
    spans = any(span for _, span in (*both.first, *both.second))
    name = max(10, min(24, (width - _TAKEN_WIDTH - 16) // 4))
    return (max(8, width - 2 * name - _TAKEN_WIDTH - 16) if spans else 0), name
