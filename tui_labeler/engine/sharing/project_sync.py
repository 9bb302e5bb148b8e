"""Syncing a project's settings and categories with its container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.items import Conflict, Items, Key, Merged, agreed_after, only
from tui_labeler.domain.labels import Stamp
from tui_labeler.engine.actions import DOERS, PROJECT_SYNCED
from tui_labeler.engine.category_going import without
from tui_labeler.engine.changes import put, put_category, put_project
from tui_labeler.engine.errors import ConflictError, FormatError, InputError, NotFoundError, OutdatedError
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.ports.sharing import AgreedProject, laid_over
from tui_labeler.engine.sharing.deletions import Deletion, deletions, users_of, with_deletions
from tui_labeler.engine.sharing.losses import lost_categories
from tui_labeler.engine.sharing.project_form import (
    CATEGORY,
    SharedProject,
    in_order,
    merge_project,
    project_file,
    project_items,
    read_project,
    to_category,
    with_items,
    written_project,
)

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore, Shelf, State, Surroundings
    from tui_labeler.engine.ports.sharing import SyncBase

TRIES = 8
"""Times that a file is merged anew because somebody else was faster."""


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    agreed: AgreedProject
    conflicts: tuple[Conflict, ...]
    waiting: tuple[str, ...]
    """Ids of categories that the container no longer has, and that are still to be deleted here."""


class ProjectSync:
    """Merges the project's own file. It goes first: documents name its categories."""

    def __init__(self, store: ProjectStore, shelf: Shelf, base: SyncBase, surroundings: Surroundings) -> None:
        self._store = store
        self._shelf = shelf
        self._base = base
        self._surroundings = surroundings
        self._notes: list[str] = []
        self._gone: dict[str, dict[str, Any]] = {}
        """Categories of the container that this side has deleted, by id."""
        self._back_for_others: set[str] = set()
        """Those of them that are here again, because documents of the container name them."""
        self.has_taken = self.has_written = False
        """Whether this sync has brought something of categories or settings in, or out."""

    def begin(self) -> None:
        """A sync begins: what is told is told of it."""
        self._notes, self._gone, self._back_for_others = [], {}, set()
        self.has_taken = self.has_written = False

    def notes(self) -> tuple[str, ...]:
        """What a person should hear of the syncs since this was last asked: names that were given twice."""
        told, self._notes = tuple(self._notes), []
        return told

    async def sync(self, etag: str | None, *, pull: bool, push: bool) -> ProjectOutcome:
        """``etag`` is that of the listing; ``None`` where the file is not there.

        Raises ``FormatError`` for a file that can't be read: without it, no document can.
        """
        for _ in range(TRIES):
            agreed = await self._fetched(etag)
            try:
                return await self._merged(agreed, pull=pull, push=push)
            except OutdatedError:
                etag = ""
        raise ConflictError("Others write the project's file all the time.", hint="Sync again.")

    async def _fetched(self, etag: str | None) -> AgreedProject:
        """What was agreed on, with what the container holds at this moment."""
        agreed = await self._base.project()
        if etag is None:
            # Somebody removed it: what is here is written again.
            return replace(agreed, etag="", base={}, theirs={}, order=(), wanted={})
        if etag and etag == agreed.etag:
            return agreed
        name = project_file(self._store.state.project.id)
        try:
            data, etag = await self._shelf.get(name)
        except NotFoundError:
            return replace(agreed, etag="", base={}, theirs={}, order=(), wanted={})
        try:
            shared = read_project(data)
        except FormatError as error:
            raise FormatError(
                f"{name}: {error.message}", hint=error.hint or "Repair the file in the container."
            ) from error
        project = self._store.state.project
        if shared.kind is not project.kind:
            raise InputError(
                f"{name} is of a {shared.kind} project, and {project.name} is {project.kind}.",
                hint="Others have given the name to theirs. Export your labels, and make your project anew "
                "under another name with that file (`project create --labels FILE`).",
                on_screen="Others have given the name to theirs. Export your labels (E), and make your "
                "project anew under another name with that file.",
            )
        same = [key for key in agreed.wanted if shared.items.get(key) == agreed.theirs.get(key)]
        return replace(
            agreed,
            etag=etag,
            theirs=shared.items,
            order=shared.order,
            keys=shared.keys or {},
            wanted=only(agreed.wanted, same),
        )

    async def _merged(self, agreed: AgreedProject, *, pull: bool, push: bool) -> ProjectOutcome:
        lost = await lost_categories(self._store, agreed.base)
        # As if nothing had been agreed on: what the container has of them comes back.
        agreed = replace(agreed, base={key: row for key, row in agreed.base.items() if key not in lost})
        if pull:
            await self._one_name_once(agreed)
        state = self._store.state
        ours = project_items(state.project, state.categories, agreed.base)
        self._gone |= {
            key.id: row for key, row in agreed.held.items() if key.table == CATEGORY and key not in ours
        }
        merged = merge_project(agreed.base, ours, agreed.held)
        merged, waiting = _keeping_deleted(merged, ours)
        if pull:
            await self._take(merged, self._back(agreed, ours, merged))
            ours = dict(merged.ours)
        theirs, etag, order = agreed.theirs, agreed.etag, agreed.order
        if push and merged.theirs != theirs:
            gone, kept, dropped = await self._deletions(agreed, merged.theirs)
            agreed = replace(agreed, keys=with_deletions(agreed.keys, gone | kept, dropped))
            theirs = merged.theirs
            order = in_order(order, [key.id for key in theirs if key.table == CATEGORY])
            etag = await self._put(agreed, theirs, order)
            self._tell(kept.values())
        wanted = {} if theirs == merged.theirs else agreed.wanted
        base = agreed_after(agreed.base, ours, laid_over(theirs, wanted))
        done = replace(agreed, etag=etag, base=base, theirs=theirs, order=order, wanted=wanted)
        await self._base.put_project(done)
        return ProjectOutcome(done, merged.conflicts, waiting)

    async def _put(self, agreed: AgreedProject, theirs: Items, order: tuple[str, ...]) -> str:
        project = self._store.state.project
        shared = SharedProject(
            project.id, project.name, project.kind, theirs, order, project.created, agreed.keys
        )
        etag = await self._shelf.put(
            project_file(project.id), written_project(shared), etag=agreed.etag or None
        )
        self.has_written = True
        return etag

    async def _take(self, merged: Merged, back: Iterable[Deletion]) -> None:
        """Brings what was merged into this home. The file was checked whole before.

        Who keeps the categories that came ``back`` stands in the history.
        """
        doers = sorted({name for deletion in back for name in deletion.kept_by})

        def plan(state: State) -> Plan:
            changes: list[Change] = [put_project(state, with_items(state.project, merged.ours))]
            for key, row in merged.ours.items():
                if key.table == CATEGORY:
                    changes.append(put_category(state, to_category(key.id, row)))
            changes = [change for change in changes if change.before != change.after]
            return Plan(PROJECT_SYNCED, changes, note={DOERS: doers} if doers else {})

        if await self._store.commit(self._surroundings.actor, plan) is not None:
            self.has_taken = True
            self._tell(back)

    # --- categories that were deleted, and came back ------------------------------------------------

    def _tell(self, kept: Iterable[Deletion]) -> None:
        noun = self._store.state.project.kind.noun
        self._notes += [deletion.words(noun) for deletion in kept]

    @staticmethod
    def _back(agreed: AgreedProject, ours: Items, merged: Merged) -> list[Deletion]:
        """What was deleted and is here again, for others still used it."""
        if agreed.seq is None:
            return []  # who joins has never seen it go
        known = deletions(agreed.keys)
        came = [key.id for key in merged.ours if key.table == CATEGORY and key not in ours]
        return [known[key] for key in came if key in known and known[key].kept_by]

    async def _deletions(
        self, agreed: AgreedProject, theirs: Items
    ) -> tuple[dict[str, Deletion], dict[str, Deletion], set[str]]:
        """What this side deletes in the container; what it keeps there though another deleted it; what comes
        back because its deleter has taken that back."""
        before = {key.id: row["name"] for key, row in agreed.theirs.items() if key.table == CATEGORY}
        after = {key.id for key in theirs if key.table == CATEGORY}
        gone = await self._deleters({key: name for key, name in before.items() if key not in after}, agreed)
        known = deletions(agreed.keys)
        again = {key for key in after - before.keys() if key in known}
        me = self._surroundings.actor
        kept = {key for key in again if known[key].actor != me or key in self._back_for_others}
        users = await users_of(self._store.state, kept, me)
        # Who deleted it may have made what others have turned into it since.
        names = {key: tuple(sorted(users[key] - {known[key].actor})) or (me,) for key in kept}
        return gone, {key: replace(known[key], kept_by=names[key]) for key in sorted(kept)}, again - kept

    async def _deleters(self, names: Mapping[str, str], agreed: AgreedProject) -> dict[str, Deletion]:
        now = self._surroundings.now()
        found = {key: Deletion(name, self._surroundings.actor, now) for key, name in names.items()}
        left = set(names)
        async for transaction in self._store.history():
            if not left or transaction.seq <= (agreed.seq or 0):
                break
            for change in transaction.changes:
                if change.table == CATEGORY and change.after is None and change.key in left:
                    left.discard(change.key)
                    found[change.key] = Deletion(names[change.key], transaction.actor, transaction.time)
        return found

    # --- categories of one name ---------------------------------------------------------------------

    async def _one_name_once(self, agreed: AgreedProject) -> None:
        """A name that was given on both sides, to two categories, is left to theirs.

        A category that is new here becomes theirs, with all its labels; one that was renamed here gets its
        old name back.
        """
        theirs = {row["name"]: key.id for key, row in agreed.theirs.items() if key.table == CATEGORY}
        for category in list(self._store.state.categories.values()):
            into = theirs.get(category.name)
            if into is None or into == category.id:
                continue
            before = agreed.base.get(Key(CATEGORY, category.id))
            there = Key(CATEGORY, into)
            here = self._store.state.categories.get(into)
            if here is not None and here.name == category.name:
                continue  # two of one name were here before
            if agreed.theirs[there] == agreed.base.get(there) and (
                here is None or here.name != category.name
            ):
                continue  # its name is free: this side has deleted or renamed it
            noun = self._store.state.project.kind.noun
            if before is None:
                await self._become(category.id, into, agreed.theirs[there])
                self._notes.append(
                    f"Others have made the {noun} {category.name!r} too: both are one from here on, with "
                    "the labels of both."
                )
            elif before["name"] != category.name:
                await self._rename(category.id, before["name"])
                self._notes.append(
                    f"The name {category.name!r} was given to two: others have the {noun} of that name, and "
                    f"yours is called {before['name']!r} again. Rename it, or merge the two."
                )

    async def _become(self, category_id: str, into: str, row: dict[str, Any]) -> None:
        stamp = Stamp(self._surroundings.actor, self._surroundings.now())

        def plan(state: State) -> Plan | None:
            if category_id not in state.categories:
                return None
            old = state.categories[category_id]
            changes = [
                change for key in state.rows for change in without(state, stamp, key, category_id, into)
            ]
            theirs = to_category(into, row)
            enriched = replace(
                theirs,
                description=theirs.description or old.description,
                examples=theirs.examples or old.examples,
                color=theirs.color or old.color,
            )
            return Plan(
                PROJECT_SYNCED,
                [*changes, put(state, CATEGORY, category_id, None), put_category(state, enriched)],
            )

        self.has_taken |= await self._store.commit(self._surroundings.actor, plan) is not None

    async def _rename(self, category_id: str, name: str) -> None:
        def plan(state: State) -> Plan:
            return Plan(
                PROJECT_SYNCED, [put_category(state, replace(state.categories[category_id], name=name))]
            )

        await self._store.commit(self._surroundings.actor, plan)

    # --- categories that this side deleted ----------------------------------------------------------

    async def bring_back(self, categories: Set[str]) -> bool:
        """Has categories again that this side has deleted, and that documents of the container still name;
        whether there were any. :meth:`finish` writes them."""

        def plan(state: State) -> Plan:
            names = {category.name for category in state.categories.values()}
            back = [to_category(key, self._gone[key]) for key in sorted(categories & self._gone.keys())]
            back = [category for category in back if category.name not in names]
            return Plan(PROJECT_SYNCED, [put_category(state, category) for category in back])

        done = await self._store.commit(self._surroundings.actor, plan)
        self._back_for_others |= {change.key for change in done.changes} if done else set()
        return done is not None

    # --- categories that others deleted -------------------------------------------------------------

    async def finish(self, outcome: ProjectOutcome, *, push: bool) -> ProjectOutcome:
        """Deletes here what others deleted, once documents are in.

        What is still in use stays, and goes to the container again.
        """
        if not outcome.waiting and not self._back_for_others:
            return outcome
        users = await users_of(self._store.state, set(outcome.waiting), self._surroundings.actor)
        used = {key for key, names in users.items() if names}
        known = deletions(outcome.agreed.keys)
        doers = {known[key].actor for key in outcome.waiting if key in known and key not in used}
        stamp = Stamp(self._surroundings.actor, self._surroundings.now())

        def plan(state: State) -> Plan:
            gone = [key for key in outcome.waiting if key in state.categories and key not in used]
            changes = [
                change
                for key in gone
                for number in state.rows
                for change in without(state, stamp, number, key, None)
            ]
            changes += [put(state, CATEGORY, key, None) for key in gone]
            return Plan(PROJECT_SYNCED, changes, note={DOERS: sorted(doers)} if doers else {})

        self.has_taken |= await self._store.commit(self._surroundings.actor, plan) is not None
        closed = {Key(CATEGORY, key) for key in outcome.waiting}
        base = {key: row for key, row in outcome.agreed.base.items() if key not in closed}
        agreed = replace(outcome.agreed, base=base)
        await self._base.put_project(agreed)
        if (used or self._back_for_others) and push:
            return await self.sync(agreed.etag, pull=True, push=True)
        return replace(outcome, agreed=agreed, waiting=())


def _keeping_deleted(merged: Merged, ours: Items) -> tuple[Merged, tuple[str, ...]]:
    """Categories that only the other side deleted stay here until the documents are in."""
    waiting = [key for key in ours if key.table == CATEGORY and key not in merged.ours]
    kept = {key: ours[key] for key in waiting}
    return replace(merged, ours={**merged.ours, **kept}), tuple(key.id for key in waiting)
