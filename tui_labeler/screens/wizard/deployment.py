"""Second step for GPT: which deployment on which resource."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tui_labeler.engine.deployments.endpoints import host
from tui_labeler.engine.wording import counted
from tui_labeler.screens.resources.resources import ChosenDeployment, DeploymentPane
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.widget import Widget


class DeploymentStep(Step):
    """Lists the deployments; one that was never tried has to be tried before it is taken."""

    HELP: ClassVar[str] = """\
## Autolabel, step 2: deployment

The deployments of your resources: whether their answers can be held to a schema, whether they tell
log-probabilities (then suggestions have a confidence), how fast they are and what a million tokens cost.
Below, all there is to say of the one at the cursor.

`t` tries it with a few tiny requests, none of your texts among them, `a` adds a resource or a deployment, `e`
sets prices and context, `D` removes the resource. `enter` takes the one at the cursor. One that was never
tried has to be tried first: what it can do decides how it is asked.
"""

    called = "Deployment"

    def body(self) -> Iterable[Widget]:
        chosen = ChosenDeployment(self.choices.resource, self.choices.deployment)
        yield DeploymentPane(self.resources, chosen=chosen if chosen.resource else None)

    def on_deployment_pane_said(self, event: DeploymentPane.Said) -> None:
        self.say(event.words)

    def on_deployment_pane_listed(self, event: DeploymentPane.Listed) -> None:
        self.say_right(counted(event.count, "deployment"))

    def on_deployment_pane_highlighted(self, event: DeploymentPane.Highlighted) -> None:
        self.choices = self.collect()
        self.say(self.obstacle())

    def on_deployment_pane_chosen(self, event: DeploymentPane.Chosen) -> None:
        self.action_go_on()

    def collect(self) -> Choices:
        current = self.query_one(DeploymentPane).current
        if current is None:
            return self.choices
        resource, deployment = current
        return replace(self.choices, resource=resource.name, deployment=deployment.name)

    def obstacle(self) -> str:
        """Nothing is sent to find out what a deployment can do unless a person says so."""
        current = self.query_one(DeploymentPane).current
        if current is None:
            return "There is no deployment to choose: a adds one."
        resource, deployment = current
        if deployment.capabilities is None:
            where = host(resource.endpoint)
            return f"t tries {deployment.name} first: tiny requests, none of your texts, to {where}"
        return ""

    def shorter(self, words: str) -> Sequence[str]:
        """Without the host, which the page above the line names, and then without the deployment."""
        current = self.query_one(DeploymentPane).current
        if current is None or words != self.obstacle():
            return ()
        tries = "tiny requests, none of your texts"
        return f"t tries {current[1].name} first: {tries}", f"t tries it first: {tries}", f"t: {tries}"
