"""What has become of the suggestions of jobs: how many wait for a person, and how many a label hides; and
how many of the answers without a place."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.ports import State

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
