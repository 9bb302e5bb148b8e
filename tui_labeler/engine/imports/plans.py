"""What an import would do, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats.model import FileDocument, FormatProblem, LabelFile
from tui_labeler.engine.formats.resolve import ResolvedLabel
from tui_labeler.engine.imports.claiming import How
from tui_labeler.engine.ports.imports import BegunImport


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a file holds, or a format can't hold, and what there is to say of it."""

    location: str
    """The document; what people know it by where it has no name. Empty where it concerns the whole."""
    reason: str
    line: int = 0
    """In the file, counted from 1; 0 where that says nothing."""


def in_line_order(items: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """By their lines in the file; behind them what has none, as it came."""
    return tuple(sorted(items, key=lambda item: (not item.line, item.line)))


def skipped_problem(problem: FormatProblem, location: str = "") -> Skipped:
    where = problem.location or location
    return Skipped(
        where, f"{problem.field}: {problem.reason}" if problem.field else problem.reason, problem.line
    )


def few_of(names: Sequence[str]) -> str:
    """The first three, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


@dataclass(frozen=True, slots=True)
class Ready:
    """A document of the file, matched to one of the project and held against its text."""

    document: int
    order: int
    file: FileDocument
    labels: tuple[ResolvedLabel, ...]
    suggestions: tuple[ResolvedLabel, ...] = ()
    text_hash: str = ""
    """Of the text that they were held against; empty where none was needed."""
    is_reviewed: bool = False
    """The file says that there is nothing to label, and left nothing out that might be."""
    has_odd_offsets: bool = False
    """They look like another unit's: the labels may stand at other words than were meant."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A document that is to be written into the container."""

    location: str
    """Its name there: free as far as is known."""
    content: bytes
    parts: tuple[Ready, ...]
    """What the file says of it, in one or several places; no document has a number yet."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A document of the file, and the project's that it is."""

    called: str
    location: str
    how: How


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A document of the file that several of the project answer to."""

    called: str
    """What to call it in a choice."""
    line: int
    candidates: tuple[str, ...]
    """Locations."""
    how: How


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A file that was checked whole, and what importing it would do."""

    filename: str
    format: str
    title: str
    kind: ProjectKind
    matched: tuple[Matched, ...]
    labels: int
    """Labels that are new."""
    unchanged: int
    """Labels that are there already."""
    meeting: int
    """Labels that meet others of the project's own, and are left out."""
    suggestions: int
    """Suggestions that are new."""
    reviewed: int
    """Documents that would be marked as seen, with nothing to label."""
    categories: tuple[str, ...]
    """Names that would be added to the project."""
    unmatched: tuple[Skipped, ...]
    """Documents of the file that no document of the project answers to."""
    ambiguous: tuple[Ambiguous, ...]
    additions: tuple[Addition, ...]
    """Documents that would be written into the container; none unless that was asked for."""
    can_add: int
    """Documents without a match whose text the file holds."""
    skipped: tuple[Skipped, ...]
    """All that would be left out, with the documents that have no match."""
    notes: tuple[Skipped, ...]
    """What is kept and deserves a look."""
    warnings: tuple[str, ...]
    file: LabelFile
    """With each category declared."""
    only_used: tuple[str, ...]
    """Categories that only labels name."""
    ready: tuple[Ready, ...]
    begun: BegunImport
    """What it takes to do it once more."""
    early: tuple[Skipped, ...] = ()
    """Of ``skipped``, what is known before the project's own labels are looked at."""
    remarks: tuple[Skipped, ...] = ()
    """The same of ``notes``."""

    @property
    def documents(self) -> int:
        """Documents of the project that the file speaks of, those that would be added too."""
        return len({ready.document for ready in self.ready}) + len(self.additions)

    @property
    def matched_by(self) -> Mapping[How, int]:
        counts = dict.fromkeys(How, 0)
        for match in self.matched:
            counts[match.how] += 1
        return {how: count for how, count in counts.items() if count}

    @property
    def changes_nothing(self) -> bool:
        """Whether all of it is there already, or nothing of it can come in."""
        return not (self.labels or self.suggestions or self.reviewed or self.categories or self.additions)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    format: str
    documents: int
    """Documents of the project that the file speaks of."""
    labels: int
    """Labels that are new."""
    unchanged: int
    """Labels that were there already."""
    categories: tuple[str, ...]
    """Names that it added to the project."""
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]
    """What was kept and deserves a look: overlaps, cut words, undeclared categories, labels that are longer
    than the service takes."""
    warnings: tuple[str, ...] = ()
    """The service's limits that the categories break."""
    suggestions: int = 0
    """Suggestions that are new."""
    reviewed: int = 0
    """Documents that it marked as seen, with nothing to label."""
    added: tuple[str, ...] = ()
    """Documents that were written into the container."""
    ambiguous: tuple[Ambiguous, ...] = ()
    """Documents of the file that several of the project answer to: they were left out."""
    matched_by: Mapping[How, int] = field(default_factory=dict)
