"""What a look at one thing found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found and, where it is not well, what to do."""
    warning: bool = False
    """It works, and deserves a look."""
