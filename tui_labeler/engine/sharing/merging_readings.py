"""Merging what two sides say of a document's readings: who is done, what was chosen and settled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui_labeler.domain.items import CONFLICT, FIELD, LABEL, Items, Key, three_way

CHOICES, SETTLED, REVIEWED = Key(FIELD, "choices"), Key(FIELD, "settled"), Key(FIELD, "reviewed")


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
