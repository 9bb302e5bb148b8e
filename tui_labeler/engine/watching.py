"""Labeling by itself: what comes new into the container gets suggestions, round after round.

A round syncs, has a job label the documents that the method was never asked about, and syncs again so that
others see what came of it. What people do meanwhile is left alone: suggestions are all that is added.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.jobs import Job, JobKind, JobState, Method
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import Budget, BudgetError
from tui_labeler.engine.documents.reading import Synced
from tui_labeler.engine.errors import (
    DeletedError,
    InputError,
    LabelerError,
    LockedError,
    NotFoundError,
    QuotaError,
    RefusedError,
)
from tui_labeler.engine.jobs.answered import PASSING, Answered, Asked
from tui_labeler.engine.jobs.requests import WATCHED
from tui_labeler.engine.models.models import find_model
from tui_labeler.engine.sharing.synced import Shared
from tui_labeler.engine.takes.leases import Lease
from tui_labeler.engine.wording import counted, money

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.ports import WatchLock
    from tui_labeler.engine.session import ProjectSession

PAUSES = (1.0, 3.0, 10.0)
"""Seconds between tries to sync while somebody else in this home does."""

Choose = Callable[[], Awaitable[Sequence["DocumentRow"]]]
"""The documents that a watch is about, by location, as they are at the moment."""

Follow = Callable[[Job], Awaitable[Job]]
"""Waits for a job's end and returns it as it is then."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watcher has documents labeled by."""

    method: Method
    categories: tuple[str, ...] | None = None
    """Ids; ``None``: all that there are at the time."""
    limit: int | None = None
    """Documents a round, at most."""
    gpt: GptOptions | None = None
    """Its budget is for the whole watch."""
    prices: Prices | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one round."""

    job: Job | None = None
    synced: Synced = field(default_factory=Synced)
    shared: Shared = field(default_factory=Shared)
    """What the syncs of labels did, before and after the job."""
    new: int = 0
    """Documents that the method was never asked about."""
    left: int = 0
    """Of these, those that were not labeled for want of quota, or by the limit of a round."""
    error: LabelerError | None = None
    """Why the round stopped short of its end, or why documents are left."""
    is_behind: bool = False
    """There may be more to do, and nothing to wait for."""


class _Syncs:
    """What a round's syncs did so far."""

    def __init__(self) -> None:
        self.synced = Synced()
        self.shared = Shared()

    def add(self, found: Shared) -> None:
        self.shared = replace(
            found,
            downloaded=self.shared.downloaded + found.downloaded,
            uploaded=self.shared.uploaded + found.uploaded,
            settings_in=self.shared.settings_in or found.settings_in,
            settings_out=self.shared.settings_out or found.settings_out,
        )


class Watch:
    """One watcher of one project."""

    def __init__(
        self, session: ProjectSession, lock: WatchLock, watched: Watched, choose: Choose, follow: Follow
    ) -> None:
        self._session = session
        self._lock = lock
        self._watched = watched
        self._choose = choose
        self._follow = follow
        self._answered = Answered(session.jobs)
        self._lease: Lease | None = None
        self._holder = session.holder(doing=f"watching with {watched.method.label}")
        self._failed = ""
        self._tokens = 0
        self._cost = 0.0
        self.is_labeling = False
        """A job is being started or followed: who wants to end has it cancelled, and waits for it."""

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Is the only watcher meanwhile. Raises ``LockedError`` where there is another in this home."""
        async with self._lock.held(self._holder) as home:
            keeping: asyncio.Task[None] | None = None
            sharing, shelf = self._session.sharing, self._session.shelf
            if sharing is not None and shelf is not None and sharing.is_on:
                name = f".tui-labeler/{self._session.project.id}/watch.json"
                self._lease = Lease(shelf, name, msgspec.structs.replace(self._holder, home=home))
                keeping = asyncio.create_task(_kept(self._lease))
            try:
                yield
            finally:
                if keeping is not None and self._lease is not None:
                    keeping.cancel()
                    await asyncio.gather(keeping, return_exceptions=True)
                    await self._lease.free()

    # --- a round ------------------------------------------------------------------------------------

    async def round(self) -> Round:
        """One round. May be cancelled at any moment while :attr:`is_labeling` is false.

        What stops a round is told in it. Raises what stops all further rounds: ``DeletedError``,
        ``LockedError`` where another machine watches the project, ``BudgetError``.
        """
        syncs = _Syncs()
        try:
            return await self._round(syncs)
        except (DeletedError, _WatchedElsewhereError, BudgetError):
            raise
        except LabelerError as error:
            return Round(synced=syncs.synced, shared=syncs.shared, error=error)

    async def _round(self, syncs: _Syncs) -> Round:
        session = self._session
        await session.refresh()
        if self._lease is not None:
            await _taken(self._lease)
        if (left := await self._left_over()) is not None:
            return await self._after(left, Round(is_behind=True), syncs)
        syncs.synced = await session.documents.sync()
        await self._share(syncs)
        asked = await self._asked()
        new = await self._answered.new(await self._choose(), session.store.state, asked)
        rows, why = await self._that_fit(new[: self._watched.limit])
        left_out = len(new) - len(rows)
        found = Round(new=len(new), left=left_out, error=why, is_behind=why is None and left_out > 0)
        if not rows:
            return replace(found, synced=syncs.synced, shared=syncs.shared)
        budget = self._budget_left()
        await self._clear_failed()
        return await self._after(await self._label(rows, budget), found, syncs)

    async def _after(self, job: Job, found: Round, syncs: _Syncs) -> Round:
        """A round whose job is over; a sync that fails takes nothing from that."""
        if job.state is JobState.FAILED and not job.done:
            self._failed = job.id
        error = found.error
        if job.suggestions or job.unaligned:
            try:
                await self._share(syncs)
            except LabelerError as failed:
                error = failed
        return replace(found, job=job, synced=syncs.synced, shared=syncs.shared, error=error)

    async def _share(self, syncs: _Syncs) -> None:
        sharing = self._session.sharing
        if sharing is None or not sharing.is_on:
            return
        for pause in PAUSES:
            try:
                syncs.add(await sharing.sync())
            except LockedError:
                await asyncio.sleep(pause)
            else:
                return
        syncs.add(await sharing.sync())

    async def _asked(self) -> Asked:
        """Raises ``NotFoundError`` where the model is gone."""
        watched, state = self._watched, self._session.store.state
        wanted = state.categories.keys() if watched.categories is None else set(watched.categories)
        if not wanted & state.categories.keys():
            raise InputError("There is no category to label with.", hint="`category add` makes one.")
        version = ""
        if watched.method.name == "model":
            version = (await find_model(self._session.models, watched.method.model)).version
        return Asked(watched.method, version, frozenset(wanted & state.categories.keys()))

    async def _that_fit(
        self, rows: Sequence[DocumentRow]
    ) -> tuple[Sequence[DocumentRow], LabelerError | None]:
        """As many documents as the month's quota allows, and what keeps it from the others."""
        estimate = await self._session.jobs.estimate(rows, self._watched.method)
        if estimate.fits >= len(rows):
            return rows, None
        kept = counted(len(rows) - estimate.fits, "document waits", "documents wait")
        return rows[: estimate.fits], QuotaError(
            f"{counted(estimate.needed, 'text record is', 'text records are')} needed and "
            f"{estimate.left or 0:,} are left this month: {kept}.",
            hint="They are labeled next month, or once `quota` in the home's settings.toml allows it.",
        )

    # --- jobs ---------------------------------------------------------------------------------------

    async def _label(self, rows: Sequence[DocumentRow], budget: Budget) -> Job:
        watched, state = self._watched, self._session.store.state
        gpt = watched.gpt and replace(watched.gpt, budget_usd=budget.usd, budget_tokens=budget.tokens)
        chosen = watched.categories and [key for key in watched.categories if key in state.categories]
        self.is_labeling = True
        try:
            job = await self._session.jobs.autolabel(
                rows, watched.method, chosen, gpt=gpt, prices=watched.prices, watched=True
            )
            return self._paid(await self._follow(job), job)
        finally:
            self.is_labeling = False

    async def _left_over(self) -> Job | None:
        """A job that an earlier watcher began, at its end; ``None`` where there is none to go on with."""
        for job in await self._session.jobs.list():
            is_mine = job.request.method == self._watched.method and job.request.options.get(WATCHED)
            is_at_work = job.state is JobState.INTERRUPTED or not job.state.is_over
            if job.request.kind is not JobKind.AUTOLABEL or not is_mine or not is_at_work:
                continue
            self.is_labeling = True
            try:
                going_on = await self._resumed(job) if job.state is JobState.INTERRUPTED else job
                if going_on is not None:
                    return self._paid(await self._follow(going_on), job)
            finally:
                self.is_labeling = False
        return None

    async def _resumed(self, job: Job) -> Job | None:
        """Goes on with a job whose process died; one that can't go on is closed, and ``None``."""
        budget = None
        if self._watched.gpt is not None:
            left = self._budget_left()
            used = (job.usage + job.unanswered_usage).tokens
            budget = Budget(
                None if left.usd is None else left.usd + _most_cost(job),
                None if left.tokens is None else left.tokens + used,
            )
            budget = None if budget == Budget() else budget
        try:
            return await self._session.jobs.resume(job.id, budget=budget)
        except (RefusedError, NotFoundError):
            await self._session.jobs.cancel(job.id)
            return None

    async def _clear_failed(self) -> None:
        """Of a night without the deployment the last failed job is enough to tell."""
        failed, self._failed = self._failed, ""
        if not failed:
            return
        with suppress(NotFoundError, RefusedError):
            job = await self._session.jobs.get(failed)
            if job.state is JobState.FAILED and all(item.error in PASSING for item in job.failed):
                await self._session.jobs.delete(failed)

    # --- money --------------------------------------------------------------------------------------

    def _paid(self, job: Job, before: Job) -> Job:
        used = job.usage + job.unanswered_usage - before.usage - before.unanswered_usage
        self._tokens += used.tokens
        self._cost += _most_cost(job) - _most_cost(before)
        return job

    def _budget_left(self) -> Budget:
        """What the watch may still spend. Raises ``BudgetError`` where that is nothing."""
        gpt = self._watched.gpt
        if gpt is None:
            return Budget()
        usd = None if gpt.budget_usd is None else gpt.budget_usd - self._cost
        tokens = None if gpt.budget_tokens is None else gpt.budget_tokens - self._tokens
        if (usd is not None and usd <= 0) or (tokens is not None and tokens <= 0):
            raise BudgetError(
                f"The watch has used {money(self._cost)} USD and {self._tokens:,} tokens: its budget.",
                hint="Start it again with another budget.",
            )
        return Budget(usd, tokens)


def _most_cost(job: Job) -> float:
    """USD, with what may be charged for requests without an answer."""
    return (job.cost or 0.0) + (job.unanswered_cost or 0.0)


class _WatchedElsewhereError(LockedError):
    """Another machine's watcher has the project."""


async def _taken(lease: Lease) -> None:
    """Raises ``LockedError`` that says who watches the project instead."""
    try:
        await lease.take()
    except LockedError as error:
        raise _WatchedElsewhereError(
            f"Another machine watches this project already: {error.message}",
            hint="One watcher a project is enough. One that died counts as gone after three minutes, "
            "and so does one whose time is further ahead than that.",
        ) from None


async def _kept(lease: Lease) -> None:
    """Renews it; the next round finds out, and says, where it was lost."""
    with suppress(LockedError):
        await lease.keep()
