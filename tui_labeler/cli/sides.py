"""Two sides of something beside each other, for people at a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from tui_labeler.cli.tables import width
from tui_labeler.domain.text import safe

MARGIN = 4
NARROWEST = 24
"""Columns of a side, on however small a terminal."""

WIDEST = 60

_BETWEEN = " | "


def conflict_lines(word: str, item: Mapping[str, Any]) -> list[str]:
    """A conflict in words: in one line where that has room, else both sides, choice by choice."""
    head = f"{word}: {item['location']} [{item['id']}]"
    short = f"{head}: {item['reason']}"
    if max(len(item["ours"]), len(item["theirs"])) <= 1 and width(safe(short)) <= columns():
        return [short]
    return [head, *beside(("here", item["ours"]), ("in the container", item["theirs"]))]


def decided_lines(words: str) -> list[str]:
    """What was decided between two sides, as the history keeps it."""
    stands, _, gave_way = words.partition(" – gave way: ")
    sides = [side.split("; ") for side in (stands.removeprefix("stands: "), gave_way)]
    return beside(("stands", sides[0]), ("gave way", sides[1]))


def beside(left: tuple[str, Sequence[str]], right: tuple[str, Sequence[str]]) -> list[str]:
    """Two columns with their headings; what stands at the same place in both is on the same lines."""
    size = max(NARROWEST, min(WIDEST, (columns() - MARGIN - len(_BETWEEN)) // 2))
    found = [_row(left[0], right[0], size), _row("-" * size, "-" * size, size)]
    ours, theirs = (side or ["nothing"] for side in (left[1], right[1]))
    for one, other in zip_longest(ours, theirs, fillvalue=""):
        pair = zip_longest(_wrapped(one, size), _wrapped(other, size), fillvalue="")
        found += [_row(mine, rival, size) for mine, rival in pair]
    return found


def columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _row(one: str, other: str, size: int) -> str:
    return f"{' ' * MARGIN}{one}{' ' * (size - width(one))}{_BETWEEN}{other}".rstrip()


def _wrapped(words: str, size: int) -> Iterator[str]:
    """In lines of so many columns; a word that is longer is cut."""
    line = ""
    for word in safe(words).split(" "):
        if line and width(line) + 1 + width(word) > size:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while width(line) > size:
            cut = len(line)
            while width(line[:cut]) > size:
                cut -= 1
            yield line[:cut]
            line = line[cut:]
    yield line
