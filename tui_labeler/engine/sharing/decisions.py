"""Taking back what a person decided between two sides, and doing it again.

A decision stands in the history with what both sides held. To take it back is to hold again what was held
here, and to take the container for what it was: the conflict is open again, and the next sync writes to the
container what others had made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.items import LABEL, Items, Key, only
from tui_labeler.domain.labels import Stamp
from tui_labeler.engine.actions import DECISION, REDO, UNDO
from tui_labeler.engine.history.counting import Tally
from tui_labeler.engine.history.taking_back import inverse
from tui_labeler.engine.ports.sharing import UNSETTLED, Agreed
from tui_labeler.engine.sharing.merging_labels import is_active
from tui_labeler.engine.sharing.shared_form import document_items, file_name

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Plan, ProjectStore, State, Surroundings, Transaction
    from tui_labeler.engine.ports.sharing import AgreedProject, SyncBase


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision was about, as the history keeps it."""

    document: int | None
    """``None``: categories and settings."""
    keys: tuple[Key, ...]
    base: Items
    """Of the items, what both sides agreed on before."""
    theirs: Items
    """What the container held."""
    after: Items
    """What this side held once it was decided."""
    words: str
    """What stands and what gave way, with their makers."""

    def row(self) -> dict[str, Any]:
        """As it is stored."""
        items = [
            [*key, *(side.get(key) for side in (self.base, self.theirs, self.after))] for key in self.keys
        ]
        return {"document": self.document, "items": items, "words": self.words}


def decision_of(transaction: Transaction) -> Decision:
    """What a transaction decided, took back, or decided again."""
    row = transaction.note[DECISION]
    rows = {Key(table, item_id): values for table, item_id, *values in row["items"]}
    base, theirs, after = (
        {key: values[side] for key, values in rows.items() if values[side] is not None} for side in range(3)
    )
    return Decision(row["document"], tuple(rows), base, theirs, after, row["words"])


class Decisions:
    """Those of one project."""

    def __init__(self, store: ProjectStore, base: SyncBase, surroundings: Surroundings) -> None:
        self._store = store
        self._base = base
        self._surroundings = surroundings

    async def turn(self, made: Transaction, plan: Plan, later: Set[str]) -> Transaction | None:
        """Takes a decision back, or an undo of one, as ``plan`` says.

        ``None`` where something that it was about has been changed since. ``later`` are keys of labels that
        were touched since. Raises ``LockedError`` while this home syncs the project.
        """
        decision = decision_of(made)

        def turned(state: State) -> Plan | None:
            if plan.action == UNDO and not _is_as_decided(state, decision):
                return None
            tally = Tally()
            changes = inverse(made, later, {}, tally, state)
            return None if tally.refused else replace(plan, changes=changes, is_event=True)

        async with self._base.held():
            await self._store.refresh()
            if plan.action == REDO:
                done = await self._store.commit(self._surroundings.actor, turned)
                if done is not None:
                    await self._note(decision, is_open=False)
                return done
            # What both sides agree on goes first: while they hold the same, an open conflict is none.
            before = await self._note(decision, is_open=True)
            done = await self._store.commit(self._surroundings.actor, turned)
            if done is None:
                await self._put(decision.document, before)
            return done

    async def _note(self, decision: Decision, *, is_open: bool) -> Agreed | AgreedProject:
        """Notes that the items are open again, or decided; gives back what was noted before."""
        number = decision.document
        before: Agreed | AgreedProject
        if number is None:
            before = await self._base.project()
        else:
            location = self._store.state.rows[number].location
            nothing = Agreed(file_name(location), "", UNSETTLED, {}, {})
            before = (await self._base.agreed([number])).get(number, nothing)
        stamp = Stamp(self._surroundings.actor, self._surroundings.now())
        base, wanted = _reopened(decision, before, stamp) if is_open else _closed(decision, before)
        await self._put(number, replace(before, base=base, wanted=wanted))
        return before

    async def _put(self, document: int | None, agreed: Agreed | AgreedProject) -> None:
        if isinstance(agreed, Agreed):
            assert document is not None
            await self._base.put({document: replace(agreed, revision=UNSETTLED)})
        else:
            await self._base.put_project(agreed)


def _is_as_decided(state: State, decision: Decision) -> bool:
    if decision.document is None or decision.document not in state.rows:
        return decision.document is None
    held, _ = document_items(state.whole(decision.document), decision.after)
    return only(held, decision.keys) == decision.after


def _reopened(
    decision: Decision, agreed: Agreed | AgreedProject, stamp: Stamp
) -> tuple[Mapping[Key, Any], Mapping[Key, Any]]:
    """What both agree on, and what the container is to hold instead of what it holds.

    A label that came into the container by the decision leaves a tombstone there.
    """
    base, wanted = dict(agreed.base), dict(agreed.wanted)
    for key in decision.keys:
        then, now = decision.theirs.get(key), agreed.held.get(key)
        if then is None and now is not None and key.table == LABEL:
            removed = {"actor": stamp.actor, "time": stamp.time}
            then = base[key] = {**now, "removed": removed} if is_active(now) else now
        elif key in decision.base:
            base[key] = decision.base[key]
        else:
            base.pop(key, None)
        wanted.pop(key, None)
        if agreed.theirs.get(key) != then:
            wanted[key] = then
    return base, wanted


def _closed(
    decision: Decision, agreed: Agreed | AgreedProject
) -> tuple[Mapping[Key, Any], Mapping[Key, Any]]:
    keys = set(decision.keys)
    base = {key: row for key, row in agreed.base.items() if key not in keys}
    wanted = {key: row for key, row in agreed.wanted.items() if key not in keys}
    return base | only(agreed.theirs, decision.keys), wanted


def words_of(stands: Sequence[str], gave_way: Sequence[str]) -> str:
    """What was decided, in one line."""
    return f"stands: {'; '.join(stands) or 'nothing'} – gave way: {'; '.join(gave_way) or 'nothing'}"
