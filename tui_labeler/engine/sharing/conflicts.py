"""What a sync leaves to a person: both sides in words, and putting an end to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tui_labeler.domain.items import LABEL, READERS, Conflict, Items, Key, only
from tui_labeler.domain.labels import Stamp
from tui_labeler.engine.actions import DECIDE, DECISION
from tui_labeler.engine.changes import put_category, put_project
from tui_labeler.engine.errors import InputError, NotFoundError
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.ports.sharing import UNSETTLED, Agreed, AgreedProject
from tui_labeler.engine.sharing.conflict_words import Told, both_sides
from tui_labeler.engine.sharing.decisions import Decision, words_of
from tui_labeler.engine.sharing.deletions import deletions
from tui_labeler.engine.sharing.merging import merge
from tui_labeler.engine.sharing.merging_labels import is_active
from tui_labeler.engine.sharing.merging_readings import CHOICES, fits
from tui_labeler.engine.sharing.project_form import (
    CATEGORY,
    FILE,
    merge_project,
    project_items,
    to_category,
    with_items,
)
from tui_labeler.engine.sharing.shared_form import document_changes, document_items

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings
    from tui_labeler.engine.ports.sharing import SyncBase

Side = Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True)
class LabelConflict:
    """Something that two sides have made differently."""

    location: str
    """The document's; ``project.json`` for categories and settings."""
    id: str
    """Names it among those of its location."""
    ours: tuple[Told, ...]
    """What this home holds, a line each."""
    theirs: tuple[Told, ...]
    """What the container holds."""
    items: Conflict

    @property
    def reason(self) -> str:
        """In words, for both sides."""
        ours, theirs = ("; ".join(line.words for line in side) for side in (self.ours, self.theirs))
        return f"here {ours or 'nothing'} – in the container {theirs or 'nothing'}"

    def quoted(self, text: str, text_hash: str) -> LabelConflict:
        """With the words of the document that the lines are about."""
        ours, theirs = (
            tuple(line.quoted(text, text_hash) for line in side) for side in (self.ours, self.theirs)
        )
        return replace(self, ours=ours, theirs=theirs)

    @property
    def is_of_project(self) -> bool:
        return self.location == FILE


async def open_conflicts(store: ProjectStore, base: SyncBase, actor: str) -> tuple[LabelConflict, ...]:
    """By location, those of the project first; the container is not asked.

    Those inside somebody's reading of a document are shown to nobody but ``actor`` themselves, until all
    its readers are done: from then on their readings are in view of all.
    """
    state = store.state
    project = await base.project()
    gone = {key: deletion.name for key, deletion in deletions(project.keys).items()}
    found = [in_words(state, FILE, conflict, gone) for conflict in _of_project(state, project)]
    numbers = [
        number for number, mark in (await base.marks()).items() if mark.is_open and number in state.rows
    ]
    agreed = await base.agreed(numbers)
    for number in sorted(agreed, key=lambda number: state.rows[number].location):
        document = state.whole(number)
        found += [
            in_words(state, document.location, c, gone)
            for c in _of_document(state, document, agreed[number])
            if _is_open(state.rows[number]) or not _is_of_another(c, actor)
        ]
    return tuple(found)


def _is_open(row: DocumentRow) -> bool:
    """Whether what its readers have made is in view of all."""
    return row.settled or row.waits_for_adjudication


def _is_of_another(conflict: Conflict, actor: str) -> bool:
    """One about who reads a document is everybody's: its words say nothing of what is in a reading."""
    if READERS in conflict.keys:
        return False
    rows = (*conflict.ours.values(), *conflict.theirs.values())
    return any(isinstance(row, Mapping) and row.get("reader", actor) != actor for row in rows)


def _of_project(state: State, agreed: AgreedProject) -> tuple[Conflict, ...]:
    ours = project_items(state.project, state.categories, agreed.base)
    return merge_project(agreed.base, ours, agreed.held).conflicts


def _of_document(state: State, document: Document, agreed: Agreed) -> tuple[Conflict, ...]:
    ours, drafts = document_items(document, agreed.base)
    return merge(state.project.kind, agreed.base, ours, agreed.held, drafts, document.text_hash).conflicts


def in_words(state: State, location: str, conflict: Conflict, gone: Mapping[str, str]) -> LabelConflict:
    """``gone`` has the names of categories that were deleted, by id."""
    number = state.document_id(location)
    readers = () if number is None else state.rows[number].readers
    first = next((key for key in conflict.keys if key.table == LABEL), conflict.keys[0])
    for named in (CHOICES, READERS):
        first = named if named in conflict.keys else first
    return LabelConflict(location, first.id, *both_sides(state, readers, conflict, gone), conflict)


# --- putting an end to it ---------------------------------------------------------------------------


async def resolve(
    store: ProjectStore,
    base: SyncBase,
    surroundings: Surroundings,
    location: str,
    take: Side,
    item: str | None,
    quoted: Callable[[LabelConflict], Awaitable[LabelConflict]] | None = None,
) -> tuple[LabelConflict, ...]:
    """Decides the conflicts of a document, or one of them by its id; returns what was decided.

    What is not taken is not lost: a label that gives way leaves a tombstone, and the history shows it. The
    next sync carries the decision to the others. It is one step of its decider, in words with those that
    ``quoted`` adds, and can be taken back. Raises ``NotFoundError`` when there is no such conflict.
    """
    async with base.held():
        await store.refresh()
        chosen = [
            conflict
            for conflict in await open_conflicts(store, base, surroundings.actor)
            if conflict.location == location and item in (None, conflict.id)
        ]
        if not chosen:
            what = f"{location}, {item}" if item else location
            raise NotFoundError(
                f"There is no conflict in {what}.", hint="`tui-labeler sync` lists the conflicts there are."
            )
        if quoted is not None:
            chosen = [await quoted(conflict) for conflict in chosen]
        stamp = Stamp(surroundings.actor, surroundings.now())
        if location == FILE:
            await _settle_project(store, base, chosen, take, stamp)
        else:
            number = store.state.document_id(location)
            if number is None:
                raise InputError(f"There is no document {location!r} in the project.")
            await _settle_document(store, base, number, chosen, take, stamp)
    return tuple(chosen)


async def _settle_document(
    store: ProjectStore, base: SyncBase, number: int, chosen: list[LabelConflict], take: Side, stamp: Stamp
) -> None:
    agreed = (await base.agreed([number]))[number]
    keys = _keys(chosen)

    def plan(state: State) -> Plan:
        document = state.whole(number)
        before, drafts = document_items(document, agreed.base, stamp.time)
        after: dict[Key, Any] = dict(before)
        for conflict in chosen:
            after |= _wanted(conflict.items, before, drafts, take, stamp)
        kept = {key: row for key, row in after.items() if row is not None}
        changes = document_changes(state, document, before, kept)
        return _decided(number, keys, agreed, only(kept, keys), chosen, take, changes)

    await store.commit(stamp.actor, plan)
    settled = _with_theirs(agreed.base, agreed.held, keys)
    await base.put({number: replace(agreed, base=settled, revision=UNSETTLED)})


async def _settle_project(
    store: ProjectStore, base: SyncBase, chosen: list[LabelConflict], take: Side, stamp: Stamp
) -> None:
    agreed = await base.project()
    keys = _keys(chosen)

    def plan(state: State) -> Plan:
        ours = project_items(state.project, state.categories, agreed.base)
        wanted = _with_theirs(ours, agreed.held, keys) if take == "theirs" else ours
        changes: list[Change] = [put_project(state, with_items(state.project, wanted))]
        changes += [
            put_category(state, to_category(key.id, wanted[key]))
            for key in keys
            if key.table == CATEGORY and key in wanted
        ]
        return _decided(None, keys, agreed, only(wanted, keys), chosen, take, changes)

    await store.commit(stamp.actor, plan)
    await base.put_project(replace(agreed, base=_with_theirs(agreed.base, agreed.held, keys)))


def _keys(chosen: Sequence[LabelConflict]) -> list[Key]:
    return [key for conflict in chosen for key in conflict.items.keys]


def _decided(
    number: int | None,
    keys: Sequence[Key],
    agreed: Agreed | AgreedProject,
    after: Items,
    chosen: Sequence[LabelConflict],
    take: Side,
    changes: Sequence[Change],
) -> Plan:
    """The decision as one step, with all that taking it back needs."""
    ours, theirs = (
        [line.words for conflict in chosen for line in (conflict.ours, conflict.theirs)[side]]
        for side in (0, 1)
    )
    words = words_of(ours, theirs) if take == "ours" else words_of(theirs, ours)
    decision = Decision(number, tuple(keys), only(agreed.base, keys), only(agreed.held, keys), after, words)
    return Plan(DECIDE, changes, note={DECISION: decision.row()}, is_event=True)


def _wanted(conflict: Conflict, before: Items, drafts: Set[Key], take: Side, stamp: Stamp) -> dict[Key, Any]:
    """What this side is to hold of a conflict's items; ``None`` for one that goes without a trace."""
    here = only(before, conflict.keys)
    kept, gone = (conflict.theirs, here) if take == "theirs" else (here, conflict.theirs)
    removed = {"actor": stamp.actor, "time": stamp.time}
    found: dict[Key, Any] = {}
    for key in conflict.keys:
        row = kept.get(key, gone.get(key))
        is_out = key not in kept or (READERS in conflict.keys and key.table == LABEL and not fits(row, kept))
        if not is_out:
            found[key] = row
        elif row is None or key in drafts or key.table != LABEL:
            found[key] = None
        else:
            found[key] = {**row, "removed": removed} if is_active(row) else row
    return found


def _with_theirs(items: Items, theirs: Items, keys: list[Key]) -> dict[Key, Any]:
    gone = set(keys)
    settled = {key: row for key, row in items.items() if key not in gone}
    return settled | only(theirs, keys)
