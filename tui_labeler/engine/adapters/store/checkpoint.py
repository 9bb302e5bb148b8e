"""Folding the journal into the files that an opening reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.documents import DocumentRow
from tui_labeler.engine.adapters.store.files import PROJECT_FILE, is_gone, make_folder, remove_leftovers
from tui_labeler.engine.adapters.store.index import write_index
from tui_labeler.engine.adapters.store.journal import START, Position
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.migrations import check_format
from tui_labeler.engine.adapters.store.shards import database, rows_of
from tui_labeler.engine.errors import DeletedError, StorageError
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.adapters.store.shards import Shards

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


def fold_in(folder: Path, shards: Shards, fold: Fold, base: int, tolerance: int) -> Position:
    """Writes shards, then the project, then the index: a crash between two only makes opening slower.

    Returns up to where the files hold everything. Where another process has folded as far, or beyond
    ``base`` and but for ``tolerance`` bytes of journal as far, there is nothing to do.
    """
    with FileLock(folder / "checkpoint.lock", project=folder).held():
        if is_gone(folder):
            raise DeletedError
        check_format(folder.parent.parent)
        marks = rows_of(database(folder / PROJECT_FILE).table("checkpoint"))
        there = place_of(folder, marks[0]) if marks else START
        if there.seq >= fold.position.seq:
            return fold.position
        if there.seq > base and between(there, fold.position) < tolerance:
            return there
        remove_leftovers(folder, shards.folder)
        shards.put(fold.newer_than(there.seq))
        write_project(folder, fold.project, fold.categories, fold.position, fold.category_order)
        write_index(folder / "index.json", shards, fold.rows, fold.position.seq)
        return fold.position


def between(start: Position, end: Position) -> int:
    """About how many bytes of journal lie between two places."""
    return end.offset - start.offset if start.segment == end.segment else CHECKPOINT_AFTER


def place_of(folder: Path, row: dict[str, Any]) -> Position:
    try:
        return Position(**convert(row, dict[str, int]))
    except (msgspec.ValidationError, TypeError) as error:
        raise StorageError(
            f"{folder / 'project.json'}, checkpoint: {error}", hint="Repair it, or restore a backup."
        ) from error


def write_project(
    folder: Path,
    project: dict[str, Any],
    categories: Sequence[dict[str, Any]],
    position: Position,
    category_order: Sequence[str] = (),
) -> None:
    """Writes ``project.json``. Raises ``StorageError``."""
    make_folder(folder)
    database(folder / PROJECT_FILE).storage.write(
        {
            "checkpoint": {"1": position._asdict()},
            "project": {"1": project},
            "categories": {str(number): row for number, row in enumerate(categories, 1)},
            "category_order": {"1": {"ids": list(category_order)}},
        }
    )
