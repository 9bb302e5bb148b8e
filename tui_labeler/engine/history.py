"""What happened, and taking it back: single decisions, bulk ones, a whole job."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Suggestion, Verdict
from tui_labeler.engine.changes import drop_label, drop_suggestion, put_label
from tui_labeler.engine.errors import NotFoundError, RefusedError
from tui_labeler.engine.ports import Change, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings, Transaction

UNDO, REDO = "undo", "redo"
NOT_UNDOABLE = frozenset({"documents.sync", "project.create", UNDO, REDO})

ACTIONS = {
    "label.add": "label",
    "label.add_all": "label all occurrences",
    "label.remove": "remove label",
    "label.change": "change label",
    "labels.save": "save labels",
    "labels.import": "import labels",
    "suggestion.accept": "accept",
    "suggestion.reject": "reject",
    "suggestion.accept_all": "accept all",
    "suggestion.reject_all": "reject all",
    "suggestions.delete": "delete suggestions at training",
    "document.review": "mark as reviewed",
    "document.flag": "flag document",
    "document.set": "change documents",
    "documents.sync": "read the container",
    "category.add": "add category",
    "category.set": "change category",
    "category.rename": "rename category",
    "category.merge": "merge categories",
    "category.delete": "delete category",
    "project.settings": "change settings",
    "project.create": "create the project",
    "job.suggest": "autolabel",
    UNDO: "undo",
    REDO: "redo",
}
"""Every action in words."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, or done again."""

    action: str
    items: int
    """Decisions, labels or other things: an accepted suggestion and its label are one."""
    documents: tuple[int, ...]
    """Ids of the documents that changed."""
    refused: int = 0
    """Items that somebody has changed since, and that stay as they are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history as people read it."""

    seq: int
    time: str
    who: str
    action: str
    location: str | None
    category: str | None
    job: str | None
    items: int


class History:
    """The journal, seen from one person: undo takes back their own actions, newest first."""

    def __init__(self, store: ProjectStore, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings
        self._refused: set[str] = set()

    async def undoable(self) -> tuple[Transaction, ...]:
        """The transactions of the action that :meth:`undo` would take back, newest first; perhaps none."""
        return await self._find(redo=False)

    async def undo(self) -> Undone | None:
        """Takes back this person's last action, a whole job too. ``None`` when nothing is left.

        Raises ``RefusedError`` when somebody else has changed all of it since; the next call then goes
        on to the action before.
        """
        found = await self._find(redo=False)
        if found and found[0].action == "job.suggest":
            return await self.undo_job(found[0].job)
        return await self._invert(found, UNDO)

    async def redo(self) -> Undone | None:
        """Does again what was undone last, unless something was done since. ``None`` when there is none."""
        return await self._invert(await self._find(redo=True), REDO)

    async def _find(self, *, redo: bool) -> tuple[Transaction, ...]:
        """Walks back to the newest action of this person that can be taken back (or done again)."""
        await self._store.refresh()
        settled: dict[str, bool] = {}
        group = ""
        found: list[Transaction] = []
        async for transaction in self._store.history():
            if found and (not found[-1].note.get("continues") or found[0].action == "job.suggest"):
                break
            if found and transaction.group != group:
                continue
            if transaction.actor != self._surroundings.actor:
                continue
            if found:
                found.append(transaction)
            elif transaction.action in (UNDO, REDO):
                target = str(transaction.note.get("of", ""))
                first = target not in settled
                settled.setdefault(target, transaction.action == UNDO)
                if redo and first and transaction.action == UNDO:
                    group, found = transaction.group, [transaction]
            elif not self._is_settled(transaction, settled):
                if redo:
                    return ()
                group, found = transaction.group, [transaction]
        return tuple(found)

    def _is_settled(self, transaction: Transaction, settled: dict[str, bool]) -> bool:
        group = transaction.group
        return transaction.action in NOT_UNDOABLE or settled.get(group, False) or group in self._refused

    async def _invert(self, transactions: Sequence[Transaction], action: str) -> Undone | None:
        if not transactions:
            return None
        first = transactions[0]
        of = str(first.note["of"]) if action == REDO else first.group
        group = self._surroundings.new_id()
        tally = _Tally()
        for transaction in transactions:
            note: dict[str, Any] = {"of": of, "action": first.note.get("action", first.action)}
            if tally.items:
                note["continues"] = True
            plan = partial(_inverse, transaction, Plan(action, (), group=group, note=note), tally)
            await self._store.commit(self._surroundings.actor, plan)
        if not tally.items:
            self._refused.add(of)
            raise RefusedError(
                "What the last action changed has been changed again since, by somebody else.",
                hint="The history (`tui-labeler history`) says by whom.",
            )
        return Undone(str(note["action"]), tally.items, tuple(sorted(tally.documents)), tally.refused)

    async def undo_job(self, job_id: str) -> Undone:
        """Takes back all that came of a job: its suggestions, and labels this person accepted from them.

        Undecided suggestions that the job had replaced come back. What somebody else accepted or rejected,
        or changed since, stays and is counted. Raises ``NotFoundError`` when nothing came of the job.
        """
        await self._store.refresh()
        touched: set[int] = set()
        replaced: dict[str, dict[str, Any]] = {}
        async for transaction in self._store.history(newest_first=False):
            if transaction.job == job_id and transaction.action == "job.suggest":
                for change in transaction.changes:
                    touched.add(int(change.key.partition("/")[0]))
                    if change.after is None and change.before is not None:
                        replaced[change.key] = change.before
        if not touched:
            raise NotFoundError(f"Nothing came of a job {job_id!r}.", hint="`tui-labeler jobs` lists them.")
        tally = _Tally()
        ids = sorted(touched)
        group = self._surroundings.new_id()
        for start in range(0, len(ids), 2000):
            plan = partial(self._take_back, job_id, ids[start : start + 2000], replaced, group, tally)
            await self._store.commit(self._surroundings.actor, plan)
        return Undone("job.suggest", tally.items, tuple(sorted(tally.documents)), tally.refused)

    def _take_back(
        self,
        job_id: str,
        ids: Sequence[int],
        replaced: dict[str, dict[str, Any]],
        group: str,
        tally: _Tally,
        state: State,
    ) -> Plan:
        changes: list[Change] = []
        for document_id in ids:
            if document_id not in state.rows:
                continue
            document = state.document(document_id)
            own = [s for s in document.suggestions.values() if s.job == job_id]
            for suggestion in own:
                step = self._without(state, document, suggestion)
                tally.refused += step is None
                changes += step or ()
            if own:
                tally.documents.add(document_id)
        back = [
            Change("suggestion", key, None, before)
            for key, before in replaced.items()
            if int(key.partition("/")[0]) in ids and state.raw("suggestion", key) is None
        ]
        note: dict[str, Any] = {"of": job_id, "action": "job.suggest"}
        if tally.items:
            note["continues"] = True
        tally.count([*changes, *back])
        return Plan(UNDO, [*changes, *back], group=group, job=job_id, note=note)

    def _without(self, state: State, document: Document, suggestion: Suggestion) -> list[Change] | None:
        decision = suggestion.decision
        gone = [drop_suggestion(state, document, suggestion.id)]
        if decision is None:
            return gone
        if decision.stamp.actor != self._surroundings.actor:
            return None
        label = document.labels.get(decision.label or "")
        if decision.verdict is Verdict.REJECTED or label is None or not label.is_active:
            return gone
        if label.draft:
            return [*gone, drop_label(state, document, label.id)]
        from_now = replace(label, removed=replace(label.made, time=self._surroundings.now()))
        return [*gone, put_label(state, document, from_now)]

    async def entries(self, *, document: int | None = None, limit: int | None = None) -> AsyncIterator[Entry]:
        """The history, newest first, of the project or of one document."""
        await self._store.refresh()
        count = 0
        async for transaction in self._store.history():
            entry = _entry(self._store.state, transaction, document)
            if entry is not None:
                yield entry
                count += 1
                if limit is not None and count >= limit:
                    return


class _Tally:
    def __init__(self) -> None:
        self.refused = 0
        self._tables: Counter[str] = Counter()
        self.documents: set[int] = set()

    def count(self, changes: Sequence[Change]) -> None:
        self._tables.update(change.table for change in changes)

    @property
    def items(self) -> int:
        return max(self._tables.values(), default=0)


def _inverse(transaction: Transaction, shell: Plan, tally: _Tally, state: State) -> Plan:
    """The changes backwards, for every item that is still as the action left it."""
    changes: list[Change] = []
    for table, key, before, after in reversed(transaction.changes):
        if state.raw(table, key) != after:
            tally.refused += 1
            continue
        changes.append(Change(table, key, after, before))
        tally.count(changes[-1:])
        if table not in ("project", "category"):
            tally.documents.add(int(key.partition("/")[0]))
    return replace(shell, changes=changes, job=transaction.job)


def _entry(state: State, transaction: Transaction, document: int | None) -> Entry | None:
    """A transaction in short, or ``None`` when it does not touch the document."""
    numbers: set[int] = set()
    categories: set[str] = set()
    tables: Counter[str] = Counter()
    for table, key, before, after in transaction.changes:
        if table == "category":
            categories.add(str((after or before or {}).get("name", key)))
        elif table != "project":
            number = int(key.partition("/")[0])
            if document is not None and number != document:
                continue
            numbers.add(number)
            category = state.categories.get(str((after or before or {}).get("category", "")))
            if category:
                categories.add(category.name)
        tables[table] += 1
    if document is not None and document not in numbers:
        return None
    row = state.rows.get(next(iter(numbers))) if len(numbers) == 1 else None
    return Entry(
        seq=transaction.seq,
        time=transaction.time,
        who=transaction.actor,
        action=transaction.action,
        location=row.location if row else None,
        category=next(iter(categories)) if len(categories) == 1 else None,
        job=transaction.job or None,
        items=max(tables.values(), default=0),
    )
