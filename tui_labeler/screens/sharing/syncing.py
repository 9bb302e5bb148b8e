"""One sync on a person's word: how far it is, what it did, and why it did not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted, in_lines
from tui_labeler.screens.dialogs import Dialog, plain
from tui_labeler.screens.sharing.sync_words import report_lines, waiting_words

if TYPE_CHECKING:
    from textual.worker import Worker

    from tui_labeler.engine.background import Background, Exchange
    from tui_labeler.engine.session import ProjectSession

DRAW_EVERY = 0.5
"""Seconds between two words on how far it is."""

LEAVE_WITHIN = 5.0
"""Seconds that leaving a project waits for its container."""


class SyncScreen(Dialog[bool]):
    """Syncs as soon as it is there; ends with whether the conflicts are wanted."""

    HELP: ClassVar[str] = """\
## Sync

Reads the container (new, changed and missing documents) and exchanges labels, decisions, categories and
settings with everybody who has the project: what only one side has changed goes through, what both have made
differently is a conflict, which waits for a person (`Y`). Nothing is lost when it is called off or the line
breaks: the next sync goes on. An open project is synced by itself too, and the first line says how it stands:
`synced`, `pending 12` (documents that others don't have yet), `offline`, `conflict 1`.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("Y", "conflicts", "Conflicts", tooltip="Decide what both sides changed", id="sync.conflicts"),
        Binding(
            "q,enter,ctrl+g,escape", "close", "Back", tooltip="Call it off, or close this", id="sync.close"
        ),
        Binding("j,down", "line(1)", "Down", tooltip="One line down", id="sync.down", show=False),
        Binding("k,up", "line(-1)", "Up", tooltip="One line up", id="sync.up", show=False),
    ]

    def __init__(self, session: ProjectSession, background: Background) -> None:
        super().__init__("Sync", "Looking at the container")
        self._session = session
        self._background = background
        self._exchange: Exchange | None = None
        self._at_work: Worker[None] | None = None
        self._said = 0.0

    def on_mount(self) -> None:
        self._at_work = self._sync()

    @work
    async def _sync(self) -> None:
        try:
            self._exchange = await self._background.now(self._progress)
        except LabelerError as error:
            words = f"{error.title}.\n{in_lines(error)}"
            waits = waiting_words(self._background.standing)
            self._say(f"{words}\n\n{waits}".strip())
        else:
            lines = report_lines(
                self._exchange,
                self._background.standing,
                is_shared=self._background.is_on,
                drafts=self._session.labeling.drafts(),
            )
            self._say("\n".join(lines))
        self.refresh_bindings()

    def _progress(self, doing: str, done: int, total: int) -> None:
        clock = asyncio.get_running_loop().time()
        if clock >= self._said + DRAW_EVERY:
            self._said = clock
            self._say(f"{doing.capitalize()}: {done:,}" + f" of {total:,}" * bool(total))

    def _say(self, words: str) -> None:
        self.query_one("#dialog-message Static", Static).update(plain(words))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "conflicts":
            return bool(self._exchange and self._exchange.shared.conflicts)
        return True

    def action_conflicts(self) -> None:
        self.dismiss(True)

    def action_close(self) -> None:
        if self._at_work is not None:
            self._at_work.cancel()
        self.dismiss(False)

    def action_line(self, lines: int) -> None:
        self.query_one("#dialog-message", VerticalScroll).scroll_relative(y=lines, animate=False)


class LastSyncScreen(Dialog[bool]):
    """Before a project is left: carries to the others what they don't have yet, for a few seconds at most.

    Ends with whether to go: by itself once everything is shared, else on a key.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "go(True)", "Leave", tooltip="Leave; what waits stays here", id="last-sync.leave"),
        Binding("q,ctrl+g,escape", "go(False)", "Stay", tooltip="Stay in the project", id="last-sync.stay"),
    ]

    def __init__(self, background: Background, pending: int) -> None:
        super().__init__(f"Sharing {counted(pending, 'document')} before you leave", "One moment")
        self._background = background
        self._at_work: Worker[None] | None = None

    def on_mount(self) -> None:
        self._at_work = self._push()

    @work
    async def _push(self) -> None:
        try:
            async with asyncio.timeout(LEAVE_WITHIN):
                await self._background.push()
        except TimeoutError:
            self._say("The container is too slow to wait for it.")
        except LabelerError as error:
            self._say(f"{error.title}.\n{in_lines(error)}")
        else:
            self.dismiss(True)

    def _say(self, words: str) -> None:
        waits = waiting_words(self._background.standing)
        self.query_one("#dialog-message Static", Static).update(plain(f"{words}\n\n{waits}".strip()))

    def action_go(self, leaving: bool) -> None:
        if self._at_work is not None:
            self._at_work.cancel()
        self.dismiss(leaving)
