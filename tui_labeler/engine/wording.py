"""Words that stand in many messages."""

from __future__ import annotations

from datetime import UTC, datetime
from math import floor, log10
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import JobState

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job, Unused, Usage
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


def batches_going_on(ids: tuple[str, ...]) -> str:
    """What is said of batches that could not be stopped, when nothing is left that could collect them."""
    which = f"{counted(len(ids), 'batch', 'batches')} ({', '.join(ids)})"
    return (
        f"{which} could not be stopped at the service. What goes on there is paid for, and nobody collects "
        "it: stop it in the service's own pages."
    )


def in_words(error: LabelerError) -> str:
    """An error's message and hint as sentences on one line; its title stands apart from them."""
    return _joined(error.message, error.hint)


def in_words_on_screen(error: LabelerError) -> str:
    """The same in the application, whose hints name keys."""
    return _joined(error.message, error.on_screen)


def _joined(message: str, hint: str) -> str:
    ends = message.endswith((".", "!", "?"))
    return f"{message if ends else message + '.'} {hint}" if hint else message


def in_lines(error: LabelerError) -> str:
    """An error's message and its hint in the application, a line each; its title stands apart from them."""
    return f"{error.message}\n{error.on_screen}" if error.on_screen else error.message


_UNUSED = {
    "unknown_category": "the job has no such category",
    "wrong_type": "an entry was not in the form that was asked for",
    "not_understood": "a part was not in the form that was asked for",
    "several_classes": "several classes were named, and a document has one",
}


def unused_words(item: Unused) -> str:
    """What was answered, and why it could not be used."""
    if item.reason not in _UNUSED:
        return f"and {item.times:,} more"
    said = f"“{item.words}”" if item.words else ""
    named = f"“{item.category}”" if item.category else ""
    what = f"{said} as {named}: " if said and named else f"{said or named}: " if said or named else ""
    times = f" ({item.times:,} times)" if item.times > 1 else ""
    return f"{what}{_UNUSED[item.reason]}{times}"


def clock(time: str) -> str:
    """A stored time (UTC, ISO 8601) by the clock here, with its day where that is not today's."""
    moment, today = datetime.fromisoformat(time).astimezone(), datetime.now(UTC).astimezone().date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M:%S")


def pause_words(job: Job, when: str) -> str:
    """Until when a job waits, and why."""
    return f"The job waits until {when}: {job.waits_for}"


def late_words(location: str, seconds: float) -> str:
    """What is said of an answer that lets people wait for long."""
    return f"waiting for an answer of {location} since {seconds:,.0f} s"


def may_be_charged(requests: int, most: Usage, cost: float | None) -> str:
    """What is said of requests whose answer did not come, and of what they may cost; empty for none."""
    if not requests:
        return ""
    sum_of = counted(most.tokens, "token") if cost is None else f"{money(cost)} USD"
    return f"up to {sum_of} more may be charged for {counted(requests, 'request')} without an answer"


def about(usage: Usage) -> str:
    """What stands before a sum where the server did not tell all of the usage it is of."""
    return "about " if usage.estimated_tokens else ""


def doubtful(answers: int) -> str:
    """What is said of answers whose usage can't be as it was told; empty for none."""
    if not answers:
        return ""
    came = f"{counted(answers, 'answer')} came with a usage that can't be"
    return f"{came}: the larger of what was told and what is estimated is counted"


def money(amount: float) -> str:
    """A sum in USD, small ones with as many digits as say something: ``12.40``, ``0.00012``."""
    if amount <= 0 or amount >= 0.995:
        return f"{amount:,.2f}"
    if amount >= 0.01:
        return f"{amount:.3f}"
    return f"{amount:.{max(5, 1 - floor(log10(amount)))}f}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 label``, ``2,000 labels``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def followed_words(labels: int) -> str:
    """What became of labels whose words stand elsewhere in a text that has changed."""
    whose = "its" if labels == 1 else "their"
    return f"{counted(labels, 'label')} followed {whose} words into a changed text."
