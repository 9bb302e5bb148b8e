"""A chat server of the tests' own: a real socket that does what real servers do, and rarely do, on demand.

It speaks chat completions as api.openai.com does (``/v1/...``), as Azure does with a dated API version
(``/openai/deployments/NAME/...?api-version=...``) and in its v1 style (``/openai/v1/...``), files and
batches. It runs in a thread with an event loop of its own::

    with OpenAIServer(answer=lambda body: '{"entities": []}') as server:
        server.next(busy(retry_after=1), status(500))  # the next two requests meet these
        ...
        assert len(server.requests) == 3

``python -m tests.openai_server --delay 0.3`` runs it in a process of its own and prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

Body: TypeAlias = dict[str, Any]

KEY = "test-key"


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    number: int
    """From 1."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in small letters."""
    raw: bytes = field(repr=False)
    at: float
    """Seconds since the server began."""

    @cached_property
    def body(self) -> Body:
        found = json.loads(self.raw)
        assert isinstance(found, dict)
        return found

    @property
    def is_chat(self) -> bool:
        return self.path.endswith("/chat/completions")

    @property
    def style(self) -> str:
        """``openai``, ``azure`` (dated) or ``azure-v1``."""
        if self.path.startswith("/openai/v1/"):
            return "azure-v1"
        return "azure" if self.path.startswith("/openai/") else "openai"

    @property
    def deployment(self) -> str:
        found = re.match(r"/openai/deployments/([^/]+)/", self.path)
        return found[1] if found else str(self.body.get("model", ""))


@dataclass(frozen=True)
class Response:
    """What is sent back, and how."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before anything is sent."""
    cut: int | None = None
    """The connection is dropped after so many bytes of the body; the whole length was promised."""
    drop: bool = False
    """The connection is dropped before anything is sent."""
    stall: bool = False
    """Nothing is ever sent."""
    write: Callable[[asyncio.StreamWriter], Awaitable[bool]] | None = None
    """Sends every byte by itself, in place of all else; whether the connection stays."""


@dataclass(frozen=True)
class Answer:
    """A chat completion, as far as tests care; ``None`` is left to the server."""

    text: str | None = ""
    finish: str = "stop"
    refusal: str | None = None
    logprob: Callable[[str], float] = lambda token: -0.01
    pieces: tuple[str, ...] | None = None
    """The tokens that log-probabilities are told of; by default those of the text."""
    usage: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float | None = None
    reasoning_tokens: int = 0
    cached_tokens: int = 0


Fault: TypeAlias = "Response | Answer | Callable[[Request], Response | Answer]"
"""What a request meets in the place of an ordinary answer."""


# --- what goes wrong ----------------------------------------------------------------------------------


def refused(status_code: int, code: str | None, message: str = "No.", **more: Any) -> Response:
    """An error object as both services send it; ``more`` are further fields of it."""
    headers = more.pop("headers", {})
    error = {"message": message, "type": more.pop("type", None), "param": None, "code": code, **more}
    return Response(status_code, json.dumps({"error": error}).encode(), headers)


def status(number: int, **headers: str) -> Response:
    """A status with a body that is no JSON, as proxies send it."""
    return Response(number, b"<html>fault</html>", {"content-type": "text/html", **_named(headers)})


def busy(
    *, retry_after: float | str | None = None, milliseconds: float | None = None, date_in: float | None = None
) -> Response:
    """429; with ``date_in`` the time to wait is a date so many seconds from now."""
    headers = {}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if milliseconds is not None:
        headers["retry-after-ms"] = str(milliseconds)
    if date_in is not None:
        headers["retry-after"] = formatdate(time.time() + date_in, usegmt=True)
    return refused(429, "429", "Too many requests.", headers=headers)


def no_quota() -> Response:
    return refused(429, "insufficient_quota", "You exceeded your quota.", type="insufficient_quota")


def wrong_key() -> Response:
    return refused(401, "invalid_api_key", "Incorrect API key provided: sk-abc.")


def forbidden() -> Response:
    return refused(403, "Forbidden", "Public access is disabled.")


def no_deployment() -> Response:
    return refused(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")


def batches_only() -> Response:
    """What Azure says where a deployment's capability ``chatCompletion`` is false."""
    words = "The chatCompletion operation does not work with the specified model, gpt. Please choose another."
    return refused(400, "OperationNotSupported", words)


def too_long() -> Response:
    words = "This model's maximum context length is 4096 tokens."
    return refused(400, "context_length_exceeded", words, param="messages", type="invalid_request_error")


def unsupported(parameter: str) -> Response:
    words = f"Unsupported parameter: '{parameter}' is not supported with this model."
    return refused(400, "unsupported_parameter", words, param=parameter, type="invalid_request_error")


def filtered_prompt() -> Response:
    inner = {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"violence": {"filtered": True, "severity": "medium"}},
    }
    return refused(400, "content_filter", "Filtered.", param="prompt", status=400, innererror=inner)


def filtered_answer(text: str | None = None) -> Answer:
    return Answer(text, finish="content_filter")


def too_short(text: str = '{"entities": [{"cat') -> Answer:
    """``finish_reason=length``: the answer stops where the tokens did."""
    return Answer(text, finish="length")


def refusal(words: str = "I can't help with that.") -> Answer:
    return Answer(None, refusal=words)


def dropped() -> Response:
    return Response(drop=True)


def stalled() -> Response:
    return Response(stall=True)


def cut(after: int = 40) -> Callable[[Request], Response]:
    """The connection goes in the middle of an otherwise good body."""

    def respond(request: Request) -> Response:
        body = json.dumps(completion(request, Answer("x" * 200))).encode()
        return Response(200, body, cut=after)

    return respond


def half_json(after: int = 60) -> Callable[[Request], Response]:
    """A whole response whose body is half a JSON document."""

    def respond(request: Request) -> Response:
        return Response(200, json.dumps(completion(request, Answer("x" * 200))).encode()[:after])

    return respond


def no_json(text: str = "<html>Welcome to the hotel</html>") -> Response:
    return Response(200, text.encode(), {"content-type": "text/html"})


def no_choices() -> Response:
    return Response(200, b'{"id": "1", "object": "chat.completion", "choices": []}')


def elsewhere(address: str) -> Response:
    return Response(307, b"", {"location": address})


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


# --- good answers -------------------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    """A text in pieces, which add up to it."""
    return re.findall(r"\w{1,6}|\s+|[^\w\s]", text)


def completion(request: Request, answer: Answer) -> Body:
    """The body of a chat completion."""
    asked = request.body
    message: Body = {"role": "assistant", "content": answer.text, "refusal": answer.refusal}
    choice: Body = {"index": 0, "message": message, "finish_reason": answer.finish, "logprobs": None}
    if asked.get("logprobs"):
        content = [
            {"token": t, "logprob": answer.logprob(t), "top_logprobs": []}
            for t in answer.pieces or tokens(answer.text or "")
        ]
        choice["logprobs"] = {"content": content, "refusal": None}
    prompt = sum(len(str(message["content"])) for message in asked.get("messages", ())) // 4
    produced = len(answer.text or "") // 4 + 1 + answer.reasoning_tokens
    usage = answer.usage or {
        "prompt_tokens": prompt,
        "completion_tokens": produced,
        "total_tokens": prompt + produced,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
    }
    body = {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": request.deployment + "-2026",
        "choices": [choice],
        "usage": usage,
    }
    if request.style != "openai":
        body["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": {}}]
        choice["content_filter_results"] = {}
    return body


def minimal(body: Body) -> str:
    """What a deployment answers that is held to a schema: the first that it allows; else a plain word."""
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return json.dumps(smallest(form["json_schema"]["schema"]))
    return "{}" if form.get("type") == "json_object" else "Yes."


def smallest(schema: Body, root: Body | None = None) -> Any:
    """The first value that a schema allows."""
    root = schema if root is None else root
    if "$ref" in schema:
        found: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        return smallest(found, root)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return smallest(schema["anyOf"][-1], root)
    kind = schema.get("type")
    if kind == "object":
        return {name: smallest(part, root) for name, part in schema.get("properties", {}).items()}
    return {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False}.get(str(kind))


# --- the server ---------------------------------------------------------------------------------------


@dataclass
class _Batch:
    body: Body
    lines: list[Body]
    polls: int = 0


class OpenAIServer:
    """Answers until the ``with`` block ends. Its settings may be changed while it runs.

    ``answer`` makes the content of an answer (or an :class:`Answer`, or a fault) from a request's body.
    ``refuses`` are parameters that its model does not take (a reasoning model: ``max_tokens``, ``logprobs``).
    ``plan`` is asked before all else what a request shall meet; ``None`` lets it through.
    ``rate`` is how many chat requests a second it allows, evenly, with ``burst`` at once; others get a 429.
    """

    def __init__(
        self,
        answer: Callable[[Body], str | Answer | Response] = minimal,
        *,
        key: str | None = None,
        deployments: Sequence[str] | None = None,
        delay: float = 0.0,
        rate: float | None = None,
        burst: int = 1,
        refuses: Sequence[str] = (),
        plan: Callable[[Request], Fault | None] | None = None,
        headers: Mapping[str, str] | None = None,
        batch_states: Sequence[str] = ("validating", "in_progress", "finalizing", "completed"),
    ) -> None:
        self.answer = answer
        self.key = key
        self.deployments = deployments
        self.delay = delay
        self.rate = rate
        self.burst = burst
        self.refuses = set(refuses)
        self.plan = plan
        self.headers = dict(headers or {})
        """Sent with every answer, for instance rate limits."""
        self.batch_states = tuple(batch_states)
        """What a batch is in at each look, the last one for good."""
        self.requests: list[Request] = []
        self.connections = 0
        self.at_once = 0
        self.most_at_once = 0
        """Chat requests that were under way at one moment."""
        self.turned_away = 0
        """By the rate."""
        self.files: dict[str, Body] = {}
        self.batches: dict[str, _Batch] = {}
        self.port = 0
        self.before: Callable[[Request], Response | None] = lambda request: None
        """What a request for files or batches meets in the place of what it asks for."""
        self.after: Callable[[Request, Response], Response] = lambda request, response: response
        """What is sent when it has had its effect."""
        self.batch_errors: list[Body] = []
        """Of a batch that fails."""
        self.cancels_slowly = False
        """A batch is ``cancelling`` until the look after the cancel."""
        self._file_numbers = itertools.count(1)
        self._faults: deque[Fault] = deque()
        self._allowed = 0.0
        self._allowed_at = 0.0
        self._began = time.monotonic()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._came = threading.Condition()
        self._stop = asyncio.Event()
        self._open: set[int] = set()
        """Ports of the clients that are connected."""
        self._met: set[int] = set()
        """And of those that ever were."""
        self._thread = threading.Thread(target=self._run, name="openai server", daemon=True)

    # --- for tests ----------------------------------------------------------------------------------

    def next(self, *faults: Fault) -> None:
        """What the next chat requests meet, in order of arrival."""
        self._faults.extend(faults)

    @property
    def chats(self) -> list[Request]:
        """The chat requests that came."""
        return [request for request in self.requests if request.is_chat]

    def wait_for(self, requests: int, seconds: float = 20.0) -> None:
        """Blocks until so many requests have come. Raises ``TimeoutError``."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.requests) >= requests, seconds):
                raise TimeoutError(f"{len(self.requests)} of {requests} requests came")

    def wait_until_alone(self, seconds: float = 20.0) -> None:
        """Blocks until all that clients had sent is read and they are gone. Raises ``TimeoutError``.

        Connections are taken in the order in which they were made: those before this one are known then.
        """
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            port = last.getsockname()[1]
        with self._came:
            if not self._came.wait_for(lambda: port in self._met and not self._open, seconds):
                raise TimeoutError(f"{len(self._open)} clients are still there")

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The endpoint of an ``openai`` resource; for an ``azure`` one it is :attr:`root`."""
        return f"{self.root}/v1"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError("the server did not start")
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    # --- the socket ---------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
            # A connection that came at the last moment has a task that nobody waits for yet.
            self._loop.run_until_complete(self._end(asyncio.all_tasks(self._loop)))
        finally:
            self._loop.close()

    async def _end(self, left: set[asyncio.Task[None]]) -> None:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)

    async def _serve(self) -> None:
        clients: set[asyncio.Task[None]] = set()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            clients.add(task)
            self.connections += 1
            port = writer.get_extra_info("peername")[1]
            with self._came:
                self._open.add(port)
                self._met.add(port)
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    while await self._exchange(reader, writer):
                        pass
            finally:
                clients.discard(task)
                writer.close()
                with self._came:
                    self._open.discard(port)
                    self._came.notify_all()

        server = await asyncio.start_server(client, "127.0.0.1", self.port, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(clients):
            task.cancel()
        if clients:
            await asyncio.wait(clients, timeout=5)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its response; whether the connection stays."""
        request = await self._read(reader)
        with self._came:
            self.requests.append(request)
            self._came.notify_all()
        self.at_once += request.is_chat
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            response = self._respond(request)
            if response.stall:
                await reader.read()  # until the client has had enough
                return False
            if response.delay:
                await asyncio.sleep(response.delay)
        finally:
            self.at_once -= request.is_chat
        if response.write is not None:
            return await response.write(writer)
        if response.drop:
            writer.transport.abort()
            return False
        head = {
            "content-type": "application/json",
            "x-request-id": f"req-{request.number}",
            **self.headers,
            **response.headers,
            "content-length": str(len(response.body)),
        }
        lines = [f"HTTP/1.1 {response.status} X", *(f"{name}: {value}" for name, value in head.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        writer.write(response.body if response.cut is None else response.body[: response.cut])
        await writer.drain()
        return response.cut is None

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:-2])
        }
        raw = await self._read_body(reader, headers)
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        at = time.monotonic() - self._began
        return Request(len(self.requests) + 1, method, parts.path, query, headers, raw, at)

    async def _read_body(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", "0")))
        found = b""
        while size := int(await reader.readline(), 16):
            found += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return found

    # --- what it says -------------------------------------------------------------------------------

    def _respond(self, request: Request) -> Response:
        if self.key is not None and not self._is_let_in(request):
            return wrong_key()
        if request.is_chat:
            return self._chat(request)
        met = self.before(request)
        if met is not None:
            return met
        path = re.sub(r"^(/openai/v1|/openai|/v1)", "", request.path)
        made = self._files(request, path) if path.startswith("/files") else self._batch(request, path)
        return self.after(request, made)

    def _is_let_in(self, request: Request) -> bool:
        bearer = request.headers.get("authorization") == f"Bearer {self.key}"
        return bearer or (request.style != "openai" and request.headers.get("api-key") == self.key)

    def _chat(self, request: Request) -> Response:
        met: Fault | None = self.plan(request) if self.plan else None
        if met is None and self._faults:
            met = self._faults.popleft()
        if met is None:
            met = self._refusal(request)
        if met is None:
            answered = self.answer(request.body)
            met = Answer(answered) if isinstance(answered, str) else answered
        if callable(met):
            met = met(request)
        if isinstance(met, Response):
            return met
        body = json.dumps(completion(request, met)).encode()
        return Response(200, body, met.headers, delay=self.delay if met.delay is None else met.delay)

    def _refusal(self, request: Request) -> Response | None:
        """What such a deployment can't do, or does not allow at the moment."""
        if request.style == "azure" and "api-version" not in request.query:
            return refused(404, "404", "Resource not found")
        if self.deployments is not None and request.deployment not in self.deployments:
            return no_deployment()
        for name in ("max_tokens", "logprobs", "response_format", "seed"):
            if name in self.refuses and name in request.body:
                return unsupported(name)
        form = (request.body.get("response_format") or {}).get("type")
        if form in self.refuses:
            words = f"Invalid parameter: 'response_format' of type '{form}' is not supported with this model."
            return refused(400, None, words, param="response_format", type="invalid_request_error")
        return self._too_many()

    def _too_many(self) -> Response | None:
        if self.rate is None:
            return None
        now = time.monotonic()
        self._allowed = min(float(self.burst), self._allowed + (now - self._allowed_at) * self.rate)
        self._allowed_at = now
        if self._allowed >= 1:
            self._allowed -= 1
            return None
        self.turned_away += 1
        wait = (1 - self._allowed) / self.rate
        return busy(retry_after=max(1, round(wait)), milliseconds=round(wait * 1000, 1))

    # --- files and batches --------------------------------------------------------------------------

    def _files(self, request: Request, path: str) -> Response:
        found = re.fullmatch(r"/files(?:/([^/]+))?(/content)?", path)
        name = found[1] if found else None
        if request.method == "POST" and name is None:
            return self._json(self._keep(_uploaded(request), "batch"))
        if name not in self.files:
            return refused(404, "not_found", "No such file.")
        file = self.files[name]
        if request.method == "DELETE":
            del self.files[name]
            return self._json({"id": name, "object": "file", "deleted": True})
        if found and found[2]:
            return Response(200, file["data"], {"content-type": "application/octet-stream"})
        return self._json({key: value for key, value in file.items() if key != "data"})

    def _keep(self, data: bytes, purpose: str) -> Body:
        name = f"file-{next(self._file_numbers)}"
        file = {
            "id": name,
            "object": "file",
            "bytes": len(data),
            "created_at": 1_790_000_000,
            "filename": f"{name}.jsonl",
            "purpose": purpose,
            "status": "processed",
        }
        self.files[name] = {**file, "data": data}
        return file

    def _batch(self, request: Request, path: str) -> Response:
        found = re.fullmatch(r"/batches(?:/([^/]+))?(/cancel)?", path)
        if found is None:
            return refused(404, "404", "Resource not found")
        name = found[1]
        if request.method == "POST" and name is None:
            return self._begin_batch(request)
        if name is None:
            return self._json(
                {"object": "list", "data": [b.body for b in self.batches.values()], "has_more": False}
            )
        if name not in self.batches:
            return refused(404, "not_found", "No such batch.")
        batch = self.batches[name]
        status = batch.body["status"]
        if (found[2] and not self.cancels_slowly) or status == "cancelling":
            batch.body["status"] = "cancelled"
            self._collect(batch, batch.lines[: len(batch.lines) // 2])
        elif found[2]:
            batch.body["status"] = "cancelling"
        elif status not in ("cancelled", "failed", "expired", "completed"):
            state = self.batch_states[min(batch.polls, len(self.batch_states) - 1)]
            batch.polls += 1
            batch.body["status"] = state
            if state == "failed":
                batch.body["errors"] = {"object": "list", "data": self.batch_errors}
            if state in ("completed", "expired"):
                self._collect(batch, batch.lines if state == "completed" else batch.lines[:1])
        return self._json(batch.body)

    def _begin_batch(self, request: Request) -> Response:
        file = self.files.get(request.body["input_file_id"])
        if file is None:
            return refused(400, "invalid_request", "No such file.")
        lines = [json.loads(line) for line in file["data"].splitlines() if line.strip()]
        name = f"batch-{len(self.batches) + 1}"
        body: Body = {
            "id": name,
            "object": "batch",
            "endpoint": request.body["endpoint"],
            "input_file_id": request.body["input_file_id"],
            "completion_window": request.body["completion_window"],
            "status": "validating",
            "created_at": 1_790_000_000,
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            "metadata": request.body.get("metadata"),
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        batch = self.batches[name] = _Batch(body, lines)
        ids = [line["custom_id"] for line in lines]
        problem = "empty_file" if not lines else "duplicate_custom_id" if len(set(ids)) < len(ids) else ""
        if problem:
            body["status"] = "failed"
            body["errors"] = {"object": "list", "data": [{"code": problem, "message": "No.", "line": 1}]}
        return self._json(batch.body)

    def _collect(self, batch: _Batch, lines: Sequence[Body]) -> None:
        """Answers the lines, last first: a batch keeps no order."""
        good: list[Body] = []
        bad: list[Body] = []
        for number, line in reversed(list(enumerate(lines, 1))):
            raw = json.dumps(line["body"]).encode()
            request = Request(number, "POST", "/v1/chat/completions", {}, {}, raw, 0.0)
            answered = self.answer(line["body"])
            if isinstance(answered, Response):
                status_code, body, into = answered.status, json.loads(answered.body), bad
            else:
                answer = Answer(answered) if isinstance(answered, str) else answered
                status_code, body, into = 200, completion(request, answer), good
            response = {"status_code": status_code, "request_id": f"r{number}", "body": body}
            into.append(
                {"id": f"b{number}", "custom_id": line["custom_id"], "response": response, "error": None}
            )
        for line in batch.lines[len(lines) :] if batch.body["status"] == "expired" else ():
            error = {"code": "batch_expired", "message": "This request could not be executed."}
            bad.append({"id": "b0", "custom_id": line["custom_id"], "response": None, "error": error})
        for key, found in (("output_file_id", good), ("error_file_id", bad)):
            data = b"".join(json.dumps(line).encode() + b"\n" for line in found)
            batch.body[key] = self._keep(data, "batch_output")["id"]
        batch.body["request_counts"].update(completed=len(good), failed=len(bad))

    def _json(self, body: Body) -> Response:
        return Response(200, json.dumps(body).encode())


def _uploaded(request: Request) -> bytes:
    """The file in a multipart form."""
    boundary = re.search(r'boundary="?([^";]+)', request.headers["content-type"])
    assert boundary is not None
    for part in request.raw.split(b"--" + boundary[1].encode()):
        head, _, data = part.partition(b"\r\n\r\n")
        if b'name="file"' in head:
            return data.removesuffix(b"\r\n")
    raise AssertionError("there is no file in the form")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--burst", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = OpenAIServer(delay=options.delay, rate=options.rate, burst=options.burst)
    server.port = options.port
    with server:
        print(server.url, flush=True)  # noqa: T201 - whoever started it reads it
        threading.Event().wait()


if __name__ == "__main__":
    main()
