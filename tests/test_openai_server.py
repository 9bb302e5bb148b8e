"""The tests' own server does what it says, as the openai package sees it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests.openai_server import KEY, Answer, OpenAIServer, no_deployment, smallest


def lines(*ids: str) -> bytes:
    body = {"model": "gpt", "messages": [{"role": "user", "content": "Hello"}]}
    made = [{"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body} for key in ids]
    return b"".join(json.dumps(line).encode() + b"\n" for line in made)


def client(server: OpenAIServer, style: str) -> openai.AsyncOpenAI:
    if style == "azure":
        return openai.AsyncAzureOpenAI(
            azure_endpoint=server.root, api_version="2024-10-21", api_key=KEY, max_retries=0
        )
    base = server.url if style == "openai" else f"{server.root}/openai/v1/"
    return openai.AsyncOpenAI(base_url=base, api_key=KEY, max_retries=0)


@pytest.mark.parametrize("style", ["openai", "azure", "azure-v1"])
async def test_a_batch_lives_from_its_file_to_its_answers(style: str) -> None:
    with OpenAIServer(lambda body: "Hi.", key=KEY) as server:
        async with client(server, style) as asking:
            file = await asking.files.create(file=("in.jsonl", lines("a", "b", "c")), purpose="batch")
            batch = await asking.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
            states = [(await asking.batches.retrieve(batch.id)).status for _ in range(5)]
            done = await asking.batches.retrieve(batch.id)
            assert done.output_file_id is not None
            told = (await asking.files.content(done.output_file_id)).read()
            await asking.files.delete(file.id)
            with pytest.raises(openai.NotFoundError):
                await asking.files.retrieve(file.id)
    assert states == ["validating", "in_progress", "finalizing", "completed", "completed"]
    answers = [json.loads(line) for line in told.splitlines()]
    assert [answer["custom_id"] for answer in answers] == ["c", "b", "a"]
    assert answers[0]["response"]["body"]["choices"][0]["message"]["content"] == "Hi."


async def test_a_batch_that_is_cancelled_keeps_what_is_done_and_a_bad_one_fails() -> None:
    def answer(body: dict[str, Any]) -> Any:
        return no_deployment()

    with OpenAIServer(answer) as server:
        async with client(server, "openai") as asking:
            file = await asking.files.create(file=("in.jsonl", lines("a", "b", "c", "d")), purpose="batch")
            batch = await asking.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
            cancelled = await asking.batches.cancel(batch.id)
            assert (await asking.batches.retrieve(batch.id)).status == "cancelled"
            assert cancelled.error_file_id is not None
            told = (await asking.files.content(cancelled.error_file_id)).read()
            file = await asking.files.create(file=("in.jsonl", lines("a", "a")), purpose="batch")
            bad = await asking.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
    assert len(told.splitlines()) == 2
    assert bad.status == "failed"
    assert bad.errors is not None
    assert bad.errors.data is not None
    assert bad.errors.data[0].code == "duplicate_custom_id"


async def test_a_rate_turns_away_what_is_too_much_and_says_how_long_to_wait() -> None:
    with OpenAIServer(rate=0.5, burst=2) as server:
        async with client(server, "openai") as asking:
            ask: Any = asking.chat.completions.create
            for _ in range(2):
                await ask(model="gpt", messages=[{"role": "user", "content": "Hello"}])
            with pytest.raises(openai.RateLimitError) as raised:
                await ask(model="gpt", messages=[{"role": "user", "content": "Hello"}])
    assert 0 < float(raised.value.response.headers["retry-after-ms"]) <= 2000
    assert server.turned_away == 1


async def test_what_a_test_plans_comes_before_all_else() -> None:
    def plan(request: Any) -> Answer | None:
        return Answer("planned") if request.number == 2 else None

    with OpenAIServer(lambda body: "answered", plan=plan) as server:
        async with client(server, "openai") as asking:
            told = []
            for _ in range(3):
                reply = await asking.chat.completions.create(
                    model="gpt", messages=[{"role": "user", "content": "Hello"}]
                )
                told.append(reply.choices[0].message.content)
    assert told == ["answered", "planned", "answered"]
    assert [request.number for request in server.requests] == [1, 2, 3]


def test_the_smallest_value_of_a_schema_follows_references() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"$ref": "#/$defs/c"},
            "b": {"type": "array"},
            "d": {"anyOf": [{}, {"type": "null"}]},
        },
        "$defs": {"c": {"enum": ["X", "Y"]}},
    }
    assert smallest(schema) == {"a": "X", "b": [], "d": None}
