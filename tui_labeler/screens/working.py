"""What is shown while something takes long that a person waits for: how far it is, and how to stop it; and
what is asked afterwards, where that person still is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui_labeler.engine.turns import Progress
from tui_labeler.engine.wording import counted
from tui_labeler.screens.dialogs import Dialog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

PATIENCE = 0.3
"""Seconds that something may take before anything is shown of it."""

LOOK_EVERY = 0.1
"""Seconds between two looks at how far it is."""

Result = TypeVar("Result")


class WorkingScreen(Dialog[None]):
    """Lies over the screen while ``task`` goes on."""

    HELP: ClassVar[str] = """\
## Something that takes a while

What changes something goes on document by document: stopping it leaves what has been done until then, and
what is left as it is. What only looks changes nothing, and can be asked for again.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+g,escape", "stop", "Stop", tooltip="End it here", id="working.stop"),
    ]

    def __init__(
        self, title: str, task: asyncio.Future[Any], progress: Progress, when_stopped: str, *, may_stop: bool
    ) -> None:
        super().__init__(title, when_stopped if may_stop else "")
        self._work = task
        self._progress = progress
        self._may_stop = may_stop

    def body(self) -> Iterable[Widget]:
        yield Static(self._words(), id="working")

    def on_mount(self) -> None:
        self.set_interval(LOOK_EVERY, self._look)

    def _look(self) -> None:
        if not self._work.done():
            self.query_one("#working", Static).update(self._words())
        elif self.is_active:
            self.dismiss(None)

    def _words(self) -> str:
        progress = self._progress
        if progress.stopped:
            return "stopping"
        of = counted(progress.total, progress.unit)
        return f"{progress.done:,} of {of}" if progress.total else "looking"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._may_stop if action == "stop" else super().check_action(action, parameters)

    def action_stop(self) -> None:
        self._progress.stopped = True


async def ask(screen: Screen[Any], question: Screen[Result]) -> Result | None:
    """The answer to ``question``, which opens over ``screen``; from within a worker.

    ``None`` where something else lies over ``screen`` by now: nobody waits for the question there, and the
    next key would answer it. To be used wherever something that may take long goes before a question.
    """
    if not screen.is_active:
        return None
    answer: Result = await screen.app.push_screen_wait(question)
    return answer


async def on_top(screen: Screen[Any]) -> None:
    """Until nothing lies over ``screen``: for what is to follow there, wherever the person is meanwhile."""
    while not screen.is_active:  # noqa: ASYNC110 - only the screen itself is told that it is back
        await asyncio.sleep(LOOK_EVERY)


async def looked_up(
    app: App[Any], title: str, look: Callable[[], Coroutine[Any, Any, Result]]
) -> Result | None:
    """What ``look`` gives, which changes nothing; ``None`` when the person stopped it. From within a worker.

    Raises what ``look`` raises.
    """

    async def at_work(progress: Progress) -> Result | None:
        task = asyncio.create_task(look())
        try:
            while not (progress.stopped or task.done()):
                await asyncio.wait({task}, timeout=LOOK_EVERY)
            return None if progress.stopped else task.result()
        finally:
            task.cancel()

    return await with_progress(app, title, at_work)


async def with_progress(
    app: App[Any],
    title: str,
    work: Callable[[Progress], Awaitable[Result]],
    *,
    when_stopped: str = "",
    may_stop: bool = True,
) -> Result | None:
    """What ``work`` gives; from within a worker. Shows how far it is, unless it is done at once.

    With ``when_stopped`` work that was stopped counts as well, and these words say so beforehand; without,
    the result is ``None`` then. Raises what ``work`` raises.
    """
    progress, here = Progress(), app.screen
    task = asyncio.ensure_future(work(progress))
    try:
        if not (await asyncio.wait({task}, timeout=PATIENCE))[0]:
            await ask(here, WorkingScreen(title, task, progress, when_stopped, may_stop=may_stop))
        result = await task
    finally:
        task.cancel()
    return None if progress.stopped and not when_stopped else result
