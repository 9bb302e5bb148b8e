"""A document's shared labels as a readable file in the container.

A file is JSON with ``version``, ``location`` and what the document holds; labels stand in text order. Keys
that this program does not know, of the file or of an item, are carried along and written back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tui_labeler.domain.items import EXTRA, FIELD, Items, Key
from tui_labeler.domain.labels import Label, Suggestion
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError, InputError
from tui_labeler.engine.formats.fields import Node, shallow
from tui_labeler.engine.sharing.shared_form import (
    DEFAULTS,
    FIELDS,
    PARTS,
    UNKNOWN,
    shared_row,
    to_field,
    to_item,
    unknown_keys,
)
from tui_labeler.engine.sharing.times import check_times
from tui_labeler.engine.typed import decode

VERSION = 1
"""Of the files that this program writes and reads."""

_OWN = {"version", "location", "extra", *PARTS.values(), *FIELDS}

MOST = 200_000
"""Labels, suggestions and words to place of one document. A file with so many, as it is written here, has
about the bytes that are read of one."""


def written(location: str, items: Items, names: Mapping[str, str]) -> bytes:
    """A document's file. ``names`` are those of categories by their ids: readers see them beside the ids.

    Raises ``FormatError`` for more than can be read again.
    """
    _check_number(sum(key.table in PARTS for key in items))
    found: dict[str, Any] = {key.id: value for key, value in items.items() if key.table == UNKNOWN}
    found |= {"version": VERSION, "location": location}
    found |= {key.id: value for key, value in sorted(items.items()) if key.table == FIELD}
    extra = {key.id: value for key, value in sorted(items.items()) if key.table == EXTRA}
    if extra:
        found["extra"] = extra
    for table, part in PARTS.items():
        rows = [(key.id, row) for key, row in items.items() if key.table == table]
        if rows:
            found[part] = [
                {"id": item_id, **row, _CATEGORY_NAME: names.get(row["category"], "")}
                for item_id, row in sorted(rows, key=_in_text_order)
            ]
    return to_json(found)


def _check_number(count: int) -> None:
    if count > MOST:
        raise FormatError(f"it has {count:,} labels and suggestions, and no more than {MOST:,} are read")


_CATEGORY_NAME = "category_name"


def _in_text_order(item: tuple[str, Mapping[str, Any]]) -> tuple[int, int, str]:
    span = item[1].get("span") or {"start": 0, "end": 0}
    return span["start"], span["end"], item[0]


def to_json(value: Any) -> bytes:
    """Readable JSON with a line end. Raises ``InputError`` for text that is none."""
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
    except UnicodeEncodeError as error:
        raise InputError(f"{error.object[:80]!r} holds what is no character.") from error


def from_json(data: bytes) -> dict[str, Any]:
    """The object that a shared file holds.

    Raises ``FormatError`` for what is no JSON object, or of a version that is not known here.
    """
    try:
        found = decode(data, object)
    except msgspec.DecodeError as error:
        raise FormatError(f"it is no JSON that can be read: {error}") from error
    shallow(Node(found))
    if not isinstance(found, dict):
        raise FormatError("it holds no JSON object")
    version = found.get("version")
    if type(version) is not int or version < 1:
        raise FormatError("it says no version", field="version")
    if version > VERSION:
        raise FormatError(
            f"it has version {version}; this program knows {VERSION}",
            field="version",
            hint="Update tui-labeler.",
        )
    return found


def read(data: bytes, kind: ProjectKind) -> tuple[str, dict[Key, Any]]:
    """The location and the items of a document's file.

    Raises ``FormatError`` naming the field for anything that can't be what this program wrote.
    """
    found = from_json(data)
    location = found.get("location")
    if not isinstance(location, str) or not location:
        raise FormatError("it names no document", field="location")
    items: dict[Key, Any] = {
        Key(UNKNOWN, name): value for name, value in found.items() if name not in _OWN and value is not None
    }
    for name in FIELDS:
        field = to_field(name, found.get(name))
        check_times(field, name)
        if field != DEFAULTS[name]:
            items[Key(FIELD, name)] = found[name]
    extra = found.get("extra", {})
    if not isinstance(extra, dict):
        raise FormatError("it is no object", field="extra")
    items |= {Key(EXTRA, name): value for name, value in extra.items() if value is not None}
    parts = {table: found.get(part, []) for table, part in PARTS.items()}
    _check_number(sum(len(rows) for rows in parts.values() if isinstance(rows, list)))
    for table, rows in parts.items():
        items |= _read_part(table, rows, kind)
    return location, items


def _read_part(table: str, rows: Any, kind: ProjectKind) -> dict[Key, Any]:
    part = PARTS[table]
    if not isinstance(rows, list):
        raise FormatError("it is no list", field=part)
    found: dict[Key, Any] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise FormatError("it has no id", field=f"{part}[{number}]")
        key = Key(table, row["id"])
        if key in found:
            raise FormatError("its id is there twice", field=f"{part}[{number}]")
        kept = {name: value for name, value in row.items() if name not in ("id", _CATEGORY_NAME)}
        item = to_item(key, kept)
        check_times(item, f"{part}[{number}]")
        if isinstance(item, (Label, Suggestion)) and (item.span is None) is not kind.is_classification:
            raise FormatError(
                "it has no span" if item.span is None else "it has a span", field=f"{part}[{number}]"
            )
        found[key] = {**unknown_keys(table, kept), **shared_row(item)}
    return found
