"""Signing in with Entra ID: the token is asked for with the right scope, and what fails is told."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

from tests.openai_server import OpenAIServer
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.connecting import connect
from tui_labeler.engine.adapters.entra import token_provider
from tui_labeler.engine.adapters.keys import EnvironmentKeys
from tui_labeler.engine.deployments.chat import Message, Question, ResourceError, Role
from tui_labeler.engine.deployments.endpoints import no_sign_in


class AzureError(Exception):
    pass


class Credential:
    """In the place of DefaultAzureCredential."""

    scopes: ClassVar[list[str]] = []
    error: Exception | None = None

    def get_token(self, scope: str) -> Any:
        self.scopes.append(scope)
        if self.error is not None:
            raise self.error
        return SimpleNamespace(token=f"token{len(self.scopes)}")


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> type[Credential]:
    Credential.scopes.clear()
    monkeypatch.setattr(Credential, "error", None)
    contents: dict[str, dict[str, Any]] = {
        "azure": {},
        "azure.identity": {"DefaultAzureCredential": Credential},
        "azure.core": {},
        "azure.core.exceptions": {"AzureError": AzureError},
    }
    for name, found in contents.items():
        module = ModuleType(name)
        vars(module).update(found)
        monkeypatch.setitem(sys.modules, name, module)
    return Credential


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_each_question_carries_a_token_that_is_good_at_the_moment(
    azure: type[Credential], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sk-not-this-one")
    with OpenAIServer() as server:
        resource = Resource("r", ResourceKind.AZURE, server.root, (), version, entra=True)
        connected = await connect(resource, EnvironmentKeys())
        for _ in range(2):
            await connected.deployment(Deployment("gpt")).ask(Question((Message(Role.USER, "x"),), 9))
        await connected.close()
    assert azure.scopes == ["https://cognitiveservices.azure.com/.default"] * 2
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer token1", "Bearer token2"]
    assert not any("sk-not-this-one" in str(request.headers) for request in server.requests)


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_a_sign_in_that_fails_is_fatal_and_tells_no_account(
    azure: type[Credential], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure, "error", AzureError("ana@example.com has no token in /home/ana/.azure"))
    with OpenAIServer() as server:
        resource = Resource("r", ResourceKind.AZURE, server.root, (), version, entra=True)
        connected = await connect(resource, EnvironmentKeys())
        with pytest.raises(ResourceError, match="Signing in with Microsoft Entra ID failed") as raised:
            await connected.deployment(Deployment("gpt")).ask(Question((Message(Role.USER, "x"),), 9))
        await connected.close()
    assert "ana" not in str(raised.value)
    assert not server.requests


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://work.openai.azure.com",
        "https://work.cognitiveservices.azure.com/base",
        "https://work.services.ai.azure.com",
        "https://westeurope.api.cognitive.microsoft.com",
        "https://WORK.privatelink.openai.azure.com:443",
        "https://work.openai.azure.us",
        "https://work.openai.azure.cn",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "https://gpt.example.org/openai-team",
        "https://gpt.example.org:443",
    ],
)
def test_a_token_goes_to_azure_to_this_machine_and_where_a_person_agreed(endpoint: str) -> None:
    assert no_sign_in(endpoint, ["https://GPT.example.org", "rubbish", "https://[::1"]) == ("", "")


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://192.0.2.2:18790", "without encryption"),
        ("http://work.openai.azure.com", "without encryption"),
        ("http://gpt.example.org", "without encryption"),
        ("https://192.0.2.2", "none of Azure's own"),
        ("https://openai.azure.com", "none of Azure's own"),
        ("https://work.openai.azure.com.example.org", "none of Azure's own"),
        ("https://workopenai.azure.com", "none of Azure's own"),
        ("https://work.example.org\\.openai.azure.com", "none of Azure's own"),
        ("https://work.azure-api.net", "none of Azure's own"),
        ("https://work.blob.core.windows.net", "none of Azure's own"),
        ("https://other.gpt.example.org", "none of Azure's own"),
        ("https://gpt.example.org:8443", "none of Azure's own"),
    ],
)
async def test_a_token_goes_nowhere_else_though_such_a_resource_was_kept(
    azure: type[Credential], endpoint: str, words: str
) -> None:
    keys = EnvironmentKeys({}, lambda: ["http://gpt.example.org", "https://gpt.example.org"])
    kept = Resource("r", ResourceKind.AZURE, endpoint, (Deployment("gpt"),), entra=True)
    with pytest.raises(ResourceError, match=words) as refused:
        await connect(kept, keys)
    assert refused.value.hint
    assert azure.scopes == []
    state = await keys.state(kept, keyring=False)
    assert not state.found
    assert words in state.words
    connected = await connect(replace(kept, entra=False), EnvironmentKeys({"AZURE_OPENAI_API_KEY": "k"}))
    await connected.close()


def test_without_the_extra_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ResourceError, match="not installed") as raised:
        token_provider()
    assert "extra entra" in raised.value.hint
