"""Connections are kept for the questions that follow, and one that fails takes no other with it."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.chat.test_openai_chat import QUESTION, asking
from tests.openai_server import OpenAIServer, cut
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
