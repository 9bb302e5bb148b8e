"""A project's state in memory: an index of every document, and the whole of the few in use."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.document_rows import DocumentRow, row_of
from tui_labeler.domain.documents import Document
from tui_labeler.domain.readings import seen_by
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE
from tui_labeler.engine.errors import NotFoundError
from tui_labeler.engine.rows import (
    PARTS,
    document_header,
    to_category,
    to_project,
    with_items,
)
from tui_labeler.engine.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui_labeler.domain.projects import Category, Project
    from tui_labeler.engine.adapters.store.document_shards import DocumentShards
    from tui_labeler.engine.ports import Transaction

CACHED_DOCUMENTS = 64

Items = dict[tuple[str, str], dict[str, Any] | None]
"""Rows inside a document, by part and id."""


class MemoryState:
    """What the journal and the shards say, as of one transaction.

    Documents that changed since the last checkpoint are held whole; any other is read from its shard when
    it is asked for. Touched only by the thread of the event loop.
    """

    def __init__(
        self,
        shards: DocumentShards,
        project: dict[str, Any],
        categories: Iterable[dict[str, Any]],
        category_order: Iterable[str] = (),
        viewer: str = "",
    ) -> None:
        self._shards = shards
        self._viewer = viewer
        self.project_row = project
        self.category_rows: dict[str, dict[str, Any]] = {row["id"]: row for row in categories}
        self.category_order = dict.fromkeys(category_order) or dict.fromkeys(self.category_rows)
        """Every category that there ever was: one that comes back takes its old place."""
        self.changed: dict[int, dict[str, Any] | None] = {}
        """Documents as they are since the last checkpoint; ``None`` for one that is gone."""
        self.rows: dict[int, DocumentRow] = {}
        self._ids: dict[str, int] = {}
        self._documents: OrderedDict[int, Document] = OrderedDict()
        self._views: dict[int, Document] = {}
        """Of those, what the viewer sees of them."""
        self._project: Project = to_project(project)
        self._categories: dict[str, Category] | None = None
        self._totals: Totals | None = None
        self._read: tuple[int, dict[str, Any] | None] | None = None
        """The document that was read last from its shard, and what was read."""

    # --- reading ------------------------------------------------------------------------------------

    @property
    def project(self) -> Project:
        return self._project

    @property
    def categories(self) -> Mapping[str, Category]:
        if self._categories is None:
            self._categories = {key: to_category(row) for key, row in self.category_rows.items()}
        return self._categories

    @property
    def totals(self) -> Totals:
        if self._totals is None:
            self._totals = Totals(self.rows.values())
        return self._totals

    def document_id(self, location: str) -> int | None:
        return self._ids.get(location)

    def document_row(self, document_id: int) -> dict[str, Any] | None:
        """A document as stored; not to be changed."""
        if document_id in self.changed:
            return self.changed[document_id]
        if document_id not in self.rows:
            return None
        # Asked for once an item: a document can hold tens of thousands.
        if self._read is None or self._read[0] != document_id:
            self._read = document_id, self._stored(document_id)
        return self._read[1]

    def _stored(self, document_id: int) -> dict[str, Any] | None:
        """A document as its shard has it. Raises ``StorageError`` where somebody took the file away."""
        row = self._shards.get(document_id)
        if row is None and document_id in self.rows:
            self._shards.check(document_id // SHARD_SIZE)
        return row

    def document(self, document_id: int) -> Document:
        view = self._views.get(document_id)
        if view is not None:
            self._documents.move_to_end(document_id)
            return view
        whole = self.whole(document_id)
        return self._views.setdefault(document_id, seen_by(whole, self._viewer))

    def whole(self, document_id: int) -> Document:
        known = self._documents.get(document_id)
        if known is not None:
            self._documents.move_to_end(document_id)
            return known
        row = self.document_row(document_id)
        if row is None:
            raise NotFoundError(f"There is no document number {document_id}.")
        document = self._shards.document(document_id, row)
        self._documents[document_id] = document
        if len(self._documents) > CACHED_DOCUMENTS:
            self._views.pop(self._documents.popitem(last=False)[0], None)
        return document

    def raw(self, table: str, key: str) -> dict[str, Any] | None:
        if table == "project":
            return self.project_row
        if table == "category":
            return self.category_rows.get(key)
        number, _, item = key.partition("/")
        row = self.document_row(int(number))
        if row is None:
            return None
        if table == "document":
            return document_header(row)
        found: dict[str, Any] | None = row.get(PARTS[table], {}).get(item)
        return found

    # --- changing -----------------------------------------------------------------------------------

    def fill(self, rows: Iterable[DocumentRow]) -> None:
        """Takes the index of all documents."""
        self.rows = {row.id: row for row in rows}
        self._ids = {row.location: row.id for row in self.rows.values()}
        # Where the index is read, and not when they are first asked for: keys would wait for it.
        self._totals = Totals(self.rows.values())

    def apply(self, transaction: Transaction) -> set[int]:
        """Makes a transaction's changes and returns the documents that they touch."""
        self._read = None
        touched: dict[int, Items | None] = {}
        for table, key, _, after in transaction.changes:
            if table == "project":
                if after is not None:
                    self.project_row = after
                    self._project = to_project(after)
            elif table == "category":
                self._categories = None
                if after is None:
                    self.category_rows.pop(key, None)
                else:
                    self._set_category(key, after)
            else:
                document_id = self._apply_to_document(table, key, after)
                items = touched.setdefault(document_id, {})
                if table == "document":
                    touched[document_id] = None
                elif items is not None:
                    items[PARTS[table], key.partition("/")[2]] = after
        for document_id, changed in touched.items():
            self._touch(document_id, changed, transaction.seq)
        return set(touched)

    def _set_category(self, key: str, row: dict[str, Any]) -> None:
        is_back = key not in self.category_rows and key in self.category_order
        self.category_rows[key] = row
        self.category_order.setdefault(key)
        if is_back:
            places = {known: place for place, known in enumerate(self.category_order)}
            ordered = sorted(self.category_rows, key=lambda known: places.get(known, len(places)))
            self.category_rows = {known: self.category_rows[known] for known in ordered}

    def _apply_to_document(self, table: str, key: str, after: dict[str, Any] | None) -> int:
        number, _, item = key.partition("/")
        document_id = int(number)
        if table == "document":
            old = self.document_row(document_id) or {}
            inner = {part: dict(old[part]) for part in PARTS.values() if part in old}
            self.changed[document_id] = None if after is None else {**after, **inner}
            return document_id
        row = self._own(document_id)
        if row is not None:
            part = row.setdefault(PARTS[table], {})
            if after is None:
                part.pop(item, None)
            else:
                part[item] = after
        return document_id

    def _own(self, document_id: int) -> dict[str, Any] | None:
        """A document's row that may be changed: a copy of the shard's, made once."""
        if document_id not in self.changed:
            stored = self._stored(document_id)
            if stored is None:
                return None
            self.changed[document_id] = _copied(stored)
        return self.changed[document_id]

    def _touch(self, document_id: int, items: Items | None, seq: int) -> None:
        """``items`` is what changed inside the document; ``None`` when more did."""
        known = self._documents.pop(document_id, None)
        self._views.pop(document_id, None)
        row = self.changed.get(document_id)
        old = self.rows.get(document_id)
        if old is not None and self._totals is not None:
            self._totals.add(old, -1)
        if row is None:
            self.rows.pop(document_id, None)
            if old is not None:
                self._ids.pop(old.location, None)
            return
        row["revision"] = seq
        if known is not None and items is not None:
            self._documents[document_id] = with_items(known, items, seq)
        new = row_of(self._project.kind, self.whole(document_id))
        self.rows[document_id] = new
        if self._totals is not None:
            self._totals.add(new)
        if old is not None and old.location != new.location:
            self._ids.pop(old.location, None)
        self._ids[new.location] = document_id

    # --- checkpoints --------------------------------------------------------------------------------

    def snapshot(self) -> dict[int, dict[str, Any] | None]:
        """The changed documents as they are, safe from later changes."""
        return {
            document_id: None if row is None else _copied(row) for document_id, row in self.changed.items()
        }

    def forget(self, snapshot: Mapping[int, dict[str, Any] | None], seq: int) -> None:
        """What is in the shards of a checkpoint at ``seq`` as it is here need not be held."""
        self._read = None
        for document_id, stored in snapshot.items():
            row = self.changed.get(document_id)
            if row is None or stored is None:
                if row is stored:
                    self.changed.pop(document_id, None)
            elif row["revision"] == stored["revision"] <= seq:
                self.changed.pop(document_id, None)


def _copied(row: dict[str, Any]) -> dict[str, Any]:
    """A copy that shares only what is replaced as a whole: the items of the inner maps."""
    copy = dict(row)
    for part in PARTS.values():
        if part in copy:
            copy[part] = dict(copy[part])
    return copy
