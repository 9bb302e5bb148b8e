"""An append-only file of transactions, in segments, that many processes read and one at a time writes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

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
from tui_labeler.engine.adapters.store.journal_lines import (
    line_number,
    lost_after,
    missing,
    parsed,
    restoring,
)
from tui_labeler.engine.errors import SetBackError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_labeler.engine.ports import Transaction

_STEP = 64 * 1024
"""Bytes that are read at a time in search of the beginning of a line."""

SEGMENT_SIZE = 8 * 1024 * 1024
"""Bytes after which a new segment begins: no reader ever has to hold more."""

NAMED = (12, ".jsonl")
"""Digits and ending of the name of a segment."""


HEAD = 256
"""Bytes at the beginning of a line that hold its number, group and time: no other line has the same."""

_SEQ = re.compile(rb'\{"seq":(\d{1,18}),')


class Line(NamedTuple):
    """What a line is known again by."""

    start: int
    """Bytes before it in its segment."""
    head: bytes


class Position(NamedTuple):
    """A place between two lines."""

    segment: int
    """Sequence number of the segment's first transaction: its file's name."""
    offset: int
    """Bytes."""
    seq: int
    """The last transaction before this place."""
    last: Line | None = None
    """The line before this place in its segment, by whoever has read or written it."""

    @property
    def stored(self) -> dict[str, int]:
        """What is kept of it in a file."""
        return {"segment": self.segment, "offset": self.offset, "seq": self.seq}


START = Position(1, 0, 0)


class Journal:
    """The transactions of a project, in order, one JSON line each.

    Whoever appends holds the project's lock. A line without its line end was cut by a crash: readers wait
    for the rest, the next writer cuts it off.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, segment: int) -> Path:
        """A segment's file."""
        return self.folder / numbered(segment, *NAMED)

    def changed_since(self, position: Position) -> bool:
        """Whether there is something to read; one or two calls of ``stat``. Raises ``StorageError``."""
        path = self.path(position.segment)
        size = _size(path)
        if size > position.offset:
            return True
        _check_reach(path, size, position)
        with storage_errors(path):
            return position.seq >= position.segment and self.path(position.seq + 1).exists()

    def check_reach(self, position: Position) -> None:
        """Raises ``SetBackError`` where the journal ends before ``position``, as one of a backup does, or has
        another line there, as a backup that was worked on since."""
        path = self.path(position.segment)
        _check_reach(path, _size(path), position)
        if position.last is not None:
            with storage_errors(path), path.open("rb") as file:
                _check_last(path, file.fileno(), position)

    def known(self, position: Position) -> Position:
        """The same place with the line before it. Raises ``SetBackError`` where that is another line."""
        path = self.path(position.segment)
        if not 0 < position.offset <= _size(path):
            return position
        with storage_errors(path), path.open("rb") as file:
            start = _line_start(file.fileno(), position.offset)
            head = os.pread(file.fileno(), min(HEAD, position.offset - start), start)
        found = _SEQ.match(head)
        if found is not None and int(found[1]) != position.seq:
            raise _other(path, position)
        return position._replace(last=Line(start, head))

    def read(self, position: Position) -> Iterator[tuple[Transaction, Position]]:
        """The transactions after ``position``, each with the place behind it. Raises ``StorageError``."""
        while True:
            path = self.path(position.segment)
            for line in self._lines(path, position):
                transaction = parsed(path, position.offset, line, to_apply=True)
                if transaction.seq != position.seq + 1:
                    found = max(transaction.seq - 1, position.seq + 1)
                    raise StorageError(
                        f"{path}, line {line_number(path, position.offset)}: {missing(position.seq, found)}",
                        hint=restoring(self.folder),
                    )
                position = _behind(position, line, transaction.seq)
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
        if any(True for _ in self._lines(self.path(position.segment), position)):
            return position  # others have written since
        begun = ((segment, self._first(segment)) for segment in later)
        # One without a whole line is what is left of somebody who was killed while making it.
        segment, first = next((pair for pair in begun if pair[1] is not None), (0, None))
        if first is None:
            return None
        if lost_after(first) == position.seq:
            return Position(segment, 0, segment - 1)
        raise StorageError(
            f"{self.path(segment)}, line 1: {missing(position.seq, segment - 1)}", hint=restoring(self.folder)
        )

    def _first(self, segment: int) -> Transaction | None:
        path = self.path(segment)
        line = next(self._lines(path, Position(segment, 0, segment - 1)), None)
        return None if line is None else parsed(path, 0, line)

    def _lines(self, path: Path, position: Position) -> Iterator[bytes]:
        """The whole lines of a segment from ``position`` on."""
        with storage_errors(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                _check_reach(path, 0, position)
                segments = self.segments()
                if position == START and segments and not self._begins_late(segments[0]):
                    raise StorageError(
                        f"{path}: the journal's beginning is missing", hint=restoring(self.folder)
                    ) from None
                return
            with file:
                _check_reach(path, os.fstat(file.fileno()).st_size, position)
                _check_last(path, file.fileno(), position)
                file.seek(position.offset)
                for line in file:
                    if not line.endswith(b"\n"):
                        return
                    yield line

    def _begins_late(self, segment: int) -> bool:
        first = self._first(segment)
        return first is not None and lost_after(first) is not None

    def append(self, position: Position, transaction: Transaction) -> Position:
        """Writes a transaction behind ``position``, which is the end, and syncs it.

        Raises ``StorageError``, or ``InputError`` for what is no text; then nothing was written.
        """
        line = encoded(transaction) + b"\n"
        is_new = position.offset == 0
        if position.offset > SEGMENT_SIZE:
            position = Position(transaction.seq, 0, position.seq)
            is_new = True
        path = self.path(position.segment)
        if is_new:
            make_folder(self.folder)
        with storage_errors(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                _check_reach(path, size, position)
                _check_last(path, descriptor, position)
                if size > position.offset:
                    os.ftruncate(descriptor, position.offset)
                os.lseek(descriptor, position.offset, os.SEEK_SET)
                try:
                    write_all(descriptor, line)
                    os.fsync(descriptor)
                    if is_new:
                        sync_folder(self.folder)
                except OSError:
                    os.ftruncate(descriptor, position.offset)
                    if is_new:
                        path.unlink()
                    raise
            finally:
                os.close(descriptor)
        return _behind(position, line, transaction.seq)

    def segments(self) -> list[int]:
        """The segments there are, oldest first. Raises ``StorageError``."""
        return numbers_in(self.folder, *NAMED)

    def strays(self) -> list[str]:
        """Files beside them that are not of the program. Raises ``StorageError``."""
        return strays_in(self.folder, *NAMED)


def _size(path: Path) -> int:
    """Bytes; 0 where there is no file. Raises ``StorageError``."""
    with storage_errors(path):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0


def _check_reach(path: Path, size: int, position: Position) -> None:
    """Writing behind the end of a file that lost its tail would leave a hole."""
    if size < position.offset:
        raise _set_back(path, f"transaction {position.seq} was there and is missing")


def _check_last(path: Path, handle: int, position: Position) -> None:
    """A backup that was worked on since may be as long as what was read, or longer."""
    last = position.last
    if last is not None and os.pread(handle, len(last.head), last.start) != last.head:
        raise _other(path, position)


def _other(path: Path, position: Position) -> SetBackError:
    return _set_back(path, f"transaction {position.seq} was there, and another line is in its place")


def _set_back(path: Path, words: str) -> SetBackError:
    hint = restoring(path.parent)
    # Whoever has it open is behind the end that a repair, or a backup put in its place, goes on from.
    again = "Where it has been repaired or set back meanwhile, leave the project and open it again."
    counts = "Where a backup has been put in its place meanwhile, that counts now. Otherwise: "
    return SetBackError(f"{path}: {words}", hint=counts + hint, on_screen=f"{again} Otherwise: {hint}")


def _behind(position: Position, line: bytes, seq: int) -> Position:
    """The place behind a line that begins at a position."""
    last = Line(position.offset, line[:HEAD])
    return Position(position.segment, position.offset + len(line), seq, last)


def _line_start(handle: int, end: int) -> int:
    """Where the line begins that ends at ``end``."""
    until = end - 1
    while until > 0:
        start = max(0, until - _STEP)
        found = os.pread(handle, until - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        until = start
    return 0
