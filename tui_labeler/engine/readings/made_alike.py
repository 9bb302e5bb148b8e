"""Labels that two people have made alike.

A sync makes one of them: the other leaves a tombstone that says it was removed when it was made, which no
person can do. When the maker of the one that stays takes it back, the other's comes back to life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Label, Span
from tui_labeler.engine.ports import Change
from tui_labeler.engine.rows import to_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import State


def revived(changes: Mapping[tuple[str, str], Change], actor: str, state: State) -> list[Change]:
    """``changes``, by table and key, with what comes back because ``actor`` takes back a label of theirs.

    A decision that the two had alike stands as the other's then.
    """
    found = dict(changes)
    twins: dict[int, dict[_Meaning, list[Label]]] = {}
    for change in changes.values():
        if change.table != "label" or not change.before:
            continue
        label = to_value(change.before, Label, f"label {change.key}")
        if label.made.actor != actor or not label.is_active or _is_active(change):
            continue
        document = state.whole(int(change.key.partition("/")[0]))
        if document.id not in twins:
            twins[document.id] = _removed_when_made(document)
        twin = _twin(twins[document.id], label)
        if twin is None or ("label", f"{document.id}/{twin.id}") in found:
            continue
        for extra in _coming_back(state, document, label, twin, found):
            found[extra.table, extra.key] = extra
    return list(found.values())


def _is_active(change: Change) -> bool:
    return change.after is not None and to_value(change.after, Label, f"label {change.key}").is_active


_Meaning = tuple[str, Span | None, str]


def _meaning(label: Label) -> _Meaning:
    return label.category, label.span, label.reader


def _removed_when_made(document: Document) -> dict[_Meaning, list[Label]]:
    found: dict[_Meaning, list[Label]] = {}
    for label in document.labels.values():
        if label.removed == label.made:
            found.setdefault(_meaning(label), []).append(label)
    return found


def _twin(among: Mapping[_Meaning, Sequence[Label]], label: Label) -> Label | None:
    alike = among.get(_meaning(label), ())
    return next((other for other in alike if other.made.actor != label.made.actor), None)


def _coming_back(
    state: State,
    document: Document,
    label: Label,
    twin: Label,
    changes: Mapping[tuple[str, str], Change],
) -> Iterator[Change]:
    key = f"{document.id}/{twin.id}"
    row = state.raw("label", key)
    assert row is not None
    yield Change("label", key, row, {name: value for name, value in row.items() if name != "removed"})
    for table, items in (("suggestion", document.suggestions), ("to_place", document.to_place)):
        for item_id, item in items.items():
            place = f"{document.id}/{item_id}"
            if item.decision is None or item.decision.label != label.id:
                continue
            change = changes.get((table, place))
            if change is not None and change.after is None:
                continue  # it goes with its job
            is_twins = item.decision.stamp.actor == twin.made.actor or twin.suggestion == item_id
            stored = state.raw(table, place)
            if is_twins and stored is not None:
                yield Change(
                    table, place, stored, {**stored, "decision": _decision(stored["decision"], twin)}
                )


def _decision(decision: Mapping[str, Any], twin: Label) -> dict[str, Any]:
    stamp = {"actor": twin.made.actor, "time": twin.made.time}
    return {**decision, "label": twin.id, "stamp": stamp}
