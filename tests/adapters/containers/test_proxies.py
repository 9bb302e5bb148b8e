"""Proxies of the environment are taken to an account elsewhere; what else it offers, passwords, is not."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import AzureError

from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.addresses import BlobAddress, Sas
from tui_labeler.engine.adapters.blob.connecting import client_for, proxies_to
from tui_labeler.engine.adapters.blob.patience import Patience

if TYPE_CHECKING:
    from pathlib import Path

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
    for endpoint in ("http://127.0.0.1:10000/dev", "http://localhost/dev", "http://near.example.org:81/dev"):
        assert proxies_to(BlobAddress(endpoint, "abc")) == {}
