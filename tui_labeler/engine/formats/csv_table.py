"""Tables of separated values: their separator, their columns by header, their rows with their lines.

The standard library reads the rows. Its sniffer guesses a separator from how often characters occur, which in
texts is no guide (and takes long over some of them); here the header decides: the separator is the one that
parts it into the most columns that are known.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.fields import UTF8_MARK, decode_text

SEPARATORS = ",;\t|"
TEXT, PLACE, LABEL, LABELS = "text", "location", "label", "labels"
START, END, LENGTH, WORDS, LANGUAGE, DATASET = "start", "end", "length", "words", "language", "dataset"

NAMES = {
    TEXT: ("text", "content", "sentence", "body", "message", "column_data"),
    PLACE: ("location", "file_name", "filename", "file", "url", "image_url", "path", "document"),
    LABEL: ("label_text", "label_name", "label", "category", "class", "tag", "intent", "column_label"),
    LABELS: ("labels", "categories", "classes", "tags"),
    START: ("start", "start_offset", "begin"),
    END: ("end", "end_offset"),
    LENGTH: ("length",),
    WORDS: ("words", "span", "surface"),
    LANGUAGE: ("language",),
    DATASET: ("dataset", "split"),
}
"""What a column may be called, upper and lower case alike; of several in one table, the first one named."""
_ROLES = {name: role for role, names in NAMES.items() for name in names}
_NUMBERED = re.compile(r"(label|category|class|tag)[ _-]?\d+")
_LONGEST_HEADER = 10_000
LONGEST_NAME = 100
"""Of a column that is written for an unknown key."""
_HEADER = (
    "The first line names the columns: text or location (also file_name, url), and label or labels; "
    "for entities start and end too."
)
_QUOTES = (
    "Put double quotes around values that hold separators, quotes or line ends, and double the quotes within."
)


class Row(msgspec.Struct, frozen=True):
    line: int
    values: list[str]


@dataclass(slots=True)
class Table:
    """Columns by what they are for, by index."""

    header: list[str]
    columns: dict[str, int] = field(default_factory=dict)
    numbered: list[int] = field(default_factory=list)
    """Further columns of classes: ``label_1``, ``label_2`` ..."""
    rest: list[int] = field(default_factory=list)
    """Columns that mean nothing here."""

    @classmethod
    def of(cls, header: list[str]) -> Table:
        table = cls([name.strip() for name in header])
        ranks: dict[str, int] = {}
        for index, name in enumerate(table.header):
            known = name.casefold().replace(" ", "_")
            role = _ROLES.get(known)
            if role:
                rank = NAMES[role].index(known)
                if rank < ranks.get(role, len(NAMES[role])):
                    ranks[role] = rank
                    table.columns[role] = index
            elif _NUMBERED.fullmatch(known):
                table.numbered.append(index)
        known_ones = {*table.columns.values(), *table.numbered}
        table.rest = [index for index in range(len(table.header)) if index not in known_ones]
        return table

    @property
    def is_labels(self) -> bool:
        """Whether it speaks of documents and of what they are labeled with."""
        return bool({TEXT, PLACE} & self.columns.keys()) and bool(
            {LABEL, LABELS} & self.columns.keys() or self.numbered
        )

    def value(self, row: Row, role: str) -> str:
        index = self.columns.get(role)
        return "" if index is None else row.values[index]

    def name(self, role: str) -> str:
        """The column's own name."""
        index = self.columns.get(role)
        return role if index is None else self.header[index]


def header_of(data: bytes) -> Table | None:
    """The table that a file looks like, by its first line alone; ``None`` for none of labels."""
    first = data.removeprefix(UTF8_MARK)[: _LONGEST_HEADER + 1].split(b"\n", 1)[0]
    found = _best(first.decode(errors="replace")) if len(first) <= _LONGEST_HEADER else None
    return found[1] if found else None


def _best(line: str) -> tuple[str, Table] | None:
    best: tuple[int, str, Table] | None = None
    for separator in SEPARATORS:
        try:
            header = next(csv.reader([line], delimiter=separator, strict=True), [])
        except csv.Error:
            continue
        table = Table.of(header)
        score = len(table.columns) + len(table.numbered)
        if table.is_labels and (best is None or score > best[0]):
            best = (score, separator, table)
    return best[1:] if best else None


def table_of(data: bytes) -> tuple[Table, Iterator[Row]]:
    """The columns of a file and its rows, empty ones left out.

    Raises ``FormatError`` with the line: for what is no text, no header that is known, no row of its columns.
    """
    text = decode_text(data)
    first = text[: _LONGEST_HEADER + 1].split("\n", 1)[0]
    found = _best(first.rstrip("\r")) if len(first) <= _LONGEST_HEADER else None
    if found is None:
        raise FormatError(
            f"no columns of texts and labels are known by these names: {first[:80]}", line=1, hint=_HEADER
        )
    separator, table = found
    return table, _rows(text, separator, table)


def _rows(text: str, separator: str, table: Table) -> Iterator[Row]:
    # The library refuses values that are longer than a limit for the whole process; texts are.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for number, values in enumerate(reader):
            if number and values:
                if len(values) != len(table.header):
                    raise FormatError(
                        f"{len(values)} values, and the header has {len(table.header)}",
                        line=line,
                        hint=_QUOTES,
                    )
                yield Row(line, values)
            line = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(f"these are no separated values: {error}", line=line, hint=_QUOTES) from error
