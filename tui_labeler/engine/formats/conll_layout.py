"""How the lines of a file of tokens and tags are made up: what parts columns, and how many there are."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tui_labeler.engine.formats.tagged import OUTSIDE, is_tag

DOCSTART = "-DOCSTART-"
BLANKS = re.compile(r"[ \t]+")


@dataclass(slots=True)
class Layout:
    """How the lines of a file are made up."""

    tabs: bool
    columns: int
    numbered: bool = False
    """The first column counts the tokens of a sentence, and the second is the token."""
    comments: int = 0


def laid_out(lines: list[str]) -> tuple[Layout, list[list[str]]]:
    """The layout, and the fields of each line.

    It is the number of columns that most lines have and that puts a tag at the end of each, if any does.
    """
    said = [at for at, line in enumerate(lines) if line.strip() and not is_start(line)]
    sure = [at for at in said if lines[at][0] != "#"] or said
    tabs = all("\t" in lines[at] for at in sure)
    fields = [_fields(line, tabs) if line else [] for line in lines]
    rows = [fields[at] for at in sure]
    counts = Counter(map(len, rows))
    by_number = sorted(counts, key=lambda count: (-counts[count], count))
    for columns in by_number:
        if columns > 1 and all(tag_of(row, columns) for row in rows):
            break
    else:
        columns = next((count for count in by_number if count > 1), 2)
    return Layout(tabs, columns, columns > 2 and _counts([row[0] for row in rows])), fields


def _counts(numbers: list[str]) -> bool:
    last = 0
    for number in numbers:
        if number not in (str(last + 1), "1"):
            return False
        last = int(number)
    return last > 0


def _fields(line: str, tabs: bool) -> list[str]:
    if tabs:
        return [part.strip(" ") for part in line.rstrip("\t ").split("\t")]
    fields = line.split(" ")
    return BLANKS.split(line.strip(" \t")) if "\t" in line or "" in fields else fields


def tag_of(fields: list[str], columns: int) -> str:
    """The tag, or nothing. Of two columns the second may hold blanks: names do."""
    if len(fields) == columns and is_tag(fields[-1]):
        return fields[-1]
    if columns == 2 and len(fields) > 2 and fields[1] != OUTSIDE and is_tag(fields[1]):
        return " ".join(fields[1:])
    return ""


def is_start(line: str) -> bool:
    return DOCSTART in line and line.lstrip().startswith(DOCSTART)
