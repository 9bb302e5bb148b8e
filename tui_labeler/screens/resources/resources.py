"""Resources and their deployments: listed, tried, added, removed; and chosen, where one is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from tui_labeler.domain.resources import Deployment, Prices, Resource
from tui_labeler.engine.deployments.endpoints import host
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.resources.forms import AddResourceScreen, NumbersScreen
from tui_labeler.screens.resources.text import about, deployment_heading, deployment_row
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.engine.ports import KeyState
    from tui_labeler.engine.resources.resources import Resources

NONE = "There is no resource yet: a adds one, a model's server."


class ChosenDeployment(NamedTuple):
    """A deployment, by its resource's name and its own."""

    resource: str
    deployment: str


def _key(chosen: ChosenDeployment) -> str:
    return "/".join(chosen)  # a resource's name has no slash


class DeploymentPane(Vertical):
    """The deployments of all resources, and all there is to say of the one at the cursor.

    For any screen: it reads by itself, and has the keys to try, add, price and remove. A screen that shows it
    takes the sheets ``sheets`` and ``resources``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", "Try", tooltip="Ask it something tiny; see what it can do", id="resources.test"),
        Binding("a", "add", "Add", tooltip="Add a resource or a deployment", id="resources.add"),
        Binding("e", "edit", "Prices", tooltip="Set prices, context and time-out", id="resources.edit"),
        Binding("D", "remove", "Remove", tooltip="Remove the resource", id="resources.remove"),
    ]

    class Said(Message):
        """Something to be shown in a line of the screen; empty when there is nothing any more."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Listed(Message):
        """The list was read. ``count`` deployments are in it."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class Highlighted(Message):
        """The cursor came to a deployment."""

        def __init__(self, resource: Resource, deployment: Deployment) -> None:
            super().__init__()
            self.resource = resource
            self.deployment = deployment

    class Chosen(Highlighted):
        """``enter`` on a deployment."""

    def __init__(self, resources: Resources, *, chosen: ChosenDeployment | None = None) -> None:
        super().__init__()
        self._resources = resources
        self._first = _key(chosen) if chosen else None
        self._found: dict[str, tuple[Resource, Deployment]] = {}
        self._keys: dict[str, KeyState] = {}
        self._prices: dict[str, Prices | None] = {}
        self._problems: dict[str, LabelerError] = {}
        self._trying = False

    def compose(self) -> ComposeResult:
        yield Picker(id="deployments")
        yield Sheet(id="about-deployment")

    def on_mount(self) -> None:
        self.query_one(Picker).focus()
        self.read()

    # --- what is shown ------------------------------------------------------------------------------

    @property
    def current(self) -> tuple[Resource, Deployment] | None:
        """The deployment at the cursor, with its resource."""
        return self._found.get(self.query_one(Picker).current or "")

    @work(exclusive=True, group="load")
    @reporting
    async def read(self, cursor: str | None = None) -> None:
        """Lists what is there now."""
        await self._read(cursor)

    async def _read(self, cursor: str | None = None) -> None:
        resources = await self._resources.list()
        self._keys = {item.name: await self._resources.key_state(item) for item in resources}
        self._found = {
            _key(ChosenDeployment(resource.name, item.name)): (resource, item)
            for resource in resources
            for item in resource.deployments
        }
        self._prices = {key: self._resources.prices(item) for key, (_, item) in self._found.items()}
        rows = [
            Choice(key, deployment_row(*pair, self._prices[key], failed=key in self._problems))
            for key, pair in self._found.items()
        ]
        wanted, self._first = cursor or self._first, None
        self.query_one(Picker).set_rows(rows, deployment_heading, cursor=wanted)
        self.post_message(self.Listed(len(rows)))
        self.post_message(self.Said("" if rows else NONE))
        self._show()

    def _show(self) -> None:
        current, sheet = self.current, self.query_one(Sheet)
        if current is None:
            sheet.show_page(lambda width, signs: ())
        else:
            resource, deployment = current
            key = _key(ChosenDeployment(resource.name, deployment.name))
            sign_in, prices = self._keys.get(resource.name), self._prices.get(key)
            sheet.show_page(about(resource, deployment, sign_in, prices, self._problems.get(key)))
        self.refresh_bindings()

    def on_picker_highlighted(self, event: Picker.Highlighted) -> None:
        event.stop()
        self._show()
        if event.key in self._found:
            self.post_message(self.Highlighted(*self._found[event.key]))

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        event.stop()
        if event.key in self._found:
            self.post_message(self.Chosen(*self._found[event.key]))

    # --- what can be done ---------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "test":
                return None if self._trying or not self._found else True
            case "edit" | "remove":
                return True if self._found else None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="try")
    async def action_test(self) -> None:
        """Leaving ends the try."""
        if self._trying or self.current is None:
            return
        resource, deployment = self.current
        key = _key(ChosenDeployment(resource.name, deployment.name))
        self._trying = True
        self._problems.pop(key, None)
        self.post_message(self.Said(f"Asking {deployment.name} at {host(resource.endpoint)}"))
        self.refresh_bindings()
        try:
            await self._resources.test(resource.name, deployment.name)
        except LabelerError as error:
            self._problems[key] = error
        finally:
            self._trying = False
        await self._read_again()

    @reporting
    async def _read_again(self) -> None:
        await self._read()

    @work(exclusive=True, group="ask")
    async def action_add(self) -> None:
        added = await self.app.push_screen_wait(AddResourceScreen(self._resources.add))
        if added is None:
            return
        if added.warnings:
            tell(self.app, "\n".join(added.warnings), title="Resource added", severity="warning")
        resource = added.resource
        self.read(_key(ChosenDeployment(resource.name, resource.deployments[-1].name)))

    @work(exclusive=True, group="ask")
    @reporting
    async def action_edit(self) -> None:
        if self.current is None:
            return
        resource, deployment = self.current
        given = await self.app.push_screen_wait(NumbersScreen(deployment))
        if given is not None:
            prices, context, timeout = given
            await self._resources.set_deployments(
                resource.name,
                deployment.name,
                prices=prices,
                context=context,
                timeout=timeout,
                anew=True,
            )
            self.read()

    @work(exclusive=True, group="ask")
    @reporting
    async def action_remove(self) -> None:
        if self.current is None:
            return
        resource, _ = self.current
        count = counted(len(resource.deployments), "deployment")
        sure = await self.app.push_screen_wait(
            ConfirmScreen(
                f"Remove the resource {resource.name}?",
                f"{host(resource.endpoint)} with {count} goes from this list, with prices and what was found "
                "out. Nothing changes on the server; suggestions and labels stay.",
                confirm="Remove",
                cancel="Keep",
            )
        )
        if sure:
            await self._resources.remove(resource.name)
            self.read()


class ResourcesScreen(Screen["ChosenDeployment | None"]):
    """Resources of the home. With ``choosing`` it ends with the deployment that was chosen."""

    HELP: ClassVar[str] = """\
## Resources

Servers with language models that autolabeling with GPT may ask: on Azure OpenAI, at OpenAI, or on any server
that speaks as they do (llama.cpp, vLLM, Ollama), on this machine too. A row is a *deployment*: a model there.

`t` tries the one at the cursor with at most seven tiny requests and remembers what it can do: whether its
answers can be held to a schema, whether it tells log-probabilities (then suggestions have a confidence),
whether it reasons first. `a` adds a resource, or deployments to one when all else is the same. `e` sets
prices and context. Keys are never stored here.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "leave", "Back", tooltip="Back to where you were", id="resources.back"),
    ]

    def __init__(
        self, resources: Resources, *, choosing: bool = False, chosen: ChosenDeployment | None = None
    ) -> None:
        super().__init__()
        self._resources = resources
        self._choosing = choosing
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        title = TitleLine()
        title.left = "Choose a deployment" if self._choosing else "Resources"
        yield title
        yield DeploymentPane(self._resources, chosen=self._chosen)
        yield StatusLine()
        yield KeyLine()

    @property
    def keys_shown(self) -> list[str]:
        """Ids of the keys in the last line."""
        keys = ["resources.test", "resources.add", "resources.edit", "resources.remove", "resources.back"]
        return ["list.choose", *keys] if self._choosing else keys

    def on_deployment_pane_said(self, event: DeploymentPane.Said) -> None:
        self.query_one(StatusLine).text = event.words

    def on_deployment_pane_listed(self, event: DeploymentPane.Listed) -> None:
        self.query_one(TitleLine).right = counted(event.count, "deployment")

    def on_deployment_pane_chosen(self, event: DeploymentPane.Chosen) -> None:
        if self._choosing:
            self.dismiss(ChosenDeployment(event.resource.name, event.deployment.name))

    def action_leave(self) -> None:
        self.dismiss(None)
