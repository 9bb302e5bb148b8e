"""Between a label file's own offsets and the program's: what a file says, held against the texts.

Nothing is dropped in silence: each label comes back, or a problem says why it could not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import LONGEST_CATEGORY, ProjectKind
from tui_labeler.domain.text import OffsetMap
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.checking import Placed, cut_words, other_words
from tui_labeler.engine.formats.model import (
    FileCategory,
    FileDocument,
    FileLabel,
    FileRegion,
    FormatProblem,
    LabelFile,
    Unit,
    region_of,
)


@dataclass(frozen=True, slots=True)
class ResolvedLabel:
    """A label in the program's terms; the category still by name."""

    category: str
    span: Span | None
    """Code points; ``None`` for a class."""
    extra: dict[str, Any] = field(default_factory=dict)
    confidence: float | None = None
    """Of a suggestion."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One document's labels, and what was odd about them."""

    labels: tuple[ResolvedLabel, ...]
    problems: tuple[FormatProblem, ...]
    sources: tuple[int, ...] = ()
    """Which of the file's each label is, counted from 0."""


def with_all_categories(file: LabelFile) -> tuple[LabelFile, tuple[FormatProblem, ...]]:
    """The file with each category declared exactly once, those that only labels name among them.

    A problem says which one the file itself declares more than once. Raises ``FormatError`` for a name
    that no category can have.
    """
    problems: list[FormatProblem] = []
    declared: dict[str, FileCategory] = {}
    for index, category in enumerate(file.categories):
        if declared.setdefault(category.name, category) is not category:
            problems.append(
                FormatProblem("", f"categories[{index}]", f"{category.name} is declared more than once")
            )
    for name in undeclared(file):
        declared[name] = FileCategory(name)
    longest = max(map(len, declared), default=0)
    if longest > LONGEST_CATEGORY:
        raise FormatError(
            f"a category's name has {longest:,} characters, and at most {LONGEST_CATEGORY:,} are taken",
            hint="Give it a shorter one in the file.",
        )
    return replace(file, categories=tuple(declared.values())), tuple(problems)


def undeclared(file: LabelFile) -> tuple[str, ...]:
    """Categories that only labels and suggestions name, in the file's order."""
    declared = {category.name for category in file.categories}
    used = dict.fromkeys(
        label.category for document in file.documents for label in (*document.labels, *document.suggestions)
    )
    return tuple(name for name in used if name not in declared)


def to_code_points(
    kind: ProjectKind, document: FileDocument, text: str, *, may_meet: bool = False
) -> Resolved:
    """Holds a document's labels against its text (without a byte order mark).

    That spans overlap is a problem worth a look, unless they ``may_meet``.
    """
    labels: list[ResolvedLabel] = []
    problems: list[FormatProblem] = []
    offsets = OffsetMap.of(text)
    seen: set[tuple[str, Span | None]] = set()
    fields: list[str] = []
    sources: list[int] = []
    placed: list[Placed] = []
    outside: list[FileLabel] = []
    for index, label in enumerate(document.labels):
        place = place_of(label, index)
        span, reason = _span(kind, label, offsets)
        if span is None and label.unit is Unit.CODE_POINT and label.start + label.length > offsets.length:
            outside.append(label)
        reason = reason or other_words(label, span, text, offsets)
        if not reason and (label.category, span) in seen:
            reason = f"{label.category}{_at(span)} is there twice"
        elif not reason and kind is ProjectKind.SINGLE_LABEL and labels:
            reason = f"{label.category} is a second class where only one can be; {labels[0].category} stays"
        if reason:
            problems.append(FormatProblem(document.location, place, reason, dropped=True, line=label.line))
            continue
        seen.add((label.category, span))
        fields.append(place)
        sources.append(index)
        labels.append(ResolvedLabel(label.category, span, dict(label.extra), label.confidence))
        if span is not None:
            placed.append(Placed(place, label, span))
    problems += _outside_regions(document, frozenset(fields))
    if not may_meet:
        problems += _overlaps(document.location, fields, labels)
    problems += cut_words(document.location, placed, text, offsets, outside=outside)
    return Resolved(tuple(labels), tuple(problems), tuple(sources))


def suggested(kind: ProjectKind, document: FileDocument, text: str) -> Resolved:
    """The same for what the document's models proposed: there may be several classes, and spans may meet."""
    if not document.suggestions:
        return Resolved((), ())
    of_many = ProjectKind.MULTI_LABEL if kind.is_classification else kind
    proposed = msgspec.structs.replace(document, labels=document.suggestions, regions=())
    found = to_code_points(of_many, proposed, text, may_meet=True)
    problems = (
        msgspec.structs.replace(each, field=each.field.replace("labels", "suggestions"))
        for each in found.problems
    )
    return Resolved(found.labels, tuple(problems), found.sources)


def _span(kind: ProjectKind, label: FileLabel, offsets: OffsetMap) -> tuple[Span | None, str]:
    """The label's span, or why there is none."""
    if kind.is_classification:
        return None, "" if label.unit is None else f"{label.category} is a span in a project of classes"
    if label.unit is None:
        return None, f"{label.category} has no span in a project of entities"
    where = f"{label.category} at {label.start}, length {label.length}"
    end = label.start + label.length
    size = offsets.utf16_length if label.unit is Unit.UTF16 else offsets.length
    if label.length <= 0:
        return None, f"{where}: the length is not positive"
    if label.start < 0 or end > size:
        return None, f"{where}: outside the text, which has {size} {label.unit}"
    if label.unit is Unit.CODE_POINT:
        return Span(label.start, end), ""
    try:
        return Span(offsets.from_utf16(label.start), offsets.from_utf16(end)), ""
    except ValueError as error:
        return None, f"{where}: {error}"


def _outside_regions(document: FileDocument, fields: Set[str]) -> list[FormatProblem]:
    """One problem for each kept label that stands in a region which does not reach over it."""
    problems: list[FormatProblem] = []
    for index, label in enumerate(document.labels):
        place = place_of(label, index)
        at = region_of(label, document.regions)
        if at is None or place not in fields or document.regions[at].holds(label.start, label.length):
            continue
        region = document.regions[at]
        end = "the end" if region.length is None else str(region.start + region.length)
        reason = (
            f"{label.category} at {label.start}, length {label.length}, lies outside its region, which goes "
            f"from {region.start} to {end}; it is kept"
        )
        problems.append(FormatProblem(document.location, place, reason))
    return problems


def place_of(label: FileLabel, index: int) -> str:
    """What a problem says of where in its document a label is."""
    return label.mark or f"labels[{index}]"


def _at(span: Span | None) -> str:
    return f" at {span.start}, length {span.length}" if span else ""


def _overlaps(location: str, fields: Sequence[str], labels: Sequence[ResolvedLabel]) -> list[FormatProblem]:
    """One problem for each label that begins before an earlier one has ended."""
    spans = sorted(
        (label.span, label.category, name) for label, name in zip(labels, fields, strict=True) if label.span
    )
    problems: list[FormatProblem] = []
    furthest: tuple[Span, str, str] | None = None
    for span, category, name in spans:
        if furthest and span.overlaps(furthest[0]):
            reason = f"{category}{_at(span)} overlaps {furthest[1]}{_at(furthest[0])}; both are kept"
            problems.append(FormatProblem(location, name, reason))
        if furthest is None or span.end > furthest[0].end:
            furthest = (span, category, name)
    return problems


def to_utf16(
    labels: Iterable[ResolvedLabel], regions: Sequence[FileRegion], text: str
) -> tuple[tuple[FileLabel, ...], tuple[FileRegion, ...]]:
    """Labels as an Azure labels file counts them, and the regions that hold them.

    A label that lies in no region gets one over the whole document. Raises ``ValueError`` for a span
    that lies outside the text.
    """
    offsets = OffsetMap.of(text)
    converted = tuple(_file_label(label, offsets) for label in labels)
    lost = any(label.unit and region_of(label, regions) is None for label in converted)
    return converted, (*regions, FileRegion(0, offsets.utf16_length)) if lost else tuple(regions)


def _file_label(label: ResolvedLabel, offsets: OffsetMap) -> FileLabel:
    if label.span is None:
        return FileLabel(label.category, extra=dict(label.extra))
    start, end = offsets.to_utf16(label.span.start), offsets.to_utf16(label.span.end)
    return FileLabel(label.category, start, end - start, Unit.UTF16, dict(label.extra))
