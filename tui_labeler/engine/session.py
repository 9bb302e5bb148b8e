"""An open project: its use cases around one store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Category, Project
from tui_labeler.engine.categories import Categories
from tui_labeler.engine.documents.documents import Documents
from tui_labeler.engine.documents.looking_again import LookingAgain
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.handover.handing_over import HandingOver
from tui_labeler.engine.history.history import History
from tui_labeler.engine.jobs.jobs import Jobs
from tui_labeler.engine.jobs.training import Training
from tui_labeler.engine.label_files import LabelFiles
from tui_labeler.engine.labeling.labeling import Labeling
from tui_labeler.engine.ports.watching import Holder
from tui_labeler.engine.readings.agreeing import Agreeing
from tui_labeler.engine.readings.readings import Readings
from tui_labeler.engine.reviewing.blind import Blind
from tui_labeler.engine.reviewing.placing_by_hand import PlacingByHand
from tui_labeler.engine.reviewing.review import Review
from tui_labeler.engine.sharing.sharing import Sharing
from tui_labeler.engine.takes.shelf_takes import ShelfTakes
from tui_labeler.engine.takes.taking import Taking

if TYPE_CHECKING:
    from tui_labeler.engine.ports import (
        Container,
        JobStore,
        Launcher,
        ModelStore,
        ProjectStore,
        QuotaStore,
        Reliability,
        Shelf,
        Surroundings,
        Surveyor,
        TakeStore,
        Transaction,
        WatchLock,
    )
    from tui_labeler.engine.ports.imports import BegunImports
    from tui_labeler.engine.ports.sharing import SyncBase


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """A project's figures, for lists and for ``show``."""

    project: Project
    categories: tuple[tuple[Category, int], ...]
    """Each with its number of labels."""
    states: Mapping[DocumentState, int]
    drafts: int

    @property
    def documents(self) -> int:
        return sum(self.states.values())


class ProjectSession:
    """One project, open: what screens and commands work with."""

    def __init__(
        self,
        store: ProjectStore,
        container: Container,
        jobs: JobStore,
        models: ModelStore,
        quota: QuotaStore,
        launcher: Launcher,
        surroundings: Surroundings,
        *,
        surveyor: Surveyor,
        immediate: bool = False,
        shelf: Shelf | None = None,
        base: SyncBase | None = None,
        watch_lock: WatchLock | None = None,
        reliability: Reliability | None = None,
        takes: TakeStore | None = None,
        imports: BegunImports | None = None,
    ) -> None:
        """``shelf`` and ``base`` are what sharing works with; there is none without them.
        ``reliability`` reckons Krippendorff's alpha."""
        self.store = store
        self.shelf = shelf
        self.watch_lock = watch_lock
        self.surveyor = surveyor
        self.surroundings = surroundings
        self.models = models
        self.quota = quota
        self.documents = Documents(store, container, surroundings)
        self.label_files = LabelFiles(store, self.documents, surroundings, imports)
        self.sharing = (
            Sharing(
                store,
                shelf,
                base,
                self.documents,
                self.label_files,
                surroundings,
                is_remote=container.is_remote,
            )
            if shelf is not None and base is not None
            else None
        )
        self.labeling = Labeling(store, surroundings, immediate=immediate, seen=self.documents.seen)
        self.review = Review(store, surroundings, self.labeling)
        self.looking_again = LookingAgain(store, self.labeling, self.documents)
        self.placing = PlacingByHand(store, surroundings, self.labeling)
        self.blind = Blind(store, jobs, surroundings)
        self.readings = Readings(store, surroundings)
        self.agreeing = Agreeing(store, self.readings, reliability)
        self.history = History(store, surroundings, self.sharing, self.documents)
        self.categories = Categories(store, surroundings, self.labeling)
        self.jobs = Jobs(store, jobs, models, quota, launcher, surroundings)
        self.handover = (
            HandingOver(
                store, shelf, self.sharing.ledger, self.sharing, self.label_files, self.jobs, surroundings
            )
            if shelf is not None and self.sharing is not None
            else None
        )
        self.training = Training(store, container, self.labeling, self.jobs, models, surroundings.actor)
        self.taking = None if takes is None else Taking(store, takes, surroundings, self._shelf_takes)
        store.news()

    def _shelf_takes(self) -> ShelfTakes | None:
        """Takes in the container, where labels are there too."""
        is_on = self.sharing is not None and self.sharing.is_on
        return ShelfTakes(self.shelf, self.project.id) if self.shelf is not None and is_on else None

    @property
    def project(self) -> Project:
        return self.store.state.project

    @property
    def rows(self) -> Mapping[int, DocumentRow]:
        """The short form of every document, by id."""
        return self.store.state.rows

    def holder(self, doing: str = "") -> Holder:
        """This process, as others are told of it."""
        around = self.surroundings
        return Holder(around.session, around.actor, around.host, around.pid, around.now(), doing)

    async def refresh(self) -> tuple[Transaction, ...]:
        """Takes in what other processes did, and returns it since the last call; cheap when there is nothing.

        What a decision of one's own took in on its way is there too.
        """
        await self.store.refresh()
        return self.store.news()

    def summary(self) -> ProjectSummary:
        """Figures as of the last refresh."""
        totals = self.store.state.totals
        counts = self.categories.counts()
        return ProjectSummary(
            project=self.project,
            categories=tuple(
                (category, counts[key].labels) for key, category in self.store.state.categories.items()
            ),
            states={state: totals.states[state] for state in DocumentState},
            drafts=totals.drafts.total(),
        )

    async def close(self) -> None:
        """A cancel waits until all is let go of."""
        try:
            if self.taking is not None:
                await self.taking.stop()
        finally:
            try:
                await finished(self.documents.container.close())
            finally:
                await finished(self.store.close())
