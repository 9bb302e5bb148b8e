"""A container in Azure Blob storage: its root's ``.txt`` blobs are the documents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob.aio import BlobPrefix

from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.connecting import LARGEST, Line, Patience
from tui_labeler.engine.adapters.blob.refusals import code_of, refusal
from tui_labeler.engine.adapters.blob.side_loop import SideLoop
from tui_labeler.engine.errors import ContainerError, InputError, OutdatedError
from tui_labeler.engine.ports import Blob

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties
    from azure.storage.blob.aio import ContainerClient

    from tui_labeler.engine.adapters.blob.addresses import BlobAddress
    from tui_labeler.engine.errors import LabelerError

T = TypeVar("T")

PAGE = 5000
"""Blobs a request of a listing; the service gives no more."""

OWN_PREFIX = ".tui-labeler/"
"""What the program keeps beside the documents: neither read as a document nor counted."""

LONGEST_NAME = 1024
"""Characters. Source: the service's rules for blob names."""


class BlobContainer:
    """Documents, and small files beside them, in a container of Blob storage.

    ``access`` is asked for the way in when the first request is made; it raises ``UnreachableError`` where
    there is none. Usable from any event loop; requests run on one of the container's own.
    """

    def __init__(
        self, address: BlobAddress, access: Callable[[], Access], patience: Patience | None = None
    ) -> None:
        self._address = address
        self._find_access = access
        self._patience = patience or Patience()
        self._side = SideLoop(f"blobs of {address.container}")
        self._access: Access | None = None
        self._line: Line | None = None

    @property
    def address(self) -> str:
        return self._address.url

    @property
    def is_remote(self) -> bool:
        return True

    async def close(self) -> None:
        """Ends its connections; a later request would begin new ones."""
        if self._line is not None:
            await self._side.call(self._line.close())
            self._line = self._access = None
        await self._side.close()

    # --- documents ----------------------------------------------------------------------------------

    async def blobs(self) -> AsyncIterator[Blob]:
        """All that stands at the root, page by page. Raises ``ContainerError``."""
        async for page in self._pages(
            lambda line: line.client.walk_blobs(delimiter="/", results_per_page=PAGE)
        ):
            for blob in page:
                if blob.name != OWN_PREFIX:
                    yield blob

    async def read(self, name: str) -> bytes:
        """The raw bytes of a blob at the root.

        Raises ``NotFoundError`` when it is not there, ``UnreachableError`` for the container as a whole,
        ``InputError`` for what can't be the name of one, and ``ContainerError`` otherwise.
        """
        return (await self.fetch(name))[0]

    async def fetch(self, name: str) -> tuple[bytes, str]:
        """The raw bytes and their etag. Raises as :meth:`read`."""
        _check(name)
        if "/" in name:
            raise InputError(
                f"{name!r} can't be the name of a document",
                hint="Documents stand at the root of the container; their names hold no slash.",
            )
        return await self._get(name)

    # --- small files beside them --------------------------------------------------------------------

    async def files(self, prefix: str) -> AsyncIterator[Blob]:
        """What stands under a prefix, by pages. Raises ``ContainerError``."""
        async for page in self._pages(
            lambda line: line.client.list_blobs(name_starts_with=prefix, results_per_page=PAGE)
        ):
            for blob in page:
                yield blob

    async def get(self, name: str) -> tuple[bytes, str]:
        """Content and etag. Raises as :meth:`read`."""
        _check(name)
        return await self._get(name)

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        """See :meth:`~tui_labeler.engine.ports.Shelf.put`.

        A write whose answer was lost on the way, and which was tried again, is known by its mark.
        """
        _check_writable(name)
        mark = uuid4().hex
        try:
            return await self._ask(lambda line: _put(line.client, name, content, etag, mark), "write", name)
        except HttpResponseError as error:
            failed = self._condition_failed(error, "write", name)
        if isinstance(failed, OutdatedError):
            written = await self._ask(lambda line: _written_by(line.client, name, mark), "read", name)
            if written is not None:
                return written
        raise failed

    async def remove(self, name: str, *, etag: str) -> None:
        """See :meth:`~tui_labeler.engine.ports.Shelf.remove`."""
        _check_writable(name)
        try:
            await self._ask(lambda line: _remove(line.client, name, etag), "remove", name)
        except HttpResponseError as error:
            raise self._condition_failed(error, "remove", name) from None

    # --- asking -------------------------------------------------------------------------------------

    async def _ask(self, call: Callable[[Line], Coroutine[Any, Any, T]], doing: str, name: str) -> T:
        return await self._side.call(self._ask_beside(call, doing, name))

    async def _ask_beside(self, call: Callable[[Line], Coroutine[Any, Any, T]], doing: str, name: str) -> T:
        """Runs on the side loop."""
        if self._line is None:
            self._access = self._find_access()
            self._line = Line(self._address, self._access, self._patience)
        line = self._line
        return await line.ask(lambda: call(line), doing, name)

    async def _pages(self, begin: Callable[[Line], Any]) -> AsyncIterator[list[Blob]]:
        pages: Any = None

        async def page_after(line: Line) -> list[Blob] | None:
            nonlocal pages
            if pages is None:
                pages = begin(line).by_page()
            try:
                items = [_blob(item) async for item in await anext(pages)]
            except StopAsyncIteration:
                return None
            # Folders come apart from the rest of their page.
            return sorted(items, key=lambda blob: blob.name)

        while (page := await self._ask(page_after, "list", "")) is not None:
            yield page

    async def _get(self, name: str) -> tuple[bytes, str]:
        data, etag, checksum = await self._ask(
            lambda line: _get(line.client, name, self.address), "read", name
        )
        if checksum and hashlib.md5(data, usedforsecurity=False).digest() != checksum:
            raise ContainerError(
                f"{name} in {self.address} arrived damaged: it is not what its checksum says",
                hint="Read it again; where that stays, upload it again.",
            )
        return data, etag

    def _condition_failed(self, error: HttpResponseError, doing: str, name: str) -> LabelerError:
        if code_of(error) in ("ConditionNotMet", "BlobAlreadyExists"):
            return OutdatedError(f"{name} in {self.address} has changed meanwhile")
        return refusal(error, self._address, self._access or Access("no key"), doing, name)


# --- requests, on the side loop ---------------------------------------------------------------------------


async def _get(client: ContainerClient, name: str, address: str) -> tuple[bytes, str, bytes]:
    """Content, etag and checksum (MD5; empty where the service keeps none)."""
    found = await client.download_blob(name, decompress=False)
    settings = found.properties.content_settings
    if found.size > LARGEST:
        raise ContainerError(
            f"{name} has {found.size:,} bytes; no more than {LARGEST:,} are read",
            hint="Cut the document into smaller ones.",
        )
    if settings.content_encoding not in (None, "", "identity", "utf-8"):
        raise ContainerError(
            f"{name} in {address} is stored compressed ({settings.content_encoding})",
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


def _check(name: str) -> None:
    """Raises ``InputError`` for what can't be a blob's name, or what the package would make another of."""
    parts = name.split("/")
    if (
        len(name) > LONGEST_NAME
        or any(part in ("", ".", "..") for part in parts)
        or not _PLAIN.fullmatch(name)
    ):
        shown = name[:100].encode("utf-8", "replace").decode()
        raise InputError(
            f"{shown!r} can't be a name here",
            hint="Names hold no backslash, no control character and no empty part.",
        )


_PLAIN = re.compile(r"[^\\\x00-\x1f\x7f\ud800-\udfff]+")


def _check_writable(name: str) -> None:
    """Documents are never written. Raises ``InputError``."""
    _check(name)
    if "/" not in name and name.lower().endswith(".txt"):
        raise InputError(f"{name} is a document, and documents are not written")
