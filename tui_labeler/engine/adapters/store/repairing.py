"""Making what is lost of a project's files anew of what is left, where nothing has to be guessed.

Shards and journal hold the same labels twice: a shard that is missing, or of an earlier day, is made anew of
the journal; a journal whose end is gone goes on behind the shards, and says what it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.files import PROJECT_FILE, PUT_ASIDE, storage_errors
from tui_labeler.engine.adapters.store.journal import Journal, Position
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.migrations import check_format
from tui_labeler.engine.adapters.store.project_file import place_of, shards_as_of
from tui_labeler.engine.adapters.store.replaying import replayed, shards_named
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE, AtomicJSONStorage
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports import Transaction


@dataclass(frozen=True, slots=True)
class Repair:
    """A project to be repaired: by whom, when, and the id of what is done."""

    folder: Path
    actor: str
    time: str
    group: str

    def carry_out(self) -> tuple[str, ...]:
        """Repairs what can be, and returns in sentences what was done; nothing where all is sound.

        Raises ``StorageError`` where what is missing is held nowhere else, ``LockedError`` while others are
        at work in the project; then nothing was changed.
        """
        with (
            FileLock(self.folder / "checkpoint.lock", project=self.folder).held(),
            FileLock(self.folder / "lock", project=self.folder).held(),
        ):
            check_format(self.folder.parent.parent)
            path = self.folder / PROJECT_FILE
            tables = AtomicJSONStorage(path).read() or {}
            projects, marks = (list(tables.get(part, {}).values()) for part in ("project", "checkpoint"))
            if not projects or not marks:
                raise StorageError(f"{path} holds no project", hint="Restore it from a backup.")
            base = place_of(self.folder, marks[0])
            return (*self._shards(tables, base), *self._journal(tables, base))

    # --- shards -------------------------------------------------------------------------------------

    def _shards(self, tables: dict[str, dict[str, Any]], base: Position) -> tuple[str, ...]:
        shards, journal = DocumentShards(self.folder), Journal(self.folder / "journal")
        expected = shards_as_of(self.folder, tables)
        expected = shards_named(journal, base.seq) if expected is None else expected
        wrong = [number for number, seq in expected.items() if not _is_sound(shards, number, seq)]
        if not wrong:
            return ()
        (project,) = tables["project"].values()
        rows = replayed(journal, project, wrong, base.seq)
        said = []
        for number in wrong:
            path = shards.path(number)
            aside = path.with_name(path.name + PUT_ASIDE)
            is_old = path.exists()
            if is_old:
                with storage_errors(path):
                    path.replace(aside)
            of_it = {key: row for key, row in rows.items() if key // SHARD_SIZE == number}
            shards.put(of_it or {number * SHARD_SIZE: None}, expected[number] or base.seq)
            kept = f"; the file that was there is {aside.name} now" if is_old else ""
            count = sum(row is not None for row in of_it.values())
            said.append(f"{path} is made anew of the journal, with {count:,} documents{kept}.")
        return tuple(said)

    # --- the journal --------------------------------------------------------------------------------

    def _journal(self, tables: dict[str, dict[str, Any]], base: Position) -> tuple[str, ...]:
        journal = Journal(self.folder / "journal")
        last = journal.ends_before(base)
        if last is None:
            return ()
        line = Transaction(
            base.seq + 1, self.group, self.time, self.actor, LOST, (), note={"after": last, "until": base.seq}
        )
        behind = journal.append(Position(base.seq + 1, 0, base.seq), line)
        tables = {**tables, "checkpoint": {"1": behind._asdict()}}
        AtomicJSONStorage(self.folder / PROJECT_FILE).write(tables)
        return (
            f"The journal goes on behind transaction {base.seq}, the last that the documents hold; "
            f"transactions {last + 1} to {base.seq} are lost to the history, and can't be undone. If "
            f"anything was made after transaction {base.seq}, it is lost.",
        )


def _is_sound(shards: DocumentShards, number: int, seq: int) -> bool:
    try:
        shards.check(number, seq)
        for _ in shards.documents(number):
            pass
    except StorageError:
        return False
    return True
