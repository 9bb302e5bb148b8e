"""How far the readings of a document are, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow


def reading_words(row: DocumentRow, actor: str, *, short: bool) -> str:
    """How far the readings of a document are, for one person; empty for an ordinary document."""
    if not row.is_given:
        return ""
    if row.waits_for_adjudication:
        return "W adjudicates" if short else "everybody is done: W adjudicates"
    if row.is_to_read(actor):
        return "yours: % when done" if short else "yours to label alone: % when done"
    waiting = " and ".join(name for name in row.readers if name not in row.finishers)
    if actor in row.finishers:
        return f"done, {waiting} not" if short else f"you are done, {waiting} not yet"
    return f"with {waiting}" if short else f"with {' and '.join(row.readers)}"


def reading_state(row: DocumentRow, actor: str) -> str:
    """The same in two or three words, in place of the state of an ordinary document."""
    if row.waits_for_adjudication:
        return "to adjudicate"
    if row.is_to_read(actor):
        return "yours to read"
    return "done by you" if actor in row.finishers else "with readers"
