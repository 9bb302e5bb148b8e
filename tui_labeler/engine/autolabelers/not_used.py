"""What of an answer can't be used, as a job tells it: nothing of it goes in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Unused
from tui_labeler.domain.text import safe
from tui_labeler.engine.autolabelers.prompts.answers import Unclear

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.answers import Parsed, Problem

QUOTED = 60
"""Characters of a category or of words that are kept: as much as a name has."""

MOST = 20
"""Items of a document that are told one by one; the others are counted."""

MORE = "more"
"""The reason of those that are only counted."""

_OF_THE_WHOLE = frozenset((Unclear.UNREADABLE, Unclear.LENGTH, Unclear.CUT))
"""These make the document fail, or have it asked for again."""


def unused_of(problems: Iterable[Problem]) -> tuple[Unused, ...]:
    """The items among what is unclear in an answer that is used otherwise.

    An entry without words names nothing, so that nothing is lost with it. Of what has not the form of an
    entry no words are kept: they may be any part of a document.
    """
    return joined(
        Unused(problem.code.value, _clipped(problem.category), _clipped(problem.words))
        if problem.code is Unclear.CATEGORY
        else Unused(problem.code.value)
        for problem in problems
        if problem.code not in _OF_THE_WHOLE and problem.code is not Unclear.EMPTY
    )


def joined(items: Iterable[Unused]) -> tuple[Unused, ...]:
    """Equal ones are one, with how often they were said; behind the first ``MOST`` they are counted."""
    found: dict[tuple[str, str, str], Unused] = {}
    more = 0
    for item in items:
        key = item.reason, item.category, item.words
        if item.reason == MORE or (key not in found and len(found) >= MOST):
            more += item.times
        else:
            found[key] = replace(item, times=item.times + (found[key].times if key in found else 0))
    return (*found.values(), *([Unused(MORE, times=more)] if more else ()))


NAMED = 3
"""Unknown categories that a failure names, of those that an answer said."""

_WHY = {
    Unclear.LENGTH: "was cut off for its length",
    Unclear.CUT: "broke off before its end",
    Unclear.UNREADABLE: "was not in the form that was asked for",
    Unclear.CATEGORY: "named only categories that were not asked for",
    Unclear.SEVERAL: "named several classes, and a document has one",
    Unclear.TYPE: "had entries that were not in the form that was asked for",
    Unclear.OTHER: "was not in the form that was asked for",
}
"""What was wrong with an answer as a whole; what comes first says most."""


def why_of_no_use(problems: Sequence[Problem]) -> str:
    """What is wrong with an answer that nothing can be made of: a phrase with the answer as its subject."""
    codes = {problem.code for problem in problems}
    code = next((code for code in _WHY if code in codes), Unclear.UNREADABLE)
    said = dict.fromkeys(
        safe(_clipped(one.category)) for one in problems if one.code is code and one.category
    )
    named = [f"“{name}”" for name in list(said)[:NAMED]]
    told = f" ({', '.join(named)}{' and others' if len(said) > NAMED else ''})" if named else ""
    return f"{_WHY[code]}{told if code is Unclear.CATEGORY else ''}"


def with_unknown_of(first: Sequence[Problem], second: Parsed) -> Parsed:
    """A repaired answer, with what the one before it named under unknown categories and it leaves out.

    Prose names no categories, whatever stands before a colon in it.
    """
    if any(one.code is Unclear.UNREADABLE for one in first):
        return second
    known = {item.words for item in second.items} | {problem.words for problem in second.problems}
    lost = tuple(one for one in first if one.code is Unclear.CATEGORY and one.words not in known)
    return replace(second, problems=(*second.problems, *lost))


def _clipped(text: str) -> str:
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"
