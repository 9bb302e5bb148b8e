"""The adapter against a real socket: styles, forms, answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.openai_server import KEY, Answer, OpenAIServer, refusal, too_short
from tui_labeler.domain.jobs import Usage
from tui_labeler.domain.resources import Capabilities, Deployment, Resource, ResourceKind, Structured
from tui_labeler.engine.adapters.chat.answers import read_reply
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource, request_body
from tui_labeler.engine.deployments.chat import (
    ChatModel,
    Finish,
    Message,
    Question,
    RateLimits,
    Role,
    TroubleError,
)

SCHEMA = {
    "type": "object",
    "properties": {"class": {"type": "string", "enum": ["A", "B"]}},
    "required": ["class"],
    "additionalProperties": False,
}
QUESTION = Question((Message(Role.SYSTEM, "Classify."), Message(Role.USER, "A text.")), 50, schema=SCHEMA)
ABLE = Capabilities(Structured.SCHEMA, logprobs=True, reasoning=False, seconds=0.1, tested="2026-11-21")
THINKING = Capabilities(Structured.SCHEMA, logprobs=False, reasoning=True, seconds=0.1, tested="2026-11-21")

STYLES = {
    "openai": lambda root: Resource("r", ResourceKind.OPENAI, f"{root}/v1", ()),
    "openai without path": lambda root: Resource("r", ResourceKind.OPENAI, root, ()),
    "azure dated": lambda root: Resource("r", ResourceKind.AZURE, root, (), api_version="2024-10-21"),
    "azure v1": lambda root: Resource("r", ResourceKind.AZURE, root, ()),
}


@asynccontextmanager
async def asking(
    server: OpenAIServer,
    style: str = "openai",
    capabilities: Capabilities | None = ABLE,
    *,
    key: str = KEY,
    seconds: float = 10.0,
    token: Callable[[], Awaitable[str]] | None = None,
) -> AsyncIterator[ChatModel]:
    resource = OpenAIResource(STYLES[style](server.root), key, seconds=seconds, token=token)
    model = resource.deployment(Deployment("gpt", capabilities))
    try:
        yield model
    finally:
        await model.close()


@pytest.mark.parametrize(
    ("style", "path", "header", "query"),
    [
        ("openai", "/v1/chat/completions", "authorization", {}),
        ("openai without path", "/v1/chat/completions", "authorization", {}),
        (
            "azure dated",
            "/openai/deployments/gpt/chat/completions",
            "api-key",
            {"api-version": "2024-10-21"},
        ),
        ("azure v1", "/openai/v1/chat/completions", "authorization", {}),
    ],
)
async def test_each_style_has_its_path_its_query_and_its_key(
    style: str, path: str, header: str, query: dict[str, str]
) -> None:
    with OpenAIServer(key=KEY) as server:
        async with asking(server, style) as model:
            reply = await model.ask(QUESTION)
        (request,) = server.requests
    assert (request.path, dict(request.query)) == (path, query)
    assert request.headers[header].endswith(KEY)
    assert request.deployment == "gpt"
    assert reply.text == '{"class": "A"}'
    assert (reply.finish, reply.model, reply.request_id) == (Finish.STOP, "gpt-2026", "req-1")


@pytest.mark.parametrize("style", ["azure dated", "azure v1"])
async def test_a_token_is_asked_for_each_time_and_sent_in_place_of_a_key(style: str) -> None:
    given = iter(("one", "two"))

    async def token() -> str:
        return next(given)

    with OpenAIServer() as server:
        async with asking(server, style, key="", token=token) as model:
            await model.ask(QUESTION)
            await model.ask(QUESTION)
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer one", "Bearer two"]
    assert not any("api-key" in request.headers for request in server.requests)


@pytest.mark.parametrize("style", STYLES)
async def test_without_a_key_none_is_sent_whatever_the_environment_holds(
    monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sk-of-somebody")
    with OpenAIServer() as server:
        async with asking(server, style, key="") as model:
            await model.ask(QUESTION)
    assert not {"authorization", "api-key"} & set(server.requests[0].headers)


def test_the_body_asks_for_what_the_deployment_can_do_and_nothing_else() -> None:
    asked = replace(QUESTION, logprobs=True, seed=7)
    body = request_body(asked, ABLE)
    assert body.pop("messages") == [
        {"role": "system", "content": "Classify."},
        {"role": "user", "content": "A text."},
    ]
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
    assert body == {"max_tokens": 50, "response_format": form, "logprobs": True, "seed": 7}
    body = request_body(asked, THINKING)
    assert "logprobs" not in body
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] == 50
    body = request_body(asked, replace(ABLE, structured=Structured.JSON, logprobs=False))
    assert body["response_format"] == {"type": "json_object"}
    assert "logprobs" not in body
    assert "response_format" not in request_body(asked, replace(ABLE, structured=Structured.TEXT))
    plain = request_body(Question(QUESTION.messages, 50), ABLE)
    assert set(plain) == {"messages", "max_tokens"}


async def test_a_deployment_that_nobody_tried_is_asked_plainly() -> None:
    with OpenAIServer() as server:
        async with asking(server, capabilities=None) as model:
            await model.ask(QUESTION)
    assert set(server.requests[0].body) == {"messages", "model", "max_tokens"}


async def test_tokens_with_their_logprobs_add_up_to_the_answer() -> None:
    question = Question(QUESTION.messages, 50, schema=SCHEMA, logprobs=True)
    answer = Answer('{"class": "B"}', logprob=lambda token: -2.0 if token == "B" else 0.5)
    with OpenAIServer(lambda body: answer) as server:
        async with asking(server) as model:
            reply = await model.ask(question)
    assert "".join(token.text for token in reply.tokens) == reply.text
    assert {token.logprob for token in reply.tokens} == {-2.0, 0.0}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "{}"}], "{}"),
        ([{"type": "thinking", "thinking": []}, {"type": "text", "text": "{"}, {"text": "}"}], "{}"),
        ([{"type": "text", "text": 3}, {"type": "image_url", "image_url": {}}], ""),
        ([], ""),
    ],
)
def test_an_answer_in_parts_is_what_its_parts_of_text_say(content: list[object], text: str) -> None:
    body = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}], "usage": {}}
    reply = read_reply(json.dumps(body).encode(), "host", limits=RateLimits(), request_id="")
    assert (reply.text, reply.finish) == (text, Finish.STOP)


async def test_usage_counts_cached_and_reasoning_tokens() -> None:
    answer = Answer("x" * 40, reasoning_tokens=100, cached_tokens=3)
    with OpenAIServer(lambda body: answer) as server:
        async with asking(server) as model:
            reply = await model.ask(QUESTION)
    assert reply.usage == Usage(4, 111, 3, 100)
    assert reply.thinks


async def test_more_cached_and_thought_tokens_than_there_are_make_nothing_cheaper() -> None:
    told = {
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 10**9},
        "completion_tokens_details": {"reasoning_tokens": 10**9},
    }
    with OpenAIServer(lambda body: Answer("fine", usage=told)) as server:
        async with asking(server) as model:
            reply = await model.ask(QUESTION)
    assert reply.usage == Usage(100, 10, 100, 10)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": "many"},
        {"prompt_tokens_details": None, "completion_tokens_details": None},
    ],
)
async def test_odd_usage_loses_no_answer(usage: dict[str, Any]) -> None:
    with OpenAIServer(lambda body: Answer("fine", usage=usage)) as server:
        async with asking(server) as model:
            reply = await model.ask(QUESTION)
    assert (reply.text, reply.usage) == ("fine", Usage())


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"prompt_tokens": None, "completion_tokens": -4}, Usage(doubtful_answers=1)),
        ({"prompt_tokens": 10**18, "completion_tokens": 1}, Usage(10**12, 1, doubtful_answers=1)),
        ({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 150}, Usage(100, 50)),
        ({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 7}, Usage(100, 10)),
    ],
    ids=["negative", "absurd", "thought beside", "total too small"],
)
async def test_usage_is_taken_as_far_as_it_can_be(told: dict[str, Any], usage: Usage) -> None:
    with OpenAIServer(lambda body: Answer("fine", usage=told)) as server:
        async with asking(server) as model:
            assert (await model.ask(QUESTION)).usage == usage


async def test_what_was_cut_or_refused_comes_back_with_what_it_cost() -> None:
    with OpenAIServer() as server:
        server.next(too_short('{"class": '), refusal("I won't."), Answer(None, finish="content_filter"))
        server.next(Answer("", finish="tool_calls"))
        async with asking(server) as model:
            replies = [await model.ask(QUESTION) for _ in range(4)]
    finishes = [Finish.LENGTH, Finish.STOP, Finish.FILTERED, Finish.OTHER]
    assert [reply.finish for reply in replies] == finishes
    assert [reply.text for reply in replies] == ['{"class": ', "", "", ""]
    assert [reply.refusal for reply in replies] == ["", "I won't.", "", ""]
    assert all(reply.usage.prompt_tokens for reply in replies)


async def test_rate_limits_are_read_from_the_headers_of_both_services() -> None:
    openai_form = {
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-requests": "12ms",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    azure_form = {"x-ratelimit-remaining-requests": "19", "x-ratelimit-remaining-tokens": "-1"}
    with OpenAIServer() as server:
        async with asking(server) as model:
            server.headers = openai_form
            first = await model.ask(QUESTION)
            server.headers = azure_form
            second = await model.ask(QUESTION)
            server.headers = {}
            third = await model.ask(QUESTION)
    assert first.limits == RateLimits(59, 149984, 0.012, 360.0)
    assert second.limits == RateLimits(19, None)
    assert third.limits == RateLimits()


async def test_questions_at_one_time_share_a_client_and_reuse_its_connections() -> None:
    with OpenAIServer(delay=0.05) as server:
        async with asking(server) as model:
            for _ in range(3):
                await asyncio.gather(*(model.ask(QUESTION) for _ in range(8)))
    assert len(server.chats) == 24
    assert server.most_at_once == 8
    assert server.connections == 8


async def test_a_cancelled_question_ends_at_once() -> None:
    with OpenAIServer(delay=30) as server:
        async with asking(server) as model:
            task = asyncio.create_task(model.ask(QUESTION))
            await asyncio.to_thread(server.wait_for, 1)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert time.monotonic() - began < 5


async def test_bytes_that_trickle_do_not_hold_a_question_longer_than_it_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui_labeler.engine.adapters.chat.openai_chat.CONNECT_SECONDS", 0.1)

    ended = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b" ")
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.02)
        writer.close()
        ended.set()

    slow = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = slow.sockets[0].getsockname()[1]
    resource = OpenAIResource(STYLES["openai"](f"http://127.0.0.1:{port}"), "", seconds=0.3)
    with pytest.raises(TroubleError, match=r"no answer within 0\.3 seconds"):
        await resource.deployment(Deployment("gpt")).ask(QUESTION)
    await resource.close()
    await ended.wait()
    slow.close()
    await slow.wait_closed()


async def test_a_server_on_this_machine_is_not_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with OpenAIServer() as server:
        async with asking(server) as model:
            assert (await model.ask(QUESTION)).text
