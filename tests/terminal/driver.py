"""A person at a terminal: starts the program in a pseudo-terminal, presses keys, looks at the screen.

Nothing here waits for a fixed time: it reads until something is on the screen, and gives up at a deadline
that is generous, for machines are slow and shared.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte

ROOT = Path(__file__).resolve().parents[2]
"""Where ``python -m tui_labeler`` finds the program when it is not installed."""

DEADLINE = 60.0
"""Seconds after which what is waited for counts as not coming."""

SILENCE = 0.1
"""Seconds without a byte after which the screen counts as drawn."""

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
}

_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<=>][0-9;]*[A-Za-z]|\x1b\[\??[0-9;]*\$p|\x1b\]?[^\x1b\x07]*\x07")
"""Questions and modes of newer terminals that pyte would draw as text."""

_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;?<=>$]*)?\Z")


def key_bytes(key: str) -> bytes:
    """What a terminal sends for a key: ``a``, ``enter``, ``ctrl+s``."""
    if key.startswith("ctrl+"):
        return bytes([ord(key[5]) & 0x1F])
    return KEYS.get(key, key).encode()


def _is_running(stat: Path) -> bool:
    """Whether a thread was in state R or D (proc(5)); one that is gone was not."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] in "RD"
    except OSError:
        return False


class GaveUpError(AssertionError):
    """What was waited for did not come; the message shows the screen as it was."""


class Terminal:
    """``python -m tui_labeler`` in a pseudo-terminal of ``size`` columns and rows.

    ``environment`` adds to a small one of its own; a value of ``None`` takes a variable away.
    """

    def __init__(
        self,
        home: Path,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        environment: Mapping[str, str | None] | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self.home = home
        self.received = bytearray()
        """All bytes that the program has sent."""
        self.ever_seen: set[str] = set()
        """All signs that were on the screen at one of the looks at it."""
        self._rest = b""
        self._over = False
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        argv = [*(command or (sys.executable, "-m", "tui_labeler")), *arguments]
        self.process = pexpect.spawn(
            argv[0],
            argv[1:],
            env=environment_of(home, environment or {}),
            dimensions=(rows, columns),
            cwd=str(home.parent),
            timeout=DEADLINE,
        )
        self.process.delaybeforesend = None
        self.process.ptyproc.delayafterclose = 0.02

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves no program behind, whatever the test found."""
        if self.process.ptyproc.isalive():
            self.process.kill(signal.SIGKILL)
            self.process.ptyproc.wait()
        if not self.process.closed:
            self.process.close(force=True)

    # --- keys ---------------------------------------------------------------------------------------

    def press(self, *keys: str) -> Terminal:
        """Sends keys one by one, each when what the one before it caused has been drawn."""
        for key in keys:
            self.process.send(key_bytes(key))
            self.settle()
        return self

    def send(self, key: str) -> Terminal:
        """Sends a key and looks away."""
        self.process.send(key_bytes(key))
        return self

    def type(self, text: str) -> Terminal:
        """Sends a line of text at once, as typing does that is faster than the program."""
        self.process.send(text.encode())
        self.settle()
        return self

    def send_text(self, text: str) -> Terminal:
        """Sends a line of text at once, and looks away."""
        self.process.send(text.encode())
        return self

    @property
    def program(self) -> str:
        """The program's command, for a shell."""
        return shlex.join([sys.executable, "-m", "tui_labeler"])

    # --- the screen ---------------------------------------------------------------------------------

    @property
    def rows(self) -> list[str]:
        """The screen line by line, as last read."""
        return [row.rstrip() for row in self._screen.display]

    @property
    def text(self) -> str:
        """The screen as last read."""
        return "\n".join(self.rows)

    def until(self, wanted: str | Callable[[str], object], seconds: float = DEADLINE) -> str:
        """Reads until words are on the screen, or until a look at it says so, and returns the screen.

        Raises ``GaveUpError`` at the deadline, or when the program has ended first.
        """
        end = time.monotonic() + seconds
        while True:
            text = self.text
            self.ever_seen.update(text)
            if wanted in text if isinstance(wanted, str) else wanted(text):
                return text
            if self._over or time.monotonic() > end:
                how = "The program ended" if self._over else f"Nothing in {seconds:.0f} s"
                raise GaveUpError(f"{how} while waiting for {wanted!r}. On the screen:\n{text}")
            self.read_more(0.05)

    def settle(self, silence: float = SILENCE, seconds: float = DEADLINE) -> str:
        """Reads until nothing has come for a moment in which the program did nothing, and returns the screen.

        Silence alone tells little on a busy machine: there it may be the silence of a program that waits for
        the processor.
        """
        end = time.monotonic() + seconds
        while (self.read_more(silence) or self._is_at_work()) and time.monotonic() < end:
            pass
        return self.text

    def _is_at_work(self) -> bool:
        """Whether a thread of the program runs or waits for the processor, where the system tells."""
        return any(_is_running(path) for path in Path(f"/proc/{self.process.pid}/task").glob("*/stat"))

    def read_more(self, seconds: float) -> bool:
        """Reads what is there, waiting at most so many seconds for it; whether anything came."""
        if self._over:
            return False
        try:
            chunk = self.process.read_nonblocking(1 << 16, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self._over = True
            return False
        self.received += chunk
        data = self._rest + chunk
        cut = _UNFINISHED.search(data)
        self._rest = data[cut.start() :] if cut else b""
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data[: cut.start()] if cut else data))
        return True

    @property
    def is_over(self) -> bool:
        """Whether the last byte was read."""
        return self._over

    def resize(self, columns: int, rows: int) -> None:
        """Gives the terminal another size, as dragging its corner does."""
        self._screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    # --- endings ------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    def kill(self) -> None:
        """Ends the program at once (SIGKILL)."""
        self.process.kill(signal.SIGKILL)
        self.ended()

    def hang_up(self) -> None:
        """Closes the terminal under the program: the line has dropped."""
        self.process.ptyproc.fileobj.close()
        self.process.ptyproc.closed = True
        self.process.closed = True
        self._over = True

    def ended(self, seconds: float = DEADLINE) -> int:
        """Waits for the program's end; its exit code, or minus the signal. Raises ``GaveUpError``."""
        end = time.monotonic() + seconds
        while True:
            self.read_more(0.02)
            if not self.process.ptyproc.isalive():
                while self.read_more(0.02):
                    pass  # what it sent last may not have been read yet
                signal_number = self.process.ptyproc.signalstatus
                return -int(signal_number) if signal_number else int(self.process.ptyproc.exitstatus or 0)
            if time.monotonic() > end:
                raise GaveUpError(f"The program runs on. On the screen:\n{self.text}")
            if self._over:
                time.sleep(0.02)


def environment_of(home: Path, more: Mapping[str, str | None]) -> dict[str, str]:
    """What a login shell on a server has, and no more."""
    base: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "TUI_LABELER_HOME": str(home),
        "TUI_LABELER_NAME": "ana",
        "COVERAGE_PROCESS_START": os.environ.get("COVERAGE_PROCESS_START"),
        **more,
    }
    return {name: value for name, value in base.items() if value is not None}


def wait_for(condition: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
    """Looks again and again until it is so. Raises ``GaveUpError`` at the deadline."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise GaveUpError(f"Not in {seconds:.0f} s: {what}")
        time.sleep(0.05)


def command(home: Path, *arguments: str, environment: Mapping[str, str | None] | None = None) -> Any:
    """What a command prints with ``--json``. Raises ``AssertionError`` when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tui_labeler", *arguments, "--json"],
        env=environment_of(home, environment or {}),
        cwd=home.parent,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout.decode()}{done.stderr.decode()}"
    return json.loads(done.stdout)


def is_so(words: str, screen: str) -> bool:
    """Whether words are on the screen, or, where they start with ``-``, are not."""
    return words[1:] not in screen if words.startswith("-") else words in screen
