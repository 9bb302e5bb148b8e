"""What models cost: the table that comes along, a person's own, and the prices of one deployment.

A table of our own, since the packages that hold prices load a validation library and an HTTP client of
their own for it, and can be corrected only in program text. Its figures were compared with theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.resources import Prices
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.engine.toml_files import parse_toml, read_toml
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.domain.resources import Deployment

FILE = "prices.toml"
"""Of the table that comes along, and of a person's own in the home folder."""

BATCH = 0.5
"""What the batch API asks for, of the price. Source: Azure OpenAI and OpenAI, price lists."""

_HINT = "docs/settings.md shows what it may hold."

STALE_DAYS = 180
"""After which a table deserves a look."""


class _Row(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    input: float
    output: float
    cached: float | None = None


class _Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    models: dict[str, _Row]
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by the name of the model."""

    models: Mapping[str, Prices]
    as_of: str = ""
    """The date of the table that comes along."""
    own: frozenset[str] = frozenset()
    """Models whose price a person's own table gives."""

    def find(self, model: str) -> Prices | None:
        """By the name that a server gives its model; ``None`` where no price is known.

        ``gpt-4o-2024-08-06`` is ``gpt-4o``, but ``gpt-4o-audio-preview`` is not: a wrong price is worse than
        none.
        """
        name = model.strip().lower()
        if name in self.models:
            return self.models[name]
        return self.models.get(_plain(name))


_DATED = re.compile(r"-(?:20\d\d-\d\d-\d\d|20\d\d\d\d\d\d|\d{4}|latest)$")


def _plain(name: str) -> str:
    """A model's name without maker and date."""
    name = _DATED.sub("", name.removeprefix("openai/").removeprefix("azure/"))
    return name.replace("gpt-35-", "gpt-3.5-", 1)


def read_prices(home: Path) -> PriceTable:
    """The table that comes along, with a person's own before it.

    Raises ``InputError`` naming the field for a table of theirs that is not right, ``StorageError`` for one
    that can't be read.
    """
    text = files(__package__ or "").joinpath(FILE).read_text(encoding="utf-8")
    shipped = _checked(parse_toml(text, FILE, _HINT), FILE)
    as_of = shipped.as_of.isoformat() if shipped.as_of else ""
    own = _own(home / FILE)
    own_date = own.as_of.isoformat() if own.as_of else ""
    models = {name.lower(): _prices(row, as_of) for name, row in shipped.models.items()}
    models |= {name.lower(): _prices(row, own_date) for name, row in own.models.items()}
    return PriceTable(models, as_of, frozenset(name.lower() for name in own.models))


def _own(path: Path) -> _Table:
    try:
        table = read_toml(path, _HINT)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="Make it readable, or remove it.") from error
    return _Table({}) if table is None else _checked(table, str(path))


def _checked(given: dict[str, Any], name: str) -> _Table:
    try:
        table = convert(given, _Table)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {error}", hint=_HINT) from error
    for model, row in table.models.items():
        for field in ("input", "output", "cached"):
            price = getattr(row, field)
            if price is not None and not (price >= 0 and math.isfinite(price)):
                raise InputError(f"{name}: {field} of {model!r} is {price}, which is no price.", hint=_HINT)
    return table


def _prices(row: _Row, as_of: str) -> Prices:
    return Prices(row.input, row.output, row.cached, as_of)


def deployment_prices(deployment: Deployment, table: PriceTable, *, batch: bool = False) -> Prices | None:
    """What a deployment costs: what a person said of it, else its model's price; ``None`` if unknown.

    The model is what the server says it is; only where it was never asked, the name of the deployment, which
    is a guess on Azure. ``batch``: through the batch API.
    """
    named = deployment.capabilities.model if deployment.capabilities else ""
    found = deployment.prices or table.find(named or deployment.name)
    return batch_prices(found) if batch and found is not None else found


def batch_prices(prices: Prices) -> Prices:
    """Half of them; what the server had in its cache costs what it does otherwise, and half at most."""
    cached = None if prices.cached is None else min(prices.cached, prices.input * BATCH)
    return replace(prices, input=prices.input * BATCH, output=prices.output * BATCH, cached=cached)


def is_stale(table: PriceTable, today: str) -> bool:
    """Whether the table that comes along is older than half a year. ``today``: ISO 8601."""
    if not table.as_of:
        return True
    return (date.fromisoformat(today[:10]) - date.fromisoformat(table.as_of)).days > STALE_DAYS
