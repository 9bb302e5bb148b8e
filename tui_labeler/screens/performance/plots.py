"""The pages of a model's performance that are drawn: bars by category, confidence, the learning curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.engine.wording import counted
from tui_labeler.screens.performance.pages import category_cell, order
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.plot import Axis, Series, beside, plot
from tui_labeler.screens.widgets.sheet import Headed
from tui_labeler.screens.words import bar, heading, look_of, percent, wrapped

if TYPE_CHECKING:
    from tui_labeler.domain.calibration import Calibration
    from tui_labeler.domain.models import Milestone, ModelCard
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import HeadedBuild, Line

SMALL = 100
"""Below so many cells a plot is made for a screen of 24 lines."""

MANY_PREDICTIONS = 100
"""Fewer predictions than this fill no ten bins; a choice of this program."""


def _size(width: int, table: int) -> tuple[int, int]:
    """The cells of a plot beside a table of so many."""
    return min(80, max(30, width - table - 4)), 12 if width < SMALL else 22


def _shares(lowest: float, most: float) -> Axis:
    """An axis of shares that ends at 100 % and begins at a multiple of ten, ``most`` at most."""
    low = min(most, math.floor(lowest * 10) / 10)
    return Axis(low, 1.0, tuple((value, f"{value:.0%}") for value in (low, (low + 1) / 2, 1.0)))


# --- precision and recall by category ---------------------------------------------------------------


def bars(card: ModelCard) -> HeadedBuild:
    """Precision beside recall for each category, the weakest first."""

    def build(width: int, signs: Glyphs) -> Headed:
        measured = card.performance.per_category
        keys = order(card)
        weakest = sorted((key for key in keys if key in measured), key=lambda key: measured[key].f1)
        longest = max((cell_len(clean(card.category_name(key))) for key in keys), default=0)
        name_width = max(12, min(longest, width - 27 - 2 * 10))
        bar_width = max(4, min(40, (width - name_width - 27) // 2))
        column = bar_width + 8
        titles = f"  {card.kind.noun:<{name_width}} {'precision':<{column}}{'recall':<{column}}{'support':>8}"
        lines: list[Line] = []
        for key in weakest:
            counts = measured[key]
            lines.append(
                (
                    (f"  {category_cell(card, key, name_width, signs)} ", ""),
                    *_bar(counts.precision, bar_width, signs),
                    *_bar(counts.recall, bar_width, signs),
                    (f"{counts.support:>8}", ""),
                )
            )
        for key in keys:
            if key not in measured:
                name = category_cell(card, key, name_width, signs)
                lines.append(((f"  {name} ", ""), ("not in the testing set", "dim")))
        note = "The lowest F1 stands first. support: labels in the testing set."
        return Headed([((titles, "dim"),)], [*lines, (), *wrapped(note, width, "dim", "  ")])

    return build


def _bar(share: float, width: int, signs: Glyphs) -> tuple[tuple[str, str], ...]:
    return (bar(share, width, signs), "bar"), (f" {percent(share)}  ", look_of(share))


# --- confidence against correctness -----------------------------------------------------------------


def confidence(card: ModelCard) -> Callable[[int, Glyphs], Sequence[Line]]:
    """How often predictions were right, by their confidence (a reliability diagram)."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        lines: list[Line] = [heading("How often predictions were right, by their confidence"), ()]
        measured = card.performance.calibration
        if measured is None:
            predicted = any(document.predicted for document in card.tested)
            words = (
                "Not measured when this model was trained; training again measures it."
                if predicted
                else "Not measured: there was no prediction in the testing set."
            )
            return [*lines, *wrapped(words, width, "", "  ")]
        table = _bins(measured)
        columns, rows = _size(width, TABLE)
        lines += beside(_reliability(measured, columns, rows, signs), table, columns + 3)
        return [*lines, (), *_verdict(measured, width)]

    return build


TABLE = 35
"""Cells that :func:`_bins` takes."""


def _reliability(measured: Calibration, columns: int, rows: int, signs: Glyphs) -> list[Line]:
    points = [(one.confidence, one.share_right) for one in measured.bins]
    axis = _shares(min(min(point) for point in points), 0.5)
    perfect = Series([(axis.low, axis.low), (axis.high, axis.high)], "dim", line="dotted")
    drawn = plot([perfect, Series(points, "bar", signs.labeled)], axis, axis, columns, rows, signs)
    return [(("right", "dim"),), *drawn, ((f"{'confidence':>{columns}}", "dim"),)]


def _bins(measured: Calibration) -> list[Line]:
    """The points as figures, the most confident first, as they are in the plot from the top."""
    lines: list[Line] = [((f"{'confidence':<14}{'mean':>6}{'right':>7}{'number':>8}", "dim"),)]
    for one in reversed(measured.bins):
        ends = f"{percent(one.lowest).strip()}-{percent(one.highest).strip()}"
        figures = f"{ends:<14}{percent(one.confidence):>6}{percent(one.share_right):>7}"
        lines.append(((figures, ""), (f"{one.predictions:>8}", "dim")))
    total = f"{'all':<14}{percent(measured.confidence):>6}{percent(measured.share_right):>7}"
    return [*lines, ((total, ""), (f"{measured.predictions:>8}", "dim"))]


def _verdict(measured: Calibration, width: int) -> list[Line]:
    gap = measured.confidence - measured.share_right
    direction = "more" if gap > 0 else "less"
    words = (
        f"Expected calibration error {percent(measured.error).strip()}: confidence is off by so much, on the "
        f"mean. In all it promises {abs(gap) * 100:.1f} points {direction} than was right. Points below the "
        "dotted line promise too much."
    )
    few = f"Only {counted(measured.predictions, 'prediction')}: chance alone moves these figures."
    warning = wrapped(few, width, "warn", "  ") if measured.predictions < MANY_PREDICTIONS else []
    return [*warning, *wrapped(words, width, "", "  ")]


# --- learning curve ---------------------------------------------------------------------------------


def learning(models: Sequence[Milestone] | None, shown: str) -> Callable[[int, Glyphs], Sequence[Line]]:
    """F1 against labeled documents, a point for each model of the project; ``None``: not read yet."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        lines: list[Line] = [heading("F1 against labeled documents, model by model"), ()]
        if models is None:
            return lines
        table_width = min(60, max(36, width * 2 // 5))
        columns, rows = _size(width, table_width)
        table = _models(models, shown, table_width, signs)
        if any(one.f1 is not None for one in models):
            drawn = _curve(models, shown, columns, rows, signs)
            lines += beside(drawn, table, columns + 3)
        else:
            lines += [*wrapped("No model was measured.", width, "", "  "), ()]
            lines += table
        words = (
            f"{signs.labeled} this model, {signs.times} others. Only models tested with the same documents "
            "compare exactly (=). Models that were deleted or trained anew under their name are not here."
            if len(models) > 1
            else "There is no other model: train one under another name when there are more labels."
        )
        return [*lines, (), *wrapped(words, width, "dim", "  ")]

    return build


def _curve(models: Sequence[Milestone], shown: str, columns: int, rows: int, signs: Glyphs) -> list[Line]:
    measured = [(one.documents, one.f1, one.model) for one in models if one.f1 is not None]
    points = [(float(documents), f1) for documents, f1, _ in sorted(measured)]
    most = max(documents for documents, _, _ in measured)
    half = most // 2
    ticks = [(0.0, "0"), *([(float(half), f"{half:,}")] if half else []), (float(most), f"{most:,}")]
    others = [(float(documents), f1) for documents, f1, name in measured if name != shown]
    this = [(float(documents), f1) for documents, f1, name in measured if name == shown]
    drawn = plot(
        [
            Series(points, "dim", line="dotted"),
            Series(others, "bar", signs.times, line="none"),
            Series(this, "title", signs.labeled, line="none"),
        ],
        Axis(0.0, float(max(1, most)), tuple(ticks)),
        _shares(min(f1 for _, f1 in points), 0.5),
        columns,
        rows,
        signs,
    )
    return [(("F1", "dim"),), *drawn, ((f"{'labeled documents':>{columns}}", "dim"),)]


def _models(models: Sequence[Milestone], shown: str, width: int, signs: Glyphs) -> list[Line]:
    """The points as figures in ``width`` cells, the newest first."""
    names = width - 25
    lines: list[Line] = [((f"  {'model':<{names}} {'learned':>8}{'F1':>6}{'tested':>8}", "dim"),)]
    for one in reversed(models):
        sign = signs.labeled if one.model == shown else signs.times
        words = f"{sign} {fit(clean(one.model), names, signs.more)} {one.documents:>8,} "
        tested = f"{one.test_documents:>7,}{'=' if one.same_test else ' '}"
        lines.append(((words, ""), (percent(one.f1), look_of(one.f1)), (tested, "")))
    return lines
