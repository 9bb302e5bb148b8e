"""A label file in memory, whatever its format: what readers give and writers take.

Whatever a format says that the program has no word for rides along in ``extra``: unknown keys under
their own names, and hints for writing back (:mod:`tui_labeler.engine.formats.fields`).

Of what a file may have hundreds of thousands, this is a ``Struct`` of msgspec: made several times faster than
a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from tui_labeler.domain.projects import Dataset, ProjectKind


class Unit(StrEnum):
    """What the offsets of a format count, over the raw text."""

    UTF16 = "UTF-16 code units"
    CODE_POINT = "code points"


WHOLE = "location"
"""The field of a problem with a document that a file can't hold at all."""


class FormatProblem(msgspec.Struct, frozen=True):
    """Something in a label file, or in what is to be written to one, that people should know of."""

    location: str
    """The document; empty where it concerns the file."""
    field: str
    """For instance ``labels[3]``, counted in the file's order."""
    reason: str
    dropped: bool = False
    """Whether something is left out because of it."""
    line: int = 0
    """Where in the file, counted from 1; 0 where that says nothing."""


@dataclass(frozen=True, slots=True)
class FileCategory:
    """An entity or class that the file declares."""

    name: str
    description: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class FileLabel(msgspec.Struct, frozen=True, eq=False):
    """A label as the file has it: nothing of it is checked against the text yet."""

    category: str
    """The category's name."""
    start: int = 0
    """In ``unit``, from the start of the document; it may lie anywhere."""
    length: int = 0
    """In ``unit``; it may be zero or negative."""
    unit: Unit | None = None
    """``None`` for a class, which holds for the whole document."""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    words: str = ""
    """What stands there, where the file itself says so: it must be what the span cuts."""
    confidence: float | None = None
    """Of what a model proposed: 0 to 1."""
    mark: str = ""
    """What the file itself calls it, where it has a name for each label."""
    line: int = 0
    """Where the file says it, counted from 1; 0 where its document's line says so, or nothing does."""

    def __eq__(self, other: object) -> bool:
        """Whether both say the same: what a file calls a label, and where it does, is no part of that."""
        if not isinstance(other, FileLabel):
            return NotImplemented
        return msgspec.structs.astuple(self)[:-2] == msgspec.structs.astuple(other)[:-2]


@dataclass(frozen=True, slots=True)
class FileRegion:
    """A part of a document that was labeled: training looks only there."""

    start: int = 0
    """UTF-16 code units."""
    length: int | None = None
    """UTF-16 code units; ``None`` reaches to the end."""
    extra: dict[str, Any] = field(default_factory=dict)

    def holds(self, start: int, length: int) -> bool:
        return self.start <= start and (self.length is None or start + length <= self.start + self.length)


REGION = "$region"
"""In a label's ``extra``: the index of the region that it stands in."""


SOURCE = "$source"
"""In the ``extra`` of a suggestion that is to be written: what proposed it."""

OTHERS = "$formats"
"""In the ``extra`` of a project's state: the keys that belong to a format other than Azure's, by its name."""


def region_of(label: FileLabel, regions: Sequence[FileRegion]) -> int | None:
    """The index of the region that the label came in, or of the first that holds it."""
    index = label.extra.get(REGION)
    if isinstance(index, int) and 0 <= index < len(regions):
        return index
    return next((at for at, region in enumerate(regions) if region.holds(label.start, label.length)), None)


class FileDocument(msgspec.Struct, frozen=True):
    """A document that the file speaks of."""

    location: str = ""
    """Its name in the container; empty where the file knows its text only."""
    language: str = ""
    """Empty: the project's language."""
    dataset: Dataset | None = None
    """``None`` where the file does not say."""
    labels: tuple[FileLabel, ...] = ()
    """In the file's order."""
    regions: tuple[FileRegion, ...] = ()
    text: str | None = None
    """The text itself, in formats that carry it: that is what the labels' offsets count in."""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    is_rebuilt: bool = False
    """The text was put together from tokens: its white space is not the document's."""
    suggestions: tuple[FileLabel, ...] = ()
    """What a model proposed and no person has accepted; to be written, with :data:`SOURCE` in ``extra``."""
    line: int = 0
    """Where the file speaks of it, counted from 1; 0 where that says nothing."""
    is_open: bool = False
    """It is listed, and the file says that no person has labeled it yet."""
    is_reviewed: bool = False
    """Somebody has looked, and said so: where there are no labels, there is nothing to label."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """All that a label file says."""

    kind: ProjectKind
    project_name: str = ""
    language: str = ""
    multilingual: bool = False
    description: str = ""
    container: str = ""
    """The name of the container that the file was made for."""
    settings: dict[str, Any] = field(default_factory=dict)
    categories: tuple[FileCategory, ...] = ()
    documents: tuple[FileDocument, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    """By place: ``root``, ``metadata``, ``assets``."""
    remarks: tuple[str, ...] = ()
    """What people should know of the file as a whole."""
    problems: tuple[FormatProblem, ...] = ()
    """What the file holds that can't be taken in: relations, models' output that looks like labels."""
    fits: frozenset[ProjectKind] = frozenset()
    """Kinds of project that it can go into besides ``kind``: classes, one a document, fit both."""

    def is_for(self, kind: ProjectKind) -> bool:
        """Whether a project of this kind can take it in."""
        return kind is self.kind or kind in self.fits

    @property
    def category_names(self) -> tuple[str, ...]:
        """Of the categories that it declares, then of those that its labels alone name."""
        declared = (category.name for category in self.categories)
        named = (label.category for document in self.documents for label in document.labels)
        return tuple(dict.fromkeys((*declared, *named)))


@dataclass(frozen=True, slots=True)
class Written:
    """A file as a format writes it."""

    data: bytes
    problems: tuple[FormatProblem, ...] = ()
    """What the format can't hold, by document; labels that are left out are ``dropped``."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: how it is recognised, read and written."""

    name: str
    """As on the command line."""
    title: str
    extensions: tuple[str, ...]
    """Lower case, with the dot; the first is the usual one."""
    sniff: Callable[[bytes, str], bool]
    """Whether data under a file name look like this format. Cheap, and never raises."""
    read: Callable[[bytes], LabelFile]
    """Raises ``FormatError``."""
    write: Callable[[LabelFile], Written]
    """Raises ``FormatError`` where nothing of it can be written."""
    kinds: frozenset[ProjectKind] = frozenset(ProjectKind)
    """Kinds of project whose labels it can hold."""
    unit: Unit = Unit.CODE_POINT
    """What spans are counted in that it is to write."""
    carries_text: bool = True
    """Whether documents that it is to write must bring their text."""
    holds_suggestions: bool = False
    """Whether what a model proposed has a place of its own in it, apart from what people decided."""
    is_archive: bool = False
    """Whether its data are a ZIP archive of several files: people may name a folder in its place."""
