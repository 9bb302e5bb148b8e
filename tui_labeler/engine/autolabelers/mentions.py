"""What a model says stands in a text: words, never offsets."""

from __future__ import annotations

from dataclasses import dataclass

from tui_labeler.domain.labels import Placed, Span


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity as a model names it."""

    category: str
    """A category id."""
    words: str
    """The words that are to be found in the text."""
    before: str = ""
    """A few words that stand right before them, where the model gave some."""
    after: str = ""
    """A few words that stand right behind them, where the model gave some."""
    occurrence: int | None = None
    """Which of several occurrences is meant, counted from 1, where the model says so."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the text that a mention stands for."""

    span: Span
    placed: Placed
    place: int = 1
    """Which of the possible places it is, in text order, counted from 1: the n of "n of m"."""
    places: int = 1
    """How many places were possible; more than one only for what is ambiguous."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of one mention: spots, or nothing but likely places."""

    mention: Mention
    spots: tuple[Spot, ...] = ()
    candidates: tuple[Span, ...] = ()
    """Likely places of what was not placed, best first. They may be taken by other mentions."""
    repeats: bool = False
    """The text says it less often than the answer: the spots are those of an equal mention."""


@dataclass(frozen=True, slots=True)
class Placements:
    """What became of an answer: a placement for each mention, in the order of the answer."""

    items: tuple[Placement, ...]

    @property
    def spots(self) -> tuple[tuple[str, Spot], ...]:
        """Category and spot of all that was placed, each once, in text order; no two overlap."""
        found = {
            (item.mention.category, spot.span): (item.mention.category, spot)
            for item in self.items
            for spot in item.spots
        }
        return tuple(sorted(found.values(), key=lambda pair: pair[1].span))

    @property
    def to_place(self) -> tuple[Placement, ...]:
        """What was answered and not placed. A mention of white space alone says nothing and is left out."""
        return tuple(item for item in self.items if not item.spots and item.mention.words.strip())
