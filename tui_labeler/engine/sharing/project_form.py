"""What is shared of a project itself: its settings and categories, as items and as a readable file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec

from tui_labeler.domain.items import (
    CONFLICT,
    EXTRA,
    FIELD,
    Items,
    Key,
    Merged,
    merged_fields,
    merged_items,
    settled,
)
from tui_labeler.domain.projects import (
    LONGEST_CATEGORY,
    LONGEST_PROJECT,
    Category,
    Project,
    ProjectKind,
    ProjectSettings,
)
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.rows import to_row
from tui_labeler.engine.sharing.shared_file import VERSION, from_json, to_json
from tui_labeler.engine.sharing.shared_form import ROOT, file_name, folder
from tui_labeler.engine.sharing.times import is_time
from tui_labeler.engine.typed import convert

CATEGORY, SETTING = "category", "setting"

FILE = "project.json"
"""The name of the project's file in its folder; no document is called so, for those end in ``.txt``."""

PRIVATE = frozenset({"share_labels"})
"""Settings of one home."""

_FIELDS: Mapping[str, type] = {"language": str, "multilingual": bool, "description": str}
_CATEGORY_FIELDS = frozenset(item.name for item in fields(Category))
_SETTINGS = {item.name: item.type for item in fields(ProjectSettings) if item.name not in PRIVATE}
_OWN = {"version", "id", "name", "kind", "created", "categories", "settings", "extra", *_FIELDS}


def project_file(project_id: str) -> str:
    return f"{folder(project_id)}{FILE}"


def claim_file(name: str) -> str:
    """The file that says which project of a container has a name: written once, by whoever is first."""
    return f"{ROOT}/names/{file_name(name)}"


@dataclass(frozen=True, slots=True)
class SharedProject:
    """A project's file."""

    id: str
    name: str
    kind: ProjectKind
    items: Items
    order: tuple[str, ...]
    """Ids of the categories."""
    created: str = ""
    keys: Mapping[str, Any] | None = None
    """Keys that mean nothing here."""


def project_items(project: Project, categories: Mapping[str, Category], base: Items) -> dict[Key, Any]:
    """What this side holds of the project."""
    items: dict[Key, Any] = {}
    row = to_row(project)
    items |= {Key(FIELD, name): row[name] for name in _FIELDS if row.get(name)}
    settings = row.get("settings", {})
    items |= {Key(SETTING, name): True for name in _SETTINGS if settings.get(name)}
    items |= {Key(EXTRA, name): value for name, value in project.extra.items() if value is not None}
    for category in categories.values():
        key = Key(CATEGORY, category.id)
        unknown = {name: value for name, value in base.get(key, {}).items() if name not in _CATEGORY_FIELDS}
        items[key] = unknown | {name: value for name, value in to_row(category).items() if name != "id"}
    return items


def merge_project(base: Items, ours: Items, theirs: Items) -> Merged:
    """A category that one side deleted and the other changed stays."""
    values = merged_items(base, ours, theirs, _resolve)
    groups = [[key] for key, value in values.items() if value is CONFLICT]
    return settled(values, base, ours, theirs, groups)


def _resolve(key: Key, base: Any, ours: Any, theirs: Any) -> Any:
    if key.table != CATEGORY:
        return CONFLICT
    if ours is None or theirs is None:
        return theirs if ours is None else ours
    merged, conflicts = merged_fields(base, ours, theirs, lambda *_: CONFLICT)
    return CONFLICT if conflicts else merged


def with_items(project: Project, items: Items) -> Project:
    """The project as items say it is. Raises ``FormatError``."""
    values = {name: items.get(Key(FIELD, name), _DEFAULTS[name]) for name in _FIELDS}
    settings = {name: items.get(Key(SETTING, name), False) for name in _SETTINGS}
    extra = {key.id: value for key, value in items.items() if key.table == EXTRA}
    try:
        checked = convert({**values, **settings}, dict[str, str | bool])
    except msgspec.ValidationError as error:
        raise FormatError(str(error), field=FILE) from error
    return replace(
        project,
        language=str(checked["language"]) or project.language,
        multilingual=bool(checked["multilingual"]),
        description=str(checked["description"]),
        settings=replace(project.settings, **{name: bool(checked[name]) for name in _SETTINGS}),
        extra=extra,
    )


_DEFAULTS: Mapping[str, Any] = {"language": "", "multilingual": False, "description": ""}


def to_category(category_id: str, row: Mapping[str, Any]) -> Category:
    """Raises ``FormatError``."""
    kept = {name: value for name, value in row.items() if name in _CATEGORY_FIELDS}
    try:
        category: Category = convert({**kept, "id": category_id}, Category)
    except (msgspec.ValidationError, ValueError) as error:
        raise FormatError(str(error), field=f"categories, {category_id}") from error
    if category.name != category.name.strip():
        raise FormatError("a name has no white space around it", field=f"categories, {category_id}")
    if len(category.name) > LONGEST_CATEGORY:
        raise FormatError(
            f"a name has at most {LONGEST_CATEGORY:,} characters", field=f"categories, {category_id[:100]}"
        )
    return category


def written_project(shared: SharedProject) -> bytes:
    """The project's file."""
    items = shared.items
    rows = {key.id: row for key, row in items.items() if key.table == CATEGORY}
    found: dict[str, Any] = dict(shared.keys or {})
    found |= {"version": VERSION, "id": shared.id, "name": shared.name, "kind": shared.kind.value}
    found |= {"created": shared.created} if shared.created else {}
    found |= {key.id: value for key, value in sorted(items.items()) if key.table == FIELD}
    found["categories"] = [{"id": key, **rows[key]} for key in in_order(shared.order, rows)]
    found["settings"] = {key.id: value for key, value in sorted(items.items()) if key.table == SETTING}
    extra = {key.id: value for key, value in sorted(items.items()) if key.table == EXTRA}
    return to_json(found | ({"extra": extra} if extra else {}))


def in_order(order: Iterable[str], ids: Iterable[str]) -> tuple[str, ...]:
    """Ids as ``order`` has them, then those that it does not know."""
    ids = list(ids)
    return tuple(dict.fromkeys([*(one for one in order if one in ids), *ids]))


def read_project(data: bytes) -> SharedProject:
    """Raises ``FormatError`` naming the field."""
    found = from_json(data)
    words = [found.get(name) for name in ("id", "name")]
    if not all(isinstance(word, str) and word for word in words):
        raise FormatError("it names no project", field="id, name")
    if len(str(words[1])) > LONGEST_PROJECT:
        raise FormatError(f"a project's name has at most {LONGEST_PROJECT:,} characters", field="name")
    try:
        kind = ProjectKind(str(found.get("kind")))
    except ValueError as error:
        raise FormatError(str(error), field="kind") from error
    rows, settings, extra = (found.get(name, default) for name, default in _PARTS)
    if not isinstance(rows, list) or not isinstance(settings, dict) or not isinstance(extra, dict):
        raise FormatError("it is not what it should be", field="categories, settings, extra")
    items: dict[Key, Any] = {}
    for name, of in _FIELDS.items():
        if found.get(name):
            if not isinstance(found[name], of):
                raise FormatError(f"it is no {of.__name__}", field=name)
            items[Key(FIELD, name)] = found[name]
    items |= {Key(SETTING, name): True for name in _SETTINGS if settings.get(name) is True}
    items |= {Key(EXTRA, name): value for name, value in extra.items() if value is not None}
    items |= _read_categories(rows)
    order = tuple(key.id for key in items if key.table == CATEGORY)
    keys = {name: value for name, value in found.items() if name not in _OWN}
    created = str(found.get("created") or "")
    if not is_time(created):
        raise FormatError(f"{created[:40]!r} is no time", field="created")
    return SharedProject(str(words[0]), str(words[1]), kind, items, order, created, keys)


_PARTS: tuple[tuple[str, Any], ...] = (("categories", []), ("settings", {}), ("extra", {}))


def _read_categories(rows: list[Any]) -> dict[Key, Any]:
    items: dict[Key, Any] = {}
    names: set[str] = set()
    for number, row in enumerate(rows):
        where = f"categories[{number}]"
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise FormatError("it has no id", field=where)
        key = Key(CATEGORY, row["id"])
        category = to_category(key.id, row)
        if key in items or category.name in names or not is_plain(key.id):
            raise FormatError("its id or its name is there twice, or is none", field=where)
        names.add(category.name)
        unknown = {name: value for name, value in row.items() if name not in _CATEGORY_FIELDS}
        items[key] = unknown | {name: value for name, value in to_row(category).items() if name != "id"}
    return items


def is_plain(word: str) -> bool:
    """Whether it can be an id: it stands in names of files. No folder above it, and no hidden one."""
    return (
        word.isascii()
        and 0 < len(word) <= 100
        and word[0] != "."
        and all(c.isalnum() or c in "_-.:" for c in word)
    )
