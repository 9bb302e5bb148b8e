"""How far a job is, in two lines that only change when it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment

from tui_labeler.domain.jobs import Job, JobKind, JobState
from tui_labeler.engine.wording import about, doubtful, may_be_charged
from tui_labeler.screens.widgets.cells import clean, clip
from tui_labeler.screens.widgets.distribution import bar
from tui_labeler.screens.widgets.lines import LineView

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.glyphs import Glyphs


class JobProgress(LineView, can_focus=False):
    """State, bar and counts of one job. Nothing moves by itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "job-progress--bar",
        "job-progress--dim",
        *(f"job-progress--{state.replace(' ', '-')}" for state in JobState),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.job: Job | None = None

    def show_job(self, job: Job | None) -> None:
        """Shows a job as it is now; what looks the same is not drawn again."""
        self.job = job
        self.repaint()

    def paint_line(self, y: int) -> list[Segment]:
        if self.job is None or y > 1:
            return []
        width = self.view_size.width
        glyphs = self.glyphs
        if y == 1:
            text = f" {glyphs.dot} ".join(facts(self.job, glyphs))
            return [Segment(clip(text, width, glyphs.more), self.style("job-progress--dim"))]
        job = self.job
        state = f"{job.state} "
        count = f" {job.dealt_with:,} of {job.total:,}" if job.total else ""
        room = max(1, min(60, width - len(state) - len(count)))
        parts = ((job.done, glyphs.bar), (job.dealt_with - job.done, glyphs.times))
        filled = bar(parts, max(job.total, job.done, 1), room)
        return [
            Segment(state, self.style(f"job-progress--{job.state.replace(' ', '-')}")),
            Segment(filled + glyphs.bar_empty * (room - len(filled)), self.style("job-progress--bar")),
            Segment(count, self.style()),
        ]


def facts(job: Job, glyphs: Glyphs) -> list[str]:
    """What is worth knowing of a job, the most pressing first."""
    known = [clean(job.message)] if job.message else [clean(job.stage)] if job.stage else []
    if job.failed:
        known.append(f"{len(job.failed):,} failed")
    if job.waiting and job.total:
        known.append(f"{job.waiting:,} waiting")
    if job.request.kind is JobKind.AUTOLABEL:
        known.append(f"{job.suggestions:,} suggestions")
    if job.unaligned:
        known.append(f"{job.unaligned:,} to place")
    if job.unused:
        known.append(f"{job.unused:,} not usable")
    tokens = job.usage.prompt_tokens + job.usage.completion_tokens
    if tokens:
        known.append(f"{about(job.usage)}{tokens:,} tokens")
    if job.cost is not None:
        known.append(f"${job.cost:,.2f}")
    if job.usage.doubtful_answers:
        known.append(doubtful(job.usage.doubtful_answers))
    if job.unanswered:
        known.append(may_be_charged(job.unanswered, job.unanswered_usage, job.unanswered_cost))
    if job.rate is not None:
        known.append(f"{job.rate:,.1f} a second")
    if job.seconds_left is not None:
        known.append(f"{duration(job.seconds_left)} left")
    return known


def duration(seconds: float) -> str:
    """A time in minutes and seconds, or hours: ``1:05``, ``2:00:00``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
