"""Stored rows and domain values: validated in one place, on the way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import Any, TypeVar

import msgspec

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label, Suggestion, ToPlace
from tui_labeler.domain.projects import Category, Project
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.typed import convert

T = TypeVar("T")

PARTS = {"label": "labels", "suggestion": "suggestions", "to_place": "to_place"}
"""Tables whose items live inside a stored document, and the map that holds them."""

_ITEMS = {"labels": Label, "suggestions": Suggestion, "to_place": ToPlace}


def to_value(row: dict[str, Any], kind: type[T], what: str) -> T:
    """A domain value of a stored row. Raises ``StorageError`` naming ``what``."""
    try:
        return convert(row, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise StorageError(
            f"{what}: {error}", hint="Repair the file, or restore the project from a backup."
        ) from error


def to_document(row: dict[str, Any]) -> Document:
    return to_value(row, Document, f"document {row.get('id')}")


def with_items(
    document: Document, items: Mapping[tuple[str, str], dict[str, Any] | None], revision: int
) -> Document:
    """The document after changes to its labels, suggestions and places; only those are converted.

    ``items`` are stored rows by part (a value of :data:`PARTS`) and id, ``None`` for one that is gone.
    """
    parts: dict[str, Any] = {}
    for (part, key), row in items.items():
        values = parts.get(part)
        if values is None:
            values = parts[part] = dict(getattr(document, part))
        if row is None:
            values.pop(key, None)
        else:
            values[key] = to_value(row, _ITEMS[part], f"document {document.id}, {key}")
    return replace(document, revision=revision, **parts)


def to_category(row: dict[str, Any]) -> Category:
    return to_value(row, Category, f"category {row.get('id')}")


def to_project(row: dict[str, Any]) -> Project:
    return to_value(row, Project, f"project {row.get('name')}")


_known_defaults: dict[type, dict[str, Any]] = {}


def _defaults(kind: type) -> dict[str, Any]:
    if kind in _known_defaults:
        return _known_defaults[kind]
    found = _known_defaults.setdefault(kind, {})
    for item in fields(kind):
        if item.default is not MISSING:
            found[item.name] = msgspec.to_builtins(item.default)
        elif item.default_factory is not MISSING:
            found[item.name] = msgspec.to_builtins(item.default_factory())
    return found


def to_row(value: Any) -> dict[str, Any]:
    """Builtin types of a domain value, without the fields that hold their default."""
    row: dict[str, Any] = msgspec.to_builtins(value)
    defaults = _defaults(type(value))
    return {key: _plain(item) for key, item in row.items() if key not in defaults or item != defaults[key]}


_SIMPLE = frozenset({str, int, float, bool, type(None)})


def _plain(item: Any) -> Any:
    """Lists for tuples, as they come back from JSON: a row equals itself after reading."""
    kind = type(item)
    if kind in _SIMPLE:
        return item
    if kind is dict:
        return {key: inner if type(inner) in _SIMPLE else _plain(inner) for key, inner in item.items()}
    return [_plain(inner) for inner in item] if kind in (list, tuple) else item


def document_header(row: dict[str, Any]) -> dict[str, Any]:
    """A stored document without its labels and suggestions, and without the store's own mark."""
    inner = set(PARTS.values())
    return {key: item for key, item in row.items() if key not in inner and key != "revision"}
