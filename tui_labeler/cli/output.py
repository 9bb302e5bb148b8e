"""What commands print: one JSON document, or lines for people; progress and messages beside it.

Standard output carries the result and nothing else. Everything that reaches a terminal goes through
:func:`tui_labeler.domain.text.safe`; JSON is ASCII, so that no document can speak to the terminal
through it either.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from tui_labeler.cli.job_progress import job_line, job_progress
from tui_labeler.domain.text import safe
from tui_labeler.engine.errors import InputError, LabelerError, RefusedError, StorageError, UnagreedError
from tui_labeler.last_resort import TITLE

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job

SCHEMA_VERSION = 1
"""Of every JSON document that a command prints."""

REDRAW_EVERY = 0.1
"""Seconds between two drawings of a progress bar."""


class InterruptionError(LabelerError):
    """A person, or the system, ended the command."""

    title = "Interrupted"
    code = "interrupted"
    exit_code = 130


class FaultError(LabelerError):
    """The program itself is wrong."""

    title = TITLE
    code = "fault"
    exit_code = 1


@contextmanager
def nothing_done(
    words: str, *, hint: str = "Run the command again; what was there before is as it was."
) -> Iterator[None]:
    """Says what an interruption means for work that is done as a whole or not at all."""
    from asyncio import CancelledError

    try:
        yield
    except CancelledError:
        raise InterruptionError(words, hint=hint) from None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a command."""

    fields: Mapping[str, Any]
    """For ``--json``; a list stands under ``items``."""
    lines: Sequence[str] = ()
    """For people."""
    code: int = 0
    """The exit code."""
    raw: bytes | None = None
    """Goes to standard output as it is, but for a terminal; the report itself then goes to standard error."""
    error: LabelerError | None = None
    """What a job failed with: there is something to report of it all the same."""
    is_told: bool = False
    """Of a command that goes on: everything was printed already, and only the exit code is left."""


@dataclass(slots=True)
class Output:
    """The three streams of a command."""

    json: bool = False
    progress: str = "auto"
    """``auto`` (a bar where there is a terminal), ``jsonl`` or ``none``."""
    _drawn: int = field(default=0, init=False)
    """Columns of the progress bar that stands on the terminal."""
    _drawn_at: float = field(default=0.0, init=False)
    _told: tuple[object, ...] = field(default=(), init=False)
    """What the last line of a job's progress said."""

    # --- results ------------------------------------------------------------------------------------

    def report(self, report: Report) -> None:
        """Prints a result. Raises ``StorageError`` when standard output can't be written."""
        self.clear()
        if report.is_told:
            return
        stream = sys.stdout
        if report.raw is not None:
            if sys.stdout is not None and sys.stdout.isatty():
                _write(sys.stdout, _to_look_at(report.raw))
            else:
                _write_bytes(sys.stdout, report.raw)
            stream = sys.stderr
        if self.json:
            failed = {"error": error_fields(report.error)} if report.error else {}
            _write(stream, encode({"schema_version": SCHEMA_VERSION, **report.fields, **failed}) + "\n")
            return
        _write(stream, "".join(f"{safe(line)}\n" for line in report.lines))
        if report.error:
            self.error(report.error)

    def error(self, error: LabelerError) -> None:
        """Prints an error: a JSON document on standard output, or words on standard error."""
        self.clear()
        if self.json:
            _write(
                sys.stdout, encode({"schema_version": SCHEMA_VERSION, "error": error_fields(error)}) + "\n"
            )
        elif self.progress == "jsonl":
            self._event("error", error_fields(error))
        else:
            hint = f"\n  {safe(error.hint)}" if error.hint else ""
            _write(sys.stderr, f"{safe(error.title)}: {safe(error.message)}{hint}\n")

    def traceback(self, lines: Sequence[str]) -> None:
        """Where a fault of the program was met, on standard error."""
        self.clear()
        if self.progress == "jsonl":
            self._event("traceback", {"lines": list(lines)})
        else:
            _write(sys.stderr, "".join(f"{safe(line)}\n" for line in lines))

    def line(self, fields: Mapping[str, Any]) -> None:
        """One of the results of a command that goes on: a JSON document on a line of its own.

        Raises ``StorageError`` when standard output can't be written.
        """
        self.clear()
        _write(sys.stdout, encode({"schema_version": SCHEMA_VERSION, **fields}) + "\n")

    # --- beside the result --------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """A message for people, on standard error."""
        self.clear()
        if self.progress == "jsonl":
            self._event("message", {"message": text})
        else:
            _write(sys.stderr, f"{safe(text)}\n")

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Progress of something that is no job."""
        if self.progress == "jsonl":
            self._event("progress", {"stage": stage, "done": done, "total": total})
        elif self._may_draw():
            of = f" of {total:,}" if total else ""
            self._draw(f"{stage}: {done:,}{of}")

    def job(self, job: Job) -> None:
        """Progress of a job."""
        if self.progress == "jsonl":
            steps = (job.stage, job.waits_until, job.done, job.total, len(job.failed), job.suggestions)
            seen = (job.state, *steps, job.usage)
            if seen != self._told:  # a running clock alone is no news
                self._told = seen
                self._event("progress", job_progress(job))
        elif self._may_draw() or job.state.is_over:
            self._draw(job_line(job))

    def clear(self) -> None:
        """Takes the progress bar away."""
        if self._drawn:
            _write(sys.stderr, "\r" + " " * self._drawn + "\r")
            self._drawn = 0

    def _may_draw(self) -> bool:
        return time.monotonic() - self._drawn_at >= REDRAW_EVERY

    def _draw(self, text: str) -> None:
        if self.progress == "none" or not sys.stderr.isatty():
            return
        line = safe(text)[: max(10, _columns() - 1)]
        _write(sys.stderr, "\r" + line + " " * max(0, self._drawn - len(line)))
        self._drawn = max(self._drawn, len(line))
        self._drawn_at = time.monotonic()

    def _event(self, event: str, fields: Mapping[str, Any]) -> None:
        _write(sys.stderr, encode({"schema_version": SCHEMA_VERSION, "event": event, **fields}) + "\n")

    # --- consent ------------------------------------------------------------------------------------

    @property
    def can_ask(self) -> bool:
        """Whether there is a terminal to ask a person at."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def consent(self, question: str, *, yes: bool) -> None:
        """Goes on when a person agrees, or has agreed with ``--yes``.

        Raises ``UnagreedError`` where nobody can be asked, ``RefusedError`` for any other answer than yes.
        """
        if yes:
            return
        if not self.can_ask:
            raise UnagreedError(question, hint="There is no terminal to ask at; agree with --yes.")
        self.clear()
        _write(sys.stderr, f"{safe(question)} [y/N] ")
        if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
            raise RefusedError("Nothing was changed.", hint="Answer with y to go on.")

    def typed(self, question: str, hint: str) -> str:
        """What a person types for an answer. Raises ``InputError`` where nobody can be asked."""
        if not self.can_ask:
            raise InputError(question, hint=f"There is no terminal to ask at. {hint}")
        self.clear()
        _write(sys.stderr, f"{safe(question)} ")
        return sys.stdin.readline().rstrip("\r\n")


def error_fields(error: LabelerError) -> dict[str, str]:
    """What an error's JSON document says."""
    return {"code": error.code, "title": error.title, "message": error.message, "hint": error.hint}


def encode(document: Mapping[str, Any]) -> str:
    """JSON on one line, in ASCII; control characters are escaped, DEL too."""
    import json

    return json.dumps(document, ensure_ascii=True).replace("\x7f", "\\u007f")


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _write(stream: TextIO | None, text: str) -> None:
    """Writes what the stream's encoding can hold, and no more once its reader is gone."""
    if stream is None:  # closed before the program began
        return
    encoding = stream.encoding or "utf-8"
    _guarded(stream, lambda: stream.write(text.encode(encoding, "replace").decode(encoding)))


def _to_look_at(data: bytes) -> str:
    """What a terminal shows of a file: documents and names in it may hold what it would obey.

    Tabs part columns, and stay.
    """
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(safe, line.split("\t"))) for line in lines)


def _write_bytes(stream: TextIO | None, data: bytes) -> None:
    if stream is None:
        return
    _guarded(stream, lambda: stream.buffer.write(data))


def _guarded(stream: TextIO, write: Any) -> None:
    try:
        write()
        stream.flush()
    except BrokenPipeError:
        # Whoever read has had enough. The interpreter flushes once more at its end: let that succeed.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except OSError as error:
        if stream is sys.stdout:
            raise StorageError(
                f"standard output: {error.strerror}.", hint="Send it elsewhere, or free some space."
            ) from error
