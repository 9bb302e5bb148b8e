"""What a job has shown of its deployment: how much it answers, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.autolabelers.work import Earlier, earlier_of

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Answer, Job


def shown_by(job: Job, answers: Sequence[Answer], characters: Callable[[int], int]) -> Earlier | None:
    """What a job used, answers of no use included; ``None`` where nothing was paid for.

    ``characters`` tells how long a document is, by its id. Several answers to each question are told as one.
    How long a batch takes is its service's matter, and tells nothing of other jobs.
    """
    in_batches = bool(job.request.options.get("batch"))
    found = earlier_of(answers, None if in_batches else job.seconds or None)
    paid = [failure for failure in job.failed if failure.usage.completion_tokens]
    if paid:
        found = found or Earlier(0, 0, Usage())
        found = Earlier(
            found.documents + len(paid),
            found.characters + sum(characters(failure.document) for failure in paid),
            sum((failure.usage for failure in paid), found.usage),
            found.seconds,
        )
    if found is None:
        return None
    samples = int(job.request.options.get("samples", 1))
    if samples > 1:
        usage = Usage(found.usage.prompt_tokens // samples, found.usage.completion_tokens // samples)
        found = replace(found, usage=usage)
    if job.answered.answers and job.answered.seconds:
        return replace(found, seconds=job.answered.seconds, answers=job.answered.answers)
    # The time of all documents, where each was paid for alike.
    return found if samples == 1 else replace(found, seconds=None)
