"""What an import goes by, whichever document it is at, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Stamp
from tui_labeler.engine.imports.plans import Ready, Skipped
from tui_labeler.engine.imports.standing import Standing
from tui_labeler.engine.ports import Surroundings

if TYPE_CHECKING:
    from tui_labeler.engine.ports import State


Replaces = Callable[[Ready, "State"], bool]
"""Whether a document's labels give way to those of the file."""


@dataclass(slots=True)
class Tally:
    """What there is to say of an import."""

    notes: list[Skipped] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    labels: int = 0
    unchanged: int = 0
    meeting: int = 0
    suggestions: int = 0
    reviewed: int = 0
    """Documents that are marked as seen, with nothing to label."""

    def skip(self, location: str, reason: str, line: int = 0) -> None:
        self.skipped.append(Skipped(location, reason, line))

    def note(self, location: str, reason: str) -> None:
        self.notes.append(Skipped(location, reason))


@dataclass(frozen=True, slots=True)
class Incoming:
    """What an import goes by, whichever document it is at."""

    format: str
    source: str
    """Of suggestions."""
    stamp: Stamp
    tally: Tally
    around: Surroundings
    ids: Mapping[str, str] = field(default_factory=dict)
    """Ids of categories, by name, that the state does not have yet."""
    made: dict[int, Standing] = field(default_factory=dict)
    """By document: the labels that came in so far. A file may speak of one in several places."""
    told: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By the id of a label that came in: its category and the file's line that says so."""


def may_be_touched(document: Document, ready: Ready, tally: Tally) -> bool:
    """Whether what a file says of a document can come in at all; says why not."""
    if reason := untouchable(document, ready):
        tally.skip(document.location, reason)
    return not reason


def untouchable(document: Document, ready: Ready) -> str:
    """Why what a file says of a document can't come in at all; empty where it can."""
    if document.is_given:
        return f"it is with its readers, {' and '.join(document.readers)}"
    if ready.text_hash and document.text_hash and ready.text_hash != document.text_hash:
        return "its text has changed since the file was checked; import it again"
    return ""
