"""TinyDB files that are replaced as a whole, and small enough for that to be cheap."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage

from tui_labeler.engine.adapters.store.files import (
    check_there,
    encoded,
    make_folder,
    replace_file,
    storage_errors,
)
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tinydb.table import Document as Row

SHARD_SIZE = 250
"""Documents a file: reading one takes a few milliseconds, writing one about as long as its fsync."""

CACHED_SHARDS = 8

CHECKPOINT = "checkpoint"
"""The table that says of when a file is."""

Signature = tuple[int, int, int]


def signature(path: Path) -> Signature | None:
    """What changes when a file does; ``None`` when there is none. Raises ``StorageError``."""
    with storage_errors(path):
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class AtomicJSONStorage(Storage):
    """A TinyDB storage that never leaves half a file.

    TinyDB's own storage rewrites its only copy in place; a crash in the middle loses it. Here a write is a
    temporary file, synced and renamed, and a read is skipped while the file is the one read before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: Signature | None = None
        self._data: dict[str, dict[str, Any]] | None = None

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Raises ``StorageError`` for a file that is not JSON."""
        current = signature(self.path)
        if current is None:
            return None
        if current != self._seen:
            with storage_errors(self.path):
                raw = self.path.read_bytes()
            try:
                self._data = decode(raw, dict[str, dict[str, Any]])
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise StorageError(
                    f"{self.path}: {error}", hint="Repair the file, or restore it from a backup."
                ) from error
            self._seen = current
        return self._data

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Raises ``StorageError``; then the file is as it was."""
        replace_file(self.path, msgspec.json.format(encoded(data), indent=1) + b"\n")
        self._seen = signature(self.path)
        self._data = data


def database(path: Path) -> TinyDB:
    """A TinyDB on one file. The file appears with the first write."""
    return TinyDB(path, storage=AtomicJSONStorage)


class Shards:
    """The documents of a project, by number, in TinyDB files of :data:`SHARD_SIZE` each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: OrderedDict[int, TinyDB] = OrderedDict()

    def path(self, shard: int) -> Path:
        return self.folder / f"{shard:04d}.json"

    def numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.json"))

    def _database(self, shard: int) -> TinyDB:
        if shard in self._open:
            self._open.move_to_end(shard)
        else:
            self._open[shard] = database(self.path(shard))
            if len(self._open) > CACHED_SHARDS:
                self._open.popitem(last=False)
        return self._open[shard]

    def check(self, shard: int, seq: int = 0) -> None:
        """Raises ``StorageError`` where a file is not there, or is from before the checkpoint at ``seq``.

        What a person has changed in a file since does not count: it says itself of when it is.
        """
        path = self.path(shard)
        name = self.folder.parent.name
        hint = (
            f"`tui-labeler project repair {name}` makes it anew of the journal; or restore a backup of all."
        )
        if signature(path) is None:
            check_there(self.folder.parent)
            raise StorageError(f"{path} was there and is missing, with the labels in it.", hint=hint)
        found = self.written_at(shard) if seq else 0
        if found < seq:
            raise StorageError(
                f"{path} is older than the project: it holds what was so at transaction {found}, and was "
                f"written at {seq}.",
                hint=hint,
            )

    def written_at(self, shard: int) -> int:
        """The transaction of the checkpoint that wrote a file; 0 where it does not say so."""
        tables = AtomicJSONStorage(self.path(shard)).read() or {}
        row = tables.get(CHECKPOINT, {}).get("1")
        seq = row.get("seq") if isinstance(row, dict) else None
        return seq if isinstance(seq, int) else 0

    def get(self, document_id: int) -> dict[str, Any] | None:
        """A document as stored; not to be changed."""
        row = self._database(document_id // SHARD_SIZE).table("documents").get(doc_id=document_id)
        return row if isinstance(row, dict) else None

    def all(self, shard: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for row in database(self.path(shard)).table("documents"):
            yield row.doc_id, row

    def put(self, documents: Mapping[int, dict[str, Any] | None], seq: int = 0) -> None:
        """Writes documents, each file once; ``None`` removes one. Raises ``StorageError``.

        Each file says of which checkpoint it is; where ``seq`` is 0, of none.

        Touches files alone, so that another thread may go on reading: it sees that they changed.
        """
        make_folder(self.folder)
        by_shard: dict[int, list[int]] = {}
        for document_id in documents:
            by_shard.setdefault(document_id // SHARD_SIZE, []).append(document_id)
        for shard, ids in sorted(by_shard.items()):
            self._put(shard, {document_id: documents[document_id] for document_id in ids}, seq)

    def _put(self, shard: int, documents: Mapping[int, dict[str, Any] | None], seq: int) -> None:
        storage = AtomicJSONStorage(self.path(shard))
        rows = dict((storage.read() or {}).get("documents", {}))
        for document_id, row in documents.items():
            if row is None:
                rows.pop(str(document_id), None)
            else:
                rows[str(document_id)] = row
        ordered = {key: rows[key] for key in sorted(rows, key=int)}
        mark = {CHECKPOINT: {"1": {"seq": seq}}} if seq else {}
        storage.write({**mark, "documents": ordered})


def rows_of(table: Iterable[Row]) -> list[dict[str, Any]]:
    """Plain dictionaries of a TinyDB table's rows."""
    return [dict(row) for row in table]
