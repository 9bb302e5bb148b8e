"""Jobs: work that goes on by itself, in a process of its own, and is followed from anywhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui_labeler.domain.labels import Placed, Span
from tui_labeler.domain.resources import Prices


class JobKind(StrEnum):
    AUTOLABEL = "autolabel"
    TRAIN = "train"
    EVALUATE = "evaluate"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    PARTIALLY_COMPLETED = "partially completed"
    """Done, but some documents failed."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Its process is gone and it had not ended."""

    @property
    def is_over(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING)


ALL_FAILED = "all_failed"
"""Code of a job that failed because each of its documents did, for reasons of its own."""


@dataclass(frozen=True, slots=True)
class Method:
    """What labels the documents of a job: a trained model, a deployment on a resource, or another method."""

    name: str
    """``model``, ``gpt``, or another one that ``engine/runner.py`` knows."""
    model: str = ""
    resource: str = ""
    deployment: str = ""

    @property
    def label(self) -> str:
        """What people read: the model's name, ``RESOURCE/DEPLOYMENT``, or else the method's own name."""
        return f"{self.resource}/{self.deployment}" if self.resource else self.model or self.name

    @property
    def source(self) -> str:
        """What suggestions carry: ``model:NAME`` or ``gpt:RESOURCE/DEPLOYMENT``."""
        # One string for all suggestions of a job, of which there may be a million.
        return sys.intern(f"{self.name}:{self.label}")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job cost in tokens; zero for a trained model."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt: those that the server had in its cache."""
    reasoning_tokens: int = 0
    """Of the completion: those that were thought and not said."""
    estimated_tokens: int = 0
    """Of prompt and completion: those that the server did not tell, by this program's own count."""
    doubtful_answers: int = 0
    """Answers whose usage can't be as the server told it: the larger of that and of this program's own count
    counts."""

    @property
    def tokens(self) -> int:
        """In and out."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.estimated_tokens + other.estimated_tokens,
            self.doubtful_answers + other.doubtful_answers,
        )

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens - other.prompt_tokens,
            self.completion_tokens - other.completion_tokens,
            self.cached_tokens - other.cached_tokens,
            self.reasoning_tokens - other.reasoning_tokens,
            self.estimated_tokens - other.estimated_tokens,
            self.doubtful_answers - other.doubtful_answers,
        )


MILLION = 1_000_000


def cost_of(usage: Usage, prices: Prices | None) -> float | None:
    """USD; ``None`` where no price is known. Thought tokens are part of the completion."""
    if prices is None:
        return None
    cached = prices.input if prices.cached is None else prices.cached
    fresh = usage.prompt_tokens - usage.cached_tokens
    total = fresh * prices.input + usage.cached_tokens * cached + usage.completion_tokens * prices.output
    return total / MILLION


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What was asked for; written once, before the runner starts."""

    id: str
    kind: JobKind
    actor: str
    created: str
    """UTC, ISO 8601."""
    method: Method | None = None
    categories: tuple[str, ...] = ()
    """Category ids."""
    documents: tuple[int, ...] = ()
    """Document ids, in order."""
    text_records: int = 0
    prices: Prices | None = None
    """Of the deployment, as they were known when the job was started."""
    options: dict[str, Any] = field(default_factory=dict)
    """What only this kind of job knows (for training: model, split, seed)."""


@dataclass(frozen=True, slots=True)
class DocumentFailure:
    """Why one document of a job could not be labeled."""

    document: int
    location: str
    error: str
    """A stable code, for instance ``unreadable``."""
    message: str
    usage: Usage = Usage()
    """What was paid for answers that were of no use."""
    text_hash: str = ""
    """Of the text that was asked about; empty where none was."""


@dataclass(frozen=True, slots=True)
class Unused:
    """Something that a deployment answered and that nothing could be made of."""

    reason: str
    """A stable code, for instance ``unknown_category``."""
    category: str = ""
    """What the model called the category."""
    words: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class DocumentNote:
    """What was answered of one document of a job and could not be used."""

    document: int
    location: str
    unused: tuple[Unused, ...]

    @property
    def items(self) -> int:
        return sum(item.times for item in self.unused)


@dataclass(frozen=True, slots=True)
class Answered:
    """How fast a deployment has answered a job."""

    answers: int = 0
    """To single requests; those of a batch are its service's matter."""
    seconds: float = 0.0
    """In which they came: from the first request of each run to its last answer."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its records tell it at one moment."""

    request: JobRequest
    state: JobState = JobState.QUEUED
    pid: int | None = None
    """The runner's process, while it runs."""
    started: str = ""
    ended: str = ""
    done: int = 0
    """Documents that were labeled, or other steps that were finished."""
    total: int = 0
    suggestions: int = 0
    unaligned: int = 0
    failed: tuple[DocumentFailure, ...] = ()
    notes: tuple[DocumentNote, ...] = ()
    """Of labeled documents, by location."""
    text_records: int = 0
    """Text records of the documents that were processed."""
    usage: Usage = Usage()
    """Of every answer that was received, of use or not."""
    cost: float | None = None
    unanswered: int = 0
    """Requests that were sent and whose answer will not come; their service may charge them."""
    unanswered_usage: Usage = Usage()
    """What these may have used at most; no part of :attr:`usage`."""
    unanswered_cost: float | None = None
    """The same in USD; ``None`` where no price is known."""
    late: str = ""
    """The document about which a request waits unusually long for its answer; empty where none does."""
    late_seconds: float = 0.0
    """For how long it has waited."""
    seconds: float = 0.0
    """Time at work, over all runs."""
    answered: Answered = Answered()
    """Of a job for a deployment."""
    stage: str = ""
    """What it is doing, in words."""
    waits_until: str = ""
    """When it goes on, UTC, ISO 8601; empty where it does not wait for a deployment."""
    waits_for: str = ""
    """Why it waits, a sentence."""
    message: str = ""
    """Why it failed or stopped."""
    code: str = ""
    """The error's code, when it failed."""
    result: dict[str, Any] = field(default_factory=dict)
    """What it found, when the kind of job gives one (training, evaluation)."""

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def hint(self) -> str:
        """What can be done about the error that it failed with, by commands; empty where nothing is known."""
        return str(self.result.get("hint", ""))

    @property
    def on_screen(self) -> str:
        """The same for the application."""
        return str(self.result.get("on_screen", ""))

    @property
    def unused(self) -> int:
        """Items of answers that could not be used, over all documents."""
        return sum(note.items for note in self.notes)

    @property
    def dealt_with(self) -> int:
        """Of :attr:`total`: documents that failed are, where the total counts documents."""
        counts_documents = self.request.kind is JobKind.AUTOLABEL
        return self.done + (len(self.failed) if counts_documents else 0)

    @property
    def waiting(self) -> int:
        return max(0, self.total - self.dealt_with)

    @property
    def rate(self) -> float | None:
        """Documents a second, once there is something to go by."""
        return self.done / self.seconds if self.seconds > 0 and self.done else None

    @property
    def seconds_left(self) -> float | None:
        rate = self.rate
        return self.waiting / rate if rate and not self.state.is_over else None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an autolabeler says of one place in a document."""

    category: str
    """A category id."""
    span: Span | None
    confidence: float | None = None
    placed: Placed = Placed.EXACT
    place: int = 1
    """Which of the possible places it is, in text order, counted from 1: the n of "ambiguous, n of m"."""
    places: int = 1
    """How many places were possible; more than one only for what is ambiguous."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an autolabeler says of one document."""

    document: int
    location: str
    text_hash: str
    characters: int
    proposals: tuple[Proposal, ...] = ()
    to_place: tuple[tuple[str, str], ...] = ()
    """Category id and words, for what was answered and is not in the text."""
    unused: tuple[Unused, ...] = ()
    """What was answered and is neither of them."""
    usage: Usage = Usage()
    version: str = ""


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """The month's text records for trained-model jobs."""

    month: str
    """``2026-11``, UTC."""
    limit: int
    """``0``: no limit."""
    used: int

    @property
    def left(self) -> int | None:
        """``None`` when there is no limit."""
        return max(0, self.limit - self.used) if self.limit else None
