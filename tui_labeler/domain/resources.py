"""Resources: servers that answer with a language model, and the deployments on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResourceKind(StrEnum):
    AZURE = "azure"
    """Azure OpenAI: deployments in the path and a dated API version, or without one the v1 style."""
    OPENAI = "openai"
    """api.openai.com, or any server that speaks as it does (llama.cpp, vLLM, Ollama)."""


class Structured(StrEnum):
    """The strictest form that a deployment can be held to."""

    SCHEMA = "json_schema"
    JSON = "json_object"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Prices:
    """USD for a million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the server had in its cache; ``None``: as any other."""
    as_of: str = ""
    """The date of the table that they come from; empty when a person gave them."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What trying a deployment has shown."""

    structured: Structured
    logprobs: bool
    reasoning: bool
    """It takes ``max_completion_tokens``, thinks before it answers, and refuses sampling parameters."""
    seconds: float
    """How long the smallest request took."""
    tested: str
    """When, UTC, ISO 8601."""
    model: str = ""
    """What the server says it is."""
    batch_only: bool = False
    """It answers files of questions, not single ones: what else it can do could not be tried."""
    tokens: int = 0
    """Of the answer to the smallest request, thoughts included; 0 where nobody said."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model as it is offered by a resource."""

    name: str
    capabilities: Capabilities | None = None
    """``None`` until it was tried."""
    prices: Prices | None = None
    """Given by a person; they win over any table."""
    context: int | None = None
    """Tokens that prompt and answer may have together; ``None`` when nobody said."""
    timeout: float | None = None
    """Seconds that an answer may take; ``None``: as is sensible for where the server is."""


def is_batch_only(deployment: Deployment) -> bool:
    """Whether trying it has shown that it answers no single question."""
    return deployment.capabilities is not None and deployment.capabilities.batch_only


@dataclass(frozen=True, slots=True)
class NamedResource:
    """What a person agrees to for a server, in their settings."""

    endpoint: str = ""
    """Its address, of which scheme, host and port count."""
    entra: bool = False
    """Sign in there with Microsoft Entra ID though its host is none of Azure's own."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A server and how to get in. It never holds a secret: only where to find one."""

    name: str
    kind: ResourceKind
    endpoint: str
    deployments: tuple[Deployment, ...]
    api_version: str = ""
    key_env: str = ""
    """The environment variable with the key; empty for the kind's own, then the keyring."""
    entra: bool = False
    """Signs in with Microsoft Entra ID, not with a key."""

    def deployment(self, name: str) -> Deployment | None:
        return next((item for item in self.deployments if item.name == name), None)
