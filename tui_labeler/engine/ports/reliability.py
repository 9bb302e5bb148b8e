"""Figures of agreement that a library reckons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Reliability(Protocol):
    """Krippendorff's alpha."""

    most: int
    """How many units with two different values, times the number of values squared, it takes."""

    async def alpha(self, values: Mapping[tuple[str, str], int]) -> float | None:
        """Of nominal values: how many units were given which two. 1 is full agreement, 0 what chance gives.

        ``None`` where fewer than two values occur. Raises ``RefusedError`` where the library is not
        installed.
        """
