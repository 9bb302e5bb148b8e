"""Which texts of a remote container have to be kept here, so that work goes on without a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_labeler.engine.ports import State


def known_text(state: State, location: str) -> str:
    """The hash of a document's text as the project knows it; empty where it knows none."""
    document_id = state.document_id(location)
    return "" if document_id is None else state.document(document_id).text_hash


def needed_texts(state: State, taken: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Location and hash of every text with labels, drafts or anything undecided, of earlier ones as well.

    So is that of each document that somebody has ``taken``.

    An earlier text is needed as long as a label on it is not on the text of today.
    """
    for location in taken:
        if text_hash := known_text(state, location):
            yield location, text_hash
    for row in state.rows.values():
        if row.labels or row.suggestions or row.drafts or row.to_place or row.flag or row.readers:
            document = state.whole(row.id)
            labels = (label for label in document.labels.values() if not label.removed)
            for text_hash in {document.text_hash, *(label.text_hash for label in labels)} - {""}:
                yield row.location, text_hash
