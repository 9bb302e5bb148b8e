from __future__ import annotations

import asyncio

import httpx2
import pytest

from tests.openai_server import OpenAIServer, cut
from tui_labeler.engine.adapters.chat.lanes import Lanes

BODY = {"model": "gpt", "messages": []}


def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=Lanes(httpx2.AsyncHTTPTransport), timeout=5)


async def ask(asker: httpx2.AsyncClient, server: OpenAIServer) -> int:
    return (await asker.post(f"{server.url}/chat/completions", json=BODY)).status_code


async def test_questions_after_each_other_share_one_connection() -> None:
    with OpenAIServer() as server:
        async with client() as asker:
            assert [await ask(asker, server) for _ in range(5)] == [200] * 5
        assert server.connections == 1


async def test_questions_at_once_have_a_connection_each_and_leave_them_to_those_that_follow() -> None:
    with OpenAIServer(delay=0.2) as server:
        async with client() as asker:
            for _ in range(2):
                assert await asyncio.gather(*(ask(asker, server) for _ in range(8))) == [200] * 8
        assert server.most_at_once == 8
        assert server.connections == 8


async def test_a_connection_that_broke_takes_no_later_question_with_it() -> None:
    with OpenAIServer() as server:
        server.next(cut())
        async with client() as asker:
            with pytest.raises(httpx2.RemoteProtocolError):
                await ask(asker, server)
            assert await ask(asker, server) == 200


async def test_a_question_that_is_cancelled_leaves_its_lane_to_the_next() -> None:
    with OpenAIServer(delay=5) as server:
        async with client() as asker:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ask(asker, server), 0.2)
            server.delay = 0
            assert await ask(asker, server) == 200
