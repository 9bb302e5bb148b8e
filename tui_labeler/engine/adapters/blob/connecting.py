"""Clients of the storage package, with time limits of our own."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import ContainerClient, LinearRetry

from tui_labeler.engine.adapters.blob.refusals import gone, is_busy, refusal, status_of
from tui_labeler.engine.errors import UnreachableError

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.access import Access
    from tui_labeler.engine.adapters.blob.addresses import BlobAddress

T = TypeVar("T")

# Without a handler of its own its warnings would go to standard error, and so into the picture.
logging.getLogger("azure").addHandler(logging.NullHandler())

API_VERSION = "2025-07-05"
"""Of the protocol: one that the service, and emulators that are some months old, both take."""

_RETRIES: dict[str, Any] = {"retry_total": 2, "backoff": 0.3, "random_jitter_range": 0, "retry_status": 0}
"""Of connections that fail; those of busy servers are :class:`Patience`'s. ``backoff`` is in seconds."""

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger blob is refused rather than read into memory. The service stops at 128,000 characters."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take, in seconds. One that is gone is known after ``first`` and ``probe``."""

    connect: float = 2.0
    first: float = 3.0
    """Without an answer for so long, the server is asked whether it is there at all."""
    probe: float = 1.5
    answer: float = 60.0
    """Between two pieces of an answer, from a server that is there."""
    busy: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    """Pauses before asking a busy server again."""


class Line:
    """Asks a container's server. To be made, used and closed on one event loop."""

    def __init__(self, address: BlobAddress, access: Access, patience: Patience) -> None:
        self._address = address
        self._access = access
        self._patience = patience
        self._credential = None if _has_secret(access) else EntraCredential()
        self.client = _client(address, access, patience, self._credential)
        self._probing: asyncio.Task[bool] | None = None

    async def ask(self, call: Callable[[], Coroutine[Any, Any, T]], doing: str, name: str = "") -> T:
        """What ``call`` returns. Raises errors of the engine, and the package's for a condition that failed.

        That is status 304, 409 or 412, which only callers with conditions meet.
        """
        if self._credential is not None:
            await self._sign_in(self._credential)
        for pause in (*self._patience.busy, None):
            try:
                return await self._answered(call())
            except AzureError as error:
                if is_busy(error) and pause is not None:
                    await asyncio.sleep(pause)
                    continue
                if status_of(error) in (304, 409, 412):
                    raise
                raise refusal(error, self._address, self._access, doing, name) from None
        raise AssertionError("the last try returns or raises")

    async def _answered(self, call: Coroutine[Any, Any, T]) -> T:
        """Waits long for a server that is there, and short for one that is not."""
        task = asyncio.ensure_future(call)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience.first)
            if not done and not await self._is_there():
                raise gone(self._address)
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _is_there(self) -> bool:
        """Whether the server answers anything at all; asked once for all who wait."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.ensure_future(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        try:
            async with asyncio.timeout(self._patience.probe):
                await self.client.get_container_properties(retry_total=0)
        except TimeoutError:
            return False
        except AzureError as error:
            return bool(status_of(error))
        return True

    async def _sign_in(self, credential: EntraCredential) -> None:
        """Beforehand, since it may take longer than a server may."""
        try:
            await credential.get_token(SCOPE)
        except ClientAuthenticationError as error:
            # Its own words list every way that was tried, with paths and account names.
            raise UnreachableError(
                f"signing in with Microsoft Entra ID for {self._address.url} failed ({type(error).__name__})",
                hint="Sign in with `az login`, or set up a managed identity; then try again.",
            ) from None

    async def close(self) -> None:
        if self._probing is not None:
            await asyncio.gather(self._probing, return_exceptions=True)
        await self.client.close()
        if self._credential is not None:
            await self._credential.close()


SCOPE = "https://storage.azure.com/.default"
"""What a token for storage is asked for. Source: Microsoft's page on authorizing access to blobs."""


EARLY = 300
"""Seconds before its end that a token is asked for anew."""


def has_entra() -> bool:
    """Whether the extra ``entra`` is installed."""
    try:
        importlib.import_module("azure.identity.aio")
    except ModuleNotFoundError:
        return False
    return True


def _client(
    address: BlobAddress, access: Access, patience: Patience, credential: EntraCredential | None
) -> ContainerClient:
    """Raises ``InputError`` for what the package takes for no key."""
    options: dict[str, Any] = {
        "api_version": API_VERSION,
        "retry_policy": LinearRetry(**_RETRIES),
        "connection_timeout": patience.connect,
        "read_timeout": patience.answer,
        "max_single_get_size": LARGEST,
        # A redirection would take token and text elsewhere.
        "permit_redirects": False,
    }
    # What is on this machine is not behind a proxy.
    transport = AioHttpTransport(use_env_settings=not address.is_local, **_times(patience))
    options["transport"] = transport
    if access.connection_string:
        return ContainerClient.from_connection_string(access.connection_string, address.container, **options)
    secret: Any = credential
    if access.sas is not None:
        secret = access.sas.token
    elif access.key:
        secret = {"account_name": address.account, "account_key": access.key}
    return ContainerClient(address.endpoint, address.container, credential=secret, **options)


def _times(patience: Patience) -> dict[str, float]:
    return {"connection_timeout": patience.connect, "read_timeout": patience.answer}


def _has_secret(access: Access) -> bool:
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
