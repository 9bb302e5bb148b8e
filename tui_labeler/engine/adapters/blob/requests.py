"""The storage package's requests about one blob, and what their answers mean.

Each raises what :func:`~tui_labeler.engine.adapters.blob.answers.taken` does.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from tui_labeler.engine.adapters.blob.answers import OddAnswerError, TooLongError, etag_of, taken
from tui_labeler.engine.adapters.blob.refusals import code_of
from tui_labeler.engine.adapters.blob.transport import LONGEST
from tui_labeler.engine.errors import UnreadableError

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.storage.blob.aio import ContainerClient

LARGEST = LONGEST
"""Bytes; a larger blob is refused rather than read into memory. The service stops at 128,000 characters."""

_MARK = "tuilabelerwrite"


async def get(client: ContainerClient, name: str) -> tuple[bytes, str, bytes]:
    """Content, etag and checksum (MD5; empty where the service keeps none). Raises ``UnreadableError``."""
    try:
        found: Any = await taken(client.download_blob(name, decompress=False))
    except TooLongError:
        raise _too_large(name, f"more than {LARGEST:,}") from None
    settings = found.properties.content_settings
    if found.size > LARGEST:
        raise _too_large(name, f"{found.size:,}")
    if settings.content_encoding not in (None, "", "identity", "utf-8"):
        raise UnreadableError(
            f"{name} is stored compressed ({_shown(settings.content_encoding)})",
            hint="Store it as plain text.",
        )
    pieces: list[bytes] = []
    length = 0
    chunks = found.chunks()
    while (piece := await taken(anext(chunks, None))) is not None:
        pieces.append(piece)
        length += len(piece)
        if length > found.size:
            break
    if length != found.size:
        raise OddAnswerError
    return b"".join(pieces), etag_of(found.properties.etag), bytes(settings.content_md5 or b"")


def _too_large(name: str, size: str) -> UnreadableError:
    return UnreadableError(
        f"{name} has {size} bytes; no more than {LARGEST:,} are read",
        hint="Cut the document into smaller ones.",
    )


def _shown(encoding: object) -> str:
    """A server's word, where it is one of the usual."""
    known = ("gzip", "deflate", "br", "zstd", "compress")
    return str(encoding).lower() if str(encoding).lower() in known else "in a way of its own"


async def put(client: ContainerClient, name: str, content: bytes, etag: str | None, mark: str) -> str:
    """Writes it where it still is what ``etag`` says, or is not there (``None``). Returns the new etag."""
    condition = MatchConditions.IfMissing if etag is None else MatchConditions.IfNotModified
    # Conditions need an etag; that of a missing one is not sent.
    options: dict[str, Any] = {"match_condition": condition, "overwrite": True, "metadata": {_MARK: mark}}
    if etag is not None:
        options["etag"] = _quoted(etag)
    written = await taken(client.get_blob_client(name).upload_blob(content, **options))
    return etag_of(written.get("etag"))


async def written_by(client: ContainerClient, name: str, mark: str) -> str | None:
    """The etag of a blob where it is what the writer with this mark wrote."""
    try:
        found = await taken(client.get_blob_client(name).get_blob_properties())
    except ResourceNotFoundError:
        return None
    return etag_of(found.etag) if (found.metadata or {}).get(_MARK) == mark else None


async def remove(client: ContainerClient, name: str, etag: str) -> None:
    """Takes it away where it still is what ``etag`` says; nothing happens where it is gone."""
    blob = client.get_blob_client(name)
    try:
        await taken(blob.delete_blob(etag=_quoted(etag), match_condition=MatchConditions.IfNotModified))
        return
    except ResourceNotFoundError as error:
        if code_of(error) == "BlobNotFound":
            return
        raise
    except ResourceModifiedError as error:
        changed = error
    # Where nothing is, the condition fails as well.
    if await taken(blob.exists()):
        raise changed


def date_of(answer: PipelineResponse[Any, Any]) -> list[datetime]:
    """When the server sent it, by its own clock; nothing where it does not say."""
    with suppress(KeyError, ValueError, TypeError, OverflowError):
        said = parsedate_to_datetime(answer.http_response.headers["Date"])
        return [said if said.tzinfo else said.replace(tzinfo=UTC)]
    return []


def _quoted(etag: str) -> str:
    return f'"{etag}"'
