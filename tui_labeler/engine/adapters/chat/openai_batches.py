"""The batch API of Azure OpenAI, api.openai.com and servers that speak as they do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import httpx2
import msgspec
import openai

from tui_labeler.domain.resources import Deployment, ResourceKind
from tui_labeler.engine.adapters.chat import bounds
from tui_labeler.engine.adapters.chat.answers import read_refusal, read_reply
from tui_labeler.engine.adapters.chat.batch_bodies import (
    CROWDED,
    BatchBody,
    BatchPage,
    FileBody,
    JsonLines,
    ResultLine,
    RowResponse,
    known_batch,
    not_asked,
    state_of,
)
from tui_labeler.engine.adapters.chat.echoes import Secrets, secrets_of
from tui_labeler.engine.adapters.chat.openai_chat import CONNECT_SECONDS, UNKNOWN, request_body
from tui_labeler.engine.adapters.chat.refusals import RAISED, Asked, error_of, status_error
from tui_labeler.engine.deployments.batches import (
    BatchFile,
    BatchGoneError,
    BatchLimits,
    BatchState,
    BatchStatus,
    CrowdedError,
    Row,
)
from tui_labeler.engine.deployments.chat import (
    BusyError,
    Question,
    RateLimits,
    Reply,
    ResourceError,
    TroubleError,
    UnansweredError,
)
from tui_labeler.engine.deployments.endpoints import host
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
    from tui_labeler.engine.errors import LabelerError

T = TypeVar("T")

OPENAI_LIMITS = BatchLimits(50_000, 200_000_000)
AZURE_LIMITS = BatchLimits(100_000, 200_000_000)
"""Source: the services' pages on batches."""

SECONDS = 60.0
"""That a small request may take."""

FILE_SECONDS = 3_600.0
"""That a file may take, either way."""

WINDOW: Literal["24h"] = "24h"
"""The only one there is."""

NAME = "tui-labeler"
"""What a batch's metadata have the job under."""

LONGEST_LINE = bounds.MOST
"""Bytes of a result that are read."""

PAGES, A_PAGE = 200, 100
"""Batches that are looked through for one of ours."""

_KEY = re.compile(r"[0-9a-f]{64}")


class OpenAIBatches:
    """A :class:`~tui_labeler.engine.deployments.batches.BatchModel`: one deployment."""

    def __init__(
        self, resource: OpenAIResource, deployment: Deployment, *, limits: BatchLimits | None = None
    ) -> None:
        """``limits`` of a file: the service's own unless they are given."""
        self._resource = resource
        self._client = resource.client
        self._deployment = deployment
        self._host = host(resource.resource.endpoint)
        is_azure = resource.resource.kind is ResourceKind.AZURE
        self._limits = limits or (AZURE_LIMITS if is_azure else OPENAI_LIMITS)
        self._url = "/chat/completions" if is_azure else "/v1/chat/completions"

    @property
    def limits(self) -> BatchLimits:
        return self._limits

    def file(self) -> JsonLines:
        return JsonLines(self._limits, self._url, self._body)

    def _body(self, question: Question) -> dict[str, Any]:
        capabilities = self._deployment.capabilities or UNKNOWN
        return {"model": self._deployment.name, **request_body(question, capabilities)}

    # --- requests -----------------------------------------------------------------------------------

    async def upload(self, file: BatchFile, name: str) -> str:
        if not isinstance(file, JsonLines):
            raise TypeError("the file was made by another")
        file.file.seek(0)
        send = self._client.files.with_raw_response.create(
            file=(f"{NAME}-{name}.jsonl", file.file, "application/jsonl"),
            purpose="batch",
            extra_headers=self._resource.headers,
            timeout=httpx2.Timeout(FILE_SECONDS, connect=CONNECT_SECONDS),
        )
        return self._read(await self._asked(send, FILE_SECONDS), FileBody).id

    async def create(self, uploaded: str, name: str) -> BatchState:
        await self._ready(uploaded)
        begin = self._client.batches.with_raw_response.create(
            completion_window=WINDOW,
            endpoint=self._url,  # type: ignore[arg-type]
            input_file_id=uploaded,
            metadata={NAME: name},
            extra_headers=self._resource.headers,
        )
        return self._state(await self._asked(begin))

    async def _ready(self, uploaded: str) -> None:
        """Azure looks at a file before a batch can be made of it."""
        look = self._client.files.with_raw_response.retrieve(uploaded, extra_headers=self._resource.headers)
        status = self._read(await self._asked(look), FileBody).status
        if status in ("pending", "running", "uploading"):
            raise BusyError(f"{self._host} has not read the file yet.")
        if status == "error":
            raise UnansweredError(f"{self._host} can't read the file.", reason="bad_request")

    async def find(self, uploaded: str) -> BatchState | None:
        after: dict[str, Any] = {}
        for _ in range(PAGES):
            page = self._read(await self._asked(self._page(after)), BatchPage)
            last = ""
            for raw in page.data:
                found = known_batch(raw)
                if found is None:
                    continue
                last = found.id
                if found.input_file_id == uploaded and found.status is not BatchStatus.FAILED:
                    return state_of(found)
            if not page.has_more or not last:
                return None
            after = {"after": last}
        raise ResourceError(
            f"{self._host} lists batches without end: whether one was made of the file can't be found out.",
            hint="Look for it in the service's portal.",
        )

    def _page(self, after: dict[str, Any]) -> Awaitable[Any]:
        return self._client.get(
            "/batches",
            cast_to=httpx2.Response,
            options={
                "params": {"limit": A_PAGE, **after},
                "headers": self._resource.headers,
            },
        )

    async def state(self, batch: str) -> BatchState:
        look = self._client.batches.with_raw_response.retrieve(batch, extra_headers=self._resource.headers)
        return self._state(await self._asked(look))

    async def cancel(self, batch: str) -> BatchState:
        stop = self._client.batches.with_raw_response.cancel(batch, extra_headers=self._resource.headers)
        try:
            return self._state(await self._asked(stop))
        except (UnansweredError, TroubleError):
            # One that is over can't be cancelled.
            return await self.state(batch)

    async def forget(self, state: BatchState) -> None:
        for file in (state.sent, *state.files):
            if file:
                delete = self._client.files.with_raw_response.delete(
                    file, extra_headers=self._resource.headers
                )
                try:
                    await self._asked(delete)
                except BatchGoneError:
                    continue

    # --- what came of it ----------------------------------------------------------------------------

    async def rows(self, state: BatchState) -> AsyncIterator[Row]:
        for file in state.files:
            async for line, secrets in self._lines(file):
                row = self._row(line, secrets)
                if row is not None:
                    yield row

    async def _lines(self, file: str) -> AsyncIterator[tuple[bytes, Secrets]]:
        """The lines of a file at the server, as they come; no more of them than a batch has questions.

        With each goes what secrets it was asked for with.

        Whoever sends without end ends the job: it would be the same the next time.
        """
        bounds.limit.set(bounds.WHOLE_FILE)
        number, until = 0, asyncio.get_running_loop().time() + FILE_SECONDS
        try:
            async with self._client.files.with_streaming_response.content(
                file,
                extra_headers=self._resource.headers,
                timeout=httpx2.Timeout(SECONDS, connect=CONNECT_SECONDS),
            ) as response:
                rest, secrets = bytearray(), secrets_of(response.http_response.request)
                async for data in response.iter_bytes():
                    *lines, begun = data.split(b"\n")
                    for line in lines:
                        number += 1
                        yield bytes(rest + line), secrets
                        rest = bytearray()
                    rest += begun
                    is_late = asyncio.get_running_loop().time() > until
                    if is_late or len(rest) > LONGEST_LINE or number > self._limits.requests:
                        raise self._endless()
                yield bytes(rest), secrets
        except RAISED as error:
            raise self._error(error) from None

    def _endless(self) -> ResourceError:
        return ResourceError(
            f"{self._host} sends results without end.",
            hint="Check the endpoint: another program may be answering there.",
        )

    def _row(self, line: bytes, secrets: Secrets) -> Row | None:
        """``None`` for what is no result of ours, and for a question that nobody got to."""
        try:
            found = decode(line.removesuffix(b"\r"), ResultLine)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if not _KEY.fullmatch(found.custom_id):
            return None
        if found.response is None or not found.response.status_code:
            code = found.error.code if found.error else None
            return None if code == "batch_cancelled" else Row(found.custom_id, not_asked(code))
        return Row(found.custom_id, self._outcome(found.response, secrets))

    def _outcome(self, response: RowResponse, secrets: Secrets) -> Reply | LabelerError:
        body = bytes(response.body)
        if response.status_code != 200:
            error = status_error(response.status_code, {}, body, self._asking)
            return TroubleError(error.message, hint=error.hint) if isinstance(error, BusyError) else error
        try:
            return read_reply(body, self._host, limits=RateLimits(), request_id="", secrets=secrets)
        except (TroubleError, UnansweredError) as error:
            return error

    # --- reading and failing ------------------------------------------------------------------------

    @property
    def _asking(self) -> Asked:
        name, key = self._deployment.name, self._resource.key
        return Asked(self._host, name, key, None, CONNECT_SECONDS, SECONDS, self._resource.proxy)

    async def _asked(self, request: Awaitable[Any], seconds: float = SECONDS) -> bytes:
        bounds.limit.set(bounds.MOST)
        try:
            async with asyncio.timeout(seconds + CONNECT_SECONDS):
                raw = await request
        except TimeoutError:
            raise TroubleError(f"{self._host} gave no answer within {seconds:g} seconds.") from None
        except RAISED as error:
            raise self._error(error) from None
        response = raw if isinstance(raw, httpx2.Response) else raw.http_response
        return bytes(response.content)

    def _error(self, error: Exception) -> LabelerError:
        if isinstance(error, openai.APIStatusError):
            if read_refusal(error.response.content if error.response.is_closed else b"").code in CROWDED:
                return CrowdedError(f"Too many tokens wait for an answer at {self._host}.")
            if error.status_code in (404, 405, 410):
                return BatchGoneError(
                    f"{self._host} does not know the batch or the file.",
                    hint="It may have no batch API: start the job without `--batch`.",
                )
        found = error_of(error, self._asking)
        if isinstance(found, UnansweredError) and found.reason == "too_long":
            # Nothing that was asked here is one document's question.
            return ResourceError(found.message, hint=found.hint)
        return found

    def _read(self, body: bytes, kind: type[T]) -> T:
        try:
            return decode(body, kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise TroubleError(f"{self._host} sent something that is no answer of a batch API.") from None

    def _state(self, body: bytes) -> BatchState:
        return state_of(self._read(body, BatchBody))
