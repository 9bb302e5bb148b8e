"""Labels and suggestions follow their words when a document's text has changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, Suggestion, Verdict
from tui_labeler.domain.occupied import Occupied
from tui_labeler.engine.actions import MOVE
from tui_labeler.engine.changes import put_label, put_suggestion
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.documents.reanchoring import reanchored
from tui_labeler.engine.ports import Plan

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Span
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.ports import Container, ProjectStore, State


def stale_labels(document: Document) -> list[Label]:
    """The labels that were made on another text than the project knows."""
    labels = (label for label in document.labels.values() if label.removed is None)
    return [label for label in labels if document.is_stale(label)]


def is_left_behind(document: Document) -> bool:
    """Whether something stands in an earlier text that could follow its words."""
    return bool(stale_labels(document) or _stale_suggestions(document))


def _stale_suggestions(document: Document) -> list[Suggestion]:
    """Undecided ones, and those that were rejected: the same words are not to be suggested again."""
    return [
        item
        for item in document.suggestions.values()
        if document.earlier_text(item)
        and (item.decision is None or item.decision.verdict is Verdict.REJECTED)
    ]


@dataclass(frozen=True, slots=True)
class Left:
    """What became of the labels of one document, as far as this person sees them."""

    moved: int
    stale: int
    """Labels that a person has to look at: their words are not surely there."""


async def move_labels(store: ProjectStore, container: Container, actor: str, document_id: int) -> Left:
    """Moves the labels, and the suggestions that nobody accepted, of a document whose words are still there.

    What would meet a label of today's text there stays where it is, for a person to look at. Both versions of
    the text are taken from what is kept on this machine; nothing is fetched. Where one is missing nothing
    moves. Labels of all readings move; those of others are not counted.
    """
    document = store.state.whole(document_id)
    before = len(stale_labels(store.state.document(document_id)))
    items: list[Label | Suggestion] = [*stale_labels(document), *_stale_suggestions(document)]
    places: dict[str, Span] = {}
    new = await earlier_text(container, document, document.text_hash)
    for text_hash in sorted({item.text_hash for item in items}):
        old = await earlier_text(container, document, text_hash)
        if old is not None and new is not None:
            of_it = [item for item in items if item.text_hash == text_hash]
            places |= await asyncio.to_thread(_places, old, new, of_it)
    if places:
        await store.commit(actor, partial(_moving, document_id, document.text_hash, places))
    stale = len(stale_labels(store.state.document(document_id)))
    return Left(before - stale, stale)


async def earlier_text(container: Container, document: Document, text_hash: str) -> str | None:
    """A version of a document's text by its hash; ``None`` where it is not kept on this machine."""
    data = await container.earlier(document.location, text_hash)
    decoded = None if data is None else decode(data)
    return None if decoded is None or decoded.problem else decoded.text


def _places(old: str, new: str, items: Sequence[Label | Suggestion]) -> dict[str, Span]:
    """Where items stand in the new text, by id. Several on the same words go together, and no suggestion is
    in the way of a label."""
    found: dict[str, Span] = {}
    for kind in (Label, Suggestion):
        spans = {item.id: item.span for item in items if isinstance(item, kind) and item.span is not None}
        distinct = list(dict.fromkeys(spans.values()))
        today = dict(zip(distinct, reanchored(old, new, distinct), strict=True)) if distinct else {}
        found |= {key: place for key, span in spans.items() if (place := today[span]) is not None}
    return found


def _moving(document_id: int, text_hash: str, places: Mapping[str, Span], state: State) -> Plan | None:
    """``None`` where the text has changed once more."""
    document = state.whole(document_id)
    if document.text_hash != text_hash:
        return None
    changes = [put_label(state, document, moved) for moved in _moved(state.project.kind, document, places)]
    for suggestion in _stale_suggestions(document):
        if suggestion.id in places:
            shifted = replace(suggestion, span=places[suggestion.id], text_hash=text_hash)
            changes.append(put_suggestion(state, document, shifted))
    return Plan(MOVE, changes)


def _moved(kind: ProjectKind, document: Document, places: Mapping[str, Span]) -> list[Label]:
    """The labels that find room in today's text; those of one earlier text may meet each other, as they did
    there. Readings stand beside each other, and beside the project's own labels."""
    standing: defaultdict[str, list[Label]] = defaultdict(list)
    by_text: defaultdict[tuple[str, str], list[Label]] = defaultdict(list)
    for label in document.labels.values():
        if not document.is_stale(label):
            standing[label.reader].append(label)
        elif label.removed is None and label.id in places:
            moved = replace(label, span=places[label.id], text_hash=document.text_hash)
            by_text[label.reader, label.text_hash].append(moved)
    found: list[Label] = []
    for (reader, _), group in sorted(by_text.items()):
        taken = Occupied(kind, standing[reader])
        fitting = [one for one in group if not one.is_active or not taken.meets(one.category, one.span)]
        standing[reader] += fitting
        found += fitting
    return found
