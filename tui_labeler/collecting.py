"""When Python looks for garbage in the process that draws.

A collection of all generations visits every object. While the program loads, hundreds of thousands are made
that stay (code, styles, the short form of every document), and each collection on the way finds next to
nothing. Later ones fall into some key press, and take the longer the more documents a project has.

So there is none while the program loads and a project opens. What is there then is put aside (``gc.freeze``),
and the collections of a session visit only what came since: those of all generations while nobody types.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

YOUNG = 5_000
"""Objects that are made between two collections: a screen that is drawn anew makes more than Python's 700."""

DUE = 20
"""Collections of the middle generation after which one of all is due: megabytes may have become garbage."""

AT_LAST = 1_000
"""After so many there is one of all, whether somebody types or not."""

REST = 10.0
"""Seconds without a key after which none is likely to come amid a collection."""

AWAY = 60.0
"""Seconds without a key after which people do something else: no key comes amid half a second of looking."""

BUSY = 0.25
"""Seconds of the processor between two looks, a second apart, that are work: what was made is in use, and a
collection would visit all of it for nothing."""


class Collecting:
    """The collector of this process, off from the start, and from every ``hold``, until ``settle``."""

    def __init__(self, spent: Callable[[], float] = time.process_time) -> None:
        self._is_left = False
        self._spent = spent
        self._spent_before = spent()
        gc.disable()

    def hold(self) -> None:
        """A project is about to be opened."""
        gc.disable()

    def settle(self) -> None:
        """Program and project are there: they are put aside, and what comes from here on is collected."""
        gc.freeze()
        gc.set_threshold(YOUNG, gc.get_threshold()[1], AT_LAST)
        gc.enable()

    def release(self) -> None:
        """A project was closed. Its documents go by themselves; what is left of its screens, once people are
        away."""
        self._is_left = True
        _give_back()

    def rest(self, seconds: float) -> None:
        """Nobody has typed for ``seconds``; asked once a second. Time for what would make a key wait, unless
        the program is at work. After a project was left, what was put aside is looked through too; that takes
        longest."""
        spent, before = self._spent(), self._spent_before
        self._spent_before = spent
        if seconds < REST or spent - before > BUSY:
            return
        if self._is_left and seconds >= AWAY:
            self._collect_all()
        elif gc.get_count()[2] >= DUE:
            gc.collect()
            _give_back()

    def _collect_all(self) -> None:
        self._is_left = False
        gc.unfreeze()
        gc.collect()
        _give_back()
        gc.freeze()


def _give_back() -> None:
    """Returns freed memory to the system where the C library can (glibc): it keeps most of it by itself."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
