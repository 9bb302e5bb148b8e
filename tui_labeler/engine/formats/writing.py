"""What writers share: labels held against their texts, and words for what a format has no place for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.about import REVIEWED
from tui_labeler.engine.formats.model import FileDocument, FileLabel, FormatProblem, LabelFile, Unit

LANGUAGE, DATASET, DESCRIPTIONS, UNUSED = "language", "dataset", "descriptions", "unused"
SUGGESTIONS = "suggestions"
"""What a format may have a place for, besides labels: a document's language and data set, categories'
descriptions, categories that no label has, what a model proposed."""


class Cut(NamedTuple):
    """A label that stands in its text, in code points."""

    start: int
    end: int
    label: FileLabel
    field: str
    """For instance ``labels[3]``."""


def unheld(file: LabelFile, holds: Collection[str] = ()) -> Iterator[FormatProblem]:
    """What ``file`` says besides labels and the format can't hold; suggestions are labels nowhere."""
    used = {label.category for document in file.documents for label in document.labels}
    for index, category in enumerate(file.categories):
        field = f"categories[{index}]"
        if category.description and DESCRIPTIONS not in holds:
            yield FormatProblem("", field, f"the description of {category.name} has no place")
        if category.name not in used and UNUSED not in holds:
            yield FormatProblem("", field, f"{category.name} is in no label and has no place")
    if LANGUAGE not in holds:
        yield from _languages(file.documents)
    if REVIEWED not in holds:
        yield from reviewed_empty(file.documents)
    for document in file.documents:
        # A document of which nothing is said is for training.
        if document.dataset is Dataset.TEST and DATASET not in holds:
            reason = f"its data set ({document.dataset}) has no place"
            yield FormatProblem(document.location, "dataset", reason)
        if len(document.regions) > 1 or any(region.start for region in document.regions):
            reason = "which parts of it were labeled has no place"
            yield FormatProblem(document.location, "regions", reason)
        if document.suggestions and SUGGESTIONS not in holds:
            reason = f"suggestions are not written ({len(document.suggestions)}): they would read as labels"
            yield FormatProblem(document.location, "suggestions", reason, dropped=True)


def reviewed_empty(documents: Iterable[FileDocument]) -> Iterator[FormatProblem]:
    """One for each that somebody has seen, with nothing to label: where that has no place."""
    for document in documents:
        if document.is_reviewed and not document.labels:
            reason = "that somebody has seen it, and found nothing to label, has no place"
            yield FormatProblem(document.location, REVIEWED, reason)


def _languages(documents: Sequence[FileDocument]) -> Iterator[FormatProblem]:
    """One for all documents where they have one language, else one for each."""
    languages = {document.language for document in documents}
    if len(documents) > 1 and len(languages) == 1 and (language := languages.pop()):
        yield FormatProblem("", "language", f"the language of all documents ({language}) has no place")
        return
    for document in documents:
        if document.language:
            reason = f"its language ({document.language}) has no place"
            yield FormatProblem(document.location, "language", reason)


def text_of(document: FileDocument) -> str:
    """Raises ``FormatError`` for a document that came without its text."""
    if document.text is None:
        raise FormatError(f"{document.location}: its text is needed to write this format")
    return document.text


def cuts(document: FileDocument, text: str, problems: list[FormatProblem]) -> list[Cut]:
    """The document's labels in their order; what stands nowhere in ``text`` is left out and said.

    Raises ``FormatError`` for offsets that are not code points.
    """
    found: list[Cut] = []
    for index, label in enumerate(document.labels):
        field, end = f"labels[{index}]", label.start + label.length
        if label.unit is Unit.UTF16:
            raise FormatError(f"{document.location}: offsets are not code points", field=field)
        if label.unit is None:
            reason = f"{label.category} is a class, and this format has spans"
        elif label.length <= 0 or label.start < 0 or end > len(text):
            reason = f"{label.category} at {label.start}, length {label.length}, is outside the text"
        else:
            found.append(Cut(label.start, end, label, field))
            continue
        problems.append(FormatProblem(document.location, field, reason, dropped=True))
    return found


def classes(document: FileDocument, problems: list[FormatProblem], *, one: bool = False) -> list[str]:
    """The names of the document's classes, each once; ``one`` keeps the first alone. The rest is said."""
    names: dict[str, None] = {}
    for index, label in enumerate(document.labels):
        if label.unit is not None:
            reason = f"{label.category} is a span, and this project has classes"
        elif label.category in names:
            reason = f"{label.category} is there twice"
        elif one and names:
            reason = f"{label.category} is a second class where only one can be; {next(iter(names))} stays"
        else:
            names[label.category] = None
            continue
        problems.append(FormatProblem(document.location, f"labels[{index}]", reason, dropped=True))
    return list(names)
