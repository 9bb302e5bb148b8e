"""What the labeling screen says of a document and of the list: in its first line, and beside the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.projects import Dataset
from tui_labeler.domain.text import text_records
from tui_labeler.engine.wording import counted
from tui_labeler.screens.labeling.reading_words import reading_state, reading_words
from tui_labeler.screens.labeling.take_words import taken_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.jobs import Job
    from tui_labeler.domain.projects import Project
    from tui_labeler.engine.ports.takes import Take


def about_words(
    row: DocumentRow, project: Project, actor: str, *, blind: bool, to_place: str, length: int | None = None
) -> str:
    """A document in a few lines; ``to_place`` is the line on words of a model that wait for their place,
    ``length`` that of the text in view, in code points: it may be another than the one the project knows."""
    state = str(row.state).replace("-", " ")
    if row.is_given:
        state = reading_state(row, actor)
    elif blind:
        # What is suggested would show in how the state changes with each label.
        state = "blind mode"
    dataset = "Testing" if row.dataset is Dataset.TEST else "Training"
    characters = row.characters if length is None else length
    size = [counted(characters, "character"), counted(text_records(characters), "text record")]
    if length is None and not row.is_read:
        size = [f"not read yet; {row.size:,} bytes"]
    if to_place:
        # Five lines fit: the sizes take one.
        size = [to_place, ", ".join(size)]
    lines = [f"{dataset}, {state}", *size]
    if row.stale:
        lines.insert(1, f"{row.stale:,} on an earlier text")
    if project.multilingual:
        lines.append(f"Language: {row.language or project.language}")
    if row.flag:
        lines.append(f"Flag: {row.flag}")
    return "\n".join(lines)


def owner_words(row: DocumentRow, actor: str, taker: Take | None, *, short: bool) -> str:
    """Whose a document is at the moment; empty where it is anybody's."""
    if row.is_given:
        return reading_words(row, actor, short=short)
    return "" if taker is None else taken_words(taker, short=short)


def running_words(jobs: Iterable[Job], *, short: bool) -> str:
    """Jobs that run, and how far the first of them is; empty without any."""
    running = [job for job in jobs if not job.state.is_over]
    if not running:
        return ""
    job = running[0]
    share = f" {job.done:,}/{job.total:,}" if job.total else ""
    words = f"{len(running):,}" if short else counted(len(running), "job")
    return f"{words} running{share}"


def selected_words(rows: Sequence[DocumentRow], *, short: bool = False) -> str:
    """How many documents are selected, and what they count for unless it is told in ``short``; empty without
    any."""
    if not rows:
        return ""
    if short:
        return f"{len(rows):,} selected"
    records = sum(row.text_records for row in rows)
    about = "" if all(row.is_read for row in rows) else "about "
    return f"{len(rows):,} selected, {about}{counted(records, 'text record')}"


def listed_words(listed: int, every: int, filter_words: str, *, holds_none: bool, short: bool) -> str:
    """How many documents are listed, and by which filter; ``holds_none``: it lets none through now."""
    words = f"{listed:,} of {every:,}" if listed != every else f"{every:,}"
    if not (filter_words and short):
        words = f"{words} documents" if listed != every else counted(every, "document")
    if filter_words:
        words += f" ({filter_words}{': none left' if holds_none else ''})"
    return words
