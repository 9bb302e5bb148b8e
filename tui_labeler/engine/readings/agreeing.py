"""How far two readers of the same documents agree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Agreement, agreement
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.reliability import UNITS, Sides, cohens_kappa, of_class, values_of
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.readings.two_readings import Compared, TwoReadings

if TYPE_CHECKING:
    from tui_labeler.domain.reliability import Values
    from tui_labeler.engine.ports import ProjectStore, Reliability
    from tui_labeler.engine.readings.readings import Readings


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha, and what it rests on."""

    value: float | None
    """``None`` where fewer than two values occur, or the library is not there."""
    unit: str
    """What a unit is: see :mod:`tui_labeler.domain.reliability`."""
    units: int
    every: int = 1
    """Every so many-th unit was taken; more than one only where there are very many that differ."""
    problem: str = ""
    """Why the library did not reckon it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Agreement over some documents."""

    agreement: Agreement
    kappa: float | None
    """Cohen's kappa: of one class a document, or of whether each class was given; ``None`` for entities, and
    over more than one pair of readers."""
    alpha: Alpha
    kappas: Mapping[str, float | None] = field(default_factory=dict)
    """Of classes, by id: each against all others; as ``kappa`` otherwise."""


@dataclass(frozen=True, slots=True)
class PairFigures:
    """The same of one pair of readers."""

    readers: tuple[str, str]
    figures: Figures


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far the readers of a project agree."""

    compared: Compared
    figures: Figures
    pairs: tuple[PairFigures, ...]
    """By names."""


class Agreeing:
    """Reckons the figures; nothing of a document counts before both readers are done with it."""

    def __init__(
        self, store: ProjectStore, readings: Readings, reliability: Reliability | None = None
    ) -> None:
        self._store = store
        self._readings = readings
        self._reliability = reliability

    async def result(self) -> Agreed:
        """Of all documents that two readers are done with."""
        compared = self._readings.compared()
        by_pair: dict[tuple[str, str], list[TwoReadings]] = {}
        for document in compared.documents:
            by_pair.setdefault(document.readers, []).append(document)
        pairs = tuple(
            [PairFigures(readers, await self._figures(by_pair[readers])) for readers in sorted(by_pair)]
        )
        if len(pairs) == 1:
            return Agreed(compared, pairs[0].figures, pairs)
        return Agreed(compared, await self._figures(compared.documents, one_pair=False), pairs)

    async def _figures(self, documents: Sequence[TwoReadings], *, one_pair: bool = True) -> Figures:
        kind = self._store.state.project.kind
        sides = [Sides(item.first, item.second, item.characters) for item in documents]
        categories = list(self._store.state.categories)
        found = agreement(kind, (item.lines for item in documents))
        values = await asyncio.to_thread(values_of, kind, sides, categories)
        alpha = await self._alpha(kind, sides, categories, values)
        if not kind.is_classification or not one_pair:
            return Figures(found, None, alpha)
        kappas = {key: cohens_kappa(of_class(sides, key)) for key in categories}
        return Figures(found, cohens_kappa(values), alpha, kappas)

    async def _alpha(
        self, kind: ProjectKind, sides: Sequence[Sides], categories: Sequence[str], values: Values
    ) -> Alpha:
        unit = UNITS[kind]
        if self._reliability is None:
            return Alpha(None, unit, values.total())
        differing = sum(count for (one, other), count in values.items() if one != other)
        names = {name for pair in values for name in pair}
        every = 1
        if kind is ProjectKind.ENTITIES:
            every = max(1, -(-differing * len(names) ** 2 // self._reliability.most))
            if every > 1:
                values = await asyncio.to_thread(values_of, kind, sides, categories, every=every)
        try:
            return Alpha(await self._reliability.alpha(values), unit, values.total(), every)
        except RefusedError as error:
            return Alpha(None, unit, values.total(), every, f"{error.message} {error.hint}")
