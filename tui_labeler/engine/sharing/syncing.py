"""Syncing what people make of a project with its container: labels, decisions, categories, settings.

Every document has one small file in the container. One listing says which of them others have written since;
the history of this home says which documents were worked on here. Only those are looked at: fetched, merged,
committed here, written there, and then put down as agreed. Whatever happens in between, the next sync finds
both sides as they are, and merges what is equal already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tui_labeler.domain.handover import Side
from tui_labeler.domain.items import agreed_after
from tui_labeler.engine.actions import SYNCED
from tui_labeler.engine.errors import (
    ConflictError,
    FormatError,
    NotFoundError,
    OutdatedError,
    UnreadableError,
)
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.pen import pen_words
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.ports.sharing import UNSETTLED, Agreed, laid_over
from tui_labeler.engine.sharing.conflicts import LabelConflict, open_conflicts
from tui_labeler.engine.sharing.connection import Ledger
from tui_labeler.engine.sharing.connection_files import record_file
from tui_labeler.engine.sharing.joining import claim_own
from tui_labeler.engine.sharing.losses import losses
from tui_labeler.engine.sharing.project_form import project_file
from tui_labeler.engine.sharing.project_sync import TRIES, ProjectSync
from tui_labeler.engine.sharing.setting_back import NOTE, end_of, settle_set_back
from tui_labeler.engine.sharing.shared_file import read, written
from tui_labeler.engine.sharing.shared_form import document_changes, folder, labels_folder
from tui_labeler.engine.sharing.steps import Step, Task, check, merged, unknown_categories
from tui_labeler.engine.sharing.synced import Shared, Tally
from tui_labeler.engine.sharing.tasks import tasks_of
from tui_labeler.engine.turns import in_turns

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore, Shelf, State, Surroundings
    from tui_labeler.engine.ports.sharing import SyncBase

BATCH = 250
"""Documents that are fetched together, and merged in one transaction."""

MERGED = 20_000
"""Labels and whatever else the container holds of these documents: beyond that they are merged in several
transactions."""

LONG = 1_000_000
"""Bytes of a file beyond which it is read beside the event loop: keys and signals would wait for it."""

CONCURRENCY = 16
"""Requests at a time."""

LANES = 2
"""Batches at a time: one is merged while the container is busy with the other."""

ADVICE = (
    "Repair or remove that file in the container; what is here of the document stays, and goes out with the "
    "sync after that."
)
"""What to do about a document's file that can't be used."""

AT_HOME = (
    "Something other than the program has written that into this home: mend it in the project's folder, in "
    "the file of `documents/` that has this document. Nothing of the document goes out before."
)
"""What to do about labels of this home that others could not use."""

HOMELESS = (
    "its labels in the container name a category that the project does not have, or not yet: it comes with a "
    "sync of whoever uses it. What is here of the document stays, and the next sync looks again."
)
"""What is said of a document whose labels come before their category."""

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called with how many documents are done, of how many."""


class Syncing:
    """Syncs one project."""

    def __init__(
        self,
        store: ProjectStore,
        shelf: Shelf,
        base: SyncBase,
        surroundings: Surroundings,
        *,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._base = base
        self._surroundings = surroundings
        self._turns = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._settling = asyncio.Lock()
        self._project = ProjectSync(store, shelf, base, surroundings)
        self.ledger = Ledger(store, shelf, surroundings)

    async def sync(self, *, pull: bool = True, push: bool = True, progress: Progress | None = None) -> Shared:
        """Merges both sides. May be cancelled at any moment; the next call goes on.

        Raises ``LockedError`` while this home syncs the project already, ``ContainerError`` when the
        container refuses or can't be reached: what was done until then stays, and nothing is half done;
        ``InputError`` where the container holds another project of the same name.
        """
        async with self._base.held():
            await self._store.refresh()
            self._project.begin()
            project_id = self._store.state.project.id
            names = {blob.name: blob.etag async for blob in self._shelf.files(folder(project_id))}
            handover = await self.ledger.fetched(names.get(record_file(project_id)))
            if push:
                handover = await self.ledger.tell(handover)
            if handover.pen is not Side.HERE:
                return Shared(conflicts=await self.conflicts(), paused=pen_words(handover))
            was_set_back = await settle_set_back(self._store, self._base)
            seq = self._store.seq
            if project_file(project_id) not in names:
                mine = self._store.state.project
                await claim_own(self._shelf, mine.name, mine.kind, project_id, write=push)
            project = await self._project.sync(names.get(project_file(project_id)), pull=pull, push=push)
            tally = Tally()
            tally.seq = seq
            start = labels_folder(project_id)
            tally.listed = {
                name.removeprefix(start): etag for name, etag in names.items() if name.startswith(start)
            }
            edited = await self._store.edited()
            tasks = await tasks_of(self._store, await self._base.marks(), project.agreed, edited, tally)
            await self._all(tasks, tally, pull=pull, push=push, progress=progress)
            if pull and tally.homeless and await self._project.bring_back(tally.unknown):
                again, tally.homeless = tally.homeless, []
                for task in again:
                    tally.problems.pop(self._store.state.rows[task.document].location)
                    tally.broken.pop(task.name)
                await self._all(again, tally, pull=pull, push=push, progress=None)
            project = await self._project.finish(project, push=push)
            end, end_at = await end_of(self._store)
            done = replace(
                project.agreed,
                seq=seq,
                at=tally.at,
                broken=tally.broken,
                edited=tuple(sorted(edited)),
                end=end,
                end_at=end_at,
            )
            if done != project.agreed:
                await self._base.put_project(done)
            return Shared(
                len(tally.downloaded),
                len(tally.uploaded),
                len(tally.listed.keys() - {task.name for task in tasks} - tally.broken.keys()),
                await self.conflicts(),
                tuple(sorted(tally.problems.items())),
                tally.waiting,
                (*[NOTE] * was_set_back, *self._project.notes(), *tally.notes()),
                tuple(sorted(tally.transactions, key=lambda transaction: transaction.seq)),
                settings_in=self._project.has_taken,
                settings_out=self._project.has_written,
            )

    # --- doing it -----------------------------------------------------------------------------------

    async def _all(
        self, tasks: Sequence[Task], tally: Tally, *, pull: bool, push: bool, progress: Progress | None
    ) -> None:
        tally.tell = partial(self._tell, set(), len(tasks), progress) if progress else tally.tell

        async def look(batch: Sequence[Task]) -> None:
            await self._batch(batch, tally, pull=pull, push=push)
            tally.tell(*(task.document for task in batch))

        batches = [tasks[first : first + BATCH] for first in range(0, len(tasks), BATCH)]
        await _each(batches, look, LANES)

    @staticmethod
    def _tell(seen: set[int], total: int, progress: Progress, *documents: int) -> None:
        """Each document counts once: when its file was fetched or written, else when it was looked at."""
        if not seen.issuperset(documents):
            seen.update(documents)
            progress(len(seen), total)

    async def _batch(self, tasks: Sequence[Task], tally: Tally, *, pull: bool, push: bool) -> None:
        """Looks at some documents; those whose file somebody else writes meanwhile are looked at again."""
        for _ in range(TRIES):
            again = await self._once(tasks, tally, pull=pull, push=push)
            if not again:
                return
            tasks = again
        raise ConflictError("Others write the same documents all the time.", hint="Sync again.")

    async def _once(self, tasks: Sequence[Task], tally: Tally, *, pull: bool, push: bool) -> list[Task]:
        if not pull:
            # Pushing alone never merges: what others have changed waits until it is pulled.
            tally.waiting += sum(task.fetch for task in tasks)
            tasks = [task for task in tasks if not task.fetch]
        to_fetch = [task for task in tasks if task.fetch]
        await _each(to_fetch, self._in_turn(lambda task: self._fetch(task, tally)), self._concurrency)
        readable = [task for task in tasks if not self._is_broken(task, tally)]
        agreed = await self._base.agreed(task.document for task in readable)
        steps: list[Step] = []
        for part in _parts(readable):
            steps += await self._merge(part, agreed, tally, pull=pull)
        again: list[Task] = []
        settled: dict[int, Agreed] = {}

        async def write(step: Step) -> None:
            await self._write(step, settled, again, tally, push=push)

        try:
            await _each(steps, self._in_turn(write), self._concurrency)
        finally:
            await finished(self._settle(settled))
        return again

    async def _settle(self, settled: Mapping[int, Agreed]) -> None:
        async with self._settling:
            await self._base.put(settled)

    def _in_turn(self, call: Callable[[T], Awaitable[None]]) -> Callable[[T], Awaitable[None]]:
        """The batches that are under way have the requests together."""

        async def wait_and_call(item: T) -> None:
            async with self._turns:
                await call(item)

        return wait_and_call

    async def _fetch(self, task: Task, tally: Tally) -> None:
        state = self._store.state
        try:
            data, task.etag = await self._shelf.get(labels_folder(state.project.id) + task.name)
            tally.tell(task.document)
        except NotFoundError:
            task.etag, task.theirs = "", {}
            return
        except UnreadableError as error:
            task.problem = f"{error.message}. {ADVICE}"
            return
        try:
            if len(data) > LONG:
                location, task.theirs = await asyncio.to_thread(read, data, state.project.kind)
            else:
                location, task.theirs = read(data, state.project.kind)
            check(location, task.theirs, state.whole(task.document))
        except FormatError as error:
            task.problem = f"{error.message}. {error.hint or ADVICE}"
            return
        tally.downloaded.add(task.document)

    def _is_broken(self, task: Task, tally: Tally) -> bool:
        if task.problem:
            location = self._store.state.rows[task.document].location
            reason = f"its labels in the container can't be read: {task.problem}"
            tally.problems[location] = reason
            tally.broken[task.name] = (task.etag, location, reason)
        return bool(task.problem)

    async def _merge(
        self, tasks: Sequence[Task], agreed: Mapping[int, Agreed], tally: Tally, *, pull: bool
    ) -> list[Step]:
        """Merges in one transaction, on the newest state."""
        steps: list[Step] = []
        changed: set[int] = set()
        lost = await losses(self._store, {task.document: agreed.get(task.document) for task in tasks})
        now = self._surroundings.now()

        def gone(task: Task) -> Mapping[str, str]:
            return tally.gone.get(task.document, {})

        async def plan(state: State) -> Plan:
            changes: list[Change] = []
            async for task in in_turns(tasks):
                missing = lost.get(task.document, ())
                step = merged(state, task, agreed.get(task.document), now, gone(task), missing, pull=pull)
                unknown = unknown_categories(state, step.merged.ours)
                if unknown:
                    tally.unknown |= unknown
                    tally.homeless.append(task)
                    location = state.document(task.document).location
                    tally.problems[location] = HOMELESS
                    # Without an etag: the next sync looks again, for the category may have come by then.
                    tally.broken[task.name] = ("", location, tally.problems[location])
                    continue
                steps.append(step)
                if pull:
                    document = state.whole(task.document)
                    mine = document_changes(state, document, step.before, step.merged.ours)
                    mine = [change for change in mine if change.before != change.after]
                    changes += mine
                    back = [key for key in missing if key not in step.before and step.merged.ours.get(key)]
                    if back:
                        tally.taken_back[document.location] = len(back)
                    changed.update([task.document] * bool(mine))
            return Plan(SYNCED, changes)

        transaction = await self._store.commit(self._surroundings.actor, plan)
        if transaction is not None:
            tally.transactions.append(transaction)
        for step in steps:
            if transaction is not None and step.task.document in changed:
                step.revision = transaction.seq
        return steps

    async def _write(
        self, step: Step, settled: dict[int, Agreed], again: list[Task], tally: Tally, *, push: bool
    ) -> None:
        """Writes what the container is to hold, and notes what both sides agree on then."""
        task, etag, theirs, open_ = step.task, step.task.etag, step.agreed.theirs, step.agreed.wanted
        state = self._store.state
        wanted = step.merged.theirs
        if push and wanted != theirs:
            location = state.rows[task.document].location
            names = {key: category.name for key, category in state.categories.items()}
            try:
                check(location, wanted, state.whole(task.document))
            except FormatError as error:
                tally.problems[location] = f"its labels here can't be shared: {error.message}. {AT_HOME}"
                push = False
        if push and wanted != theirs:
            try:
                data = written(location, wanted, names)
                etag = await self._shelf.put(
                    labels_folder(state.project.id) + task.name, data, etag=etag or None
                )
            except OutdatedError:
                again.append(Task(task.document, task.name, "", fetch=True))
                return
            except (FormatError, UnreadableError) as error:
                tally.problems[location] = f"its labels can't be put there: {error.message}. {ADVICE}"
            else:
                theirs = wanted
                tally.uploaded.add(task.document)
            tally.tell(task.document)
        if wanted == theirs:
            open_ = {}
        revision = step.revision if wanted == theirs else UNSETTLED
        base = agreed_after(step.agreed.base, step.ours, laid_over(theirs, open_), step.merged.conflicts)
        settled[task.document] = Agreed(task.name, etag, revision, base, theirs, open_)

    # --- conflicts ----------------------------------------------------------------------------------

    async def conflicts(self) -> tuple[LabelConflict, ...]:
        """What waits for a person, by location; nothing is asked of the container."""
        return await open_conflicts(self._store, self._base, self._surroundings.actor)


def _parts(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Those that are merged in one transaction."""
    part: list[Task] = []
    held = 0
    for task in tasks:
        if part and held + len(task.theirs) > MERGED:
            yield part
            part, held = [], 0
        part.append(task)
        held += len(task.theirs)
    if part:
        yield part


async def _each(items: Iterable[T], call: Callable[[T], Awaitable[None]], at_once: int) -> None:
    """Calls for each of some items, a few at a time. The first error ends the others, and is raised."""
    waiting = iter(list(items))

    async def work() -> None:
        for item in waiting:
            await call(item)

    workers = [asyncio.ensure_future(work()) for _ in range(at_once)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
