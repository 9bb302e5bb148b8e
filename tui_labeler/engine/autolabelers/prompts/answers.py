"""What is understood of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tui_labeler.engine.autolabelers.mentions import Mention

Range = tuple[int, int]
"""Half-open, in code points of the answer."""


class Unclear(StrEnum):
    """Why something in an answer, or all of it, can't be used."""

    UNREADABLE = "unreadable"
    """There is nothing in it that has the form that was asked for."""
    LENGTH = "length"
    """It was cut at the limit of tokens; what was whole before the cut is used."""
    CUT = "cut"
    """It ends before its end."""
    CATEGORY = "unknown_category"
    TYPE = "wrong_type"
    EMPTY = "no_words"
    SEVERAL = "several_classes"
    """More than one class where a document has one: which is meant can't be known."""
    OTHER = "not_understood"


@dataclass(frozen=True, slots=True)
class Problem:
    code: Unclear
    words: str = ""
    """What the model said, or the part of it that tells most."""
    category: str = ""
    """What the model called the category, where that is part of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entity or class that an answer names."""

    category: str
    """A category id."""
    category_at: Range
    """Where the answer names the category."""
    words: str = ""
    """Of an entity; empty for a class."""
    words_at: Range | None = None
    """Where the answer says the words."""
    before: str = ""
    after: str = ""
    occurrence: int | None = None

    @property
    def mention(self) -> Mention:
        return Mention(self.category, self.words, self.before, self.after, self.occurrence)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer as far as it is understood. Nothing in it is left out in silence."""

    items: tuple[Item, ...] = ()
    """In the order of the answer. Entities that are said twice are there twice: the words may stand in the
    text as often. A class is there once."""
    problems: tuple[Problem, ...] = ()

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Of entities."""
        return tuple(item.mention for item in self.items)

    @property
    def is_cut(self) -> bool:
        """There may have been more."""
        return any(problem.code in (Unclear.LENGTH, Unclear.CUT) for problem in self.problems)

    @property
    def asks_for_repair(self) -> bool:
        """Asking for the form again may help: nothing was understood, and that is not for lack of room."""
        codes = {problem.code for problem in self.problems}
        return not self.items and bool(codes - {Unclear.LENGTH, Unclear.EMPTY})
