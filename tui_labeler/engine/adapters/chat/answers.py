"""The body of an answer, checked: nothing that a server sends is taken at its word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.adapters.chat.echoes import hidden_text
from tui_labeler.engine.deployments.chat import (
    Finish,
    RateLimits,
    Reply,
    Token,
    TroubleError,
    UnansweredError,
)
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_FINISHES = {"stop": Finish.STOP, "length": Finish.LENGTH, "content_filter": Finish.FILTERED}

MOST = 1_000_000_000_000
"""Tokens that are believed of one answer: sums of them can still be written down."""

LONGEST_NAME = 200
"""Characters of what a server calls its model."""

SEARCHED = 20_000
"""Bytes of a refusal that are looked through for words."""

_NOTHING = msgspec.Raw(b"null")


class _Part(msgspec.Struct):
    type: str | None = None
    text: msgspec.Raw = _NOTHING


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None
    """Some compatible servers send it in parts."""
    refusal: str | None = None
    reasoning_content: str | None = None
    """What some local servers give of a model's thoughts."""


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: msgspec.Raw = _NOTHING


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
    usage: msgspec.Raw = _NOTHING
    model: msgspec.Raw = _NOTHING


class _Token(msgspec.Struct, gc=False):
    token: str
    logprob: float


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


def read_reply(
    body: bytes, host: str, *, limits: RateLimits, request_id: str, secrets: Sequence[bytes] = ()
) -> Reply:
    """The answer in a body of status 200. What repeats one of the ``secrets`` is made unreadable.

    Raises ``TroubleError`` for what is no answer of such a server at all (a proxy's page, half a body),
    ``UnansweredError`` for one without an answer in it.
    """
    try:
        found = decode(body, _Completion)
    except msgspec.MsgspecError:
        raise TroubleError(
            f"{host} sent something that is no chat completion.",
            hint="Check the endpoint if it happens again: another program may be answering there.",
        ) from None
    if not found.choices:
        raise UnansweredError(f"{host} sent a chat completion without an answer.", reason="bad_answer")
    choice = found.choices[0]
    usage, thinking = _usage(found.usage), bool(choice.message.reasoning_content)
    return Reply(
        text=hidden_text(_said(choice.message.content), secrets),
        finish=_FINISHES.get(choice.finish_reason or "", Finish.OTHER),
        usage=usage,
        refusal=hidden_text(choice.message.refusal or "", secrets),
        tokens=_tokens(choice.logprobs, secrets),
        limits=limits,
        model=hidden_text(_optional(found.model, str) or "", secrets)[:LONGEST_NAME],
        request_id=request_id,
        thinks=thinking or usage.reasoning_tokens > 0,
    )


def _said(content: str | list[_Part] | None) -> str:
    """Parts that are no text, such as thoughts, are left out."""
    if content is None or isinstance(content, str):
        return content or ""
    texts = (_optional(part.text, str) for part in content if part.type in ("text", "output_text", None))
    return "".join(text or "" for text in texts)


def _optional(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """What only adds to an answer: where it is malformed, the answer counts without it."""
    try:
        return decode(raw, kind)
    except msgspec.MsgspecError:
        return None


def _usage(raw: msgspec.Raw) -> Usage:
    found = _optional(raw, _Usage) or _Usage()
    prompt, completion = found.prompt_tokens_details, found.completion_tokens_details
    told = (found.prompt_tokens or 0, found.completion_tokens or 0, found.total_tokens or 0)
    sent, said, whole = map(_count, told)
    # Some servers count what was thought in the whole alone.
    said = max(said, whole - sent) if sent and said else said
    return Usage(
        prompt_tokens=sent,
        completion_tokens=said,
        # Parts of them: more than the whole would make the rest less than nothing, and so the price.
        cached_tokens=min(sent, _count((prompt.cached_tokens or 0) if prompt else 0)),
        reasoning_tokens=min(said, _count((completion.reasoning_tokens or 0) if completion else 0)),
        doubtful_answers=int(told != tuple(map(_count, told))),
    )


def _count(number: int) -> int:
    return min(MOST, max(0, number))


def _tokens(raw: msgspec.Raw, secrets: Sequence[bytes]) -> tuple[Token, ...]:
    """None where a secret stands in them: they are no longer those of the text."""
    found = _optional(raw, _Logprobs)
    content = (found and found.content) or ()
    said = "".join([item.token for item in content])
    if hidden_text(said, secrets) != said:
        return ()
    return tuple([Token(item.token, item.logprob if item.logprob < 0.0 else 0.0) for item in content])


class Refusal(msgspec.Struct):
    """The ``error`` object of a refusal, as far as it is understood."""

    code: str = ""
    type: str = ""
    param: str = ""
    message: str = ""
    """Only to be searched: it may repeat the key or the document."""
    filtered: bool = False
    """The service's content filter found something in the prompt."""


def read_refusal(body: bytes) -> Refusal:
    """What a body of status 400 or more says; all empty where it is no such object."""
    said = body[:SEARCHED].decode("utf-8", "replace")
    try:
        document = decode(body, object)
    except msgspec.MsgspecError:
        return Refusal(message=said)
    error: Any = document.get("error", document) if isinstance(document, dict) else document
    if not isinstance(error, dict):
        return Refusal(message=said)
    inner = error.get("innererror")
    inner_code = inner.get("code") if isinstance(inner, dict) else None
    return Refusal(
        code=_text(error.get("code")),
        type=_text(error.get("type")),
        param=_text(error.get("param")),
        # Some servers have a list of complaints there, as deep as they like.
        message=_text(error.get("message")) or (said if "detail" in error else ""),
        filtered=error.get("code") == "content_filter" or inner_code == "ResponsibleAIPolicyViolation",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
