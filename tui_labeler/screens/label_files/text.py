"""What the screens for label files say: their rows, and what an import or an export would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from tui_labeler.engine.exports.splitting import SETS
from tui_labeler.engine.formats import AUTO
from tui_labeler.engine.imports.plans import Skipped
from tui_labeler.engine.wording import counted
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit
from tui_labeler.screens.widgets.picker import Choice
from tui_labeler.screens.words import heading, wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.imports.plans import ImportPlan
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

SHOWN = 300
"""Lines of what is left out that are listed; the rest is counted."""

NAMED = 12
"""New categories that are named; the rest is counted."""

_TITLE = 24
"""Cells for the title of a row."""

_EMPTY: Line = ((" ", ""),)


def form_row(key: str, title: str, words: str, *, disabled: bool = False) -> Choice:
    """A row with a title and what is chosen there."""

    def paint(width: int, signs: Glyphs) -> Line:
        room = max(8, width - _TITLE)
        name = fit(clip_middle(clean(title), _TITLE - 2, signs.more), _TITLE, signs.more)
        return (name, ""), (clip_middle(clean(words), room, signs.more), "title")

    return Choice(key, paint, disabled)


# --- in ---------------------------------------------------------------------------------------------


def import_rows(
    path: str, file_format: str, plan: ImportPlan | None, choices: Mapping[str, str], *, add: bool
) -> list[Choice]:
    """The rows of the import screen; those of documents to choose come last, their keys begin with ``?``."""
    found = file_format if plan is None else plan.title
    by_itself = "found: " if file_format == AUTO and plan is not None else ""
    rows = [
        form_row("file", "File", PurePath(path).name),
        form_row("format", "Format", f"{by_itself}{found}"),
        form_row(
            "add",
            "Texts that match none",
            _others(plan, add=add),
            disabled=plan is None or not (plan.can_add or add),
        ),
        form_row("start", "Import", _start_words(plan), disabled=plan is None or plan.changes_nothing),
    ]
    open_ = plan.ambiguous if plan is not None else ()
    rows += [
        form_row(f"?{item.called}", item.called, f"which of {len(item.candidates)}? enter chooses")
        for item in open_
    ]
    return rows + [form_row(f"?{name}", name, f"is {location}") for name, location in choices.items()]


def _others(plan: ImportPlan | None, *, add: bool) -> str:
    if plan is None:
        return ""
    if not (plan.can_add or add):
        return "each has its document"
    if add:
        return f"{counted(len(plan.additions), 'text')} written into the container, as new documents"
    return f"{counted(plan.can_add, 'text')} without a document: left out"


def _start_words(plan: ImportPlan | None) -> str:
    if plan is None:
        return ""
    if plan.changes_nothing:
        return "nothing is new"
    words = [counted(plan.labels, "label")]
    if plan.suggestions:
        words.append(counted(plan.suggestions, "suggestion"))
    if plan.reviewed:
        words.append(f"{plan.reviewed:,} reviewed")
    if plan.additions:
        words.append(counted(len(plan.additions), "document"))
    return ", ".join(words)


def import_page(plan: ImportPlan | None, problem: str) -> Callable[[int, Glyphs], Sequence[Line]]:
    """What would change; or why the file can't be read."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        if problem:
            return [heading("It can't be imported"), *_lines(problem, width, "bad")]
        if plan is None:
            return []
        lines: list[Line] = [heading("What would change")]
        for words in _changes(plan):
            lines += wrapped(words, width)
        lines += [_EMPTY, heading("Documents of the file")]
        for words in _matches(plan):
            lines += wrapped(words, width)
        for words in plan.warnings:
            lines += _lines(words, width, "warn")
        lines += listed("Left out", plan.skipped, width)
        return lines + listed("Kept, and worth a look", plan.notes, width)

    return build


def _changes(plan: ImportPlan) -> list[str]:
    there = f"{counted(plan.labels, 'new label')}; {plan.unchanged:,} there already"
    if plan.meeting:
        there += f"; {plan.meeting:,} that meet labels of the project, left out"
    found = [f"{there}."]
    if plan.suggestions:
        found.append(f"{counted(plan.suggestions, 'new suggestion')}, to be reviewed.")
    if plan.reviewed:
        found.append(f"{counted(plan.reviewed, 'document')} marked as reviewed, with nothing to label.")
    if plan.categories:
        named = ", ".join(plan.categories[:NAMED])
        more = len(plan.categories) - NAMED
        found.append(f"New categories: {named}{f' and {more:,} more' if more > 0 else ''}.")
    if plan.additions:
        found.append(f"{counted(len(plan.additions), 'new document')} in the container.")
    return found


def _matches(plan: ImportPlan) -> list[str]:
    by = [f"{count:,} by {how}" for how, count in plan.matched_by.items()]
    found = [f"Found: {', '.join(by) if by else 'none'}."]
    if plan.ambiguous:
        found.append(f"To choose: {len(plan.ambiguous):,}, in the list above.")
    if plan.unmatched:
        found.append(f"Not in the project: {len(plan.unmatched):,}.")
    return found


# --- both -------------------------------------------------------------------------------------------


def listed(title: str, items: Sequence[Skipped], width: int) -> list[Line]:
    """What is left out or kept, each with its line and its document; nothing where there is none."""
    if not items:
        return []
    lines: list[Line] = [_EMPTY, heading(f"{title} ({len(items):,})")]
    for item in items[:SHOWN]:
        line = f"line {item.line}" if item.line else ""
        where = [line] if item.location in ("", line) else [line, item.location]
        lines += wrapped(": ".join([*filter(None, where), item.reason]), width)
    if len(items) > SHOWN:
        lines += wrapped(f"and {len(items) - SHOWN:,} more", width)
    return lines


def _lines(words: str, width: int, look: str) -> list[Line]:
    return [line for text in words.split("\n") for line in wrapped(text, width, look)]


# --- out --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """An export that is ready to be written, in figures."""

    documents: int
    labels: int
    parts: Mapping[str, tuple[int, int]]
    """Documents and labels of each part of a split; none where there is one file."""
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]
    drafts: int
    suggestions: int = 0


def export_rows(
    title: str, split: str, seed: int, ready: Ready | None, *, suggestions: bool | None = None
) -> list[Choice]:
    """The rows of the export screen; ``suggestions`` is ``None`` where they have no place."""
    drawn = split not in ("", SETS)
    words = (
        "" if ready is None else f"{counted(ready.labels, 'label')} of {counted(ready.documents, 'document')}"
    )
    return [
        form_row("format", "Format", title),
        form_row("split", "For training", _SPLITS.get(split, f"{split}, and a data card")),
        form_row("seed", "Seed of the split", str(seed) if drawn else "-", disabled=not drawn),
        form_row(
            "suggestions",
            "Suggestions",
            "no place in this file"
            if suggestions is None
            else ("those undecided too, as predictions" if suggestions else "left out"),
            disabled=suggestions is None,
        ),
        form_row("start", "Write", words, disabled=ready is None),
    ]


_SPLITS = {
    "": "one file, not parted",
    "80/10/10": "80/10/10: train, dev and test, and a data card",
    "80/20": "80/20: train and test, and a data card",
    SETS: "the training and the testing set as they are, and a data card",
}


def split_choices() -> list[tuple[str, str, str]]:
    """For a :class:`~tui_labeler.screens.dialogs.ChoiceScreen`."""
    found = [(str(number), split or "one", words) for number, (split, words) in enumerate(_SPLITS.items(), 1)]
    return [*found, (str(len(found) + 1), "other", "other shares")]


def export_page(ready: Ready | None, problem: str) -> Callable[[int, Glyphs], Sequence[Line]]:
    """What would be written, and what the format can't hold; or why there is nothing."""

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        if problem:
            return [heading("It can't be exported"), *_lines(problem, width, "bad")]
        if ready is None:
            return []
        lines: list[Line] = [heading("What would be written")]
        lines += wrapped(
            f"{counted(ready.labels, 'saved label')} of {counted(ready.documents, 'document')}.", width
        )
        if ready.suggestions:
            proposed = f"{counted(ready.suggestions, 'suggestion')} that nobody has decided, as predictions."
            lines += wrapped(proposed, width)
        for name, (documents, labels) in ready.parts.items():
            lines += wrapped(
                f"{name}: {counted(documents, 'document')}, {counted(labels, 'label')}", width, indent="  "
            )
        if ready.drafts:
            drafts = f"{counted(ready.drafts, 'draft decision')} not saved yet, and left out (ctrl+s saves)."
            lines += _lines(drafts, width, "warn")
        if not ready.skipped and not ready.notes:
            lines += wrapped("The format holds all of it.", width)
        lines += listed("Left out", ready.skipped, width)
        return lines + listed("What the format can't hold besides", ready.notes, width)

    return build
