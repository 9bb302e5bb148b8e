"""What is asked of a container's server, and what its answers mean."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob.aio import BlobPrefix

from tui_labeler.engine.adapters.blob.connecting import SCOPE, EntraCredential, client_for, has_secret
from tui_labeler.engine.adapters.blob.refusals import code_of, gone, is_busy, refusal, retry_after, status_of
from tui_labeler.engine.errors import ContainerError, OutdatedError, UnreachableError, UnreadableError
from tui_labeler.engine.ports import Blob

if TYPE_CHECKING:
    from datetime import datetime

    from azure.core.pipeline import PipelineResponse
    from azure.storage.blob import BlobProperties
    from azure.storage.blob.aio import ContainerClient

    from tui_labeler.engine.adapters.blob.access import Access
    from tui_labeler.engine.adapters.blob.addresses import BlobAddress
    from tui_labeler.engine.adapters.blob.patience import Patience
    from tui_labeler.engine.errors import LabelerError

T = TypeVar("T")

PAGE = 5000
"""Blobs a request of a listing; the service gives no more."""

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger blob is refused rather than read into memory. The service stops at 128,000 characters."""


class Line:
    """Asks a container's server. To be made, used and closed on one event loop."""

    def __init__(self, address: BlobAddress, access: Access, patience: Patience) -> None:
        self._address = address
        self._access = access
        self._patience = patience
        self._credential = None if has_secret(access) else EntraCredential()
        self._client = client_for(address, access, patience, self._credential)
        self._probing: asyncio.Task[bool] | None = None
        self._heard = 0.0
        """When the server last answered anything, by the loop's clock."""

    # --- requests -----------------------------------------------------------------------------------

    async def root(self) -> AsyncIterator[list[Blob]]:
        """What stands at the root, a page at a time."""
        async for page in self._pages(self._client.walk_blobs(delimiter="/", results_per_page=PAGE)):
            yield page

    async def under(self, prefix: str) -> AsyncIterator[list[Blob]]:
        """All whose name begins so, a page at a time."""
        async for page in self._pages(
            self._client.list_blobs(name_starts_with=prefix, results_per_page=PAGE)
        ):
            yield page

    async def dated(self, prefix: str) -> list[Blob]:
        """The same in one piece, with how long ago each was written, by the server's own clock."""

        async def dated() -> list[Blob]:
            told: list[datetime] = []
            listing = self._client.list_blobs(
                name_starts_with=prefix,
                results_per_page=PAGE,
                raw_response_hook=lambda answer: told.extend(_date(answer)),
            )
            found = [item async for item in listing]
            if not told:
                raise ContainerError(
                    f"{self._address.url} does not say what time it is",
                    hint="Something between here and the storage takes the header Date away.",
                )
            return [
                replace(_blob(item), age=max(0.0, (told[-1] - item.last_modified).total_seconds()))
                for item in found
            ]

        return await self._ask(dated, "list")

    async def _pages(self, listing: Any) -> AsyncIterator[list[Blob]]:
        pages = listing.by_page()

        async def page() -> list[Blob] | None:
            try:
                items = [_blob(item) async for item in await anext(pages)]
            except StopAsyncIteration:
                return None
            # Folders come apart from the rest of their page.
            return sorted(items, key=lambda blob: blob.name)

        while (found := await self._ask(page, "list")) is not None:
            yield found

    async def get(self, name: str) -> tuple[bytes, str]:
        """Content and etag."""
        data, etag, checksum = await self._ask(lambda: _get(self._client, name), "read", name)
        if checksum and hashlib.md5(data, usedforsecurity=False).digest() != checksum:
            raise ContainerError(
                f"{name} in {self._address.url} arrived damaged: it is not what its checksum says",
                hint="Read it again; where that stays, upload it again.",
            )
        return data, etag

    async def put(self, name: str, content: bytes, etag: str | None) -> str:
        """The new etag. A write whose answer was lost, and which was tried again, is known by its mark."""
        mark = uuid4().hex
        try:
            return await self._ask(lambda: _put(self._client, name, content, etag, mark), "write", name)
        except HttpResponseError as error:
            failed = self._condition_failed(error, "write", name)
        if isinstance(failed, OutdatedError):
            written = await self._ask(lambda: _written_by(self._client, name, mark), "read", name)
            if written is not None:
                return written
        raise failed

    async def remove(self, name: str, etag: str) -> None:
        try:
            await self._ask(lambda: _remove(self._client, name, etag), "remove", name)
        except HttpResponseError as error:
            raise self._condition_failed(error, "remove", name) from None

    def _condition_failed(self, error: HttpResponseError, doing: str, name: str) -> LabelerError:
        if code_of(error) in ("ConditionNotMet", "BlobAlreadyExists"):
            return OutdatedError(f"{name} in {self._address.url} has changed meanwhile")
        return refusal(error, self._address, self._access, doing, name)

    # --- asking -------------------------------------------------------------------------------------

    async def _ask(self, call: Callable[[], Coroutine[Any, Any, T]], doing: str, name: str = "") -> T:
        """What ``call`` returns. Raises errors of the engine, and the package's for a condition that failed.

        That is status 304, 409 or 412, which only callers with conditions meet.
        """
        if self._credential is not None:
            await self._sign_in(self._credential)
        for pause in (*self._patience.busy, None):
            try:
                return await self._answered(call())
            except AzureError as error:
                asked = retry_after(error)
                if is_busy(error) and pause is not None and asked <= self._patience.longest:
                    await asyncio.sleep(max(pause, asked))
                    continue
                if status_of(error) in (304, 409, 412):
                    raise
                raise refusal(error, self._address, self._access, doing, name) from None
        raise AssertionError("the last try returns or raises")

    async def _answered(self, call: Coroutine[Any, Any, T]) -> T:
        """Waits long for a server that is there, and short for one that is not.

        One that answers others meanwhile is there, however slow.
        """
        clock = asyncio.get_running_loop().time
        task = asyncio.ensure_future(call)
        task.add_done_callback(self._hear)
        began = clock()
        try:
            while not task.done():
                silent = clock() - max(began, self._heard)
                if silent < self._patience.first:
                    await asyncio.wait({task}, timeout=self._patience.first - silent)
                elif not await self._is_there() and self._heard < clock() - self._patience.first:
                    raise gone(self._address)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            elif not task.cancelled():
                # What it ended with while somebody was giving up is nobody's any more.
                task.exception()

    def _hear(self, task: asyncio.Task[Any]) -> None:
        """Notes when the server last answered anything."""
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or (
            error is not None and not (isinstance(error, AzureError) and status_of(error))
        ):
            return
        self._heard = task.get_loop().time()

    async def _is_there(self) -> bool:
        """Whether the server answers anything at all; asked once for all who wait."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.ensure_future(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        try:
            async with asyncio.timeout(self._patience.probe):
                await self._client.get_container_properties(retry_total=0)
        except TimeoutError:
            return False
        except AzureError as error:
            if not status_of(error):
                return False
        self._heard = asyncio.get_running_loop().time()
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
        try:
            await self._client.close()
        finally:
            if self._credential is not None:
                await self._credential.close()


async def _get(client: ContainerClient, name: str) -> tuple[bytes, str, bytes]:
    """Content, etag and checksum (MD5; empty where the service keeps none)."""
    found = await client.download_blob(name, decompress=False)
    settings = found.properties.content_settings
    if found.size > LARGEST:
        raise UnreadableError(
            f"{name} has {found.size:,} bytes; no more than {LARGEST:,} are read",
            hint="Cut the document into smaller ones.",
        )
    if settings.content_encoding not in (None, "", "identity", "utf-8"):
        raise UnreadableError(
            f"{name} is stored compressed ({settings.content_encoding})",
            hint="Store it as plain text.",
        )
    data = await found.readall()
    return data, _plain(found.properties.etag), bytes(settings.content_md5 or b"")


async def _put(client: ContainerClient, name: str, content: bytes, etag: str | None, mark: str) -> str:
    condition = MatchConditions.IfMissing if etag is None else MatchConditions.IfNotModified
    # Conditions need an etag; that of a missing one is not sent.
    options: dict[str, Any] = {"match_condition": condition, "overwrite": True, "metadata": {_MARK: mark}}
    if etag is not None:
        options["etag"] = _quoted(etag)
    written = await client.get_blob_client(name).upload_blob(content, **options)
    return _plain(written["etag"])


async def _written_by(client: ContainerClient, name: str, mark: str) -> str | None:
    """The etag of a blob where it is what the writer with this mark wrote."""
    try:
        found = await client.get_blob_client(name).get_blob_properties()
    except ResourceNotFoundError:
        return None
    return _plain(found.etag) if (found.metadata or {}).get(_MARK) == mark else None


async def _remove(client: ContainerClient, name: str, etag: str) -> None:
    blob = client.get_blob_client(name)
    try:
        await blob.delete_blob(etag=_quoted(etag), match_condition=MatchConditions.IfNotModified)
    except ResourceNotFoundError as error:
        if code_of(error) != "BlobNotFound":
            raise
    except ResourceModifiedError:
        # Where nothing is, the condition fails as well.
        if await blob.exists():
            raise


_MARK = "tuilabelerwrite"


def _date(answer: PipelineResponse[Any, Any]) -> list[datetime]:
    """When the server sent it, by its own clock; nothing where it does not say."""
    with suppress(KeyError, ValueError):
        return [parsedate_to_datetime(answer.http_response.headers["Date"])]
    return []


def _blob(item: BlobProperties | BlobPrefix) -> Blob:
    if isinstance(item, BlobPrefix):
        return Blob(item.name, 0, "", is_document=False)
    is_document = "/" not in item.name and item.name.lower().endswith(".txt")
    return Blob(item.name, item.size, _plain(item.etag), is_document)


def _plain(etag: str) -> str:
    """Listings give it without quotes, all else with them."""
    return etag.strip('"')


def _quoted(etag: str) -> str:
    return f'"{etag}"'
