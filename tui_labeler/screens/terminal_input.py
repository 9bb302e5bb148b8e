"""What a terminal sends, cut into keys, escape sequences and pastes before Textual sees it.

Textual 8 waits a tenth of a second for the rest of an escape sequence (``constants.ESCAPE_DELAY``), and takes
for keys what it does not know. A slow line makes of ``up`` (ESC, then ``[A``) the keys of the document before
and of accepting all; a late answer to another program's question, or an escape sequence inside a paste, does
as much harm. Here a sequence is cut out by the grammar of ECMA-48 (5th edition, 5.4 and 5.6), whatever it
means, and one that means nothing does nothing.

The price of patience is that ``escape`` alone takes effect half a second late. Nothing needs that key.
"""

from __future__ import annotations

import errno
import os
import re
import selectors
import signal
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui_labeler.screens.widgets.glyphs import ASCII_CLASS, typewritten
from tui_labeler.screens.widgets.spacing_marks import QUESTION

if TYPE_CHECKING:
    from textual.message import Message

ESC = "\x1b"

PATIENCE = 0.5
"""Seconds that the rest of an escape sequence may be late; ``ESCDELAY`` (in milliseconds) is another."""

LONGEST_KNOWN = 32
"""Characters of the longest sequence that Textual knows; it types out longer ones as keys."""

LONGEST_HELD = 1 << 20
"""Characters after which a sequence without an end is given up."""

LOOK_EVERY = 0.1
"""Seconds between two looks whether a sequence is late, or the program ends."""

PASTE, END_OF_PASTE = f"{ESC}[200~", f"{ESC}[201~"

_WHOLE = re.compile(
    r"\x1b(?:"
    r"\[M[^\x00-\x1f]{3}"  # the mouse as X10 reports it
    r"|\[\[[ -~]"  # function keys of the Linux console
    r"|\[\d{1,2}\$"  # keys with shift of rxvt
    r"|\[(?![M\[])[ -?]*[@-~]"  # control sequences
    r"|O[ -?]*[@-~]"  # keys in the application's mode
    r"|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"  # control strings: answers, mostly
    r"|[^\[O\]P_^X\x1b]"  # a key with alt
    r")",
    re.DOTALL,
)

_BEGUN = re.compile(
    r"\x1b(?:\[(?:M[^\x00-\x1f]{0,2}|\[|[ -?]*)|O[ -?]*|[\]P_^X][^\x07\x1b]*\x1b?)?\Z",
    re.DOTALL,
)
"""A sequence that has not ended yet."""

_BROKEN = re.compile(r"\x1b(?:\[M?[ -?]*|O[ -?]*|[\]P_^X][^\x07\x1b]*)?")
"""What goes with a sequence that can't go on as it does."""

_NO_SIZE = re.compile(r"\x1b\[48;(?:[\d:]*;)?(?:0+|\d{5,})[:;]")
"""A report of the screen's size with a side that no screen has."""

_MAY_GO_ON = "[O"
"""What continues an escape that came before it; anything else is a key of its own."""


def patience(environment: Mapping[str, str]) -> float:
    """Seconds to wait for the rest of an escape sequence: ``ESCDELAY``, as for ncurses, or ``PATIENCE``."""
    given = environment.get("ESCDELAY", "")
    return int(given) / 1000 if re.fullmatch("[0-9]{1,6}", given) and int(given) else PATIENCE


@dataclass(frozen=True, slots=True)
class Typed:
    """Characters that are keys, one each; no escape is among them."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One whole escape sequence, or an escape alone."""

    text: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """What stood between the marks of a paste, whatever it was."""

    text: str


Piece = Typed | Sequence | Pasted


class Cutter:
    """Cuts what comes from a terminal, in whatever portions it comes. Times are seconds of any one clock."""

    def __init__(self, wait: float = PATIENCE) -> None:
        self._wait = wait
        self._held = ""
        self._apart = False
        self._late_at = 0.0
        self._pasting = False
        self._searched = 0

    def feed(self, data: str, now: float) -> Iterator[Piece]:
        """What is whole after ``data``; the rest is held."""
        if self._held == ESC and not self._pasting:
            self._apart = True
            if data[:1] not in _MAY_GO_ON:
                yield Sequence(self._take(1))
        self._held += data
        self._late_at = now + self._wait
        while self._held:
            piece, waits = self._paste() if self._pasting else self._next()
            if piece is not None:
                yield piece
            if waits:
                return

    def tick(self, now: float) -> Iterator[Piece]:
        """What is held becomes keys, or nothing, when its rest is late. A paste waits for its end."""
        if not self._held or self._pasting or now < self._late_at:
            return
        held, self._held = self._held, ""
        if held == ESC or (len(held) == 2 and not self._apart):
            yield Sequence(held)
        elif len(held) == 2:
            yield Sequence(ESC)
            yield Typed(held[1])

    def _next(self) -> tuple[Piece | None, bool]:
        """The next piece outside of a paste, and whether more must come first."""
        if not self._held.startswith(ESC):
            end = self._held.find(ESC)
            return Typed(self._take(end if end > 0 else len(self._held))), False
        if whole := _WHOLE.match(self._held):
            sequence = self._take(whole.end())
            self._pasting, self._searched = sequence == PASTE, 0
            return (None if sequence in (PASTE, END_OF_PASTE) else Sequence(sequence)), False
        if len(self._held) < LONGEST_HELD and _BEGUN.match(self._held):
            return None, True
        broken = _BROKEN.match(self._held)
        assert broken is not None
        return (Sequence(ESC) if self._take(broken.end()) == ESC else None), False

    def _paste(self) -> tuple[Piece | None, bool]:
        """The paste, when its end is there.

        A mark of the end inside what is pasted would make keys of the rest, so the end is the last mark of
        what has come. (Two pastes that come at once, over a slow line, are one for that.)
        """
        end = self._held.rfind(END_OF_PASTE, self._searched)
        if end < 0:
            self._searched = max(0, len(self._held) - len(END_OF_PASTE))
            return None, True
        self._pasting = False
        pasted = self._take(end)
        self._take(len(END_OF_PASTE))
        return Pasted(pasted.replace(PASTE, "").replace(END_OF_PASTE, "").replace("\0", "")), False

    def _take(self, length: int) -> str:
        taken, self._held = self._held[:length], self._held[length:]
        self._apart = False
        return taken


class _Parser(XTermParser):
    """Textual's own reading of a sequence."""

    @property
    def waits(self) -> bool:
        """It would take more characters for part of the sequence."""
        return self._awaiting.timeout is not None

    def alt(self, character: str) -> list[events.Key]:
        """The key for a character with alt."""
        return list(self._sequence_to_key_events(character, alt=True))


class Reader:
    """Makes Textual's events of pieces."""

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._parser = _Parser(debug)

    def events(self, piece: Piece) -> list[Message]:
        """What a piece means: nothing, where Textual does not know it."""
        if isinstance(piece, Pasted):
            return [events.Paste(piece.text)] if piece.text else []
        if piece.text == ESC:
            return [events.Key("escape", ESC)]
        if isinstance(piece, Typed):
            return list(self._parser.feed(piece.text))
        return self._of_sequence(piece.text) if len(piece.text) <= LONGEST_KNOWN else []

    def _of_sequence(self, sequence: str) -> list[Message]:
        if _NO_SIZE.match(sequence):
            return []
        try:
            found = list(self._parser.feed(sequence))
        except (ValueError, ArithmeticError):
            # A number that is no character's, or the like: the parser ends with the error.
            self._start_again()
            return []
        if self._parser.waits:
            self._start_again()
            return [*self._parser.alt(sequence[1])] if len(sequence) == 2 else []
        # A terminal that does not know its pixels reports the mouse by cells.
        pixels = self._parser.terminal_pixel_size
        self._parser.mouse_pixels &= pixels is None or all(pixels)
        return found

    def _start_again(self) -> None:
        """A parser that waits for nothing, and knows of the mouse and the screen what the last one knew."""
        last, self._parser = self._parser, _Parser(self._debug)
        self._parser.last_x, self._parser.last_y = last.last_x, last.last_y
        self._parser.mouse_pixels = last.mouse_pixels
        self._parser.terminal_size = last.terminal_size
        self._parser.terminal_pixel_size = last.terminal_pixel_size


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
