"""Batches at a hostile server: the job ends with its true reason, or as if nothing had been."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.adapters.chat.test_openai_batches import FOUND, TEXTS, Socket, labeled, rules, run, start
from tests.builders import Bench
from tests.hostile import servers
from tests.openai_server import KEY, OpenAIServer, Request, Response
from tui_labeler.domain.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS, LOOK = r"/content$", r"/batches/[^/]+$"
"""Paths of what came of a batch, and of how it stands."""

JUNK = b'\xff{"custom_id": "\x1b[31m", "response": {"status_code": NaN}}\n'
WORST = (
    b'{"custom_id": "' + b"0" * 64 + b'", "response": {"status_code": 200, "body": ' + b"[" * 5000 + b"}}\n"
)

LASTING: dict[str, tuple[str, Callable[[bytes], Response], str]] = {
    "lines without end": (ROWS, lambda good: servers.without_end(b"\n" * 65_536), "results without end"),
    "a line without end": (ROWS, lambda good: servers.without_end(b"x" * 65_536), "results without end"),
    "a bomb of results": (ROWS, lambda good: servers.packed(servers.bomb(), "gzip"), "results without end"),
    "50 MB of how it stands": (
        LOOK,
        lambda good: Response(200, b'{"id": "' + b"x" * 50_000_000),
        "sent more",
    ),
    "a bomb of how it stands": (
        LOOK,
        lambda good: servers.packed(servers.bomb(2), "gzip, gzip"),
        "sent more",
    ),
}
"""What asking again would not cure: where it happens, what is sent, and how the job ends."""

PASSING: dict[str, tuple[str, Callable[[bytes], Response]]] = {
    "no HTTP": (LOOK, lambda good: servers.sent(b"SSH-2.0\r\n", stays=False)),
    "nested deeply": (LOOK, lambda good: Response(200, b"[" * 100_000)),
    "too large a length": (ROWS, lambda good: servers.lengthy(good, str(len(good) + 100))),
    "lines that are none": (ROWS, lambda good: Response(200, JUNK * 100 + WORST * 10 + good + JUNK)),
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("name", LASTING)
async def test_what_has_no_end_ends_the_job_and_says_so(bench: Bench, name: str) -> None:
    path, make, words = LASTING[name]
    session = await bench.create(TEXTS)

    def after(request: Request, response: Response) -> Response:
        return make(response.body) if re.search(path, request.path) else response

    with OpenAIServer(rules, key=KEY) as server:
        server.after = after
        job = await run(bench, Socket(server), await start(session))
    assert job.state is JobState.FAILED
    assert words in job.message


@pytest.mark.parametrize("name", PASSING)
async def test_what_passes_is_waited_for(bench: Bench, name: str) -> None:
    path, make = PASSING[name]
    session = await bench.create(TEXTS)
    met: list[str] = []

    def after(request: Request, response: Response) -> Response:
        if met or not re.search(path, request.path):
            return response
        met.append(request.path)
        return make(response.body)

    with OpenAIServer(rules, key=KEY) as server:
        server.after = after
        job = await run(bench, Socket(server), await start(session))
    assert met
    assert job.state is JobState.SUCCEEDED
    assert await labeled(session) == FOUND
