"""Collects what is found in one answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_labeler.engine.autolabelers.prompts.answers import Item, Problem, Range, Unclear
from tui_labeler.engine.autolabelers.prompts.names import Names

NOTHING = frozenset(("", "none", "null", "n/a", "nothing", "no entities", "no classes", "none.", "-"))
"""How models say that there is nothing to name, case folded."""


@dataclass(slots=True)
class Harvest:
    """What one reading of an answer found so far."""

    names: Names
    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    has_form: bool = False
    """It has the form of an answer, even where it names nothing."""
    says_nothing: bool = False
    """It says in so many words that there is nothing to name: an empty list, ``null``, "none"."""
    is_cut: bool = False
    """Something was left out as its end was missing."""

    def absorb(self, other: Harvest) -> None:
        self.items += other.items
        self.problems += other.problems
        self.has_form = self.has_form or other.has_form
        self.says_nothing = self.says_nothing or other.says_nothing
        self.is_cut = self.is_cut or other.is_cut

    def nothing(self) -> None:
        """Takes that there is nothing to name."""
        self.has_form = self.says_nothing = True

    def note(self, code: Unclear, words: str = "", category: str = "") -> None:
        self.problems.append(Problem(code, words, category))

    def add_class(self, said: str, at: Range) -> bool:
        """Adds a class by the name that the model gave; says whether there is one."""
        found = self.names.find(said)
        if found is not None:
            self.items.append(Item(found, at))
            self.has_form = True
        return found is not None

    def add_entity(
        self,
        said: str,
        said_at: Range,
        words: str,
        words_at: Range,
        *,
        before: str = "",
        after: str = "",
        occurrence: int | None = None,
    ) -> None:
        """Adds an entity, or notes why not."""
        self.has_form = True
        category = self.names.find(said)
        if category is None:
            self.note(Unclear.CATEGORY, words, said)
        elif not words.strip():
            self.note(Unclear.EMPTY, category=said)
        else:
            self.items.append(
                Item(category, said_at, words.strip(), words_at, before.strip(), after.strip(), occurrence)
            )
