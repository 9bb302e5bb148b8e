"""Words that stand in many messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import JobState

if TYPE_CHECKING:
    from tui_labeler.engine.errors import LabelerError

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


def quota_kept(records: int) -> str:
    """What is said where a job's records no longer tell how much of its reservation it used."""
    return (
        "Nothing is left that tells how much of the quota it used. All that it reserved counts as used: "
        f"{counted(records, 'text record')}."
    )


def in_words(error: LabelerError) -> str:
    """An error's message and hint as sentences on one line; its title stands apart from them."""
    if not error.hint:
        return error.message
    ends = error.message.endswith((".", "!", "?"))
    return f"{error.message if ends else error.message + '.'} {error.hint}"


def in_lines(error: LabelerError) -> str:
    """An error's message and its hint in the application, a line each; its title stands apart from them."""
    return f"{error.message}\n{error.on_screen}" if error.on_screen else error.message


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 label``, ``2,000 labels``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
