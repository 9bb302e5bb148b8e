"""Words that stand in many messages."""

from __future__ import annotations

from tui_labeler.domain.jobs import JobState

JOB_STATES = {
    JobState.QUEUED: "is queued",
    JobState.RUNNING: "is running",
    JobState.CANCELLING: "is being cancelled",
    JobState.SUCCEEDED: "succeeded",
    JobState.PARTIALLY_COMPLETED: "was partially completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "was cancelled",
    JobState.INTERRUPTED: "was interrupted",
}
"""What is said of a job, by its state."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 label``, ``2,000 labels``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
