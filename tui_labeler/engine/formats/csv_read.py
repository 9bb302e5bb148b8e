"""From the rows of a table to documents and their labels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

import msgspec

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import csv_table, datastore
from tui_labeler.engine.formats.about import REVIEWED
from tui_labeler.engine.formats.csv_table import (
    DATASET,
    END,
    LABEL,
    LABELS,
    LANGUAGE,
    LENGTH,
    PLACE,
    START,
    TEXT,
    WORDS,
    Row,
    Table,
)
from tui_labeler.engine.formats.doccano import EACH_ITS_OWN, FEW
from tui_labeler.engine.formats.model import FileDocument, FileLabel, FormatProblem, LabelFile, Unit

JOINERS = "|;#,"
"""What may part the names in a ``labels`` column; the first that is there does."""
_ESCAPED = re.compile(r"\\([|;#,\\\[ ])")
_STEP = re.compile(rf"{_ESCAPED.pattern}|.", re.DOTALL)
_CLASSES = frozenset({ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL})
_WHOLE = re.compile(r"(-?\d{1,15})(?:\.0+)?")
_DATASETS = {each.casefold(): each for each in Dataset}
_ABOUT = frozenset({LANGUAGE, DATASET})
_YES = ("true", "yes", "1")
_COUNTED = "Offsets are whole numbers of characters (code points): correct it, or take that row out."
_BY_NAME = "Give it a name or a text in the file, or take the row out."


class _Gathered(msgspec.Struct):
    """A document, as its rows are read."""

    location: str
    text: str | None
    line: int
    labels: Sequence[FileLabel]
    """Those of its first row, which is the only one of most; a list of its own once there are more."""
    language: str = ""
    dataset: Dataset | None = None
    extra: dict[str, str] | None = None
    names: set[str] | None = None
    """Of the labels, once there are further rows of classes."""

    def add_spans(self, labels: Iterable[FileLabel]) -> None:
        if not isinstance(self.labels, list):
            self.labels = list(self.labels)
        self.labels.extend(labels)

    def add_classes(self, labels: Iterable[FileLabel]) -> None:
        """Each class once, in the order in which the rows name them."""
        if self.names is None:
            self.names = {label.category for label in self.labels}
        new = [label for label in labels if label.category not in self.names]
        self.names.update(label.category for label in new)
        self.add_spans(new)

    def document(self) -> FileDocument:
        # Labels stand somewhere: a row that has them, a name and no text leaves the text to the container.
        is_left_out = bool(not self.text and self.location and any(label.unit for label in self.labels))
        extra = self.extra or {}
        is_reviewed = not self.labels and extra.get(REVIEWED, "").casefold() in _YES
        if is_reviewed:
            extra = {key: item for key, item in extra.items() if key != REVIEWED}
        return FileDocument(
            self.location,
            self.language,
            self.dataset,
            tuple(self.labels),
            text=None if is_left_out else self.text,
            extra=extra,
            line=self.line,
            is_reviewed=is_reviewed,
        )


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with line and column."""
    table, rows = csv_table.table_of(data)
    found = list(rows)
    spans = START in table.columns and (END in table.columns or LENGTH in table.columns)
    if DATASET in table.columns and any(
        (said := table.value(row, DATASET)) and said.casefold() not in _DATASETS for row in found
    ):
        # Not which set a document belongs to, but where it comes from.
        table.rest = sorted([*table.rest, table.columns.pop(DATASET)])
    problems: list[FormatProblem] = []
    gathered = _gathered(table, found, problems, spans=spans)
    remarks: list[str] = []
    if not spans:
        _joined(table, gathered, remarks)
    documents = tuple(each.document() for each in gathered)
    if spans:
        return LabelFile(ProjectKind.ENTITIES, documents=documents, problems=tuple(problems))
    several = any(len(document.labels) > 1 for document in documents)
    listed = several or LABELS in table.columns or bool(table.numbered)
    kind = ProjectKind.MULTI_LABEL if listed else ProjectKind.SINGLE_LABEL
    fits = frozenset() if several else _CLASSES - {kind}
    names = {label.category for document in documents for label in document.labels}
    count = sum(len(document.labels) for document in documents)
    if len(names) == count >= FEW and PLACE not in table.columns:
        remarks.append(EACH_ITS_OWN)
    if names and all(name.isdecimal() for name in names):
        remarks.append("all labels are numbers: name them in the file, or rename the classes afterwards")
    return LabelFile(kind, documents=documents, remarks=tuple(remarks), problems=tuple(problems), fits=fits)


def _gathered(
    table: Table, rows: list[Row], problems: list[FormatProblem], *, spans: bool
) -> list[_Gathered]:
    """One a document: rows of the same name, or, for spans without names, of the same text in a row."""
    documents: list[_Gathered] = []
    named: dict[str, _Gathered] = {}
    classes = _Classes(table)
    is_named, has_text = PLACE in table.columns, TEXT in table.columns
    says_more = bool(table.columns.keys() & _ABOUT or table.rest)
    for row in rows:
        location = _location(table, row) if is_named else ""
        text = table.value(row, TEXT) if has_text else None
        labels = tuple(_span(table, row)) if spans else classes.of(row)
        known = named.get(location) if location else None
        if known is None and not location and spans and documents and not documents[-1].location:
            known = documents[-1] if text == documents[-1].text else None
        if known is not None:
            if text and known.text and text != known.text:
                raise FormatError(
                    f"{location} has another text than on line {known.line}",
                    line=row.line,
                    field=table.name(TEXT),
                    hint="Leave one text for each document.",
                )
            known.text = known.text or text
            if spans:
                known.add_spans(labels)
            else:
                known.add_classes(labels)
        elif location or text:
            document = _Gathered(location, text, row.line, labels)
            if says_more:
                _take_more(table, row, document)
            documents.append(document)
            if location:
                named[location] = document
        elif labels:
            reason = f"{labels[0].category} is the label of no text and no name"
            problems.append(FormatProblem("", table.name(LABEL), reason, dropped=True, line=row.line))
    return documents


def _take_more(table: Table, row: Row, document: _Gathered) -> None:
    """What its first row says besides text, name and labels."""
    if table.columns.keys() & _ABOUT:
        document.language = table.value(row, LANGUAGE)
        document.dataset = _DATASETS.get(table.value(row, DATASET).casefold())
    if table.rest:
        document.extra = {table.header[at]: row.values[at] for at in table.rest if row.values[at]}


def _location(table: Table, row: Row) -> str:
    said = table.value(row, PLACE)
    if not said or table.name(PLACE).casefold() not in ("url", "image_url"):
        return said
    location = datastore.location_of(said)
    if location is None:
        raise FormatError(
            "is no address of a document", line=row.line, field=table.name(PLACE), hint=_BY_NAME
        )
    return location


def _span(table: Table, row: Row) -> Iterator[FileLabel]:
    name = table.value(row, LABEL) or table.value(row, LABELS)
    start = table.value(row, START)
    if not name.strip() and not start.strip():
        return
    if not name.strip():
        raise FormatError("is empty", line=row.line, field=table.name(LABEL), hint="Name the entity there.")
    first = _whole(table, row, START)
    length = _whole(table, row, END) - first if END in table.columns else _whole(table, row, LENGTH)
    yield FileLabel(name, first, length, Unit.CODE_POINT, words=table.value(row, WORDS))


def _whole(table: Table, row: Row, role: str) -> int:
    said = table.value(row, role)
    found = _WHOLE.fullmatch(said.strip())
    if found is None:
        raise FormatError(
            f"should be a whole number, not {said[:40]!r}",
            line=row.line,
            field=table.name(role),
            hint=_COUNTED,
        )
    return int(found.group(1))


class _Classes:
    """The classes that rows name: rows of a table say the same few things again and again."""

    def __init__(self, table: Table) -> None:
        alone = [table.columns[LABEL]] if LABEL in table.columns else []
        self._alone = [*alone, *table.numbered]
        self._listed = [table.columns[LABELS]] if LABELS in table.columns else []
        # At least one: else it is no table of labels.
        self._cells = itemgetter(*self._alone, *self._listed)
        self._known: dict[object, tuple[FileLabel, ...]] = {}

    def of(self, row: Row) -> tuple[FileLabel, ...]:
        """Each once."""
        cells = self._cells(row.values)
        if (known := self._known.get(cells)) is None:
            names = [row.values[index] for index in self._alone]
            for index in self._listed:
                names += parted(row.values[index])
            known = tuple([FileLabel(name) for name in dict.fromkeys(names) if name.strip()])
            self._known[cells] = known
        return known


def parted(cell: str) -> list[str]:
    """The names in a cell: a JSON list, or names with one of :data:`JOINERS` between them."""
    if cell[:1] == "[":
        try:
            value = json.loads(cell)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            # An escape can spell half a surrogate pair, which is no text.
            return [item.encode("utf-8", "replace").decode() for item in value]
    bare = _ESCAPED.sub("", cell)
    joiner = next((each for each in JOINERS if each in bare), "")
    if not joiner:
        return [_plain(cell)]
    names = cell.split(joiner) if bare == cell else _between(cell, joiner)
    return [_plain(name if joiner == JOINERS[0] else name.strip(" ")) for name in names]


def _between(cell: str, joiner: str) -> list[str]:
    """What stands between joiners that are not escaped."""
    parts: list[list[str]] = [[]]
    for found in _STEP.finditer(cell):
        if found.group() == joiner:
            parts.append([])
        else:
            parts[-1].append(found.group())
    return ["".join(part) for part in parts]


def _plain(name: str) -> str:
    return _ESCAPED.sub(r"\1", name) if "\\" in name else name


def _joined(table: Table, documents: list[_Gathered], remarks: list[str]) -> None:
    """Names that a tool has joined in a column of single names: doccano by ``#``, others by a comma.

    They are parted where each part is a label by itself elsewhere in the file; else the name stays whole.
    """
    if LABEL not in table.columns:
        return
    names = {label.category for document in documents for label in document.labels}
    for joiner in ("#", ","):
        joined = {name for name in names if joiner in name}
        alone = {name.strip() for name in names - joined}
        split = {
            name: parts
            for name in joined
            if len(parts := [part.strip() for part in name.split(joiner)]) > 1 and alone.issuperset(parts)
        }
        for document in documents if split else ():
            said = [part for label in document.labels for part in split.get(label.category, [label.category])]
            document.labels = [FileLabel(name) for name in dict.fromkeys(said)]
        if split:
            remarks.append(f"labels joined by {joiner} are read as several: each is a label by itself too")
        if whole := sorted(joined - split.keys()):
            remarks.append(f"{whole[0]} holds {joiner} and is read as one name")
