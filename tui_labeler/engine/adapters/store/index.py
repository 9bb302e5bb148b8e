"""The short form of every document, kept so that opening need not read the shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.document_rows import DocumentRow, row_of
from tui_labeler.engine.adapters.store.files import replace_file, storage_errors
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE, Signature, signature
from tui_labeler.engine.garbage import no_collection
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.adapters.store.document_shards import DocumentShards

VERSION = 5

ON_A_LINE = 2_000
"""Rows that are read in one go: meanwhile no other thread has a turn, and so no key is answered."""


class IndexHead(msgspec.Struct, frozen=True):
    """The first line of the file; on each of the others is a list of rows."""

    version: int
    seq: int
    """The last transaction that the rows and the shards hold."""
    shards: dict[int, Signature]
    """The shard files that the rows were made from: a repaired or restored file is read anew."""
    rows: int
    """How many there are."""


def read_index(
    path: Path,
    shards: DocumentShards,
    kind: ProjectKind,
    seq: int,
    expected: Mapping[int, int] | None,
    earlier: Callable[[], Mapping[int, int]],
) -> list[DocumentRow]:
    """The rows as of the checkpoint at ``seq``; those of shards that the file does not know are rebuilt.

    ``expected`` are the shards of that checkpoint, each with when it was written; where it does not say,
    the index does, or ``earlier`` is asked. Raises ``StorageError`` for a shard that can't be read, is
    missing or is of an earlier day. A broken index file is only slow.
    """
    known = _decoded(path, seq)
    if expected is None:
        expected = dict.fromkeys(known[0].shards, 0) if known else earlier()
    current = {number: signature(shards.path(number)) for number in shards.numbers()}
    if known is None:
        stale = set(current)
        rows: list[DocumentRow] = []
    else:
        head, rows = known
        stale = {number for number, mark in current.items() if mark != head.shards.get(number)}
        rows = [row for row in rows if row.id // SHARD_SIZE not in stale] if stale else rows
    for number in sorted(expected.keys() - (current.keys() - stale)):
        shards.check(number, expected[number])
    for number in sorted(stale):
        rows += [row_of(kind, document) for document in shards.documents(number)]
    return rows


def _decoded(path: Path, seq: int) -> tuple[IndexHead, list[DocumentRow]] | None:
    with storage_errors(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
    try:
        with no_collection():
            first, *lines = data.splitlines()
            head = decode(first, IndexHead)
            if head.version != VERSION or head.seq != seq:
                return None
            rows = [row for line in lines for row in decode(line, list[DocumentRow])]
    except (msgspec.MsgspecError, ValueError):
        return None
    return (head, rows) if len(rows) == head.rows else None


def signatures(path: Path) -> Mapping[int, Signature]:
    """The shard files that the index was made from; none where it can't be read."""
    with storage_errors(path):
        try:
            with path.open("rb") as file:
                first = file.readline()
        except FileNotFoundError:
            return {}
    try:
        return decode(first, IndexHead).shards
    except (msgspec.MsgspecError, ValueError):
        return {}


def known_to(path: Path) -> int | None:
    """The last transaction that the shards hold by the index; ``None`` where it can't be read."""
    with storage_errors(path):
        try:
            with path.open("rb") as file:
                return decode(file.readline(), IndexHead).seq
        except (FileNotFoundError, msgspec.MsgspecError, ValueError):
            return None


def write_index(path: Path, shards: DocumentShards, rows: Iterable[DocumentRow], seq: int) -> None:
    """Raises ``StorageError``."""
    marks = {number: signature(shards.path(number)) for number in shards.numbers()}
    listed = list(rows)
    head = IndexHead(VERSION, seq, {number: mark for number, mark in marks.items() if mark}, len(listed))
    parts = (listed[first : first + ON_A_LINE] for first in range(0, len(listed), ON_A_LINE))
    replace_file(path, b"\n".join(map(msgspec.json.encode, (head, *parts))))
