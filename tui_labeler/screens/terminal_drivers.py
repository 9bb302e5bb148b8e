"""Textual's driver for terminals, with an ear of its own, and a voice that bears the end of the line."""

from __future__ import annotations

import errno
import os
import selectors
import signal
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from rich.cells import cell_len
from textual.drivers.linux_driver import LinuxDriver

from tui_labeler.screens.terminal_input import LOOK_EVERY, Cutter, Piece, Reader, patience
from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, typewritten
from tui_labeler.screens.widgets.spacing_marks import QUESTION

EXPLICIT_ORDER = "\x1b[8l"
IMPLICIT_ORDER = "\x1b[8h"
"""Whether a terminal leaves characters where they are sent, or puts right-to-left text in order itself, as
those that can do by default. Source: ECMA-48, 8.3.106 and 7.2.1 (BDSM); BiDi in Terminal Emulators."""

NOTHING_LEFT = "\x1b[0m\x1b[2J\x1b[H"
"""Clears the screen and goes to its first row. Source: ECMA-48, 8.3.39 (ED) and 8.3.21 (CUP)."""

_GONE = (errno.EIO, errno.ENXIO, errno.EPIPE, errno.EBADF)


def encodable(text: str, encoding: str) -> str:
    """``text`` with question marks, as wide as they are, for characters that an encoding does not have.

    Python would write escapes in their place, which are wider and move all that stands behind them.
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(one if _has(encoding, one) else "?" * cell_len(one) for one in text)
    return text


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


class _Line:
    """A terminal's file: what is written once the terminal is gone, is gone too.

    The thread that writes would end with the error, and whoever hands it more would wait for it for ever.
    """

    def __init__(self, file: IO[str], *, ascii_only: bool = False) -> None:
        """``ascii_only`` sends signs of type for which ASCII has one as wide as that one."""
        self._file = file
        self._ascii_only = ascii_only
        self._encoding: str = getattr(file, "encoding", None) or "utf-8"

    def write(self, text: str) -> None:
        shown = encodable(typewritten(text) if self._ascii_only else text, self._encoding)
        with _while_it_is_there():
            self._file.write(shown)

    def flush(self) -> None:
        with _while_it_is_there():
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


@contextmanager
def _while_it_is_there() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _GONE:
            raise


class PatientDriver(LinuxDriver):
    """Textual's driver for terminals, with an ear of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = _Line(self._file, ascii_only=self._app.has_class(ASCII_CLASS))
        self._stops_others = False

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if not self._app.has_class(ASCII_CLASS):
            self.write(QUESTION)
            self.flush()

    def stop_application_mode(self) -> None:
        # Where there is no other screen to go back to (screen's default, the Linux console), the shell
        # would write into the middle of the last picture.
        self.write(NOTHING_LEFT)
        super().stop_application_mode()

    def stop_others_too(self) -> None:
        """When the program is suspended next, all that were started together with it are.

        A terminal's own ctrl+z does so: where a script has started the program, a shell waits for the script,
        and gives no prompt as long as that goes on.
        """
        self._stops_others = True

    def suspend_application_mode(self) -> None:
        super().suspend_application_mode()
        if not self._stops_others:
            return
        self._stops_others = False
        # Not before: the shell writes its prompt as soon as they stand still. Textual stops this process.
        own = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        os.killpg(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, own)

    def _run_input_thread(self) -> None:
        """Textual's own draws what was raised in the thread, as it is."""
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001 - the application ends for it
            self._app.call_later(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Reads until the program ends or the terminal is gone. Bytes need not be UTF-8."""
        cutter, reader = Cutter(patience(os.environ)), Reader(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                pieces: list[Piece] = []
                if selector.select(LOOK_EVERY):
                    data = self._read()
                    if not data:
                        # The kernel tells only those whose controlling terminal it was.
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    pieces.extend(cutter.feed(decode(data), time.monotonic()))
                pieces.extend(cutter.tick(time.monotonic()))
                for piece in pieces:
                    for event in reader.events(piece):
                        self.process_message(event)

    def _read(self) -> bytes:
        """What was typed; nothing once the terminal is gone. Source: termios(3) and read(2), ``EIO``."""
        try:
            return os.read(self.fileno, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b""


class OrderingDriver(PatientDriver):
    """One for a program that sends right-to-left text in the order in which it is seen."""

    def start_application_mode(self) -> None:
        super().start_application_mode()
        self.write(EXPLICIT_ORDER)
        self.flush()

    def stop_application_mode(self) -> None:
        self.write(IMPLICIT_ORDER)
        super().stop_application_mode()
