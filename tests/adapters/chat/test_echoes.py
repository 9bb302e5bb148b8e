"""What a server repeats of the key or the token that it was sent is unreadable wherever it comes back."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, replace

import httpx2
import pytest

from tests.adapters.chat.test_openai_chat import ABLE, QUESTION, STYLES, asking
from tests.openai_server import OpenAIServer, Request, Response
from tui_labeler.domain.resources import Deployment
from tui_labeler.engine.adapters.chat.bounds import bound
from tui_labeler.engine.adapters.chat.echoes import hidden, hidden_pieces, secrets_of
from tui_labeler.engine.adapters.chat.openai_batches import OpenAIBatches
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.deployments.batches import BatchState
from tui_labeler.engine.deployments.chat import Reply

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


def escaped(text: str) -> str:
    """As JSON may have it as well: every character by its number, in capitals and small letters."""
    codes = [f"\\u{ord(one):04x}" for one in text]
    return "".join(code.upper().replace("U", "u") if at % 2 else code for at, code in enumerate(codes))


SPELT = {
    "in numbers": escaped(SECRET),
    "one character": SECRET.replace("n", "\\u006e"),
    "in JSON in a string": escaped(SECRET).replace("\\", "\\\\"),
    "in JSON in a string in a string": escaped(SECRET).replace("\\", "\\" * 4),
    "with backslashes in numbers": escaped(SECRET).replace("\\", "\\u005c"),
}


def all_that_it_says(text: str) -> set[str]:
    """A text, and what comes of it where it is taken for the inside of a string of JSON, again and again."""
    found = {text}
    for _ in range(4):
        for known in list(found):
            try:
                found.add(json.loads(f'"{known}"'))
            except ValueError:
                continue
    return found


def saying(spelt: str, status: int = 200) -> Response:
    """A response in whose body each text is a secret's spelling, as it stands on the wire."""
    choice = (
        f'{{"message": {{"content": "it is {spelt}", "refusal": "{spelt}"}}, "finish_reason": "stop",'
        f'"logprobs": {{"content": [{{"token": "{spelt}", "logprob": -1}}]}}}}'
    )
    error = f'{{"code": "{spelt}", "message": "{spelt}"}}'
    body = f'{{"id": "{spelt}", "status": "completed", "input_file_id": "{spelt}", "model": "{spelt}"'
    return Response(status, f'{body}, "choices": [{choice}], "error": {error}}}'.encode())


@pytest.mark.parametrize("spelt", SPELT)
@pytest.mark.parametrize("token", [False, True])
async def test_a_key_that_was_escaped_is_no_more_readable_once_it_is_decoded(spelt: str, token: bool) -> None:
    async def signed_in() -> str:
        return SECRET

    with OpenAIServer(plan=lambda request: saying(SPELT[spelt])) as server:
        given = {"key": "", "token": signed_in} if token else {"key": SECRET}
        async with asking(server, **given) as model:
            reply = await model.ask(QUESTION)
    assert reply.text.startswith("it is *")
    for told in (reply.text, reply.refusal, reply.model, *(one.text for one in reply.tokens)):
        assert not any(SECRET in said for said in all_that_it_says(told)), told


@pytest.mark.parametrize("spelt", SPELT)
async def test_no_id_and_no_result_of_a_batch_is_a_key_that_was_escaped(spelt: str) -> None:
    answer = saying(SPELT[spelt]).body.decode()
    row = f'{{"custom_id": "{"0" * 64}", "response": {{"status_code": 200, "body": {answer}}}}}'.encode()

    def plan(request: Request) -> Response:
        return Response(200, row) if request.path.endswith("/content") else saying(SPELT[spelt])

    with OpenAIServer() as server:
        server.before = plan
        resource = OpenAIResource(STYLES["openai"](server.root), SECRET, seconds=10.0)
        model = OpenAIBatches(resource, Deployment("gpt", ABLE))
        state = await model.state("batch-1")
        [kept] = [row.outcome async for row in model.rows(replace(state, files=("file-1",)))]
        await resource.close()
    assert isinstance(kept, Reply)
    for told in (state.id, state.sent, kept.text, kept.refusal, kept.model):
        assert "*" in told
        assert not any(SECRET in said for said in all_that_it_says(told)), told


async def test_tokens_that_are_pieces_of_a_key_are_not_kept() -> None:
    pieces = [{"token": piece, "logprob": -0.5} for piece in ("it is ", SECRET[:6], SECRET[6:])]
    message = {"content": f"it is {SECRET}"}
    choice = {"message": message, "finish_reason": "stop", "logprobs": {"content": pieces}}
    answer = Response(200, json.dumps({"choices": [choice]}).encode())
    with OpenAIServer(plan=lambda request: answer) as server:
        async with asking(server, key=SECRET) as model:
            assert (await model.ask(QUESTION)).tokens == ()
        async with asking(server, key="k" * 20) as model:
            assert len((await model.ask(QUESTION)).tokens) == 3


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("spelt", ["as it is", *SPELT])
async def test_a_refusal_repeats_no_key_to_whoever_reads_it(status: int, spelt: str) -> None:
    body = saying(SPELT.get(spelt, SECRET), status).body
    request = httpx2.Request("POST", "http://127.0.0.1/", headers={"Authorization": f"Bearer {SECRET}"})
    headers = {"Content-Length": str(len(body)), "X-Odd": f"it is {SECRET}"}
    response = httpx2.Response(status, headers=headers, stream=Stream(body), request=request)
    await bound(response)
    read = (await response.aread()).decode()
    assert len(read) == len(body)
    assert "*" * 12 in read
    assert SECRET not in str(response.headers)
    for word in re.findall(r'"((?:[^"\\]|\\.)*)"', read):
        assert not any(SECRET in said for said in all_that_it_says(word)), word


class Stream(httpx2.AsyncByteStream):
    """A body of one piece."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


@pytest.mark.parametrize("header", ["authorization", "api-key"])
def test_a_word_that_stands_for_a_key_is_none_and_one_of_twelve_characters_is(header: str) -> None:
    def found(secret: str) -> tuple[bytes, ...]:
        return secrets_of(httpx2.Request("POST", "http://127.0.0.1/", headers={header: secret}))

    assert found("k" * 11) == ()
    assert found("k" * 12) == (b"k" * 12,)


@pytest.mark.parametrize("secret", ["sk/sentinel+44445555==", 'sk"sentinel-4444'])
def test_signs_that_json_may_escape_are_found_either_way(secret: str) -> None:
    for sign in ("/", '"'):
        spelt = secret.replace(sign, f"\\{sign}").encode()
        assert hidden(b"a" + spelt + b"b", [secret.encode()]) == b"a" + b"*" * len(spelt) + b"b"


async def test_an_escaped_key_is_found_however_the_pieces_cut_it() -> None:
    text = f"a{escaped(SECRET)}b{SECRET}c{escaped(SECRET)[:-1]}".encode()
    wanted = hidden(text, [SECRET.encode()])
    assert wanted.count(b"*") == 7 * len(SECRET)

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    for size in range(1, len(text) + 1):
        found = [piece async for piece in hidden_pieces(pieces(size), [SECRET.encode()])]
        assert b"".join(found) == wanted


async def test_long_bodies_are_passed_on_while_they_come() -> None:
    """What is held back to find a secret in two pieces is not the body."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield escaped(SECRET).encode() + b"x" * 10_000

    found = [piece async for piece in hidden_pieces(pieces(), [SECRET.encode()])]
    assert len(found) >= 50
    assert b"".join(found) == (b"*" * 6 * len(SECRET) + b"x" * 10_000) * 50
