"""How many cells the vowel signs of Devanagari, Tamil and others take that stand beside their letter.

Unicode leaves that to terminals (UAX #11; the signs are those of general category Mc). glibc's ``wcwidth``,
and with it tmux, screen and xterm, counts one cell for each; terminals that measure grapheme clusters, as
kitty does, count none. Rich, by which Textual cuts its lines, counts none. So the terminal is asked, and Rich
counts as it does: a row that is one cell longer than Textual believes breaks all that stands to its right.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

from rich import cells
from rich._unicode_data import load

ROW, LETTER_WITH_SIGN = 2, "\u0915\u093e"

QUESTION = f"\x1b[{ROW};1H{LETTER_WITH_SIGN}\x1b[6n\x1b[{ROW};1H\x1b[K"
"""Draws a letter with such a sign, and asks where the cursor is then. In the second row: what a terminal
says of the first looks like a function key. Source: ECMA-48, 8.3.35 (DSR)."""

_table_of = load


def answered(x: int, y: int) -> int | None:
    """The cells that a sign takes, 0 or 1, of where the cursor was after :data:`QUESTION`, counted from 0.

    ``None`` for what is no answer to it.
    """
    return x - 1 if y == ROW - 1 and x in (1, 2) else None


@cache
def spacing_marks() -> frozenset[str]:
    """The characters of general category Mc that Rich counts no cell for."""
    narrow = (span for span in _table_of("auto").widths if not span[2])
    codes = (code for start, end, _ in narrow for code in range(start, end + 1))
    return frozenset(chr(code) for code in codes if unicodedata.category(chr(code)) == "Mc")


class _Counted:
    cells = 0


def count_spacing_marks(taken: int) -> bool:
    """Lets Rich count ``taken`` cells, 0 or 1, for each; whether it counted otherwise before."""
    if taken == _Counted.cells:
        return False
    _Counted.cells = taken
    # The functions of this module look widths up in what it has of that name; they have no other way.
    cells.load_cell_table = _with_spacing_marks if taken else _table_of  # type: ignore[attr-defined]
    cells.get_character_cell_size.cache_clear()
    cells.cached_cell_len.cache_clear()
    return True


@cache
def _with_spacing_marks(unicode_version: str = "auto") -> Any:
    """Rich's table of widths, with the signs taken out of what has no width."""
    table = _table_of(unicode_version)
    widths: list[tuple[int, int, int]] = []
    for start, end, width in table.widths:
        if width:
            widths.append((start, end, width))
            continue
        first = start
        for code in range(start, end + 2):
            if code > end or unicodedata.category(chr(code)) == "Mc":
                if code > first:
                    widths.append((first, code - 1, 0))
                first = code + 1
    return table._replace(widths=widths)
