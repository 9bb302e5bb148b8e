"""What a file says of a document, held against the text that the project has of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.labels import Span
from tui_labeler.engine.documents.carrying import Carry
from tui_labeler.engine.documents.reanchoring import reanchored
from tui_labeler.engine.formats.checking import ODD_OFFSETS
from tui_labeler.engine.formats.model import FormatProblem
from tui_labeler.engine.formats.resolve import Resolved, ResolvedLabel, place_of, suggested, to_code_points

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
    moved = [_moved(found, carry, there, text) for found in (labels, proposed)]
    problems = list(_of_what_is_kept(kind, file, there, problems, labels, proposed, moved))
    if not file.is_rebuilt or carry is None:
        problems.append(FormatProblem(file.location, "text", ANOTHER if carry is None else SPELT))
    kept = [
        _placed(file, found.labels, places, there, what, problems)
        for found, places, what in ((labels, moved[0], "labels"), (proposed, moved[1], "suggestions"))
    ]
    return Held(kept[0], kept[1], tuple(problems))


_Places = Sequence[Span | None]


def _moved(found: Resolved, carry: Carry | None, there: str, text: str) -> _Places:
    """Where labels are in the project's text; ``None`` for one that has no place there."""
    spans = [label.span for label in found.labels if label.span is not None]
    return reanchored(there, text, spans) if carry is None else [carry.span(span) for span in spans]


def _of_what_is_kept(
    kind: ProjectKind,
    file: FileDocument,
    there: str,
    problems: Sequence[FormatProblem],
    labels: Resolved,
    proposed: Resolved,
    places: Sequence[_Places],
) -> Iterator[FormatProblem]:
    """The problems, without a word of labels as kept that have no place and are left out."""
    left = [
        {source for source, place in zip(found.sources, of, strict=True) if place is None}
        for found, of in zip((labels, proposed), places, strict=True)
    ]
    if not any(left):
        yield from problems
        return
    # What the offsets look like is told by all of them, those that are left out too.
    yield from (problem for problem in problems if problem.dropped or problem.field == ODD_OFFSETS)
    rest = [
        tuple(
            msgspec.structs.replace(label, mark=place_of(label, index))
            for index, label in enumerate(found)
            if index not in out
        )
        for found, out in zip((file.labels, file.suggestions), left, strict=True)
    ]
    fewer = msgspec.structs.replace(file, labels=rest[0], suggestions=rest[1])
    again = (*to_code_points(kind, fewer, there).problems, *suggested(kind, fewer, there).problems)
    yield from (problem for problem in again if not (problem.dropped or problem.field == ODD_OFFSETS))


def _placed(
    file: FileDocument,
    labels: Sequence[ResolvedLabel],
    places: Sequence[Span | None],
    there: str,
    what: str,
    problems: list[FormatProblem],
) -> tuple[ResolvedLabel, ...]:
    """The labels at their places in the project's text; a problem for each that has none."""
    kept: list[ResolvedLabel] = []
    for label, place in zip(labels, places, strict=True):
        if place is not None:
            kept.append(replace(label, span=place))
        elif label.span is not None:
            words = there[label.span.start : label.span.end]
            shown = f"{words[:60]}…" if len(words) > 60 else words
            reason = f"{label.category}: “{shown}” is not surely in the document's text"
            problems.append(FormatProblem(file.location, what, reason, dropped=True))
    return tuple(kept)
