"""What becomes of a fault of the program: a traceback that is safe to show, and a word what to do.

It names files, lines and functions, of chained exceptions too, and never shows what variables held. What
an exception says is made safe for a terminal, and secrets in it are hidden. So is what reaches nobody:
exceptions of threads, of tasks that nobody waits for, of objects that go, and words of packages' loggers.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_labeler.domain.secrets import without_guessed_secrets
from tui_labeler.domain.text import safe

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Sequence
    from traceback import TracebackException
    from types import TracebackType

TITLE = "A fault of the program"

WHAT_TO_DO = (
    "Labels that were shown as saved are on disk. Start the program again, and report this with the lines "
    "above; read them first, as they may hold words of a document."
)

LONGEST = 500
"""Characters of a line: an exception may repeat a whole document."""

MOST_SAID = 20_000
"""Characters of one exception's words that are looked at."""

MOST_LINES = 200
"""Lines of a traceback, half of them from each end: chains of exceptions may be long."""


def guard() -> None:
    """Lets what nothing else catches in this process go this way."""
    sys.excepthook = _uncaught
    threading.excepthook = _of_thread
    sys.unraisablehook = _of_object


def guard_loggers() -> None:
    """Lets what packages log as a warning or worse go this way, where nothing else was set up for them."""
    import logging

    logging.lastResort = log_handler("%(message)s")


def log_handler(form: str) -> logging.Handler:
    """Writes what is logged to standard error, with tracebacks as here; ``form`` is that of ``logging``."""
    # Commands that log nothing need not load it.
    import copy
    import logging

    formatter = logging.Formatter(form)

    class Cleaned(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raised = record.exc_info[1] if record.exc_info else None
            words = copy.copy(record)
            words.exc_info = words.exc_text = words.stack_info = None
            try:
                lines = cleaned(formatter.format(words))
            except (TypeError, ValueError, KeyError) as error:  # the words and their values don't fit
                lines = traceback_of(error)
            told([*lines, *(traceback_of(raised) if raised is not None else ())])

    return Cleaned(logging.WARNING)


def cleaned(text: str) -> list[str]:
    """Lines of what an exception or a package says, safe for a terminal and without secrets."""
    shown = without_guessed_secrets(text[:MOST_SAID], os.environ).rstrip("\n")
    return [_cut(safe(line)) for line in shown.split("\n")]


def said_by(error: BaseException) -> str:
    """An exception's type and words, on one line."""
    from traceback import TracebackException

    return " ".join(cleaned("".join(TracebackException.from_exception(error).format_exception_only())))


def traceback_of(error: BaseException) -> list[str]:
    """Its lines, those of the exceptions before it too."""
    from traceback import TracebackException

    found = TracebackException.from_exception(error, compact=True)
    # Lines of source are as they were written: a name before a sign of equality marks no secret there.
    places = {place for each in _chain(found) for place in each.stack.format()}
    lines: list[str] = []
    for item in found.format():
        lines += map(safe, item.rstrip("\n").split("\n")) if item in places else cleaned(item)
    if len(lines) > MOST_LINES:
        left = len(lines) - MOST_LINES
        lines[MOST_LINES // 2 : -MOST_LINES // 2] = [f"  ({left:,} lines are left out)"]
    return lines


def told(lines: Sequence[str]) -> None:
    """Writes lines to standard error, as far as it is there."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write("".join(f"{line}\n" for line in lines))
            sys.stderr.flush()


def _chain(found: TracebackException) -> Iterator[TracebackException]:
    waiting = [found]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += [before for before in (each.__cause__, each.__context__) if before is not None]
        waiting += each.exceptions or []


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _uncaught(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    fault = isinstance(error, Exception)
    told([*traceback_of(error), *([f"{TITLE}: {said_by(error)}", f"  {WHAT_TO_DO}"] if fault else [])])


def _of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread is not None else "?"
        told([*cleaned(f"In the thread {name}:"), *traceback_of(ended.exc_value)])


def _of_object(ignored: sys.UnraisableHookArgs) -> None:
    if ignored.exc_value is not None:
        what = ignored.err_msg or "Exception ignored"
        told([*cleaned(f"{what} in {type(ignored.object).__qualname__}:"), *traceback_of(ignored.exc_value)])
