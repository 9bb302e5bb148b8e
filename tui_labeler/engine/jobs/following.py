"""Jobs seen from those who look on: listed, followed, compared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Job
from tui_labeler.engine.autolabelers.earlier_jobs import shown_by
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.reviewing.comparison import Comparison, compare

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.work import Earlier
    from tui_labeler.engine.ports import JobStore, ProjectStore

FOLLOW_EVERY = 0.2
"""Seconds between two looks at a job's journal."""

FIGURES_EVERY = 1.0
"""Seconds between two sets of figures of a job for a person who looks on."""


class SeenJobs:
    """The jobs of a project, and what each has come to; nothing here changes any."""

    def __init__(self, store: ProjectStore, jobs: JobStore) -> None:
        self._store = store
        self._jobs = jobs

    async def list(self) -> tuple[Job, ...]:
        """Those that can be read, newest first."""
        return await self._jobs.list()

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Jobs whose records can't be read: the id and why."""
        return await self._jobs.broken()

    async def answered_texts(self, job_id: str) -> Mapping[int, str]:
        """Documents that need nothing more of a job, each with the hash of the text that was answered."""
        return await self._jobs.answered_texts(job_id)

    async def get(self, job_id: str) -> Job:
        """Raises ``NotFoundError``."""
        return await self._jobs.get(job_id)

    async def is_at_work(self, job_id: str) -> bool:
        """Whether more may come of a job. It is not said of one whose records can't be read."""
        return any(job.id == job_id and not job.state.is_over for job in await self._jobs.list())

    async def follow(self, job_id: str, *, figures_every: float = 0.0) -> AsyncGenerator[Job, None]:
        """The job each time that something is new, until it is over. Ends with it, or with the caller.

        Another state is new at once; where nothing but figures changed, ``figures_every`` seconds pass.
        """
        clock = asyncio.get_running_loop().time
        last, told = None, 0.0
        while True:
            job = await self._jobs.get(job_id)
            is_due = last is None or job.state is not last.state or clock() >= told + figures_every
            if is_due and job != last:
                yield job
                last, told = job, clock()
            if job.state.is_over:
                return
            await asyncio.sleep(FOLLOW_EVERY)

    async def used(self, job_id: str) -> Earlier | None:
        """What a job has shown of its deployment; ``None`` where nothing was paid for."""
        rows = self._store.state.rows
        job = await self._jobs.get(job_id)
        answers = await self._jobs.answers(job_id)
        return shown_by(job, answers, lambda key: rows[key].characters if key in rows else 0)

    async def compare(self, first: str, second: str) -> Comparison:
        """What two autolabeling jobs answered, against each other, in the categories both were asked for.

        Raises ``NotFoundError``, or ``InputError`` when they have no document or no category in common.
        """
        one, other = await self._jobs.get(first), await self._jobs.get(second)
        categories = set(one.request.categories) & set(other.request.categories)
        answers, others = await self._jobs.answers(first), await self._jobs.answers(second)
        found = compare(self._store.state.project.kind, answers, others, categories)
        if not found.documents or not categories:
            missing = "document" if categories else "category"
            raise InputError(
                f"The jobs {first} and {second} have no {missing} in common.",
                hint="Compare two jobs that labeled the same documents with the same categories.",
            )
        return found

    async def collects(self, job_id: str) -> int:
        """Questions that wait at the service in batches that nobody has stopped; 0 where something else is
        left of a job's batches: then it asks anew what they leave out.
        """
        records = (await self._jobs.preparation(job_id)).get("batches", ())
        if any(record.get("stopped") for record in records):
            return 0
        return sum(int(record["rows"]) for record in records if record["batch"])

    async def perhaps_out(self, job_id: str) -> int:
        """Questions in batches that nobody has stopped or collected: at the service, or about to be there."""
        records = (await self._jobs.preparation(job_id)).get("batches", ())
        return sum(int(record["rows"]) for record in records if not record.get("stopped"))
