"""How a project stands to Azure Machine Learning: a sign for the title, and the page of its screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_labeler.domain.handover import Handover, Phase, Side
from tui_labeler.domain.handover_needs import CONFIRMED
from tui_labeler.engine.pen import pen_words
from tui_labeler.engine.sharing.connection_files import instructions_file, labels_file
from tui_labeler.engine.wording import clock, counted
from tui_labeler.screens.words import heading, wrapped

if TYPE_CHECKING:
    from tui_labeler.domain.handover import TakenBack
    from tui_labeler.domain.handover_needs import Need
    from tui_labeler.engine.handover.taking_in import TakenIn
    from tui_labeler.engine.imports.plans import Skipped
    from tui_labeler.engine.ports import Blob
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Build, Line

EXPORTS = 8
"""Exports that are listed."""


def pen_sign(handover: Handover) -> str:
    """Who has the pen, for the first line; empty where the project is not connected."""
    if not handover.is_connected:
        return ""
    if handover.pen is None:
        return str(handover.phase)
    return "pen: AML" if handover.pen is Side.AML else "pen: here"


def page(
    handover: Handover,
    project_id: str,
    needs: Sequence[Need],
    exports: Sequence[Blob],
    said: Sequence[str],
    *,
    back: TakenBack | None = None,
) -> Build:
    """All that there is to say; ``said`` is what the last step did, or why it was refused.

    ``back``: an undo took the last labels from there back.
    """

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        lines: list[Line] = [()]
        for words in said:
            lines += wrapped(words, width, "warn", "  ")
        if said:
            lines.append(())
        for words, look in _state(handover):
            lines += wrapped(words, width, look, "  ")
        parts = (
            _connected(handover, project_id, exports, back=back)
            if handover.is_connected
            else _checklist(needs)
        )
        for title, rows in parts:
            lines += [(), heading(title)]
            for words, look in rows:
                lines += wrapped(words, width, look, "  ")
        return lines

    return build


Row = tuple[str, str]


def _state(handover: Handover) -> Iterator[Row]:
    match handover.phase:
        case Phase.NONE:
            yield "Not connected: labels are made here.", "title"
        case Phase.DISCONNECTED:
            name = handover.terms.aml.words if handover.terms else ""
            yield f"Disconnected for ever from {name}; labels are made here.", "title"
        case Phase.HERE:
            yield "Connected. Labels are made here; Azure Machine Learning waits.", "title"
        case _:
            yield pen_words(handover), "title"
            yield "Labeling here is off in every home. Training, exporting and reading go on.", ""


def _checklist(needs: Sequence[Need]) -> Iterator[tuple[str, list[Row]]]:
    rows: list[Row] = []
    for need in needs:
        rows.append((f"{'[x]' if need.met else '[ ]'} {need.name}: {need.detail}", "" if need.met else "bad"))
        if not need.met:
            rows.append((f"    {need.todo}", ""))
    yield "What it needs", rows
    yield "What only you can check", [(f"[?] {fact}", "") for fact in CONFIRMED]


def _connected(
    handover: Handover, project_id: str, exports: Sequence[Blob], *, back: TakenBack | None
) -> Iterator[tuple[str, list[Row]]]:
    terms = handover.terms
    assert terms is not None
    aml = terms.aml
    who = ", ".join(terms.switchers) or "everybody"
    yield (
        "Labeling project",
        [
            (f"{aml.name}, workspace {aml.workspace}", ""),
            (f"resource group {aml.resource_group}, subscription {aml.subscription}", ""),
            (f"labeling companies: {'yes' if terms.vendor else 'no'}; who may switch: {who}", ""),
        ],
    )
    files: list[Row] = [(f"{instructions_file(project_id)}: instructions", "")]
    if handover.is_laid:
        files.append((f"{labels_file(project_id)}: the labels at the last switch to there", ""))
        files.append(("Text projects there can't take labels in: the file is for those who compare.", "dim"))
    yield "In the container", files
    where = f"under {terms.prefix}" if terms.prefix else "anywhere in the container"
    listed: list[Row] = [(f"{blob.name}, {blob.size:,} bytes{_age(blob)}", "") for blob in exports[:EXPORTS]]
    if handover.taken:
        taken = handover.taken
        labels = counted(taken.labels, "label")
        undone = f"; {back.words}" if back else ""
        listed.append((f"Taken in last: {taken.name}, {labels}, {clock(taken.time)}{undone}", ""))
    yield f"Exports {where}", listed or [("None yet: export the labels there as JSONL.", "dim")]


def _age(blob: Blob) -> str:
    if blob.age is None:
        return ""
    minutes = int(max(0.0, blob.age)) // 60
    return f", {minutes // 60:,} h {minutes % 60} min old" if minutes >= 60 else f", {minutes} min old"


def taken_words(taken: TakenIn) -> list[str]:
    """What came from there."""
    imported = taken.imported
    lines = [f"{taken.words} u where texts are labeled takes that back."]
    for title, items in (("Left out", imported.skipped), ("Note", imported.notes)):
        lines += [f"{title}: {_item(item)}" for item in items[:EXPORTS]]
        if len(items) > EXPORTS:
            lines.append(f"{title}: {len(items) - EXPORTS:,} more")
    return lines


def _item(item: Skipped) -> str:
    line = f"line {item.line}: " if item.line else ""
    return f"{line}{item.location}: {item.reason}" if item.location else f"{line}{item.reason}"
