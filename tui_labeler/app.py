"""The application: how it starts and ends, and the projects it opens."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widget import Widget

from tui_labeler.engine.background import EVERY
from tui_labeler.engine.errors import LabelerError
from tui_labeler.screens.base import reporting, tell, tell_error
from tui_labeler.screens.commands import CommandSearch, usable
from tui_labeler.screens.faults import FaultKeeping
from tui_labeler.screens.following import Follower
from tui_labeler.screens.guidance import Guidance
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.leaving import may_leave
from tui_labeler.screens.looks import Looks
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.terminal_drivers import OrderingDriver, PatientDriver
from tui_labeler.screens.widgets.bidi import is_ordered, order_by_program
from tui_labeler.screens.widgets.cells import take_spacing_marks_for
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, PlainScrollBar
from tui_labeler.screens.widgets.palette import AUTO
from tui_labeler.screens.widgets.spacing_marks import answered
from tui_labeler.screens.widgets.text_canvas import TextCanvas
from tui_labeler.stylesheets import sheets

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.events import CursorPosition

    from tui_labeler.collecting import Collecting
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench
    from tui_labeler.screens.appearance import Remember
    from tui_labeler.settings import BidiName


GOODBYE = 5.0
"""Seconds that a program which was ended from outside takes to let go of a project."""


class LabelerApp(Guidance, FaultKeeping, inherit_bindings=False):
    """Labels text in the projects of one home.

    ``open_project`` is opened right away, at ``document`` (a location) when that is given, and for review
    with ``review``. ``keys`` are other keys for bindings, by the binding's id. ``tour`` shows the first steps
    where there is no project. ``sync_every`` are the seconds between two syncs of a shared project, 0 for
    none but those that are asked for. ``remember`` keeps a choice for the next time: it is called with the
    name of a setting and its value, in a thread, and may raise ``LabelerError``. ``collecting`` hears when a
    project is open, and when one was closed.
    """

    TITLE = "tui-labeler"
    CSS_PATH = sheets()
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 6

    COMMANDS = {CommandSearch}  # noqa: RUF012 - Textual's own name
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", tooltip="Keys and help for where you are", id="app.help"),
        Binding(
            "colon,ctrl+p",
            "command_palette",
            "Commands",
            tooltip="Find a command of this screen by a part of its name",
            id="app.palette",
            show=False,
        ),
        Binding(
            "ctrl+c,ctrl+q",
            "quit",
            "Quit",
            tooltip="Leave the program",
            id="app.quit",
            show=False,
            priority=True,
        ),
        Binding(
            "ctrl+x",
            "close_messages",
            "Close messages",
            tooltip="Take away the messages that lie over the text",
            id="app.messages",
            show=False,
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "Suspend",
            tooltip="Back to the shell; fg returns",
            id="app.suspend",
            show=False,
            priority=True,
        ),
    ]

    def __init__(
        self,
        workbench: Workbench,
        *,
        open_project: str | None = None,
        document: str | None = None,
        review: bool = False,
        theme: str = "textual-dark",
        ascii_only: bool = False,
        compact: bool = False,
        bidi: BidiName = "program",
        palette: str = AUTO,
        tour: bool = False,
        keys: Mapping[str, str] | None = None,
        sync_every: float = EVERY,
        remember: Remember | None = None,
        collecting: Collecting | None = None,
    ) -> None:
        # Before the driver is made, which tells the terminal.
        order_by_program(bidi == "program")
        # Until the terminal has told: glibc's, and so that of tmux, screen and most others.
        take_spacing_marks_for(1)
        super().__init__(workbench, palette, remember)
        self.animation_level = "none"
        self._open_project = open_project
        self._document = document
        self._review = review
        self._wanted_theme = theme
        self._looks = Looks(compact)
        self._tour = tour
        self._keys = dict(keys or {})
        self._collecting = collecting
        self.set_class(ascii_only, ASCII_CLASS)
        ScrollBar.renderer = PlainScrollBar if ascii_only else ScrollBarRender
        self.set_keymap(usable(self._keys))
        self.follower = Follower(self, sync_every)
        self._shown: ProjectSession | None = None
        """What is to be closed, whatever ends the program."""
        self.parting_error: LabelerError | None = None
        """What went wrong while the last project was closed; nothing is left to tell it on but the shell."""

    # --- starting and ending ------------------------------------------------------------------------

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, but for terminals one that waits for late parts of escape sequences."""
        chosen = super().get_driver_class()
        if chosen is not LinuxDriver:
            return chosen
        return OrderingDriver if is_ordered() else PatientDriver

    def on_cursor_position(self, event: CursorPosition) -> None:
        """The terminal's answer how many cells a vowel sign beside its letter takes; it may come late."""
        taken = answered(event.x, event.y)
        if taken is None or not take_spacing_marks_for(taken):
            return
        for screen in self.screen_stack:
            for canvas in screen.query(TextCanvas):
                canvas.lay_out_again()
            for widget in screen.query(Widget):
                widget.refresh(layout=True)

    async def on_mount(self) -> None:
        if self._wanted_theme in self.available_themes:
            self.theme = self._wanted_theme
        else:
            tell(self, f"There is no theme {self._wanted_theme!r}.", severity="warning")
        self._tell_troubles()
        if not self.is_headless:
            self._end_on_signals()
            # The shell that had the terminal meanwhile has left its own words there.
            self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        await self.push_screen(ProjectsScreen(self.workbench))
        if self._open_project is not None:
            await self.open_project(self._open_project, document=self._document, review=self._review)
        elif self._tour:
            await self.show_first_steps()
        self.call_after_refresh(self._settle)
        if self._collecting is not None:
            self.set_interval(1.0, self._rest)

    def _settle(self) -> None:
        if self._collecting is not None:
            self._collecting.settle()

    def _rest(self) -> None:
        if self._collecting is not None:
            self._collecting.rest(self.seconds_of_rest)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Takes all colours away where ``NO_COLOR`` is set; Textual's own way sends greys."""
        filters = super().get_line_filters()
        return [NoColor() if isinstance(item, Monochrome) else item for item in filters]

    def _tell_troubles(self) -> None:
        """Tells of keys in the settings that are of no use, or mean something else too."""
        if self._keys:
            from tui_labeler.screens.keymap import troubles

            for title, words in troubles(self._keys, self.BINDINGS):
                tell(self, words, title=title, severity="warning")

    def _end_on_signals(self) -> None:
        """A hang-up or a polite kill ends the process; every decision is on disk already."""
        loop: asyncio.AbstractEventLoop | None = self._loop
        assert loop is not None
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))

    async def run_async(self, *arguments: Any, **options: Any) -> Any:
        """Runs until somebody leaves, or a signal ends it; what is open then is let go of all the same."""
        try:
            return await super().run_async(*arguments, **options)
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        session, self._shown = self._shown, None
        if session is not None:
            try:
                async with asyncio.timeout(GOODBYE):
                    await self.follower.stop()
                    await session.close()
            except LabelerError as error:
                self.parting_error = error
            except TimeoutError:
                pass  # every decision is on disk already

    def action_suspend_process(self) -> None:
        """Gives the terminal back to the shell, where there is one."""
        if isinstance(self._driver, PatientDriver):
            if os.getsid(0) == os.getpgrp():
                # The terminal is the program's own, or that of what started it: nobody could resume it.
                tell(self, "There is no shell here to go back to.", severity="warning")
                return
            self._driver.stop_others_too()
        super().action_suspend_process()

    @work(exclusive=True, group="quit")
    @reporting
    async def action_quit(self) -> None:  # type: ignore[override]
        """Ends the program, after a question where drafts wait."""
        session = self.follower.session
        if session is None or await may_leave(self, session, self.follower.background):
            if session is not None:
                await self._let_go()
            self.exit()

    # --- projects -----------------------------------------------------------------------------------

    @reporting
    async def open_project(self, name: str, *, document: str | None = None, review: bool = False) -> None:
        """Opens a project for labeling, or for review."""
        if self._collecting is not None:
            self._collecting.hold()
        try:
            await self.show_project(await self.workbench.open(name), document=document, review=review)
        finally:
            self.call_after_refresh(self._settle)

    async def show_project(
        self, session: ProjectSession, *, document: str | None = None, review: bool = False
    ) -> None:
        """Shows a project that is open already; it is closed when its screen is left."""
        start: int | None = None
        if document is not None:
            try:
                start = session.documents.find(document).id
            except LabelerError as error:
                tell_error(self, error)
        self._shown = session
        await session.label_files.finish_begun(say=partial(tell, self))
        await self.follower.follow(session)
        await self.push_screen(
            LabelingScreen(session, self.follower, document=start, review=review, looks=self._looks)
        )

    async def on_projects_screen_opened(self, event: ProjectsScreen.Opened) -> None:
        if event.session is not None:
            await self.show_project(event.session)
            self.call_after_refresh(self._settle)
        else:
            await self.open_project(event.name)

    @reporting
    async def on_labeling_screen_left(self, event: LabelingScreen.Left) -> None:
        """Back to the projects."""
        await self.follower.stop()
        if self.screen is event.screen:
            await self.pop_screen()
        if self._shown is event.session:
            self._shown = None
        try:
            await event.session.close()
        finally:
            event.session.store.forget()
            if self._collecting is not None:
                self._collecting.release()
