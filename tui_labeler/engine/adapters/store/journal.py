"""An append-only file of transactions, in segments, that many processes read and one at a time writes."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    numbered,
    numbers_in,
    storage_errors,
    strays_in,
    sync_folder,
    write_all,
)
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports import Transaction
from tui_labeler.engine.rows import PARTS
from tui_labeler.engine.typed import decoder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_labeler.engine.ports import Change

SEGMENT_SIZE = 8 * 1024 * 1024
"""Bytes after which a new segment begins: no reader ever has to hold more."""

NAMED = (12, ".jsonl")
"""Digits and ending of the name of a segment."""

_decoder = decoder(Transaction)


class Position(NamedTuple):
    """A place between two lines."""

    segment: int
    """Sequence number of the segment's first transaction: its file's name."""
    offset: int
    """Bytes."""
    seq: int
    """The last transaction before this place."""


START = Position(1, 0, 0)

RESTORE = "Restore the journal folder from a backup."


class Journal:
    """The transactions of a project, in order, one JSON line each.

    Whoever appends holds the project's lock. A line without its line end was cut by a crash: readers wait
    for the rest, the next writer cuts it off.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, segment: int) -> Path:
        return self.folder / numbered(segment, *NAMED)

    def changed_since(self, position: Position) -> bool:
        """Whether there is something to read; one or two calls of ``stat``. Raises ``StorageError``."""
        path = self._path(position.segment)
        with storage_errors(path):
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                size = 0
            if size > position.offset:
                return True
            _check_reach(path, size, position)
            return position.seq >= position.segment and self._path(position.seq + 1).exists()

    def read(self, position: Position) -> Iterator[tuple[Transaction, Position]]:
        """The transactions after ``position``, each with the place behind it. Raises ``StorageError``."""
        while True:
            path = self._path(position.segment)
            for line in self._lines(path, position):
                transaction = _parsed(path, position.offset, line)
                if transaction.seq != position.seq + 1:
                    raise StorageError(f"{path}: transaction {position.seq + 1} is missing", hint=RESTORE)
                position = Position(position.segment, position.offset + len(line), transaction.seq)
                yield transaction, position
            following = self._following(position)
            if following is None:
                return
            position = following

    def _following(self, position: Position) -> Position | None:
        """Where the transactions go on behind the end of a segment; ``None`` where they end."""
        later = [segment for segment in self.segments() if segment > position.segment]
        if not later:
            return None
        if later[0] == position.seq + 1:
            return Position(later[0], 0, position.seq)
        if any(True for _ in self._lines(self._path(position.segment), position)):
            return position  # others have written since
        first = self._first(later[0])
        if first is not None and first.action == LOST and first.note.get("after") == position.seq:
            return Position(later[0], 0, later[0] - 1)
        raise StorageError(
            f"{self.folder}: transactions {position.seq + 1} to {later[0] - 1} are missing", hint=RESTORE
        )

    def _first(self, segment: int) -> Transaction | None:
        path = self._path(segment)
        line = next(self._lines(path, Position(segment, 0, segment - 1)), None)
        return None if line is None else _parsed(path, 0, line)

    def ends_before(self, position: Position) -> int | None:
        """The last transaction that is left of a journal that once reached up to ``position``.

        ``None`` where it still does. Raises ``StorageError`` where more than its end is missing.
        """
        path = self._path(position.segment)
        with storage_errors(path):
            if path.exists() and path.stat().st_size >= position.offset:
                return None
        behind = [segment for segment in self.segments() if segment > position.segment]
        first = self._first(behind[0]) if behind else None
        if first is not None and first.action == LOST:
            return int(first.note["after"])  # somebody began to go on, and did not come to the end of it
        if behind:
            raise StorageError(f"{path} lost a part in the middle of the journal", hint=RESTORE)
        last = 0
        with suppress(StorageError):
            for transaction, _ in self.read(START):
                last = transaction.seq
        return last

    def _lines(self, path: Path, position: Position) -> Iterator[bytes]:
        """The whole lines of a segment from ``position`` on."""
        with storage_errors(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                _check_reach(path, 0, position)
                segments = self.segments()
                if position == START and segments and not self._begins_late(segments[0]):
                    raise StorageError(f"{path}: the journal's beginning is missing", hint=RESTORE) from None
                return
            with file:
                _check_reach(path, os.fstat(file.fileno()).st_size, position)
                file.seek(position.offset)
                for line in file:
                    if not line.endswith(b"\n"):
                        return
                    yield line

    def _begins_late(self, segment: int) -> bool:
        first = self._first(segment)
        return first is not None and first.action == LOST

    def append(self, position: Position, transaction: Transaction) -> Position:
        """Writes a transaction behind ``position``, which is the end, and syncs it.

        Raises ``StorageError``, or ``InputError`` for what is no text; then nothing was written.
        """
        line = encoded(transaction) + b"\n"
        is_new = position.offset == 0
        if position.offset > SEGMENT_SIZE:
            position = Position(transaction.seq, 0, position.seq)
            is_new = True
        path = self._path(position.segment)
        if is_new:
            make_folder(self.folder)
        with storage_errors(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                _check_reach(path, size, position)
                if size > position.offset:
                    os.ftruncate(descriptor, position.offset)
                os.lseek(descriptor, position.offset, os.SEEK_SET)
                try:
                    write_all(descriptor, line)
                    os.fsync(descriptor)
                except OSError:
                    os.ftruncate(descriptor, position.offset)
                    raise
            finally:
                os.close(descriptor)
            if is_new:
                sync_folder(self.folder)
        return Position(position.segment, position.offset + len(line), transaction.seq)

    def segments(self) -> list[int]:
        """The segments there are, oldest first. Raises ``StorageError``."""
        return numbers_in(self.folder, *NAMED)

    def strays(self) -> list[str]:
        """Files beside them that are not of the program. Raises ``StorageError``."""
        return strays_in(self.folder, *NAMED)

    def backwards(self) -> Iterator[Transaction]:
        """Every transaction, newest first."""
        for segment in reversed(self.segments()):
            path = self._path(segment)
            with storage_errors(path):
                lines = path.read_bytes().split(b"\n")
            for line in reversed(lines[:-1]):
                yield _parsed(path, 0, line)


def _check_reach(path: Path, size: int, position: Position) -> None:
    """Writing behind the end of a file that lost its tail would leave a hole."""
    if size < position.offset:
        name = path.parent.parent.name
        raise StorageError(
            f"{path}: transaction {position.seq} was there and is missing",
            hint=f"{RESTORE} Without one, `tui-labeler project repair {name}` goes on with the labels of the "
            "last checkpoint, and says what the history lacks.",
        )


def _parsed(path: Path, offset: int, line: bytes) -> Transaction:
    try:
        transaction = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StorageError(
            f"{path}: the line at byte {offset} can't be read: {error}", hint=RESTORE
        ) from error
    for change in transaction.changes:
        if not _is_known(change):
            raise StorageError(
                f"{path}: the line at byte {offset} can't be read: a project has no "
                f"{change.table[:20]!r} {change.key[:80]!r}",
                hint=RESTORE,
            )
    return transaction


def _is_known(change: Change) -> bool:
    """Whether a change is of something that a project has."""
    if change.table in ("project", "category"):
        return True
    number, slash, _ = change.key.partition("/")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return is_number and (change.table in PARTS if slash else change.table == "document")
