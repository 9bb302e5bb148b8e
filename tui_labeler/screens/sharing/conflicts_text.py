"""Both sides of a conflict beside each other, with the words that they are about; without any widget."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.domain.labels import Span
from tui_labeler.screens.widgets.cells import clean, fit
from tui_labeler.screens.widgets.glyphs import ASCII, plain_signs
from tui_labeler.screens.words import lines_of, wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.sharing.conflict_words import Told
    from tui_labeler.engine.sharing.conflicts import LabelConflict
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line, Part

_AROUND = 60
"""Characters of the text that are shown before and behind the words."""

_LONGEST = 200
"""Characters of the words themselves."""

PROJECT = "categories and settings"
"""What a conflict is in that is in no document."""


def place_of(conflict: LabelConflict) -> str:
    return PROJECT if conflict.is_of_project else conflict.location


def first_place(conflict: LabelConflict) -> Span | None:
    """Where in the text a conflict begins."""
    return min((span for line in (*conflict.ours, *conflict.theirs) for span in line.spans), default=None)


def in_short(lines: Sequence[Told]) -> str:
    """A side in a few words, for a list: without places and times."""
    return "; ".join(_AT.sub("", line.words) for line in lines) or "nothing"


_AT = re.compile(r" at \d+\.\.\d+| \(\d{4}-\d\d-\d\d \d\d:\d\d\)")


def page(conflict: LabelConflict, text: str | None, text_hash: str, width: int, signs: Glyphs) -> list[Line]:
    """Ours on the left, theirs on the right. ``text`` is the document's, where it could be read."""
    column = max(16, (width - 3) // 2)
    headings: tuple[Part, Part] = (
        ("Here: o takes it", "title"),
        ("Container: t takes it", "title"),
    )
    sides = [_side(side, _Text(text, text_hash), column) for side in (conflict.ours, conflict.theirs)]
    rows = [headings, *zip_longest(*sides, fillvalue=("", ""))]
    if signs is ASCII:
        rows = [((plain_signs(one[0]), one[1]), (plain_signs(two[0]), two[1])) for one, two in rows]
    found: list[Line] = [((clean(place_of(conflict)), "title"),), ()]
    for ours, theirs in rows:
        left = fit(clean(ours[0]), column, signs.more)
        found.append(((left, ours[1]), (f" {signs.column} ", "dim"), theirs))
    advice = (
        "What gives way is not lost: the history keeps it. The others hear of the decision with the next "
        "sync."
    )
    return [*found, (), *wrapped(advice, width, "dim")]


class _Text:
    """A document's text, and which it is."""

    def __init__(self, text: str | None, text_hash: str) -> None:
        self._text = text
        self._hash = text_hash

    def around(self, span: Span, text_hash: str) -> tuple[str, str] | None:
        """Some words, and the text with them in brackets; nothing of another text."""
        if self._text is None or text_hash not in ("", self._hash):
            return None
        text, start, end = self._text, span.start, span.end
        words = text[start:end] if end - start <= _LONGEST else f"{text[start : start + _LONGEST]}…"
        before, behind = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
        if start > _AROUND:
            before = f"… {before.partition(' ')[2]}"
        if end + _AROUND < len(text):
            behind = f"{behind.rpartition(' ')[0]} …"
        return words, _in_one_line(f"{before}[{words}]{behind}")


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _side(side: Sequence[Told], text: _Text, width: int) -> list[Part]:
    """The lines of one column."""
    if not side:
        return [("nothing", "dim")]
    found: list[Part] = []
    for told in side:
        found += [(line, "") for line in lines_of(told.sentence, width)]
        for span in told.spans:
            about = text.around(span, told.text_hash)
            if about is not None:
                found += [(line, "key") for line in lines_of(f"“{_in_one_line(about[0])}”", width)]
                found += [(line, "dim") for line in lines_of(about[1], width)]
        found.append(("", ""))
    return found[:-1]


def widest(words: Sequence[str]) -> int:
    return max((cell_len(clean(word)) for word in words), default=0)
