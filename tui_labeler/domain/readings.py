"""Documents that several people label, each without the others: who sees what, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tui_labeler.domain.agreement import Choice, Outcome, Pairing, Take
from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label
from tui_labeler.domain.performance import Annotation
from tui_labeler.domain.projects import ProjectKind


def seen_by(document: Document, viewer: str) -> Document:
    """A document as somebody sees it; ``viewer`` is empty for what works on its own, as a job does.

    The labels are the project's, and those of the viewer's own reading until the readings are settled.
    While the document is with its readers people see no suggestions: a reading is to be influenced by none.
    """
    hides = document.is_given and viewer != ""
    if not hides and not any(label.reader for label in document.labels.values()):
        return document
    mine = "" if document.settled else viewer
    labels = {key: label for key, label in document.labels.items() if label.reader in ("", mine)}
    if hides:
        return replace(document, labels=labels, suggestions={}, to_place={})
    return replace(document, labels=labels)


def reading(document: Document, reader: str) -> tuple[Label, ...]:
    """What one reader has labeled in a whole document, in text order."""
    of_it = {key: label for key, label in document.labels.items() if label.reader == reader}
    return replace(document, labels=of_it).active_labels


def taken(pairing: Pairing, choices: Iterable[Choice]) -> tuple[Annotation, ...] | None:
    """What becomes of a place: what both have, else what was chosen; ``None`` where nobody has chosen."""
    if pairing.outcome is Outcome.SAME:
        return (pairing.first,) if pairing.first else ()
    chosen = next((c for c in choices if c.place == (pairing.first, pairing.second)), None)
    return None if chosen is None else _sides(pairing, chosen.take)


def _sides(pairing: Pairing, take: Take) -> tuple[Annotation, ...]:
    sides = {
        Take.FIRST: (pairing.first,),
        Take.SECOND: (pairing.second,),
        Take.BOTH: (pairing.first, pairing.second),
        Take.NEITHER: (),
    }
    return tuple(annotation for annotation in sides[take] if annotation is not None)


def clashes(kind: ProjectKind, annotations: Iterable[Annotation]) -> Iterator[tuple[Annotation, Annotation]]:
    """Pairs that can't both be labels of one document, in text order."""
    furthest: Annotation | None = None
    for item in sorted(annotations, key=lambda item: (item[1].start if item[1] else 0, item[0])):
        meets = kind is ProjectKind.SINGLE_LABEL or _overlap(furthest, item)
        if furthest is not None and meets and kind is not ProjectKind.MULTI_LABEL:
            yield furthest, item
        if furthest is None or (furthest[1] and item[1] and item[1].end > furthest[1].end):
            furthest = item


def _overlap(one: Annotation | None, other: Annotation) -> bool:
    return bool(one and one[1] and other[1] and one[1].overlaps(other[1]))
