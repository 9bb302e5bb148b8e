"""What a worker does: read the texts of a part from the container, and label them."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import get_worker

from tui_labeler import __version__
from tui_labeler.domain.jobs import Answer, DocumentFailure
from tui_labeler.engine.adapters.blob.addresses import is_url
from tui_labeler.engine.adapters.estimators.models import load_model
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.autolabelers.trained import TrainedAutolabeler
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.errors import LabelerError, OutsideError, UnreachableError
from tui_labeler.engine.models.models import TodaysModel
from tui_labeler.engine.ports.cluster import Unread
from tui_labeler.engine.runs.autolabeling import NOT_IN_CONTAINER, read_task

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.estimators.models import ClassModel, EntityModel
    from tui_labeler.engine.documents.decoding import Decoded
    from tui_labeler.engine.ports import Container
    from tui_labeler.engine.ports.cluster import Order

READS = 8
"""Texts of a part that are fetched at the same time."""

_held: dict[str, EntityModel | ClassModel] = {}
"""The model that this process holds, by its version."""
_holding = threading.Lock()


def version() -> str:
    """The program's version where this runs."""
    return __version__


@dataclass(frozen=True, slots=True)
class Labeled:
    """What a worker has made of a part."""

    number: int
    """The part's."""
    address: str
    """The worker's, as its scheduler knows it."""
    host: str
    results: tuple[Answer | DocumentFailure, ...] = ()
    missed: tuple[Unread, ...] = ()
    """Documents that are not in the container, as far as the worker sees."""
    refusal: str = ""
    """Why it could not begin; empty where it could."""
    hint: str = ""

    @property
    def worker(self) -> str:
        """Which one it is, in words."""
        return f"{self.address} ({self.host})"

    def as_error(self) -> OutsideError:
        """Why nothing came of the part."""
        return OutsideError(f"The worker {self.worker} can't do its part: {self.refusal}", hint=self.hint)

    def as_gone(self, unread: Unread) -> DocumentFailure:
        """It is nowhere."""
        return DocumentFailure(unread.document, unread.location, "gone", NOT_IN_CONTAINER)

    def as_missed(self, unread: Unread) -> DocumentFailure:
        """It is elsewhere, and not there."""
        return DocumentFailure(
            unread.document,
            unread.location,
            "not_seen",
            f"the worker {self.worker} does not see it in the container; check what is mounted there, or "
            "end that worker, then retry",
        )


def label_part(
    open_container: Callable[[str], Container], order: Order, number: int, part: Sequence[Unread]
) -> Labeled:
    """What became of each document of a part, or why nothing did."""
    done = Labeled(number, get_worker().address, socket.gethostname())
    try:
        results, missed = asyncio.run(_label_part(open_container, order, part))
    except LabelerError as error:
        return replace(done, refusal=error.message, hint=_hint(order, error))
    return replace(done, results=tuple(results), missed=tuple(missed))


def _hint(order: Order, error: LabelerError) -> str:
    """What is to be done there, in the words of somebody who sits elsewhere."""
    if isinstance(error, UnreachableError) and not is_url(order.container):
        return f"Mount {order.container} on that machine under the same path, or end that worker."
    there = f"There, not here: {error.hint} " if error.hint else ""
    return f"{there}Mend it on that machine, or end that worker."


async def _label_part(
    open_container: Callable[[str], Container], order: Order, part: Sequence[Unread]
) -> tuple[list[Answer | DocumentFailure], list[Unread]]:
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
    failures = [item for item in found if isinstance(item, DocumentFailure)]
    gone = {item.document for item in failures if item.error == "gone"}
    results: list[Answer | DocumentFailure] = [item for item in failures if item.document not in gone]
    tasks = _one_by_one([item for item in found if isinstance(item, Task)])
    async for batch in TrainedAutolabeler(TodaysModel(model, order.ids)).label(tasks):
        results += batch
    return results, [unread for unread in part if unread.document in gone]


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
