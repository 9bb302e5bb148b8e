"""What the wizard's steps have in common: the choices made so far, and the way on and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.binding import Binding, BindingType

from tui_labeler.domain.jobs import Job, Method
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.tabs import Tabs

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person has chosen so far."""

    method: str = "model"
    """``model``, ``gpt``, or another that the first step offers."""
    model: str = ""
    """The trained model's name."""
    categories: frozenset[str] | None = None
    """Category ids; ``None`` for all."""
    documents: frozenset[int] = frozenset()
    """Document ids."""
    shown: str = "unlabeled"
    """Which documents the fourth step lists."""
    part_of_name: str = ""
    """What the names of the documents listed must hold."""
    document: int | None = None
    """The document that the fourth step's cursor is on."""
    resource: str = ""
    deployment: str = ""
    """The deployment's name, on that resource."""
    options: GptOptions = field(default_factory=GptOptions)
    """Of a job for a deployment."""
    evaluated: int = 20
    """Labeled documents that an evaluation of a deployment takes, at most."""

    @property
    def is_gpt(self) -> bool:
        """A deployment labels, and not a trained model."""
        return self.method == "gpt"

    @property
    def labeler(self) -> Method:
        """The chosen method, as a job names it."""
        if self.is_gpt:
            return Method(self.method, resource=self.resource, deployment=self.deployment)
        return Method(self.method, model=self.model if self.method == "model" else "")


Answer: TypeAlias = "Choices | Job | None"
"""What a step ends with: the choices to go on with, a job that was started, or ``None`` to go back."""


class StepLine(Tabs):
    """The names of the steps, with where one is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"step-line--shown", "step-line--done"}

    def __init__(self, names: Iterable[str], shown: int) -> None:
        super().__init__()
        self._names = tuple(names)
        self._shown = shown

    def on_resize(self) -> None:
        fits = sum(len(name) + 4 for name in self._names) <= self.content_size.width
        # The last step's name is long, and where one is has to be in view.
        names = self._names if fits else [name.split()[-1].capitalize() for name in self._names]
        parts: list[list[tuple[str, object]]] = []
        for number, name in enumerate(names, 1):
            if number == self._shown:
                parts.append([(f"[{number} {name}]", self.get_visual_style("step-line--shown"))])
            else:
                style = self.get_visual_style("step-line--done") if number < self._shown else ""
                parts.append([(f" {number} {name} ", style)])
        self.show_names(parts)


class Step(Screen[Answer]):
    """One screen of the wizard.

    :attr:`choices` is up to date at every moment, so that going back loses nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "go_on", "Next", tooltip="On to the next step", id="wizard.next"),
        Binding(
            "h,left,q,escape", "go_back", "Back", tooltip="Back a step; nothing is lost", id="wizard.back"
        ),
    ]

    called: ClassVar[str] = ""
    """Its name in the line of steps; empty for what the project calls its categories."""

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__()
        self.session = session
        self.resources = resources
        self.choices = choices
        self.ready = asyncio.Event()
        """Set once the step is there to be drawn."""
        self.stand_at(1, [self.called])

    def stand_at(self, number: int, names: Sequence[str]) -> None:
        """Makes it the step ``number``, from 1, of those that are called ``names``."""
        self.number = number
        self.names = names
        self.back_to = number - 1
        """The step that going back leads to; 0 leaves the wizard."""

    def compose(self) -> ComposeResult:
        yield TitleLine()
        nouns = self.session.project.kind.nouns.capitalize()
        yield StepLine([name or nouns for name in self.names], self.number)
        yield from self.body()
        yield StatusLine()
        yield KeyLine()

    def body(self) -> Iterable[Widget]:
        """What stands between the steps and the keys."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self.session.project.name} > Autolabel"
        self.started()
        self.ready.set()

    def started(self) -> None:
        """Called once when the step is on the screen."""

    def say(self, words: str) -> None:
        """Shows a line above the keys."""
        line = self.query_one(StatusLine)
        line.text, line.shorter, line.whole = words, self.shorter(words), True

    def shorter(self, words: str) -> Sequence[str]:
        """The same in ever fewer words, for narrow lines."""
        return ()

    def say_right(self, words: str) -> None:
        """Shows a few words at the end of the first line."""
        self.query_one(TitleLine).right = words

    def collect(self) -> Choices:
        """The choices as they stand on the screen: a key may come before the news of the one before it."""
        return self.choices

    def obstacle(self) -> str:
        """Why the next step can't come yet; empty when it can."""
        return ""

    def on_tabs_clicked(self, event: Tabs.Clicked) -> None:
        """Back to any step; on to the next one, since each asks for what those after it need."""
        event.stop()
        if event.number > self.number:
            self.action_go_on()
        elif event.number < self.number:
            self.back_to = event.number
            self.action_go_back()

    def action_go_on(self) -> None:
        self.choices = self.collect()
        words = self.obstacle()
        if words:
            self.say(words)
        else:
            self.dismiss(self.choices)

    def action_go_back(self) -> None:
        self.choices = self.collect()
        self.dismiss(None)
