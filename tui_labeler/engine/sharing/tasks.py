"""Which documents a sync has to look at: those that others have written since, and those worked on here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from tui_labeler.domain.items import LABEL
from tui_labeler.engine.actions import LOST
from tui_labeler.engine.ports.sharing import UNSETTLED
from tui_labeler.engine.sharing.pending import documents_of
from tui_labeler.engine.sharing.setting_back import mark_of
from tui_labeler.engine.sharing.shared_form import document_items, file_name
from tui_labeler.engine.sharing.steps import Task

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore
    from tui_labeler.engine.ports.sharing import AgreedProject, Mark
    from tui_labeler.engine.sharing.synced import Tally

_BREATH = 50
"""Documents that are opened before others get their turn."""


async def tasks_of(
    store: ProjectStore,
    marks: Mapping[int, Mark],
    project: AgreedProject,
    edited: Mapping[str, Collection[int]],
    tally: Tally,
) -> list[Task]:
    """Documents that either side has changed, in order of location.

    ``marks`` are those of the last sync, by document. ``edited`` is as of
    :meth:`~tui_labeler.engine.ports.ProjectStore.edited`: documents with a mark that no sync has seen are
    looked at too. ``tally`` has the files that were listed; it takes up those that are broken still, and what
    was deleted here.
    """
    state = store.state
    unseen = edited.keys() - set(project.edited)
    by_hand = {number for mark in unseen for number in edited[mark]}
    touched = await _touched(store, project, marks, by_hand, tally)
    # What was made here meanwhile goes out once a file that could not be used is another, or is gone.
    for name, (etag, location, _) in project.broken.items():
        number = state.document_id(location)
        if number is not None and tally.listed.get(name) != etag:
            touched.add(number)
    by_name = {mark.name: number for number, mark in marks.items() if number in state.rows}
    if tally.listed.keys() - by_name.keys():
        by_name = {file_name(row.location): row.id for row in state.rows.values()} | by_name
    tasks: dict[int, Task] = {}
    for name, etag in tally.listed.items():
        number = by_name.get(name)
        if number is None:
            continue
        if project.broken.get(name, ("",))[0] == etag:
            tally.broken[name] = project.broken[name]
            tally.problems[project.broken[name][1]] = project.broken[name][2]
            touched.discard(number)
        elif number not in marks or marks[number].etag != etag:
            tasks[number] = Task(number, name, etag, fetch=True)
    gone = {number for number, mark in marks.items() if mark.etag and mark.name not in tally.listed}
    for number in (touched | gone) & state.rows.keys() - tasks.keys():
        name = marks[number].name if number in marks else file_name(state.rows[number].location)
        tasks[number] = Task(number, name, tally.listed.get(name, ""), fetch=False)
    return sorted(tasks.values(), key=lambda task: state.rows[task.document].location)


async def _touched(
    store: ProjectStore,
    project: AgreedProject,
    marks: Mapping[int, Mark],
    by_hand: Collection[int],
    tally: Tally,
) -> set[int]:
    """Documents that were worked on here since they were last looked at, with an action or ``by_hand``.

    Of those that were never shared the ones that hold something to share.
    """
    state = store.state
    found = {number for number, mark in marks.items() if mark.revision == UNSETTLED}
    found |= marks.keys() & by_hand
    changed = await _in_history(store, project.seq, tally)
    for count, number in enumerate({*changed, *by_hand} & state.rows.keys() - found):
        if count % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
        document = state.whole(number)
        mark = marks.get(number)
        if mark is None:
            if document_items(document, {})[0]:
                found.add(number)
        elif mark.revision != document.revision:
            found.add(number)
    return found


async def _in_history(store: ProjectStore, since: int | None, tally: Tally) -> Collection[int]:
    """Documents that transactions behind ``since`` have changed; all of them before the first sync."""
    found: set[int] = set()
    async for transaction in store.history():
        if transaction.seq == tally.seq:
            tally.at = mark_of(transaction)
        if transaction.seq <= (tally.seq if since is None else since):
            break
        if transaction.action == LOST:
            return store.state.rows.keys()  # nobody knows what was worked on in that part of it
        found |= documents_of(transaction)
        for change in transaction.changes:
            if change.table == LABEL and change.after is None:
                number, _, label = change.key.partition("/")
                tally.gone.setdefault(int(number), {}).setdefault(label, transaction.time)
    return store.state.rows.keys() if since is None else found
