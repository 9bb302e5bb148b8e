"""What came of a job, and how that looks backwards on the state as it is by then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Label, Stamp, Suggestion, Verdict
from tui_labeler.engine.actions import CLEARED, JOB, REDO, UNDO
from tui_labeler.engine.changes import drop_label, drop_suggestion, put, put_label
from tui_labeler.engine.history.counting import Tally, document_of
from tui_labeler.engine.history.moved_since import MovedSince
from tui_labeler.engine.ports import Change
from tui_labeler.engine.readings.made_alike import revived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import State, Surroundings, Transaction


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
    moved: MovedSince = field(default_factory=MovedSince)
    """Where the words stand today of what it took the place of."""

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
                self.touched.add(document_of(change))
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
            numbers = {document_of(change) for change in transaction.changes}
            self._drop(lambda key, row: int(key.partition("/")[0]) in numbers)
        elif transaction.action == UNDO and transaction.job:
            self._drop(lambda key, row: row["job"] == transaction.job)

    def replaced_in(self, ids: Sequence[int]) -> list[Change]:
        """What would come back into some documents, as it was."""
        numbers = set(ids)
        changes = (Change(table, key, None, row) for (table, key), row in self.replaced.items())
        return [change for change in changes if document_of(change) in numbers]

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
        change._replace(after=trace.moved.today(document_of(change), change.after))
        for change in trace.replaced_in(sorted(numbers))
        if change.after is not None
        and change.after["category"] in state.categories
        and state.raw(change.table, change.key) is None
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
