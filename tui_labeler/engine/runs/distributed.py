"""An autolabeling job whose documents are labeled on other machines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

from tui_labeler.engine.autolabelers.trained import BATCH_CHARACTERS, BATCH_DOCUMENTS
from tui_labeler.engine.runs.autolabeling import LabelingRun

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Answer, DocumentFailure
    from tui_labeler.engine.ports import Container, JobJournal, ProjectStore
    from tui_labeler.engine.ports.cluster import Cluster, Order, Unread


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
        return self._cluster.label(self._order, self._parts())

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
