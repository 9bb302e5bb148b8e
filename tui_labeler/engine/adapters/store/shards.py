"""TinyDB files that are replaced as a whole, and small enough for that to be cheap."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage

from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    numbered,
    numbers_in,
    replace_file,
    storage_errors,
    strays_in,
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
CACHED_BYTES = 4 * 1024 * 1024
"""Of files that are kept read, beyond the two used last: in memory a file takes several times its size, and
250 long documents are many megabytes."""

NAMED = (4, ".json")
"""Digits and ending of the name of a file."""

DOCUMENTS = "documents"
"""The table in each file."""

BY_HAND = "Repair the file, or restore it from a backup."

CHECKPOINT = "checkpoint"
"""The table that says of when a file is."""

Signature = tuple[int, int, int]

Tables = dict[str, dict[Annotated[str, msgspec.Meta(pattern="^[0-9]{1,18}$")], dict[str, Any]]]
"""What TinyDB takes: tables by name, in each rows by number."""


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

    def __init__(self, path: Path, hint: str = BY_HAND) -> None:
        """``hint`` says what to do about a file that can't be used."""
        self.path = path
        self._hint = hint
        self._seen: Signature | None = None
        self._data: Tables | None = None

    @property
    def size(self) -> int:
        """Bytes of the file whose content is kept; 0 where none is."""
        return self._seen[1] if self._seen else 0

    def read(self) -> Tables | None:
        """Raises ``StorageError`` for a file that is not JSON, or holds anything but rows in tables."""
        current = signature(self.path)
        if current is None:
            return None
        if current != self._seen:
            with storage_errors(self.path):
                raw = self.path.read_bytes()
            try:
                self._data = decode(raw, Tables)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise StorageError(f"{self.path}: {error}", hint=self._hint) from error
            self._seen = current
        return self._data

    def write(self, data: Tables) -> None:
        """Raises ``StorageError``; then the file is as it was."""
        replace_file(self.path, msgspec.json.format(encoded(data), indent=1) + b"\n")
        self._seen = signature(self.path)
        self._data = data


def database(path: Path, hint: str = BY_HAND) -> TinyDB:
    """A TinyDB on one file. The file appears with the first write."""
    return TinyDB(path, hint, storage=AtomicJSONStorage)


class Shards:
    """A row for each document of a project, by number, in TinyDB files of :data:`SHARD_SIZE` each."""

    def __init__(self, folder: Path, hint: str = BY_HAND) -> None:
        """``hint`` says what to do about a file that can't be used."""
        self.folder = folder
        self.hint = hint
        self._open: OrderedDict[int, TinyDB] = OrderedDict()

    def path(self, shard: int) -> Path:
        return self.folder / numbered(shard, *NAMED)

    def numbers(self) -> list[int]:
        """Raises ``StorageError``."""
        return numbers_in(self.folder, *NAMED)

    def strays(self) -> list[str]:
        """Files beside them that are not of the program. Raises ``StorageError``."""
        return strays_in(self.folder, *NAMED)

    def _database(self, shard: int) -> TinyDB:
        if shard in self._open:
            self._open.move_to_end(shard)
        else:
            while len(self._open) > 1 and self._is_full():
                self._open.popitem(last=False)
            self._open[shard] = database(self.path(shard), self.hint)
        return self._open[shard]

    def _is_full(self) -> bool:
        if len(self._open) >= CACHED_SHARDS:
            return True
        kept = (one.storage for one in self._open.values())
        return sum(one.size for one in kept if isinstance(one, AtomicJSONStorage)) > CACHED_BYTES

    def get(self, document_id: int) -> dict[str, Any] | None:
        """A row as stored; not to be changed. Raises ``StorageError``."""
        row = self._database(document_id // SHARD_SIZE).table(DOCUMENTS).get(doc_id=document_id)
        return row if isinstance(row, dict) else None

    def all(self, shard: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Raises ``StorageError``."""
        for row in database(self.path(shard), self.hint).table(DOCUMENTS):
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
        storage = AtomicJSONStorage(self.path(shard), self.hint)
        rows = dict((storage.read() or {}).get(DOCUMENTS, {}))
        for document_id, row in documents.items():
            if row is None:
                rows.pop(str(document_id), None)
            else:
                rows[str(document_id)] = row
        self._write(storage, rows, seq)

    def put_anew(self, shard: int, documents: Mapping[int, dict[str, Any]], seq: int = 0) -> None:
        """Writes a file as a whole, whatever stands in it now. Raises ``StorageError``."""
        make_folder(self.folder)
        rows = {str(document_id): row for document_id, row in documents.items()}
        self._write(AtomicJSONStorage(self.path(shard), self.hint), rows, seq)

    @staticmethod
    def _write(storage: AtomicJSONStorage, rows: Mapping[str, dict[str, Any]], seq: int) -> None:
        ordered = {key: rows[key] for key in sorted(rows, key=int)}
        mark = {CHECKPOINT: {"1": {"seq": seq}}} if seq else {}
        storage.write({**mark, DOCUMENTS: ordered})


def rows_of(table: Iterable[Row]) -> list[dict[str, Any]]:
    """Plain dictionaries of a TinyDB table's rows."""
    return [dict(row) for row in table]
