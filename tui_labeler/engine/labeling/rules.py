"""What has to be so before a document is labeled: rules, and what is raised where they are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.labels import (
    Label,
    Span,
)
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import State


NOT_EMPTY = "Only a document without labels is one with nothing to label."


class LabelInTheWayError(RefusedError):
    """A label overlaps the one to be made; ``labels`` are those that would have to go."""

    title = "A label is in the way"
    code = "label_in_the_way"

    def __init__(self, message: str, labels: Sequence[Label]) -> None:
        super().__init__(message, hint="Replace it, or remove it first.")
        self.labels = tuple(labels)


def checked(state: State, document_id: int, category: str, span: Span | None) -> Document:
    """The document, when ``category`` and ``span`` fit it and the project. Raises as ``Labeling.add``."""
    document = state.document(document_id)
    if category not in state.categories:
        raise NotFoundError(
            f"There is no {state.project.kind.noun} with the id {category!r}.",
            hint="Somebody may have deleted it: choose among those there are.",
        )
    if document.problem:
        raise RefusedError(
            f"{document.location} can't be labeled: {document.problem}.",
            hint=f"Repair the file, then read the container again: `tui-labeler sync {state.project.name}`.",
            on_screen="Repair the file, then read the container again (R).",
        )
    if (span is None) is not state.project.kind.is_classification:
        raise InputError(
            "A class holds for the whole document; it takes no span."
            if span
            else "An entity needs a span: where it begins and ends.",
            hint="Label the document without one." if span else "Choose the words to label.",
        )
    if span and span.end > document.characters:
        raise InputError(
            f"{span.start}..{span.end} is outside {document.location}, "
            f"which has {counted(document.characters, 'character')}.",
            hint="Choose words of the text; they are counted in code points from 0 on.",
        )
    return document


def check_empty(row: DocumentRow) -> None:
    """Raises ``RefusedError`` where a document can't be marked as rightly empty: nobody can have seen its
    text, or it has labels."""
    if row.problem:
        raise RefusedError(
            f"{row.location} can't be marked as reviewed: {row.problem}.",
            hint="Only a text that can be read is marked as such: repair the file, then sync.",
            on_screen="Repair the file, then read the container again (R).",
        )
    if row.labels:
        raise RefusedError(f"{row.location} has labels.", hint=NOT_EMPTY)


def check_turn(document: Document, actor: str) -> None:
    """Raises ``RefusedError`` where a document is with its readers and somebody is none, or is done."""
    if not document.is_given:
        return
    if actor not in document.readers:
        raise RefusedError(
            f"{document.location} is with {' and '.join(document.readers)}, who label it each without the "
            "other.",
            hint="Its labels are settled when both are done.",
        )
    if document.is_open_to_all:
        raise RefusedError(
            f"Everybody is done with {document.location}; what each has labeled stays as it is.",
            hint="Settle its labels by adjudication.",
            on_screen="Settle its labels by adjudication (W).",
        )
    if actor in document.finishers:
        raise RefusedError(
            f"You are done with {document.location}.",
            hint="Take that back first: `tui-labeler document set PROJECT LOCATION --no-done`.",
            on_screen="Take that back first (%).",
        )


def label_of(document: Document, label_id: str) -> Label:
    """Raises ``NotFoundError``."""
    try:
        return document.labels[label_id]
    except KeyError:
        raise NotFoundError(
            f"{document.location} has no label {label_id!r}.",
            hint="Somebody may have taken it away: look at the document again.",
        ) from None


def blocked(state: State, blocking: Sequence[Label]) -> LabelInTheWayError:
    """What is raised where labels overlap the one to be made."""
    label = blocking[0]
    known = state.categories.get(label.category)
    # A label that was written by hand may be of none.
    name = repr(label.category) if known is None else known.name
    place = f" at {label.span.start}..{label.span.end}" if label.span else ""
    return LabelInTheWayError(f"{name}{place} overlaps what is to be labeled.", blocking)
