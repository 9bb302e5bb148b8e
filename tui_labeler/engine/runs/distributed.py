"""An autolabeling job whose documents are labeled on other machines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

from tui_labeler.engine.autolabelers.trained import BATCH_CHARACTERS, BATCH_DOCUMENTS
from tui_labeler.engine.errors import ContainerError, NotFoundError
from tui_labeler.engine.runs.autolabeling import LabelingRun

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Answer, DocumentFailure
    from tui_labeler.engine.ports import Container, JobJournal, ProjectStore
    from tui_labeler.engine.ports.cluster import Cluster, Order, Unread

NO_WORKER = "waiting: the cluster has no worker at this moment"


class DistributedRun(LabelingRun):
    """Workers read the texts and label them.

    Answers are kept and applied here, part by part as they come: what other machines lose is asked for again,
    and what was answered is not.
    """

    def __init__(
        self, store: ProjectStore, container: Container, journal: JobJournal, cluster: Cluster, order: Order
    ) -> None:
        super().__init__(store, container, journal)
        self._cluster = cluster
        self._order = order

    def _labeled(self) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        return self._cluster.label(self._order, self._parts(), self)

    async def at_work(self, slots: int, left_out: Sequence[str]) -> None:
        """Says who works, or that the job waits for somebody."""
        words = f"labeling on a cluster, {slots} at a time" if slots else NO_WORKER
        if left_out:
            words += f"; without {', '.join(left_out)}, where documents are not seen"
        await self._journal.stage(words, 0, 0)

    async def is_gone(self, unread: Unread) -> bool:
        """Looked up in the container itself: what is kept here of it tells nothing."""
        try:
            await self._container.fetch(unread.location)
        except NotFoundError:
            return True
        except ContainerError:
            # Whoever can't look can't tell.
            return False
        return False

    def _parts(self) -> Iterator[list[Unread]]:
        """About a second of work each."""
        part: list[Unread] = []
        size = 0
        for unread in self._waiting():
            part.append(unread)
            size += self._store.state.rows[unread.document].characters
            if len(part) >= BATCH_DOCUMENTS or size >= BATCH_CHARACTERS:
                yield part
                part, size = [], 0
        if part:
            yield part
