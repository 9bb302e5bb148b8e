"""What a model says stands in a text: words, never offsets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity as a model names it."""

    category: str
    """A category id."""
    words: str
    """The words that are to be found in the text."""
    before: str = ""
    """A few words that stand right before them, where the model gave some."""
    after: str = ""
    """A few words that stand right behind them, where the model gave some."""
    occurrence: int | None = None
    """Which of several occurrences is meant, counted from 1, where the model says so."""
