"""The short form of documents, that lists and filters work on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tui_labeler.domain.documents import Document, DocumentState
from tui_labeler.domain.projects import Dataset, ProjectKind, ProjectSettings
from tui_labeler.domain.text import text_records


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
