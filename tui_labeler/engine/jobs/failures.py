"""Why documents of jobs failed, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import JobKind
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import DocumentFailure, Job, Method

REASONS = {
    "content_filter": "held back by the content filter",
    "refusal": "refused by the model",
    "context_length": "too long for the deployment",
    "length": "answer cut off",
    "repetition": "the model repeated itself",
    "too_long": "the answer was too long to be read",
    "bad_answer": "answer not understood",
    "bad_request": "request refused",
    "trouble": "no answer",
    "busy": "deployment busy",
    "at_service": "asked in a batch of another job",
    "under_way": "being asked by another job",
}
"""Why a deployment gave no answer for a document, by the failure's code."""


def reasons(failed: Iterable[DocumentFailure]) -> str:
    """How many failed why, most first: ``2 refused by the model, 1 answer cut off``."""
    found = Counter(REASONS.get(item.error, item.error.replace("_", " ")) for item in failed)
    return ", ".join(f"{count:,} {why}" for why, count in found.most_common())


def failed_words(job: Job) -> str:
    """How many documents of an evaluation failed, of how many, and why; empty where none did."""
    if job.request.kind is not JobKind.EVALUATE or not job.failed:
        return ""
    of = job.result.get("chosen")
    number = counted(of, "document") if of else counted(len(job.failed), "document")
    share = f"{len(job.failed):,} of {number}" if of else number
    return f"{share} failed: {reasons(job.failed)}"


def warning_of(job: Job) -> str:
    """What to bear in mind before the rest is paid for, after such an evaluation; empty where nothing is."""
    words = failed_words(job)
    if not words:
        return ""
    return f"In the evaluation {words}. So may some of the rest, and what is answered is paid for."


def warning_before(jobs: Iterable[Job], method: Method) -> str:
    """The same, of the newest evaluation of a method; ``jobs`` are those of the project, newest first."""
    for job in jobs:
        if job.request.kind is JobKind.EVALUATE and job.request.method == method and job.state.is_over:
            return warning_of(job)
    return ""
