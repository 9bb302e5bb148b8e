"""What a server repeats of the key or the token that it was sent is unreadable wherever it comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict

import pytest

from tests.adapters.chat.test_openai_chat import ABLE, QUESTION, STYLES, asking
from tests.openai_server import OpenAIServer, Request, Response
from tui_labeler.domain.resources import Deployment
from tui_labeler.engine.adapters.chat.echoes import hidden, hidden_pieces
from tui_labeler.engine.adapters.chat.openai_batches import OpenAIBatches
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.deployments.batches import BatchState

SECRET = "sk-sentinel-4444-5555"


def repeating(request: Request) -> Response:
    """What was sent, in every place of an answer that is kept."""
    answer = {"message": {"content": f"it is {SECRET}", "refusal": SECRET}, "finish_reason": "stop"}
    batch = {"id": SECRET, "input_file_id": SECRET, "output_file_id": SECRET, "error_file_id": SECRET}
    page = {
        **batch,
        "status": "in_progress",
        "model": SECRET,
        "choices": [answer],
        "data": [],
        "has_more": False,
    }
    page["data"] = [{**batch, "status": "in_progress"}]
    if "batches" in request.path:
        page.pop("choices")
    return Response(200, json.dumps(page).encode(), {"x-request-id": SECRET, "apim-request-id": SECRET})


@pytest.mark.parametrize("style", STYLES)
async def test_an_answer_holds_no_key_not_even_in_what_came_in_a_header(style: str) -> None:
    with OpenAIServer() as server:
        server.before = server.plan = repeating
        async with asking(server, style, key=SECRET) as model:
            reply = await model.ask(QUESTION)
    told = str(asdict(reply))
    assert "it is ****" in told
    assert reply.request_id == ""
    assert SECRET not in told


@pytest.mark.parametrize("style", STYLES)
async def test_a_token_is_hidden_as_a_key_is(style: str) -> None:
    async def token() -> str:
        return SECRET

    with OpenAIServer() as server:
        server.before = server.plan = repeating
        async with asking(server, style, key="", token=token) as model:
            told = str(asdict(await model.ask(QUESTION)))
    assert "it is ****" in told
    assert SECRET not in told


@pytest.mark.parametrize("style", STYLES)
async def test_no_id_of_a_file_or_a_batch_is_the_key(style: str) -> None:
    """Jobs write these ids down."""
    with OpenAIServer() as server:
        server.before = server.plan = repeating
        resource = OpenAIResource(STYLES[style](server.root), SECRET, seconds=10.0)
        model = OpenAIBatches(resource, Deployment("gpt", ABLE))
        file = model.file()
        file.add("0" * 64, QUESTION)
        uploaded = await model.upload(file, "job")
        made = await model.create("file-1", "job")
        found = await model.find(made.sent)
        state = await model.state("batch-1")
        file.close()
        await resource.close()
    stars = "*" * len(SECRET)
    assert uploaded == stars
    for told in (made, found, state):
        assert isinstance(told, BatchState)
        assert (told.id, told.sent, told.files) == (stars, stars, (stars, stars))


async def test_a_key_is_found_however_the_pieces_cut_it() -> None:
    text = f"a{SECRET}b{SECRET}{SECRET}c{SECRET[:-1]}".encode()
    wanted = hidden(text, [SECRET.encode()])
    assert wanted.count(b"*") == 3 * len(SECRET)

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    for size in range(1, len(text) + 1):
        found = [piece async for piece in hidden_pieces(pieces(size), [SECRET.encode(), b"sk-another-one"])]
        assert b"".join(found) == wanted
