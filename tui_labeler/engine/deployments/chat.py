"""What autolabeling needs of a language model: one question, one answer, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.errors import LabelerError, OutsideError


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """One request."""

    messages: tuple[Message, ...]
    max_tokens: int
    """For the answer, hidden reasoning included."""
    schema: dict[str, Any] | None = None
    """A strict JSON schema; used as far as the deployment can be held to one."""
    logprobs: bool = False
    seed: int | None = None


class Finish(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    FILTERED = "content_filter"
    OTHER = "other"


class Token(msgspec.Struct, frozen=True, gc=False):
    """A token of an answer. There are hundreds in one: they have to be cheap to make."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a server says is left; ``None`` where it says nothing. Hints, not promises."""

    requests: int | None = None
    tokens: int | None = None
    requests_reset: float | None = None
    """Seconds until the requests are full again."""
    tokens_reset: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. It is paid for, whatever it says."""

    text: str
    finish: Finish
    usage: Usage
    refusal: str = ""
    """Why the model would not answer, in its words."""
    tokens: tuple[Token, ...] = ()
    limits: RateLimits = RateLimits()
    model: str = ""
    request_id: str = ""
    thinks: bool = False
    """The model was seen to reason before it answered."""
    characters: int = 0
    """Of the whole text, where it was longer than what is kept of it."""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """An answer as it is kept."""

    reply: Reply
    job: str
    """The job that paid for it."""
    attempt: int = 0
    """How often that job had been told before to do the document again."""


class ChatModel(Protocol):
    """A deployment that answers. Retries nothing by itself."""

    async def ask(self, question: Question) -> Reply:
        """Raises ``BusyError`` and ``TroubleError`` for what waiting may cure, ``UnansweredError`` for what
        this question will always meet, ``ResourceError`` for what every question will meet.
        """

    async def close(self) -> None: ...


class BusyError(OutsideError):
    """Too many requests (429, or 503 with a time to wait)."""

    title = "The deployment is busy"
    code = "busy"

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        """``retry_after``: seconds, when the server says how long to wait."""
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class TroubleError(OutsideError):
    """A fault that may pass: a dropped connection, no answer in time, a 5xx."""

    title = "The deployment did not answer"
    code = "trouble"

    def __init__(self, message: str, *, hint: str = "", may_cost: bool = True) -> None:
        """``may_cost``: the request was sent, and nothing says that it was not answered."""
        super().__init__(message, hint=hint)
        self.may_cost = may_cost


class LateError(TroubleError):
    """No answer in time: the server is slow, or has too much to answer at once."""


class UnansweredError(LabelerError):
    """This question gets no answer however often it is asked; others may.

    ``reason`` says why: ``content_filter``, ``refusal``, ``context_length``, ``length``, ``too_long``,
    ``repetition``, ``bad_answer``, or ``bad_request`` for a question that the server can't take and does not
    say why.
    """

    title = "There is no answer"
    exit_code = 1

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class ResourceError(OutsideError):
    """No question can be asked: a wrong key, no such deployment, no money."""

    title = "The resource refuses"
    code = "resource"


class BatchOnlyError(ResourceError):
    """No single question is answered: the deployment is one for batches, or its model does not chat."""

    title = "It answers no single question"
    code = "batch_only"


class UnsupportedError(ResourceError):
    """The deployment does not know what was asked of it: it is not what it was when it was tried."""

    title = "The deployment can't do that"
    code = "unsupported"

    def __init__(self, message: str, *, parameter: str, hint: str = "") -> None:
        """``parameter``: as the server calls it, for instance ``logprobs``."""
        super().__init__(message, hint=hint)
        self.parameter = parameter


def is_free(error: BaseException) -> bool:
    """Whether a request that ended so is charged by nobody: the service refused it, or was not reached."""
    if isinstance(error, TroubleError):
        return not error.may_cost
    if isinstance(error, UnansweredError):
        # An answer with nothing in it is an answer, and so is one without end.
        return error.reason not in ("bad_answer", "too_long")
    return isinstance(error, (BusyError, ResourceError))
