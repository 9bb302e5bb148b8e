"""A server of blobs that sends elsewhere is not followed, as a token would go too; it hears of no machine."""

from __future__ import annotations

import asyncio

import pytest
from azure.core.exceptions import AzureError

from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.addresses import BlobAddress, Sas
from tui_labeler.engine.adapters.blob.connecting import client_for
from tui_labeler.engine.adapters.blob.patience import Patience


async def test_no_redirection_is_followed_and_nothing_is_told_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_HTTP_USER_AGENT", "somebody")
    asked: dict[str, list[str]] = {"there": [], "elsewhere": []}

    async def serve(name: str, answer: bytes) -> asyncio.Server:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked[name].append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(answer)
            await writer.drain()
            writer.close()

        return await asyncio.start_server(one, "127.0.0.1", 0)

    def port(server: asyncio.Server) -> int:
        return int(server.sockets[0].getsockname()[1])

    elsewhere = await serve("elsewhere", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    target = f"http://localhost:{port(elsewhere)}/dev/c?restype=container&sig=secret"
    lines = ["HTTP/1.1 302 Found", f"Location: {target}", "Content-Length: 0", "Connection: close", "", ""]
    there = await serve("there", "\r\n".join(lines).encode())
    address = BlobAddress(f"http://127.0.0.1:{port(there)}/dev", "abc")
    client = client_for(address, Access("typed", sas=Sas.of("sv=1&sig=secret")), Patience(), None)
    async with there, elsewhere, client:
        with pytest.raises(AzureError):
            await client.get_container_properties()
    assert len(asked["there"]) == 1
    told = [line for line in asked["there"][0].split("\r\n") if line.lower().startswith("user-agent:")]
    assert told == ["User-Agent: azsdk-python-storage-blob"]
    assert asked["elsewhere"] == []
