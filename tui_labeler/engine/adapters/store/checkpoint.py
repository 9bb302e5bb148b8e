"""Folding the journal into the files that an opening reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.engine.adapters.store.files import PROJECT_FILE, check_there, remove_leftovers
from tui_labeler.engine.adapters.store.index import signatures, write_index
from tui_labeler.engine.adapters.store.journal import START, Journal, Position
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.migrations import check_format
from tui_labeler.engine.adapters.store.project_file import (
    edited_in,
    place_of,
    shard_rows,
    shards_as_of,
    write_project,
)
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE, AtomicJSONStorage, signature
from tui_labeler.engine.errors import DeletedError, LockedError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.adapters.store.document_shards import DocumentShards

CHECKPOINT_AFTER = 2 * 1024 * 1024
"""Bytes of journal after which folding it in is worth the work: reading that much takes a moment."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A copy of what a checkpoint writes."""

    position: Position
    documents: dict[int, dict[str, Any] | None]
    rows: Sequence[DocumentRow]
    project: dict[str, Any]
    categories: Sequence[dict[str, Any]]
    category_order: Sequence[str]

    def newer_than(self, seq: int) -> dict[int, dict[str, Any] | None]:
        """The documents that the shards of a checkpoint at ``seq`` do not hold as they are."""
        return {key: row for key, row in self.documents.items() if row is None or row["revision"] > seq}


def fold_in(folder: Path, shards: DocumentShards, fold: Fold, base: int, tolerance: int) -> Position:
    """Writes shards, then the project, then the index: a crash between two only makes opening slower.

    Returns up to where the files hold everything. Where another process has folded as far, or beyond
    ``base`` and but for ``tolerance`` bytes of journal as far, there is nothing to do. Raises
    ``StorageError`` where the journal does not reach that far: all stays as it is.
    """
    with FileLock(folder / "checkpoint.lock", project=folder).held():
        check_there(folder)
        check_format(folder.parent.parent)
        tables = AtomicJSONStorage(folder / PROJECT_FILE).read() or {}
        marks = list(tables.get("checkpoint", {}).values())
        there = place_of(folder, marks[0]) if marks else START
        if there.seq >= fold.position.seq:
            return fold.position
        # Where the files were set back meanwhile, those of a later day beside that journal can't be opened.
        Journal(folder / "journal").check_reach(fold.position)
        if there.seq > base and between(there, fold.position) < tolerance:
            return there
        remove_leftovers(folder, shards.folder)
        newer = fold.newer_than(there.seq)
        written = shards_as_of(folder, tables) or {}
        _check(folder, shards, written, {key // SHARD_SIZE for key in newer})
        edited = _edited(folder, shards, tables)
        shards.put(newer, fold.position.seq)
        every = dict.fromkeys(shards.numbers(), 0) | written
        every |= {key // SHARD_SIZE: fold.position.seq for key in newer}
        every = _of_when(shards, every)
        write_project(
            folder, fold.project, fold.categories, fold.position, fold.category_order, every, edited
        )
        write_index(folder / "index.json", shards, fold.rows, fold.position.seq)
        return fold.position


def _check(folder: Path, shards: DocumentShards, known: Mapping[int, int], touched: Set[int]) -> None:
    """Raises ``StorageError`` where a shard has gone missing or was set back since the checkpoint before.

    To write on in it, or to take its new date down as known, would hide what is lost.
    """
    before = signatures(folder / "index.json")
    for number, seq in sorted(known.items()):
        mark = signature(shards.path(number))
        if number in touched or mark is None or mark != before.get(number):
            shards.check(number, seq)


def edited(folder: Path, shards: DocumentShards) -> dict[str, range]:
    """The documents of the files that others than the program have written, by a mark of what was found.

    A checkpoint that broke off counts as one of them. Raises ``StorageError``.
    """
    found = _edited(folder, shards, {})
    # Read after the index, which a checkpoint writes last: what goes from the one is in the other already.
    noted = edited_in(folder, AtomicJSONStorage(folder / PROJECT_FILE).read() or {})
    return {
        f"{number}:{mark}": range(number * SHARD_SIZE, (number + 1) * SHARD_SIZE)
        for number, mark in {*found.items(), *noted.items()}
    }


def _edited(folder: Path, shards: DocumentShards, tables: Mapping[str, Mapping[str, Any]]) -> dict[int, str]:
    """Those noted in ``project.json``, and those that are not as the last checkpoint left them."""
    noted = edited_in(folder, tables)
    before = signatures(folder / "index.json")
    for number in shards.numbers():
        now = signature(shards.path(number))
        if now is not None and now != before.get(number):
            noted[number] = "-".join(map(str, now))
    return noted


def take_marks(folder: Path, shards: DocumentShards) -> None:
    """Puts down of when each file is that an earlier version wrote: from then on one set back is told.

    Once, when such a project is opened first: it reads all of them. Where that can't be written, or somebody
    else is at it, the next opening or checkpoint does it.
    """
    with (
        suppress(DeletedError, LockedError, StorageError),
        FileLock(folder / "checkpoint.lock", project=folder).held(patience=0),
    ):
        check_format(folder.parent.parent)
        storage = AtomicJSONStorage(folder / PROJECT_FILE)
        tables = storage.read() or {}
        written = shards_as_of(folder, tables)
        known = _of_when(shards, dict.fromkeys(shards.numbers(), 0) if written is None else written)
        if known != written:
            storage.write({**tables, "shards": shard_rows(known)})


def _of_when(shards: DocumentShards, known: Mapping[int, int]) -> dict[int, int]:
    """The files with the transactions they were written at; those not known are asked."""
    return {number: seq or shards.written_at(number) for number, seq in known.items()}


def between(start: Position, end: Position) -> int:
    """About how many bytes of journal lie between two places."""
    return end.offset - start.offset if start.segment == end.segment else CHECKPOINT_AFTER
