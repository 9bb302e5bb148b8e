"""What tells people what they can do: help, the list of commands, messages, keys, the first steps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.binding import Binding
from textual.worker import WorkerFailed

from tui_labeler.engine.errors import LabelerError
from tui_labeler.screens.base import reporting, tell, tell_error
from tui_labeler.screens.commands import KEYMAP_WORDS, Commands, bound_commands, first_key
from tui_labeler.screens.dialogs import MessageScreen
from tui_labeler.screens.labeling.keys import PROJECT_KEYS
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.project_screens import ProjectScreens
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, plain_signs
from tui_labeler.screens.widgets.text_view import TextView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from textual.actions import ActionParseResult
    from textual.dom import DOMNode
    from textual.notifications import Notify
    from textual.screen import Screen


MESSAGES = 2
"""Messages that are shown at once."""


class Guidance(ProjectScreens, inherit_bindings=False):
    """The part of the application that says what can be done where one is."""

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """What a key or a command does. What is wrong with it is told: it ends nothing."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except LabelerError as error:
            tell_error(self, error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """The same for what a key has begun: a ``LabelerError`` ends the worker that it came out of, nothing
        else. A widget takes no more messages after an error of its own: that is a fault."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, LabelerError):
            tell_error(self, error.error)
        else:
            super()._handle_exception(error)

    def action_help(self) -> None:
        """Help for where one is. Markdown takes a moment to load, so it waits until it is needed."""
        from tui_labeler.screens.help import HelpScreen, help_text

        self.push_screen(HelpScreen(help_text(self, self.screen)))

    def on_notify(self, event: Notify) -> None:
        """Two messages at most lie over the text: the oldest goes first, what went wrong last."""
        there = sorted(self._notifications, key=lambda told: told.severity == "error")
        for told in there[: max(0, len(there) - MESSAGES + 1)]:
            self._unnotify(told, refresh=False)

    def action_close_messages(self) -> None:
        """Takes away what lies over the text."""
        self.clear_notifications()

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Commands):
            words = "A command of this screen, by its name or what it does"
            self.push_screen(Commands(placeholder=words, id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every command that a key would give now, what is behind this screen, and the theme."""
        here = list(bound_commands(self, screen))
        yield from here
        if not isinstance(screen, LabelingScreen) and any(
            isinstance(below, LabelingScreen) for below in self.screen_stack
        ):
            yield from self._behind({command.title for command in here})
        if isinstance(screen, LabelingScreen):
            blind = partial(screen.action_project_settings, "blind")
            yield SystemCommand(
                "Blind mode", "Hide suggestions until a document is labeled, or show them", blind
            )
        yield SystemCommand("Keymap", "Other keys: where a keymap of your own stands", self._tell_keymap)
        yield SystemCommand("Theme", "Other colours of the screen", self.action_change_theme)
        yield SystemCommand("Palette", "Other colours of categories", self.action_change_palette)
        yield SystemCommand("Tour", "The first steps, in four screens", self.action_tour)

    def _tell_keymap(self) -> None:
        self.push_screen(MessageScreen("Other keys", KEYMAP_WORDS))

    def _behind(self, here: Collection[str]) -> Iterator[SystemCommand]:
        """The other screens of the project, which its texts lead to; those with a name that a command
        ``here`` has are left out."""
        for binding in PROJECT_KEYS:
            assert isinstance(binding, Binding)
            if binding.id in (None, "project.leave") or binding.description in here:
                continue
            key = self.key_of(binding.id or "")
            way = f"Leave this screen first; {key} leads there from the project's texts."
            yield SystemCommand(
                binding.description,
                f"{key} once this screen is left: {binding.tooltip}",
                partial(tell, self, way, title=binding.description),
            )

    @reporting
    async def show_first_steps(self) -> None:
        """Once: whoever leaves at the first screen has seen them too."""
        if await self.workbench.projects() or await self.workbench.broken():
            return
        self.action_tour()
        await self.keep("tour", False)

    def action_tour(self) -> None:
        """The first steps, from the first screen on."""
        from tui_labeler.screens.tour import TourScreen

        self.push_screen(TourScreen(self.key_of))

    def key_of(self, name: str) -> str:
        """The first key of a binding of the main screens, as it is bound and shown."""
        screens = (self, ProjectsScreen, LabelingScreen, TextView)
        return first_key(self, chain.from_iterable(of.BINDINGS for of in screens), name)

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is shown, with signs that the terminal has."""
        shown = super().get_key_display(binding)
        return plain_signs(shown) if self.has_class(ASCII_CLASS) else shown
