"""Taking back what happened, and doing it again: single decisions, bulk ones, a whole job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from tui_labeler.engine.actions import (
    ADDED,
    DECIDE,
    DECISION,
    JOB,
    REDO,
    UNDO,
    action_words,
)
from tui_labeler.engine.errors import ConflictError, NotFoundError, RefusedError
from tui_labeler.engine.history.counting import Tally, document_of
from tui_labeler.engine.history.entries import Entry, entry_of
from tui_labeler.engine.history.moved_since import BOUND
from tui_labeler.engine.history.taking_back import inverse
from tui_labeler.engine.history.taking_back_jobs import JobTrace, without_job
from tui_labeler.engine.history.undone import Undone, category_names_of, ids_of, sizes_of, undone_of
from tui_labeler.engine.history.walking_back import Found, find
from tui_labeler.engine.ports import Plan, Transaction
from tui_labeler.engine.turns import BATCH, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from tui_labeler.engine.history.moved_since import MovedSince, Texts
    from tui_labeler.engine.ports import Change, ProjectStore, State, Surroundings


class OtherSide(Protocol):
    """The container, as far as decisions of conflicts with it are taken back."""

    async def turn(self, made: Transaction, plan: Plan, later: Set[str]) -> Transaction | None:
        """Takes a decision back, or an undo of one, as ``plan`` says; ``None`` where something that it was
        about has been changed since. ``later`` are keys of labels that were touched since.

        Raises ``LockedError`` while this home syncs the project.
        """


class History:
    """The journal, seen from one person: undo takes back their own actions, newest first."""

    def __init__(
        self,
        store: ProjectStore,
        surroundings: Surroundings,
        other_side: OtherSide | None = None,
        texts: Texts | None = None,
    ) -> None:
        self._store = store
        self._texts = texts
        self._other_side = other_side
        self._surroundings = surroundings

    async def undoable(self) -> tuple[Transaction, ...]:
        """The transactions of the action that :meth:`undo` would take back, newest first; perhaps none."""
        return (await find(self._store, self._surroundings.actor, redo=False)).transactions

    async def undo(
        self, asked: Sequence[Transaction] = (), progress: Progress | None = None
    ) -> Undone | None:
        """Takes back this person's last action, a whole job too. ``None`` when nothing is left.

        ``asked`` is what :meth:`undoable` gave, where a person was shown it: then that is taken back, or
        nothing. Once ``progress`` was stopped what is left of the action stays; a redo does again what was
        taken back until then. Raises ``ConflictError`` when it is not the last action by then, and
        ``RefusedError`` when all of it has been changed again since: the next call goes on to the action
        before, in whatever session.
        """
        found = await find(self._store, self._surroundings.actor, redo=False)
        if asked and _name_of(asked[0]) != _name_of(*found.transactions[:1]):
            raise _not_the_last(asked[0], found)
        if not found.transactions or found.transactions[0].action != JOB:
            return await self._invert(found, UNDO, progress)
        undone = await self.undo_job(found.transactions[0].job, progress)
        if not undone.items:
            raise _refusal(JOB, UNDO)
        return undone

    async def redoable(self) -> str | None:
        """The action that :meth:`redo` would do again; ``None`` where there is none."""
        found = (await find(self._store, self._surroundings.actor, redo=True)).transactions
        return str(found[0].note.get("action", found[0].action)) if found else None

    async def redo(self, progress: Progress | None = None) -> Undone | None:
        """Does again what was undone last, unless something was done since. ``None`` when there is none.

        Raises ``RefusedError`` as :meth:`undo`.
        """
        found = await find(self._store, self._surroundings.actor, redo=True)
        return await self._invert(found, REDO, progress)

    async def _invert(self, found: Found, action: str, progress: Progress | None = None) -> Undone | None:
        transactions = found.transactions
        if not transactions:
            return None
        first = transactions[0]
        if DECISION in first.note:
            return await self._turn(found, action)
        of = str(first.note["of"]) if action == REDO else first.group
        group = self._surroundings.new_id()
        # Who does a job again wants what came of it, whoever took it back since.
        back = {job: who for job, who in found.back.items() if job != first.job}
        tally = Tally()
        note: dict[str, Any] = {"of": of, "action": first.note.get("action", first.action)}
        made, stopped = None, False
        progress = progress or Progress()
        progress.unit = "change"
        sizes = await asyncio.to_thread(sizes_of, transactions)
        for number, transaction in enumerate(transactions):
            progress.done, progress.total = sum(sizes[:number]), sum(sizes)
            stopped = progress.stopped
            if stopped:
                break
            shell = Plan(action, (), group=group, job=transaction.job, note=dict(note))
            await self._look(found.moved, transaction.changes)
            plan = partial(_backwards, transaction, found, back, shell, tally)
            made = await self._store.commit(self._surroundings.actor, plan)
            await asyncio.sleep(0)
            if tally.items:
                note["continues"] = True
        if stopped and not tally.items:
            return None
        if not tally.items:
            await self._settle(action, group, first.job, note)
            raise _refusal(str(note["action"]), action, is_text=bool(tally.unsure))
        return replace(
            # Of a very large action this takes a while: keys go on.
            await asyncio.to_thread(undone_of, str(note["action"]), transactions, tally),
            stopped=stopped,
            made=made if len(transactions) == 1 else None,
            left=0 if action == REDO else max(int(each.note.get(ADDED, 0)) for each in transactions),
        )

    async def _look(self, moved: MovedSince, changes: Iterable[Change]) -> None:
        """Finds out where what the changes are about stands in the texts of today."""
        rows = (
            (document_of(change), row)
            for change in changes
            if change.table in BOUND
            for row in (change.before, change.after)
        )
        await moved.look(self._texts, self._store.state, rows)

    async def _turn(self, found: Found, action: str) -> Undone:
        """Takes back what was decided between two sides, or decides it again: as a whole, or not at all."""
        made, group = found.transactions[0], self._surroundings.new_id()
        of = str(made.note["of"]) if action == REDO else made.group
        note: dict[str, Any] = {"of": of, "action": DECIDE}
        plan = Plan(action, (), group=group, note={**note, DECISION: made.note[DECISION]})
        turn = None if self._other_side is None else await self._other_side.turn(made, plan, found.later)
        if turn is None:
            await self._settle(action, group, "", note)
            raise _refusal(DECIDE, action)
        number = made.note[DECISION]["document"]
        documents = () if number is None else (int(number),)
        return Undone(
            DECIDE,
            1,
            documents,
            categories=category_names_of([turn]),
            suggestions=ids_of([turn], "suggestion"),
        )

    async def _settle(self, action: str, group: str, job: str, note: dict[str, Any]) -> None:
        """Puts down that nothing could be done, for the next undo, of whatever session, to go on."""
        event = Plan(action, (), group=group, job=job, note=note, is_event=True)
        await self._store.commit(self._surroundings.actor, lambda _: event)

    async def undo_job(self, job_id: str, progress: Progress | None = None) -> Undone:
        """Takes back all that came of a job: its suggestions, and labels this person accepted from them.

        One that is still at work suggests more. Undecided suggestions that the job had replaced come back.
        What somebody else accepted or rejected, or changed since, stays and is counted. No undo brings
        anything of it back later; a redo does.
        Raises ``NotFoundError`` when nothing came of the job.
        """
        await self._store.refresh()
        trace = JobTrace(job_id)
        async for transaction in self._store.history(newest_first=False):
            trace.take(transaction)
        if not trace.found:
            raise NotFoundError(f"Nothing came of a job {job_id!r}.", hint="`tui-labeler jobs` lists them.")
        tally = Tally()
        ids = sorted(trace.touched)
        group = self._surroundings.new_id()
        for start in range(0, len(ids), BATCH):
            if progress is not None:
                progress.done, progress.total = start, len(ids)
            batch = ids[start : start + BATCH]
            await self._look(trace.moved, trace.replaced_in(batch))
            plan = partial(self._take_back, trace, batch, group, tally)
            await self._store.commit(self._surroundings.actor, plan)
        if not tally.items and self._surroundings.actor not in trace.back:
            await self._settle(UNDO, group, job_id, {"of": job_id, "action": JOB})
        documents = tuple(sorted(tally.documents))
        return Undone(JOB, tally.items, documents, tally.refused, gone_by=trace.gone_by, job=job_id)

    def _take_back(self, trace: JobTrace, ids: Sequence[int], group: str, tally: Tally, state: State) -> Plan:
        note: dict[str, Any] = {"of": trace.job, "action": JOB}
        if tally.items:
            note["continues"] = True
        changes = without_job(trace, ids, tally, self._surroundings, state)
        return Plan(UNDO, changes, group=group, job=trace.job, note=note)

    async def entries(self, *, document: int | None = None, limit: int | None = None) -> AsyncIterator[Entry]:
        """The history, newest first, of the project or of one document."""
        await self._store.refresh()
        count = 0
        async for transaction in self._store.history():
            entry = entry_of(self._store.state, transaction, document, self._surroundings.actor)
            if entry is not None:
                yield entry
                count += 1
                if limit is not None and count >= limit:
                    return


def _backwards(
    transaction: Transaction,
    found: Found,
    back: Mapping[str, Set[str]],
    shell: Plan,
    tally: Tally,
    state: State,
) -> Plan:
    return replace(shell, changes=inverse(transaction, found.later, back, tally, state, found.moved))


def _refusal(of: str, action: str, *, is_text: bool = False) -> RefusedError:
    verb = f"{'Taking back' if action == UNDO else 'Doing again'} ({action_words(of)})"
    if is_text:
        return RefusedError(
            f"{verb}: the text has changed since, and where the labels were before can't be told; all stays.",
            hint=f"Remove or change the labels by hand; the next {action} goes further back.",
            on_screen=f"The next {action} goes further back.",
        )
    return RefusedError(
        f"{verb}: all that it changed has been changed again since, and stays.",
        hint=f"The history (`tui-labeler history`) says by whom; the next {action} goes further back.",
        on_screen=f"The next {action} goes further back.",
    )


def _name_of(transaction: Transaction | None = None) -> str:
    """What tells an action from every other one; a job goes on under many groups."""
    if transaction is None:
        return ""
    return transaction.job if transaction.action == JOB else transaction.group


def _not_the_last(asked: Transaction, found: Found) -> ConflictError:
    last = found.transactions[0] if found.transactions else None
    other = f"your last action is {action_words(last.action)!r} by now" if last else "that was done meanwhile"
    return ConflictError(
        f"Nothing was taken back of {action_words(asked.action)!r}: {other}.",
        hint="The history (`tui-labeler history`) lists what was done; the next undo begins anew.",
        on_screen="u asks anew.",
    )
