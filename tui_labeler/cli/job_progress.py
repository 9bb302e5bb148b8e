"""How far a job is: as a line for people, and as fields of a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.engine.wording import about, doubtful, late_words, may_be_charged, money

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job


def job_progress(job: Job) -> dict[str, Any]:
    """For ``--json``."""
    return {
        "job_id": job.id,
        "state": job.state.value,
        "stage": job.stage,
        "waits_until": job.waits_until or None,
        "waits_for": job.waits_for,
        "done": job.done,
        "total": job.total,
        "failed": len(job.failed),
        "waiting": job.waiting,
        "suggestions": job.suggestions,
        "tokens": job.usage.prompt_tokens + job.usage.completion_tokens,
        "cost": job.cost,
        "unanswered_cost": job.unanswered_cost,
        "rate": job.rate,
        "seconds_left": job.seconds_left,
    }


BAR = 24
"""Columns of a progress bar."""


def job_line(job: Job) -> str:
    """For people."""
    finished = job.done + len(job.failed)
    filled = BAR * finished // job.total if job.total else 0
    bar = "#" * filled + "-" * (BAR - filled)
    of = f"{finished:,}/{job.total:,}" if job.request.documents else f"{100 * finished // (job.total or 1)} %"
    parts = [f"[{bar}] {of}" if job.total else f"[{bar}]", job.stage or job.state.value]
    if job.failed:
        parts.append(f"{len(job.failed):,} failed")
    if tokens := job.usage.prompt_tokens + job.usage.completion_tokens:
        price = "" if job.cost is None else f", {money(job.cost)} USD"
        parts.append(f"{about(job.usage)}{tokens:,} tokens{price}")
    if job.usage.doubtful_answers:
        parts.append(doubtful(job.usage.doubtful_answers))
    if job.unanswered:
        parts.append(may_be_charged(job.unanswered, job.unanswered_usage, job.unanswered_cost))
    if job.late:
        parts.append(late_words(job.late, job.late_seconds))
    if job.seconds_left is not None:
        parts.append(f"{job.seconds_left:.0f} s left")
    return "  ".join(parts)
