"""Making what is lost of a project's files anew of what is left, where nothing has to be guessed.

Shards and journal hold the same labels twice: a shard that is missing, broken or of an earlier day is made
anew of the journal; a journal that is damaged behind the shards goes on where it can be followed up to, and
says what it lacks. Each step leaves files of which the next repair makes the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_labeler.domain.document_rows import row_of
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store import asides
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.files import PROJECT_FILE, replace_file, storage_errors
from tui_labeler.engine.adapters.store.journal import Journal, Position
from tui_labeler.engine.adapters.store.journal_lines import RESTORE
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.migrations import check_format
from tui_labeler.engine.adapters.store.project_file import shards_as_of
from tui_labeler.engine.adapters.store.repairing_project import own_file
from tui_labeler.engine.adapters.store.replaying import AS_OF, Replayed, replayed, shards_named
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE, AtomicJSONStorage
from tui_labeler.engine.adapters.store.survey import Survey, survey
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports import Transaction
from tui_labeler.engine.rows import to_project

Tables = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Repair:
    """A project to be repaired: by whom, when, and the id of what is done."""

    folder: Path
    actor: str
    time: str
    group: str
    _said: list[str] = field(default_factory=list)

    def carry_out(self) -> tuple[str, ...]:
        """Repairs what can be, and returns in sentences what was done; nothing where all is sound.

        Raises ``StorageError`` where what is missing is held nowhere else, or a file can't be written: it
        says what was done before. Each file holds what it held or what it is to hold, and the next repair
        takes up a step that did not come to its end. Raises ``LockedError`` while others are at work in the
        project; then nothing was changed.
        """
        with (
            FileLock(self.folder / "checkpoint.lock", project=self.folder).held(),
            FileLock(self.folder / "lock", project=self.folder).held(),
        ):
            check_format(self.folder.parent.parent)
            path = self.folder / PROJECT_FILE
            tables, base, said = own_file(self.folder)
            (project,) = tables["project"].values()
            if said:
                AtomicJSONStorage(path).write(tables)
                self._said += said
            try:
                self._mend_shards(tables, project, base)
                self._mend_journal(tables, base)
            except StorageError as error:
                if not self._said:
                    raise
                done = " ".join(self._said)
                raise StorageError(f"{error.message} Done before that: {done}", hint=error.hint) from error
            return tuple(self._said)

    # --- shards -------------------------------------------------------------------------------------

    def _mend_shards(self, tables: Tables, project: dict[str, Any], base: Position) -> None:
        shards, journal = DocumentShards(self.folder), Journal(self.folder / "journal")
        expected = shards_as_of(self.folder, tables)
        expected = shards_named(journal, base.seq) if expected is None else expected
        kind = to_project(project).kind
        wrong = {
            number: seq or base.seq
            for number, seq in expected.items()
            if not _is_sound(shards, number, seq, kind)
        }
        if not wrong:
            return
        found = replayed(journal, project, wrong)
        for number, seq in wrong.items():
            if seq <= found.until:
                self._put_anew(shards, number, found, expected[number] or base.seq)
        beyond = {number: seq for number, seq in wrong.items() if seq > found.until}
        if beyond:
            files = ", ".join(f"{shards.path(number)} (written at {seq})" for number, seq in beyond.items())
            raise StorageError(
                f"{journal.folder}: the journal holds nothing from transaction {found.until + 1} on, so that "
                f"it can't tell what stood in {files}.",
                hint=RESTORE,
            )

    def _put_anew(self, shards: DocumentShards, number: int, found: Replayed, seq: int) -> None:
        path = shards.path(number)
        aside = asides.keep(path) if path.exists() else None
        rows = {
            key: row for key, row in found.rows.items() if key // SHARD_SIZE == number and row is not None
        }
        shards.put_anew(number, rows, seq)
        kept = f"; the file that was there is {aside.name} now" if aside else ""
        self._said.append(f"{path} is made anew of the journal, with {len(rows):,} documents{kept}.")

    # --- the journal --------------------------------------------------------------------------------

    def _mend_journal(self, tables: Tables, base: Position) -> None:
        journal = Journal(self.folder / "journal")
        seen = survey(journal, base.seq)
        place = seen.place
        if seen.is_broken:
            behind = self._go_on(journal, seen)
            place = place or behind
        assert place is not None
        if place != base:
            tables = {**tables, "checkpoint": {"1": place.stored}}
            AtomicJSONStorage(self.folder / PROJECT_FILE).write(tables)
            if not seen.is_broken:
                self._said.append(_moved(seen, self.folder / PROJECT_FILE))
        self._note_older(journal, place.seq)

    def _go_on(self, journal: Journal, seen: Survey) -> Position:
        """Lets the journal go on behind what can be followed; returns the place behind its new line.

        That line comes first: as long as something else stands before it, no reader goes past that.
        """
        after = seen.kept.seq
        if seen.lost is None:
            until = max(seen.highest, after)
            note = {"after": after, "until": until, AS_OF: max(after, seen.seq)}
            line = self._line(until + 1, note)
            behind = journal.append(Position(until + 1, 0, until), line)
        else:
            line, behind = seen.lost.transaction, seen.lost.end
        aside = [segment for segment in journal.segments() if seen.kept.segment <= segment < behind.segment]
        kept = [name for segment in reversed(aside) if (name := _cut(journal.path(segment), segment, seen))]
        self._said.append(_lost(line, kept))
        return behind

    def _note_older(self, journal: Journal, seq: int) -> None:
        """Puts down what the history lacks though the shards hold it."""
        seen = survey(journal, seq)
        end = seen.kept
        for gap in seen.older:
            note = {"after": gap.after, "until": gap.until, AS_OF: end.seq}
            end = journal.append(end, self._line(end.seq + 1, note))
            self._said.append(
                f"{gap.words}. The labels are whole; the history says from now on what it lacks, which "
                f"can't be undone. A backup of {gap.path} has it."
            )

    def _line(self, seq: int, note: dict[str, Any]) -> Transaction:
        return Transaction(seq, self.group, self.time, self.actor, LOST, (), note=note)


def _cut(path: Path, segment: int, seen: Survey) -> str:
    """Takes out of a segment what can't be followed; the name under which the whole is kept, if any."""
    end = seen.kept.offset if segment == seen.kept.segment else 0
    with storage_errors(path):
        whole = path.read_bytes()
    if b"\n" not in whole[end:]:
        return ""  # a line that was never ended
    if end == 0:
        return asides.move(path).name
    aside = asides.keep(path)
    replace_file(path, whole[:end])
    return aside.name


def _lost(line: Transaction, kept: list[str]) -> str:
    after, until = line.note.get("after", 0), line.note.get("until", line.seq - 1)
    as_of = line.note.get(AS_OF, until)
    files = f" What stood there is kept: {', '.join(kept)}." if kept else ""
    which = f"transaction {until} is" if until == after + 1 else f"transactions {after + 1} to {until} are"
    if until <= after:
        return f"The journal goes on behind transaction {after}; what stood there can't be read.{files}"
    return (
        f"The journal goes on behind transaction {until}, with the labels as of {as_of}; {which} lost to the "
        f"history, and can't be undone. If anything was made after transaction {as_of}, it is lost.{files}"
    )


def _moved(seen: Survey, path: Path) -> str:
    if seen.lost is not None:
        return _lost(seen.lost.transaction, [])
    return f"{path} names the place again where the journal goes on behind transaction {seen.seq}."


def _is_sound(shards: DocumentShards, number: int, seq: int, kind: ProjectKind) -> bool:
    """Whether a file is there, is not of an earlier day, and each of its documents can be used."""
    try:
        shards.check(number, seq)
        for document in shards.documents(number):
            row_of(kind, document)
    except StorageError:
        return False
    return True
