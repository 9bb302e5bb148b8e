"""Labeling with a trained model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Answer, DocumentFailure, Proposal
from tui_labeler.domain.models import EMBEDDINGS

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.autolabeler import Task
    from tui_labeler.engine.ports import FittedModel

BATCH_DOCUMENTS = 64
BATCH_CHARACTERS = 64_000
"""About a second of work: what a kill has done in vain, and all that is in memory at once."""
EMBEDDED = 8
"""Embedding takes so many times as long, and more."""


class TrainedAutolabeler:
    """An :class:`~tui_labeler.engine.autolabelers.autolabeler.Autolabeler` over a model in memory."""

    def __init__(self, model: FittedModel) -> None:
        self._model = model

    async def label(self, tasks: AsyncIterator[Task]) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        share = EMBEDDED if EMBEDDINGS in self._model.features else 1
        most = BATCH_CHARACTERS // share
        batch: list[Task] = []
        size = 0
        async for task in tasks:
            batch.append(task)
            size += len(task.text)
            if len(batch) >= BATCH_DOCUMENTS or size >= most:
                yield await self._answers(batch)
                batch, size = [], 0
        if batch:
            yield await self._answers(batch)

    async def _answers(self, batch: Sequence[Task]) -> list[Answer | DocumentFailure]:
        found = await self._model.predict([task.text for task in batch])
        return [
            Answer(
                document=task.document,
                location=task.location,
                text_hash=task.text_hash,
                characters=len(task.text),
                proposals=tuple(Proposal(p.category, p.span, round(p.confidence, 4)) for p in predictions),
                version=self._model.version,
            )
            for task, predictions in zip(batch, found, strict=True)
        ]
