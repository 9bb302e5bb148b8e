"""Labels of Azure Machine Learning in the place of those that were here.

In each document that the file speaks of, its labels hold: those that are here too stay what they are, others
that are here leave a tombstone, and what is new is made. Documents that it is silent about stay as they are,
for it holds labeled ones only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, Origin
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.changes import put_document, put_label
from tui_labeler.engine.formats.keeping import with_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.import_plans import Ready
    from tui_labeler.engine.importing import Incoming
    from tui_labeler.engine.ports import Change, State


@dataclass(slots=True)
class Replaced:
    """What there is to count, besides what an import counts."""

    removed: int = 0
    unlabeled: int = 0
    """Documents that the file says hold nothing to label."""


def replacing(replaced: Replaced, batch: Sequence[Ready], incoming: Incoming, state: State) -> list[Change]:
    """What the labels of some documents change; run again it changes nothing."""
    tally = incoming.tally
    ids = {category.name: category.id for category in state.categories.values()}
    is_single = state.project.kind is ProjectKind.SINGLE_LABEL
    changes: list[Change] = []
    for ready in batch:
        document = state.document(ready.document)
        if document.is_given:
            tally.skip(document.location, f"it is with its readers, {' and '.join(document.readers)}")
            continue
        if not ready.file.labels and (is_single or ready.file.suggestions):
            tally.note(document.location, "nobody has labeled it there yet; its labels stay")
            continue
        changes += _document(state, document, ready, ids, incoming, replaced)
    return changes


def _document(
    state: State,
    document: Document,
    ready: Ready,
    ids: dict[str, str],
    incoming: Incoming,
    replaced: Replaced,
) -> Iterator[Change]:
    tally, stamp = incoming.tally, incoming.stamp
    wanted = {(ids[label.category], label.span): label for label in ready.labels if label.category in ids}
    kept = set()
    for label in document.labels.values():
        if label.removed is not None:
            continue
        meaning = (label.category, label.span)
        if meaning in wanted and meaning not in kept:
            kept.add(meaning)
            tally.unchanged += 1
            if label.draft is not None:
                yield put_label(state, document, replace(label, draft=None))
        else:
            replaced.removed += 1
            yield put_label(state, document, replace(label, draft=None, removed=stamp))
    for (category, span), new in wanted.items():
        if (category, span) in kept:
            continue
        tally.labels += 1
        made = Label(
            id=incoming.around.new_id(),
            category=category,
            span=span,
            origin=Origin.IMPORT,
            made=stamp,
            text_hash=document.text_hash,
            extra=with_format({}, incoming.format, new.extra),
        )
        yield put_label(state, document, made)
    if not wanted and not ready.file.labels and document.reviewed is None:
        replaced.unlabeled += 1
        yield put_document(state, replace(document, reviewed=stamp))
