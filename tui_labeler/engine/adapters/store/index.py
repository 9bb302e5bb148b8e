"""The short form of every document, kept so that opening need not read the shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.documents import DocumentRow, row_of
from tui_labeler.engine.adapters.store.files import replace_file, storage_errors
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE, Signature, signature
from tui_labeler.engine.garbage import no_collection
from tui_labeler.engine.rows import to_document
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.adapters.store.shards import Shards

VERSION = 4


class IndexFile(msgspec.Struct, frozen=True):
    version: int
    seq: int
    """The last transaction that the rows and the shards hold."""
    shards: dict[int, Signature]
    """The shard files that the rows were made from: a repaired or restored file is read anew."""
    rows: list[DocumentRow]


def read_index(path: Path, shards: Shards, kind: ProjectKind, seq: int) -> list[DocumentRow]:
    """The rows as of the checkpoint at ``seq``; those of shards that the file does not know are rebuilt.

    Raises ``StorageError`` for a shard that can't be read. A broken index file is only slow.
    """
    known = _decoded(path, seq)
    current = {number: signature(shards.path(number)) for number in shards.numbers()}
    if known is None:
        stale = set(current)
        rows: list[DocumentRow] = []
    else:
        stale = {number for number, mark in current.items() if mark != known.shards.get(number)}
        gone = stale | (set(known.shards) - set(current))
        rows = [row for row in known.rows if row.id // SHARD_SIZE not in gone] if gone else known.rows
    for number in sorted(stale):
        rows += [row_of(kind, to_document(stored)) for _, stored in shards.all(number)]
    return rows


def _decoded(path: Path, seq: int) -> IndexFile | None:
    with storage_errors(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
    try:
        with no_collection():
            found = decode(data, IndexFile)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.version == VERSION and found.seq == seq else None


def write_index(path: Path, shards: Shards, rows: Iterable[DocumentRow], seq: int) -> None:
    """Raises ``StorageError``."""
    marks = {number: signature(shards.path(number)) for number in shards.numbers()}
    content = IndexFile(VERSION, seq, {number: mark for number, mark in marks.items() if mark}, list(rows))
    replace_file(path, msgspec.json.encode(content))
