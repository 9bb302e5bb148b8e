"""Documents, and the state that people see them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui_labeler.domain.agreement import BlindReading, Choice
from tui_labeler.domain.labels import Label, Origin, Stamp, Suggestion, ToPlace, open_suggestions
from tui_labeler.domain.projects import Dataset, ProjectKind, ProjectSettings
from tui_labeler.domain.text import text_records


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
        return bool(self.earlier_text(label))

    def earlier_text(self, item: Label | Suggestion) -> str:
        """The hash of the text that something was made on, where the project knows another; else empty.

        The same span is at other words there: what is on different texts is never the same.
        """
        if item.span is None or not self.text_hash or item.text_hash == self.text_hash:
            return ""
        return item.text_hash

    @property
    def text_records(self) -> int:
        return text_records(self.characters)


def _in_order(labels: Iterable[Label]) -> tuple[Label, ...]:
    return tuple(sorted(labels, key=_place))


def _place(label: Label) -> tuple[int, int, str, str]:
    """In the text; then as they were made, whichever home they came to first."""
    start, end = (label.span.start, label.span.end) if label.span else (0, 0)
    return start, end, label.made.time, label.id
