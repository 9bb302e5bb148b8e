"""What a worker does: read the texts of a part from the container, and label them."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_labeler import __version__
from tui_labeler.domain.jobs import Answer, DocumentFailure
from tui_labeler.engine.adapters.estimators.models import load_model
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.autolabelers.trained import TrainedAutolabeler
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.models.models import TodaysModel
from tui_labeler.engine.runs.autolabeling import read_task

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.estimators.models import ClassModel, EntityModel
    from tui_labeler.engine.documents.decoding import Decoded
    from tui_labeler.engine.ports import Container
    from tui_labeler.engine.ports.cluster import Order, Unread

READS = 8
"""Texts of a part that are fetched at the same time."""

_held: dict[str, EntityModel | ClassModel] = {}
"""The model that this process holds, by its version."""
_holding = threading.Lock()


def version() -> str:
    """The program's version where this runs."""
    return __version__


def label_part(
    open_container: Callable[[str], Container], order: Order, number: int, part: Sequence[Unread]
) -> tuple[int, list[Answer | DocumentFailure]]:
    """The number of a part, and what became of each of its documents.

    Raises ``OutsideError`` when the container can't be reached from here.
    """
    return number, asyncio.run(_label_part(open_container, order, part))


async def _label_part(
    open_container: Callable[[str], Container], order: Order, part: Sequence[Unread]
) -> list[Answer | DocumentFailure]:
    model = await asyncio.to_thread(_model, order)
    container = open_container(order.container)
    try:
        at_once = asyncio.Semaphore(READS)

        async def text(unread: Unread) -> Decoded:
            async with at_once:
                return decode(await container.read(unread.location))

        found = await asyncio.gather(*(read_task(unread, text(unread)) for unread in part))
    finally:
        await container.close()
    results: list[Answer | DocumentFailure] = [item for item in found if isinstance(item, DocumentFailure)]
    tasks = _one_by_one([item for item in found if isinstance(item, Task)])
    async for batch in TrainedAutolabeler(TodaysModel(model, order.ids)).label(tasks):
        results += batch
    return results


async def _one_by_one(tasks: Sequence[Task]) -> AsyncIterator[Task]:
    for task in tasks:
        yield task


def _model(order: Order) -> EntityModel | ClassModel:
    """The model of an order, read once a process. Its files are data: what is no model is refused."""
    with _holding:
        if order.version not in _held:
            with tempfile.TemporaryDirectory(prefix="tui-labeler-model-") as folder:
                for name, data in order.model.items():
                    (Path(folder) / Path(name).name).write_bytes(data)
                model = load_model(folder, cores=1)
            _held.clear()
            _held[order.version] = model
        return _held[order.version]
