"""How long a server may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds. A server that is gone is known after ``first`` and ``probe``."""

    connect: float = 2.0
    first: float = 3.0
    """Without an answer for so long, the server is asked whether it is there at all."""
    probe: float = 1.5
    answer: float = 60.0
    """Between two pieces of an answer, from a server that is there."""
    whole: float = 300.0
    """For an answer from its first byte to its last, whatever is tried again meanwhile. A blob of the
    largest size comes in it at two megabits a second."""
    busy: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    """Pauses before asking a busy server again."""
    longest: float = 20.0
    """A busy server that says how long it wants to be left alone is given so long, and no longer."""
