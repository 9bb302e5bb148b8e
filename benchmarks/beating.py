"""The program, with a beat on its event loop: what keeps the loop from a beat keeps it from a key.

``python -m benchmarks.beating FILE ARGUMENT ...`` runs ``tui-labeler ARGUMENT ...`` as it is, and notes in
``FILE`` each beat that came late: when, and by how many seconds.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

BEAT = 0.005
"""Seconds between two beats."""
LATE = 0.01
"""Seconds from which on a late one is noted."""


class _Beating(asyncio.DefaultEventLoopPolicy):
    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()
        # Only the thread that draws answers keys.
        if threading.current_thread() is threading.main_thread():
            loop.call_later(BEAT, self._beat, loop, time.monotonic() + BEAT)
        return loop

    def _beat(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = time.monotonic()
        if now - due > LATE:
            self._file.write(f"{now} {now - due}\n")
        loop.call_later(BEAT, self._beat, loop, time.monotonic() + BEAT)


def longest(file: Path, since: float, until: float) -> float:
    """Seconds of the longest wait between two moments of ``time.monotonic``; 0 where no beat was late.

    The clock is the same in all processes of a machine: clock_gettime(2), ``CLOCK_MONOTONIC``.
    """
    lines = file.read_text(encoding="ascii").split("\n")[:-1]
    late = [tuple(map(float, line.split())) for line in lines]
    return max((seconds for when, seconds in late if since <= when <= until), default=0.0)


def main() -> int:
    from tui_labeler.cli.main import main as program

    path = sys.argv.pop(1)
    with Path(path).open("a", encoding="ascii", buffering=1) as file:
        asyncio.set_event_loop_policy(_Beating(file))
        return program()


if __name__ == "__main__":
    sys.exit(main())
