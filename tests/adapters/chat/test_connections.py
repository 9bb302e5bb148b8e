"""Connections are kept for the questions that follow, and one that fails takes no other with it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.adapters.chat.test_openai_chat import ABLE, QUESTION, asking
from tests.openai_server import KEY, OpenAIServer, Response, cut
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.deployments.chat import TroubleError


async def test_questions_after_each_other_share_one_connection() -> None:
    with OpenAIServer() as server:
        async with asking(server) as model:
            for _ in range(5):
                await model.ask(QUESTION)
        assert server.connections == 1


async def test_questions_at_once_have_a_connection_each_and_leave_them_to_those_that_follow() -> None:
    with OpenAIServer(delay=0.2) as server:
        async with asking(server) as model:
            for _ in range(2):
                await asyncio.gather(*(model.ask(QUESTION) for _ in range(8)))
        assert server.most_at_once == 8
        assert server.connections == 8


async def test_a_connection_that_broke_takes_no_later_question_with_it() -> None:
    with OpenAIServer() as server:
        server.next(cut())
        async with asking(server) as model:
            with pytest.raises(TroubleError, match="dropped before the answer"):
                await model.ask(QUESTION)
            assert (await model.ask(QUESTION)).text


async def test_a_question_that_is_cancelled_hinders_no_other() -> None:
    with OpenAIServer(delay=5) as server:
        async with asking(server) as model:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(model.ask(QUESTION), 0.2)
            server.delay = 0
            assert (await model.ask(QUESTION)).text


async def test_an_answer_that_nobody_has_asked_for_is_not_taken_for_the_next() -> None:
    def response(text: str) -> bytes:
        body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)

    spoken: list[asyncio.StreamWriter] = []

    async def write(writer: asyncio.StreamWriter) -> bool:
        spoken.append(writer)
        writer.write(response("asked for"))
        await writer.drain()
        return True

    with OpenAIServer() as server:
        server.plan = lambda request: Response(write=write)
        async with asking(server) as model:
            assert (await model.ask(QUESTION)).text == "asked for"
            resource: Any = vars(model)["_resource"]
            idle = resource.client._client._transport.client.connector
            server._loop.call_soon_threadsafe(spoken[0].write, response("not asked for"))
            (kept,) = next(iter(idle._conns.values()))
            while not kept[0].should_close:  # noqa: ASYNC110 - aiohttp tells nobody
                await asyncio.sleep(0)
            assert (await model.ask(QUESTION)).text == "asked for"
        assert server.connections == 2


async def test_no_cookies_are_kept() -> None:
    with OpenAIServer(headers={"set-cookie": "a=b; Path=/"}) as server:
        local = f"http://localhost:{server.port}"
        resource = OpenAIResource(Resource("r", ResourceKind.OPENAI, local, ()), KEY, seconds=10.0)
        model = resource.deployment(Deployment("gpt", ABLE))
        for _ in range(2):
            await model.ask(QUESTION)
        await model.close()
        assert [request.headers.get("cookie") for request in server.requests] == [None, None]
