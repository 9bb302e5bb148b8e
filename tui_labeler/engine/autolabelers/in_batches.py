"""Questions that wait in batches of other jobs of a project: they are paid for, and are not asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_labeler.engine.deployments.chat import KeptReply, UnansweredError
from tui_labeler.engine.errors import NotFoundError
from tui_labeler.engine.wording import JOB_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.ports import AnswerStore, JobStore

Fits = Callable[[KeptReply], Awaitable[bool]]
"""Whether a kept answer is taken."""

LOOK_EVERY = 10.0
"""Seconds between two looks at what other jobs have at their services."""

AT_SERVICE = "at_service"
"""The code of a failure for that."""

_SHORT = 16
"""Hexadecimal digits of a key that a job remembers of each question in a batch."""


def short(keys: Iterable[str]) -> list[str]:
    """What a job remembers of the questions in a batch, by their keys."""
    return sorted(key[:_SHORT] for key in keys)


class Elsewhere:
    """What the batches of other jobs hold, looked at now and then."""

    def __init__(self, jobs: JobStore, own: str) -> None:
        """``own``: the id of the job that asks."""
        self._jobs = jobs
        self._own = own
        self._holders: dict[str, Job] = {}
        self._looked: float | None = None
        self._looking = asyncio.Lock()

    def forget(self) -> None:
        """The next look is a fresh one, however short the time since the last."""
        self._looked = None

    async def look(self) -> bool:
        """Looks again where it is time; whether answers may have come in since the last look."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if self._looked is not None and now < self._looked + LOOK_EVERY:
                return False
            found: dict[str, Job] = {}
            for job in await self._jobs.list():
                if job.id != self._own and job.request.options.get("batch"):
                    with suppress(NotFoundError):  # somebody deleted it
                        for record in (await self._jobs.preparation(job.id)).get("batches", ()):
                            if not record.get("stopped"):
                                found.update(dict.fromkeys(record.get("out", ()), job))
            has_gone = bool(self._holders.keys() - found.keys())
            self._holders, self._looked = found, now
            return has_gone

    def holder(self, key: str) -> Job | None:
        """The job in a batch of which a question waits, as it was at the last look."""
        return self._holders.get(key[:_SHORT])


async def taken(
    key: str,
    answers: AnswerStore,
    elsewhere: Elsewhere | None,
    will_do: Fits,
) -> KeptReply | None:
    """The kept answer to a question, if there is one that will do.

    Raises ``UnansweredError`` where there is none and the question waits in a batch of another job.
    """
    if elsewhere is not None and await elsewhere.look():
        await answers.refresh()
    kept = await answers.find(key)
    if kept is not None and await will_do(kept):
        return kept
    holder = elsewhere.holder(key) if elsewhere is not None else None
    if holder is None:
        return None
    if holder.state.is_over:
        # It may have died before its batch was made or after: only the service knows, and the job can ask it.
        raise UnansweredError(
            f"The same may be out in a batch of job {holder.id}, which {JOB_STATES[holder.state]}; "
            "it is not asked and paid for twice.",
            reason=AT_SERVICE,
            hint=f"Resume job {holder.id}, which collects its batch or makes it, or cancel it; then retry.",
        )
    raise UnansweredError(
        f"The same was asked in a batch of job {holder.id}, and is not asked and paid for twice.",
        reason=AT_SERVICE,
        hint=f"Retry the document once job {holder.id} has the answer, which costs nothing more, "
        "or cancel that job.",
    )
