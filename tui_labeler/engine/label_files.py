"""Labels from files, and labels to files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Stamp
from tui_labeler.engine.actions import ADDED, IMPORTED
from tui_labeler.engine.documents.reading import Tally as ReadTally
from tui_labeler.engine.documents.reading import registering
from tui_labeler.engine.exports.exporting import Exported, Exporting
from tui_labeler.engine.exports.split_export import SplitExporting
from tui_labeler.engine.finishing import finished_all_the_same
from tui_labeler.engine.formats import AUTO, format_named, read_file
from tui_labeler.engine.imports.adding import write_new
from tui_labeler.engine.imports.declaring import declaring
from tui_labeler.engine.imports.importing import file_source, importing
from tui_labeler.engine.imports.incoming import Incoming, Tally
from tui_labeler.engine.imports.journal import ImportJournal, Merging, unsaid
from tui_labeler.engine.imports.planning import ImportPlanning, category_warnings, check_kind
from tui_labeler.engine.imports.plans import Imported, ImportPlan, Ready, Skipped, in_line_order
from tui_labeler.engine.pen import check_turn_of_pen
from tui_labeler.engine.ports import Change, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.documents.documents import Documents
    from tui_labeler.engine.exports.split_export import SplitExport
    from tui_labeler.engine.exports.splitting import Shares
    from tui_labeler.engine.imports.journal import Say
    from tui_labeler.engine.imports.matching import Progress
    from tui_labeler.engine.imports.plans import Addition
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings, Transaction
    from tui_labeler.engine.ports.imports import BegunImport, BegunImports
    from tui_labeler.engine.readings.agreeing import Agreeing

    _Step = Callable[[State], Sequence[Change]]

__all__ = ["Exported", "ImportPlan", "Imported", "LabelFiles", "Merging", "Skipped"]

BATCH = 2000
"""Documents a transaction."""

ADDING = "writing documents"
"""What progress hears while new documents are written into the container."""

NOT_SURELY = (
    "the offsets look like UTF-16 code units, not code points: nothing of it is taken in, and its labels "
    "here stay. Count them in code points and take the file in again, or import it as any labels file, which "
    "takes nothing away"
)
"""Of a document whose labels were to take the place of those that are there."""

NO_CHOICES: Mapping[str, str] = MappingProxyType({})


def _silent(doing: str, count: int) -> None:
    """For whoever need not hear how far it is."""


class LabelFiles:
    """Reads label files into the project and writes its saved labels to files."""

    def __init__(
        self,
        store: ProjectStore,
        documents: Documents,
        surroundings: Surroundings,
        imports: BegunImports | None = None,
    ) -> None:
        """``imports`` is where one that has begun is noted; without, a kill leaves what was done by then."""
        self._store = store
        self._documents = documents
        self._surroundings = surroundings
        self.journal = ImportJournal(imports, store, documents.container, self._done_once_more)

    # --- in -----------------------------------------------------------------------------------------

    async def plan(
        self,
        data: bytes,
        filename: str,
        file_format: str = AUTO,
        *,
        choices: Mapping[str, str] = NO_CHOICES,
        add_documents: bool = False,
        progress: Progress = _silent,
    ) -> ImportPlan:
        """What importing a file would do: it is checked whole, and no label, category or document changes.

        ``choices`` say which document of the project one of the file is: locations by its name in the file,
        by ``line N`` or by ``N``. With ``add_documents``, texts that match no document become new ones.
        Raises ``FormatError`` naming line and field, ``InputError`` for a file of another kind than the
        project, ``UnreachableError`` for a container that is not there.
        """
        # A large file takes its time, and whoever draws has other things to do.
        known, said = await asyncio.to_thread(read_file, data, filename, file_format)
        project = self._store.state.project
        check_kind(project.kind, said, filename, project.name)
        await self._store.refresh()
        planning = ImportPlanning(
            self._store,
            self._documents,
            self._surroundings,
            choices,
            progress,
            add_documents=add_documents,
        )
        return await planning.plan(known, said, filename, data)

    async def apply(
        self,
        plan: ImportPlan,
        progress: Progress = _silent,
        *,
        merging: Merging | None = None,
        say: Say = unsaid,
    ) -> Imported:
        """Does what was planned; labels apply at once. What has changed since is left alone and listed.

        ``merging`` takes the place of the rule that what people made in the project wins.
        Doing it twice changes nothing the second time. New documents are written first; where that fails,
        no label has come in. A cancel does not stop it, a second one does, and ``say`` hears of the first;
        where that, or the death of the process, has stopped it, :meth:`finish_begun` goes on. Raises
        ``ContainerError`` for a container that refuses texts, ``PenError`` while labels are made elsewhere,
        and ``LockedError`` while another import is at work or must be finished first.
        """
        begun = replace(
            plan.begun,
            action=merging.action if merging else IMPORTED,
            group=self._surroundings.new_id(),
        )
        return await self.journal.kept(
            begun,
            partial(self._apply, plan, begun.group, progress, merging),
            partial(self._done_once_more, begun, progress, merging),
            say,
        )

    async def finish_begun(self, progress: Progress = _silent, say: Say = unsaid) -> Imported | None:
        """Finishes an import that was interrupted while it wrote. ``None`` where none is finished.

        What it has brought already is not brought twice. One whose container can't be had waits on, and that
        is found out within seconds. ``say`` hears a sentence on what came of it.
        """
        return await self.journal.finish(progress, say)

    async def _done_once_more(
        self, begun: BegunImport, progress: Progress, merging: Merging | None = None
    ) -> Imported:
        plan = await self.plan(
            begun.data,
            begun.filename,
            begun.format,
            choices=begun.choices,
            add_documents=begun.add_documents,
            progress=progress,
        )
        return await self._apply(plan, begun.group, progress, merging)

    async def _apply(
        self, plan: ImportPlan, group: str, progress: Progress, merging: Merging | None
    ) -> Imported:
        await self._store.refresh()
        if plan.additions:
            check_turn_of_pen(self._store.state.project)
        ready = [*plan.ready, *await self._written(plan.additions, progress)]
        tally = Tally([*plan.remarks], [*plan.early])
        await finished_all_the_same(self._bring_in(plan, group, ready, tally, merging))
        not_kept: tuple[str, ...] = ()
        # Whoever calls it off has the labels; the next sync keeps the texts.
        with suppress(asyncio.CancelledError):
            not_kept = await self._documents.keep_labeled()
        return Imported(
            format=plan.format,
            documents=plan.documents,
            labels=tally.labels,
            unchanged=tally.unchanged,
            categories=tuple(tally.categories),
            skipped=in_line_order(tally.skipped),
            notes=in_line_order(tally.notes),
            warnings=(*category_warnings(self._store.state, tally.categories), *not_kept),
            suggestions=tally.suggestions,
            reviewed=tally.reviewed,
            added=tuple(self._store.state.rows[part.document].location for part in ready[len(plan.ready) :]),
            ambiguous=plan.ambiguous,
            matched_by=plan.matched_by,
        )

    async def read(
        self,
        data: bytes,
        filename: str,
        file_format: str = AUTO,
        *,
        choices: Mapping[str, str] = NO_CHOICES,
        add_documents: bool = False,
        progress: Progress = _silent,
        merging: Merging | None = None,
        say: Say = unsaid,
    ) -> Imported:
        """Imports labels: :meth:`plan` and :meth:`apply` in one, with their arguments and errors."""
        plan = await self.plan(
            data, filename, file_format, choices=choices, add_documents=add_documents, progress=progress
        )
        return await self.apply(plan, progress, merging=merging, say=say)

    async def _written(self, additions: Sequence[Addition], progress: Progress) -> list[Ready]:
        """The new documents' parts of the file, with the numbers that the documents have by then."""
        found: list[Ready] = []
        for start in range(0, len(additions), BATCH):
            batch = []
            try:
                for addition in additions[start : start + BATCH]:
                    batch.append(await write_new(self._documents.container, addition))
                    progress(ADDING, start + len(batch))
            finally:
                # What is in the container is in the project too, whatever ends the writing.
                if batch:
                    register = partial(registering, batch, ReadTally())
                    await self._store.commit(self._surroundings.actor, register)
            for addition, (blob, _) in zip(additions[start : start + BATCH], batch, strict=True):
                number = self._store.state.document_id(blob.name)
                assert number is not None
                found += [replace(part, document=number) for part in addition.parts]
        return found

    async def _bring_in(
        self,
        plan: ImportPlan,
        group: str,
        ready: Sequence[Ready],
        tally: Tally,
        merging: Merging | None,
    ) -> None:
        """All of it, whatever is cancelled: half an import is none that anybody asked for."""
        incoming = Incoming(
            plan.format,
            file_source(plan.filename),
            Stamp(self._surroundings.actor, self._surroundings.now()),
            tally,
            self._surroundings,
        )
        merging = merging or Merging(IMPORTED, importing)
        if merging.replaces is not None:
            ready = self._told_surely(self._told_once(ready, tally), tally)
        declare = partial(declaring, plan.file, plan.only_used, ready, incoming, replaces=merging.replaces)
        steps: list[_Step] = [declare]
        for start in range(0, len(ready), BATCH):
            steps.append(partial(merging.step, ready[start : start + BATCH], incoming))
        continues = await self.journal.has_written(group)
        for step in steps:
            note: dict[str, Any] = {"continues": True} if continues else {}
            if plan.additions:
                note[ADDED] = len(plan.additions)
            done = await self._commit(Plan(merging.action, (), group=group, note=note), step)
            continues = continues or done is not None

    def _told_once(self, ready: Sequence[Ready], tally: Tally) -> list[Ready]:
        """Without the documents that the file speaks of in several places, which are left out and listed."""
        parts: dict[int, list[Ready]] = {}
        for each in ready:
            parts.setdefault(each.document, []).append(each)
        for several in parts.values():
            for each in several if len(several) > 1 else ():
                location = self._store.state.rows[each.document].location
                reason = f"the file speaks of it in {len(several)} places, and none of them is taken"
                tally.skipped.append(Skipped(location, reason, each.file.line))
        return [each for each in ready if len(parts[each.document]) == 1]

    def _told_surely(self, ready: Sequence[Ready], tally: Tally) -> list[Ready]:
        """Without the documents whose labels may stand at other words than were meant, which are listed.

        Nothing takes the place of labels that are there unless it is sure to be what people labeled.
        """
        odd = {each.document: each.file.line for each in ready if each.has_odd_offsets}
        names = {self._store.state.rows[number].location: line for number, line in odd.items()}
        # What was said of their spans speaks of labels that would be kept.
        tally.notes = [note for note in tally.notes if note.location not in names]
        for location, line in names.items():
            tally.skipped.append(Skipped(location, NOT_SURELY, line))
        return [each for each in ready if each.document not in odd]

    async def _commit(self, shell: Plan, step: _Step) -> Transaction | None:
        return await self._store.commit(
            self._surroundings.actor, lambda state: replace(shell, changes=step(state))
        )

    # --- out ----------------------------------------------------------------------------------------

    async def write(
        self, file_format: str = "azure", *, in_text_order: bool = False, suggestions: bool = False
    ) -> Exported:
        """All saved labels in a format, as they came in; or the same in every home, in text order.

        With ``suggestions``, those that wait for a decision too. Raises ``InputError`` for a format that is
        not known, ``FormatError`` for one that can't hold labels of this kind at all or has no place for
        suggestions, ``UnreachableError`` for a container that is not there.
        """
        known = format_named(file_format)
        await self._store.refresh()
        exporting = Exporting(self._store, self._documents, known, suggestions=suggestions)
        return await exporting.write(in_text_order=in_text_order)

    async def write_split(self, file_format: str, wanted: Shares, agreeing: Agreeing) -> SplitExport:
        """Saved labels for training elsewhere, parted by document, with a data card.

        Raises as :meth:`write`, and ``InputError`` where nothing is labeled.
        """
        known = format_named(file_format)
        await self._store.refresh()
        exporting = SplitExporting(self._store, self._documents, self._surroundings, agreeing, known, wanted)
        return await exporting.write()
