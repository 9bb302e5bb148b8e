"""Imports that are noted before they write: whatever interrupts one, it is finished, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from tui_labeler.engine.actions import IMPORTED
from tui_labeler.engine.errors import (
    InputError,
    LabelerError,
    LockedError,
    NotFoundError,
    OutsideError,
    UnreachableError,
)
from tui_labeler.engine.finishing import finished_unless_twice
from tui_labeler.engine.imports.incoming import Replaces
from tui_labeler.engine.pen import PenError
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.imports.incoming import Incoming
    from tui_labeler.engine.imports.matching import Progress
    from tui_labeler.engine.imports.plans import Imported, Ready
    from tui_labeler.engine.ports import Change, Container, ProjectStore, State
    from tui_labeler.engine.ports.imports import BegunImport, BegunImports


PATIENCE = 5.0
"""Seconds for a container to answer when a project is opened with an import that waits for it."""

PROBE = "tui-labeler-probe.txt"
"""A document that need not be there."""

WAITS_FOR = (OutsideError, PenError, LockedError)
"""What passes: an import that was interrupted is tried again after it."""

Say = Callable[[str], None]
"""Hears a sentence for people."""


def unsaid(words: str) -> None:
    """Where nobody listens."""


class _Merge(Protocol):
    def __call__(self, batch: Sequence[Ready], incoming: Incoming, state: State) -> Sequence[Change]: ...


@dataclass(frozen=True, slots=True)
class Merging:
    """How the labels of a file meet those of the project."""

    action: str
    step: _Merge
    replaces: Replaces | None = None
    """Which documents' labels give way to the file's, which then says all of a document in one place."""


class _Again(Protocol):
    def __call__(
        self, begun: BegunImport, progress: Progress, merging: Merging | None = None
    ) -> Awaitable[Imported]: ...


class ImportJournal:
    """Where the imports of a project are noted, one at a time."""

    def __init__(
        self, imports: BegunImports | None, store: ProjectStore, container: Container, again: _Again
    ) -> None:
        """``again`` does an import anew; without ``imports`` nothing is noted, and a kill leaves what was
        done by then."""
        self._imports = imports
        self._store = store
        self._container = container
        self._again = again
        self._group = ""
        self._mergings: dict[str, Callable[[], Merging]] = {}

    def know(self, action: str, merging: Callable[[], Merging]) -> None:
        """Imports of that action are finished by that rule."""
        self._mergings[action] = merging

    async def has_written(self, group: str) -> bool:
        """Whether the history has something of the import that is being finished."""
        if group != self._group:
            return False
        async for transaction in self._store.history():
            if transaction.group == group:
                return True
        return False

    async def kept(
        self,
        begun: BegunImport,
        first: Callable[[], Awaitable[Imported]],
        anew: Callable[[], Awaitable[Imported]],
        say: Say,
    ) -> Imported:
        """Does ``first`` under a note, once what was noted before is finished; ``anew`` where that was so.

        Raises what they do, and ``LockedError``.
        """
        if self._imports is None:
            return await first()
        async with self._imports.held():
            waiting = await self._imports.begun()
            if waiting is not None:
                await self._finished_before(self._imports, waiting, say)
            await self._imports.note(begun)
            return await self._noted(self._imports, anew if waiting else first, (), say)

    async def intend(self, begun: BegunImport) -> bool:
        """Notes an import that is to be done when the project is opened next; whether it could.

        Raises ``StorageError``.
        """
        if self._imports is None:
            return False
        async with self._imports.held():
            await self._imports.note(begun)
        return True

    async def carry_out(self, progress: Progress, say: Say) -> Imported:
        """Does what was intended, and raises what keeps it from being done; it is forgotten then.

        Raises ``LockedError`` where somebody else has done it, or is at it.
        """
        assert self._imports is not None
        async with self._imports.held():
            begun = await self._imports.begun()
            if begun is None:
                raise LockedError("The labels file has been imported by somebody else meanwhile.")
            return await self._noted(
                self._imports, partial(self._again, begun, progress), (LockedError,), say
            )

    async def finish(self, progress: Progress, say: Say) -> Imported | None:
        """See :meth:`~tui_labeler.engine.label_files.LabelFiles.finish_begun`."""
        if self._imports is None or await self._imports.begun() is None:
            return None
        try:
            async with self._imports.held():
                begun = await self._imports.begun()
                if begun is None:
                    return None
                await self._reach()
                return await self._finished(self._imports, begun, progress, say)
        except LockedError:
            return None  # it is at work
        except (OutsideError, PenError) as error:
            say(f"An import that was interrupted waits to be finished: {error.message}")
        except LabelerError as error:
            say(f"An import that was interrupted can't be finished: {error.message}")
        return None

    async def _finished_before(self, imports: BegunImports, waiting: BegunImport, say: Say) -> None:
        try:
            await self._reach()
            await self._finished(imports, waiting, lambda doing, count: None, say)
        except (OutsideError, PenError) as error:
            raise LockedError(
                f"The import of {waiting.filename}, which was interrupted, is to be finished first, and "
                f"can't be: {error.message}",
                hint=error.hint,
            ) from error
        except LabelerError as error:
            say(f"An import that was interrupted can't be finished: {error.message}")

    async def _finished(
        self, imports: BegunImports, begun: BegunImport, progress: Progress, say: Say
    ) -> Imported:
        merging = None
        if begun.action != IMPORTED:
            if begun.action not in self._mergings:
                await imports.forget()
                raise InputError(f"{begun.filename} can't be brought into this project any more.", hint="")
            merging = self._mergings[begun.action]()
        self._group = begun.group
        work = partial(self._again, begun, progress, merging)
        done = await self._noted(imports, work, WAITS_FOR, say)
        brought = f"{counted(done.labels, 'label')} and {counted(len(done.added), 'new document')}"
        say(f"An import that was interrupted is finished: {brought} came in.")
        return done

    async def _noted(
        self,
        imports: BegunImports,
        work: Callable[[], Awaitable[Imported]],
        waits_for: tuple[type[LabelerError], ...],
        say: Say,
    ) -> Imported:
        """Does what is noted, and forgets it; not where it was stopped, or is to be tried again."""
        stops: tuple[type[BaseException], ...] = (
            asyncio.CancelledError,
            KeyboardInterrupt,
            SystemExit,
            *waits_for,
        )
        is_over = True
        try:
            return await finished_unless_twice(work(), partial(_going_on, say))
        except stops:
            is_over = False
            raise
        finally:
            if is_over:
                await imports.forget()

    async def _reach(self) -> None:
        """Raises ``ContainerError`` where nobody answers soon."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._container.fetch(PROBE)
        except NotFoundError:
            return
        except TimeoutError:
            raise UnreachableError(
                f"{self._container.address} does not answer.",
                hint="It is tried again when the project is opened next.",
            ) from None


def _going_on(say: Say) -> None:
    say(
        "The import goes on to its end. Interrupt once more to stop: it is finished when the project is "
        "opened next."
    )
