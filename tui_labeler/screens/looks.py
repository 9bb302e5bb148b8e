"""How a person likes texts to be shown: the same in every project, until the program ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Looks:
    """Changed by keys; the application hands one to each screen that shows texts."""

    compact: bool = False
    """Labels are underlined in the text, without rules under it."""
