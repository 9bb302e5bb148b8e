"""What the storage package makes of a server's answers, and whether that can be what a storage server says.

The package trusts what it reads: an answer of something else (a login page, a proxy, a server that is broken
or hostile) ends in whatever Python raises where a field is missing. That is caught here, around the package's
own calls and nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar
from xml.etree.ElementTree import ParseError

from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import BlobPrefix

from tui_labeler.engine.adapters.blob.addresses import LONGEST_NAME
from tui_labeler.engine.ports import Blob

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties

T = TypeVar("T")

LARGEST_SIZE = 2**53
"""Bytes that no blob has; the service stops at some hundred tebibytes."""

LONGEST_ETAG = 256
"""Characters; those of the service have twenty."""

MOST_BLOBS = 10_000_000
"""Names in a listing; a container with more is not read."""

MOST_EMPTY = 1_000
"""Pages of a listing, one after the other, that bring nothing new. The service gives some where much was
deleted."""

_NOT_UNDERSTOOD = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    ParseError,
)
"""What the package raises where an answer is not what it expects. Its ``DeserializationError`` is a
``ValueError``."""


class OddAnswerError(Exception):
    """What a server answered is nothing that a storage server answers. Holds nothing of it."""


class TooLongError(OddAnswerError):
    """A blob is longer than any that is read, whatever was said of it."""


async def taken(answer: Awaitable[T]) -> T:
    """What the package makes of an answer. To be put around the package's calls alone.

    Raises ``AzureError`` for a refusal and where no answer came, ``OddAnswerError`` for all else.
    """
    try:
        return await answer
    except HttpResponseError as error:
        if 200 <= (error.status_code or 0) < 300:
            raise OddAnswerError from None
        raise
    except _NOT_UNDERSTOOD as error:
        refused = _stumbled_over(error)
    raise refused or OddAnswerError from None


def _stumbled_over(error: BaseException) -> HttpResponseError | None:
    """The refusal over whose body the package has stumbled: its status says enough."""
    seen = error.__context__
    while seen is not None:
        if isinstance(seen, HttpResponseError) and (seen.status_code or 0) >= 300:
            return seen
        seen = seen.__context__
    return None


def blob_of(item: BlobProperties | BlobPrefix) -> Blob:
    """What a listing tells of a blob. Raises ``OddAnswerError`` where a field is missing or can't be."""
    name: Any = item.name
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise OddAnswerError
    if isinstance(item, BlobPrefix):
        return Blob(name, 0, "", is_document=False)
    size: Any = item.size
    if not isinstance(size, int) or not 0 <= size < LARGEST_SIZE:
        raise OddAnswerError
    return Blob(name, size, etag_of(item.etag), "/" not in name and name.lower().endswith(".txt"))


def etag_of(given: object) -> str:
    """Without its quotes, which listings leave out. Raises ``OddAnswerError`` where it can't be one."""
    plain = given.strip('"') if isinstance(given, str) else ""
    if not 0 < len(plain) <= LONGEST_ETAG or not plain.isascii() or not plain.isprintable():
        raise OddAnswerError
    return plain


class Course:
    """How far a listing has come: no server keeps somebody at it for ever."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` is how long is waited, in all, for pages that bring nothing new."""
        self._seconds = seconds
        self._waited = 0.0
        self._names: set[str] = set()
        self._markers: set[bytes] = set()
        self._empty = 0

    def new(self, page: Iterable[Blob], marker: str | None, took: float) -> list[Blob]:
        """What a page brings that none before has, by name. ``marker`` leads to the next one.

        ``took`` is how long was waited for it (seconds).

        Raises ``OddAnswerError`` for a marker that was there before, and where nothing new comes any more.
        """
        found = {blob.name: blob for blob in page if blob.name not in self._names}
        self._names.update(found)
        self._empty = 0 if found else self._empty + 1
        self._waited = 0.0 if found else self._waited + took
        is_stuck = self._empty > MOST_EMPTY or self._waited > self._seconds
        if marker:
            mark = sha256(marker.encode("utf-8", "surrogatepass")).digest()
            if mark in self._markers or is_stuck or len(self._names) > MOST_BLOBS:
                raise OddAnswerError
            self._markers.add(mark)
        # Folders come apart from the rest of their page.
        return sorted(found.values(), key=lambda blob: blob.name)
