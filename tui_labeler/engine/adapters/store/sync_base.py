"""What was agreed on with a container, in TinyDB files beside the project's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tui_labeler.domain.items import Items, Key, keys_of
from tui_labeler.engine.adapters.store.files import encoded, make_folder, replace_file, storage_errors
from tui_labeler.engine.adapters.store.locks import FileLock, held_alone
from tui_labeler.engine.adapters.store.shards import (
    SHARD_SIZE,
    Shards,
    Signature,
    database,
    rows_of,
    signature,
)
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.errors import FormatError, StorageError
from tui_labeler.engine.ports.sharing import Agreed, AgreedProject, Mark
from tui_labeler.engine.sharing.stored_items import check_document_item, check_project_item
from tui_labeler.engine.typed import convert, decode

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

PATIENCE = 2.0
"""Seconds to wait for another sync: one without news takes less."""

ANEW = "Remove the project's folder `sync`: the next sync makes it anew."
"""What to do about a file that can't be used: nothing is lost with it."""

_Index = dict[int, tuple[Signature, dict[int, Mark]]]


class FileSyncBase:
    """A :class:`~tui_labeler.engine.ports.sharing.SyncBase` in a folder.

    ``documents/*.json`` hold it all; ``index.json`` is derived from them and says which of them it knows.
    """

    def __init__(self, folder: Path) -> None:
        """The folder is made when something is written; the one above it is the project's."""
        self._folder = folder
        self._shards = Shards(folder / "documents", ANEW)
        self._lock = FileLock(folder / "lock", project=folder.parent)

    def held(self) -> AbstractAsyncContextManager[None]:
        return held_alone(self._lock, PATIENCE, "The project is being synced in this home already.")

    async def marks(self) -> Mapping[int, Mark]:
        return await asyncio.to_thread(self._marks)

    async def agreed(self, documents: Iterable[int]) -> Mapping[int, Agreed]:
        return await asyncio.to_thread(self._agreed, list(documents))

    async def put(self, agreed: Mapping[int, Agreed]) -> None:
        if agreed:
            rows = {number: _row(item) for number, item in agreed.items()}
            await to_the_end(self._put, rows)

    async def project(self) -> AgreedProject:
        return await asyncio.to_thread(self._project)

    async def put_project(self, agreed: AgreedProject) -> None:
        await to_the_end(self._put_project, agreed)

    # --- in a thread --------------------------------------------------------------------------------

    def _marks(self) -> dict[int, Mark]:
        known = self._read_index()
        found: _Index = {}
        numbers = self._shards.numbers() if self._shards.folder.is_dir() else []
        for number in numbers:
            current = signature(self._shards.path(number))
            if current is None:
                continue
            if number in known and known[number][0] == current:
                found[number] = known[number]
            else:
                marks = {key: _mark(row, self._place(key)) for key, row in self._shards.all(number)}
                found[number] = (current, marks)
        if found != known:
            self._write_index(found)
        return {key: mark for _, marks in found.values() for key, mark in marks.items()}

    def _read_index(self) -> _Index:
        """Empty for one that can't be read: it is derived."""
        path = self._folder / "index.json"
        with storage_errors(path):
            data = path.read_bytes() if path.exists() else b""
        try:
            return decode(data, _Index)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return {}

    def _write_index(self, index: _Index) -> None:
        replace_file(self._folder / "index.json", encoded(index))

    def _agreed(self, documents: list[int]) -> dict[int, Agreed]:
        rows = ((number, self._shards.get(number)) for number in documents)
        return {number: _agreed_of(row, self._place(number)) for number, row in rows if row is not None}

    def _place(self, document: int) -> str:
        return f"{self._shards.path(document // SHARD_SIZE)}, document {document}"

    def _put(self, rows: dict[int, dict[str, Any] | None]) -> None:
        make_folder(self._folder, project=self._folder.parent)
        self._shards.put(rows)

    def _project(self) -> AgreedProject:
        path = self._folder / "project.json"
        rows = rows_of(database(path, ANEW).table("project"))
        if not rows:
            return AgreedProject()
        stored = _read(rows[0], _StoredProject, str(path))
        _check(stored, check_project_item, str(path))
        base, theirs = _sides(stored.base, stored.differs)
        return AgreedProject(
            stored.seq,
            stored.etag,
            base,
            theirs,
            stored.order,
            stored.broken,
            stored.keys,
            dict(_flat(stored.wanted)),
            stored.edited,
            stored.at,
            stored.end,
            stored.end_at,
        )

    def _put_project(self, agreed: AgreedProject) -> None:
        make_folder(self._folder, project=self._folder.parent)
        base, differs = _tables(agreed.base, agreed.theirs)
        stored = _StoredProject(
            agreed.etag,
            base,
            differs,
            agreed.seq,
            agreed.order,
            dict(agreed.broken),
            dict(agreed.keys),
            _nested(agreed.wanted),
            agreed.edited,
            agreed.at,
            agreed.end,
            agreed.end_at,
        )
        row = msgspec.to_builtins(stored)
        database(self._folder / "project.json", ANEW).storage.write({"project": {"1": row}})


# --- stored forms -----------------------------------------------------------------------------------

_Tables = dict[str, dict[str, Any]]
"""Items by table and id; ``None`` for one that is not there."""


class _Stored(msgspec.Struct):
    name: str
    etag: str
    revision: int
    base: _Tables
    differs: _Tables
    """What the container holds, where that is something else than the base."""
    wanted: _Tables = {}
    """What it is to hold instead."""


class _StoredProject(msgspec.Struct):
    etag: str
    base: _Tables
    differs: _Tables
    seq: int | None = None
    order: tuple[str, ...] = ()
    broken: dict[str, tuple[str, str, str]] = {}
    keys: dict[str, Any] = {}
    wanted: _Tables = {}
    edited: tuple[str, ...] = ()
    at: str = ""
    end: int = 0
    end_at: str = ""


S = TypeVar("S")


def _read(row: Mapping[str, Any], kind: type[S], where: str) -> S:
    try:
        return convert(row, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise StorageError(f"{where}: {error}", hint=ANEW) from error


def _check(stored: _Stored | _StoredProject, check: Callable[[Key, Any], None], where: str) -> None:
    """Raises ``StorageError`` where what is stored holds something that is no item."""
    try:
        for key, value in _flat(stored.base):
            if value is None:
                raise FormatError("it is nothing", field=f"{key.table}, {key.id}")
            check(key, value)
        for tables in (stored.differs, stored.wanted):
            for key, value in _flat(tables):
                if value is not None:
                    check(key, value)
    except FormatError as error:
        raise StorageError(f"{where}: {error.message}", hint=ANEW) from error


def _mark(row: Mapping[str, Any], where: str) -> Mark:
    stored = _read(row, _Stored, where)
    return Mark(stored.name, stored.etag, stored.revision, bool(stored.differs or stored.wanted))


def _agreed_of(row: Mapping[str, Any], where: str) -> Agreed:
    stored = _read(row, _Stored, where)
    _check(stored, check_document_item, where)
    sides = _sides(stored.base, stored.differs)
    return Agreed(stored.name, stored.etag, stored.revision, *sides, dict(_flat(stored.wanted)))


def _row(agreed: Agreed) -> dict[str, Any]:
    base, differs = _tables(agreed.base, agreed.theirs)
    return {
        "name": agreed.name,
        "etag": agreed.etag,
        "revision": agreed.revision,
        "base": base,
        "differs": differs,
        **({"wanted": _nested(agreed.wanted)} if agreed.wanted else {}),
    }


def _tables(base: Items, theirs: Items) -> tuple[_Tables, _Tables]:
    held = _nested(base)
    differs: _Tables = {}
    for key in keys_of(base, theirs):
        if base.get(key) != theirs.get(key):
            differs.setdefault(key.table, {})[key.id] = theirs.get(key)
    return held, differs


def _sides(base: _Tables, differs: _Tables) -> tuple[dict[Key, Any], dict[Key, Any]]:
    agreed, other = dict(_flat(base)), dict(_flat(differs))
    theirs = {key: value for key, value in {**agreed, **other}.items() if value is not None}
    return agreed, theirs


def _nested(items: Mapping[Key, Any]) -> _Tables:
    found: _Tables = {}
    for key, value in items.items():
        found.setdefault(key.table, {})[key.id] = value
    return found


def _flat(tables: _Tables) -> Iterator[tuple[Key, Any]]:
    return ((Key(table, key), value) for table, items in tables.items() for key, value in items.items())
