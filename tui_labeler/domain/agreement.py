"""Two readings of the same documents against each other: where they agree, and how they differ.

Entities and documents of many classes are compared by F1 over exact matches, which asks for no count of
what neither marked; F1 is the same whichever reading is taken as the truth. One class a document is compared
by Cohen's kappa, agreement beyond what chance gives. Sources: Hripcsak and Rothschild, "Agreement, the
F-measure, and reliability in information retrieval", 2005; Cohen, "A coefficient of agreement for nominal
scales", 1960.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui_labeler.domain.labels import Stamp
from tui_labeler.domain.performance import NONE, Annotation, Counts, shared_characters, text_order
from tui_labeler.domain.projects import ProjectKind


@dataclass(frozen=True, slots=True)
class BlindReading:
    """What a person had labeled when a document's suggestions came into view, and what those were.

    Nothing that is labeled or suggested later changes it.
    """

    stamp: Stamp
    labeled: tuple[Annotation, ...] = ()
    suggested: tuple[Annotation, ...] = ()
    text_hash: str = ""


class Take(StrEnum):
    """What becomes of a place that two readings have differently."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided for one place of two readings."""

    first: Annotation | None
    second: Annotation | None
    take: Take
    stamp: Stamp

    @property
    def place(self) -> tuple[Annotation | None, Annotation | None]:
        """What it was decided about: as it stands in the :class:`Pairing`."""
        return self.first, self.second


class Outcome(StrEnum):
    """How two readings stand to each other at one place."""

    SAME = "same"
    OTHER_CATEGORY = "other category"
    OTHER_ENDS = "other ends"
    OTHER_BOTH = "other category and ends"
    FIRST_ONLY = "only first"
    SECOND_ONLY = "only second"


@dataclass(frozen=True, slots=True)
class Pairing:
    """One place of a document, as each of the two has it."""

    outcome: Outcome
    first: Annotation | None
    second: Annotation | None

    @property
    def place(self) -> tuple[int, int]:
        span = (self.first or self.second or ("", None))[1]
        return (span.start, span.end) if span else (0, 0)

    @property
    def categories(self) -> tuple[str, ...]:
        """Those that are named at this place, each once."""
        named = (self.first, self.second)
        return tuple(dict.fromkeys(annotation[0] for annotation in named if annotation))


def pairings(
    kind: ProjectKind, first: Iterable[Annotation], second: Iterable[Annotation]
) -> tuple[Pairing, ...]:
    """Two readings of one document side by side, in text order.

    Each annotation stands in one pairing: with its like, else with what is at the very same place, else with
    what of the same category meets it most, else with whatever meets it most. Many classes a document are
    independent of each other, and never paired unless they are the same.
    """
    ones, others = set(first), set(second)
    found = [Pairing(Outcome.SAME, item, item) for item in ones & others]
    left, right = sorted(ones - others, key=text_order), sorted(others - ones, key=text_order)
    if kind is not ProjectKind.MULTI_LABEL:
        for one, other in _met(left, right):
            left.remove(one)
            right.remove(other)
            found.append(Pairing(_difference(one, other), one, other))
    found += [Pairing(Outcome.FIRST_ONLY, one, None) for one in left]
    found += [Pairing(Outcome.SECOND_ONLY, None, other) for other in right]
    return tuple(sorted(found, key=lambda pairing: (pairing.place, pairing.categories, pairing.outcome)))


def _met(left: list[Annotation], right: list[Annotation]) -> Iterator[tuple[Annotation, Annotation]]:
    """Pairs of what meets, the closest first, each annotation once."""
    meetings = sorted(
        (one[1] != other[1], one[0] != other[0], -common, text_order(one), text_order(other), one, other)
        for one in left
        for other in right
        if (common := shared_characters(one[1], other[1]))
    )
    taken: set[Annotation] = set()
    gone: set[Annotation] = set()
    for *_, one, other in meetings:
        if one not in taken and other not in gone:
            taken.add(one)
            gone.add(other)
            yield one, other


def _difference(one: Annotation, other: Annotation) -> Outcome:
    if one[1] == other[1]:
        return Outcome.OTHER_CATEGORY
    return Outcome.OTHER_ENDS if one[0] == other[0] else Outcome.OTHER_BOTH


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the pairings of many documents add up to."""

    kind: ProjectKind
    documents: int = 0
    agreeing: int = 0
    """Documents without any difference."""
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    categories: Mapping[str, Counts] = field(default_factory=dict)
    """By category id: the same in both, only in the second, only in the first, as if the first were right."""
    kinds: Mapping[str, Mapping[Outcome, int]] = field(default_factory=dict)
    """By category id: how often each outcome names it."""
    kappa: float | None = None
    """Cohen's kappa of one class a document; ``None`` elsewhere, and where chance alone gives agreement."""

    @property
    def f1(self) -> float | None:
        """Of exact matches, from summed counts; ``None`` where neither marked anything."""
        total = sum(self.categories.values(), Counts())
        return total.f1 if self.categories else None


def agreement(kind: ProjectKind, documents: Iterable[tuple[Pairing, ...]]) -> Agreement:
    """Adds up the pairings of each document."""
    outcomes: Counter[Outcome] = Counter()
    kinds: dict[str, Counter[Outcome]] = {}
    tally: dict[str, Counts] = {}
    classes: list[tuple[str, str]] = []
    agreeing = 0
    for lines in documents:
        agreeing += all(line.outcome is Outcome.SAME for line in lines)
        classes.append((_named(lines, first=True), _named(lines, first=False)))
        for line in lines:
            outcomes[line.outcome] += 1
            for category in line.categories:
                kinds.setdefault(category, Counter())[line.outcome] += 1
            for category, counts in _counts(line):
                tally[category] = tally.get(category, Counts()) + counts
    return Agreement(
        kind,
        len(classes),
        agreeing,
        dict(outcomes),
        dict(sorted(tally.items())),
        {category: dict(counter) for category, counter in sorted(kinds.items())},
        kappa(classes) if kind is ProjectKind.SINGLE_LABEL else None,
    )


def _counts(line: Pairing) -> Iterator[tuple[str, Counts]]:
    if line.outcome is Outcome.SAME and line.first:
        yield line.first[0], Counts(true_positives=1)
        return
    if line.first:
        yield line.first[0], Counts(false_negatives=1)
    if line.second:
        yield line.second[0], Counts(false_positives=1)


def _named(lines: tuple[Pairing, ...], *, first: bool) -> str:
    """The class that one reading gives a document; ``$none`` where it gives none."""
    named = (line.first if first else line.second for line in lines)
    return next((annotation[0] for annotation in named if annotation), NONE)


def kappa(classes: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa: 1 is full agreement, 0 what chance gives.

    ``None`` without documents, and where both give every document one and the same class.
    """
    pairs = list(classes)
    if not pairs:
        return None
    observed = sum(one == other for one, other in pairs) / len(pairs)
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(count * others[name] for name, count in ones.items()) / len(pairs) ** 2
    return None if expected == 1 else (observed - expected) / (1 - expected)
