"""Krippendorff's alpha, with the extra ``agreement``."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import Any

from tui_labeler.engine.errors import RefusedError

MOST = 5_000_000
"""Numbers in one of the library's matrices: it makes three of about 40 MB then."""


class KrippendorffReliability:
    """A :class:`~tui_labeler.engine.ports.Reliability` over the package krippendorff.

    The package makes a matrix of all pairs of values for each unit. Units that were given one value twice are
    handed over as a single unit that so many readers gave it: the coincidences of such units add up to the
    same, so that only units with two different values take room.
    """

    most = MOST

    async def alpha(self, values: Mapping[tuple[str, str], int]) -> float | None:
        try:
            # Loaded by name: the extra need not be installed where types are checked.
            library: Any = importlib.import_module("krippendorff")
        except ModuleNotFoundError:
            raise RefusedError(
                "Krippendorff's alpha needs the package krippendorff.",
                hint="Install tui-labeler with the extra agreement.",
            ) from None
        return await asyncio.to_thread(_alpha, library, dict(values))


def _alpha(library: Any, values: Mapping[tuple[str, str], int]) -> float | None:
    import numpy as np

    names = sorted({name for pair in values for name in pair})
    if len(names) < 2:
        return None
    places = {name: number for number, name in enumerate(names)}
    same = np.zeros((len(names), len(names)), dtype=np.int64)
    rows, counts = [], []
    for (one, other), count in values.items():
        if one == other:
            same[places[one], places[one]] = 2 * count
        else:
            row = np.zeros(len(names), dtype=np.int64)
            row[[places[one], places[other]]] = 1
            rows.append(row)
            counts.append(count)
    differing = np.repeat(np.array(rows, dtype=np.int64).reshape(-1, len(names)), counts, axis=0)
    matrix = np.concatenate([same, differing])
    return float(library.alpha(value_counts=matrix, level_of_measurement="nominal"))
