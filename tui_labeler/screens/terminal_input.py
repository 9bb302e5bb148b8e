"""What a terminal sends, cut into keys, escape sequences and pastes before Textual sees it.

Textual 8 waits a tenth of a second for the rest of an escape sequence (``constants.ESCAPE_DELAY``), and takes
for keys what it does not know. A slow line makes of ``up`` (ESC, then ``[A``) the keys of the document before
and of accepting all; a late answer to another program's question, or an escape sequence inside a paste, does
as much harm. Here a sequence is cut out by the grammar of ECMA-48 (5th edition, 5.4 and 5.6), whatever it
means, and one that means nothing does nothing.

The price of patience is that ``escape`` alone takes effect half a second late. Nothing needs that key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual._xterm_parser import XTermParser

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
