"""How many cells text takes in a terminal, and which code points belong together.

Widths are Rich's, which Textual cuts its lines by: a layout that disagreed with them would be cut in
the wrong places. Clusters are Rich's too (combining marks, emoji sequences, variation selectors), and
the two halves of a flag stay together as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, get_character_cell_size, split_graphemes

from tui_labeler.domain.text import safe
from tui_labeler.screens.widgets.spacing_marks import count_spacing_marks, spacing_marks

# Characters of one cell that never join their neighbours, unsafe ones included: those are drawn as one
# visible sign each. Most texts in European languages hold nothing else.
_NOT_PLAIN = re.compile(
    "[^\x00-\x08\x0a-\u02ff\u0370-\u0482\u200b\u2010-\u2029\u2030-\u205e\u20a0-\u20bf\ufeff]"
)
_SPECIAL = re.compile("[\u200d\ufe0f\U0001f1e6-\U0001f1ff]")
NAMES = 100
"""Cells for a list of names among other facts: two lines on a small screen."""
_MARKS_SHOWN = 24
"""Code points drawn of one cluster; the longest emoji sequences have eleven."""


class _Widths(dict[str, int]):
    def __missing__(self, character: str) -> int:
        width = 1 if character == "\t" else get_character_cell_size(character)
        self[character] = width
        return width


_widths = _Widths()


def take_spacing_marks_for(taken: int) -> bool:
    """Counts 0 or 1 cells for a vowel sign beside its letter; whether that is another number than before."""
    changes = count_spacing_marks(taken)
    if changes:
        _widths.clear()
    return changes


def is_plain(line: str) -> bool:
    """Whether every code point of ``line`` takes one cell of its own (a tab does not)."""
    return _NOT_PLAIN.search(line) is None


def shown(line: str) -> str:
    """``line`` as it may be drawn, code point for code point; tabs are left to the layout."""
    if line.isprintable() and line.isascii():
        return line
    return "\t".join(map(safe, line.split("\t"))) if "\t" in line else safe(line)


def clusters(line: str) -> tuple[list[int], list[int]]:
    """Where the clusters of ``line`` (as :func:`shown` gives it) start, and their widths in cells.

    Every cluster has a width of at least one; that of a tab is given as one and settled by the layout.
    """
    if _SPECIAL.search(line) is None and spacing_marks().isdisjoint(line):
        widths = [_widths[character] for character in line]
        if 0 not in widths:
            return list(range(len(line))), widths
        starts = [index for index, width in enumerate(widths) if width or not index]
        return starts, [widths[start] or 1 for start in starts]
    starts, widths = [], []
    flag_before = False
    for start, end, width in split_graphemes(line.replace("\t", " "))[0]:
        is_flag = end == start + 1 and "\U0001f1e6" <= line[start] <= "\U0001f1ff"
        if is_flag and flag_before:
            widths[-1] += width
            flag_before = False
        else:
            starts.append(start)
            widths.append(width or 1)
            flag_before = is_flag
    return _with_their_signs(line, starts, widths)


def _with_their_signs(line: str, starts: list[int], widths: list[int]) -> tuple[list[int], list[int]]:
    """Vowel signs that stand beside a letter belong to it."""
    signs = spacing_marks()
    kept: list[int] = []
    taken: list[int] = []
    for start, width in zip(starts, widths, strict=True):
        if kept and line[start] in signs:
            taken[-1] += width
        else:
            kept.append(start)
            taken.append(width)
    return kept, taken


def drawn(cluster: str) -> str:
    """What is sent for one cluster of a shown line.

    A mark with nothing to stand on gets a dotted circle; a cluster with marks without end is cut.
    """
    if len(cluster) > _MARKS_SHOWN:
        cluster = cluster[:_MARKS_SHOWN].rstrip("\u200d")
    if cell_len(cluster) == 0:
        return "\u2423" if _SPECIAL.search(cluster) else "\u25cc" + cluster
    return cluster


def clean(text: str) -> str:
    """A name or message in one line that is safe to draw, with each cluster as :func:`drawn`."""
    if text.isascii() and text.isprintable():
        return text
    line = safe(shown(text))
    if is_plain(line):
        return line
    starts, _ = clusters(line)
    return "".join(
        drawn(line[start:end]) for start, end in zip(starts, [*starts[1:], len(line)], strict=True)
    )


def clip(text: str, width: int, more: str = "…") -> str:
    """The beginning of a clean ``text``, at most ``width`` cells wide, with a sign where it was cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return _head(text, width - 1) + more


def clip_start(text: str, width: int, more: str = "…") -> str:
    """The end of a clean ``text``, at most ``width`` cells wide, with a sign where it was cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return more + _tail(text, width - 1)


def clip_middle(text: str, width: int, more: str = "…") -> str:
    """Both ends of a clean ``text``: names often differ at their ends."""
    if cell_len(text) <= width:
        return text
    if width < 3:
        return clip(text, width, more)
    tail = (width - 1) // 2
    return _head(text, width - 1 - tail) + more + _tail(text, tail)


def some_of(names: Sequence[str], width: int) -> str:
    """As many names as fit ``width`` cells, made safe, and how many more there are; one at least."""
    shown: list[str] = []
    used = 0
    for name in map(clean, names):
        used += cell_len(name) + 2
        if shown and used > width:
            break
        shown.append(name)
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def fit(text: str, width: int, more: str = "…") -> str:
    """A clean ``text`` clipped or filled up with spaces to exactly ``width`` cells."""
    clipped = clip(text, width, more)
    return clipped + " " * (width - cell_len(clipped))


def _head(text: str, width: int) -> str:
    if is_plain(text):
        return text[:width]
    starts, widths = clusters(text)
    used = 0
    for start, cells in zip(starts, widths, strict=True):
        if used + cells > width:
            return text[:start]
        used += cells
    return text


def _tail(text: str, width: int) -> str:
    if is_plain(text):
        return text[len(text) - width :]
    starts, widths = clusters(text)
    used = 0
    cut = len(text)
    for start, cells in zip(reversed(starts), reversed(widths), strict=True):
        if used + cells > width:
            break
        used += cells
        cut = start
    return text[cut:]


def short(count: int, cells: int) -> str:
    """A count in so many cells, of thousands or millions where it is larger; nothing for none."""
    if count < 10**cells:
        return str(count or "")
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"
