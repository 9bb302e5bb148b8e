"""What the screens have in common: how errors reach a person, and how outside text is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from textual.dom import DOMNode

from tui_labeler.engine.errors import LabelerError
from tui_labeler.screens.widgets.cells import clean

if TYPE_CHECKING:
    from textual.app import App
    from textual.notifications import SeverityLevel

P = ParamSpec("P")
T = TypeVar("T")
N = TypeVar("N", bound=DOMNode)

_SECONDS = 8.0


def tell(app: App[Any], message: str, *, title: str = "", severity: SeverityLevel = "information") -> None:
    """Shows a message for a few seconds. Text from outside is made safe, nothing in it is markup."""
    lines = "\n".join(clean(line) for line in message.split("\n"))
    app.notify(lines, title=clean(title), severity=severity, timeout=_SECONDS, markup=False)


def tell_error(app: App[Any], error: LabelerError) -> None:
    """Shows an error in the words that it has everywhere: what happened, to what, what to do next."""
    message = f"{error.message}\n{error.hint}" if error.hint else error.message
    tell(app, message, title=error.title, severity="error")


def reporting(
    method: Callable[Concatenate[N, P], Awaitable[T]],
) -> Callable[Concatenate[N, P], Coroutine[Any, Any, T | None]]:
    """Makes a ``LabelerError`` of a widget's coroutine a message; the coroutine then gives ``None``."""

    @wraps(method)
    async def run(node: N, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await method(node, *args, **kwargs)
        except LabelerError as error:
            tell_error(node.app, error)
            return None

    return run
