"""Labels of two sides that meet: the same made twice, and those that can't both stand.

One document can hold hundreds of thousands of labels, all at one place if somebody wants it so: this takes
steps in proportion to their number, whatever they look like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from typing import Any

from tui_labeler.domain.items import CONFLICT, LABEL, SUGGESTION, TO_PLACE, Items, Key
from tui_labeler.domain.projects import ProjectKind


def is_active(label: Any) -> bool:
    return label is not None and label.get("removed") is None


def one_of_twins(
    values: dict[Key, Any], base: Items, ours: Items, theirs: Items, drafts: Set[Key]
) -> list[tuple[Key, Key]]:
    """Labels of one category on the same words, made on both sides: the smaller id stays, or the one that is
    saved.

    Returns the pairs.
    """
    twins: list[tuple[Key, Key]] = []
    known = _Known()
    for key, _ in _fresh(ours, base):
        if values[key] is not CONFLICT and is_active(values[key]):
            known.add(key, values[key])
    for key, _ in _fresh(theirs, base):
        label = values[key]
        if label is CONFLICT or not is_active(label):
            continue
        twin = known.find(label)
        if twin is not None and twin != key and is_active(values[twin]):
            stays, goes = (key, twin) if twin in drafts else (min(key, twin), max(key, twin))
            values[goes] = None if goes in drafts else {**values[goes], "removed": values[goes]["made"]}
            twins.append((stays, goes))
    _repoint(values, {goes.id: stays.id for stays, goes in twins})
    return twins


class _Known:
    """Labels by what they say. The same span of another text is at other words; a label that does not say of
    which text it is may be of any."""

    def __init__(self) -> None:
        self._by_text: dict[tuple[_Meaning, str], Key] = {}
        self._of_any: dict[_Meaning, Key] = {}

    def add(self, key: Key, label: Mapping[str, Any]) -> None:
        meaning = _meaning(label)
        self._by_text.setdefault((meaning, _text(label)), key)
        self._of_any.setdefault(meaning, key)

    def find(self, label: Mapping[str, Any]) -> Key | None:
        meaning, text = _meaning(label), _text(label)
        alike = self._by_text.get((meaning, text)) or self._by_text.get((meaning, ""))
        return alike if alike or text else self._of_any.get(meaning)


def _repoint(values: dict[Key, Any], stays_of: Mapping[str, str]) -> None:
    """A decision names the label that it made; that which stays may have gone for another afterwards."""
    if not stays_of:
        return
    for key, row in values.items():
        if key.table in (SUGGESTION, TO_PLACE) and row not in (None, CONFLICT):
            decision = row.get("decision")
            made = str(decision.get("label") or "") if decision else ""
            label = made
            while label in stays_of:
                label = stays_of[label]
            if label != made:
                values[key] = {**row, "decision": {**decision, "label": label}}


def meeting(
    kind: ProjectKind, values: Mapping[Key, Any], base: Items, ours: Items, theirs: Items
) -> Iterator[tuple[Key, Key]]:
    """Labels, one of each side, that can't both stand; what stood together before still may.

    Not every pair of them, but so many that they belong together as all pairs would have it.
    """
    if kind is ProjectKind.MULTI_LABEL:
        return
    marked = [
        (*_span(label), key, is_ours, _reader(label))
        for is_ours, side in ((True, ours), (False, theirs))
        for key, label in _standing(side, base, values)
    ]
    live: defaultdict[tuple[str, bool, bool], list[tuple[int, Key]]] = defaultdict(list)
    for start, end, key, is_ours, reader in sorted(marked):
        stood = is_active(base.get(key))
        for rival_stood in (False,) if stood else (False, True):
            place = (reader, not is_ours, rival_stood)
            if place in live:
                met, live[place] = _met(live[place], start, key)
                for rival in met:
                    yield (key, rival) if is_ours else (rival, key)
        live[reader, is_ours, stood].append((end, key))


def _met(live: list[tuple[int, Key]], start: int, key: Key) -> tuple[list[Key], list[tuple[int, Key]]]:
    """Which of some labels reach beyond where ``key`` starts, and how they are kept for those that come.

    They belong together from here on, for they all meet ``key``: one stands for all, as far as the longest
    reaches. The same label of the other side is no rival, and is kept by itself.
    """
    rivals = [item for item in live if item[0] > start and item[1] != key]
    same = [item for item in live if item[0] > start and item[1] == key]
    kept = [(max(end for end, _ in rivals), rivals[0][1])] if rivals else []
    return [rival for _, rival in rivals], kept + same


def _standing(side: Items, base: Items, values: Mapping[Key, Any]) -> Iterator[tuple[Key, Any]]:
    """A side's fresh labels as they will be there."""
    for key, label in _fresh(side, base):
        value = label if values[key] is CONFLICT else values[key]
        if is_active(value):
            yield key, value


def _fresh(side: Items, base: Items) -> Iterator[tuple[Key, Any]]:
    """Active labels that a side has made, changed or brought back."""
    for key, label in side.items():
        if key.table == LABEL and is_active(label) and base.get(key) != label:
            yield key, label


_Meaning = tuple[str, str, int, int]


def _text(label: Mapping[str, Any]) -> str:
    """The hash of the text whose words a label is on; empty for a class, which holds for any."""
    return str(label.get("text_hash", "")) if label.get("span") else ""


def _meaning(label: Mapping[str, Any]) -> _Meaning:
    start, end = _span(label)
    return _reader(label), label["category"], start, end


def _reader(label: Mapping[str, Any]) -> str:
    """Readings of one document stand beside each other, and beside the project's own labels."""
    return str(label.get("reader", ""))


def _span(label: Mapping[str, Any]) -> tuple[int, int]:
    """A class is of the whole document: all of them are at one place."""
    span = label.get("span")
    return (span["start"], span["end"]) if span else (0, 1)
