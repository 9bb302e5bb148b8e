"""Sees what others do in the open project, and tells the screens.

Other processes of this home write the state; other homes come in by the sync in the background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.signal import Signal

from tui_labeler.domain.jobs import Job
from tui_labeler.engine.background import EVERY, Background, Exchange, Standing
from tui_labeler.engine.errors import AwayError, DeletedError, LabelerError
from tui_labeler.engine.ports import Transaction
from tui_labeler.screens.base import tell, tell_error

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.timer import Timer

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.takes.taking import TakesNews

LOOK_EVERY = 0.3
"""Seconds; what others commit is on the screen within a second."""

RESTS = 2
"""Looks that are left out after one that found news: a job at work has some all the time."""

JOBS_EVERY = 3
"""Looks at the state between two looks at the jobs while none is at work."""


@dataclass(frozen=True, slots=True)
class News:
    """What came since the last look."""

    transactions: tuple[Transaction, ...]
    """Committed by others; work of this process that came in between may be missing."""
    jobs: tuple[Job, ...]
    """All jobs of the project, newest first, as of the last look at them."""

    @property
    def running(self) -> tuple[Job, ...]:
        return tuple(job for job in self.jobs if not job.state.is_over)


class Follower:
    """Looks at the open project a few times a second and publishes :attr:`news` when there are some.

    While nothing happens a look costs one ``stat`` of the journal, and now and then one of the jobs.
    """

    def __init__(self, app: App[Any], sync_every: float = EVERY) -> None:
        """``sync_every``: seconds between two syncs in the background, 0 for none."""
        self.news: Signal[News] = Signal(app, "news")
        self.stood: Signal[Standing] = Signal(app, "stood")
        """The project stands otherwise to those who share it."""
        self.came: Signal[Exchange] = Signal(app, "came")
        """A sync in the background has brought something in."""
        self.taken: Signal[TakesNews] = Signal(app, "taken")
        """Others have other documents than before."""
        self.background: Background | None = None
        """Syncs the project that is followed."""
        self._sync_every = sync_every
        self.deleted = False
        """Somebody deleted the project that was followed."""
        self.is_away = False
        """Its home is not where it was."""
        self._app = app
        self._session: ProjectSession | None = None
        self._timer: Timer | None = None
        self._jobs: tuple[Job, ...] = ()
        self._looks = 0
        self._rests = 0
        self._looking = False
        self._trouble = ""

    def forget(self, screen: Screen[Any]) -> None:
        """Tells ``screen`` nothing more.

        A signal holds on to who has subscribed until it is published again, which may be never, and the
        screen to its whole project.
        """
        for signal in (self.news, self.stood, self.came, self.taken):
            signal.unsubscribe(screen)

    @property
    def session(self) -> ProjectSession | None:
        """The project that is followed."""
        return self._session

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs of the project, newest first, as of the last look at them."""
        return self._jobs

    @property
    def standing(self) -> Standing:
        """How the project stands to those who share it."""
        return self.background.standing if self.background else Standing()

    async def follow(self, session: ProjectSession) -> None:
        """Follows a project in place of any other."""
        await self.stop()
        self._session = session
        self.deleted = self.is_away = False
        self._timer = self._app.set_interval(LOOK_EVERY, self._look_or_rest)
        self.background = Background(session, self.stood.publish, self.came.publish, every=self._sync_every)
        self.background.start()
        if session.taking is not None:
            session.taking.start(self.taken.publish)

    async def stop(self) -> None:
        """Looks no more, and calls off a sync."""
        if self._timer is not None:
            self._timer.stop()
        background, self.background = self.background, None
        if background is not None:
            await background.stop()
        if self._session is not None and self._session.taking is not None:
            await self._session.taking.stop()
        self._timer = self._session = None
        self._jobs = ()
        self._looks = self._rests = 0

    async def _look_or_rest(self) -> None:
        if self._rests:
            self._rests -= 1
        else:
            await self.look()

    async def look(self) -> None:
        """One look. An error is told once, not three times a second; of a deleted project it is the last."""
        session = self._session
        if session is None or self._looking or self.deleted:
            return
        self._looking = True
        try:
            transactions = await session.refresh()
            jobs = await self._look_at_jobs(session)
            self._trouble = ""
            if self.is_away:
                self._set_away(session, is_away=False)
        except DeletedError as error:
            if session is self._session:
                self._tell_deleted(error)
            return
        except LabelerError as error:
            if error.message != self._trouble:
                self._trouble = error.message
                tell_error(self._app, error)
            if isinstance(error, AwayError) and not self.is_away:
                self._set_away(session, is_away=True)
            return
        finally:
            self._looking = False
        if session is self._session and (transactions or jobs != self._jobs):
            self._jobs = jobs
            self._rests = RESTS
            self.news.publish(News(transactions, jobs))

    def _set_away(self, session: ProjectSession, *, is_away: bool) -> None:
        """What was read of the project stays on the screen, and holds again once the home is back."""
        if session is not self._session:
            return
        self.is_away = is_away
        if not is_away:
            tell(self._app, "What you do is saved again.", title="The home folder is back")
            if self.background is not None:
                self.background.soon()
        self.news.publish(News((), self._jobs))

    def _tell_deleted(self, error: DeletedError) -> None:
        if self._timer is not None:
            self._timer.stop()
        self.deleted = True
        self._jobs = ()
        tell_error(self._app, error)
        self.news.publish(News((), ()))

    async def _look_at_jobs(self, session: ProjectSession) -> tuple[Job, ...]:
        due = self._looks % JOBS_EVERY == 0 or any(not job.state.is_over for job in self._jobs)
        self._looks += 1
        return await session.jobs.list() if due else self._jobs
