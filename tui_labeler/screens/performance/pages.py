"""What is written on the pages of a model's performance: lines of a card, without any widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.models import ModelCard, Split
from tui_labeler.domain.performance import Counts
from tui_labeler.screens.widgets.cells import clean, clip, clip_middle, fit
from tui_labeler.screens.widgets.sheet import Headed
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
    from tui_labeler.screens.widgets.sheet import Build, HeadedBuild, Line


def order(card: ModelCard, *, measured: bool = False) -> list[str]:
    """Category ids by name; ``measured`` leaves out those that the test says nothing of."""
    per_category = card.performance.per_category
    keys = set(per_category) if measured else {*card.categories, *per_category}
    return sorted(keys, key=lambda key: (card.category_name(key).casefold(), key))


def category_cell(card: ModelCard, key: str, width: int, signs: Glyphs) -> str:
    """A category's name in exactly ``width`` cells, cut in its middle: many begin alike."""
    return fit(clip_middle(clean(card.category_name(key)), width, signs.more), width, signs.more)


# --- overview ---------------------------------------------------------------------------------------


def overview(card: ModelCard) -> Build:
    """The model's figures, how it came to be, and what would make it better."""

    def build(width: int, signs: Glyphs) -> list[Line]:
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
        shown = category_cell(card, item.category, 22, signs) if item.category != last else " " * 22
        last = item.category
        for number, line in enumerate(lines_of(item.words(card.categories), max(8, width - 27))):
            sign = "! " if number == 0 else "  "
            lines.append(((f"  {shown if number == 0 else ' ' * 22} ", ""), (sign, "warn"), (line, "")))
    return lines


# --- categories -------------------------------------------------------------------------------------


def categories(card: ModelCard) -> HeadedBuild:
    """Precision, recall and F1 of each category, and the counts that they come from."""

    def build(width: int, signs: Glyphs) -> Headed:
        bar_width = 10 if width >= 100 else 5 if width >= 90 else 0
        numbers = 3 * (6 + bar_width) + 8 + 3 * 5 + 2 * 7
        name_width = max(12, min(40, width - numbers - 2))
        gap = " " * bar_width
        titles = f"  {card.kind.noun:<{name_width}}{'P':>6}{gap}{'R':>6}{gap}{'F1':>6}{gap}"
        titles += f"{'support':>8}{'TP':>5}{'FP':>5}{'FN':>5}{'train':>7}{'test':>7}"
        lines: list[Line] = []
        for key in order(card):
            name = category_cell(card, key, name_width, signs)
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
        return Headed([((titles, "dim"),)], [*lines, (), *wrapped(note, width, "dim", "  ")])

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


# --- distribution -----------------------------------------------------------------------------------


def distribution(card: ModelCard) -> HeadedBuild:
    """Labels and labeled documents of each category, in both sets."""

    def build(width: int, signs: Glyphs) -> Headed:
        name_width = max(12, min(40, width - 59))
        bar_width = max(0, min(30, width - name_width - 50))
        titles = f"  {card.kind.noun:<{name_width}}{'labels':>9}{'train':>7}{'test':>7}"
        titles += f"{'documents':>12}{'train':>7}{'test':>7}"
        lines: list[Line] = []
        most = max([1, *(_labels(card, key) for key in order(card))])
        for key in order(card):
            train, test = card.train_labels.get(key, 0), card.test_labels.get(key, 0)
            documents = card.train_documents_with.get(key, 0), card.test_documents_with.get(key, 0)
            name = category_cell(card, key, name_width, signs)
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
        return Headed([((titles, "dim"),)], lines)

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
