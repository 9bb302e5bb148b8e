"""Trained models by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine import limits
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_labeler.domain.jobs import JobRequest
    from tui_labeler.domain.models import ModelCard
    from tui_labeler.domain.projects import Category
    from tui_labeler.engine.ports import FittedModel, ModelStore, Prediction

MODEL_VERSION = "model_version"
"""Among a job's options: the version of the model that it began with."""


def check_model_name(name: str) -> None:
    """Raises ``InputError`` for a name that can't be a model's: it names a folder too."""
    warnings = limits.model_name(name)
    if warnings or name.startswith(".") or not name:
        raise InputError(
            f"{name!r} is no name for a model" + "".join(f"; {warning}" for warning in warnings) + ".",
            hint="Use up to 50 letters, digits, `_`, `-` and `.`, not starting with a point.",
        )


async def find_model(models: ModelStore, name: str) -> ModelCard:
    """The card of a model. Raises ``NotFoundError`` naming those there are, or why it can't be read."""
    cards = {card.name: card for card in await models.list()}
    if name not in cards:
        for broken, error in await models.broken():
            if broken == name:
                raise error
        there = ", ".join(cards) or "none yet; train one first"
        raise NotFoundError(f"There is no model named {name!r}.", hint=f"Models of the project: {there}.")
    return cards[name]


def check_same_model(request: JobRequest, card: ModelCard) -> None:
    """Raises ``RefusedError`` where the model is not the one that a job was started with.

    Requests that name no version go with any.
    """
    if request.options.get(MODEL_VERSION, card.version) != card.version:
        raise RefusedError(
            f"The model {card.name!r} has been trained anew since job {request.id} began with it: the job's "
            "suggestions would be of two models.",
            hint="Start another job for the documents that are left, those without labels.",
        )


def todays_ids(card: ModelCard, categories: Mapping[str, Category]) -> dict[str, str]:
    """The project's category of today for each one that a model may name.

    One that was deleted and made anew under the same name counts as the same: that is what people mean.
    """
    by_name = {category.name: key for key, category in categories.items()}
    renewed = {key: by_name[name] for key, name in card.categories.items() if name in by_name}
    return {**renewed, **{key: key for key in categories}}


def learned_ids(card: ModelCard, categories: Mapping[str, Category]) -> dict[str, str]:
    """The model's own id for each category of the project that it can suggest.

    A model that does not say what it learned may suggest any.
    """
    if not card.categories:
        return {key: key for key in categories}
    today = todays_ids(card, categories)
    return {today[key]: key for key in card.categories if key in today}


class TodaysModel:
    """A :class:`~tui_labeler.engine.ports.FittedModel` that speaks of the project's categories of today."""

    def __init__(self, model: FittedModel, ids: Mapping[str, str]) -> None:
        self._model = model
        self._ids = ids

    @property
    def version(self) -> str:
        return self._model.version

    @property
    def features(self) -> tuple[str, ...]:
        return self._model.features

    async def predict(self, texts: Sequence[str]) -> list[list[Prediction]]:
        """What the model says, without categories that are gone."""
        return [
            [
                found._replace(category=self._ids[found.category])
                for found in row
                if found.category in self._ids
            ]
            for row in await self._model.predict(texts)
        ]

    def save(self, folder: str) -> None:
        self._model.save(folder)
