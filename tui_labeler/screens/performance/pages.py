"""What is written on the pages of a model's performance: lines of a card, without any widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.domain.models import ModelCard, Split
from tui_labeler.domain.performance import NONE, Counts
from tui_labeler.screens.widgets.cells import clean, clip, fit
from tui_labeler.screens.words import (
    bar,
    duration,
    heading,
    lines_of,
    look_of,
    percent,
    when,
    wrapped,
)

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


def order(card: ModelCard, *, measured: bool = False) -> list[str]:
    """Category ids by name; ``measured`` leaves out those that the test says nothing of."""
    per_category = card.performance.per_category
    keys = set(per_category) if measured else {*card.categories, *per_category}
    return sorted(keys, key=lambda key: (card.category_name(key).casefold(), key))


# --- overview ---------------------------------------------------------------------------------------


def overview(card: ModelCard) -> Callable[[int, Glyphs], Sequence[Line]]:
    """The model's figures, how it came to be, and what would make it better."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        performance = card.performance
        figures = [
            ("Precision", performance.precision),
            ("Recall", performance.recall),
            ("F1 score", performance.f1),
            ("Macro F1", performance.macro_f1),
        ]
        bar_width = max(10, min(40, width - 24))
        lines: list[Line] = [heading("Figures, from the testing set"), ()]
        for name, share in figures:
            drawn = (bar(share or 0.0, bar_width, signs), "bar")
            lines.append(((f"  {name:<11}", ""), (f"{percent(share)}  ", look_of(share)), drawn))
        if not performance.total.support:
            lines += [
                (),
                *wrapped("The testing set holds no labels: nothing could be measured.", width, "warn"),
            ]
        lines += [(), heading("How it came to be"), ()]
        facts = [
            ("Trained", f"{when(card.created)} by {card.actor}, in {duration(card.seconds)}"),
            (
                "Documents",
                f"{len(card.train_documents):,} to learn from, {len(card.test_documents):,} to test with",
            ),
            ("Split", _split(card)),
            (
                "Labels",
                f"{sum(card.train_labels.values()):,} learned, {sum(card.test_labels.values()):,} tested",
            ),
            ("Version", f"{card.version} on labels {card.labels_version}"),
        ]
        lines += [
            ((f"  {name:<11}", "dim"), (clip(clean(words), width - 13, signs.more), ""))
            for name, words in facts
        ]
        for warning in card.warnings:
            lines += [(), *wrapped(f"! {warning}.", width, "warn", "  ")]
        return [*lines, (), *_guidance(card, width, signs)]

    return build


def _split(card: ModelCard) -> str:
    if card.options.split is Split.MANUAL:
        return "manual, by the set of each document"
    return f"automatic, {card.options.test_percent} % to test with, seed {card.options.seed}"


def _guidance(card: ModelCard, width: int, signs: Glyphs) -> list[Line]:
    lines: list[Line] = [heading("What would make it better"), ()]
    advice = card.guidance
    if not advice:
        return [*lines, ((f"  {signs.check} nothing stands out", "good"),)]
    last = ""
    for item in sorted(advice, key=lambda item: card.category_name(item.category).casefold()):
        name = clean(card.category_name(item.category))
        shown = fit(name if name != last else "", 22, signs.more)
        last = name
        for number, line in enumerate(lines_of(item.words(card.categories), max(8, width - 27))):
            sign = "! " if number == 0 else "  "
            lines.append(((f"  {shown if number == 0 else ' ' * 22} ", ""), (sign, "warn"), (line, "")))
    return lines


# --- categories -------------------------------------------------------------------------------------


def categories(card: ModelCard) -> Callable[[int, Glyphs], Sequence[Line]]:
    """Precision, recall and F1 of each category, and the counts that they come from."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        bar_width = 10 if width >= 100 else 5 if width >= 90 else 0
        numbers = 3 * (6 + bar_width) + 8 + 3 * 5 + 2 * 7
        name_width = max(12, min(40, width - numbers - 2))
        gap = " " * bar_width
        titles = f"  {card.kind.noun:<{name_width}}{'P':>6}{gap}{'R':>6}{gap}{'F1':>6}{gap}"
        titles += f"{'support':>8}{'TP':>5}{'FP':>5}{'FN':>5}{'train':>7}{'test':>7}"
        lines: list[Line] = [((titles, "dim"),)]
        for key in order(card):
            name = fit(clean(card.category_name(key)), name_width, signs.more)
            counts = card.performance.per_category.get(key)
            cells: list[tuple[str, str]] = [(f"  {name}", "")]
            if counts is None:
                missing = "not in the testing set"
                cells.append((f"{missing:>{numbers - 14}}", "dim"))
            else:
                cells += _figures(counts, bar_width, signs)
            labels = f"{card.train_labels.get(key, 0):>7}{card.test_labels.get(key, 0):>7}"
            lines.append((*cells, (labels, "")))
        total = card.performance.total
        labels = f"{sum(card.train_labels.values()):>7}{sum(card.test_labels.values()):>7}"
        model = fit("all (micro)", name_width, signs.more)
        lines += [(), ((f"  {model}", "title"), *_figures(total, bar_width, signs), (labels, ""))]
        note = "support, TP, FP, FN: in the testing set.  train, test: labels in each set."
        return [*lines, (), *wrapped(note, width, "dim", "  ")]

    return build


def _figures(counts: Counts, bar_width: int, signs: Glyphs) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = []
    for share in (counts.precision, counts.recall, counts.f1):
        cells.append((f" {percent(share)}", look_of(share)))
        if bar_width:
            cells.append((f" {bar(share, bar_width - 1, signs)}", "bar"))
    numbers = (counts.true_positives, counts.false_positives, counts.false_negatives)
    cells.append((f"{counts.support:>8}" + "".join(f"{number:>5}" for number in numbers), ""))
    return cells


# --- confusion matrix -------------------------------------------------------------------------------


def confusion(
    card: ModelCard, *, shares: bool = False, first: int = 0
) -> Callable[[int, Glyphs], Sequence[Line]]:
    """Who was taken for whom; ``first`` is the first column that is shown of a matrix that is too wide."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        matrix = card.performance.confusion
        if not matrix:
            return _no_matrix(card, width)
        keys = confusion_keys(card)
        name_width, cell, room = _matrix_measures(card, width, shares)
        start = min(first, max(0, len(keys) - room))
        shown = keys[start : start + room]
        columns = "".join(f"{keys.index(key) + 1:>{cell}}" for key in shown)
        lines: list[Line] = [
            (("  rows: actual ", "title"), ("(what the label says)", "dim")),
            (("  columns: predicted ", "title"), ("(what the model says), by the rows' numbers", "dim")),
        ]
        if len(shown) < len(keys):
            words = f"! columns {start + 1} to {start + len(shown)} of {len(keys)}: > and < show the others"
            lines += wrapped(words, width, "warn", "  ")
        lines += [
            (),
            ((f"  {'':<{name_width + 3}}{columns}", "dim"),),
        ]
        for number, key in enumerate(keys, 1):
            name = fit(clean(card.category_name(key)), name_width, signs.more)
            line = matrix.get(key, {})
            cells = [_cell(line, key, column, shares, cell, signs) for column in shown]
            lines.append(((f"  {number:>2} {name}", ""), *cells))
        lines.append(())
        unit = "% of the row" if shares else "counts"
        note = (
            f"{unit}; % changes it. On the diagonal: exactly right. {NONE}: labeled, or predicted, as "
            "nothing, or with other boundaries."
        )
        return [*lines, *wrapped(note, width, "dim", "  ")]

    return build


def _matrix_measures(card: ModelCard, width: int, shares: bool) -> tuple[int, int, int]:
    """Cells for a row's name, cells for a column, and how many columns fit.

    Columns come first: they, and then the names, are as narrow as must be for all of them to be seen.
    """
    keys = confusion_keys(card)
    counts = [count for line in card.performance.confusion.values() for count in line.values()]
    figures = max(4 if shares else len(str(max(counts, default=0))), len(str(len(keys))))
    longest = max(cell_len(clean(card.category_name(key))) for key in keys)
    left = width - 5 - min(longest, 34)
    cell = max(figures + 1, min(max(6, figures + 2), left // len(keys)))
    name_width = max(12, min(longest, 34, width - 5 - cell * len(keys)))
    return name_width, cell, max(1, (width - name_width - 5) // cell)


def last_first_column(card: ModelCard, width: int, *, shares: bool) -> int:
    """The first column of a matrix whose last one is in view; 0 where all are."""
    return max(0, len(confusion_keys(card)) - _matrix_measures(card, width, shares)[2])


def confusion_keys(card: ModelCard) -> list[str]:
    """The matrix's rows, which are its columns too; ``$none`` stands last."""
    matrix = card.performance.confusion
    keys = {*matrix, *(key for line in matrix.values() for key in line)} - {NONE}
    return [*sorted(keys, key=lambda key: (card.category_name(key).casefold(), key)), NONE]


def _no_matrix(card: ModelCard, width: int) -> Sequence[Line]:
    words = (
        "There is no confusion matrix where a document can have several classes: a class that is missed "
        "was not taken for another one."
        if card.kind.short == "multi"
        else "The testing set holds nothing to compare."
    )
    return wrapped(words, width, "", "  ")


def _cell(
    line: dict[str, int] | object, row: str, column: str, shares: bool, width: int, signs: Glyphs
) -> tuple[str, str]:
    counts = line if isinstance(line, dict) else {}
    count = counts.get(column, 0)
    if not count:
        return (f"{signs.dot:>{width}}", "dim")
    words = f"{100 * count / sum(counts.values()):.0f}%" if shares else str(count)
    return (f"{words:>{width}}", "good" if row == column else "bad")


# --- distribution -----------------------------------------------------------------------------------


def distribution(card: ModelCard) -> Callable[[int, Glyphs], Sequence[Line]]:
    """Labels and labeled documents of each category, in both sets."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        name_width = max(12, min(36, width - 62))
        bar_width = max(0, min(30, width - name_width - 50))
        titles = f"  {card.kind.noun:<{name_width}}{'labels':>9}{'train':>7}{'test':>7}"
        titles += f"{'documents':>12}{'train':>7}{'test':>7}"
        lines: list[Line] = [((titles, "dim"),)]
        most = max([1, *(_labels(card, key) for key in order(card))])
        for key in order(card):
            train, test = card.train_labels.get(key, 0), card.test_labels.get(key, 0)
            documents = card.train_documents_with.get(key, 0), card.test_documents_with.get(key, 0)
            name = fit(clean(card.category_name(key)), name_width, signs.more)
            numbers = (
                f"{train + test:>9}{train:>7}{test:>7}{sum(documents):>12}{documents[0]:>7}{documents[1]:>7}"
            )
            lines.append(((f"  {name}", ""), (numbers, ""), _two_bars(train, test, most, bar_width, signs)))
        train, test = sum(card.train_labels.values()), sum(card.test_labels.values())
        sets = len(card.train_documents), len(card.test_documents)
        numbers = f"{train + test:>9}{train:>7}{test:>7}{sum(sets):>12}{sets[0]:>7}{sets[1]:>7}"
        lines += [(), ((f"  {fit('all', name_width, signs.more)}", "title"), (numbers, ""))]
        if bar_width > 4:
            note = f"{signs.bar} labels in the training set, {signs.bar_second} in the testing set"
            lines += [(), *wrapped(note, width, "dim", "  ")]
        return lines

    return build


def _labels(card: ModelCard, key: str) -> int:
    return card.train_labels.get(key, 0) + card.test_labels.get(key, 0)


def _two_bars(train: int, test: int, most: int, width: int, signs: Glyphs) -> tuple[str, str]:
    if width <= 4:
        return ("", "")
    room = width - 3
    first = max(round(train / most * room), int(train > 0))
    second = min(room + 1 - first, max(round(test / most * room), int(test > 0)))
    return (f"  {signs.bar * first}{signs.bar_second * second}", "bar")
