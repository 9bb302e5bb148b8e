"""What an import changes in documents: labels and what the file says besides, laid over what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label, Origin, Span, Suggestion, in_the_way, suggestion_id
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.changes import put_document, put_label, put_suggestion
from tui_labeler.engine.formats.keeping import (
    AZURE,
    document_extra,
    kept_document,
    of_format,
    with_format,
)
from tui_labeler.engine.formats.merging import Say, in_region, merged, merged_regions
from tui_labeler.engine.formats.model import OTHERS
from tui_labeler.engine.imports.incoming import Incoming, may_be_touched
from tui_labeler.engine.imports.standing import Standing

if TYPE_CHECKING:
    from tui_labeler.engine.formats.resolve import ResolvedLabel
    from tui_labeler.engine.imports.plans import Ready
    from tui_labeler.engine.ports import Change, State

ORDER, NO_DATASET = "order", "no_dataset"
"""In a document's ``extra``: its place in the file, and that the file named no set for it."""

METHOD = "file"
"""Of suggestions that a file brought: ``file:NAME`` is their source."""


class Importing:
    """Brings in the labels of documents and what the file says of them; what people made wins."""

    def __init__(self, incoming: Incoming, state: State) -> None:
        self._incoming = incoming
        self._state = state
        self._ids = {
            **incoming.ids,
            **{category.name: category.id for category in state.categories.values()},
        }
        self._described: dict[int, Document] = {}
        self._old: dict[int, Standing] = {}

    def labels(self, ready: Ready) -> list[Change]:
        """What one part of the file makes of the labels of its document."""
        document, incoming = self._state.document(ready.document), self._incoming
        if not may_be_touched(document, ready, incoming.tally):
            return []
        document = self._described.get(document.id, document)
        made = incoming.made.setdefault(document.id, Standing(document))
        if (old := self._old.get(document.id)) is None:
            mine = {label.id for label in made.labels}
            others = (label for label in document.labels.values() if label.id not in mine)
            old = Standing(document, others)
            self._old[document.id] = old
        one = _OneDocument(document, ready, incoming, self._state, self._ids, old, made)
        changes = one.changes()
        self._described[document.id] = one.described
        return changes

    def documents(self) -> list[Change]:
        """What all parts so far have said of their documents."""
        return [put_document(self._state, document) for document in self._described.values()]


def importing(batch: Sequence[Ready], incoming: Incoming, state: State) -> list[Change]:
    """Brings in some documents at once."""
    these = Importing(incoming, state)
    return [change for ready in batch for change in these.labels(ready)] + these.documents()


class _OneDocument:
    """What a file brings to one document."""

    def __init__(
        self,
        document: Document,
        ready: Ready,
        incoming: Incoming,
        state: State,
        ids: Mapping[str, str],
        old: Standing,
        made: Standing,
    ) -> None:
        """``old`` are the document's own labels; ``made`` are those that earlier parts of the file made, and
        takes those of this one."""
        self._ready = ready
        self._incoming = incoming
        self._tally = incoming.tally
        self._state = state
        self._ids = ids
        # Classes of one moment stand by their ids, everywhere: in the order that the file has them.
        self._new_ids = iter(sorted(incoming.around.new_id() for _ in ready.labels))
        self._say: Say = partial(incoming.tally.note, document.location)
        self._old = old
        self._made = made
        self._new: list[Label] = []
        self.described, self._places = _described(document, ready, incoming.format, self._say)
        is_empty = ready.is_reviewed and not made.labels and not document.active_labels
        if is_empty and document.reviewed is None:
            incoming.tally.reviewed += 1
            self.described = replace(self.described, reviewed=incoming.stamp)

    def changes(self) -> list[Change]:
        found = [change for label in self._ready.labels for change in self._labeled(label)]
        self._made.add(self._new)
        return found + [change for item in self._ready.suggestions for change in self._suggested(item)]

    def _labeled(self, label: ResolvedLabel) -> list[Change]:
        tally, document, category = self._tally, self.described, self._ids.get(label.category, "")
        old = self._old.find(category, label.span)
        there = old or self._made.find(category, label.span)
        if there is not None:
            tally.unchanged += 1
            name = self._incoming.format
            extra = in_region(label.extra, self._places)
            kept = merged(of_format(there.extra, name), extra, partial(_of_label, label, self._say))
            kept = with_format(there.extra, name, kept)
            if kept == there.extra or old is None:
                return []
            return [put_label(self._state, document, replace(there, extra=kept))]
        # Overlaps inside one place of the file are kept; what people made in the project wins over the file.
        kind = self._state.project.kind
        blocking = next(in_the_way(kind, self._old.labels, category, label.span), None)
        if blocking is None and kind is ProjectKind.SINGLE_LABEL:
            blocking = next(in_the_way(kind, self._made.labels, category, label.span), None)
        if blocking is not None:
            tally.meeting += 1
            reason = f"{label.category} meets {self._whose(blocking)}"
            tally.skip(document.location, reason, self._ready.file.line)
            return []
        if not category:  # what was in its way is gone since; or the category is
            tally.skip(document.location, f"{label.category} is no category of the project")
            return []
        made = Label(
            id=next(self._new_ids),
            category=category,
            span=label.span,
            origin=Origin.IMPORT,
            made=self._incoming.stamp,
            text_hash=document.text_hash,
            extra=with_format({}, self._incoming.format, in_region(label.extra, self._places)),
        )
        tally.labels += 1
        self._new.append(made)
        self._incoming.told[made.id] = (label.category, self._ready.file.line)
        return [put_label(self._state, document, made)]

    def _whose(self, label: Label) -> str:
        """Which label stands in the way: one of the project's own, or another of the file."""
        if told := self._incoming.told.get(label.id):
            category, line = told
            return f"{category} of line {line}" if line else f"{category} of the same file"
        where = " on an earlier text" if self.described.is_stale(label) else ""
        return f"the project's own label {self._state.categories[label.category].name}{where}"

    def _key(self, category: str, span: Span | None) -> str:
        """The id of a suggestion of this file, the same each time that it is read."""
        document, source = self.described, self._incoming.source
        key = suggestion_id(source, document.id, category, span)
        known = document.suggestions.get(key)
        if known is None or (known.span == span and not document.earlier_text(known)):
            return key
        # That one was made on an earlier text, or has gone along with its words.
        return suggestion_id(f"{source}/{document.text_hash}", document.id, category, span)

    def _suggested(self, item: ResolvedLabel) -> list[Change]:
        """What is there already, waits from elsewhere, or was decided, is not suggested again."""
        document, category = self.described, self._ids.get(item.category, "")
        key = self._key(category, item.span)
        if not category or key in document.suggestions:
            return []
        if any(standing.shows(category, item.span) for standing in (self._old, self._made)):
            return []
        for old in document.suggestions.values():
            same = (old.category, old.span) == (category, item.span) and not document.earlier_text(old)
            if same and (old.decision is None or old.method == METHOD):
                return []
        self._tally.suggestions += 1
        made = Suggestion(
            id=key,
            category=category,
            span=item.span,
            source=self._incoming.source,
            job="",
            confidence=item.confidence,
            text_hash=document.text_hash,
            extra=with_format({}, self._incoming.format, item.extra),
        )
        return [put_suggestion(self._state, document, made)]


def _of_label(label: ResolvedLabel, say: Say, words: str) -> None:
    where = f" at {label.span.start}, length {label.span.length}" if label.span else ""
    say(f"{label.category}{where}: {words}")


def _described(document: Document, ready: Ready, name: str, say: Say) -> tuple[Document, tuple[int, ...]]:
    """The document with what the file says of it besides labels, and where the file's regions are in it."""
    file = ready.file
    places: tuple[int, ...] = ()
    if name == AZURE:
        regions, keys = kept_document(document.extra)
        regions, places = merged_regions(regions, file.regions, say)
        keys = merged(keys, file.extra, say, ("language", "culture", "dataset", "class"))
        extra = {
            **document_extra(msgspec.structs.replace(file, regions=regions, extra=keys)),
            ORDER: ready.order,
        }
        if file.dataset is None:
            extra[NO_DATASET] = True
        if OTHERS in document.extra:
            extra[OTHERS] = document.extra[OTHERS]
    else:
        kept = merged(of_format(document.extra, name), file.extra, say)
        extra = with_format(document.extra, name, kept)
    described = replace(
        document,
        language=file.language or document.language,
        dataset=file.dataset or document.dataset,
        extra=extra,
    )
    return described, places


def file_source(filename: str) -> str:
    """The source of the suggestions that a file brings."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return f"{METHOD}:{last if last not in ('', '-') else 'standard input'}"
