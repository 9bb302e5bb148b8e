"""A batch that was sent: what is remembered of it, and how often it is looked after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tui_labeler.engine.deployments.batches import (
    BatchState,
)


@dataclass(frozen=True, slots=True)
class BatchPace:
    """How often a batch is looked at."""

    every: float = 60.0
    """Seconds. Source: Azure OpenAI, batch: 60 at least."""
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class Sent:
    """A file at the server, and the batch that was made of it."""

    file: str
    rows: int
    batch: str = ""
    stopped: bool = False
    """This program has cancelled it."""
    cancelling: bool = False
    """The service has said that it will stop."""
    attempts: dict[str, int] = field(default_factory=dict)
    """Of questions in it that a person had asked again, by key."""
    each: tuple[int, int] = (0, 0)
    """Tokens of a question in it, in the middle, and of an answer, at most."""
    out: list[str] = field(default_factory=list)
    """Of the keys of its questions, what other jobs know them by."""
    # What is known of it in this run only:
    keys: frozenset[str] | None = None
    name: str = ""
    state: BatchState | None = None
    unsure: bool = True
    """A batch may have been made of it that nobody knows of."""
    tries: int = 0
    pause: int = 0
    """Looks to let pass before the next try."""
    collected: bool = False

    def as_record(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "rows": self.rows,
            "batch": self.batch,
            "stopped": self.stopped,
            "cancelling": self.cancelling,
            "attempts": self.attempts,
            "each": self.each,
            "out": self.out,
        }
