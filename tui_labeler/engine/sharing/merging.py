"""Merging what two sides made of one document.

Items are saved labels and tombstones, suggestions, words to place, and what is said of the document as a
whole. No label and no decision of either side is lost: it goes through, or it is a conflict and stays where
it is until a person has decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.items import (
    CONFLICT,
    Items,
    Key,
    Merged,
    closed,
    first_of,
    keys_of,
    merged_fields,
    merged_items,
    only,
    settled,
    three_way,
)

LABEL, SUGGESTION, TO_PLACE, FIELD, EXTRA = "label", "suggestion", "to_place", "field", "extra"

PLACE_IN_FILE = frozenset({"order", "no_dataset"})
"""Of a document's ``extra``: where an imported labels file had it. It is nobody's decision."""


def merge(
    kind: ProjectKind, base: Items, ours: Items, theirs: Items, drafts: Set[Key] = frozenset()
) -> Merged:
    """Merges two sides of a document.

    The same label made on both sides becomes one, with the smaller id. Labels of both sides that meet, but
    say something else, are a conflict, together with the decisions that made them. ``drafts`` are items of
    ours that are not saved: they stay here, and give way to the same from the other side.

    A label that the other side misses without a tombstone is not removed: the container was set back to an
    earlier day, or lost what it had said to be written. It is written again.
    """
    theirs = {**{key: row for key, row in base.items() if key.table == LABEL}, **theirs}
    values = merged_items(base, ours, theirs, _resolve)
    for key in drafts:
        if values[key] is not CONFLICT and theirs.get(key) != base.get(key):
            values[key] = theirs.get(key)
    twins = _one_of_twins(values, base, ours, theirs, drafts)
    groups = [[key] for key, value in values.items() if value is CONFLICT]
    groups += [list(pair) for pair in _meeting(kind, values, base, ours, theirs)]
    links = [*twins, *_decisions(ours, theirs)] if groups else []
    merged = settled(values, base, ours, theirs, _with_what_belongs(groups, links))
    unsaved = {key for key in drafts if base.get(key) == theirs.get(key)}
    return replace(
        merged,
        theirs=_as_before(merged.theirs, theirs, unsaved),
        base=_as_before(merged.base, base, unsaved),
    )


def _as_before(items: Items, before: Items, keys: Set[Key]) -> Items:
    return {key: row for key, row in items.items() if key not in keys} | only(before, keys)


def is_active(label: Any) -> bool:
    return label is not None and label.get("removed") is None


def undone(base: Items, held: Set[str], now: str) -> dict[Key, Any]:
    """Labels of the base of which a side has undone the making, ``held`` being the ids that it holds.

    Each as one that its maker removed at ``now``: nobody undoes what another has made.
    """
    return {
        key: row if row.get("removed") else {**row, "removed": {"actor": row["made"]["actor"], "time": now}}
        for key, row in base.items()
        if key.table == LABEL and key.id not in held
    }


# --- items that both have changed -------------------------------------------------------------------


def _resolve(key: Key, base: Any, ours: Any, theirs: Any) -> Any:
    if key.table == LABEL:
        return _label(base, ours, theirs)
    if key.table in (SUGGESTION, TO_PLACE):
        return _suggestion(base, ours, theirs)
    if key in ((FIELD, "reviewed"), (FIELD, "settled")) and ours and theirs:
        return _earlier(ours, theirs)
    if key == (FIELD, "finished"):
        return _finished(base or (), ours or (), theirs or ())
    if key == (FIELD, "choices"):
        return _choices(base or (), ours or (), theirs or ())
    if key.table == EXTRA and key.id in PLACE_IN_FILE:
        return theirs
    return CONFLICT


def _label(base: Any, ours: Any, theirs: Any) -> Any:
    """Both removed: the earlier removal. Removed by one and otherwise changed by the other: both hold."""
    if ours is None or theirs is None:
        there = ours if theirs is None else theirs
        return CONFLICT if is_active(there) else there
    merged, conflicts = merged_fields(base, ours, theirs, _label_field, (("span", "text_hash"),))
    if not conflicts:
        return merged
    if is_active(merged):
        return CONFLICT
    # It is gone on either side; what it was last is of no weight, but is to be the same everywhere.
    return {**first_of(ours, theirs), "removed": merged["removed"]}


def _label_field(name: str, base: Any, ours: Any, theirs: Any) -> Any:
    if name == "removed" and ours and theirs:
        return _earlier(ours, theirs)
    return CONFLICT


def _suggestion(base: Any, ours: Any, theirs: Any) -> Any:
    """A decision stays, whatever a job or a training has made of the suggestion elsewhere."""
    if ours is None or theirs is None:
        there = ours if theirs is None else theirs
        return there if there.get("decision") else None
    merged, conflicts = merged_fields(base, ours, theirs, _decided)
    return CONFLICT if conflicts else merged


def _decided(name: str, base: Any, ours: Any, theirs: Any) -> Any:
    if name != "decision" or not (ours and theirs) or ours["verdict"] != theirs["verdict"]:
        return CONFLICT
    return min(ours, theirs, key=lambda said: (said.get("label") or "", *_when(said["stamp"])))


def _finished(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any] | None:
    """Each reader says for themselves whether they are done."""
    sides = [{stamp["actor"]: stamp for stamp in side} for side in (base, ours, theirs)]
    merged: list[Any] = []
    for reader in sorted(set().union(*sides)):
        before, one, other = (side.get(reader) for side in sides)
        stamp = three_way(before, one, other)
        if stamp is CONFLICT:
            stamp = _earlier(one, other) if one and other else one or other
        merged += [stamp] if stamp else []
    return merged or None


def _choices(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> Any:
    """Place by place; two people who decide the same place differently are a conflict."""
    sides = [{_choice_place(choice): choice for choice in side} for side in (base, ours, theirs)]
    merged: dict[str, Any] = {}
    for place in sorted(set().union(*sides)):
        before, one, other = (side.get(place) for side in sides)
        choice = three_way(before, one, other)
        if choice is CONFLICT:
            if not (one and other) or one["take"] != other["take"]:
                return CONFLICT
            choice = min(one, other, key=lambda said: _when(said["stamp"]))
        if choice:
            merged[place] = choice
    return list(merged.values()) or None


def _choice_place(choice: Mapping[str, Any]) -> str:
    return json.dumps([choice.get("first"), choice.get("second")], sort_keys=True)


def _earlier(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    return min(one, other, key=_when)


def _when(stamp: Mapping[str, Any]) -> tuple[str, str]:
    return stamp["time"], stamp["actor"]


# --- labels that meet -------------------------------------------------------------------------------


def _fresh(side: Items, base: Items) -> Iterator[tuple[Key, Any]]:
    """Active labels that a side has made, changed or brought back."""
    for key, label in side.items():
        if key.table == LABEL and is_active(label) and base.get(key) != label:
            yield key, label


def _meaning(label: Mapping[str, Any]) -> tuple[str, str, int, int]:
    start, end = _span(label)
    return _reader(label), label["category"], start, end


def _reader(label: Mapping[str, Any]) -> str:
    """Readings of one document stand beside each other, and beside the project's own labels."""
    return str(label.get("reader", ""))


def _span(label: Mapping[str, Any]) -> tuple[int, int]:
    span = label.get("span")
    return (span["start"], span["end"]) if span else (0, 0)


def _one_of_twins(
    values: dict[Key, Any], base: Items, ours: Items, theirs: Items, drafts: Set[Key]
) -> list[tuple[Key, Key]]:
    """Labels of one span and category, made on both sides: the smaller id stays, or the one that is saved.

    Returns the pairs.
    """
    twins: list[tuple[Key, Key]] = []
    known: dict[tuple[str, str, int, int], Key] = {}
    for key, _ in _fresh(ours, base):
        if values[key] is not CONFLICT and is_active(values[key]):
            known.setdefault(_meaning(values[key]), key)
    for key, _ in _fresh(theirs, base):
        label = values[key]
        if label is CONFLICT or not is_active(label):
            continue
        twin = known.get(_meaning(label))
        if twin is not None and twin != key and is_active(values[twin]):
            stays, goes = (key, twin) if twin in drafts else (min(key, twin), max(key, twin))
            values[goes] = None if goes in drafts else {**values[goes], "removed": values[goes]["made"]}
            _repoint(values, goes.id, stays.id)
            twins.append((stays, goes))
    return twins


def _repoint(values: dict[Key, Any], goes: str, stays: str) -> None:
    """A decision names the label that it made."""
    for key, row in values.items():
        if key.table in (SUGGESTION, TO_PLACE) and row not in (None, CONFLICT):
            decision = row.get("decision")
            if decision and decision.get("label") == goes:
                values[key] = {**row, "decision": {**decision, "label": stays}}


def _meeting(
    kind: ProjectKind, values: Mapping[Key, Any], base: Items, ours: Items, theirs: Items
) -> Iterator[tuple[Key, Key]]:
    """Pairs of labels, one of each side, that can't both stand; what stood together before still may."""
    if kind is ProjectKind.MULTI_LABEL:
        return
    one = list(_standing(ours, base, values))
    other = list(_standing(theirs, base, values))
    if kind is ProjectKind.SINGLE_LABEL:
        pairs: Iterator[tuple[Key, Key]] = (
            (key, rival)
            for key, label in one
            for rival, other_label in other
            if _reader(label) == _reader(other_label)
        )
    else:
        pairs = _overlapping(one, other)
    for key, rival in pairs:
        if key != rival and not (is_active(base.get(key)) and is_active(base.get(rival))):
            yield key, rival


def _standing(side: Items, base: Items, values: Mapping[Key, Any]) -> Iterator[tuple[Key, Any]]:
    """A side's fresh labels as they will be there."""
    for key, label in _fresh(side, base):
        value = label if values[key] is CONFLICT else values[key]
        if is_active(value):
            yield key, value


def _overlapping(one: list[tuple[Key, Any]], other: list[tuple[Key, Any]]) -> Iterator[tuple[Key, Key]]:
    """A sweep in text order: one document can hold thousands of labels."""
    marked = [(*_span(label), key, True, _reader(label)) for key, label in one]
    marked += [(*_span(label), key, False, _reader(label)) for key, label in other]
    live: list[tuple[int, Key, bool, str]] = []
    for start, end, key, is_ours, reader in sorted(marked):
        live = [item for item in live if item[0] > start]
        for _, rival, rival_is_ours, of in live:
            if rival_is_ours is not is_ours and of == reader:
                yield (key, rival) if is_ours else (rival, key)
        live.append((end, key, is_ours, reader))


def _decisions(ours: Items, theirs: Items) -> Iterator[tuple[Key, Key]]:
    """Decisions that the two sides do not have alike, each with the label that it made."""
    for key in keys_of(ours, theirs):
        if key.table not in (SUGGESTION, TO_PLACE) or ours.get(key) == theirs.get(key):
            continue
        for side in (ours, theirs):
            label = Key(LABEL, ((side.get(key) or {}).get("decision") or {}).get("label") or "")
            if ours.get(label) != theirs.get(label):
                yield key, label


def _with_what_belongs(groups: list[list[Key]], links: Iterable[tuple[Key, Key]]) -> list[set[Key]]:
    """A label in conflict takes along its twin, the decision that made it, and so on."""
    roots = {key for group in groups for key in group}
    return [group for group in closed([*groups, *links]) if group & roots]
