"""What a person may say of a job for a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tui_labeler.domain.resources import Prices
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.typed import convert

AT_ONCE = 8
"""Documents under way at once, unless a person says otherwise."""

SHOTS = 8
"""Examples in a prompt at most."""


@dataclass(frozen=True, slots=True)
class GptOptions:
    """Kept in the job's request."""

    at_once: int = AT_ONCE
    budget_usd: float | None = None
    budget_tokens: int | None = None
    shots: int = SHOTS
    """Labeled passages of the project shown as examples, at most; 0: none."""
    samples: int = 1
    """Answers to each question; two make a confidence of their agreement, at twice the price."""
    batch: bool = False
    """Through the batch API: half the price, within 24 hours."""
    confidence: tuple[tuple[float, float], ...] = ()
    """What confidences of this method have been worth; see
    :class:`~tui_labeler.engine.autolabelers.confidence.ConfidenceMap`."""

    def __post_init__(self) -> None:
        if not 1 <= self.at_once <= 256:
            raise InputError(f"{self.at_once} documents at once can't be.", hint="Choose 1 to 256.")
        if self.budget_usd is not None and not self.budget_usd > 0:
            raise InputError("A budget is more than nothing.", hint="Give it in USD, for instance 2.50.")
        if self.budget_tokens is not None and self.budget_tokens < 1:
            raise InputError("A budget of tokens is more than nothing.", hint="For instance 100000.")
        if not 0 <= self.shots <= 50 or not 1 <= self.samples <= 5:
            raise InputError("0 to 50 examples, 1 to 5 answers to a question.", hint="Choose fewer.")

    def as_options(self) -> dict[str, Any]:
        """For a job's request."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> GptOptions:
        """Those of a job's request. Raises ``InputError`` for what can't be."""
        known = {name: options[name] for name in cls.__slots__ if name in options}
        try:
            return convert(known, cls)
        except msgspec.ValidationError as error:
            raise InputError(f"The job's options can't be read: {error}") from error


def check_budget(options: GptOptions, prices: Prices | None) -> None:
    """Raises ``InputError`` for a budget that can't be kept: money that nobody counts sets no limit."""
    if options.budget_usd is not None and prices is None:
        raise InputError(
            "No price is known for this deployment, so a budget in USD can't be kept.",
            hint="Give a budget in tokens, or the deployment a price.",
        )
