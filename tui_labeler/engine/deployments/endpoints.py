"""Addresses of resources: what people paste, as it is kept, and what it tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from tui_labeler.domain.resources import Resource, ResourceKind
from tui_labeler.engine.errors import InputError
from tui_labeler.this_machine import is_this_machine

_KEYS_ELSEWHERE = (
    "Give the address alone. A key belongs in an environment variable, which --api-key-env names, or in the "
    "keyring."
)
_AZURE = (
    *(
        "openai.azure.com",
        "cognitiveservices.azure.com",
        "services.ai.azure.com",
        "api.cognitive.microsoft.com",
    ),
    *("openai.azure.us", "cognitiveservices.azure.us", "services.ai.azure.us", "api.cognitive.microsoft.us"),
    *("openai.azure.cn", "cognitiveservices.azure.cn", "services.ai.azure.cn", "api.cognitive.azure.cn"),
)
"""What the hosts of Azure's AI services end in, also in the clouds of the US government and of China.
Customers choose what stands before, and have no say in who answers there."""

_AT_AZURE = re.compile(rf"[a-z0-9.-]+\.(?:{'|'.join(map(re.escape, _AZURE))})")

_PORTS = {"http": 80, "https": 443}
_TAIL = re.compile(r"/(chat/completions|completions|models|responses)$")


class Endpoint(NamedTuple):
    """An address as it is kept."""

    address: str
    """Without a slash at the end, without a query."""
    api_version: str
    """From the query of the address that was given; else empty."""


def checked_endpoint(kind: ResourceKind, given: str) -> Endpoint:
    """The address of a server from what a person gave, which may be that of one of its operations.

    Raises ``InputError`` for what is no address, and for one with a secret in it, which is not repeated.
    """
    parts = _split(given.strip())
    if parts.username is not None or parts.password is not None:
        raise InputError("The endpoint holds a user name or password.", hint=_KEYS_ELSEWHERE)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if parts.fragment or any(name != "api-version" for name, _ in query):
        raise InputError(
            "Behind the endpoint's path stands more than an api-version; it may be a secret.",
            hint=_KEYS_ELSEWHERE,
        )
    path = parts.path.rstrip("/")
    if kind is ResourceKind.AZURE:
        path = re.split(r"/openai(?=/|$)", path, maxsplit=1)[0]
    else:
        path = _TAIL.sub("", path)
    return Endpoint(f"{parts.scheme}://{parts.netloc}{path}", query[0][1] if query else "")


def _split(text: str) -> SplitResult:
    """Raises ``InputError``."""
    refusal = InputError(
        "The endpoint is no address of a server.",
        hint="It looks like https://NAME.openai.azure.com or http://127.0.0.1:8080/v1.",
    )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise refusal
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise refusal from None
    if not known:
        raise refusal
    return parts


def host(endpoint: str) -> str:
    """The server's name, with its port where it has one of its own: where texts are sent."""
    return urlsplit(endpoint).netloc.rpartition("@")[2]


def host_name(endpoint: str) -> str:
    """The server's name in small letters, without the port."""
    return (urlsplit(endpoint).hostname or "").rstrip(".")


def is_loopback(endpoint: str) -> bool:
    """Whether the server is this machine, in whatever spelling."""
    return is_this_machine(host_name(endpoint))


def is_readable_on_the_way(endpoint: str) -> bool:
    """Whether texts and key go over the network without encryption."""
    return endpoint.startswith("http://") and not is_loopback(endpoint)


def no_sign_in(endpoint: str, agreed: Iterable[str]) -> tuple[str, str]:
    """Why no token of Microsoft Entra ID goes to an endpoint, and what to do; both empty where one may.

    A token opens all that its owner may open: whoever gets it, or reads it on the way, could use it.
    ``agreed`` are endpoints beyond Azure's own that a person said yes to.
    """
    if is_loopback(endpoint):
        return "", ""
    if urlsplit(endpoint).scheme != "https":
        return (
            f"A token of Microsoft Entra ID does not go to {host(endpoint)} without encryption.",
            "Give the address that begins with https://, or a key in the place of the sign-in.",
        )
    if _AT_AZURE.fullmatch(host_name(endpoint)) or _server(endpoint) in map(_server, agreed):
        return "", ""
    return (
        f"{host(endpoint)} is none of Azure's own hosts; "
        "a token of Microsoft Entra ID opens all that you may open.",
        "If it is yours, agree in settings.toml: under [resources.NAME], endpoint and `entra = true`.",
    )


def _server(endpoint: str) -> tuple[str, str, int | None]:
    """Scheme, host and port; nobody's where that is no address."""
    try:
        parts = urlsplit(endpoint.strip())
        return parts.scheme, host_name(endpoint.strip()), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None


def base_url(resource: Resource) -> str:
    """Where the operations of a resource stand.

    Azure without an API version is the v1 style. Any other server has them under ``/v1``, unless its endpoint
    has a path that says otherwise.
    """
    if resource.kind is ResourceKind.AZURE:
        return f"{resource.endpoint}/openai" if resource.api_version else f"{resource.endpoint}/openai/v1"
    return resource.endpoint if urlsplit(resource.endpoint).path else f"{resource.endpoint}/v1"
