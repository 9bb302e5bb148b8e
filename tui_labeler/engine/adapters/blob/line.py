"""What is asked of a container's server, and what its answers mean."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from azure.core.exceptions import AzureError

from tui_labeler.engine.adapters.blob import requests
from tui_labeler.engine.adapters.blob.answers import Course, OddAnswerError, blob_of, taken
from tui_labeler.engine.adapters.blob.connecting import SCOPE, EntraCredential, client_for, has_secret
from tui_labeler.engine.adapters.blob.refusals import (
    endless,
    gone,
    is_busy,
    misunderstood,
    refusal,
    retry_after,
    status_of,
)
from tui_labeler.engine.errors import ContainerError, OutdatedError, UnreachableError

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.access import Access
    from tui_labeler.engine.adapters.blob.addresses import BlobAddress
    from tui_labeler.engine.adapters.blob.patience import Patience
    from tui_labeler.engine.ports import Blob

T = TypeVar("T")

PAGE = 5000
"""Blobs a request of a listing; the service gives no more."""


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
        async for page in self._pages(self._client.walk_blobs(delimiter="/", results_per_page=PAGE), blob_of):
            yield page

    async def under(self, prefix: str) -> AsyncIterator[list[Blob]]:
        """All whose name begins so, a page at a time."""
        listing = self._client.list_blobs(name_starts_with=prefix, results_per_page=PAGE)
        async for page in self._pages(listing, blob_of):
            yield page

    async def dated(self, prefix: str) -> list[Blob]:
        """The same in one piece, with how long ago each was written, by the server's own clock."""
        told: list[datetime] = []

        def dated(item: Any) -> Blob:
            blob, written = blob_of(item), item.last_modified
            if not isinstance(written, datetime):
                raise OddAnswerError
            # Without a clock it is not told; see below.
            return replace(blob, age=max(0.0, (told[-1] - written).total_seconds())) if told else blob

        listing = self._client.list_blobs(
            name_starts_with=prefix,
            results_per_page=PAGE,
            raw_response_hook=lambda answer: told.extend(requests.date_of(answer)),
        )
        found = [blob async for page in self._pages(listing, dated) for blob in page]
        if not told:
            raise ContainerError(
                f"{self._address.url} does not say what time it is",
                hint="Something between here and the storage takes the header Date away.",
            )
        return found

    async def _pages(self, listing: Any, build: Callable[[Any], Blob]) -> AsyncIterator[list[Blob]]:
        pages, course = listing.by_page(), Course(self._patience.whole)
        clock = asyncio.get_running_loop().time

        async def page() -> list[Blob] | None:
            began = clock()
            items = await taken(anext(pages, None))
            took = clock() - began
            if items is None:
                return None
            return course.new([build(item) async for item in items], pages.continuation_token, took)

        while (found := await self._ask(page, "list")) is not None:
            yield found

    async def get(self, name: str) -> tuple[bytes, str]:
        """Content and etag."""
        data, etag, checksum = await self._ask(lambda: requests.get(self._client, name), "read", name)
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
            return await self._ask(
                lambda: requests.put(self._client, name, content, etag, mark), "write", name
            )
        except OutdatedError as error:
            failed = error
        written = await self._ask(lambda: requests.written_by(self._client, name, mark), "read", name)
        if written is None:
            raise failed
        return written

    async def remove(self, name: str, etag: str) -> None:
        await self._ask(lambda: requests.remove(self._client, name, etag), "remove", name)

    # --- asking -------------------------------------------------------------------------------------

    async def _ask(self, call: Callable[[], Coroutine[Any, Any, T]], doing: str, name: str = "") -> T:
        """What ``call`` returns. Raises errors of the engine alone."""
        if self._credential is not None:
            await self._sign_in(self._credential)
        for pause in (*self._patience.busy, None):
            try:
                return await self._answered(call())
            except OddAnswerError:
                raise misunderstood(self._address, name) from None
            except AzureError as error:
                asked = retry_after(error)
                if is_busy(error) and pause is not None and asked <= self._patience.longest:
                    await asyncio.sleep(max(pause, asked))
                    continue
                raise refusal(error, self._address, self._access, doing, name) from None
        raise AssertionError("the last try returns or raises")

    async def _answered(self, call: Coroutine[Any, Any, T]) -> T:
        """Waits long for a server that is there, and short for one that is not.

        One that answers others meanwhile is there, however slow; but every answer has an end.
        """
        clock = asyncio.get_running_loop().time
        task = asyncio.ensure_future(call)
        task.add_done_callback(self._hear)
        began = clock()
        try:
            while not task.done():
                left = began + self._patience.whole - clock()
                silent = clock() - max(began, self._heard)
                if left <= 0:
                    raise endless(self._address, self._patience.whole)
                if silent < self._patience.first:
                    await asyncio.wait({task}, timeout=min(left, self._patience.first - silent))
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
        if task.cancelled():
            return
        error = task.exception()
        if error is None or isinstance(error, OddAnswerError) or _has_status(error):
            self._heard = task.get_loop().time()

    async def _is_there(self) -> bool:
        """Whether the server answers anything at all; asked once for all who wait."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.ensure_future(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        try:
            async with asyncio.timeout(self._patience.probe):
                await taken(self._client.get_container_properties(retry_total=0))
        except TimeoutError:
            return False
        except OddAnswerError:
            # Whatever it is, it answers; what was asked before tells the rest.
            pass
        except AzureError as error:
            if not status_of(error):
                return False
        self._heard = asyncio.get_running_loop().time()
        return True

    async def _sign_in(self, credential: EntraCredential) -> None:
        """Beforehand, since it may take longer than a server may."""
        try:
            await taken(credential.get_token(SCOPE))
        except (AzureError, OddAnswerError) as error:
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


def _has_status(error: BaseException) -> bool:
    """Whether a server has answered, if only to refuse."""
    return isinstance(error, AzureError) and status_of(error) != 0
