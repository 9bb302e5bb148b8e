"""Which rows of a table each token has: one number an entry, where a sparse matrix of ones takes three.

The choices of a large training set are most of what training holds: millions of tokens with some thirty rows
each. They are kept once, in 32 bits; parts of them become matrices only while they are worked with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Ints = NDArray[np.int64]
    Number = TypeVar("Number", bound=np.generic)

NOTHING = -1
"""Stands for a neighbour that is not there and for a word that was never seen."""

BATCH = 200_000
"""Tokens that are worked with at a time."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The rows of some tokens; other tokens of the same corpus may share ``rows``."""

    rows: NDArray[np.int32]
    """Of one token after the other."""
    starts: Ints
    """Where each token's begin in ``rows``."""
    sizes: Ints
    """How many each token has."""
    width: int
    """Rows of the table."""

    @classmethod
    def of(cls, columns: Iterable[tuple[int, Ints]], tokens: int) -> Self:
        """Of columns with an entry a token: a row counted from the column's own first, or ``NOTHING``.

        With each comes how many rows of the table end with it: where there are none, the next column
        counts from the same row.
        """
        grid: list[NDArray[np.int32]] = []
        first = 0
        for count, found in columns:
            grid.append(np.where(found == NOTHING, NOTHING, first + found).astype(np.int32))
            first += count
        sizes = np.zeros(tokens, dtype=np.int64)
        for column in grid:
            sizes += column != NOTHING
        starts = np.cumsum(sizes) - sizes
        rows = np.empty(int(sizes.sum()), dtype=np.int32)
        at = starts.copy()
        while grid:
            column = grid.pop(0)
            known = column != NOTHING
            rows[at[known]] = column[known]
            at += known
        return cls(rows, starts, sizes, first)

    def __len__(self) -> int:
        return len(self.starts)

    def select(self, tokens: Ints | NDArray[np.bool_] | slice) -> Choices:
        """Those of some tokens, by number, mask or slice; ``rows`` are not copied."""
        return Choices(self.rows, self.starts[tokens], self.sizes[tokens], self.width)

    def parts(self) -> Iterator[tuple[slice, Choices]]:
        """All tokens, a batch at a time, with their places."""
        for first in range(0, len(self), BATCH):
            piece = slice(first, first + BATCH)
            yield piece, self.select(piece)

    def matrix(self, ones: NDArray[Number]) -> sparse.csr_array:
        """A one for every row that a token has, shape (tokens, ``width``).

        The matrix holds a view of ``ones``, which has at least as many entries as these tokens have rows.
        """
        pointers = np.concatenate([[0], np.cumsum(self.sizes)])
        entries = int(pointers[-1])
        places = np.repeat(self.starts - pointers[:-1], self.sizes) + np.arange(entries)
        return sparse.csr_array(
            (ones[:entries], self.rows[places], pointers.astype(np.int32)), shape=(len(self), self.width)
        )
