"""What came of a batch that is over: answers to keep, and reasons why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.deployments.batches import BatchModel, BatchState, BatchStatus, Row
from tui_labeler.engine.deployments.chat import Reply, UnansweredError
from tui_labeler.engine.finishing import finished

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.batching import Ledger

TOGETHER, LONG = 256, 8_000_000
"""Answers that go to the disk at once, and characters and tokens of them."""


async def collect(model: BatchModel, state: BatchState, keys: frozenset[str] | None, ledger: Ledger) -> None:
    """Keeps every answer and every reason; a second time changes nothing.

    ``keys`` are those of the questions that were sent, where they are known: what is not among them is
    passed over, and those that nothing came of get a reason too, unless the batch was cancelled. Raises what
    reading the results does.
    """
    seen: set[str] = set()
    group: list[Row] = []
    size = 0
    async for row in model.rows(state):
        if keys is not None and row.key not in keys:
            continue
        seen.add(row.key)
        group.append(row)
        size += _size(row)
        if len(group) >= TOGETHER or size >= LONG:
            await finished(ledger.keep(group))
            group, size = [], 0
    await finished(ledger.keep(group))
    if keys is not None and state.status is not BatchStatus.CANCELLED:
        ledger.failures.update(dict.fromkeys(keys - seen, _no_answer(state.status)))


def _size(row: Row) -> int:
    said = row.outcome
    return len(said.text) + len(said.refusal) + len(said.tokens) if isinstance(said, Reply) else 0


def _no_answer(status: BatchStatus) -> UnansweredError:
    if status is BatchStatus.EXPIRED:
        return UnansweredError("The batch expired before this was answered.", reason="expired")
    return UnansweredError("The batch ended without an answer to this.", reason="no_answer")
