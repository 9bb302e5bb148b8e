"""Three-way merging, item by item.

What two sides share is a flat map of items, each a plain JSON value under a key. Against the base, which is
what both agreed on last, an item was changed by one side, by the other, by both or by neither. Only what both
have changed, each in another way, can be a conflict.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Key(NamedTuple):
    """The name of an item: ``label`` and its id, ``field`` and what it is called."""

    table: str
    id: str


LABEL, SUGGESTION, TO_PLACE, FIELD, EXTRA = "label", "suggestion", "to_place", "field", "extra"
"""Tables."""

READERS = Key(FIELD, "readers")
"""Whom a document was given to."""

Items = Mapping[Key, Any]
"""Items that are there; ``None`` is never a value."""

CONFLICT = object()
"""In place of a value: a person must say which side is right."""

_ABSENT = object()

Resolve = Callable[[Key, Any, Any, Any], Any]
"""Given a key and what base, ours and theirs say (``None`` where it is not there), what is right.

Called only for what both have changed, each in another way. May give ``CONFLICT``.
"""


def three_way(base: Any, ours: Any, theirs: Any) -> Any:
    """What one side alone changed, or both alike; else ``CONFLICT``."""
    if ours == theirs or theirs == base:
        return ours
    return theirs if ours == base else CONFLICT


def merged_items(base: Items, ours: Items, theirs: Items, resolve: Resolve) -> dict[Key, Any]:
    """Each key with its value, ``None`` for one that is gone, or ``CONFLICT``."""
    found: dict[Key, Any] = {}
    for key in keys_of(base, ours, theirs):
        before, one, other = base.get(key), ours.get(key), theirs.get(key)
        value = three_way(before, one, other)
        found[key] = resolve(key, before, one, other) if value is CONFLICT else value
    return found


def merged_fields(
    base: Mapping[str, Any] | None,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    resolve: Callable[[str, Any, Any, Any], Any],
    together: tuple[tuple[str, ...], ...] = (),
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """An item that both have changed, field by field; fields of ``together`` are taken from one side.

    A field that is missing holds its default. Returns the fields, and the names of those in conflict, which
    stand as ours. Of an item that has no base, what both sides say alike counts as one.
    """
    known = base if base is not None else {k: v for k, v in ours.items() if theirs.get(k, _ABSENT) == v}
    names = dict.fromkeys((*ours, *theirs))
    units = [*together, *((name,) for name in names if not any(name in unit for unit in together))]
    found: dict[str, Any] = {}
    conflicts: list[str] = []
    for unit in units:
        before, one, other = ([side.get(name, _ABSENT) for name in unit] for side in (known, ours, theirs))
        value = three_way(before, one, other)
        if value is CONFLICT and len(unit) == 1:
            said = (None if side[0] is _ABSENT else side[0] for side in (before, one, other))
            single = resolve(unit[0], *said)
            value = CONFLICT if single is CONFLICT else [single]
        if value is CONFLICT:
            conflicts.append(unit[0])
            value = one
        found.update(zip(unit, value, strict=True))
    return {name: found[name] for name in names if found[name] is not _ABSENT}, tuple(conflicts)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Items that belong together and that only a person can settle."""

    keys: tuple[Key, ...]
    """Sorted."""
    ours: Items
    theirs: Items
    base: Items
    """What both sides agreed on before."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What comes of a merge. Where there is no conflict, all three say the same."""

    ours: Items
    """What this side is to hold: in a conflict, what it held."""
    theirs: Items
    """What the other side is to hold: in a conflict, what it held."""
    base: Items
    """What both agree on: in a conflict, what they agreed on before."""
    conflicts: tuple[Conflict, ...] = ()


def settled(
    values: Mapping[Key, Any], base: Items, ours: Items, theirs: Items, groups: Iterable[Iterable[Key]]
) -> Merged:
    """Puts a merge together: items of ``groups`` are in conflict, each group for one reason."""
    conflicts: list[Conflict] = []
    open_keys: set[Key] = set()
    for group in groups:
        keys = tuple(sorted(group))
        open_keys.update(keys)
        conflicts.append(Conflict(keys, only(ours, keys), only(theirs, keys), only(base, keys)))
    agreed = {key: value for key, value in values.items() if value is not None and key not in open_keys}
    return Merged(
        {**agreed, **only(ours, open_keys)},
        {**agreed, **only(theirs, open_keys)},
        {**agreed, **only(base, open_keys)},
        tuple(sorted(conflicts, key=lambda conflict: conflict.keys)),
    )


def agreed_after(
    base: Items, ours: Items, theirs: Items, conflicts: Iterable[Conflict] = ()
) -> dict[Key, Any]:
    """What both sides agree on once they hold ``ours`` and ``theirs``: where those differ, still the base.

    Of ``conflicts`` too, also what both say alike of their items: without that, the next merge would find
    nothing new on one side, and take for settled what nobody has decided.
    """
    open_keys = {key for conflict in conflicts for key in conflict.keys}
    found: dict[Key, Any] = {}
    for key in keys_of(base, ours, theirs):
        one, other = ours.get(key), theirs.get(key)
        value = one if one == other and key not in open_keys else base.get(key)
        if value is not None:
            found[key] = value
    return found


def only(items: Items, keys: Iterable[Key]) -> dict[Key, Any]:
    return {key: items[key] for key in keys if key in items}


def keys_of(*sides: Items) -> dict[Key, None]:
    """Every key of some items, once, in order."""
    return dict.fromkeys(key for side in sides for key in side)


def first_of(*values: Any) -> Any:
    """One of some values, whatever order they come in: for what is the same but for its wording."""
    return min(values, key=lambda value: json.dumps(value, sort_keys=True))


def closed(groups: Iterable[Iterable[Key]]) -> list[set[Key]]:
    """Groups that share a key made one. Of those that meet, the smaller go into the largest."""
    of: dict[Key, set[Key]] = {}
    for group in groups:
        one = set(group)
        met = {id(found): found for key in one if (found := of.get(key)) is not None}
        parts = [*met.values(), one]
        largest = max(parts, key=len)
        for part in parts:
            if part is not largest:
                largest |= part
        moved = [one, *(part for part in met.values() if part is not largest)]
        of.update((key, largest) for part in moved for key in part)
    return list({id(found): found for found in of.values()}.values())
