"""What goes to a batch API and comes back, checked: nothing that a server sends is taken at its word."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.engine.deployments.batches import BatchLimits, BatchState, BatchStatus
from tui_labeler.engine.deployments.chat import UnansweredError
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from tui_labeler.engine.deployments.chat import Question

CROWDED = frozenset({"token_limit_exceeded", "token_limit_reached"})
"""More tokens wait for an answer than the deployment may have waiting."""

_REASONS = {
    "invalid_json_line": "a line is no JSON",
    "too_many_tasks": "it has too many questions",
    "url_mismatch": "its lines are for another kind of request",
    "model_not_found": "there is no such deployment",
    "duplicate_custom_id": "two questions have the same id",
    "empty_batch": "it is empty",
    "empty_file": "it is empty",
    "model_mismatch": "it is for another deployment",
    "invalid_request": "the request is not valid",
    **dict.fromkeys(CROWDED, "too many tokens wait for an answer"),
}
"""Source: Azure OpenAI, batch, error codes. What else a server says is not shown: it may repeat documents."""


class _Error(msgspec.Struct):
    code: str | None = None
    line: int | None = None


class _Errors(msgspec.Struct):
    data: list[_Error] | None = None


class _Counts(msgspec.Struct):
    total: int = 0
    completed: int = 0
    failed: int = 0


class BatchBody(msgspec.Struct):
    id: str
    status: BatchStatus
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: _Errors | None = None
    request_counts: _Counts | None = None


class BatchPage(msgspec.Struct):
    data: list[msgspec.Raw] = []
    has_more: bool = False


class FileBody(msgspec.Struct):
    id: str
    status: str | None = None


class RowResponse(msgspec.Struct):
    status_code: int = 0
    body: msgspec.Raw = msgspec.Raw(b"null")
    request_id: str | None = None


class ResultLine(msgspec.Struct):
    custom_id: str
    response: RowResponse | None = None
    error: _Error | None = None


class JsonLines:
    """A :class:`~tui_labeler.engine.deployments.batches.BatchFile` without a name on disk."""

    def __init__(self, limits: BatchLimits, url: str, body: Callable[[Question], dict[str, Any]]) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - open until it is sent
        self._limits = limits
        self._url = url
        self._body = body
        self._rows = 0
        self._size = 0

    @property
    def rows(self) -> int:
        return self._rows

    def add(self, key: str, question: Question) -> bool:
        line = {"custom_id": key, "method": "POST", "url": self._url, "body": self._body(question)}
        try:
            data = msgspec.json.encode(line) + b"\n"
        except UnicodeEncodeError:
            raise UnansweredError("The text holds what is no character.", reason="bad_request") from None
        is_full = self._rows >= self._limits.requests or self._size + len(data) > self._limits.size
        if self._rows and is_full:
            return False
        self.file.write(data)
        self._rows += 1
        self._size += len(data)
        return True

    def close(self) -> None:
        self.file.close()


def known_batch(raw: msgspec.Raw) -> BatchBody | None:
    """A batch of a list; others' may be in states that are not known here."""
    try:
        return decode(raw, BatchBody)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def state_of(batch: BatchBody) -> BatchState:
    counts = batch.request_counts or _Counts()
    errors = (batch.errors and batch.errors.data) or []
    codes = list(dict.fromkeys(error.code for error in errors if error.code in _REASONS))
    return BatchState(
        id=batch.id,
        status=batch.status,
        total=max(0, counts.total),
        answered=max(0, counts.completed) + max(0, counts.failed),
        reason="; ".join(f"{_REASONS[code]} ({code})" for code in codes if code),
        crowded=any(code in CROWDED for code in codes),
        files=tuple(file for file in (batch.output_file_id, batch.error_file_id) if file),
        sent=batch.input_file_id or "",
    )


def not_asked(code: str | None) -> UnansweredError:
    if code == "batch_expired":
        return UnansweredError("The batch expired before this was answered.", reason="expired")
    return UnansweredError("The service could not answer this in a batch.", reason="no_answer")
