"""The screens of an open project beside its texts: which key's wish opens which, and where it leads to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.screens.appearance import Appearance, Remember
from tui_labeler.screens.base import reporting
from tui_labeler.screens.labeling.labeling import LabelingScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench
    from tui_labeler.screens.following import Follower
    from tui_labeler.screens.places import Place


class ProjectScreens(Appearance, inherit_bindings=False):
    """The part of the application that shows them, each loaded when it is first asked for."""

    follower: Follower

    def __init__(self, workbench: Workbench, palette: str, remember: Remember | None) -> None:
        super().__init__(palette, remember)
        self.workbench = workbench

    def on_labeling_screen_wanted(self, event: LabelingScreen.Wanted) -> None:
        """The screens of a project load when they are first asked for."""
        open_screen: dict[str, Callable[[ProjectSession], object]] = {
            "start_wizard": partial(self.start_wizard, documents=event.documents),
            "show_jobs": self.show_jobs,
            "show_training": self.show_training,
            "show_models": self.show_models,
            "show_resources": self.show_resources,
            "show_adjudication": self.show_adjudication,
            "show_handover": self.show_handover,
        }
        open_screen[event.what](event.session)

    @work(exclusive=True, group="project")
    @reporting
    async def start_wizard(self, session: ProjectSession, documents: frozenset[int] = frozenset()) -> None:
        """Asks for an autolabeling job, of ``documents`` unless others are chosen there; once it has
        started, the jobs are shown."""
        from tui_labeler.screens.wizard.flow import autolabel

        job = await autolabel(self, session, self.workbench.resources, documents)
        if job is not None:
            self.show_jobs(session, job.id)

    @work(exclusive=True, group="project")
    @reporting
    async def show_jobs(
        self, session: ProjectSession, job: str | None = None, back_from: Place | None = None
    ) -> None:
        """Shows the jobs; a review of what came of one may follow, or a place where two differ, and from
        there the way ``back_from`` it."""
        from tui_labeler.screens.jobs.jobs import JobsScreen

        reviewed = await self.push_screen_wait(JobsScreen(session, self.workbench.resources, job, back_from))
        if reviewed is None or not isinstance(self.screen, LabelingScreen):
            return
        if isinstance(reviewed, str):
            self.screen.start_review(job=reviewed)
        else:
            compared = reviewed.chosen_in
            way_back = None
            if compared is not None:
                way_back = partial(self.show_jobs, session, compared.second.id, reviewed)
            self.screen.show_place(reviewed.document, reviewed.span, way_back)

    @work(exclusive=True, group="project")
    async def show_training(self, session: ProjectSession) -> None:
        """Trains a model, with the person's choices."""
        from tui_labeler.screens.models.training import TrainingScreen

        await self.push_screen_wait(TrainingScreen(session))

    @work(exclusive=True, group="project")
    async def show_models(self, session: ProjectSession) -> None:
        """Shows the trained models and how well they do."""
        from tui_labeler.screens.models.models import ModelsScreen

        await self.push_screen_wait(ModelsScreen(session))

    @work(exclusive=True, group="project")
    async def show_resources(self, session: ProjectSession) -> None:
        """Shows the servers with language models; they are the same for all projects."""
        from tui_labeler.screens.resources.resources import ResourcesScreen

        await self.push_screen_wait(ResourcesScreen(self.workbench.resources))

    @work(exclusive=True, group="project")
    async def show_adjudication(self, session: ProjectSession) -> None:
        """Settles what two readers have labeled; a person may want to see a place in its document."""
        from tui_labeler.screens.readings.adjudication import AdjudicationScreen

        first = self.screen.shown if isinstance(self.screen, LabelingScreen) else None
        place = await self.push_screen_wait(AdjudicationScreen(session, self.follower, first))
        if place is not None and isinstance(self.screen, LabelingScreen):
            self.screen.show_place(place.document, place.span)

    @work(exclusive=True, group="project")
    @reporting
    async def show_handover(self, session: ProjectSession) -> None:
        """Hands labeling over to Azure Machine Learning, or takes it back."""
        from tui_labeler.screens.handover.handover import HandoverScreen

        if session.handover is not None:
            await self.push_screen_wait(HandoverScreen(session, session.handover))
