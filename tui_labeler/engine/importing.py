"""What an import changes: labels, categories and what the file says besides, laid over what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label, Origin, Stamp, in_the_way
from tui_labeler.domain.projects import Category
from tui_labeler.engine.changes import put_category, put_document, put_label, put_project
from tui_labeler.engine.formats.azure_keys import METADATA, ROOT
from tui_labeler.engine.formats.keeping import document_extra, kept_document, project_extra
from tui_labeler.engine.formats.merging import Say, in_region, merged, merged_places, merged_regions
from tui_labeler.engine.formats.model import FileCategory, FileDocument, LabelFile
from tui_labeler.engine.formats.resolve import ResolvedLabel
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Change, State, Surroundings

ORDER, NO_DATASET = "order", "no_dataset"
"""In a document's ``extra``: its place in the file, and that the file named no set for it."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a file holds, or a format can't hold, and what there is to say of it."""

    location: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A document of the file, matched to one of the project and held against its text."""

    document: int
    order: int
    file: FileDocument
    labels: tuple[ResolvedLabel, ...]


class Tally:
    """What there is to say of an import."""

    def __init__(self, notes: list[Skipped]) -> None:
        self.notes = notes
        self.skipped: list[Skipped] = []
        self.categories: list[str] = []
        self.labels = self.unchanged = 0

    def skip(self, location: str, reason: str) -> None:
        self.skipped.append(Skipped(location, reason))

    def note(self, location: str, reason: str) -> None:
        self.notes.append(Skipped(location, reason))


def declaring(
    file: LabelFile,
    only_used: Sequence[str],
    ready: Sequence[Ready],
    tally: Tally,
    around: Surroundings,
    state: State,
) -> list[Change]:
    """Adds the categories that the project does not have, and what the file says of it and of the others.

    Of ``only_used``, the names that the file does not declare, those are added of which a label comes in.
    """
    known = {category.name: category for category in state.categories.values()}
    coming = _coming(only_used, ready, state)
    changes: list[Change] = []
    for category in file.categories:
        if category.name in only_used:
            tally.note(
                "", f"categories: {category.name} is not declared; {_fate(category.name, known, coming)}"
            )
        if category.name in known:
            changes.append(put_category(state, _enriched(known[category.name], category, tally)))
            continue
        if category.name in only_used and not coming[category.name]:
            continue
        made = Category(around.new_id(), category.name, category.description, extra=dict(category.extra))
        changes.append(put_category(state, made))
        tally.categories.append(category.name)
    say = partial(tally.note, "")
    extra = merged_places(state.project.extra, project_extra(file), say, (*ROOT, *METADATA))
    changes.append(put_project(state, replace(state.project, extra=extra)))
    return changes


def _fate(name: str, known: Mapping[str, Category], coming: Mapping[str, int]) -> str:
    """What becomes of a category that the file does not declare."""
    if name in known:
        return "the project has it"
    if not coming[name]:
        return "not added, for none of its labels came in"
    return f"added, with {counted(coming[name], 'label')}"


def _coming(names: Sequence[str], ready: Sequence[Ready], state: State) -> Counter[str]:
    """How many labels of categories that are new to the project will come in."""
    found: Counter[str] = Counter()
    for each in ready:
        new = [label for label in each.labels if label.category in names]
        if new:
            old = list(state.document(each.document).labels.values())
            # No label of the project has a category that is new: its id can be any.
            found.update(
                label.category
                for label in new
                if not any(in_the_way(state.project.kind, old, "", label.span))
            )
    return found


def _enriched(old: Category, new: FileCategory, tally: Tally) -> Category:
    """A category of the project with what the file says of it besides its name."""

    def say(words: str) -> None:
        tally.note("", f"category {old.name}: {words}")

    if new.description and old.description and new.description != old.description:
        say("the description is another than the project's; that stays")
    extra = merged(old.extra, new.extra, say, ("description",))
    return replace(old, description=old.description or new.description, extra=extra)


def importing(
    batch: Sequence[Ready], stamp: Stamp, tally: Tally, around: Surroundings, state: State
) -> list[Change]:
    """Brings in the labels of some documents and what the file says of them; what people made wins."""
    ids = {category.name: category.id for category in state.categories.values()}
    changes: list[Change] = []
    for ready in batch:
        document = state.document(ready.document)
        if document.is_given:
            tally.skip(document.location, f"it is with its readers, {' and '.join(document.readers)}")
            continue
        old = list(document.labels.values())
        say = partial(tally.note, document.location)
        described, places = _described(document, ready, say)
        for label in ready.labels:
            category = ids.get(label.category, "")
            extra = in_region(label.extra, places)
            same = (o for o in old if (o.category, o.span) == (category, label.span))
            there = next((o for o in same if o.is_active or o.is_saved), None)
            if there is not None:
                tally.unchanged += 1
                kept = merged(there.extra, extra, partial(_of_label, label, say))
                if kept != there.extra:
                    changes.append(put_label(state, document, replace(there, extra=kept)))
                continue
            # Overlaps inside the file are kept; what people made in the project wins over the file.
            blocking = next(in_the_way(state.project.kind, old, category, label.span), None)
            if blocking is not None:
                name = state.categories[blocking.category].name
                tally.skip(document.location, f"{label.category} meets the project's own label {name}")
                continue
            if not category:  # what was in its way is gone since; or the category is
                tally.skip(document.location, f"{label.category} is no category of the project")
                continue
            made = Label(
                id=around.new_id(),
                category=category,
                span=label.span,
                origin=Origin.IMPORT,
                made=stamp,
                text_hash=document.text_hash,
                extra=extra,
            )
            tally.labels += 1
            changes.append(put_label(state, document, made))
        changes.append(put_document(state, described))
    return changes


def _of_label(label: ResolvedLabel, say: Say, words: str) -> None:
    where = f" at {label.span.start}, length {label.span.length}" if label.span else ""
    say(f"{label.category}{where}: {words}")


def _described(document: Document, ready: Ready, say: Say) -> tuple[Document, tuple[int, ...]]:
    """The document with what the file says of it besides labels, and where the file's regions are in it."""
    file = ready.file
    regions, keys = kept_document(document.extra)
    regions, places = merged_regions(regions, file.regions, say)
    keys = merged(keys, file.extra, say, ("language", "culture", "dataset", "class"))
    extra = {**document_extra(replace(file, regions=regions, extra=keys)), ORDER: ready.order}
    if file.dataset is None:
        extra[NO_DATASET] = True
    described = replace(
        document,
        language=file.language or document.language,
        dataset=file.dataset or document.dataset,
        extra=extra,
    )
    return described, places
