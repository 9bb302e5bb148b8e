"""What an action looks like backwards, on the state as it is by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Label
from tui_labeler.domain.occupied import Occupied
from tui_labeler.engine.actions import DECIDE, DELETE, MERGE
from tui_labeler.engine.history.counting import IN_CATEGORIES, Tally, document_of
from tui_labeler.engine.history.moved_since import BOUND, MovedSince, crossing
from tui_labeler.engine.ports import Change
from tui_labeler.engine.readings.made_alike import revived
from tui_labeler.engine.rows import to_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from tui_labeler.engine.ports import State, Transaction


def job_of(change: Change) -> str:
    """The job that a label, a suggestion or words to place came of; empty where there is none."""
    row = change.after or change.before or {}
    return str(row.get("job") or "") if change.table in IN_CATEGORIES else ""


def inverse(
    transaction: Transaction,
    later: Set[str],
    back: Mapping[str, Set[str]],
    tally: Tally,
    state: State,
    moved: MovedSince | None = None,
) -> list[Change]:
    """The changes backwards, for every item that is still as the action left it, or has only followed its
    words since, as ``moved`` knows.

    An item is refused where taking it back would break what others have done since: a label would meet
    one of ``later`` (keys of labels that were touched after the action), or name a category that is gone.
    Nothing that came of a job of ``back`` (jobs taken back since, and by whom) comes back to life.
    """
    wanted = _turned(transaction, moved or MovedSince(), tally, state)
    wanted = dict(_without_revived(wanted, back, state)) if back else wanted
    action = str(transaction.note.get("action", transaction.action))
    wanted = {place: change for place, change in wanted.items() if not _is_closed(change, action, state)}
    for refused in _used_categories(wanted, state):
        del wanted["category", refused]
    gone = {key for (table, key), change in wanted.items() if table == "category" and change.after is None}
    categories = {key for table, key in wanted if table == "category"} | set(state.categories)
    refused_labels = set(_crowded(wanted, later, state))
    for place in [*_homeless(wanted, categories - gone), *refused_labels, *_beside(wanted, refused_labels)]:
        wanted.pop(place, None)
    changes = list(wanted.values())
    expected = sum(job_of(change) not in back for change in transaction.changes)
    tally.refused += expected - sum(job_of(change) not in back for change in changes)
    tally.count(changes)
    return revived(wanted, transaction.actor, state)


_Wanted = dict[tuple[str, str], Change]


def _turned(transaction: Transaction, moved: MovedSince, tally: Tally, state: State) -> _Wanted:
    """Every change the other way round that the items as they stand allow."""
    turned = (moved.backwards(change, state) for change in reversed(transaction.changes))
    wanted = {(change.table, change.key): change for change in turned if change is not None}
    left = {change.key: change.after for change in transaction.changes if change.table == "label"}
    unsure = crossing(wanted.values(), left, state)
    if unsure:
        tally.unsure |= unsure
        wanted = {
            place: change
            for place, change in wanted.items()
            if change.table not in BOUND or document_of(change) not in unsure
        }
    return wanted


def _without_revived(
    wanted: _Wanted, back: Mapping[str, Set[str]], state: State
) -> Iterator[tuple[tuple[str, str], Change]]:
    """What is wanted, less what would bring back something of a job that was taken back.

    A suggestion that was decided, and spared for that, goes when the decision does. A label comes back only
    where its suggestion was spared, and never one of somebody who took the job back.
    """
    labels = {
        ("label", key)
        for (table, key), change in wanted.items()
        if table == "label" and _is_revived(change, back, state)
    }
    decisions = set(_beside(wanted, labels))
    for (table, key), change in wanted.items():
        row = change.after
        if (table, key) in labels or (table, key) in decisions:
            continue
        if table in ("suggestion", "to_place") and row is not None and row["job"] in back:
            if change.before is None:
                continue
            if row.get("decision") is None:
                yield (table, key), change._replace(after=None)
                continue
        yield (table, key), change


def _is_revived(change: Change, back: Mapping[str, Set[str]], state: State) -> bool:
    """Whether a label of a job that was taken back would come back to life."""
    if change.after is None or job_of(change) not in back:
        return False
    label = to_value(change.after, Label, f"label {change.key}")
    before = change.before and to_value(change.before, Label, f"label {change.key}")
    if not label.is_active or (before and before.is_active):
        return False
    spared = state.raw("suggestion", f"{document_of(change)}/{label.suggestion}") is not None
    return not spared or label.made.actor in back[label.job or ""]


def _is_closed(change: Change, action: str, state: State) -> bool:
    """Whether it would change a reading that its reader is done with, or take a document from its readers
    that they have begun with.

    A category that goes, or comes back, takes the labels of all readings along. A decision between two sides
    that is taken back is open again, with all that either side has.
    """
    if action == DECIDE:
        return False
    if change.table == "label":
        reader = (change.after or change.before or {}).get("reader", "")
        row = state.rows.get(document_of(change))
        if not reader or row is None:
            return False
        return reader not in row.readers if action in (DELETE, MERGE) else reader in row.finishers
    if change.table == "document" and (change.before or {}).get("readers", []):
        document = state.whole(document_of(change))
        is_taken = (change.after or {}).get("readers", []) != list(document.readers)
        begun = any(label.reader and not label.removed for label in document.labels.values())
        return is_taken and bool(begun or document.finished)
    return False


def _used_categories(wanted: _Wanted, state: State) -> set[str]:
    """Categories that would go while something still names them."""
    going = {key for (table, key), change in wanted.items() if table == "category" and change.after is None}
    used: set[str] = set()
    if not going:
        return used
    for number in state.rows:
        document = state.whole(number)
        items = [
            ("label", label.id, label.category) for label in document.labels.values() if not label.removed
        ]
        items += [("suggestion", item.id, item.category) for item in document.suggestions.values()]
        items += [("to_place", item.id, item.category) for item in document.to_place.values()]
        for table, item_id, category in items:
            change = wanted.get((table, f"{number}/{item_id}"))
            stays = change is None or (
                change.after is not None
                and change.after["category"] == category
                and not _is_dead(change.after)
            )
            if stays and category in going:
                used.add(category)
    return used


def _is_dead(row: dict[str, Any]) -> bool:
    return row.get("removed") is not None


def _homeless(wanted: _Wanted, categories: Set[str]) -> Iterator[tuple[str, str]]:
    for (table, key), change in wanted.items():
        row = change.after
        if table not in IN_CATEGORIES or row is None or _is_dead(row):
            continue
        if row["category"] not in categories:
            yield table, key


def _crowded(wanted: _Wanted, later: Set[str], state: State) -> Iterator[tuple[str, str]]:
    """Labels that would come back where another one has been put since."""
    put_since: dict[tuple[int, str], Occupied] = {}
    for (table, key), change in wanted.items():
        if table != "label" or change.after is None:
            continue
        label = to_value(change.after, Label, f"label {key}")
        if not label.is_active:
            continue
        number = document_of(change)
        others = put_since.get((number, label.reader))
        if others is None:
            others = put_since[number, label.reader] = Occupied(
                state.project.kind,
                (
                    other
                    for other in state.whole(number).labels.values()
                    if other.reader == label.reader
                    and f"{number}/{other.id}" in later
                    and ("label", f"{number}/{other.id}") not in wanted
                ),
            )
        if others.meets(label.category, label.span):
            yield table, key


def _beside(wanted: _Wanted, labels: Set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Decisions that made labels which do not come back."""
    return [
        (table, key)
        for (table, key), change in wanted.items()
        if table == "suggestion"
        and change.after is not None
        and (decision := change.after.get("decision"))
        and ("label", f"{document_of(change)}/{decision.get('label')}") in labels
    ]
