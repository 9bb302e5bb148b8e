"""Labels, suggestions and decisions, and the rules between them."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Any

from tui_labeler.domain.projects import ProjectKind


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points, never empty."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"{self.start}..{self.end} is not a span")

    @property
    def length(self) -> int:
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


class Origin(StrEnum):
    """How a label came to be."""

    PERSON = "person"
    SUGGESTION = "suggestion"
    IMPORT = "import"


class Placed(StrEnum):
    """How a suggestion's span was found in the text."""

    EXACT = "exact"
    FOLDED = "folded"
    FUZZY = "fuzzy"
    AMBIGUOUS = "ambiguous"
    BY_HAND = "by hand"
    """A person set it: no suggestion that waits is placed so."""


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DraftKind(StrEnum):
    """What saving will do: keep the label, or take it away."""

    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who did something, and when (UTC, ISO 8601)."""

    actor: str
    time: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that its maker has not saved yet."""

    kind: DraftKind
    actor: str
    successor: str | None = None
    """Of a removal: the label that was put in its place by the same step."""


@dataclass(frozen=True, slots=True)
class Label:
    """A user-defined label: it counts for training once it is saved."""

    id: str
    category: str
    """The category's id."""
    span: Span | None
    """``None`` for a class, which holds for the whole document."""
    origin: Origin
    made: Stamp
    text_hash: str = ""
    """Hash of the raw text that the label was made on."""
    suggestion: str | None = None
    """The suggestion that was accepted, if the label came from one."""
    job: str | None = None
    blind: bool = False
    """Made while the document's suggestions were hidden from its maker."""
    saw_suggestion: bool = False
    """Made while a suggestion was in view: such a label flatters an evaluation."""
    kept: Stamp | None = None
    """Who said last that it holds for a text that has changed, and where it stands there."""
    reader: str = ""
    """Whose reading of the document it belongs to; empty for the project's own labels."""
    draft: Draft | None = None
    removed: Stamp | None = None
    """A tombstone: the label is gone, the record stays for those who sync later."""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether people see it: not removed, not even in a draft."""
        return self.removed is None and not (self.draft and self.draft.kind is DraftKind.REMOVE)

    @property
    def is_saved(self) -> bool:
        """Whether training, evaluation and export use it: a label of the project's own, and no draft."""
        return (
            not self.reader and self.removed is None and not (self.draft and self.draft.kind is DraftKind.ADD)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a suggestion."""

    verdict: Verdict
    stamp: Stamp
    draft: bool = False
    label: str | None = None
    """The label that accepting made."""
    revision: int = 0
    """The document's revision that the decision was made on."""
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label that an autolabeler proposes."""

    id: str
    category: str
    span: Span | None
    source: str
    """The method and what it ran on, for instance ``model:loans``; ``file:NAME`` for a file's."""
    job: str
    """Empty for one that a file brought."""
    confidence: float | None = None
    """Probability of being right, 0 to 1; ``None`` where there is nothing honest to say."""
    placed: Placed = Placed.EXACT
    place: int = 1
    """Which of the possible places it is, in text order, counted from 1: the n of "ambiguous, n of m"."""
    places: int = 1
    """How many places were possible; more than one only for what is ambiguous."""
    version: str = ""
    """Version hash of the model, or of the prompt."""
    text_hash: str = ""
    decision: Decision | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """``model``, ``gpt`` or ``file``: the same method does not suggest again what was rejected."""
        return self.source.partition(":")[0]


def suggestion_id(origin: str, document: int, category: str, span: Span | None) -> str:
    """The same proposal of the same job or file has the same id: applying it twice changes nothing."""
    place = f"{span.start}-{span.end}" if span else ""
    key = f"{origin}/{document}/{category}/{place}"
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class ToPlace:
    """Words that a model answered and that could not be found in the text."""

    id: str
    category: str
    text: str
    source: str
    job: str
    version: str = ""
    """Version hash of the prompt."""
    decision: Decision | None = None
    """Set somewhere (accepted), or dropped (rejected); ``None`` while it waits."""

    @property
    def method(self) -> str:
        """As :attr:`Suggestion.method`."""
        return self.source.partition(":")[0]


def in_the_way(
    kind: ProjectKind, labels: Iterable[Label], category: str, span: Span | None
) -> Iterator[Label]:
    """The active labels that a new label of ``category`` at ``span`` would meet.

    Entities meet where spans overlap; with one class a document any label is in the way; with many,
    only the same class is.
    """
    for label in labels:
        if not label.is_active:
            continue
        if kind is ProjectKind.ENTITIES:
            if span is not None and label.span is not None and span.overlaps(label.span):
                yield label
        elif kind is ProjectKind.SINGLE_LABEL or label.category == category:
            yield label


def open_suggestions(
    kind: ProjectKind, labels: Iterable[Label], suggestions: Iterable[Suggestion]
) -> tuple[Suggestion, ...]:
    """The undecided suggestions that people see, in text order.

    User labels win: a suggestion that meets one is hidden, and comes back if that label goes.
    """
    undecided = [suggestion for suggestion in suggestions if suggestion.decision is None]
    if not undecided:
        return ()
    active = [label for label in labels if label.is_active]
    shown = (
        _not_covered(active, undecided)
        if kind is ProjectKind.ENTITIES
        else (s for s in undecided if not any(in_the_way(kind, active, s.category, s.span)))
    )
    return tuple(sorted(shown, key=_in_text))


def _in_text(suggestion: Suggestion) -> tuple[int, int, str, str]:
    """Plain numbers: to compare spans takes several times as long, and a key decides among thousands."""
    span = suggestion.span
    start, end = (span.start, span.end) if span else (0, 1)
    return start, end, suggestion.category, suggestion.id


def _not_covered(active: list[Label], undecided: list[Suggestion]) -> Iterator[Suggestion]:
    """A binary search each: one document can hold thousands of both.

    Among the labels that start before a suggestion ends, one overlaps it if the furthest end of
    them lies behind its start.
    """
    places = sorted((label.span.start, label.span.end) for label in active if label.span)
    starts = [start for start, _ in places]
    reach = list(accumulate((end for _, end in places), max))
    for suggestion in undecided:
        if suggestion.span is None:
            continue
        before = bisect_left(starts, suggestion.span.end)
        if not before or reach[before - 1] <= suggestion.span.start:
            yield suggestion
