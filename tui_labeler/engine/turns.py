"""Long work on the event loop, in short pieces: keys are answered in between, and a person may end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TypeVar

TURN = 0.02
"""Seconds after which others get their turn: a person does not notice a key that waits for so long."""

BATCH = 250
"""Documents a transaction of a bulk action, as many as a file holds: every program that has the project open
takes in a transaction in one go, and keys wait for that long."""

Item = TypeVar("Item")


@dataclass(slots=True)
class Progress:
    """How far a long action is."""

    done: int = 0
    total: int = 0
    """How many there are, as far as that is known; 0 before they were counted."""
    unit: str = "document"
    """What is counted: one of them, by its name."""
    stopped: bool = False
    """A person wants it to end. It does so between two steps, and what was done until then stays."""


async def in_turns(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items one after the other. What they were taken from may have changed when the next one comes."""
    loop = asyncio.get_running_loop()
    end = loop.time() + TURN
    for item in items:
        yield item
        if loop.time() >= end:
            await asyncio.sleep(0)
            end = loop.time() + TURN
