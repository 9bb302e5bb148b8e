"""Trained models by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine import limits
from tui_labeler.engine.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from tui_labeler.domain.models import ModelCard
    from tui_labeler.engine.ports import ModelStore


def check_model_name(name: str) -> None:
    """Raises ``InputError`` for a name that can't be a model's: it names a folder too."""
    warnings = limits.project_name(name)
    if warnings or name.startswith(".") or not name:
        raise InputError(
            f"{name!r} is no name for a model." + "".join(f" {warning}" for warning in warnings),
            hint="Use up to 50 letters, digits, `_`, `-` and `.`, not starting with a point.",
        )


async def find_model(models: ModelStore, name: str) -> ModelCard:
    """The card of a model. Raises ``NotFoundError`` naming those there are."""
    cards = {card.name: card for card in await models.list()}
    if name not in cards:
        there = ", ".join(cards) or "none yet; train one first"
        raise NotFoundError(f"There is no model named {name!r}.", hint=f"Models of the project: {there}.")
    return cards[name]
