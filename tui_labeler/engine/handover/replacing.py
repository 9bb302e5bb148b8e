"""Labels of Azure Machine Learning in the place of those that were here.

In each document that people have labeled there, their labels hold: those that are here too stay what they
are, others that are here leave a tombstone, and what is new is made. Nothing here is removed

- in documents that the file does not hold, for it holds labeled ones only, or that nobody has labeled there;
- in documents some of whose labels there can't be used: what can be used is added, as any import does;
- where a model's proposal stands there and no label does: nobody there has decided on that place.

Proposals become suggestions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, Origin, in_the_way
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.changes import put_document, put_label
from tui_labeler.engine.formats.keeping import with_format
from tui_labeler.engine.imports.importing import importing
from tui_labeler.engine.imports.incoming import may_be_touched
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.formats.resolve import ResolvedLabel
    from tui_labeler.engine.imports.incoming import Incoming
    from tui_labeler.engine.imports.plans import Ready
    from tui_labeler.engine.ports import Change, State


@dataclass(slots=True)
class Replaced:
    """What there is to count, besides what an import counts."""

    removed: int = 0
    unlabeled: int = 0
    """Documents that the file says hold nothing to label."""
    kept: int = 0
    """Documents some of whose labels there can't be used: nothing of here was removed."""


def replacing(replaced: Replaced, batch: Sequence[Ready], incoming: Incoming, state: State) -> list[Change]:
    """What the labels of some documents change; run again it changes nothing."""
    ids = {category.name: category.id for category in state.categories.values()}
    changes: list[Change] = []
    for ready in batch:
        document = state.document(ready.document)
        if may_be_touched(document, ready, incoming.tally):
            changes += _document(state, document, ready, ids, incoming, replaced)
    return changes


def replaces(ready: Ready, state: State) -> bool:
    """Whether the labels of a document here give way to those of there."""
    return not _is_open(ready, state) and not _unusable(ready)


def _is_open(ready: Ready, state: State) -> bool:
    """Whether nobody has labeled it there."""
    file = ready.file
    return file.is_open or (state.project.kind is ProjectKind.SINGLE_LABEL and not file.labels)


def _document(
    state: State,
    document: Document,
    ready: Ready,
    ids: Mapping[str, str],
    incoming: Incoming,
    replaced: Replaced,
) -> Sequence[Change]:
    tally = incoming.tally
    if _is_open(ready, state):
        tally.note(document.location, "nobody has labeled it there yet; its labels stay")
        return importing([replace(ready, is_reviewed=False)], incoming, state)
    if lost := _unusable(ready):
        replaced.kept += 1
        tally.note(
            document.location,
            f"{counted(lost, 'label')} of there can't be used, so none that is here is removed",
        )
        return importing([ready], incoming, state)
    place = _Place(state, document, ready, ids, incoming)
    changes = list(place.replaced(replaced))
    return changes + (importing([replace(ready, labels=())], incoming, state) if ready.suggestions else [])


def _unusable(ready: Ready) -> int:
    """How many of the labels there did not fit; one that the file says twice is one."""
    said = {(label.category, label.start, label.length) for label in ready.file.labels}
    return len(said) - len({(label.category, label.span) for label in ready.labels})


class _Place:
    """One document whose labels there take the place of those here."""

    def __init__(
        self, state: State, document: Document, ready: Ready, ids: Mapping[str, str], incoming: Incoming
    ) -> None:
        self._state = state
        self._document = document
        self._file = ready.file
        self._incoming = incoming
        # Classes of one moment stand by their ids, everywhere: in the order that the file has them.
        self._new_ids = iter(sorted(incoming.around.new_id() for _ in ready.labels))
        self._wanted = {
            (ids[label.category], label.span): label for label in ready.labels if label.category in ids
        }
        self._proposed = [(ids.get(item.category, ""), item.span) for item in ready.suggestions]

    def replaced(self, replaced: Replaced) -> Iterator[Change]:
        state, document, tally = self._state, self._document, self._incoming.tally
        kept = set()
        for label in document.labels.values():
            if label.removed is not None:
                continue
            meaning = (label.category, label.span)
            is_there = meaning in self._wanted and not document.is_stale(label)
            if is_there and meaning not in kept:
                kept.add(meaning)
                tally.unchanged += 1
                if label.draft is not None:
                    yield put_label(state, document, replace(label, draft=None))
            elif self._is_undecided(label):
                tally.note(
                    document.location, f"{self._words(label)} stays: there it is proposed, not decided"
                )
            else:
                replaced.removed += 1
                yield put_label(state, document, replace(label, draft=None, removed=self._incoming.stamp))
        for (category, span), new in self._wanted.items():
            if (category, span) not in kept:
                tally.labels += 1
                yield put_label(state, document, self._made(category, new))
        if not self._file.labels and document.reviewed is None:
            replaced.unlabeled += 1
            yield put_document(state, replace(document, reviewed=self._incoming.stamp))

    def _is_undecided(self, label: Label) -> bool:
        """Whether only a proposal stands there where a label stands here."""
        return self._meets(label, self._proposed) and not self._meets(label, self._wanted)

    def _meets(self, label: Label, places: Iterable[tuple[str, Span | None]]) -> bool:
        kind = self._state.project.kind
        return any(any(in_the_way(kind, [label], category, span)) for category, span in places)

    def _words(self, label: Label) -> str:
        where = f" at {label.span.start}, length {label.span.length}" if label.span else ""
        return f"{self._state.categories[label.category].name}{where}"

    def _made(self, category: str, new: ResolvedLabel) -> Label:
        return Label(
            id=next(self._new_ids),
            category=category,
            span=new.span,
            origin=Origin.IMPORT,
            made=self._incoming.stamp,
            text_hash=self._document.text_hash,
            extra=with_format({}, self._incoming.format, new.extra),
        )
