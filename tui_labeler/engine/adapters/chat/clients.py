"""Clients of the openai package that send what a resource says, and nothing that the package adds to it.

Left to itself it takes keys, accounts and headers from ``OPENAI_*`` and ``AZURE_OPENAI_*`` of the environment
for whatever server it is sent to, and tells each server about the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import openai

from tui_labeler.domain.resources import Resource, ResourceKind
from tui_labeler.engine.adapters.chat import bounds, network
from tui_labeler.engine.deployments.endpoints import base_url, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.engine.adapters.entra import TokenProvider

_CONNECTIONS = httpx2.Limits(max_connections=1000, max_keepalive_connections=256)

_NO_KEY = "none"
"""The package insists on one."""

USER_AGENT = f"openai-python/{openai.__version__}"
"""Which package sends, and nothing else. Its own name for itself is that of a class, and tells of Python."""

_UNSAID: Mapping[str, Any] = {
    "x-stainless-retry-count": openai.Omit(),
    "x-stainless-read-timeout": openai.Omit(),
}
"""Headers that the package makes for each request: they tell of this program, and nothing that is needed."""


class _Reserved(openai.AsyncOpenAI):
    """Has no headers but those that say what a body is."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """The package's own hold the environment's, and what system and Python there are here."""
        kind = "application/json"
        return {"Accept": kind, "Content-Type": kind, "User-Agent": USER_AGENT}


class _ReservedAzure(_Reserved, openai.AsyncAzureOpenAI):
    """The same for addresses with an API version."""


def client_of(
    resource: Resource, key: str, token: TokenProvider | None, timeout: httpx2.Timeout
) -> openai.AsyncOpenAI:
    """A client for one resource. Nothing is tried twice and no redirection is followed.

    Raises ``ResourceError`` where the environment says of proxies or certificates what can't be used.
    """
    shared: dict[str, Any] = {
        "max_retries": 0,
        "timeout": timeout,
        # Texts for a server on this machine do not go through a proxy elsewhere.
        "http_client": _http_client(timeout, trust_env=not is_loopback(resource.endpoint)),
        # What is not given would be the environment's.
        **dict.fromkeys(("admin_api_key", "organization", "project", "webhook_secret"), ""),
    }
    if resource.kind is ResourceKind.AZURE and resource.api_version:
        return _ReservedAzure(
            azure_endpoint=resource.endpoint,
            api_version=resource.api_version,
            **({"azure_ad_token_provider": token} if token else {"api_key": key or _NO_KEY}),
            **shared,
        )
    return _Reserved(base_url=base_url(resource), api_key=token or key or _NO_KEY, **shared)


def headers_of(*, has_secret: bool) -> dict[str, Any]:
    """That go with every request: where there is no key, the header that it would stand in is left out."""
    if has_secret:
        return dict(_UNSAID)
    return {**_UNSAID, "Authorization": openai.Omit(), "api-key": openai.Omit()}


def _http_client(timeout: httpx2.Timeout, *, trust_env: bool) -> httpx2.AsyncClient:
    if trust_env:
        network.check_proxies()
    # Over aiohttp: a pool of some dozens of connections costs a request half the processor time there.
    client = openai.DefaultAioHttpClient(
        timeout=timeout,
        limits=_CONNECTIONS,
        trust_env=trust_env,
        verify=network.certificates(trust_env=trust_env),
        follow_redirects=False,
        cookies=bounds.no_cookies(),
        event_hooks={"response": [bounds.bound]},
    )
    for transport in (client._transport, *client._mounts.values()):
        bounds.guard(transport)
    return client
