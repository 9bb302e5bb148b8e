"""Proxies and certificates that the environment names: what can't be used is told, by the variable's name."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.adapters.chat.test_openai_chat import QUESTION
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.openai_batches import OpenAIBatches
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.adapters.proxies import proxy_variable
from tui_labeler.engine.deployments.chat import ResourceError, TroubleError
from tui_labeler.engine.errors import LabelerError

if TYPE_CHECKING:
    from pathlib import Path

# The openai package tells aiohttp of a proxy's password in a way that is to go.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed:DeprecationWarning")

PASSWORD = "hers-0123456789"
ELSEWHERE = "http://texts.example.org/v1"
UNUSABLE = [
    f"http://ada:{PASSWORD}@127.0.0.1:x",
    f"http://ada:{PASSWORD}@127.0.0.1:99999",
    f"http://ada:{PASSWORD}@127.0.0.1:0",
    f"http://ada:{PASSWORD}@",
    f"ftp://ada:{PASSWORD}@127.0.0.1:1",
    f"socks5://ada:{PASSWORD}@127.0.0.1:1",
    f"ada:{PASSWORD}@[::1",
    f"http://ada:{PASSWORD}@a b",
    f"http://a%3Ab:{PASSWORD}@127.0.0.1:1",
    f"http://ada:{PASSWORD}%E2%82%AC@127.0.0.1:1",
]
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower() in VARIABLES]:
        monkeypatch.delenv(name)


def resource(endpoint: str = ELSEWHERE) -> OpenAIResource:
    return OpenAIResource(Resource("r", ResourceKind.OPENAI, endpoint, ()), "k" * 20, seconds=5.0)


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("https_proxy", f"http://ada:{PASSWORD}@127.0.0.1:x"),
        ("ALL_PROXY", f"ada:{PASSWORD}@127.0.0.1:x"),
        *(("HTTP_PROXY", address) for address in UNUSABLE),
    ],
)
async def test_a_proxy_that_can_t_be_used_is_told_by_the_name_of_its_variable(
    variable: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, address)
    with pytest.raises(ResourceError) as refused:
        resource()
    assert variable in refused.value.message
    assert refused.value.hint
    assert PASSWORD not in f"{refused.value.message} {refused.value.hint}"
    await resource("http://127.0.0.1:9/v1").close()


@pytest.mark.parametrize("what", ["nothing", "a text", "a folder"])
def test_certificates_that_can_t_be_read_are_told_by_the_name_of_their_variable(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "certificates"
    if what == "a text":
        file.write_text("root:x:0:0")
    elif what == "a folder":
        file.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ResourceError, match="SSL_CERT_FILE") as refused:
        resource("https://texts.example.org/v1")
    assert ("is not there" in refused.value.message) == (what == "nothing")
    assert "PEM" in refused.value.hint
    assert str(file) not in f"{refused.value.message} {refused.value.hint}"


def test_the_variable_is_the_one_that_the_proxy_comes_from() -> None:
    both = {"HTTP_PROXY": "a", "http_proxy": "b"}
    assert proxy_variable("http", both) == "http_proxy"
    assert proxy_variable("https", {**both, "HTTPS_PROXY": "c"}) == "HTTPS_PROXY"
    assert proxy_variable("all", both) == "The system's proxy"


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[int]:
    """The port of a proxy that has one answer for everybody; without one it hangs up."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def trouble(endpoint: str, *, batches: bool = False) -> LabelerError:
    asked = resource(endpoint)
    try:
        one = Deployment("gpt")
        question = OpenAIBatches(asked, one).state("b") if batches else asked.deployment(one).ask(QUESTION)
        with pytest.raises(LabelerError) as raised:
            await question
    finally:
        await asked.close()
    assert PASSWORD not in f"{raised.value.message} {raised.value.hint}"
    return raised.value


@pytest.mark.parametrize("batches", [False, True])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "all_proxy"])
async def test_a_proxy_that_is_not_there_is_named_beside_the_endpoint(
    variable: str, batches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv(variable, f"http://ada:{PASSWORD}@127.0.0.1:{port}")
        error = await trouble(ELSEWHERE, batches=batches)
    assert isinstance(error, TroubleError)
    assert "texts.example.org" in error.message
    assert f"the proxy that {variable} names" in error.message


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_lets_nobody_through_is_what_is_at_fault(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"{scheme.upper()}_PROXY"
    head = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with proxy(head) as port:
        monkeypatch.setenv(variable, f"http://ada:{PASSWORD}@127.0.0.1:{port}")
        error = await trouble(f"{scheme}://texts.example.org/v1")
    assert isinstance(error, ResourceError)
    assert f"proxy that {variable} names" in error.message
    assert "407" in error.message


async def test_no_proxy_is_blamed_where_none_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "texts.example.org")
    assert resource().proxy == ""
    assert resource("http://others.example.org").proxy == "HTTP_PROXY"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = await trouble(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
    assert "proxy" not in f"{error.message} {error.hint}".lower()


async def test_a_question_goes_through_the_proxy_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = {"message": {"content": "A"}, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice]}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    async with proxy(head + body) as port:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{port}")
        asked = resource()
        assert (await asked.deployment(Deployment("gpt")).ask(QUESTION)).text == "A"
        await asked.close()
