"""Labels from files, and labels to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import Document, DocumentState
from tui_labeler.domain.labels import Span, Stamp
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine import limits
from tui_labeler.engine.errors import InputError, LabelerError, UnreachableError
from tui_labeler.engine.finishing import finished_all_the_same
from tui_labeler.engine.formats import AUTO, format_named, read_file
from tui_labeler.engine.formats.keeping import kept_document, kept_project
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, LabelFile, Unit
from tui_labeler.engine.formats.resolve import (
    ResolvedLabel,
    to_code_points,
    to_utf16,
    undeclared,
    with_all_categories,
)
from tui_labeler.engine.importing import NO_DATASET, ORDER, Ready, Skipped, Tally, declaring, importing
from tui_labeler.engine.ports import Change, Plan

if TYPE_CHECKING:
    from tui_labeler.engine.documents import Documents
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings

__all__ = ["Exported", "Imported", "LabelFiles", "Skipped"]

BATCH = 2000
"""Documents a transaction."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    format: str
    documents: int
    """Documents of the project that the file speaks of."""
    labels: int
    """Labels that are new."""
    unchanged: int
    """Labels that were there already."""
    categories: tuple[str, ...]
    """Names that it added to the project."""
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]
    """What was kept and deserves a look: overlaps, cut words, undeclared categories, labels that are longer
    than the service takes."""
    warnings: tuple[str, ...] = ()
    """The service's limits that the categories break."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A labels file, ready to be written."""

    data: bytes
    documents: int
    labels: int
    skipped: tuple[Skipped, ...]
    drafts_pending: int


@dataclass(frozen=True, slots=True)
class Merging:
    """How what a file says meets what is there, where it is no ordinary import."""

    action: str
    step: _Merge


class LabelFiles:
    """Reads label files into the project and writes its saved labels to files."""

    def __init__(self, store: ProjectStore, documents: Documents, surroundings: Surroundings) -> None:
        self._store = store
        self._documents = documents
        self._surroundings = surroundings

    async def read(
        self, data: bytes, filename: str, file_format: str = AUTO, *, merging: Merging | None = None
    ) -> Imported:
        """Imports labels, which apply at once. The file is checked whole first: a bad one changes nothing.

        ``merging`` takes the place of the rule that what people made in the project wins.

        Doing it twice changes nothing the second time. Raises ``FormatError`` naming line and field, and
        ``InputError`` for a file of another kind than the project.
        """
        known, said = read_file(data, filename, file_format)
        file, problems = with_all_categories(said)
        project = self._store.state.project
        if file.kind is not project.kind:
            raise InputError(
                f"{filename} holds labels of a {file.kind} project, and {project.name} is {project.kind}.",
                hint="Make a project of that kind for it (`project create --labels`).",
                on_screen="Make a project of that kind for it: n in the list of projects asks for the file.",
            )
        await self._store.refresh()
        tally = Tally([Skipped("", remark) for remark in said.remarks])
        tally.notes += [Skipped(p.location, f"{p.field}: {p.reason}") for p in problems]
        ready = [
            matched
            for order, document in enumerate(file.documents)
            if (matched := await self._matched(order, document, tally)) is not None
        ]
        only_used = () if merging else undeclared(said)
        merging = merging or Merging("labels.import", importing)
        await finished_all_the_same(self._bring_in(merging, file, only_used, ready, tally))
        return Imported(
            format=known.name,
            documents=len(ready),
            labels=tally.labels,
            unchanged=tally.unchanged,
            categories=tuple(tally.categories),
            skipped=tuple(tally.skipped),
            notes=tuple(tally.notes),
            warnings=(
                *limits.categories(len(self._store.state.categories)),
                *(warning for name in tally.categories for warning in limits.category_name(name)),
            ),
        )

    async def _bring_in(
        self,
        merging: Merging,
        file: LabelFile,
        only_used: Sequence[str],
        ready: Sequence[Ready],
        tally: Tally,
    ) -> None:
        """All of it, whatever is cancelled: half an import is none that anybody asked for."""
        group = self._surroundings.new_id()
        declare = partial(declaring, file, only_used, ready, tally)
        await self._commit(Plan(merging.action, (), group=group), declare)
        for start in range(0, len(ready), BATCH):
            shell = Plan(merging.action, (), group=group, note={"continues": True})
            stamp = Stamp(self._surroundings.actor, self._surroundings.now())
            step = partial(merging.step, ready[start : start + BATCH], stamp, tally)
            await self._commit(shell, step)

    async def _commit(self, shell: Plan, step: _Step) -> None:
        def plan(state: State) -> Plan:
            return replace(shell, changes=step(self._surroundings, state))

        await self._store.commit(self._surroundings.actor, plan)

    async def _matched(self, order: int, file: FileDocument, tally: Tally) -> Ready | None:
        """Raises only for a container that can't be reached at all."""
        document_id = self._store.state.document_id(file.location)
        if document_id is None:
            tally.skip(file.location, "it is not in the container")
            return None
        document = self._store.state.document(document_id)
        text = ""
        if not self._store.state.project.kind.is_classification:
            try:
                read = await self._documents.text(document_id)
            except InputError as error:
                tally.skip(file.location, error.message)
                return None
            if read.changed:
                tally.skip(file.location, "its text is another than when the container was read; sync first")
                return None
            text = read.text
        elif document.problem:
            tally.skip(file.location, document.problem)
            return None
        resolved = to_code_points(self._store.state.project.kind, file, text)
        for problem in resolved.problems:
            place = tally.skip if problem.dropped else tally.note
            place(file.location, f"{problem.field}: {problem.reason}")
        for label in resolved.labels:
            for warning in limits.labeled_entity(label.span.length if label.span else 0):
                tally.note(file.location, f"{label.category}: {warning}")
        return Ready(document_id, order, file, resolved.labels)

    async def write(self, file_format: str = "azure", *, in_text_order: bool = False) -> Exported:
        """All saved labels in a format, as they came in; or the same in every home, in text order.

        Raises ``InputError`` for a format that is not known, ``UnreachableError`` for a container that is
        not there.
        """
        known = format_named(file_format)
        await self._store.refresh()
        state = self._store.state
        skipped: list[Skipped] = []
        documents: list[tuple[int, str, FileDocument]] = []
        for row in state.rows.values():
            document = state.document(row.id)
            if _belongs(document, row.state):
                try:
                    written = await self._file_document(state, document, known.unit, in_text_order)
                except UnreachableError:
                    # A file without labels, written over the one before, would be worse than none.
                    raise
                except LabelerError as error:
                    skipped.append(Skipped(document.location, error.message))
                else:
                    order = document.extra.get(ORDER, len(state.rows))
                    documents.append((order, document.location, written))
        documents.sort(key=lambda item: item[:2])
        file = _label_file(state, [document for _, _, document in documents])
        return Exported(
            data=known.write(file).data,
            documents=len(documents),
            labels=sum(len(document.labels) for document in file.documents),
            skipped=tuple(sorted(skipped, key=lambda item: item.location)),
            drafts_pending=state.totals.drafts.total(),
        )

    async def _file_document(
        self, state: State, document: Document, unit: Unit, in_text_order: bool
    ) -> FileDocument:
        """Raises a ``LabelerError`` when the text that the labels stand in can't be had."""
        labels = [
            ResolvedLabel(state.categories[label.category].name, label.span, dict(label.extra))
            for label in document.labels.values()
            if label.is_saved
        ]
        if in_text_order:
            labels.sort(key=lambda label: (label.span or Span(0, 1), label.category))
        regions, keys = kept_document(document.extra)
        text = ""
        if labels and not state.project.kind.is_classification:
            read = await self._documents.text(document.id)
            if read.changed:
                raise InputError(
                    "its text is another than the one that was labeled; "
                    "read the container again (R, or `sync`)"
                )
            if any(
                label.is_saved and label.text_hash not in ("", document.text_hash)
                for label in document.labels.values()
            ):
                raise InputError(
                    "its text has changed since it was labeled; check its labels, then remove "
                    "and set those that moved"
                )
            text = read.text
        converted, held = to_utf16(labels, regions, text)
        if unit is Unit.CODE_POINT:
            converted, held = _in_code_points(labels), ()
        unsaid = document.dataset is Dataset.TRAIN and document.extra.get(NO_DATASET)
        return FileDocument(
            location=document.location,
            language=document.language,
            dataset=None if unsaid else document.dataset,
            labels=converted,
            regions=held,
            extra=keys,
        )


if TYPE_CHECKING:
    from collections.abc import Callable

    _Step = Callable[[Surroundings, State], Sequence[Change]]
    _Merge = Callable[[Sequence[Ready], Stamp, Tally, Surroundings, State], Sequence[Change]]


def _in_code_points(labels: Sequence[ResolvedLabel]) -> tuple[FileLabel, ...]:
    return tuple(
        FileLabel(label.category, label.span.start, label.span.length, Unit.CODE_POINT, dict(label.extra))
        if label.span
        else FileLabel(label.category, extra=dict(label.extra))
        for label in labels
    )


def _belongs(document: Document, state: DocumentState) -> bool:
    """Whether a document has something to say in a labels file."""
    return (
        any(label.is_saved for label in document.labels.values())
        or document.dataset is not Dataset.TRAIN
        or bool(document.language)
        or state is DocumentState.REVIEWED
        or ORDER in document.extra
    )


def _label_file(state: State, documents: Sequence[FileDocument]) -> LabelFile:
    project = state.project
    kept = kept_project(project.extra)
    return LabelFile(
        kind=project.kind,
        project_name=project.name,
        language=project.language,
        multilingual=project.multilingual,
        description=project.description,
        container=kept.container or project.container.rstrip("/").rpartition("/")[2],
        settings=kept.settings,
        categories=tuple(
            FileCategory(category.name, category.description, dict(category.extra))
            for category in state.categories.values()
        ),
        documents=tuple(documents),
        extra=kept.extra,
    )
