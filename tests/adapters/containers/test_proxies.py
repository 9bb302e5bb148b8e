"""Proxies of the environment are taken to an account elsewhere; what else it offers, passwords, is not.

Where one is at fault, the variable that names it is told.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import AzureError

from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.addresses import BlobAddress, Sas
from tui_labeler.engine.adapters.blob.connecting import client_for, proxies_to
from tui_labeler.engine.adapters.blob.line import Line
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.errors import LabelerError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "his-0123456789"
ELSEWHERE = BlobAddress("http://texts.example.org/dev", "abc")
WAYS = {
    "a token": Access("typed", sas=Sas.of("sv=1&sig=secret")),
    "a key": Access("typed", key=base64.b64encode(b"key").decode()),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_proxy_is_taken_and_no_password_of_a_netrc_goes_along(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    (tmp_path / "netrc").write_text("default login ada password hers\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    proxy = await asyncio.start_server(one, "127.0.0.1", 0)
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://ben:his@127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    client = client_for(ELSEWHERE, WAYS[way], Patience(), None)
    async with proxy, client:
        with pytest.raises(AzureError):
            await client.get_container_properties()
    (request,) = asked
    assert request.startswith("GET http://texts.example.org/dev/abc?")
    passwords = [line for line in request.split("\r\n") if "Basic" in line]
    assert passwords == [f"Proxy-Authorization: Basic {base64.b64encode(b'ben:his').decode()}"]


def test_a_proxy_is_passed_by_for_this_machine_and_where_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "near.example.org")
    assert proxies_to(ELSEWHERE) == {"http": "http://proxy.example.org:3128"}
    monkeypatch.setenv("https_proxy", "proxy.example.org:3128")
    assert proxies_to(BlobAddress("https://acc.blob.core.windows.net", "abc")) == {
        "https": "http://proxy.example.org:3128"
    }
    here = ("127.0.0.1:10000", "127.1:10000", "0x7f.1", "0.0.0.0", "localhost", "[::1]")
    for host in (*here, "near.example.org:81"):
        assert proxies_to(BlobAddress(f"http://{host}/dev", "abc")) == {}


@asynccontextmanager
async def proxy(head: str, name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The proxy that a variable names, alone; it has one answer for everybody, and hangs up without one."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if head:
            writer.write(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    for other in [other for other in os.environ if other.lower().endswith("_proxy")]:
        monkeypatch.delenv(other)
    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        monkeypatch.setenv(name, f"http://ben:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}")
        yield


async def trouble(endpoint: str) -> LabelerError:
    patience = Patience(busy=(0.0,))
    line = Line(BlobAddress(endpoint, "abc"), WAYS["a token"], patience)
    try:
        with pytest.raises(LabelerError) as raised:
            await line.get("a.txt")
    finally:
        await line.close()
    assert not any(word in f"{raised.value.message} {raised.value.hint}" for word in (PASSWORD, "sig="))
    return raised.value


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required", "503 Busy"])
async def test_a_proxy_that_lets_nobody_through_is_what_is_at_fault(
    scheme: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"{scheme.upper()}_PROXY"
    async with proxy(status, variable, monkeypatch):
        error = await trouble(f"{scheme}://texts.example.org")
    assert isinstance(error, UnreachableError), "what was read before can be labeled meanwhile"
    expected = (
        f"the proxy that {variable} names does not let texts.example.org be asked (status {status[:3]})"
    )
    assert error.message == expected
    assert variable in error.hint


async def test_what_the_storage_itself_says_through_a_proxy_is_told_as_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with proxy("403 Forbidden\r\nx-ms-request-id: 1", "http_proxy", monkeypatch):
        error = await trouble("http://texts.example.org")
    assert error.message == "http://texts.example.org/abc refuses typed"


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_proxy_that_is_not_there_or_hangs_up_is_named_beside_the_account(
    is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxy("", "https_proxy", monkeypatch):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            if not is_there:
                monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
            error = await trouble("https://texts.example.org")
    assert isinstance(error, UnreachableError)
    assert "texts.example.org can't be reached through the proxy that https_proxy names" in error.message


async def test_no_proxy_is_blamed_where_none_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxy("403 Forbidden", "http_proxy", monkeypatch):
        port = os.environ["http_proxy"].rpartition(":")[2]
        error = await trouble(f"http://127.0.0.1:{port}/dev")
    assert "proxy" not in f"{error.message} {error.hint}".lower()
