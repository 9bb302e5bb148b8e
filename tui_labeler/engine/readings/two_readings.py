"""Both readings of a document side by side, and what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Choice, Outcome, Pairing, pairings
from tui_labeler.domain.labels import Stamp
from tui_labeler.domain.performance import Annotation
from tui_labeler.domain.readings import clashes, reading, taken
from tui_labeler.engine.errors import RefusedError

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.ports import State


@dataclass(frozen=True, slots=True)
class TwoReadings:
    """A document with both readings side by side."""

    document: int
    location: str
    readers: tuple[str, str]
    first: tuple[Annotation, ...]
    second: tuple[Annotation, ...]
    lines: tuple[Pairing, ...]
    choices: tuple[Choice, ...] = ()
    settled: Stamp | None = None
    characters: int = 0
    text_hash: str = ""

    @property
    def differing(self) -> tuple[Pairing, ...]:
        return tuple(line for line in self.lines if line.outcome is not Outcome.SAME)

    @property
    def undecided(self) -> tuple[Pairing, ...]:
        """Differing places that nobody has decided."""
        return tuple(line for line in self.lines if taken(line, self.choices) is None)

    @property
    def result(self) -> tuple[Annotation, ...]:
        """What agrees, and what was chosen so far."""
        return tuple(item for line in self.lines for item in taken(line, self.choices) or ())


@dataclass(frozen=True, slots=True)
class Compared:
    """All documents that both readers are done with, and how many are not that far."""

    documents: tuple[TwoReadings, ...] = ()
    """The most undecided differences first, then by location."""
    waiting: Mapping[int, int] = field(default_factory=dict)
    """How many documents wait for so many readers."""
    stale: tuple[str, ...] = ()
    """Locations of those whose text has changed since: their places can't be compared."""


def two_readings(kind: ProjectKind, document: Document) -> TwoReadings | None:
    """Both readings of a whole document; ``None`` before every reader is done, or on another text."""
    if not document.is_open_to_all or len(document.readers) < 2:
        return None
    readers = document.readers[0], document.readers[1]
    sides = [reading(document, reader) for reader in readers]
    if any(
        label.span and label.text_hash not in ("", document.text_hash) for side in sides for label in side
    ):
        return None
    first, second = (tuple((label.category, label.span) for label in side) for side in sides)
    return TwoReadings(
        document.id,
        document.location,
        readers,
        first,
        second,
        pairings(kind, first, second),
        document.choices,
        document.settled,
        document.characters,
        document.text_hash,
    )


def check_clashes(state: State, both: TwoReadings) -> None:
    """Raises ``RefusedError`` where what was taken can't all be labels of one document."""
    kind = state.project.kind
    for one, other in clashes(kind, both.result):
        names = [state.categories[category].name for category, _ in (one, other)]
        if one[1] and other[1]:
            words = f"{names[0]} at {one[1].start}..{one[1].end} and {names[1]} at {other[1].start}.."
            raise RefusedError(f"{words}{other[1].end} overlap.", hint="Take one of them, or neither.")
        raise RefusedError(f"A document has one class, and not {names[0]} and {names[1]}.", hint="Take one.")
