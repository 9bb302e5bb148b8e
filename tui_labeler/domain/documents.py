"""Documents: their state, and the short form that lists and filters work on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from tui_labeler.domain.agreement import BlindReading, Choice
from tui_labeler.domain.labels import Label, Origin, Stamp, Suggestion, ToPlace, open_suggestions
from tui_labeler.domain.projects import Dataset, ProjectKind, ProjectSettings
from tui_labeler.domain.text import folded, text_records


class DocumentState(StrEnum):
    UNLABELED = "unlabeled"
    LABELED = "labeled"
    AUTO_LABELED = "auto-labeled"
    REVIEWED = "reviewed"
    """Seen and rightly empty; it counts for training."""
    UNREADABLE = "unreadable"


class _Memory:
    """Room for what a document is asked for again and again, and what follows from it alone."""

    __slots__ = ("_open",)

    _open: tuple[ProjectKind, tuple[Suggestion, ...]]


@dataclass(frozen=True, slots=True)
class Document(_Memory):
    """All that the project's state says of one document. Its text is in the container."""

    id: int
    location: str
    """Its name in the container."""
    language: str = ""
    """Empty: the project's language."""
    dataset: Dataset = Dataset.TRAIN
    size: int = 0
    """Bytes."""
    characters: int = 0
    etag: str = ""
    """Says whether the stored text changed: the container's own mark."""
    text_hash: str = ""
    """SHA-256 of the raw bytes, the first 16 hexadecimal digits."""
    problem: str = ""
    """Why the text can't be read; empty when it can."""
    reviewed: Stamp | None = None
    flag: str = ""
    """A note for somebody else; empty when there is none."""
    blind: BlindReading | None = None
    """What was labeled before the suggestions were shown, if they were hidden until then."""
    readers: tuple[str, ...] = ()
    """Whom it was given to, to be labeled by each without the other; empty for an ordinary document."""
    finished: tuple[Stamp, ...] = ()
    """Readers who are done with it, by name."""
    choices: tuple[Choice, ...] = ()
    """What was decided where two readings differ."""
    settled: Stamp | None = None
    """Who made the project's labels of the readings."""
    revision: int = 0
    """The sequence number of the last change."""
    labels: Mapping[str, Label] = field(default_factory=dict)
    suggestions: Mapping[str, Suggestion] = field(default_factory=dict)
    to_place: Mapping[str, ToPlace] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    """Unknown keys and regions of an imported labels file."""

    @property
    def is_given(self) -> bool:
        """Whether it is with its readers: the project has no labels of it until they are settled."""
        return bool(self.readers) and self.settled is None

    @property
    def finishers(self) -> tuple[str, ...]:
        """The readers who are done with it."""
        return tuple(stamp.actor for stamp in self.finished if stamp.actor in self.readers)

    @property
    def is_open_to_all(self) -> bool:
        """Whether every reader is done, so that the readings may be seen."""
        return bool(self.readers) and len(self.finishers) == len(self.readers)

    @property
    def is_read(self) -> bool:
        """Its text is known, or why there is none; one that was only listed has a size and no more."""
        return bool(self.text_hash or self.problem)

    @property
    def active_labels(self) -> tuple[Label, ...]:
        """What people see, in text order."""
        return _in_order(label for label in self.labels.values() if label.is_active)

    @property
    def saved_labels(self) -> tuple[Label, ...]:
        """What training, evaluation and export use, in text order."""
        return _in_order(label for label in self.labels.values() if label.is_saved)

    def open_suggestions(self, kind: ProjectKind) -> tuple[Suggestion, ...]:
        """The undecided suggestions that no user label hides, in text order.

        Found once: a document may have thousands, and each key asks for them several times.
        """
        known = getattr(self, "_open", None)
        if known is None or known[0] is not kind:
            known = kind, open_suggestions(kind, self.labels.values(), self.suggestions.values())
            object.__setattr__(self, "_open", known)
        return known[1]

    def hides_suggestions(self, settings: ProjectSettings) -> bool:
        """Blind mode: whether people do not see the suggestions yet.

        Not where that would be too late: a label was made with one in view, came from one or from a file,
        or one was decided on.
        """
        return settings.hide_until_labeled and self.is_unseen

    @property
    def is_unseen(self) -> bool:
        """Whether no suggestion of it can have influenced its labels."""
        return (
            self.blind is None
            and all(
                label.origin is Origin.PERSON and not label.saw_suggestion for label in self.labels.values()
            )
            and all(suggestion.decision is None for suggestion in self.suggestions.values())
        )

    @property
    def open_to_place(self) -> tuple[ToPlace, ...]:
        """What a model answered, was not found, and nobody has set or dropped, in a fixed order."""
        return tuple(sorted((i for i in self.to_place.values() if i.decision is None), key=lambda i: i.id))

    def is_stale(self, label: Label) -> bool:
        """Whether a label was made on another text than the project knows; a class holds for any text."""
        return label.span is not None and bool(self.text_hash) and label.text_hash not in ("", self.text_hash)

    @property
    def text_records(self) -> int:
        return text_records(self.characters)


def _in_order(labels: Iterable[Label]) -> tuple[Label, ...]:
    return tuple(sorted(labels, key=_place))


def _place(label: Label) -> tuple[int, int, str, str]:
    """In the text; then as they were made, whichever home they came to first."""
    start, end = (label.span.start, label.span.end) if label.span else (0, 0)
    return start, end, label.made.time, label.id


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document in a list: derived from :class:`Document`, small enough for 100,000 in memory."""

    id: int
    location: str
    language: str
    dataset: Dataset
    size: int
    characters: int
    state: DocumentState
    flag: str
    labels: tuple[tuple[str, int], ...]
    """Active labels a category id: ``(("c1", 3), ("c2", 1))``."""
    suggestions: tuple[tuple[str, int], ...]
    """Open suggestions a category id."""
    drafts: tuple[tuple[str, int], ...]
    """Draft changes an actor."""
    jobs: tuple[str, ...]
    """The jobs that the open suggestions, and what is to place, come from."""
    lowest: float | None
    """The least confidence among the open suggestions."""
    highest: float | None
    problem: str = ""
    to_place: tuple[tuple[str, int], ...] = ()
    """Words that are to place a category id."""
    is_read: bool = True
    """Else ``characters`` is an estimate."""
    unseen: bool = False
    """As :attr:`Document.is_unseen`: blind mode hides what is suggested for it."""
    reviewed: bool = False
    """Marked as rightly empty, whatever is suggested."""
    readers: tuple[str, ...] = ()
    """As :attr:`Document.readers`."""
    finishers: tuple[str, ...] = ()
    """As :attr:`Document.finishers`."""
    stale: int = 0
    """Labels that are on an earlier text, and that nobody has looked at since."""
    settled: bool = False
    """The readings have become labels of the project."""

    @property
    def is_given(self) -> bool:
        """As :attr:`Document.is_given`."""
        return bool(self.readers) and not self.settled

    @property
    def waits_for_adjudication(self) -> bool:
        """Every reader is done, and nobody has settled it."""
        return self.is_given and len(self.finishers) == len(self.readers)

    def is_to_read(self, actor: str) -> bool:
        """Whether somebody has it to label, and is not done."""
        return self.is_given and actor in self.readers and actor not in self.finishers

    def as_seen(self, settings: ProjectSettings) -> DocumentRow:
        """The row as people see it: in blind mode without what is hidden, in the state without it."""
        if not (settings.hide_until_labeled and self.unseen and self.state is DocumentState.AUTO_LABELED):
            return self
        if self.labels:
            state = DocumentState.LABELED
        else:
            state = DocumentState.REVIEWED if self.reviewed else DocumentState.UNLABELED
        return replace(self, state=state, suggestions=(), jobs=(), lowest=None, highest=None, to_place=())

    @property
    def to_place_count(self) -> int:
        return sum(count for _, count in self.to_place)

    @property
    def label_count(self) -> int:
        return sum(count for _, count in self.labels)

    @property
    def suggestion_count(self) -> int:
        return sum(count for _, count in self.suggestions)

    @property
    def draft_count(self) -> int:
        return sum(count for _, count in self.drafts)

    @property
    def text_records(self) -> int:
        return text_records(self.characters)


def _counts(keys: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return _shared(tuple(sorted(counts.items())))


@lru_cache(maxsize=4096)
def _shared(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """One object for all that are equal: a hundred thousand rows of a project say a few hundred things."""
    return value


def row_of(kind: ProjectKind, document: Document) -> DocumentRow:
    """The short form of a document: the same for everybody, so nothing of readings but who is done."""
    active = [label for label in document.labels.values() if label.is_active and not label.reader]
    is_given = document.is_given
    suggestions = () if is_given else document.open_suggestions(kind)
    to_place = document.open_to_place if document.to_place and not is_given else ()
    confidences = [s.confidence for s in suggestions if s.confidence is not None]
    # What was replaced, and what took its place, are one change.
    drafts = [
        label.draft.actor
        for label in document.labels.values()
        if label.draft and not label.removed and label.draft.successor not in document.labels
    ]
    # A suggestion whose label is a draft, or goes with one, is one decision with it.
    counted = {label.suggestion for label in document.labels.values() if label.draft}
    drafts += [
        s.decision.stamp.actor
        for s in document.suggestions.values()
        if s.decision and s.decision.draft and s.decision.label is None and s.id not in counted
    ]
    if document.problem:
        state = DocumentState.UNREADABLE
    elif suggestions or to_place:
        state = DocumentState.AUTO_LABELED
    elif active:
        state = DocumentState.LABELED
    else:
        state = DocumentState.REVIEWED if document.reviewed else DocumentState.UNLABELED
    return DocumentRow(
        id=document.id,
        location=document.location,
        language=document.language,
        dataset=document.dataset,
        size=document.size,
        characters=document.characters,
        state=state,
        flag=document.flag,
        labels=_counts(label.category for label in active),
        suggestions=_counts(s.category for s in suggestions),
        drafts=_counts(drafts),
        # A suggestion that came from a file is of no job.
        jobs=_shared(tuple(sorted(({s.job for s in suggestions} | {item.job for item in to_place}) - {""}))),
        lowest=min(confidences, default=None),
        highest=max(confidences, default=None),
        problem=document.problem,
        to_place=_counts(item.category for item in to_place),
        is_read=document.is_read,
        unseen=document.is_unseen,
        reviewed=document.reviewed is not None,
        readers=document.readers,
        finishers=document.finishers,
        settled=document.settled is not None,
        stale=sum(document.is_stale(label) for label in active),
    )


class Sort(StrEnum):
    NAME = "name"
    SIZE = "size"
    STATE = "state"
    CONFIDENCE = "confidence"
    """Least confident first."""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents a list shows; fields that are unset let everything through."""

    states: frozenset[DocumentState] = frozenset()
    category: str | None = None
    """A category id among the labels or open suggestions."""
    dataset: Dataset | None = None
    job: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    ids: frozenset[int] | None = None
    """Given by their ids: failed in a job, found by a search of contents."""
    name: str = ""
    """Part of the location, folded."""
    flagged: bool = False
    to_place: bool = False
    """Words that a model answered wait to be placed."""
    given: bool = False
    """Given to readers, and not settled yet."""
    to_read_by: str = ""
    """Somebody who has it to label, and is not done."""
    to_adjudicate: bool = False
    """Every reader is done, and nobody has settled it."""

    def matches(self, row: DocumentRow) -> bool:
        if self.states and row.state not in self.states:
            return False
        if self.ids is not None and row.id not in self.ids:
            return False
        if self.dataset is not None and row.dataset is not self.dataset:
            return False
        if self.category is not None and not _holds(self.category, row.labels, row.suggestions, row.to_place):
            return False
        if self.job is not None and self.job not in row.jobs:
            return False
        if self.min_confidence is not None and (row.highest is None or row.highest < self.min_confidence):
            return False
        if self.max_confidence is not None and (row.lowest is None or row.lowest > self.max_confidence):
            return False
        if (self.flagged and not row.flag) or (self.to_place and not row.to_place):
            return False
        if (self.given and not row.is_given) or (self.to_adjudicate and not row.waits_for_adjudication):
            return False
        if self.to_read_by and not row.is_to_read(self.to_read_by):
            return False
        return not self.name or self.name in folded(row.location)

    def among(self, rows: Iterable[DocumentRow]) -> Iterable[DocumentRow]:
        """Those that match; of a hundred thousand at once where states are all that is asked for."""
        if self == DocumentFilter():
            return rows
        if self == DocumentFilter(states=self.states):
            return [row for row in rows if row.state in self.states]
        return filter(self.matches, rows)


def _holds(category: str, *parts: tuple[tuple[str, int], ...]) -> bool:
    for part in parts:
        for key, _ in part:
            if key == category:
                return True
    return False


_STATE_ORDER = {state: rank for rank, state in enumerate(DocumentState)}


_RANKS: dict[Sort, Callable[[DocumentRow], Any]] = {
    Sort.SIZE: attrgetter("characters"),
    Sort.STATE: lambda row: _STATE_ORDER[row.state],
    Sort.CONFIDENCE: lambda row: 2.0 if row.lowest is None else row.lowest,
}
"""By one value each: a hundred thousand pairs take three times as long to put in order."""


def in_order(rows: Iterable[DocumentRow], sort: Sort) -> list[DocumentRow]:
    """The location settles ties."""
    ordered = sorted(rows, key=attrgetter("location"))
    if rank := _RANKS.get(sort):
        ordered.sort(key=rank)
    return ordered
