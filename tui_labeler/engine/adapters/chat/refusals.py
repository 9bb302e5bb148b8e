"""Why there is no answer: every exception of the package and every status, as an error of the engine.

Servers repeat keys and documents in their messages. So a message is searched and never shown; a code is shown
where it is a word that stands in neither.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import httpx2
import openai

from tui_labeler.engine.adapters.chat import network
from tui_labeler.engine.adapters.chat.answers import Refusal, read_refusal
from tui_labeler.engine.adapters.chat.bounds import TooMuchError
from tui_labeler.engine.adapters.chat.headers import retry_after
from tui_labeler.engine.deployments.chat import (
    BatchOnlyError,
    BusyError,
    LateError,
    Question,
    ResourceError,
    TroubleError,
    UnansweredError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from tui_labeler.engine.errors import LabelerError

OPTIONAL = ("response_format", "logprobs", "max_tokens", "max_completion_tokens", "seed")
"""Parameters that a deployment may not know."""

_OTHER_NAMES = {
    "json_schema": "response_format",
    "json_object": "response_format",
    "schema": "response_format",
}

_NO_MONEY = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "access_terminated"}
)
_NO_MODEL = frozenset({"DeploymentNotFound", "model_not_found", "OperationNotSupported"})
_NO_CHAT = "OperationNotSupported"
"""Azure's word for a deployment whose ``chatCompletion`` capability is false: those of Global Batch,
and those of models of another kind. Source: openai-python #800, azure-docs #124156."""
_KNOWN = (
    _NO_MONEY
    | _NO_MODEL
    | {"content_filter", "context_length_exceeded", "invalid_api_key", "unsupported_parameter"}
)
_TOO_LONG = re.compile(
    r"context[_ ](length|size|window)|maximum context|exceed_context|too many tokens", re.I
)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{2,59}")
_NEVER_CURED = (
    "It may not be what it was when it was tried: `tui-labeler resource test` finds out what it can do."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom: for the words of an error, and for what must not be in them."""

    host: str
    deployment: str
    key: str = field(repr=False)
    question: Question | None = field(repr=False)
    """``None`` where it is not known: then no code is shown that is not a known one."""
    connect_seconds: float
    seconds: float
    proxy: str = ""
    """The variable that names the proxy on the way; empty where there is none."""

    def shown(self, code: str) -> str:
        """A server's code in brackets, or nothing where it may be something else."""
        if self.question is None:
            return f" ({code})" if code in _KNOWN else ""
        texts = [self.key, *(message.content for message in self.question.messages)]
        told = _CODE.fullmatch(code) and not any(text and (code in text or text in code) for text in texts)
        return f" ({code})" if told else ""


RAISED = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    aiohttp.ClientError,
    UnicodeError,
)
"""What a request may raise: the package turns most of what lies beneath it into its own, not all."""


def error_of(error: Exception, asked: Asked) -> LabelerError:
    """One of :data:`RAISED` as an error of the engine."""
    # What comes back may hold no characters either, which is the server's fault.
    match error:
        case openai.APIStatusError():
            return status_error(error.status_code, error.response.headers, error.response.content, asked)
        case openai.APIConnectionError() | aiohttp.ClientError():
            return _connection_error(error, asked)
        case TooMuchError():
            return _too_much(error, asked)
    if not _can_be_sent(asked.question):
        return UnansweredError("The text holds what is no character.", reason="bad_request")
    return TroubleError(f"Asking {asked.host} failed ({type(error).__name__}).")


def _can_be_sent(question: Question | None) -> bool:
    try:
        for message in question.messages if question else ():
            message.content.encode()
    except UnicodeEncodeError:
        return False
    return True


def no_answer_in_time(asked: Asked) -> LateError:
    return LateError(
        f"{asked.host} gave no answer within {asked.seconds:g} seconds.",
        hint="It may be busy; the answer may be a long one for it.",
    )


def _too_much(error: TooMuchError, asked: Asked) -> UnansweredError:
    """Asked again, it would send as much again; and it may charge all of it."""
    return UnansweredError(
        f"{asked.host} sent more than {error.most / 1e6:.1f} MB: that is no answer to what was asked.",
        reason="too_long",
        hint="Check the endpoint if it happens again: another program may be answering there.",
    )


def _unreachable(asked: Asked, how: str) -> TroubleError:
    if asked.proxy:
        return network.unreachable(asked.proxy, asked.host, how)
    return TroubleError(
        f"{asked.host} can't be reached{f' {how}' if how else ''}.",
        hint="Check the endpoint, the network, and whether the server runs.",
        may_cost=False,
    )


def _connection_error(error: openai.APIConnectionError | aiohttp.ClientError, asked: Asked) -> LabelerError:
    causes = [error, *_causes(error)]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ResourceError(
                f"The certificate of {asked.host} is not to be trusted ({cause.verify_message}).",
                hint="Check the endpoint; for an authority of your own set SSL_CERT_FILE.",
            )
    # The transport's own exceptions come first: what they are turned into says less.
    for cause in (*filter(_is_of_transport, causes), *causes):
        match cause:
            case TooMuchError():
                return _too_much(cause, asked)
            case aiohttp.ConnectionTimeoutError() | httpx2.PoolTimeout():
                return _unreachable(asked, f"in {asked.connect_seconds:g} seconds")
            case aiohttp.ServerTimeoutError():
                return no_answer_in_time(asked)
            case aiohttp.ClientHttpProxyError() if asked.proxy:
                return network.refused(asked.proxy, asked.host, cause.status)
            case aiohttp.ClientConnectorError():
                return _unreachable(asked, "")
            case UnicodeError() if _can_be_sent(asked.question):
                return TroubleError(f"{asked.host} sent something that is no HTTP.")
            case httpx2.UnsupportedProtocol() | ValueError():
                return ResourceError(
                    f"{asked.host} can't be asked: its address has a character that can't be sent.",
                    hint="Check the endpoint.",
                )
            case httpx2.DecodingError():
                return TroubleError(f"{asked.host} sent an answer that can't be unpacked.")
            case aiohttp.ClientResponseError():
                return TroubleError(f"{asked.host} sent something that is no HTTP.")
            case aiohttp.ClientError():
                break
    return TroubleError(f"The connection to {asked.host} was dropped before the answer was there.")


def _is_of_transport(cause: BaseException) -> bool:
    return isinstance(cause, aiohttp.ClientError)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an exception came of, the nearest first."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def status_error(status: int, headers: Mapping[str, str], body: bytes, asked: Asked) -> LabelerError:
    """A status other than 200."""
    refusal = read_refusal(body)
    code = asked.shown(refusal.code or refusal.type)
    match status:
        case 400 | 413 | 415 | 422:
            return _bad_request(status, refusal, asked)
        case 401:
            return ResourceError(
                f"{asked.host} does not accept the key{code}.",
                hint="`tui-labeler resource list` says where the key is from; check that it is right.",
            )
        case 402:
            return _no_money(asked, code)
        case 403:
            return ResourceError(
                f"{asked.host} does not let this key or account in{code}.",
                hint="Check its rights, and whether the network it comes from is allowed.",
            )
        case 404 | 405:
            return _not_there(refusal, asked, code)
        case 407 if asked.proxy:
            return network.refused(asked.proxy, asked.host, status)
        case 408 | 409 | 425:
            return TroubleError(f"{asked.host} could not answer: status {status}{code}.", may_cost=False)
        case 429:
            if _NO_MONEY & {refusal.code, refusal.type}:
                return _no_money(asked, code)
            return _busy(status, headers, asked)
    if 300 <= status < 400:
        return ResourceError(
            f"{asked.host} sends elsewhere (status {status}); texts go nowhere but where you said.",
            hint="Give the address that it sends to as the endpoint, if you trust it.",
        )
    if status == 503 and retry_after(headers) is not None:
        return _busy(status, headers, asked)
    if status >= 500:
        # A gateway does not know what the server behind it goes on with.
        may_cost = status in (502, 504)
        return TroubleError(f"{asked.host} has a fault: status {status}{code}.", may_cost=may_cost)
    return UnansweredError(f"{asked.host} refused: status {status}{code}.", reason="bad_request")


def _long(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _busy(status: int, headers: Mapping[str, str], asked: Asked) -> BusyError:
    wait = retry_after(headers)
    when = "" if wait is None else f"; it says to wait {_long(wait)}"
    return BusyError(
        f"{asked.host} has too many requests ({status}){when}.",
        retry_after=wait,
        hint="Wait, or ask for more capacity for the deployment.",
    )


def _no_money(asked: Asked, code: str) -> ResourceError:
    return ResourceError(
        f"The account at {asked.host} has nothing left to spend{code}.",
        hint="Waiting does not cure this: add credit, or raise its limit.",
    )


def _not_there(refusal: Refusal, asked: Asked, code: str) -> ResourceError:
    if refusal.code in _NO_MODEL or "model" in refusal.message.casefold():
        return ResourceError(
            f"{asked.host} has no deployment {asked.deployment!r}{code}.",
            hint="Check its name; a deployment that was just made takes some minutes to be there.",
        )
    return ResourceError(
        f"{asked.host} does not know what was asked of it{code}.",
        hint="Check the endpoint's path and the API version.",
    )


def _bad_request(status: int, refusal: Refusal, asked: Asked) -> LabelerError:
    if refusal.filtered:
        return UnansweredError(
            "The content filter of the service refused the text.",
            reason="content_filter",
            hint="Label the document by hand, or change the filter of the deployment.",
        )
    code = asked.shown(refusal.code or refusal.type)
    if refusal.code == _NO_CHAT:
        return BatchOnlyError(
            f"{asked.deployment} answers no single question{code}: it is a deployment for batches, or its "
            "model does not chat.",
            hint="For batches it may do: `autolabel --batch`.",
            on_screen="For batches it may do: w in the last step of autolabeling.",
        )
    if status == 413 or any(_TOO_LONG.search(t) for t in (refusal.code, refusal.type, refusal.message)):
        return UnansweredError(
            "The text is too long for the deployment's context.",
            reason="context_length",
            hint="Set the deployment's context: `tui-labeler resource set NAME --context N`.",
        )
    if _NO_MONEY & {refusal.code, refusal.type}:
        return _no_money(asked, code)
    parameter = _parameter(refusal)
    if parameter:
        return UnsupportedError(
            f"{asked.deployment} does not take the parameter {parameter}{code}.",
            parameter=parameter,
            hint=_NEVER_CURED,
        )
    return UnansweredError(
        f"{asked.host} can't take the question: status {status}{code}.",
        reason="bad_request",
        hint=_NEVER_CURED,
    )


def _parameter(refusal: Refusal) -> str:
    """The optional parameter that a refusal names; the first one where its message names several."""
    named = refusal.param.partition(".")[0]
    if named in OPTIONAL:
        return named
    for word in re.findall(r"[a-z_]+", refusal.message):
        known = _OTHER_NAMES.get(word, word)
        if known in OPTIONAL:
            return str(known)
    return ""
