"""Why there is no answer: each fault has its own error with its true reason, and none tells a secret."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.adapters.chat.test_openai_chat import ABLE, QUESTION, asking
from tests.openai_server import (
    Fault,
    OpenAIServer,
    Response,
    busy,
    cut,
    dropped,
    elsewhere,
    filtered_prompt,
    forbidden,
    half_json,
    no_choices,
    no_deployment,
    no_json,
    no_quota,
    refused,
    stalled,
    status,
    too_long,
    unsupported,
    wrong_key,
)
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.deployments.chat import (
    BusyError,
    LateError,
    Message,
    Question,
    ResourceError,
    Role,
    TroubleError,
    UnansweredError,
    UnsupportedError,
)
from tui_labeler.engine.errors import LabelerError

SECRET = "sk-sentinel4711ABCDEF"
DOCUMENT = "Meine Kontonummer ist 0815 4711 und ich heiße Zacharias."


async def meet(fault: Fault, *, key: str = "k", seconds: float = 5.0) -> LabelerError:
    """The error that a fault becomes."""
    with OpenAIServer() as server:
        server.next(fault)
        async with asking(server, key=key, seconds=seconds) as model:
            with pytest.raises(LabelerError) as raised:
                await model.ask(QUESTION)
        assert len(server.requests) == 1, "nothing is tried twice"
    return raised.value


TOO_LONG_ELSEWHERE = refused(
    400,
    None,
    "the request exceeds the available context size, try increasing it",
    type="exceed_context_size_error",
)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (status(500), TroubleError, "status 500"),
        (status(502), TroubleError, "status 502"),
        (status(503), TroubleError, "status 503"),
        (status(408), TroubleError, "status 408"),
        (dropped(), TroubleError, "dropped before the answer"),
        (cut(), TroubleError, "dropped before the answer"),
        (half_json(), TroubleError, "no chat completion"),
        (no_json(), TroubleError, "no chat completion"),
        (Response(200, b'{"choices": "none"}'), TroubleError, "no chat completion"),
        (Response(200, b"\xff\xfe{"), TroubleError, "no chat completion"),
        (Response(200, b"{}", {"content-encoding": "gzip"}), TroubleError, "can't be unpacked"),
        (wrong_key(), ResourceError, "does not accept the key"),
        (forbidden(), ResourceError, "does not let this key"),
        (no_deployment(), ResourceError, "has no deployment 'gpt'"),
        (status(404), ResourceError, "does not know what was asked"),
        (no_quota(), ResourceError, "nothing left to spend"),
        (status(402), ResourceError, "nothing left to spend"),
        (elsewhere("http://127.0.0.1:1/"), ResourceError, "sends elsewhere"),
    ],
    ids=lambda value: str(getattr(value, "status", "")) or getattr(value, "__name__", ""),
)
async def test_a_fault_is_told_as_what_it_is(fault: Fault, kind: type[LabelerError], words: str) -> None:
    error = await meet(fault)
    assert type(error) is kind
    assert words in error.message


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (filtered_prompt(), "content_filter"),
        (too_long(), "context_length"),
        (TOO_LONG_ELSEWHERE, "context_length"),
        (status(413), "context_length"),
        (no_choices(), "bad_answer"),
        (refused(400, "invalid_request_error"), "bad_request"),
        (Response(400, b"[]"), "bad_request"),
        (Response(400, b"nonsense"), "bad_request"),
    ],
    ids=str,
)
async def test_a_question_without_an_answer_says_why(fault: Fault, reason: str) -> None:
    error = await meet(fault)
    assert isinstance(error, UnansweredError)
    assert error.reason == reason


@pytest.mark.parametrize(
    ("fault", "parameter"),
    [
        (unsupported("max_tokens"), "max_tokens"),
        (unsupported("logprobs"), "logprobs"),
        (refused(400, None, "json_schema is not supported here"), "response_format"),
        (refused(400, None, "No.", param="response_format.json_schema"), "response_format"),
        (Response(422, json.dumps({"detail": [{"loc": ["body", "logprobs"]}]}).encode()), "logprobs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_parameter_that_is_not_known_is_named(fault: Fault, parameter: str) -> None:
    error = await meet(fault)
    assert isinstance(error, UnsupportedError)
    assert error.parameter == parameter


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (busy(), None, None),
        (busy(retry_after=7), 7, 7),
        (busy(retry_after="1.5"), 1.5, 1.5),
        (busy(retry_after=2, milliseconds=1250), 1.25, 1.25),
        (lambda request: busy(date_in=30), 28, 31),
        (lambda request: busy(date_in=-30), 0, 0),
        (busy(retry_after="soon"), None, None),
        (status(503, retry_after="3"), 3, 3),
        (
            status(429, x_ratelimit_remaining_tokens="0", x_ratelimit_reset_tokens="1m2s"),
            62,
            62,
        ),
    ],
    ids=["nothing", "seconds", "half seconds", "milliseconds", "date", "past", "words", "503", "headers"],
)
async def test_a_busy_deployment_says_how_long_to_wait(
    fault: Fault, least: float | None, most: float | None
) -> None:
    error = await meet(fault)
    assert isinstance(error, BusyError)
    if least is None or most is None:
        assert error.retry_after is None
    else:
        assert error.retry_after is not None
        assert least <= error.retry_after <= most


async def test_a_stalled_server_is_given_up_when_its_time_is_over() -> None:
    error = await meet(stalled(), seconds=0.3)
    assert type(error) is LateError
    assert "no answer within 0.3 seconds" in error.message


async def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        resource = OpenAIResource(Resource("r", ResourceKind.OPENAI, f"http://127.0.0.1:{port}", ()), "")
        with pytest.raises(TroubleError, match=f"127.0.0.1:{port} can't be reached"):
            await resource.deployment(Deployment("gpt")).ask(QUESTION)
        await resource.close()


async def test_a_name_that_nobody_has_is_told() -> None:
    resource = OpenAIResource(Resource("r", ResourceKind.OPENAI, "http://nobody.invalid", ()), "")
    with pytest.raises(TroubleError, match=r"nobody\.invalid can't be reached"):
        await resource.deployment(Deployment("gpt")).ask(QUESTION)
    await resource.close()


def echoing(number: int, **more: Any) -> Fault:
    """A server that repeats all it was sent, wherever it can."""

    def respond(request: Any) -> Response:
        sent = f"{request.headers} {request.raw.decode()} {SECRET} {DOCUMENT}"
        return refused(number, SECRET, sent, type="Zacharias", **more)

    return respond


@pytest.mark.parametrize("number", [302, 400, 401, 402, 403, 404, 409, 413, 418, 422, 429, 500, 503])
@pytest.mark.parametrize("more", [{}, {"param": DOCUMENT}, {"innererror": {"code": SECRET}}], ids=str)
async def test_no_error_tells_a_key_or_a_document(number: int, more: dict[str, Any]) -> None:
    question = Question((Message(Role.USER, DOCUMENT),), 50)
    with OpenAIServer() as server:
        server.next(echoing(number, **more))
        async with asking(server, capabilities=ABLE, key=SECRET) as model:
            with pytest.raises(LabelerError) as raised:
                await model.ask(question)
    error = raised.value
    told = f"{error} {error.hint} {error!r} {error.__dict__} {error.__cause__}"
    assert error.__suppress_context__
    # The host is told, and a port such as 40815 holds digits of the document.
    told = told.replace(f"127.0.0.1:{server.port}", "the host")
    for secret in (SECRET, "Bearer", "Zacharias", "0815"):
        assert secret not in told


async def test_a_code_that_is_a_word_of_its_own_helps_to_find_out() -> None:
    assert "(server_overload)" in (await meet(refused(500, "server_overload"))).message


async def test_a_key_that_no_header_can_hold_is_not_told_either() -> None:
    with OpenAIServer() as server, pytest.raises(LabelerError, match="can't be sent") as raised:
        async with asking(server, key="sk-secret\nline"):
            pass
    assert "secret" not in str(raised.value)
    assert not server.requests
