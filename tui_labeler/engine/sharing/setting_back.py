"""A home that was set back to a backup, and remembers a later word with its container.

What stands in such a home is older than what both sides agreed on. Against that as a base it would look like
work of today: a label that another has removed like one made anew, a name that another has given like one
taken back. What was agreed on is set back here too, to what the home holds, but for what was made since.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.items import EXTRA, FIELD, Items, Key, keys_of
from tui_labeler.domain.labels import DraftKind
from tui_labeler.engine.actions import LOST, PROJECT_SYNCED, SYNCED
from tui_labeler.engine.ports.sharing import UNSETTLED, Agreed
from tui_labeler.engine.rows import to_project
from tui_labeler.engine.sharing.deletions import deletions
from tui_labeler.engine.sharing.project_form import CATEGORY, SETTING, project_items
from tui_labeler.engine.sharing.shared_form import FIELDS, PARTS, document_items, file_name, without_private

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import ProjectStore, State, Transaction
    from tui_labeler.engine.ports.sharing import AgreedProject, Mark, SyncBase

_BREATH = 50
"""Documents that are opened before others get their turn."""

NOTE = (
    "This home was set back to an earlier day since its last sync: what others have made since then stands, "
    "and so does what was shared from here."
)
"""What is told to a person whose home was."""


def mark_of(transaction: Transaction) -> str:
    """Which one it is: :attr:`~tui_labeler.engine.ports.sharing.AgreedProject.at`."""
    return f"{transaction.time} {transaction.group}"


async def end_of(store: ProjectStore) -> tuple[int, str]:
    """The number of a home's last transaction, and which one it is; 0 where there is none."""
    async for transaction in store.history():
        return transaction.seq, mark_of(transaction)
    return 0, ""


@dataclass(slots=True)
class _Since:
    """What was worked on since a home was set back: each row as it was before, or ``None``."""

    is_known: bool
    """Otherwise the history does not tell what was worked on since, and what before."""
    documents: dict[int, dict[Key, Any]] = field(default_factory=lambda: defaultdict(dict))
    headers: dict[int, Any] = field(default_factory=dict)
    """What there is of documents apart from labels and suggestions."""
    categories: dict[Key, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    """The project, by its id."""

    def add(self, transaction: Transaction) -> None:
        """Newest first: what was before the oldest stays."""
        if transaction.action in (SYNCED, PROJECT_SYNCED):
            return  # the work of others
        for table, name, before, _ in transaction.changes:
            if table in PARTS:
                number, _, item = name.partition("/")
                self.documents[int(number)][Key(table, item)] = before
            elif table == "document":
                self.headers[int(name)] = before
            elif table == CATEGORY:
                self.categories[Key(CATEGORY, name)] = before
            elif table == "project":
                self.settings[name] = before


async def settle_set_back(store: ProjectStore, base: SyncBase) -> bool:
    """Makes what was agreed on fit a home that was set back since; whether it was.

    May be broken off at any moment: the next call begins anew, and comes to the same.
    """
    project = await base.project()
    marks = await base.marks()
    # Documents are settled before the sync has ended.
    is_behind = any(mark.revision > store.seq for mark in marks.values())
    since = await _worked_on(store, project, is_set_back=is_behind)
    if since is None:
        return False
    state = store.state
    numbers = sorted(marks.keys() & state.rows.keys())
    for first in range(0, len(numbers), _BREATH):
        agreed = await base.agreed(numbers[first : first + _BREATH])
        await base.put({n: _document(state, n, marks[n], known, since) for n, known in agreed.items()})
        await asyncio.sleep(0)
    # Last: from here on the history counts as one that was never looked at.
    await base.put_project(_project(state, project, since))
    return True


async def _worked_on(store: ProjectStore, project: AgreedProject, *, is_set_back: bool) -> _Since | None:
    """What transactions behind the last sync have changed; ``None`` where the home was not set back.

    It was where another transaction has the number that the last sync ended with, or none has. What was made
    since then is known by its time. Where part of the journal is lost nobody knows what was, and when.
    """
    last, at = (project.end, project.end_at) if project.end else (project.seq or 0, project.at)
    if not (last or is_set_back):
        return None
    day = project.at.partition(" ")[0]
    since = _Since(is_known=bool(day))
    async for transaction in store.history():
        is_behind = transaction.seq > last
        if transaction.action == LOST:
            return None if is_behind and not is_set_back else _Since(is_known=False)
        if not (is_behind or is_set_back):
            if transaction.seq == last and at in ("", mark_of(transaction)):
                return None
            is_set_back = True
        if (transaction.seq, mark_of(transaction)) == (project.seq, project.at):
            break
        # A time that is equal may be of before: that costs a question at most.
        if transaction.time >= day:
            since.add(transaction)
        elif is_set_back:
            break
    return since


def _document(state: State, number: int, mark: Mark, known: Agreed, since: _Since) -> Agreed:
    """What counts as agreed on of a document."""
    name = file_name(state.rows[number].location)
    if known.name != name:
        return Agreed(name, "", UNSETTLED, {}, {})  # the number was another document's then
    document = state.whole(number)
    # Nothing of the base is to be held as removed here: only what stands here is looked at.
    held = {key: row for key, row in known.base.items() if _stands(key, document)}
    ours, drafts = document_items(document, held)
    fresh = {key: _shared_before(row) for key, row in since.documents.get(number, {}).items()}
    if number in since.headers:
        header = since.headers[number] or {}
        before = {Key(FIELD, name): header[name] for name in FIELDS if header.get(name)}
        before |= {Key(EXTRA, name): value for name, value in header.get("extra", {}).items()}
        fresh |= _changed(before, ours, (FIELD, EXTRA))
    is_sure = since.is_known and mark.revision != UNSETTLED and not mark.is_open
    base = _older(known.base, ours, drafts, fresh, is_sure=is_sure)
    return replace(known, revision=UNSETTLED, base=base, wanted={})


def _stands(key: Key, document: Document) -> bool:
    return key.table not in PARTS or key.id in getattr(document, PARTS[key.table])


def _shared_before(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What others could know of it: nothing of a label that was not saved."""
    if row is None or (row.get("draft") or {}).get("kind") == DraftKind.ADD:
        return None
    return None if (row.get("decision") or {}).get("draft") else without_private(row)


def _changed(before: Items, ours: Items, tables: Collection[str]) -> dict[Key, Any]:
    keys = [key for key in keys_of(before, ours) if key.table in tables]
    return {key: before.get(key) for key in keys if before.get(key) != ours.get(key)}


def _project(state: State, project: AgreedProject, since: _Since) -> AgreedProject:
    ours = project_items(state.project, state.categories, project.base)
    fresh = {key: row and without_private(row) for key, row in since.categories.items()}
    for row in since.settings.values():
        before = project_items(to_project(row), {}, {})
        fresh |= _changed(before, ours, (FIELD, EXTRA, SETTING))
    # A category that was never shared is not one that others have deleted.
    fresh |= {key: None for key in ours if key.table == CATEGORY and key not in project.base}
    base = _older(project.base, ours, (), fresh, is_sure=since.is_known)
    deleted = [Key(CATEGORY, category) for category in deletions(project.keys)]
    base |= {key: ours[key] for key in deleted if key in ours and key not in project.base}
    return replace(project, seq=0, at="", end=0, end_at="", base=base, wanted={})


def _older(
    base: Items, ours: Items, drafts: Collection[Key], fresh: Items, *, is_sure: bool
) -> dict[Key, Any]:
    """What this side held before the ``fresh`` work, as what was agreed on.

    Where nobody is sure what is fresh, only what is as it was agreed on: the rest is merged as if nothing had
    been, and stands beside what others have, or waits for a person.
    """
    if not is_sure:
        removed = {key: base[key] for key in fresh if key in base and key not in ours}
        return removed | {key: row for key, row in ours.items() if base.get(key) == row}
    older = {key: row for key, row in ours.items() if key not in drafts and key not in fresh}
    return older | {key: row for key, row in fresh.items() if row is not None}
