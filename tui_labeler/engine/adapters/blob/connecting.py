"""Clients of the storage package, with limits of our own."""

from __future__ import annotations

import importlib
import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from azure.storage.blob.aio import ContainerClient, LinearRetry

from tui_labeler.engine.adapters.blob import transport
from tui_labeler.engine.adapters.blob.addresses import plain_string
from tui_labeler.engine.adapters.proxies import proxy_variable
from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.access import Access
    from tui_labeler.engine.adapters.blob.addresses import BlobAddress
    from tui_labeler.engine.adapters.blob.patience import Patience

# Without a handler of its own its warnings would go to standard error, and so into the picture.
logging.getLogger("azure").addHandler(logging.NullHandler())

API_VERSION = "2025-07-05"
"""Of the protocol: one that the service, and emulators that are some months old, both take."""

_RETRIES: dict[str, Any] = {"retry_total": 2, "backoff": 0.3, "random_jitter_range": 0, "retry_status": 0}
"""Of connections that fail; those of busy servers are :class:`Patience`'s. ``backoff`` is in seconds."""

SCOPE = "https://storage.azure.com/.default"
"""What a token for storage is asked for. Source: Microsoft's page on authorizing access to blobs."""


EARLY = 300
"""Seconds before its end that a token is asked for anew."""


def client_for(
    address: BlobAddress, access: Access, patience: Patience, credential: EntraCredential | None
) -> ContainerClient:
    """Raises ``InputError`` for what the package takes for no key."""
    options: dict[str, Any] = {
        "api_version": API_VERSION,
        "retry_policy": LinearRetry(**_RETRIES),
        "connection_timeout": patience.connect,
        "read_timeout": patience.answer,
        "max_single_get_size": transport.LONGEST,
        # The package's own tells what system and Python there are, and what a variable adds.
        "base_user_agent": "azsdk-python-storage-blob",
        "user_agent_use_env": False,
        # A redirection would take token and text elsewhere.
        "permit_redirects": False,
    }
    # The transport would take passwords from ~/.netrc along with proxies, and send them beside ours.
    options["transport"] = transport.BoundedTransport(use_env_settings=False, **_times(patience))
    options["proxies"] = proxies_to(address)
    if access.connection_string:
        plain = plain_string(access.connection_string)
        try:
            return ContainerClient.from_connection_string(plain, address.container, **options)
        except ValueError:
            # Its words may repeat what they are about, and that holds the key.
            raise InputError(
                "The connection string lacks something: it has no account, or no whole key.",
                hint="Copy it whole from the storage account's page; in a shell, put it in quotes.",
            ) from None
    secret: Any = credential
    if access.sas is not None:
        secret = access.sas.token
    elif access.key:
        secret = {"account_name": address.account, "account_key": access.key}
    return ContainerClient(address.endpoint, address.container, credential=secret, **options)


def proxies_to(address: BlobAddress) -> dict[str, str]:
    """The environment's proxy for an account, by the scheme; none for what is on this machine."""
    parts = urlsplit(address.endpoint)
    proxy = getproxies().get(parts.scheme)
    if proxy is None or address.is_local or proxy_bypass(parts.netloc):
        return {}
    return {parts.scheme: proxy if "://" in proxy else f"http://{proxy}"}


def proxy_between(address: BlobAddress) -> str:
    """The variable that names the proxy which an account is asked through; empty where there is none."""
    return "".join(proxy_variable(scheme) for scheme in proxies_to(address))


def _times(patience: Patience) -> dict[str, float]:
    return {"connection_timeout": patience.connect, "read_timeout": patience.answer}


def has_secret(access: Access) -> bool:
    return bool(access.connection_string or access.sas or access.key)


class EntraCredential:
    """Tokens of Microsoft Entra ID, each kept until shortly before its end: some ways start a program."""

    def __init__(self) -> None:
        # Loaded by name: the extra need not be installed where types are checked.
        identity: Any = importlib.import_module("azure.identity.aio")
        self._credential: Any = identity.DefaultAzureCredential()
        self._token: Any = None

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        if self._token is None or self._token.expires_on - time.time() < EARLY:
            self._token = await self._credential.get_token(*scopes, **options)
        return self._token

    async def close(self) -> None:
        await self._credential.close()
