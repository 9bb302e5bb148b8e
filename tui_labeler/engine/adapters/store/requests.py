"""The requests of a job, a line for each step of each: what was sent, what came of it, what it used.

A line goes to the file in one write before the step that it tells of has any effect, so that a runner that is
killed leaves all that it had sent and received. The file goes to the disk with the answers that are used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui_labeler.domain.jobs import Answered, Usage
from tui_labeler.engine.adapters.store.files import encoded, storage_errors, sync_folder, write_all
from tui_labeler.engine.adapters.store.lines import read_lines, whole_lines
from tui_labeler.engine.typed import decoder

if TYPE_CHECKING:
    from pathlib import Path

LONG, USUAL_TIMES = 20.0, 3.0
"""A wait for an answer is unusual from so many seconds on, and from so many times the mean one on."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    what: str
    """``began`` (another run), ``sent``, ``answered``, ``refused``, ``lost`` or ``collected``."""
    time: str = ""
    number: int = 0
    """Of the request, in its run."""
    location: str = ""
    key: str = ""
    usage: Usage = Usage()
    """Of what was answered; of what is sent, the most that it may be."""
    room: int = 0
    """Tokens that an answer was to have, where nothing had to be spared."""


_decoder = decoder(_Line)


class _Open(NamedTuple):
    location: str
    since: str
    most: Usage
    room: int


class Late(NamedTuple):
    """An answer that lets people wait for long."""

    location: str
    seconds: float


class RequestFold:
    """The requests of a job as its lines tell them, brought up to date by reading only what is new."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.usage = Usage()
        """Of all answers that came."""
        self.is_empty = True
        self.longest: float | None = None
        """What an answer used of the room that its question had, at most."""
        self._open: dict[int, _Open] = {}
        self._lost = 0
        self._lost_usage = Usage()
        self._collected: set[str] = set()
        self._answers, self._seconds = 0, 0.0
        self._worked = 0.0
        """Seconds of the runs before this one, each from its first request to its last answer."""
        self._first, self._last = "", ""

    def read_on(self) -> None:
        """Raises ``StorageError``, or ``MsgspecError`` for a line that tells no step."""
        for line, offset in read_lines(self._path, self._offset):
            self._take(_decoder.decode(line))
            self._offset = offset

    def _take(self, line: _Line) -> None:
        self.is_empty = False
        match line.what:
            case "began":
                for left in self._open.values():
                    self._lose(left)
                self._open.clear()
                self._worked += self._of_run
                self._first, self._last = "", ""
            case "sent":
                self._first = self._first or line.time
                room = line.room or line.usage.completion_tokens
                self._open[line.number] = _Open(line.location, line.time, line.usage, room)
            case "answered":
                opened = self._open.pop(line.number, None)
                self.usage += line.usage
                if opened is not None:
                    self._last = line.time
                    share = line.usage.completion_tokens / max(1, opened.room)
                    self.longest = max(self.longest or 0.0, share)
                    self._answers += 1
                    self._seconds += seconds_between(opened.since, line.time)
            case "refused":
                self._open.pop(line.number, None)
            case "lost":
                if (gone := self._open.pop(line.number, None)) is not None:
                    self._lose(gone)
            case "collected":
                if line.key not in self._collected:
                    self._collected.add(line.key)
                    self.usage += line.usage

    def _lose(self, opened: _Open) -> None:
        self._lost += 1
        self._lost_usage += opened.most

    @property
    def answered(self) -> Answered:
        """What this deployment has shown of its pace. Silence behind the last answer is no part of it."""
        return Answered(self._answers, round(self._worked + self._of_run, 3))

    @property
    def _of_run(self) -> float:
        return seconds_between(self._first, self._last)

    def collected(self, key: str) -> bool:
        """Whether an answer of a batch is counted already."""
        return key in self._collected

    def unanswered(self, *, held: bool) -> int:
        """Requests whose answer will not come; ``held``: a runner still waits for those of its run."""
        return self._lost + (0 if held else len(self._open))

    def unanswered_usage(self, *, held: bool) -> Usage:
        """The most that the service may charge for them."""
        if held:
            return self._lost_usage
        return sum((opened.most for opened in self._open.values()), self._lost_usage)

    def late(self, now: str) -> Late | None:
        """The answer that is waited for the longest, where that is unusually long."""
        if not self._open:
            return None
        location, since, *_ = min(self._open.values(), key=lambda opened: opened.since)
        seconds = seconds_between(since, now)
        usual = self._seconds / self._answers if self._answers else 0.0
        return Late(location, seconds) if seconds >= max(LONG, USUAL_TIMES * usual) else None


def seconds_between(start: str, end: str) -> float:
    """From one time (ISO 8601) to another, never less than 0; 0 too where one of them is not told."""
    if not start or not end:
        return 0.0
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


class FileRequestLog:
    """A :class:`~tui_labeler.engine.ports.RequestLog`; only the holder of the job's lock writes."""

    def __init__(self, path: Path, now: Callable[[], str]) -> None:
        """Says that another run begins, where there was one. Raises ``StorageError``."""
        self._path = path
        self._now = now
        self._descriptor: int | None = None
        self._size = 0
        self._number = 0
        self._fold = RequestFold(path)
        if path.exists():
            with storage_errors(path), suppress(msgspec.MsgspecError):
                # What can't be read is told by those who show the job.
                self._fold.read_on()
            self._write(_Line("began", self._now()))

    @property
    def longest(self) -> float | None:
        return self._fold.longest

    def sent(self, location: str, most: Usage, room: int) -> int:
        self._number += 1
        self._write(_Line("sent", self._now(), self._number, location, usage=most, room=room))
        return self._number

    def answered(self, number: int, usage: Usage) -> None:
        self._write(_Line("answered", self._now(), number, usage=usage))

    def refused(self, number: int) -> None:
        self._write(_Line("refused", self._now(), number))

    def lost(self, number: int) -> None:
        self._write(_Line("lost", self._now(), number))

    def collected(self, key: str, usage: Usage) -> bool:
        self._fold.read_on()
        if self._fold.collected(key):
            return False
        self._write(_Line("collected", self._now(), key=key, usage=usage))
        return True

    def sync(self) -> None:
        """Puts what was written on the disk."""
        if self._descriptor is not None:
            with storage_errors(self._path):
                os.fdatasync(self._descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, line: _Line) -> None:
        with storage_errors(self._path):
            if self._descriptor is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(self._path, flags, 0o600)
                self._size = whole_lines(self._descriptor)
                sync_folder(self._path.parent)
                # What a crash has left of a line.
                os.ftruncate(self._descriptor, self._size)
            data = encoded(line) + b"\n"
            try:
                write_all(self._descriptor, data)
            except OSError:
                os.ftruncate(self._descriptor, self._size)
                raise
            self._size += len(data)
