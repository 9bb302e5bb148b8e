"""How the application ends for a fault of the program: at once, and without a word of its own.

Textual's words would show what variables held: keys, documents, escape sequences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.worker import WorkerFailed

if TYPE_CHECKING:
    from rich.console import RenderableType


class FaultKeeping(App[None], inherit_bindings=False):
    """Keeps the fault that it ended for: whoever ran it tells it, on the terminal as it was before."""

    fault: BaseException | None = None

    def _handle_exception(self, error: Exception) -> None:
        if self.fault is None:
            self.fault = error.error if isinstance(error, WorkerFailed) else error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """Ends the program; what an exception would draw of itself is left alone."""
        self._close_messages_no_wait()
