"""Finds entities and classes in an answer of lines: ``category: words``, or the name of a class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.prompts.answers import Range, Unclear
from tui_labeler.engine.autolabelers.prompts.harvest import NOTHING, Harvest

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.names import Names

_LEAD = re.compile(r"\s*(?:[-*•+]\s+|\d{1,4}[.)]\s+)?")
# White space before a sign is tried from its beginning alone: from each of its places would take for ever.
_PARTING = re.compile(r"(?:(?<!\s)\s+)?(?::|\||=>|->|=|\t|–|—)\s*")
_MARKS = re.compile(r"\*{2}\s*")
_BEFORE = re.compile(r"(?:(?<!\s)\s+)?\|\s*before\s*[:=]\s*", re.IGNORECASE)
"""Behind the words: what stands right before the place that is meant."""
_FENCE = re.compile(r"\s*(?:```|~~~)\w*\s*")
_ANSWER = frozenset(("class", "classes", "category", "categories", "label", "labels", "answer"))


def from_lines(answer: str, start: int, names: Names, kind: ProjectKind, *, is_over: bool) -> Harvest:
    """What the lines of ``answer[start:]`` say; a last line that may be cut is left out."""
    harvest = Harvest(names)
    for line, at, is_whole in _lines(answer, start):
        if _FENCE.fullmatch(line):
            continue
        if not is_whole and not is_over:
            harvest.is_cut = True
        elif not (bare := line.strip(" .*_`'\"")):
            continue
        elif bare.casefold() in NOTHING:
            harvest.nothing()
        elif kind.is_classification:
            _take_classes(harvest, line, at)
        else:
            _take_entity(harvest, line, at)
    return harvest


def _lines(answer: str, start: int) -> Iterator[tuple[str, int, bool]]:
    """Lines without marks of a list before them, their place, and whether a line end follows."""
    for match in re.finditer(r"([^\r\n]+)(\r?\n|\r)?", answer[start:]):
        lead = _LEAD.match(match.group(1))
        skip = lead.end() if lead else 0
        line = match.group(1)[skip:].rstrip()
        if line:
            yield line, start + match.start() + skip, match.group(2) is not None


def _take_entity(harvest: Harvest, line: str, at: int) -> None:
    parted = _parted(harvest.names, line)
    if parted is None:
        first = _PARTING.search(line)
        if first and first.start() and line[first.end() :].strip():
            harvest.note(Unclear.CATEGORY, line[first.end() :], line[: first.start()])
        else:
            harvest.note(Unclear.OTHER, line)
        return
    said, begin = parted
    hint = _BEFORE.search(line, begin)
    words = line[begin : hint.start()] if hint else line[begin:]
    before = _unquoted(line[hint.end() :].strip()) if hint else ""
    if not words.strip():
        # A heading; what is meant by it, other lines say.
        harvest.has_form = True
        return
    if words.strip().casefold() in NOTHING:
        harvest.nothing()
        return
    bare = _unquoted(words)
    low = at + begin + words.index(bare)
    harvest.add_entity(said, (at, at + len(said)), bare, (low, low + len(bare)), before=before)


def _parted(names: Names, line: str) -> tuple[str, int] | None:
    """The longest name of a category before a sign that parts it from the words, and where these begin."""
    found = None
    for match in _PARTING.finditer(line, 0, 200):
        said = line[: match.start()]
        if names.find(said) is not None:
            # In "**Name:** words" the emphasis ends behind the sign.
            marks = _MARKS.match(line, match.end())
            found = (said, marks.end() if marks else match.end())
    return found


def _take_classes(harvest: Harvest, line: str, at: int) -> None:
    begin = 0
    parting = _PARTING.search(line)
    if parting and line[: parting.start()].strip(" *_").casefold() in _ANSWER:
        begin = parting.end()
    said = line[begin:].strip()
    where: Range = (at + begin, at + len(line))
    bare = said.strip(" .*_`'\"")
    if not bare:
        harvest.has_form = True
        return
    if bare.casefold() in NOTHING:
        harvest.nothing()
        return
    if harvest.add_class(said, where) or harvest.add_class(bare, where):
        return
    parts = [part.strip(" .*_`'\"") for part in re.split(r"[,;|]", said)]
    if len(parts) > 1 and all(harvest.names.find(part) is not None for part in parts):
        for part in parts:
            harvest.add_class(part, where)
        return
    harvest.note(Unclear.CATEGORY if begin else Unclear.OTHER, "" if begin else line, said if begin else "")


def _unquoted(words: str) -> str:
    for opening, closing in ('""', "''", "“”", "‘’", "``", "«»"):
        if len(words) > 2 and words[0] == opening and words[-1] == closing:
            return words[1:-1]
    return words
