"""Merging what two sides made of one document.

Items are saved labels and tombstones, suggestions, words to place, and what is said of the document as a
whole. No label and no decision of either side is lost: it goes through, or it is a conflict and stays where
it is until a person has decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from functools import partial
from typing import Any

from tui_labeler.domain.items import (
    CONFLICT,
    EXTRA,
    FIELD,
    LABEL,
    SUGGESTION,
    TO_PLACE,
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
)
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.merging_labels import is_active, meeting, one_of_twins
from tui_labeler.engine.sharing.merging_readings import (
    CHOICES,
    REVIEWED,
    SETTLED,
    adjudications,
    choices,
    earlier,
    finished,
    given_apart,
    is_settled_otherwise,
    when,
)

PLACE_IN_FILE = frozenset({"order", "no_dataset"})
"""Of a document's ``extra``: where an imported labels file had it. It is nobody's decision."""


def merge(
    kind: ProjectKind,
    base: Items,
    ours: Items,
    theirs: Items,
    drafts: Set[Key] = frozenset(),
    text_hash: str = "",
) -> Merged:
    """Merges two sides of a document.

    The same label made on both sides becomes one, with the smaller id. Labels of both sides that meet, but
    say something else, are a conflict, together with the decisions that made them. ``drafts`` are items of
    ours that are not saved: they stay here, and give way to the same from the other side.

    A label that the other side misses without a tombstone is not removed: the container was set back to an
    earlier day, or lost what it had said to be written. It is written again, and so is a decision that went
    with it: by itself a decision that is missing was taken back.

    Where two machines have moved one label with its words, each to another text, the one stands that is on
    the document's text, whose hash is ``text_hash``; empty where that is not known.
    """
    theirs = {**theirs, **_lost(base, theirs)}
    values = merged_items(base, ours, theirs, partial(_resolve, text_hash))
    if is_settled_otherwise(values, base, ours, theirs):
        values[CHOICES] = CONFLICT
    for key in drafts:
        if values[key] is not CONFLICT and theirs.get(key) != base.get(key):
            values[key] = theirs.get(key)
    twins = one_of_twins(values, base, ours, theirs, drafts)
    groups = [[key] for key, value in values.items() if value is CONFLICT]
    groups += [list(pair) for pair in meeting(kind, values, base, ours, theirs)]
    groups += [keys] if (keys := given_apart(values, base, ours, theirs, drafts)) else []
    links = [*twins, *_decisions(ours, theirs), *adjudications(ours, theirs)] if groups else []
    # What both sides hold alike stands together on either: there is nothing to decide.
    together = _with_what_belongs(groups, links)
    apart = [group for group in together if only(ours, group) != only(theirs, group)]
    merged = settled(values, base, ours, theirs, apart)
    unsaved = {key for key in drafts if base.get(key) == theirs.get(key)}
    return replace(
        merged,
        theirs=_as_before(merged.theirs, theirs, unsaved),
        base=_as_before(merged.base, base, unsaved),
    )


def _lost(base: Items, theirs: Items) -> dict[Key, Any]:
    """Labels that the other side misses without a tombstone, and then suggestions with a decision too."""
    if all(key in theirs for key in base if key.table == LABEL):
        return {}
    labels = {key: row for key, row in base.items() if key.table == LABEL and key not in theirs}
    decided = {
        key: row
        for key, row in base.items()
        if key.table in (SUGGESTION, TO_PLACE)
        and row.get("decision")
        and not (theirs.get(key) or {}).get("decision")
    }
    return labels | decided


def _as_before(items: Items, before: Items, keys: Set[Key]) -> Items:
    return {key: row for key, row in items.items() if key not in keys} | only(before, keys)


def undone(base: Items, held: Set[str], now: str, gone: Mapping[str, str] | None = None) -> dict[Key, Any]:
    """Labels of the base of which a side has undone the making, ``held`` being the ids that it holds.

    Each as one that its maker removed: nobody undoes what another has made. ``gone`` says when, by id; else
    it was ``now``. What a side has merely lost is not to be among them: see :mod:`losses`.
    """
    return {
        key: row
        if row.get("removed")
        else {**row, "removed": {"actor": row["made"]["actor"], "time": (gone or {}).get(key.id, now)}}
        for key, row in base.items()
        if key.table == LABEL and key.id not in held
    }


# --- items that both have changed -------------------------------------------------------------------


_PLACE = ("span", "text_hash")


def _resolve(text_hash: str, key: Key, base: Any, ours: Any, theirs: Any) -> Any:
    if key.table in (LABEL, SUGGESTION) and ours and theirs:
        ours, theirs = _moved_alike(text_hash, base or {}, ours, theirs)
    if key.table == LABEL:
        return _label(base, ours, theirs)
    if key.table in (SUGGESTION, TO_PLACE):
        return _suggestion(base, ours, theirs)
    if key in (REVIEWED, SETTLED) and ours and theirs:
        return earlier(ours, theirs)
    if key == (FIELD, "finished"):
        return finished(base or (), ours or (), theirs or ())
    if key == CHOICES:
        return choices(base or (), ours or (), theirs or ())
    if key.table == EXTRA and key.id in PLACE_IN_FILE:
        return theirs
    return CONFLICT


def _moved_alike(
    text_hash: str, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Both sides with the place that counts, where machines alone have moved what they hold to other texts.

    Of two places that are both on texts of earlier days either will do: a person has to look again.
    A place that a person has set is left to the merge, and so are two on one text.
    """
    places = [[side.get(name) for name in _PLACE] for side in (base, ours, theirs)]
    is_set = any(side.get("kept") != base.get("kept") for side in (ours, theirs))
    is_of_one_side = places[0] in places[1:]
    if not text_hash or is_set or is_of_one_side or places[1][1] == places[2][1]:
        return ours, theirs
    on_text = [place for place in places[1:] if place[1] == text_hash]
    place = dict(zip(_PLACE, on_text[0] if on_text else first_of(*places[1:]), strict=True))
    return {**ours, **place}, {**theirs, **place}


def _label(base: Any, ours: Any, theirs: Any) -> Any:
    """Both removed: the earlier removal. Removed by one and left as it was by the other: it is gone.

    Where the other has said something else of it since, its category, its ends, or where it stands on a
    changed text, the two are at odds: who removed it did not know of that.
    """
    if ours is None or theirs is None:
        there = ours if theirs is None else theirs
        return CONFLICT if is_active(there) else there
    if is_active(ours) is not is_active(theirs) and _is_said_anew(base, ours, theirs):
        return CONFLICT
    merged, conflicts = merged_fields(base, ours, theirs, _label_field, (_PLACE,))
    if not conflicts:
        return merged
    if is_active(merged):
        return CONFLICT
    # It is gone on either side; what it was last is of no weight, but is to be the same everywhere.
    return {**first_of(ours, theirs), "removed": merged["removed"]}


def _is_said_anew(base: Any, ours: Any, theirs: Any) -> bool:
    """Whether of a label that one side removed the other has said what it is, not knowing of that."""
    stands, gone = (ours, theirs) if is_active(ours) else (theirs, ours)
    if base is not None and not is_active(base):
        return False
    known = (stands.get("text_hash"), (base or gone).get("text_hash"))
    # A place on another text is where a machine has moved it; a person's word on that is what is kept.
    names = ("category", "span", "kept") if known[0] == known[1] else ("category", "kept")
    said = ((stands.get(name), gone.get(name), (base or gone).get(name)) for name in names)
    return any(now not in (None, there, before) for now, there, before in said)


def _label_field(name: str, base: Any, ours: Any, theirs: Any) -> Any:
    if name in ("removed", "kept") and ours and theirs:
        return earlier(ours, theirs)
    return CONFLICT


def _suggestion(base: Any, ours: Any, theirs: Any) -> Any:
    """A decision stays, whatever a job or a training has made of the suggestion elsewhere."""
    if ours is None or theirs is None:
        there = ours if theirs is None else theirs
        return there if there.get("decision") else None
    merged, conflicts = merged_fields(base, ours, theirs, _decided, (_PLACE,))
    return CONFLICT if conflicts else merged


def _decided(name: str, base: Any, ours: Any, theirs: Any) -> Any:
    if name != "decision" or not (ours and theirs) or ours["verdict"] != theirs["verdict"]:
        return CONFLICT
    return min(ours, theirs, key=lambda said: (said.get("label") or "", *when(said["stamp"])))


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
