"""The order of the wizard's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import Job
from tui_labeler.screens.wizard.categories import CategoriesStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.method import MethodStep
from tui_labeler.screens.wizard.model import ModelStep
from tui_labeler.screens.wizard.start import StartStep
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.app import App

    from tui_labeler.engine.session import ProjectSession

STEPS: tuple[type[Step], ...] = (MethodStep, ModelStep, CategoriesStep, DocumentsStep, StartStep)


async def autolabel(app: App[Any], session: ProjectSession) -> Job | None:
    """Asks for all that an autolabeling job needs and starts it; ``None`` when the person left.

    Runs in a worker. Going back from the first step leaves the wizard.
    """
    choices = Choices()
    number = 0
    while number >= 0:
        step = STEPS[number](session, choices)
        # One step follows the other without what lies beneath being drawn in between.
        with app.batch_update():
            answered = app.push_screen(step, wait_for_dismiss=True)
            await step.ready.wait()
        answer = await answered
        if isinstance(answer, Job):
            return answer
        choices = step.choices
        number += -1 if answer is None else 1
    return None
