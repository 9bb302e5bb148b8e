"""The jobs of a project: how each goes, and what can be done about it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.jobs import Job, JobKind, JobState
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.jobs.counts import SuggestionCounts, counts_of
from tui_labeler.engine.jobs.following import FIGURES_EVERY
from tui_labeler.engine.models.models import find_model
from tui_labeler.engine.wording import batches_going_on, counted, quota_kept
from tui_labeler.screens.base import reporting, tell, tell_error
from tui_labeler.screens.commands import bound_keys
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.jobs import text as jobs_text
from tui_labeler.screens.jobs.asking import agree, ask_budget, stopped_by_budget, what_it_takes
from tui_labeler.screens.jobs.comparison import ComparisonScreen
from tui_labeler.screens.jobs.refusals import why_not
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.places import Compared, Place
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.unreadable import unreadable_page, unreadable_row
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.working import looked_up, with_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult
    from textual.events import Key

    from tui_labeler.engine.autolabelers.spending import Budget
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession


def _key(key: str, action: str, description: str, tooltip: str, *, show: bool = True) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=f"jobs.{action}", show=show)


class JobsScreen(Screen["str | Place | None"]):
    """Lists the jobs, newest first, and follows them.

    The result is the id of a job to review, or a place where two jobs differ.
    """

    HELP: ClassVar[str] = """\
## Jobs

Autolabeling, training and evaluation jobs, newest first. A job goes on while you work elsewhere, and when
this terminal is closed.

- `c` cancels a job. What it has suggested so far stays.
- `R` resumes one that was cancelled or interrupted: only what is missing is done. Where a deployment is
  asked, it says first where texts go and what the rest takes, and asks; one that used up its budget needs a
  larger one. Nothing is paid for twice.
- `t` tries its failed documents again, and asks as `R` does.
- `enter` or `v` opens the documents that have suggestions of the job, for review. For a training job it
  shows how the model performs.
- `U` takes back all that came of a job, accepted suggestions too.
- `=` on one job and then on another compares what the two answered, documents with differences first. `q` in
  a document that was opened from there comes back to it.
- `D` deletes a job's record; its suggestions stay.

*Interrupted* means that the job's process is gone before the job had ended: resume it, or delete it.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("enter,v", "review", "Review", "Review documents with autolabels of this job"),
        _key("c", "cancel", "Cancel", "Stop the job; what it has suggested stays"),
        _key("R", "resume", "Resume", "Go on with what is missing"),
        _key("q,escape", "leave", "Back", "Back to where you were"),
        _key("t", "retry", "Retry", "Try the failed documents again"),
        _key("U", "undo", "Undo all", "Take back all that came of the job"),
        _key("equals_sign", "compare", "Compare", "Compare with another job: = there too"),
        _key("D", "delete", "Delete", "Delete the job's record; its suggestions stay"),
    ]

    def __init__(
        self,
        session: ProjectSession,
        resources: Resources,
        job: str | None = None,
        back_from: Place | None = None,
    ) -> None:
        """The cursor begins at a ``job``; ``back_from`` a place, the comparison that led there is opened."""
        super().__init__()
        self._back_from = back_from
        self._session = session
        self._resources = resources
        self._wanted = job
        self._jobs: dict[str, Job] = {}
        self._broken: dict[str, LabelerError] = {}
        """Jobs whose records can't be read."""
        self._counts: dict[str, SuggestionCounts] = {}
        """What has become of the suggestions of jobs that are over, as of ``_counted_at``."""
        self._counted_at = -1
        """The sequence number of the state that was counted."""
        self._trouble = ""
        self._marked = ""
        """The job that another one is to be compared with."""

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Picker(id="jobs")
        yield Sheet(id="job")
        yield KeyLine()

    async def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self._session.project.name} > Jobs"
        await self.look()
        if self._back_from is not None and self._back_from.chosen_in is not None:
            self._show_compared(self._back_from.chosen_in, self._back_from.document)
        self.set_interval(FIGURES_EVERY, self.look)

    # --- following ----------------------------------------------------------------------------------

    async def look(self) -> None:
        """Reads the jobs and shows what changed. An error is told once."""
        if self._jobs and self.app.screen is not self:
            return
        try:
            jobs = {job.id: job for job in await self._session.jobs.list()}
            broken = dict(await self._session.jobs.broken())
        except LabelerError as error:
            if error.message != self._trouble:
                self._trouble = error.message
                tell_error(self.app, error)
            return
        self._trouble = ""
        if jobs == self._jobs and broken.keys() == self._broken.keys() and (jobs or broken):
            return
        self._jobs, self._broken = jobs, broken
        if self._marked not in jobs:
            self._marked = ""
        self._show_title()
        self._show_rows(self._wanted)
        self._wanted = None
        self._show(keep_place=True)
        self._count()

    def _show_rows(self, cursor: str | None = None) -> None:
        rows = [
            Choice(job.id, jobs_text.row(job, marked=job.id == self._marked)) for job in self._jobs.values()
        ]
        rows += [Choice(job_id, unreadable_row(job_id, error)) for job_id, error in self._broken.items()]
        self.query_one("#jobs", Picker).set_rows(rows, jobs_text.columns, cursor=cursor)

    def _show_title(self) -> None:
        queued = sum(job.state is JobState.QUEUED for job in self._jobs.values())
        running = sum(not job.state.is_over for job in self._jobs.values()) - queued
        waits = f"{queued} queued, " if queued else ""
        words = f"{running} running, {waits}{len(self._jobs) + len(self._broken)} in all"
        if self._marked:
            words = f"{self._marked} is marked: = on another job compares"
        self.query_one(TitleLine).right = words

    @property
    def current(self) -> str:
        """The id of what the cursor is at; empty when there is nothing."""
        return self.query_one("#jobs", Picker).current or ""

    @property
    def job(self) -> Job | None:
        """The job at the cursor, where it can be read."""
        return self._jobs.get(self.current)

    def _show(self, *, keep_place: bool = False) -> None:
        job = self.job
        names = {key: item.name for key, item in self._session.store.state.categories.items()}
        error = self._broken.get(self.current)
        build = jobs_text.detail(job, names, self._counts.get(job.id)) if job else jobs_text.no_jobs
        build = unreadable_page(error) if error else build
        self.query_one("#job", Sheet).show_page(build, keep_place=keep_place)
        self.refresh_bindings()

    def on_picker_highlighted(self) -> None:
        self._show()
        self._count()

    @work(exclusive=True, group="count")
    @reporting
    async def _count(self) -> None:
        """Counts what is left of the suggestions at the cursor; those of a job at work are still coming."""
        await self._session.refresh()
        if self._session.store.seq != self._counted_at:
            self._counts, self._counted_at = {}, self._session.store.seq
        job = self.job
        if job is None or not job.state.is_over or job.id in self._counts:
            return
        if not (job.suggestions or job.unaligned):
            return
        self._counts[job.id] = await counts_of(self._session.store, job)
        self._show(keep_place=True)

    def on_picker_chosen(self) -> None:
        if self.check_action("review", ()):
            self.action_review()
        else:
            self._tell_why_not("review")

    # --- what can be done ---------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("review", "cancel", "resume", "retry", "undo", "delete", "compare"):
            return super().check_action(action, parameters)
        job = self.job
        if job is None:
            return True if action == "delete" and self.current in self._broken else None
        autolabel = job.request.kind is JobKind.AUTOLABEL
        trained = job.request.kind is JobKind.TRAIN and job.state is JobState.SUCCEEDED
        allowed = {
            "review": (autolabel and job.suggestions + job.unaligned > 0) or trained,
            "cancel": job.state in (JobState.QUEUED, JobState.RUNNING, JobState.INTERRUPTED),
            "resume": job.state in (JobState.CANCELLED, JobState.INTERRUPTED, JobState.FAILED),
            "retry": job.state.is_over and bool(job.failed),
            "undo": autolabel and job.state.is_over and job.suggestions > 0,
            "delete": job.state.is_over,
            "compare": autolabel and job.done > 0,
        }
        # What a job goes through once is gone with it; what comes back is only dimmed meanwhile.
        return True if allowed[action] else False if action == "cancel" else None

    def on_key(self, event: Key) -> None:
        """A key that is not for the job at the cursor says why."""
        if event.key == "enter":
            return  # the list says that a row was chosen
        for key in self.BINDINGS:
            if isinstance(key, Binding) and event.key in bound_keys([key], self.app._keymap):
                self._tell_why_not(key.action)

    def refused(self) -> Iterator[tuple[Binding, str]]:
        job = self.job
        for key in self.BINDINGS if job is not None else ():
            if job is not None and isinstance(key, Binding) and not self.check_action(key.action, ()):
                yield key, why_not(key.action, job)

    def _tell_why_not(self, action: str) -> None:
        # Of one that can't be read the page below says so.
        if self.job is not None and not self.check_action(action, ()):
            tell(self.app, why_not(action, self.job), title=f"Job {self.job.id}")

    @work(exclusive=True, group="act")
    @reporting
    async def action_review(self) -> None:
        job = self.job
        if job is None:
            return
        if job.request.kind is JobKind.TRAIN:
            card = await find_model(self._session.models, jobs_text.subject(job))
            self.app.push_screen(PerformanceScreen(self._session, card))
            return
        await self._session.refresh()
        if any(job.id in row.jobs for row in self._session.rows.values()):
            self.dismiss(job.id)
        else:
            tell(self.app, "Nothing of this job is left to decide on.", title="Nothing to review")

    @work(exclusive=True, group="act")
    @reporting
    async def action_cancel(self) -> None:
        if job := self.job:
            await self._session.jobs.cancel(job.id)
            await self.look()

    @work(exclusive=True, group="act")
    @reporting
    async def action_resume(self) -> None:
        await self._go_on(retry_failed=False)

    @work(exclusive=True, group="act")
    @reporting
    async def action_retry(self) -> None:
        await self._go_on(retry_failed=True)

    async def _go_on(self, *, retry_failed: bool) -> None:
        """One that used up its budget needs another."""
        job = self.job
        if job is None:
            return
        budget = None
        if stopped_by_budget(job):
            budget = await ask_budget(self.app, job)
            if budget is None:
                return
        await self._session.refresh()
        if job.state.is_over and not await self._agreed(job, budget, retry_failed=retry_failed):
            return
        step = self._session.jobs.retry if retry_failed else self._session.jobs.resume
        await step(job.id, budget=budget)
        await self.look()

    async def _agreed(self, job: Job, budget: Budget | None, *, retry_failed: bool) -> bool:
        self.query_one(TitleLine).right = "One moment: reckoning what it takes."
        try:
            message = await what_it_takes(
                self._session, self._resources, job, budget, retry_failed=retry_failed
            )
        except LabelerError:
            self._show_title()
            raise
        self._show_title()
        return not message or await agree(self, message)

    @work(exclusive=True, group="act")
    @reporting
    async def action_undo(self) -> None:
        job = self.job
        if job is None:
            return
        message = (
            f"All that came of {counted(job.suggestions, 'suggestion')} in {counted(job.done, 'document')} "
            "is taken back: the "
            "suggestions, and the labels that you accepted from them. Suggestions that the job had replaced "
            "come back. What others accepted or rejected stays."
        )
        if await self._confirmed("Undo all that came of the job?", message, "Undo all"):
            undone = await with_progress(
                self.app, "Taking it back", partial(self._session.history.undo_job, job.id), may_stop=False
            )
            assert undone is not None
            words = (
                f"{counted(undone.items, 'item')} in {counted(len(undone.documents), 'document')} "
                f"{'was' if undone.items == 1 else 'were'} taken back."
            )
            if undone.refused:
                words += f"\n{undone.refused:,} stay as they are: somebody else decided on them."
            tell(self.app, words, title="Undone")
            await self.look()
            self._count()

    @work(exclusive=True, group="act")
    @reporting
    async def action_compare(self) -> None:
        """Marks a job, or compares it with the one that is marked; on that one itself, unmarks it."""
        job = self.job
        if job is None:
            return
        first = self._jobs.get(self._marked)
        self._marked = "" if first is not None else job.id
        self._show_title()
        self._show_rows()
        if first is None or first.id == job.id:
            return
        compare = partial(self._session.jobs.compare, first.id, job.id)
        found = await looked_up(self.app, "Comparing the two jobs", compare)
        if found is not None and self.is_active:
            self._show_compared(Compared(first, job, found))

    def _show_compared(self, compared: Compared, at: int | None = None) -> None:
        self.app.push_screen(ComparisonScreen(self._session, compared, at), self._go_to)

    def _go_to(self, place: Place | None) -> None:
        if place is not None:
            self.dismiss(place)

    @work(exclusive=True, group="act")
    @reporting
    async def action_delete(self) -> None:
        job_id = self.current
        message = f"The record of job {job_id} will be gone for good. Its suggestions stay."
        if self.job is not None and self.job.request.options.get("batch"):
            message += " What it has left at its service is stopped there first."
        if await self._confirmed("Delete the job?", message, "Delete"):
            gone = await self._session.jobs.delete(job_id)
            said = [quota_kept(gone.quota_kept)] if gone.quota_kept else []
            said += [batches_going_on(gone.going_on)] if gone.going_on else []
            if said:
                tell(self.app, "\n".join(said), title="Deleted", severity="warning")
            self._jobs = {}
            await self.look()

    async def _confirmed(self, title: str, message: str, yes: str) -> bool:
        answer = await self.app.push_screen_wait(ConfirmScreen(title, message, yes, "Keep"))
        return answer is True

    def action_leave(self) -> None:
        self.dismiss(None)
