"""Which lines of a long list stand at its top: what the open document has comes before all else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from enum import Enum, auto


class News(Enum):
    """What is new of what a document has."""

    NONE = auto()
    LINES = auto()
    """It has something that it had not."""
    DOCUMENT = auto()
    """It is another document."""


class Lifting:
    """Remembers what one document has, and had while it was open.

    What is taken away stays near the top until another document comes: who took it away by mistake finds it
    where it was.
    """

    def __init__(self) -> None:
        self._of: object = None
        self._has: frozenset[str] = frozenset()
        self._had: frozenset[str] = frozenset()

    def take(self, has: Iterable[str], of: object) -> News:
        """Takes what the document ``of`` has at the moment, and says how far that is new."""
        same, before = of == self._of, self._has
        self._of, self._has = of, frozenset(has)
        self._had = (self._had if same else frozenset()) | self._has
        if not same:
            return News.DOCUMENT
        return News.NONE if self._has <= before else News.LINES

    def order(self, ids: Sequence[str]) -> list[int]:
        """Places in ``ids``: first of what the document has, then of what it had, then of the rest."""
        return sorted(range(len(ids)), key=lambda place: self._rank(ids[place]))

    def _rank(self, key: str) -> int:
        ranks: tuple[Set[str], ...] = (self._has, self._had)
        return next((rank for rank, known in enumerate(ranks) if key in known), len(ranks))
