"""Signing in to a container with Microsoft Entra ID: what is asked for, and what is sent."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline.transport._aiohttp import AioHttpTransport

from tui_labeler.domain.containers import NamedContainer
from tui_labeler.engine.adapters.blob import connecting
from tui_labeler.engine.adapters.blob.access import Ways
from tui_labeler.engine.adapters.blob.addresses import parse_url
from tui_labeler.engine.adapters.blob.container import BlobContainer
from tui_labeler.engine.errors import UnreachableError

URL = "https://acc.blob.core.windows.net/letters"
HOUR = 3600


class Credential:
    """In the place of DefaultAzureCredential."""

    scopes: ClassVar[list[tuple[str, ...]]] = []
    lasts: ClassVar[float] = HOUR
    error: ClassVar[Exception | None] = None
    closed: ClassVar[int] = 0

    async def get_token(self, *scopes: str, **_: Any) -> Any:
        self.scopes.append(scopes)
        if self.error is not None:
            raise self.error
        return SimpleNamespace(token=f"token{len(self.scopes)}", expires_on=int(time.time() + self.lasts))

    async def close(self) -> None:
        type(self).closed += 1


_sent: list[tuple[str, str]] = []
"""Address and ``Authorization`` of each request that would have gone out."""


async def send_nothing(transport: object, request: Any, **_: Any) -> Any:
    _sent.append((request.url.partition("?")[0], request.headers.get("Authorization", "")))
    raise ServiceRequestError("there is no network in tests")


class NoKeyring:
    def get(self, name: str) -> str:
        return ""

    def set(self, name: str, secret: str) -> bool:
        return False


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> type[Credential]:
    Credential.scopes.clear()
    _sent.clear()
    for name, value in (("lasts", HOUR), ("error", None), ("closed", 0)):
        monkeypatch.setattr(Credential, name, value)
    for name in ("azure.identity", "azure.identity.aio"):
        module = ModuleType(name)
        module.__spec__ = SimpleNamespace(name=name)  # type: ignore[assignment]
        vars(module)["DefaultAzureCredential"] = Credential
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(AioHttpTransport, "send", send_nothing)
    monkeypatch.setattr(connecting, "_RETRIES", {**connecting._RETRIES, "retry_total": 0})
    return Credential


@pytest.fixture
async def container(entra: type[Credential]) -> AsyncIterator[BlobContainer]:
    address = parse_url(URL)[0]
    ways = Ways({}, NoKeyring(), {})
    container = BlobContainer(address, lambda: ways.access(address))
    yield container
    await container.close()


async def test_without_a_secret_requests_carry_a_token_for_storage(
    entra: type[Credential], container: BlobContainer
) -> None:
    for _ in range(3):
        with pytest.raises(UnreachableError, match="can't be reached"):
            await container.read("a.txt")
    assert entra.scopes == [("https://storage.azure.com/.default",)]
    assert _sent == [(f"{URL}/a.txt", "Bearer token1")] * 3
    await container.close()
    assert entra.closed == 1


async def test_a_token_is_asked_for_anew_shortly_before_its_end(
    entra: type[Credential], container: BlobContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entra, "lasts", 60)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            await container.read("a.txt")
    tokens = [authorization for _, authorization in _sent]
    assert len(set(tokens)) == 2
    assert set(entra.scopes) == {("https://storage.azure.com/.default",)}


async def test_a_sign_in_that_fails_is_told_without_its_own_words(
    entra: type[Credential], container: BlobContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "ana@example.com has no token in /home/ana/.azure"
    monkeypatch.setattr(entra, "error", ClientAuthenticationError(words))
    with pytest.raises(UnreachableError, match="Microsoft Entra ID") as raised:
        await container.read("a.txt")
    assert "ana@" not in f"{raised.value.message} {raised.value.hint}"
    assert "az login" in raised.value.hint
    assert _sent == []


async def test_nobody_signs_in_at_a_server_that_is_not_encrypted(entra: type[Credential]) -> None:
    address = parse_url("http://texts.example.org/acc/letters")[0]
    container = BlobContainer(address, lambda: Ways({}, NoKeyring(), {}).access(address))
    with pytest.raises(UnreachableError, match="no key") as raised:
        await container.read("a.txt")
    await container.close()
    assert entra.scopes == []
    assert "entra" not in raised.value.hint
    assert _sent == []


def test_where_nobody_can_sign_in_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.engine.adapters.blob.access._has_entra", lambda: False)
    address = parse_url("https://acc.blob.core.windows.net/letters")[0]
    with pytest.raises(UnreachableError, match="no key") as raised:
        Ways({}, NoKeyring(), {}).access(address)
    assert "AZURE_STORAGE_KEY" in raised.value.hint
    assert "pip install 'tui-labeler[entra]'" in raised.value.hint


OURS = "https://texts.example.org/acc/letters"


@pytest.mark.parametrize(
    "url",
    [
        OURS,
        "https://core.windows.net.example.org/acc/letters",
        "https://acc.blob.core.windows.net.example.org/letters",
        "https://acc.blob.example.org/letters",
        "https://accblobcore.windows.net/acc/letters",
        "https://acc.blob.evilcore.windows.net/letters",
        "https://10.0.0.1/acc/letters",
        "https://localhost:10000/acc/letters",
    ],
)
async def test_no_token_goes_to_a_host_that_is_none_of_azure_storage(
    entra: type[Credential], url: str
) -> None:
    address = parse_url(url)[0]
    container = BlobContainer(address, lambda: Ways({}, NoKeyring(), {}).access(address))
    with pytest.raises(UnreachableError, match="no key") as raised:
        await container.read("a.txt")
    await container.close()
    assert "pip install" not in raised.value.hint
    assert (entra.scopes, _sent) == ([], [])


@pytest.mark.parametrize(
    "host",
    [
        "acc.blob.core.windows.net",
        "acc.blob.core.chinacloudapi.cn",
        "acc.blob.core.usgovcloudapi.net",
        "acc.z01.blob.storage.azure.net",
        "acc.privatelink.blob.core.windows.net",
    ],
)
def test_each_cloud_s_storage_is_signed_in_to(entra: type[Credential], host: str) -> None:
    address = parse_url(f"https://{host}/letters")[0]
    assert "Entra" in Ways({}, NoKeyring(), {}).access(address).words


@pytest.mark.parametrize("signs_in", [True, False])
async def test_settings_can_name_a_domain_of_one_s_own_to_sign_in_at(
    entra: type[Credential], signs_in: bool
) -> None:
    address = parse_url(OURS)[0]
    named = {"ours": NamedContainer(url=OURS, entra=signs_in)}
    container = BlobContainer(address, lambda: Ways(named, NoKeyring(), {}).access(address))
    with pytest.raises(UnreachableError):
        await container.read("a.txt")
    await container.close()
    assert _sent == [(f"{OURS}/a.txt", "Bearer token1")] * signs_in
