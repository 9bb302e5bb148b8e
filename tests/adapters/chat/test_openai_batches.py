"""Batches over a real socket: from the questions of a job to the suggestions in its documents."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, suggestions, words_of
from tests.openai_server import (
    KEY,
    OpenAIServer,
    Request,
    Response,
    dropped,
    filtered_prompt,
    refused,
    status,
)
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.domain.resources import Capabilities, Deployment, Resource, ResourceKind, Structured
from tui_labeler.engine.adapters.chat.openai_batches import AZURE_LIMITS, OPENAI_LIMITS, OpenAIBatches
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.reusing import question_key
from tui_labeler.engine.deployments.batches import (
    BatchGoneError,
    BatchLimits,
    BatchState,
    BatchStatus,
    CrowdedError,
    Row,
)
from tui_labeler.engine.deployments.chat import (
    BusyError,
    Message,
    Question,
    Reply,
    ResourceError,
    Role,
    TroubleError,
    UnansweredError,
)
from tui_labeler.engine.ports import Connected
from tui_labeler.engine.runs.sent import BatchPace

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


ABLE = Capabilities(Structured.SCHEMA, logprobs=False, reasoning=False, seconds=0.1, tested="2026-11-21")
GPT = Method("gpt", resource="r", deployment="gpt")
NAMES = {"Ann": "Person", "Ève": "Person", "Rome": "Place", "東京": "Place", "🙂Zoë": "Person"}
TEXTS = {
    "secret-a.txt": "Ann is in Rome.",
    "secret-b.txt": "Ève\u2028est à 東京.\x85Fin",
    "secret-c.txt": "🙂Zoë met Ann.",
    "secret-d.txt": "Nobody was in Rome\x0bor near it.",
}
FOUND = {
    "secret-a.txt": ["Ann", "Rome"],
    "secret-b.txt": ["Ève", "東京"],
    "secret-c.txt": ["🙂Zoë", "Ann"],
    "secret-d.txt": ["Rome"],
}

STYLES: dict[str, Callable[[str], Resource]] = {
    "openai": lambda root: Resource("r", ResourceKind.OPENAI, f"{root}/v1", ()),
    "azure": lambda root: Resource("r", ResourceKind.AZURE, root, (), api_version="2024-10-21"),
    "azure-v1": lambda root: Resource("r", ResourceKind.AZURE, root, ()),
}


def text_of(body: Mapping[str, Any]) -> str:
    content = str(body["messages"][-1]["content"])
    fence = next(line for line in content.split("\n") if line.startswith("====="))
    return content.split(f"{fence}\n", 1)[1].rsplit(f"\n{fence}", 1)[0]


def rules(body: dict[str, Any]) -> str:
    text = text_of(body)
    found = [{"text": word, "category": NAMES[word], "before": ""} for word in NAMES if word in text]
    return json.dumps({"entities": found}, ensure_ascii=False)


@dataclass
class Socket:
    """A deployment on the tests' server."""

    server: OpenAIServer
    style: str = "openai"
    limits: BatchLimits | None = None

    async def connect(self, resource: str, deployment: str) -> Connected:
        chosen = Deployment("gpt", ABLE)
        found = OpenAIResource(STYLES[self.style](self.server.root), KEY, seconds=5.0)
        batches = OpenAIBatches(found, chosen, limits=self.limits)
        return Connected(found.deployment(chosen), chosen, f"{resource}/{deployment}", batches)


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def start(session: ProjectSession) -> Job:
    return await session.jobs.autolabel(list(session.rows.values()), GPT, gpt=GptOptions(batch=True))


async def run(
    bench: Bench, socket: Socket, job: Job, wait: Callable[[float], Awaitable[None]] = no_wait
) -> Job:
    runner = await bench.runner()
    try:
        return await replace(runner, deployments=socket, batch_pace=BatchPace(60, wait)).run(job.id)
    finally:
        await runner.store.close()


async def labeled(session: ProjectSession) -> dict[str, list[str]]:
    await session.refresh()
    return {name: words_of(suggestions(session, name), text) for name, text in TEXTS.items()}


def made(server: OpenAIServer) -> int:
    return len(server.batches)


# --- whole jobs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", sorted(STYLES))
async def test_a_job_lives_from_its_questions_to_its_suggestions(bench: Bench, style: str) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY) as server:
        job = await run(bench, Socket(server, style), await start(session))
        assert (job.state, job.done) == (JobState.SUCCEEDED, 4)
        assert await labeled(session) == FOUND
        assert server.chats == []
        assert {request.style for request in server.requests} == {style}
        uploaded = next(request.raw for request in server.requests if request.path.endswith("/files"))
        begun = next(
            request.body
            for request in server.requests
            if request.path.endswith("/batches") and request.method == "POST"
        )
        assert server.files == {}
    where = "/v1/chat/completions" if style == "openai" else "/chat/completions"
    assert (begun["endpoint"], begun["completion_window"]) == (where, "24h")
    assert job.id in begun["metadata"]["tui-labeler"]
    content = uploaded.split(b'name="file"', 1)[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n--")[0]
    lines = [json.loads(line) for line in content.split(b"\n") if line]
    assert len(lines) == 4
    assert content.startswith(b"{")
    assert b"secret" not in uploaded
    assert all(re.fullmatch("[0-9a-f]{64}", line["custom_id"]) for line in lines)
    assert {line["url"] for line in lines} == {where}
    assert {line["body"]["model"] for line in lines} == {"gpt"}


async def test_files_are_split_by_requests_and_by_size(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY) as server:
        job = await run(bench, Socket(server, limits=BatchLimits(3, 10**9)), await start(session))
        assert job.state is JobState.SUCCEEDED
        assert [len(batch.lines) for batch in server.batches.values()] == [3, 1]
        assert await labeled(session) == FOUND


async def test_a_file_grows_to_its_size_in_bytes_and_no_further() -> None:
    with OpenAIServer(key=KEY) as server:
        async with batches(server, limits=BatchLimits(100, 1000)) as model:
            file = model.file()
            added = 0
            while file.add(f"{added:064x}", question("ä" * 50)):
                added += 1
            size = file.file.tell()
            assert 700 < size <= 1000
            assert file.rows == added > 1
            file.close()


async def test_an_expired_batch_fails_what_was_not_answered(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY, batch_states=("in_progress", "expired")) as server:
        job = await run(bench, Socket(server), await start(session))
        assert (job.state, job.done) == (JobState.PARTIALLY_COMPLETED, 1)
        assert [item.error for item in job.failed] == ["expired"] * 3
        server.batch_states = ("completed",)
        await session.jobs.retry(job.id)
        assert (await run(bench, Socket(server), job)).state is JobState.SUCCEEDED
        assert await labeled(session) == FOUND
        assert [len(batch.lines) for batch in server.batches.values()] == [4, 3]


async def test_a_batch_that_fails_ends_the_job_for_its_reason(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY, batch_states=("validating", "failed")) as server:
        server.batch_errors = [{"code": "model_mismatch", "message": "Ann is in Rome.", "line": 1}]
        job = await run(bench, Socket(server), await start(session))
    assert (job.state, job.code) == (JobState.FAILED, "resource")
    assert "it is for another deployment (model_mismatch)" in job.message
    assert "Ann" not in job.message


async def test_rows_with_errors_fail_their_documents_for_their_reasons(bench: Bench) -> None:
    session = await bench.create(TEXTS)

    def answer(body: dict[str, Any]) -> Any:
        if "Zoë" in text_of(body):
            return filtered_prompt()
        return refused(500, "Nobody", "Nobody was in Rome") if "Nobody" in text_of(body) else rules(body)

    with OpenAIServer(answer, key=KEY) as server:
        job = await run(bench, Socket(server), await start(session))
    assert job.done == 2
    assert [(item.location, item.error) for item in job.failed] == [
        ("secret-c.txt", "content_filter"),
        ("secret-d.txt", "trouble"),
    ]
    assert not any("Nobody" in item.message for item in job.failed)


async def test_a_cancel_keeps_the_rows_that_are_answered(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY, batch_states=("in_progress",)) as server:
        job = await start(session)

        async def wait(seconds: float) -> None:
            await session.jobs.cancel(job.id)
            await asyncio.Event().wait()

        ended = await run(bench, Socket(server), job, wait)
        assert (ended.state, ended.done) == (JobState.CANCELLED, 2)
        server.batch_states = ("completed",)
        await session.jobs.resume(job.id)
        assert (await run(bench, Socket(server), job)).state is JobState.SUCCEEDED
        assert [len(batch.lines) for batch in server.batches.values()] == [4, 2]
        assert await labeled(session) == FOUND


async def test_a_slow_cancel_is_collected_by_the_next_run(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY, batch_states=("in_progress",)) as server:
        server.cancels_slowly = True
        job = await start(session)

        async def wait(seconds: float) -> None:
            await session.jobs.cancel(job.id)
            await asyncio.Event().wait()

        ended = await run(bench, Socket(server), job, wait)
        assert (ended.state, ended.done) == (JobState.CANCELLED, 0)
        server.batch_states = ("completed",)
        await session.jobs.resume(job.id)
        assert (await run(bench, Socket(server), job)).state is JobState.SUCCEEDED
        assert [len(batch.lines) for batch in server.batches.values()] == [4, 2]


@pytest.mark.parametrize("what", ["upload", "create", "look", "rows"])
async def test_a_connection_that_drops_costs_nothing_twice(bench: Bench, what: str) -> None:
    session = await bench.create(TEXTS)
    hits: dict[str, Callable[[Request], object]] = {
        "upload": lambda request: request.method == "POST" and request.path.endswith("/files"),
        "create": lambda request: request.method == "POST" and request.path.endswith("/batches"),
        "look": lambda request: re.search("/batches/[^/]+$", request.path),
        "rows": lambda request: request.path.endswith("/content"),
    }
    met: list[str] = []

    def after(request: Request, response: Response) -> Response:
        if not met and hits[what](request):
            met.append(request.path)
            return replace(response, cut=len(response.body) // 2) if what == "rows" else dropped()
        return response

    with OpenAIServer(rules, key=KEY) as server:
        server.after = after
        job = await run(bench, Socket(server), await start(session))
        assert met
        assert job.state is JobState.SUCCEEDED
        assert made(server) == 1
        assert await labeled(session) == FOUND


async def test_no_room_is_waited_for(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    full = [refused(400, "token_limit_exceeded", "Enqueued token limit reached.")] * 2

    def before(request: Request) -> Response | None:
        is_create = request.method == "POST" and request.path.endswith("/batches")
        return full.pop() if is_create and full else None

    with OpenAIServer(rules, key=KEY) as server:
        server.before = before
        job = await run(bench, Socket(server), await start(session))
        assert (job.state, made(server)) == (JobState.SUCCEEDED, 1)


async def test_a_server_without_a_batch_api_says_so(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY) as server:
        server.before = lambda request: status(404)
        job = await run(bench, Socket(server), await start(session))
    assert job.state is JobState.FAILED
    assert "--batch" in job.hint
    assert "--batch" not in job.message


DYING = """
import asyncio, os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.adapters.chat.test_openai_batches import Socket
from tests.builders import Bench
from tests.openai_server import OpenAIServer
from tui_labeler.engine.runs.sent import BatchPace

async def die(seconds):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(root, port, job):
    server = OpenAIServer()
    server.port = int(port)
    runner = await Bench(Path(root)).runner()
    await replace(runner, deployments=Socket(server), batch_pace=BatchPace(60, die)).run(job)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_process_leaves_a_batch_that_another_one_collects(bench: Bench) -> None:
    session = await bench.create(TEXTS)
    with OpenAIServer(rules, key=KEY) as server:
        job = await start(session)
        arguments = [sys.executable, "-c", DYING, str(bench.root), str(server.port), job.id]
        killed = await asyncio.to_thread(subprocess.run, arguments, timeout=50, env=os.environ, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert made(server) == 1
        assert (await session.jobs.get(job.id)).state is JobState.INTERRUPTED
        await session.jobs.resume(job.id)
        ended = await run(bench, Socket(server), job)
        assert (ended.state, ended.done) == (JobState.SUCCEEDED, 4)
        assert made(server) == 1
        assert await labeled(session) == FOUND


# --- the adapter by itself --------------------------------------------------------------------------


def question(text: str) -> Question:
    return Question((Message(Role.USER, text),), 50)


@asynccontextmanager
async def batches(
    server: OpenAIServer, style: str = "openai", *, limits: BatchLimits | None = None
) -> AsyncIterator[OpenAIBatches]:
    found = OpenAIResource(STYLES[style](server.root), KEY, seconds=5.0)
    try:
        yield OpenAIBatches(found, Deployment("gpt", ABLE), limits=limits)
    finally:
        await found.close()


async def sent(model: OpenAIBatches, *texts: str) -> tuple[str, list[str]]:
    """A file at the server, and the keys in it."""
    file = model.file()
    keys = [question_key("r", question(text)) for text in texts]
    for key, text in zip(keys, texts, strict=True):
        assert file.add(key, question(text))
    try:
        return await model.upload(file, "job-1"), keys
    finally:
        file.close()


async def rows_of(model: OpenAIBatches, *lines: bytes, server: OpenAIServer) -> list[Row]:
    server.files["told"] = {"data": b"\n".join(lines)}
    state = BatchState("b", BatchStatus.COMPLETED, files=("told",))
    return [row async for row in model.rows(state)]


def test_files_are_as_large_as_the_services_allow() -> None:
    assert (OPENAI_LIMITS.requests, AZURE_LIMITS.requests) == (50_000, 100_000)
    assert OPENAI_LIMITS.size <= 200 * 2**20


async def test_a_batch_is_found_by_its_file_over_many_pages_and_a_failed_one_is_none() -> None:
    with OpenAIServer(key=KEY) as server:
        async with batches(server) as model:
            file, _ = await sent(model, "A text.")
            assert await model.find(file) is None
            state = await model.create(file, "job-1")
            bodies = [{"id": f"other{n}", "status": "completed", "input_file_id": "x"} for n in range(3)]
            bodies += [{"id": "odd", "status": "never heard of"}, server.batches[state.id].body]
            asked: list[str] = []

            def before(request: Request) -> Response | None:
                if request.method != "GET" or not request.path.endswith("/batches"):
                    return None
                asked.append(request.query.get("after", ""))
                at = next((n for n, body in enumerate(bodies, 1) if body["id"] == asked[-1]), 0)
                page = {"data": bodies[at : at + 2], "has_more": at + 2 < len(bodies)}
                return Response(200, json.dumps(page).encode())

            server.before = before
            found = await model.find(file)
            assert found is not None
            assert found.id == state.id
            assert asked == ["", "other1", "other2"]
            server.batches[state.id].body["status"] = "failed"
            assert await model.find(file) is None


async def test_a_file_that_is_not_read_yet_is_waited_for() -> None:
    with OpenAIServer(key=KEY) as server:
        async with batches(server, "azure") as model:
            file, _ = await sent(model, "A text.")
            server.files[file]["status"] = "pending"
            with pytest.raises(BusyError):
                await model.create(file, "job-1")
            server.files[file]["status"] = "error"
            with pytest.raises(UnansweredError):
                await model.create(file, "job-1")
            assert made(server) == 0


@pytest.mark.parametrize(
    ("met", "error"),
    [
        (refused(400, "token_limit_exceeded"), CrowdedError),
        (refused(429, "token_limit_exceeded"), CrowdedError),
        (refused(429, "429"), BusyError),
        (refused(401, "invalid_api_key"), ResourceError),
        (status(500), TroubleError),
        (status(404), BatchGoneError),
        (Response(200, b"<html>"), TroubleError),
        (Response(200, b'{"id": "b", "status": "never heard of"}'), TroubleError),
    ],
)
async def test_what_a_server_refuses_is_an_error_of_the_engine(
    met: Response, error: type[LabelerError]
) -> None:
    with OpenAIServer(key=KEY) as server:
        async with batches(server) as model:
            server.before = lambda request: met
            with pytest.raises(error):
                await model.state("batch-1")


async def test_a_batch_that_is_over_is_not_cancelled_any_more() -> None:
    with OpenAIServer(key=KEY, batch_states=("completed",)) as server:
        async with batches(server) as model:
            file, _ = await sent(model, "A text.")
            state = await model.create(file, "job-1")
            await model.state(state.id)
            server.before = lambda request: refused(409, "x") if request.path.endswith("/cancel") else None
            assert (await model.cancel(state.id)).status is BatchStatus.COMPLETED


async def test_results_of_others_and_lines_that_are_none_are_passed_over() -> None:
    good = {"id": "1", "choices": [{"message": {"content": "a\u2028b"}, "finish_reason": "stop"}]}
    key = "a" * 64
    lines = [
        b"",
        b"no json",
        b"\xff\xfe",
        b'{"custom_id": "../../etc/passwd", "response": {"status_code": 200, "body": {}}}',
        b'{"custom_id": 7}',
        json.dumps(
            {"custom_id": key, "response": {"status_code": 200, "body": good}}, ensure_ascii=False
        ).encode()
        + b"\r",
        json.dumps({"custom_id": "b" * 64, "response": None, "error": {"code": "batch_cancelled"}}).encode(),
        json.dumps({"custom_id": "c" * 64, "response": None, "error": {"code": "Ann"}}).encode(),
        json.dumps({"custom_id": "d" * 64, "response": {"status_code": 200, "body": "?"}}).encode(),
    ]
    with OpenAIServer(key=KEY) as server:
        async with batches(server) as model:
            found = {row.key[0]: row.outcome for row in await rows_of(model, *lines, server=server)}
    assert found.keys() == {"a", "c", "d"}
    assert isinstance(found["a"], Reply)
    assert found["a"].text == "a\u2028b"
    assert isinstance(found["c"], UnansweredError)
    assert "Ann" not in found["c"].message
    assert isinstance(found["d"], TroubleError)


async def test_a_text_that_can_not_be_sent_is_one_unanswered_question() -> None:
    with OpenAIServer(key=KEY) as server:
        async with batches(server) as model:
            file = model.file()
            with pytest.raises(UnansweredError):
                file.add("a" * 64, question("half a pair: \ud800"))
            assert file.rows == 0
            file.close()
