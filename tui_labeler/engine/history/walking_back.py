"""Which action of a person an undo, or a redo, is about: a walk back through the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_labeler.engine.actions import (
    CREATED,
    DECIDE,
    DECISION,
    JOB,
    MOVE,
    NOT_UNDOABLE,
    REDO,
    UNDO,
)
from tui_labeler.engine.history.moved_since import MovedSince
from tui_labeler.engine.history.taking_back import job_of
from tui_labeler.engine.ports import Transaction

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore


@dataclass(slots=True)
class Found:
    """An action to take back or to do again, and what others have to say in it."""

    transactions: tuple[Transaction, ...] = ()
    """Its parts, newest first; none where nothing is left."""
    later: set[str] = field(default_factory=set)
    """Keys of labels that were touched since."""
    back: dict[str, set[str]] = field(default_factory=dict)
    """Jobs that were taken back since, and by whom."""
    moved: MovedSince = field(default_factory=MovedSince)
    """What has followed its words since."""


class Walk:
    """Takes in the history, newest first, until it has the newest action that can be taken back.

    An undo, or a redo, that could do nothing stands in the history with no changes: what it was about is
    settled, for every later session too. A person who has taken a job back has settled what they had done
    to its suggestions before.
    """

    def __init__(self, actor: str, *, redo: bool) -> None:
        self._actor = actor
        self._redo = redo
        self._settled: dict[str, bool] = {}
        self._again: set[str] = set()
        """Jobs that were done again since they were taken back."""
        self._jobs: list[Transaction] = []
        self._parts: list[Transaction] = []
        self._found = Found()

    @property
    def found(self) -> Found:
        """To be asked for at the end."""
        self._found.transactions = tuple(self._parts or ([] if self._redo else self._jobs[:1]))
        return self._found

    def take(self, transaction: Transaction) -> bool:
        """Takes in the next older transaction; whether the walk goes on."""
        parts = self._parts
        if parts and (not parts[-1].note.get("continues") or parts[0].action == JOB):
            return False
        if transaction.action == CREATED:
            return False
        if parts and transaction.group == parts[0].group and transaction.actor == self._actor:
            parts.append(transaction)
            return True
        if transaction.action == MOVE:
            self._found.moved.take(transaction)
            return True
        self._found.later.update(change.key for change in transaction.changes if change.table == "label")
        if parts:
            return True
        is_mine = transaction.actor == self._actor
        if transaction.action in (UNDO, REDO):
            if is_mine and self._is_target(transaction):
                parts.append(transaction)
            else:
                self._note_job(transaction)
            return True
        return not is_mine or self._weigh(transaction)

    def _is_target(self, transaction: Transaction) -> bool:
        """Settles what an undo or a redo was about; whether it is the undo that is to be done again."""
        target = str(transaction.note.get("of", ""))
        first = target not in self._settled
        did_nothing = not transaction.changes and DECISION not in transaction.note
        self._settled.setdefault(target, transaction.action == UNDO or did_nothing)
        return self._redo and first and transaction.action == UNDO and not did_nothing

    def _note_job(self, transaction: Transaction) -> None:
        job = transaction.job
        if not job:
            return
        if transaction.action == REDO:
            if transaction.changes:
                self._again.add(job)
        elif job not in self._again:
            self._found.back.setdefault(job, set()).add(transaction.actor)

    def _weigh(self, transaction: Transaction) -> bool:
        """Looks at an action of this person; whether the walk goes on."""
        if transaction.action in NOT_UNDOABLE or self._settled.get(transaction.group, False):
            return True
        if transaction.action == JOB and transaction.note.get("continues"):
            # A job has its place among a person's actions where it began, however long it goes on.
            self._jobs.append(transaction)
            return True
        if self._is_void(transaction):
            return True
        if self._redo:
            return False
        self._parts.append(transaction)
        return True

    def _is_void(self, transaction: Transaction) -> bool:
        """Whether all that an action did was to what this person has taken back with its job."""
        return transaction.action not in (JOB, DECIDE) and all(
            self._actor in self._found.back.get(job_of(change), ()) for change in transaction.changes
        )


async def find(store: ProjectStore, actor: str, *, redo: bool) -> Found:
    """The newest action of a person that can be taken back (or done again)."""
    await store.refresh()
    walk = Walk(actor, redo=redo)
    async for transaction in store.history():
        if not walk.take(transaction):
            break
    return walk.found
