"""The documents of a project in their files: whether each file is there, of today, and can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.documents import Document
from tui_labeler.engine.adapters.store.files import check_there, storage_errors
from tui_labeler.engine.adapters.store.shards import (
    SHARD_SIZE,
    Shards,
    signature,
)
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.rows import PARTS
from tui_labeler.engine.typed import convert, decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Mark(msgspec.Struct):
    seq: int


class _Row(msgspec.Struct):
    revision: int = 0


class _OfWhen(msgspec.Struct):
    """What in a file says of when it is."""

    checkpoint: dict[str, _Mark] = {}
    documents: dict[str, _Row] = {}


class DocumentShards(Shards):
    """The documents of a project, as rows of :class:`~tui_labeler.domain.documents.Document`."""

    def __init__(self, project: Path) -> None:
        """``project`` is the project's folder."""
        super().__init__(
            project / "documents",
            f"`tui-labeler project repair {project.name}` makes it anew of the journal; or restore a backup "
            "of all.",
        )

    def check(self, shard: int, seq: int = 0) -> None:
        """Raises ``StorageError`` where a file is not there, or is from before the checkpoint at ``seq``.

        What a person has changed in a file since does not count: it says itself of when it is.
        """
        path = self.path(shard)
        if signature(path) is None:
            check_there(self.folder.parent)
            raise StorageError(f"{path} was there and is missing, with the labels in it.", hint=self.hint)
        found = self.written_at(shard) if seq else 0
        if found < seq:
            raise StorageError(
                f"{path} is older than the project: it holds what was so at transaction {found}, and was "
                f"written at {seq}.",
                hint=self.hint,
            )

    def written_at(self, shard: int) -> int:
        """The transaction of the checkpoint that wrote a file; 0 for one that holds no document.

        One that an earlier version wrote does not say so: the last change of any of its documents has to do.
        Raises ``StorageError``.
        """
        path = self.path(shard)
        with storage_errors(path):
            data = path.read_bytes()
        try:
            found = decode(data, _OfWhen)
        except msgspec.MsgspecError as error:
            raise StorageError(f"{path}: {error}", hint=self.hint) from error
        if "1" in found.checkpoint:
            return found.checkpoint["1"].seq
        return max((row.revision for row in found.documents.values()), default=0)

    def get(self, document_id: int) -> dict[str, Any] | None:
        """A document as stored; not to be changed. Raises ``StorageError`` for one that can't be used."""
        row = super().get(document_id)
        if row is None:
            return None
        if row.get("id") != document_id or not all(_is_of_rows(row.get(part, {})) for part in PARTS.values()):
            self.document(document_id, row)  # says what is wrong with it
        return row

    def document(self, document_id: int, row: dict[str, Any]) -> Document:
        """What a row says. Raises ``StorageError`` that names the file for one that can't be used."""
        try:
            document = convert(row, Document)
            if document.id != document_id:
                raise ValueError(f"its id says {document.id}")
        except (msgspec.ValidationError, ValueError) as error:
            path = self.path(document_id // SHARD_SIZE)
            raise StorageError(f"{path}, document {document_id}: {error}", hint=self.hint) from error
        return document

    def documents(self, shard: int) -> Iterator[Document]:
        """Those of a file. Raises ``StorageError`` where one of them can't be used."""
        for number, row in self.all(shard):
            if number // SHARD_SIZE != shard:
                raise StorageError(
                    f"{self.path(shard)}: document {number} does not belong in this file", hint=self.hint
                )
            yield self.document(number, row)


def _is_of_rows(part: object) -> bool:
    return isinstance(part, dict) and all(isinstance(item, dict) for item in part.values())
