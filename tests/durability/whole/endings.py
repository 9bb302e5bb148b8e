"""How a process is ended, and when."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from tests.terminal.driver import Terminal

ENDINGS = ("SIGKILL", "SIGHUP", "SIGTERM", "closed", "power")
"""``closed`` takes the terminal away; with ``power`` what was not synced to the disk goes too."""

LATEST = 30.0
"""Seconds after which a process is ended although what was waited for has not come."""

WRITTEN = (
    "projects/*/journal/*.jsonl",
    "projects/*/jobs/*/*.jsonl",
    "projects/*/answers/*.jsonl",
    "projects/*/imports/*",
    "projects/*/sync/*",
)
"""What decisions, jobs, imports and syncs write first."""


@dataclass(frozen=True)
class Strike:
    """One ending at one moment."""

    ending: str
    delay: float
    """Seconds after the key or the start; or after the first bytes that were written because of it."""
    once_written: bool
    writes: int = 1
    """Of ``once_written``: how often files have changed by then."""


def drawn(draw: random.Random, lasts: float, endings: tuple[str, ...] = ENDINGS) -> Strike:
    """An ending at any moment within ``lasts`` seconds, or just when something is written."""
    ending = draw.choice(endings)
    if draw.random() < 0.5:
        return Strike(ending, draw.random() * 0.003, once_written=True, writes=draw.choice((1, 1, 2, 3)))
    return Strike(ending, draw.random() * lasts, once_written=False)


def sizes(home: Path) -> dict[Path, int]:
    """How long everything is that grows when something happens."""
    found = {}
    for pattern in WRITTEN:
        for path in home.glob(pattern):
            with suppress(FileNotFoundError):
                found[path] = path.stat().st_size
    return found


class Moment:
    """Says when it is time."""

    def __init__(self, home: Path, strike: Strike) -> None:
        self._home = home
        self._strike = strike
        self._before = sizes(home)
        self._changes = 0
        self._began = time.monotonic()
        self._since = self._began if not strike.once_written else 0.0

    def has_come(self) -> bool:
        now = time.monotonic()
        if not self._since:
            found = sizes(self._home)
            self._changes += found != self._before
            self._before = found
            if self._changes >= self._strike.writes:
                self._since = now
        return now - self._began > LATEST or bool(self._since and now >= self._since + self._strike.delay)


def end(terminal: Terminal, ending: str, look: Callable[[], object]) -> int:
    """Ends the program from outside, and looks at all that it had sent by then; its exit code or signal."""
    if ending == "closed":
        while terminal.read_more(0.0):
            look()
        terminal.hang_up()
    else:
        number = signal.SIGKILL if ending == "power" else signal.Signals[ending]
        with suppress(ProcessLookupError):
            os.kill(terminal.pid, number)
    code = terminal.ended()
    while terminal.read_more(0.05):
        pass
    look()
    return code


# --- the power goes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ledger:
    """Notes of what was synced, which ``launched`` makes: a line a sync, with the file and its size then."""

    path: Path

    def begin(self, home: Path) -> dict[Path, int]:
        """What lay there before is on the disk."""
        self.path.write_bytes(b"")
        return {path: path.stat().st_size for path in home.rglob("*.jsonl")}

    def pull_the_plug(self, home: Path, before: dict[Path, int], draw: random.Random) -> int:
        """Takes from each journal what was never synced, or a part of it; how many bytes.

        The disk may have a part of what was written, to any byte.
        """
        synced = dict(before)
        for line in self.path.read_bytes().splitlines():
            said = json.loads(line)
            synced[Path(said["path"])] = said["size"]
        gone = 0
        for path in home.rglob("*.jsonl"):
            size, kept = path.stat().st_size, synced.get(path, 0)
            if size > kept:
                cut = draw.randint(kept, size - 1)
                gone += size - cut
                os.truncate(path, cut)
        return gone
