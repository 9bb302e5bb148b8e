"""How far a review is, and how fast it goes."""

from __future__ import annotations

from collections.abc import Callable

from tui_labeler.engine.wording import counted

ENOUGH = 5
"""Decisions before a rate is worth showing."""


class ReviewProgress:
    """Counts what a person decides on: whatever makes an open suggestion one that is not.

    A suggestion that a label made by hand hides is decided too. What is taken back was not decided.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds, from any start."""
        self._clock = clock
        self._started = clock()
        self.decided = 0
        """Suggestions decided in this sitting, and not taken back."""
        self._singly = 0
        """Of these, those that were looked at: one key each."""

    def count(self, suggestions: int, *, singly: bool) -> None:
        """Takes in what one step decided; negative where it took decisions back."""
        self.decided = max(0, self.decided + suggestions)
        if singly and suggestions:
            self._singly = max(0, self._singly + (1 if suggestions > 0 else -1))

    def words(self, left: int, documents: int, *, filtered: str = "", brief: bool = False) -> str:
        """Decided of all, decisions a minute, documents left; the first alone where it shall be ``brief``."""
        words = f"{self.decided:,} of {self.decided + left:,} decided"
        if filtered:
            words = f"{filtered}: {words}"
        if brief:
            return words
        minutes = (self._clock() - self._started) / 60
        if self._singly >= ENOUGH and minutes > 0:
            words += f", {self._singly / minutes:.0f} a minute"
        return f"{words}, {counted(documents, 'document')} left"
