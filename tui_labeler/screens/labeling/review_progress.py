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
        self.by_others = 0
        """Those that somebody else decided meanwhile."""
        self.elsewhere = 0
        """Those that this person decided meanwhile in another terminal."""
        self._singly = 0
        """Of these, those that were looked at: one key each."""

    def count(self, suggestions: int, *, singly: bool) -> None:
        """Takes in what one step decided; negative where it took decisions back."""
        self.decided = max(0, self.decided + suggestions)
        if singly and suggestions:
            self._singly = max(0, self._singly + (1 if suggestions > 0 else -1))

    def count_others(self, suggestions: int, *, elsewhere: int = 0) -> None:
        """Takes in what others decided, and this person ``elsewhere``; negative where decisions were taken
        back."""
        self.by_others = max(0, self.by_others + suggestions)
        self.elsewhere = max(0, self.elsewhere + elsewhere)

    def words(self, left: int, documents: int, *, filtered: str = "") -> str:
        """Decided of all, decisions a minute, documents left."""
        decided = self.decided + self.by_others + self.elsewhere
        words = f"{decided:,} of {decided + left:,} decided"
        if filtered:
            words = f"{filtered}: {words}"
        meanwhile = [f"{self.by_others:,} by others"] if self.by_others else []
        meanwhile += [f"{self.elsewhere:,} in another terminal"] if self.elsewhere else []
        if meanwhile:
            words += f" ({' and '.join(meanwhile)})"
        return ", ".join([words, *self.pace(documents)])

    def pace(self, documents: int) -> list[str]:
        """Decisions a minute, where there are enough of them, and documents left."""
        minutes = (self._clock() - self._started) / 60
        rate = [f"{self._singly / minutes:.0f} a minute"] if self._singly >= ENOUGH and minutes > 0 else []
        return [*rate, f"{counted(documents, 'document')} left"]
