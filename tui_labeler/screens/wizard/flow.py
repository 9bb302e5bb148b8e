"""The order of the wizard's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import Job
from tui_labeler.screens.wizard.deployment import DeploymentStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.gpt_categories import GptCategoriesStep
from tui_labeler.screens.wizard.gpt_start import GptStartStep
from tui_labeler.screens.wizard.method import MethodStep
from tui_labeler.screens.wizard.model import ModelStep
from tui_labeler.screens.wizard.model_categories import ModelCategoriesStep
from tui_labeler.screens.wizard.model_start import ModelStartStep
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.app import App

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession

STEPS: dict[str, tuple[type[Step], ...]] = {
    "model": (MethodStep, ModelStep, ModelCategoriesStep, DocumentsStep, ModelStartStep),
    "gpt": (MethodStep, DeploymentStep, GptCategoriesStep, DocumentsStep, GptStartStep),
}
"""By method. The first step is the same, since it chooses among them."""


def make_step(number: int, session: ProjectSession, choices: Choices, resources: Resources) -> Step:
    """The chosen method's step ``number``, from 0, with the names of all of them."""
    kinds = STEPS[choices.method]
    step = kinds[number](session, choices, resources)
    step.stand_at(number + 1, [kind.called for kind in kinds])
    return step


async def autolabel(
    app: App[Any], session: ProjectSession, resources: Resources, documents: frozenset[int] = frozenset()
) -> Job | None:
    """Asks for all that an autolabeling job needs and starts it; ``None`` when the person left.

    ``documents`` (ids) are selected at the start. Runs in a worker. Going back from the first step leaves
    the wizard.
    """
    # What is selected has to be in view, whatever its state.
    choices = Choices(documents=documents, shown="all") if documents else Choices()
    number = 0
    while number >= 0:
        step = make_step(number, session, choices, resources)
        # One step follows the other without what lies beneath being drawn in between.
        with app.batch_update():
            answered = app.push_screen(step, wait_for_dismiss=True)
            await step.ready.wait()
        answer = await answered
        if isinstance(answer, Job):
            return answer
        choices = step.choices
        number = step.back_to - 1 if answer is None else number + 1
    return None
