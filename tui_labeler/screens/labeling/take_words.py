"""Who else has a document, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_labeler.engine.ports.takes import Take


def taken_words(take: Take, *, short: bool) -> str:
    """For the first line of a screen."""
    name = take.actor or "somebody"
    return f"with {name}" if short else f"with {name}{take.since_words}: ctrl+t takes over"
