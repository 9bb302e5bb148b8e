"""What a file says of a document, held against the text that the project has of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Span
from tui_labeler.engine.documents.carrying import Carry
from tui_labeler.engine.documents.reanchoring import reanchored
from tui_labeler.engine.formats.checking import ODD_OFFSETS
from tui_labeler.engine.formats.model import FormatProblem
from tui_labeler.engine.formats.resolve import Resolved, ResolvedLabel, suggested, to_code_points

if TYPE_CHECKING:
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.formats.model import FileDocument

SPELT = "its text in the file differs in white space, line ends or composition; spans stand at the same words"
ANOTHER = (
    "its text in the file is another than the project's; only labels whose words are surely there are taken"
)
BY_NAME = "its text in the file is another than the project's; its classes are taken by its name"


@dataclass(frozen=True, slots=True)
class Held:
    """A document's labels and suggestions in the program's terms, and what was odd about them."""

    labels: tuple[ResolvedLabel, ...]
    suggestions: tuple[ResolvedLabel, ...]
    problems: tuple[FormatProblem, ...]

    @property
    def has_odd_offsets(self) -> bool:
        """Whether offsets look like another unit's: labels may stand at other words than were meant."""
        return any(problem.field == ODD_OFFSETS for problem in self.problems)


def needs_text(kind: ProjectKind, file: FileDocument) -> bool:
    """Whether anything that the file says of a document has a place in its text."""
    return not kind.is_classification and bool(file.labels or file.suggestions)


def hold(kind: ProjectKind, file: FileDocument, text: str) -> Held:
    """``text`` is the project's, without a byte order mark. Nothing is placed that the texts don't settle."""
    there = text if file.text is None else file.text
    labels, proposed = to_code_points(kind, file, there), suggested(kind, file, there)
    problems = [*labels.problems, *proposed.problems]
    if there == text:
        return Held(labels.labels, proposed.labels, tuple(problems))
    carry = Carry.between(there, text, is_rebuilt=file.is_rebuilt)
    if kind.is_classification:
        if carry is None:
            problems.append(FormatProblem(file.location, "text", BY_NAME))
        return Held(labels.labels, proposed.labels, tuple(problems))
    if not file.is_rebuilt or carry is None:
        problems.append(FormatProblem(file.location, "text", ANOTHER if carry is None else SPELT))
    moved = [
        _moved(file, found, carry, there, text, what, problems)
        for found, what in ((labels, "labels"), (proposed, "suggestions"))
    ]
    return Held(moved[0], moved[1], tuple(problems))


def _moved(
    file: FileDocument,
    found: Resolved,
    carry: Carry | None,
    there: str,
    text: str,
    what: str,
    problems: list[FormatProblem],
) -> tuple[ResolvedLabel, ...]:
    """The labels at their places in the project's text; a problem for each that has none."""
    spans = [label.span for label in found.labels if label.span is not None]
    places = reanchored(there, text, spans) if carry is None else [carry.span(span) for span in spans]
    return tuple(_placed(file, found.labels, places, there, what, problems))


def _placed(
    file: FileDocument,
    labels: Sequence[ResolvedLabel],
    places: Sequence[Span | None],
    there: str,
    what: str,
    problems: list[FormatProblem],
) -> list[ResolvedLabel]:
    kept: list[ResolvedLabel] = []
    for label, place in zip(labels, places, strict=True):
        if place is not None:
            kept.append(replace(label, span=place))
        elif label.span is not None:
            words = there[label.span.start : label.span.end]
            shown = f"{words[:60]}…" if len(words) > 60 else words
            reason = f"{label.category}: “{shown}” is not surely in the document's text"
            problems.append(FormatProblem(file.location, what, reason, dropped=True))
    return kept
