"""What is shared of a document, as items to merge, and what its files are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from tui_labeler.domain.agreement import BlindReading, Choice
from tui_labeler.domain.documents import Document
from tui_labeler.domain.items import EXTRA, FIELD, LABEL, SUGGESTION, TO_PLACE, Items, Key, keys_of, only
from tui_labeler.domain.labels import DraftKind, Label, Stamp, Suggestion, ToPlace
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.changes import put, put_document, put_label
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.rows import to_row
from tui_labeler.engine.sharing.merging import undone
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Change, State


ROOT = ".tui-labeler"
"""The folder in a container that is this program's own."""

UNKNOWN = "unknown"
"""The table of keys of a file that mean nothing here."""

PARTS = {LABEL: "labels", SUGGESTION: "suggestions", TO_PLACE: "to_place"}
_KINDS: Mapping[str, type] = {LABEL: Label, SUGGESTION: Suggestion, TO_PLACE: ToPlace}
_NAMES = {table: frozenset(item.name for item in fields(kind)) for table, kind in _KINDS.items()}
FIELDS: Mapping[str, Any] = {
    "dataset": Dataset,
    "language": str,
    "flag": str,
    "reviewed": Stamp,
    "blind": BlindReading,
    "readers": tuple[str, ...],
    "finished": tuple[Stamp, ...],
    "choices": tuple[Choice, ...],
    "settled": Stamp,
}

LONGEST = 150
"""Bytes of a document's name in the name of its file: file systems take 255 in all."""


def folder(project_id: str) -> str:
    """Of a shared project in its container; ends with a slash."""
    return f"{ROOT}/{project_id}/"


def labels_folder(project_id: str) -> str:
    """Of the files of its documents; ends with a slash."""
    return f"{folder(project_id)}labels/"


def file_name(location: str) -> str:
    """The name of a document's file in its folder: plain letters on any file system, one for each document.

    A name that would be too long is cut, and told apart by a hash.
    """
    name = quote(location.encode("utf-8", "surrogatepass"), safe=" ()+,=@")
    if len(name) > LONGEST or name != name.strip():
        told_apart = hashlib.sha256(location.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        name = f"{name.strip()[:LONGEST]}~{told_apart}"
    return f"{name}.json"


def document_items(
    document: Document,
    base: Items,
    now: str = "",
    gone: Mapping[str, str] | None = None,
    lost: Collection[Key] = (),
) -> tuple[dict[Key, Any], set[Key]]:
    """What this side holds of a document, and which of it are drafts.

    Removals that are drafts do not show. Keys that are not known here are those of the base. A label whose
    making was undone here since both sides had it is one that was removed: when ``gone`` says, by its id,
    else at ``now``. What is ``lost`` here, with no action that removed it, counts as held as the base has it.
    """
    items = undone(base, document.labels.keys(), now, gone) | only(base, lost)
    drafts: set[Key] = set()
    for table, part in PARTS.items():
        for item_id, item in getattr(document, part).items():
            key = Key(table, item_id)
            items[key] = {**unknown_keys(table, base.get(key)), **shared_row(item)}
            if _is_draft(item):
                drafts.add(key)
    row = to_row(document)
    items |= {Key(FIELD, name): row[name] for name in FIELDS if row.get(name)}
    items |= {Key(EXTRA, name): value for name, value in document.extra.items() if value is not None}
    items |= {key: value for key, value in base.items() if key.table == UNKNOWN}
    return items, drafts


def _is_draft(item: Label | Suggestion | ToPlace) -> bool:
    if isinstance(item, Label):
        return item.removed is None and item.draft is not None and item.draft.kind is DraftKind.ADD
    return item.decision is not None and item.decision.draft


def shared_row(item: Label | Suggestion | ToPlace) -> dict[str, Any]:
    """Without what holds in this home alone: drafts, and the revision that a decision was made on."""
    return without_private(to_row(item))


def without_private(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a row as this home keeps it."""
    shared = {name: value for name, value in row.items() if name not in ("id", "draft")}
    if shared.get("decision"):
        shared["decision"] = _shared_decision(shared["decision"])
    return shared


def _shared_decision(decision: Mapping[str, Any]) -> dict[str, Any]:
    shared = {"verdict": decision["verdict"], "stamp": decision["stamp"]}
    return shared | {name: decision[name] for name in ("label", "text_hash") if decision.get(name)}


def unknown_keys(table: str, row: Mapping[str, Any] | None) -> dict[str, Any]:
    known = _NAMES[table]
    return {name: value for name, value in (row or {}).items() if name not in known}


def document_changes(state: State, document: Document, before: Items, after: Items) -> list[Change]:
    """What a merge that made ``after`` of ``before`` changes in the document; its drafts stay.

    Raises ``FormatError`` for an item that is none.
    """
    changes: list[Change] = []
    fields_: dict[str, Any] = {}
    extra = dict(document.extra)
    for key in keys_of(before, after):
        row = after.get(key)
        if row == before.get(key):
            continue
        if key.table in PARTS:
            old = getattr(document, PARTS[key.table]).get(key.id)
            new = None if row is None else to_row(_as_here(old, to_item(key, row)))
            changes.append(put(state, key.table, f"{document.id}/{key.id}", new))
        elif key.table == FIELD:
            fields_[key.id] = to_field(key.id, row)
        elif key.table == EXTRA:
            extra.pop(key.id, None)
            if row is not None:
                extra[key.id] = row
    if fields_ or extra != document.extra:
        known = replace(document, extra=extra, **fields_)
        changes.append(put_document(state, known))
        changes += _into_readings(state, known, before, after)
    return changes


def _into_readings(state: State, document: Document, before: Items, after: Items) -> list[Change]:
    """What readers had made, and not saved, before they heard that the document was given to them.

    It is what they see in it, and their reading is what they see.
    """
    if not document.is_given:
        return []
    return [
        put_label(state, document, replace(label, reader=label.draft.actor, draft=None))
        for key, label in document.labels.items()
        if label.draft is not None
        and label.draft.kind is DraftKind.ADD
        and label.draft.actor in document.readers
        and before.get(Key(LABEL, key)) == after.get(Key(LABEL, key))
    ]


def _as_here(old: Any, new: Any) -> Any:
    """With what only this home knows: a removal that is a draft, what a decision was made on."""
    if old is None:
        return new
    if isinstance(new, Label):
        keeps = new.removed is None and old.draft and old.draft.kind is DraftKind.REMOVE
        return replace(new, draft=old.draft) if keeps else new
    if old.decision and new.decision and old.decision.stamp == new.decision.stamp:
        decision = replace(new.decision, draft=old.decision.draft, revision=old.decision.revision)
        return replace(new, decision=decision)
    return new


def to_item(key: Key, row: Mapping[str, Any]) -> Label | Suggestion | ToPlace:
    """Raises ``FormatError``."""
    kind = _KINDS[key.table]
    known = {name: value for name, value in row.items() if name in _NAMES[key.table]}
    where = f"{PARTS[key.table]}, {key.id}"
    if not _ID.fullmatch(key.id):
        raise FormatError("an id is of letters, digits, `_`, `.` and `-`", field=where)
    if "draft" in known:
        raise FormatError("a draft is nobody's but its maker's", field=where)
    item: Label | Suggestion | ToPlace = _converted({**known, "id": key.id}, kind, where)
    return item


_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


def to_field(name: str, value: Any) -> Any:
    """What a document holds of that name; its default for ``None``. Raises ``FormatError``."""
    if value is None:
        return DEFAULTS[name]
    found = _converted(value, FIELDS[name], name)
    if name == "readers" and (len(set(found)) != len(found) or len(found) == 1):
        raise FormatError("readers are two people", field=name)
    return found


DEFAULTS: Mapping[str, Any] = {
    "dataset": Dataset.TRAIN,
    "language": "",
    "flag": "",
    "reviewed": None,
    "blind": None,
    "readers": (),
    "finished": (),
    "choices": (),
    "settled": None,
}


def _converted(value: Any, kind: Any, where: str) -> Any:
    try:
        return convert(value, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise FormatError(str(error), field=where) from error
