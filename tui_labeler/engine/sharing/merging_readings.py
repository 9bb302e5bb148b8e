"""Merging what two sides say of a document's readings: by whom, who is done, what was chosen and settled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from tui_labeler.domain.items import CONFLICT, FIELD, LABEL, READERS, Items, Key, keys_of, three_way
from tui_labeler.engine.sharing.merging_labels import is_active

CHOICES, SETTLED, REVIEWED = Key(FIELD, "choices"), Key(FIELD, "settled"), Key(FIELD, "reviewed")
FINISHED = Key(FIELD, "finished")


def given_apart(
    values: Mapping[Key, Any], base: Items, ours: Items, theirs: Items, drafts: Set[Key]
) -> list[Key]:
    """What belongs to one conflict because the sides differ in who reads a document; none where they do not.

    They differ where both gave it to others, and where one gave it away or took it back while the other
    made what does not fit that: labels of the project, a review, or labels in a reading that is none. All
    that fits one of the sides alone belongs to it, so that whichever is taken leaves nothing half.
    """
    if values.get(READERS) is not CONFLICT and not _does_not_fit(values, base, ours, theirs, drafts):
        return []
    of_readings = [key for key in (FINISHED, CHOICES, REVIEWED) if ours.get(key) != theirs.get(key)]
    labels = [
        key
        for key in keys_of(ours, theirs)
        if key.table == LABEL and key not in drafts and _is_of_one_side(key, ours, theirs)
    ]
    return [READERS, *of_readings, *labels]


def _is_of_one_side(key: Key, ours: Items, theirs: Items) -> bool:
    rows = [row for side in (ours, theirs) if (row := side.get(key)) and is_active(row)]
    return any(not fits(row, side) for row in rows[:1] for side in (ours, theirs))


def _does_not_fit(
    values: Mapping[Key, Any], base: Items, ours: Items, theirs: Items, drafts: Set[Key]
) -> bool:
    """Whether one side alone changed who reads it, and the other made what that leaves no place for."""
    if ours.get(READERS) == theirs.get(READERS):
        return False
    changed, other = (ours, theirs) if ours.get(READERS) != base.get(READERS) else (theirs, ours)
    if _is_given(changed) and other.get(REVIEWED) not in (None, base.get(REVIEWED)):
        return True
    return any(
        key.table == LABEL
        and key not in drafts
        and row != base.get(key)
        and is_active(row)
        and (values[key] is CONFLICT or is_active(values[key]))
        and not fits(row, changed)
        for key, row in other.items()
    )


def fits(label: Mapping[str, Any], side: Items) -> bool:
    """Whether a label can be where a side has the document: with its readers, or with nobody."""
    reader = label.get("reader")
    return reader in side.get(READERS, ()) if reader else not _is_given(side)


def _is_given(side: Items) -> bool:
    return bool(side.get(READERS)) and side.get(SETTLED) is None


def finished(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any] | None:
    """Each reader says for themselves whether they are done."""
    sides = [{stamp["actor"]: stamp for stamp in side} for side in (base, ours, theirs)]
    merged: list[Any] = []
    for reader in sorted(set().union(*sides)):
        before, one, other = (side.get(reader) for side in sides)
        stamp = three_way(before, one, other)
        if stamp is CONFLICT:
            stamp = earlier(one, other) if one and other else one or other
        merged += [stamp] if stamp else []
    return merged or None


def choices(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> Any:
    """Place by place; two people who decide the same place differently are a conflict."""
    sides = [{place_of(choice): choice for choice in side} for side in (base, ours, theirs)]
    merged: dict[str, Any] = {}
    for place in sorted(set().union(*sides)):
        before, one, other = (side.get(place) for side in sides)
        choice = three_way(before, one, other)
        if choice is CONFLICT:
            if not (one and other) or one["take"] != other["take"]:
                return CONFLICT
            choice = min(one, other, key=lambda said: when(said["stamp"]))
        if choice:
            merged[place] = choice
    return list(merged.values()) or None


def is_settled_otherwise(values: Mapping[Key, Any], base: Items, ours: Items, theirs: Items) -> bool:
    """Whether a side has made labels of other choices than those that both would hold."""
    if CHOICES not in values or values[CHOICES] is CONFLICT:
        return False
    merged = _takes(values[CHOICES])
    settlers = [side for side in (ours, theirs) if side.get(SETTLED) not in (None, base.get(SETTLED))]
    return any(_takes(side.get(CHOICES)) != merged for side in settlers)


def _takes(choices: Sequence[Any] | None) -> dict[str, str]:
    return {place_of(choice): choice["take"] for choice in choices or ()}


def adjudications(ours: Items, theirs: Items) -> Iterator[tuple[Key, Key]]:
    """What a side made when it settled the readings, each with its choices: both stand, or neither."""
    for side in (ours, theirs):
        settled_by = side.get(SETTLED)
        if settled_by is None:
            continue
        yield CHOICES, SETTLED
        if side.get(REVIEWED) == settled_by:
            yield CHOICES, REVIEWED
        for key, row in side.items():
            is_of_it = key.table == LABEL and row["made"] == settled_by and not row.get("reader")
            if is_of_it and ours.get(key) != theirs.get(key):
                yield CHOICES, key


def place_of(choice: Mapping[str, Any]) -> str:
    """What a choice was made about."""
    return json.dumps([choice.get("first"), choice.get("second")], sort_keys=True)


def earlier(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    return min(one, other, key=when)


def when(stamp: Mapping[str, Any]) -> tuple[str, str]:
    return stamp["time"], stamp["actor"]
