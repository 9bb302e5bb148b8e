"""What is written of how far two readers agree; without any widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_labeler.engine.wording import counted
from tui_labeler.screens.compared_text import SHOWN_DOCUMENTS, category_name, differences, section
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit
from tui_labeler.screens.words import look_of, percent, wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.readings.agreeing import Agreed, Alpha, Figures
    from tui_labeler.engine.readings.two_readings import TwoReadings
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

_NUMBER = 8
"""Cells of a figure."""


def reader_lines(found: Agreed, names: Mapping[str, str], width: int, signs: Glyphs) -> list[Line]:
    """All documents that were given to two readers; nothing where none was."""
    waiting = sum(found.compared.waiting.values())
    if not found.compared.documents and not waiting and not found.compared.stale:
        return []
    page = section("Read by two people")
    if found.compared.documents:
        page += _figure_lines(found, width, signs)
        page += _category_lines(found.figures, names, width, signs)
    if waiting:
        page += wrapped(f"{counted(waiting, 'document is', 'documents are')} with readers.", width, "", "  ")
    for location in found.compared.stale:
        page += wrapped(f"Left out, its text has changed: {clean(location)}", width, "warn", "  ")
    return page + _documents(found.compared.documents, width, signs)


def _figure_lines(found: Agreed, width: int, signs: Glyphs) -> list[Line]:
    """A line for all, and one for each pair where there are several."""
    kinds = found.figures.agreement.kind
    name_width = max(12, min(32, width - 14 - 4 * _NUMBER))
    titles = f"  {fit('readers', name_width)}{'documents':>12}{'F1':>{_NUMBER}}"
    titles += f"{'kappa':>{_NUMBER}}" if kinds.is_classification else ""
    page: list[Line] = [((f"{titles}{'alpha':>{_NUMBER}}", "dim"),)]
    rows = [(", ".join(pair.readers), pair.figures) for pair in found.pairs]
    if len(rows) > 1:
        rows.insert(0, ("all", found.figures))
    for name, figures in rows:
        shown = fit(clip_middle(clean(name), name_width, signs.more), name_width)
        cells: list[tuple[str, str]] = [
            (f"  {shown}{figures.agreement.documents:>12,}", ""),
            (percent(figures.agreement.f1).strip().rjust(_NUMBER), look_of(figures.agreement.f1)),
        ]
        if kinds.is_classification:
            cells.append(_figure(figures.kappa))
        page.append((*cells, _figure(figures.alpha.value)))
    same = found.figures.agreement.agreeing
    words = f"{counted(same, 'document')} without a difference. {_alpha_words(found.figures.alpha)}"
    return page + wrapped(words, width, "", "  ")


def _figure(value: float | None) -> tuple[str, str]:
    return (f"{'-' if value is None else f'{value:.2f}':>{_NUMBER}}", look_of(value))


def _alpha_words(alpha: Alpha) -> str:
    if alpha.problem:
        return alpha.problem
    if alpha.value is None:
        return "There is no alpha: only one value occurs, and chance alone would agree."
    of = {"character": "characters", "document": "documents"}.get(alpha.unit, "classes of documents")
    part = f", every {alpha.every:,}th" if alpha.every > 1 else ""
    return (
        f"Krippendorff's alpha is over {alpha.units:,} {of}{part}; 1 is full agreement, 0 what chance gives."
    )


def _category_lines(figures: Figures, names: Mapping[str, str], width: int, signs: Glyphs) -> list[Line]:
    """The least agreed on first."""
    has_kappa = bool(figures.kappas)
    name_width = max(10, min(30, width - 32 - _NUMBER))
    titles = f"  {fit('category', name_width)}{'F1':>{_NUMBER}}"
    titles += f"{'kappa':>{_NUMBER}}" if has_kappa else ""
    page: list[Line] = [(), ((f"{titles}{'same':>8}{'different':>11}", "dim"),)]
    found = figures.agreement
    for category, counts in sorted(found.categories.items(), key=lambda item: (item[1].f1, item[0])):
        kinds = found.kinds.get(category, {})
        same = counts.true_positives
        cells: list[tuple[str, str]] = [
            (f"  {fit(clean(category_name(names, category)), name_width, signs.more)}", ""),
            (percent(counts.f1).strip().rjust(_NUMBER), look_of(counts.f1)),
        ]
        if has_kappa:
            cells.append(_figure(figures.kappas.get(category)))
        page.append((*cells, (f"{same:>8,}{sum(kinds.values()) - same:>11,}", "")))
    return page


def _documents(documents: Sequence[TwoReadings], width: int, signs: Glyphs) -> list[Line]:
    """Those with differences, the most first."""
    found = sorted(
        (item for item in documents if item.differing), key=lambda i: (-differences(i.lines), i.location)
    )
    page: list[Line] = section("Documents that two readers have differently") if found else []
    for item in found[:SHOWN_DOCUMENTS]:
        words = counted(len(item.differing), "difference")
        tail = f"  {words}, settled" if item.settled else f"  {words}, {len(item.undecided):,} to adjudicate"
        room = max(12, width - len(tail) - 2)
        page.append((("  ", ""), (clip_middle(clean(item.location), room, signs.more), ""), (tail, "dim")))
    if len(found) > SHOWN_DOCUMENTS:
        page.append(((f"  and {len(found) - SHOWN_DOCUMENTS:,} more", "dim"),))
    return page
