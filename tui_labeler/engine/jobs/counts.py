"""What has become of the suggestions of jobs: how many wait for a person, and how many a label hides; and
how many of the answers without a place."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.engine.actions import UNDO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.ports import ProjectStore, State

STEP = 500
"""Documents that are looked at before others get their turn."""


@dataclass(frozen=True, slots=True)
class SuggestionCounts:
    """The undecided suggestions of one job; those it made are :attr:`Job.suggestions`."""

    to_review: int = 0
    """Those that people see, or that blind mode hides."""
    hidden: int = 0
    """Those that meet a label: they come back if it goes. In blind mode none before they are shown."""
    to_place: int = 0
    """Words that nobody has set anywhere or dropped yet; those it answered are :attr:`Job.unaligned`."""

    taken_back: int | None = None
    """Those that an undo took away, and that are not there again; ``None`` where nobody has looked."""

    @property
    def is_decided(self) -> bool:
        """Nothing is left that a person could decide now."""
        return not (self.to_review or self.to_place)


async def count_suggestions(state: State, jobs: Iterable[Job]) -> Mapping[str, SuggestionCounts]:
    """By job id, for each of the jobs; a pass over the documents of all of them."""
    jobs = tuple(jobs)
    documents = dict.fromkeys(key for job in jobs for key in job.request.documents)
    undecided: Counter[str] = Counter()
    open_: Counter[str] = Counter()
    to_place: Counter[str] = Counter()
    for number, key in enumerate(documents, 1):
        row = state.rows.get(key)
        # Only a label hides a suggestion: documents with neither are not looked at.
        if row is not None and (row.label_count or row.jobs):
            document = state.document(key)
            waiting = Counter(s.job for s in document.suggestions.values() if s.decision is None)
            undecided.update(waiting)
            to_place.update(item.job for item in document.open_to_place)
            # What a label hides would tell which suggestions there are.
            blind = document.hides_suggestions(state.project.settings)
            open_.update(waiting if blind else (s.job for s in document.open_suggestions(state.project.kind)))
        if number % STEP == 0:
            await asyncio.sleep(0)
    return {
        job.id: SuggestionCounts(open_[job.id], undecided[job.id] - open_[job.id], to_place[job.id])
        for job in jobs
    }


async def counts_of(store: ProjectStore, job: Job) -> SuggestionCounts:
    """Of one job, with what was taken back: the history is read only where suggestions of it are missing."""
    counts = (await count_suggestions(store.state, [job]))[job.id]
    open_, made = counts.to_review + counts.hidden, job.suggestions
    if open_ >= made or await _still_there(store.state, job) >= made:
        return replace(counts, taken_back=0)
    return replace(counts, taken_back=await _taken_back(store, job.id))


async def _still_there(state: State, job: Job) -> int:
    """Suggestions of a job, decided or not."""
    found = 0
    for number, key in enumerate(job.request.documents, 1):
        if key in state.rows:
            found += sum(s.job == job.id for s in state.document(key).suggestions.values())
        if number % STEP == 0:
            await asyncio.sleep(0)
    return found


async def _taken_back(store: ProjectStore, job_id: str) -> int:
    gone: set[str] = set()
    async for transaction in store.history(newest_first=False):
        for change in transaction.changes:
            if change.table != "suggestion":
                continue
            if change.after is not None:
                gone.discard(change.key)
            elif transaction.action == UNDO and change.before and change.before["job"] == job_id:
                gone.add(change.key)
    return len(gone)
