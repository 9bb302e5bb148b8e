"""Finding out what a deployment can do, by asking it for everything and then for less."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tui_labeler.domain.resources import Capabilities, Deployment, Structured
from tui_labeler.engine.autolabelers.confidence import AnswerTokens
from tui_labeler.engine.deployments.chat import (
    BatchOnlyError,
    ChatModel,
    Finish,
    Message,
    Question,
    Reply,
    Role,
    UnansweredError,
    UnsupportedError,
)

REQUESTS = 7
"""At most so many are sent: three forms with log-probabilities and without, and one more that finds out how
the length of an answer is limited."""

TOKENS, THINKING_TOKENS = 100, 2000
"""What the answer may take: only what is used is paid for."""

_VERDICTS = ("agreed", "denied")

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": list(_VERDICTS)}},
    "required": ["verdict"],
    "additionalProperties": False,
}
"""Neither its field nor its values stand in the question: only who is held to it answers by it."""

_MESSAGES = (
    Message(Role.SYSTEM, "Answer with a short JSON object."),
    Message(Role.USER, "Is snow white?"),
)

_WEAKER = {
    Structured.SCHEMA: Structured.JSON,
    Structured.JSON: Structured.TEXT,
    Structured.TEXT: Structured.TEXT,
}


async def try_deployment(
    connect: Callable[[Deployment], ChatModel], deployment: Deployment, now: Callable[[], str]
) -> Capabilities:
    """Asks for a schema and log-probabilities first; what is refused, or granted and not kept, is given up.

    Nothing is given up untried: each form is asked for with log-probabilities and without them before the
    next weaker one, where a refusal does not name what it is of.
    A deployment's name tells nothing. Raises what
    :class:`~tui_labeler.engine.deployments.chat.ChatModel` raises.
    """
    tried = Capabilities(Structured.SCHEMA, logprobs=True, reasoning=False, seconds=0.0, tested="")
    may_tell = True
    for left in range(REQUESTS - 1, -1, -1):
        began = time.monotonic()
        try:
            reply = await connect(replace(deployment, capabilities=tried)).ask(_question(tried))
        except BatchOnlyError:
            return _batch_only(deployment, now())
        except UnsupportedError as error:
            if not left:
                raise
            may_tell = may_tell and error.parameter != "logprobs"
            tried = _without(error.parameter, tried, may_tell=may_tell)
            continue
        except UnansweredError as error:
            plain = tried.structured is Structured.TEXT and not tried.logprobs
            if error.reason != "bad_request" or plain or not left:
                raise
            tried = _without("", tried, may_tell=may_tell)
            continue
        found = replace(
            tried,
            logprobs=tried.logprobs and bool(reply.tokens),
            reasoning=tried.reasoning or reply.thinks,
            seconds=round(time.monotonic() - began, 3),
            tested=now(),
            model=reply.model,
            tokens=reply.usage.completion_tokens,
        )
        if _is_kept(tried.structured, reply):
            return replace(found, logprobs=found.logprobs and AnswerTokens(reply).are_placed)
        if tried.structured is Structured.JSON or not left:
            return replace(found, structured=Structured.TEXT)
        tried = replace(found, structured=_WEAKER[tried.structured])
    raise AssertionError("the last request ends it")


def _batch_only(deployment: Deployment, tested: str) -> Capabilities:
    """What a person said of it before stays; else it is asked for what every deployment can do."""
    known = deployment.capabilities
    if known is not None and known.batch_only:
        return replace(known, tested=tested)
    return Capabilities(
        Structured.TEXT, logprobs=False, reasoning=False, seconds=0.0, tested=tested, batch_only=True
    )


def _question(tried: Capabilities) -> Question:
    tokens = THINKING_TOKENS if tried.reasoning else TOKENS
    return Question(_MESSAGES, tokens, schema=_SCHEMA, logprobs=tried.logprobs)


def _without(parameter: str, tried: Capabilities, *, may_tell: bool) -> Capabilities:
    """Less, by what was refused; where that is not said, the next less of all.

    ``may_tell``: log-probabilities were not refused by name.
    """
    match parameter:
        case "response_format":
            return replace(tried, structured=_WEAKER[tried.structured])
        case "logprobs":
            return replace(tried, logprobs=False)
        case "max_tokens":
            return replace(tried, reasoning=True)
    if tried.logprobs:
        return replace(tried, logprobs=False)
    return replace(tried, structured=_WEAKER[tried.structured], logprobs=may_tell)


def _is_kept(structured: Structured, reply: Reply) -> bool:
    """Whether the answer has the form that was asked for; one that was cut or refused can't tell."""
    if structured is Structured.TEXT or reply.finish is not Finish.STOP or reply.refusal:
        return True
    try:
        answer = json.loads(reply.text)
    except ValueError:
        return False
    if structured is Structured.JSON:
        return isinstance(answer, dict)
    return answer in [{"verdict": verdict} for verdict in _VERDICTS]
