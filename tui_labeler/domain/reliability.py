"""What figures of agreement are reckoned from: units, and the value that each of two readers gave every one.

A value is a category's id, or ``$none``. What a unit is depends on the kind of the project:

- one class a document: the document, and its class;
- several classes: each class of the project for each document, and whether it was given;
- entities: each character of the text, and the category of the span that it is in. Characters need no
  tokenizer, so they are the same in every language and on every machine, and a span that is a little too long
  counts as nearly right; long spans weigh more than short ones. (F1 over exact spans, beside it, weighs every
  span alike, and takes a span that is a little too long as wrong.)

Source: Krippendorff, "Content Analysis: An Introduction to Its Methodology", 4th edition, 2018, chapter 12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui_labeler.domain.labels import Span
from tui_labeler.domain.performance import NONE, Annotation
from tui_labeler.domain.projects import ProjectKind

YES = "$yes"
"""The value of a class that was given, where each class is a unit of its own."""

Values = Counter[tuple[str, str]]
"""How many units were given which two values: the first reader's, and the second's."""

UNITS = {
    ProjectKind.ENTITIES: "character",
    ProjectKind.SINGLE_LABEL: "document",
    ProjectKind.MULTI_LABEL: "class of a document",
}


@dataclass(frozen=True, slots=True)
class Sides:
    """What two readers made of one document."""

    first: tuple[Annotation, ...]
    second: tuple[Annotation, ...]
    characters: int


def values_of(
    kind: ProjectKind, documents: Iterable[Sides], categories: Sequence[str], *, every: int = 1
) -> Values:
    """The values of all units; of entities every so many-th character is one, counted through all texts."""
    found: Values = Counter()
    before = 0
    for sides in documents:
        if kind is ProjectKind.ENTITIES:
            for start, end, one, other in _stretches(sides):
                # How many numbers that ``every`` divides lie in the stretch.
                found[one, other] += -(-(before + end) // every) + (-(before + start) // every)
            before += sides.characters
        elif kind is ProjectKind.SINGLE_LABEL:
            found[_class(sides.first), _class(sides.second)] += 1
        else:
            ones, others = ({category for category, _ in side} for side in (sides.first, sides.second))
            for category in categories:
                found[_yes(category in ones), _yes(category in others)] += 1
    return +found


def of_class(documents: Iterable[Sides], category: str) -> Values:
    """Of classes: each document, and whether it was given this one."""
    found: Values = Counter()
    for sides in documents:
        one, other = (any(category == named for named, _ in side) for side in (sides.first, sides.second))
        found[_yes(one), _yes(other)] += 1
    return found


def _yes(given: bool) -> str:
    return YES if given else NONE


def _class(side: Sequence[Annotation]) -> str:
    return side[0][0] if side else NONE


def _stretches(sides: Sides) -> Iterator[tuple[int, int, str, str]]:
    """The text cut wherever a span of either reader begins or ends, with both values."""
    spans = [_spans(side, sides.characters) for side in (sides.first, sides.second)]
    cuts = {0, sides.characters}
    for of_one in spans:
        for span, _ in of_one:
            cuts.update((span.start, span.end))
    edges = sorted(cuts)
    places = [0, 0]
    for start, end in pairwise(edges):
        values = []
        for number, of_one in enumerate(spans):
            while places[number] < len(of_one) and of_one[places[number]][0].end <= start:
                places[number] += 1
            here = of_one[places[number]] if places[number] < len(of_one) else None
            values.append(here[1] if here and here[0].start <= start else NONE)
        yield start, end, values[0], values[1]


def _spans(side: Iterable[Annotation], characters: int) -> list[tuple[Span, str]]:
    """In text order, within the text. No reader's spans overlap; where two do, the first counts."""
    found: list[tuple[Span, str]] = []
    for category, span in sorted(side, key=lambda item: (item[1] or Span(0, 1), item[0])):
        if span and span.end <= characters and (not found or found[-1][0].end <= span.start):
            found.append((span, category))
    return found


def cohens_kappa(values: Mapping[tuple[str, str], int]) -> float | None:
    """Agreement beyond chance of two readers: 1 is full agreement, 0 what chance gives.

    ``None`` without units, and where both gave every unit one and the same value. Source: Cohen, "A
    coefficient of agreement for nominal scales", 1960.
    """
    total = sum(values.values())
    if not total:
        return None
    ones: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for (one, other), count in values.items():
        ones[one] += count
        others[other] += count
    observed = sum(count for (one, other), count in values.items() if one == other) / total
    expected = sum(count * others[name] for name, count in ones.items()) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)
