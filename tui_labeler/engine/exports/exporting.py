"""From a project's saved labels to a labels file of any format."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import Document, DocumentState
from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import Annotation
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.documents.reading import CONCURRENCY
from tui_labeler.engine.errors import ContainerError, FormatError, InputError, LabelerError, UnreachableError
from tui_labeler.engine.exports.writable import writable
from tui_labeler.engine.formats.keeping import AZURE, kept_document, kept_project, of_format
from tui_labeler.engine.formats.model import (
    SOURCE,
    WHOLE,
    FileCategory,
    FileDocument,
    FileLabel,
    LabelFile,
    Unit,
)
from tui_labeler.engine.formats.resolve import ResolvedLabel, to_utf16
from tui_labeler.engine.imports.importing import NO_DATASET, ORDER
from tui_labeler.engine.imports.plans import Skipped, skipped_problem
from tui_labeler.engine.turns import in_turns
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Suggestion
    from tui_labeler.engine.documents.documents import Documents
    from tui_labeler.engine.formats.model import Format
    from tui_labeler.engine.ports import ProjectStore, State


@dataclass(frozen=True, slots=True)
class Exported:
    """A labels file, ready to be written."""

    data: bytes
    documents: int
    labels: int
    skipped: tuple[Skipped, ...]
    """Documents and labels that are not in it."""
    drafts_pending: int
    notes: tuple[Skipped, ...] = ()
    """What the format can't hold besides, by document."""
    suggestions: int = 0
    """Undecided suggestions that are in it; none unless that was asked for."""
    is_archive: bool = False
    """The data are a ZIP archive of several files."""
    left_out: int = 0
    """Documents with saved labels of which none is in it."""
    held: Mapping[int, tuple[Annotation, ...]] = field(default_factory=dict)
    """The labels that are in it, by the number of each of its documents."""

    def check_not_hollow(self) -> None:
        """Before it takes the place of another file: raises ``ContainerError`` where every document that has
        labels is left out, as where a container is not mounted."""
        if self.left_out and not self.labels:
            first = self.skipped[0]
            raise ContainerError(
                f"{counted(self.left_out, 'document has', 'documents have')} labels, and all is left out; "
                f"the first is {first.location}: {first.reason}.",
                hint="What is there already stays as it is. `tui-labeler doctor` looks at the container.",
                on_screen="What is there already stays as it is. See whether the container is there.",
            )


@dataclass(frozen=True, slots=True)
class Gathered:
    """The documents that have something to say, in the file's order, and those that can't be had."""

    documents: tuple[FileDocument, ...]
    ids: tuple[int, ...]
    """The project's number of each."""
    labels: Mapping[int, tuple[Annotation, ...]]
    """Those of each, by its number, in the file's order."""
    skipped: tuple[Skipped, ...]
    left_out: int = 0
    """Documents with saved labels of which none can be had."""


class Exporting:
    """Writes one file."""

    def __init__(
        self, store: ProjectStore, documents: Documents, known: Format, *, suggestions: bool = False
    ) -> None:
        """``suggestions``: what waits for a decision is written too, in the place that the format has."""
        self._store = store
        self._documents = documents
        self._format = known
        self._suggestions = suggestions

    async def write(self, *, in_text_order: bool = False) -> Exported:
        """Raises ``FormatError``, ``UnreachableError``."""
        self.check()
        gathered = await self.gather(in_text_order=in_text_order)
        return await self.written(gathered)

    def check(self) -> None:
        """Raises ``FormatError`` where the format has no place for labels of this kind, or for suggestions
        that are to be written."""
        kind = self._store.state.project.kind
        if self._suggestions and not self._format.holds_suggestions:
            raise FormatError(
                f"{self._format.title} has no place for suggestions beside labels.",
                hint="Leave --suggestions out, or choose --format labelstudio.",
                on_screen="Leave them out, or choose Label Studio's JSON.",
            )
        if kind not in self._format.kinds:
            held = ", ".join(sorted(each.short for each in self._format.kinds))
            raise FormatError(
                f"{self._format.title} can't hold labels of a {kind} project",
                hint=f"It holds those of: {held}. `tui-labeler export --help` lists the formats.",
                on_screen=f"It holds those of: {held}. Choose another format.",
            )

    async def gather(self, *, in_text_order: bool = False) -> Gathered:
        """All documents for the file, with their labels. Raises ``UnreachableError``."""
        state = self._store.state
        skipped: list[Skipped] = []
        left_out = 0
        found: list[tuple[int, str, int, FileDocument]] = []
        labels: dict[int, tuple[Annotation, ...]] = {}
        rows = [
            row
            async for row in in_turns(list(state.rows.values()))
            if row.id in state.rows and self._belongs(state.document(row.id), row)
        ]
        for start in range(0, len(rows), CONCURRENCY):
            batch = [state.document(row.id) for row in rows[start : start + CONCURRENCY]]
            results = await asyncio.gather(
                *(self._file_document(document, in_text_order) for document in batch), return_exceptions=True
            )
            for document, result in zip(batch, results, strict=True):
                # A file without labels, written over the one before, would be worse than none.
                if isinstance(result, UnreachableError) or (
                    isinstance(result, BaseException) and not isinstance(result, LabelerError)
                ):
                    raise result
                if isinstance(result, LabelerError):
                    skipped.append(Skipped(document.location, result.message))
                    left_out += bool(document.saved_labels)
                else:
                    file, labels[document.id], reasons = result
                    skipped += [Skipped(document.location, reason) for reason in reasons]
                    left_out += bool(document.saved_labels) and not file.labels
                    order = document.extra.get(ORDER, len(state.rows))
                    found.append((order, document.location, document.id, file))
        found.sort(key=lambda item: item[:2])
        skipped.sort(key=lambda item: item.location)
        files, ids = tuple(item[3] for item in found), tuple(item[2] for item in found)
        return Gathered(files, ids, labels, tuple(skipped), left_out)

    async def written(self, gathered: Gathered, wanted: Collection[int] | None = None) -> Exported:
        """The file of all of them, or of those with ``wanted`` numbers. Raises ``FormatError``."""
        state = self._store.state
        documents = {
            number: document
            for document, number in zip(gathered.documents, gathered.ids, strict=True)
            if wanted is None or number in wanted
        }
        file = self._label_file(state, list(documents.values()))
        # Seconds where there are many documents, and pure.
        written = await asyncio.to_thread(self._format.write, file)
        dropped = [skipped_problem(problem) for problem in written.problems if problem.dropped]
        lost = {(problem.location, problem.field) for problem in written.problems if problem.dropped}
        held = {
            number: _held(document.location, gathered.labels[number], lost)
            for number, document in documents.items()
            if (document.location, WHOLE) not in lost
        }
        return Exported(
            data=written.data,
            documents=len(held),
            labels=sum(map(len, held.values())),
            suggestions=sum(len(documents[number].suggestions) for number in held),
            skipped=(*gathered.skipped, *dropped),
            drafts_pending=state.totals.drafts.total(),
            notes=tuple(skipped_problem(problem) for problem in written.problems if not problem.dropped),
            is_archive=self._format.is_archive,
            left_out=gathered.left_out,
            held=held,
        )

    def _belongs(self, document: Document, row: DocumentRow) -> bool:
        """Whether a document has something to say. Where files are read for their labels alone, one without
        any says that there are none: only what a person has seen does."""
        if any(label.is_saved for label in document.labels.values()):
            return True
        if row.state is DocumentState.REVIEWED or self._proposed(document):
            return True
        return self._format.name == AZURE and (
            document.dataset is not Dataset.TRAIN or bool(document.language) or ORDER in document.extra
        )

    async def _file_document(
        self, document: Document, in_text_order: bool
    ) -> tuple[FileDocument, tuple[Annotation, ...], Sequence[str]]:
        """A document for the file, the labels that it says, and why others of it are left out.

        Raises a ``LabelerError`` when the text that the labels stand in can't be had.
        """
        state, name = self._store.state, self._format.name
        saved = [label for label in document.labels.values() if label.is_saved]
        proposed = self._proposed(document)
        text = ""
        if self._format.carries_text or (saved and not state.project.kind.is_classification):
            text = await self._text(document)
        reasons: list[str] = []
        kept = list(writable(state, "labels", saved, text, reasons))
        if in_text_order:
            names = state.categories
            kept.sort(key=lambda label: (label.span or Span(0, 1), names[label.category].name))
        said_of = tuple((label.category, label.span) for label in kept)
        labels = [
            ResolvedLabel(state.categories[label.category].name, label.span, of_format(label.extra, name))
            for label in kept
        ]
        unsaid = document.dataset is Dataset.TRAIN and document.extra.get(NO_DATASET) and name == AZURE
        said = FileDocument(
            document.location,
            document.language,
            None if unsaid else document.dataset,
            text=text if self._format.carries_text else None,
            is_reviewed=document.reviewed is not None,
        )
        if self._format.unit is Unit.UTF16:
            regions, keys = kept_document(document.extra)
            converted, held = to_utf16(labels, regions if name == AZURE else (), text)
            keys = keys if name == AZURE else of_format(document.extra, name)
            done = msgspec.structs.replace(said, labels=converted, regions=held, extra=keys)
            return done, said_of, reasons
        in_code_points = tuple(_in_code_points(label) for label in labels)
        suggestions = tuple(
            self._as_proposed(each) for each in writable(state, "suggestions", proposed, text, reasons)
        )
        extra = of_format(document.extra, name)
        done = msgspec.structs.replace(said, labels=in_code_points, suggestions=suggestions, extra=extra)
        return done, said_of, reasons

    def _proposed(self, document: Document) -> tuple[Suggestion, ...]:
        """What waits in a document and is to be written.

        Not what blind mode hides, nor what was proposed for another text than the document has.
        """
        project = self._store.state.project
        if not self._suggestions or document.hides_suggestions(project.settings):
            return ()
        return tuple(
            item
            for item in document.open_suggestions(project.kind)
            if item.span is None or item.text_hash in ("", document.text_hash)
        )

    def _as_proposed(self, item: Suggestion) -> FileLabel:
        name = self._store.state.categories[item.category].name
        said = _in_code_points(ResolvedLabel(name, item.span, of_format(item.extra, self._format.name)))
        return msgspec.structs.replace(
            said, confidence=item.confidence, extra={**said.extra, SOURCE: item.source}
        )

    async def _text(self, document: Document) -> str:
        read = await self._documents.text(document.id)
        if read.changed:
            raise InputError(
                "its text is another than the one that was labeled; read the container again (R, or `sync`)"
            )
        if any(
            label.is_saved and label.span is not None and label.text_hash not in ("", document.text_hash)
            for label in document.labels.values()
        ):
            raise InputError(
                "its text has changed since it was labeled; check its labels, then remove and set those "
                "that moved"
            )
        return read.text

    def _label_file(self, state: State, documents: Sequence[FileDocument]) -> LabelFile:
        project, name = state.project, self._format.name
        kept = kept_project(project.extra)
        is_azure = name == AZURE
        return LabelFile(
            kind=project.kind,
            project_name=project.name,
            language=project.language,
            multilingual=project.multilingual,
            description=project.description,
            container=kept.container or project.container.rstrip("/").rpartition("/")[2],
            settings=kept.settings if is_azure else {},
            categories=tuple(
                FileCategory(category.name, category.description, of_format(category.extra, name))
                for category in state.categories.values()
            ),
            documents=tuple(documents),
            extra=kept.extra if is_azure else of_format(project.extra, name),
        )


def _held(
    location: str, labels: tuple[Annotation, ...], lost: Collection[tuple[str, str]]
) -> tuple[Annotation, ...]:
    """Those labels of a document that a format did not drop."""
    return tuple(label for index, label in enumerate(labels) if (location, f"labels[{index}]") not in lost)


def _in_code_points(label: ResolvedLabel) -> FileLabel:
    if label.span is None:
        return FileLabel(label.category, extra=dict(label.extra))
    return FileLabel(label.category, label.span.start, label.span.length, Unit.CODE_POINT, dict(label.extra))
