"""What an action, or a job, looks like backwards, on the state as it is by then."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Label, Stamp, Suggestion, Verdict
from tui_labeler.domain.occupied import Occupied
from tui_labeler.engine.actions import CLEARED, DECIDE, DELETE, JOB, MERGE, REDO, UNDO
from tui_labeler.engine.changes import drop_label, drop_suggestion, put, put_label
from tui_labeler.engine.ports import Change
from tui_labeler.engine.readings.made_alike import revived
from tui_labeler.engine.rows import to_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import State, Surroundings, Transaction


_IN_CATEGORIES = frozenset({"label", "suggestion", "to_place"})


class Tally:
    """What was taken back, over several transactions."""

    def __init__(self) -> None:
        self.refused = 0
        self._tables: Counter[str] = Counter()
        self.documents: set[int] = set()

    def count(self, changes: Sequence[Change]) -> None:
        self._tables += tables_of(changes)
        self.documents.update(
            _document(change) for change in changes if change.table not in ("project", "category")
        )

    @property
    def items(self) -> int:
        return items_in(self._tables)


def tables_of(changes: Iterable[Change]) -> Counter[str]:
    """Changed items a table; a suggestion that stands with the label made of it is left out."""
    changes = list(changes)
    paired = set()
    for change in changes:
        row = change.after or change.before or {}
        if change.table == "label" and row.get("suggestion"):
            paired.add(f"{_document(change)}/{row['suggestion']}")
    return Counter(
        change.table for change in changes if change.table != "suggestion" or change.key not in paired
    )


def items_in(tables: Counter[str]) -> int:
    """Labels and suggestions are counted both; what changed with them is part of the same step."""
    return sum(tables[table] for table in _IN_CATEGORIES) or max(tables.values(), default=0)


def _document(change: Change) -> int:
    return int(change.key.partition("/")[0])


def job_of(change: Change) -> str:
    """The job that a label, a suggestion or words to place came of; empty where there is none."""
    row = change.after or change.before or {}
    return str(row.get("job") or "") if change.table in _IN_CATEGORIES else ""


def inverse(
    transaction: Transaction, later: Set[str], back: Mapping[str, Set[str]], tally: Tally, state: State
) -> list[Change]:
    """The changes backwards, for every item that is still as the action left it.

    An item is refused where taking it back would break what others have done since: a label would meet
    one of ``later`` (keys of labels that were touched after the action), or name a category that is gone.
    Nothing that came of a job of ``back`` (jobs taken back since, and by whom) comes back to life.
    """
    wanted = {
        (change.table, change.key): Change(change.table, change.key, change.after, change.before)
        for change in reversed(transaction.changes)
        if state.raw(change.table, change.key) == change.after
    }
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
    spared = state.raw("suggestion", f"{_document(change)}/{label.suggestion}") is not None
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
        row = state.rows.get(_document(change))
        if not reader or row is None:
            return False
        return reader not in row.readers if action in (DELETE, MERGE) else reader in row.finishers
    if change.table == "document" and (change.before or {}).get("readers", []):
        document = state.whole(_document(change))
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
        if table not in _IN_CATEGORIES or row is None or _is_dead(row):
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
        number = _document(change)
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
        and ("label", f"{_document(change)}/{decision.get('label')}") in labels
    ]


@dataclass(slots=True)
class JobTrace:
    """All that a job did to the project, read from the history from its beginning."""

    job: str
    found: bool = False
    """Whether anything ever came of the job."""
    touched: set[int] = field(default_factory=set)
    replaced: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Undecided suggestions of other jobs that it took the place of, by table and key."""
    back: set[str] = field(default_factory=set)
    """Who has taken it back, since it last did something."""
    gone_by: str = ""
    """The last action that took suggestions of the job away."""

    def take(self, transaction: Transaction) -> None:
        """Takes in the next transaction."""
        if any(_takes_away(change, self.job) for change in transaction.changes):
            self.gone_by = transaction.action
        if transaction.job == self.job and transaction.action == UNDO:
            self.back.add(transaction.actor)
        elif transaction.job == self.job and transaction.changes:
            self.back.clear()
        if transaction.job == self.job and transaction.action in (JOB, REDO):
            self.found = True
            for change in transaction.changes:
                self.touched.add(_document(change))
                if change.table == "label" or change.after is not None or change.before is None:
                    continue
                if change.before["job"] != self.job:
                    self.replaced[change.table, change.key] = change.before
        elif transaction.job == self.job and transaction.action == UNDO:
            for change in transaction.changes:
                self.replaced.pop((change.table, change.key), None)
        elif transaction.action == CLEARED:
            self.replaced.clear()
        elif transaction.action == JOB:
            numbers = {_document(change) for change in transaction.changes}
            self._drop(lambda key, row: int(key.partition("/")[0]) in numbers)
        elif transaction.action == UNDO and transaction.job:
            self._drop(lambda key, row: row["job"] == transaction.job)

    def _drop(self, gone: Callable[[str, dict[str, Any]], bool]) -> None:
        """What something else has replaced or taken back since does not come back."""
        self.replaced = {
            (table, key): row for (table, key), row in self.replaced.items() if not gone(key, row)
        }


def _takes_away(change: Change, job: str) -> bool:
    return change.table == "suggestion" and change.after is None and (change.before or {}).get("job") == job


def without_job(
    trace: JobTrace, ids: Sequence[int], tally: Tally, around: Surroundings, state: State
) -> list[Change]:
    """The changes that take a job's suggestions out of some documents, and those it replaced back in."""
    changes: list[Change] = []
    numbers = {number for number in ids if number in state.rows}
    for number in sorted(numbers):
        document = state.whole(number)
        for suggestion in document.suggestions.values():
            if suggestion.job == trace.job:
                step = _without(state, document, suggestion, around)
                tally.refused += step is None
                changes += step or ()
        for label in document.labels.values():
            if label.job == trace.job and label.is_active and not _is_verdict(document, label):
                is_mine = label.made.actor == around.actor
                tally.refused += not is_mine and label.suggestion not in document.suggestions
                changes += _unlabeled(state, document, label, around) if is_mine else ()
        changes += [
            put(state, "to_place", f"{number}/{item.id}", None)
            for item in document.to_place.values()
            if item.job == trace.job
        ]
    changes += [
        Change(table, key, None, row)
        for (table, key), row in trace.replaced.items()
        if int(key.partition("/")[0]) in numbers
        and row["category"] in state.categories
        and state.raw(table, key) is None
    ]
    tally.count(changes)
    return revived({(change.table, change.key): change for change in changes}, around.actor, state)


def _without(
    state: State, document: Document, suggestion: Suggestion, around: Surroundings
) -> list[Change] | None:
    """A suggestion's removal, with the label that this person made of it; ``None`` when somebody else
    decided."""
    decision = suggestion.decision
    gone = [drop_suggestion(state, document, suggestion.id)]
    if decision is None:
        return gone
    if decision.stamp.actor != around.actor:
        return None
    label = document.labels.get(decision.label or "")
    if decision.verdict is Verdict.REJECTED or label is None or not label.is_active:
        return gone
    return [*gone, *_unlabeled(state, document, label, around)]


def _is_verdict(document: Document, label: Label) -> bool:
    """Whether a label is what accepting its suggestion made, and not what it was changed into."""
    source = document.suggestions.get(label.suggestion or "")
    return bool(source and source.decision and source.decision.label == label.id)


def _unlabeled(state: State, document: Document, label: Label, around: Surroundings) -> list[Change]:
    if label.draft:
        return [drop_label(state, document, label.id)]
    return [put_label(state, document, replace(label, removed=Stamp(around.actor, around.now())))]
