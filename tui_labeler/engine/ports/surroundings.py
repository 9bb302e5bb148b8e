"""Time and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the use cases take from their surroundings, so that tests can set it."""

    actor: str
    now: Callable[[], str]
    """UTC, ISO 8601 with milliseconds."""
    new_id: Callable[[], str]
    """Short, random, of letters and digits."""
    host: str = ""
    """The name of this machine, for others to read."""
    pid: int = 0
    session: str = ""
    """An id of this process among those of others."""
    is_alive: Callable[[int], bool] = lambda pid: True
    """Whether a process of this machine lives."""
