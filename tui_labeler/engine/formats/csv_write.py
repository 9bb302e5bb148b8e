"""From documents and their labels to the rows of a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.about import REVIEWED, told_review
from tui_labeler.engine.formats.csv_table import (
    DATASET,
    END,
    LABEL,
    LABELS,
    LANGUAGE,
    LONGEST_NAME,
    PLACE,
    START,
    TEXT,
    WORDS,
    Table,
)
from tui_labeler.engine.formats.fields import KEYS
from tui_labeler.engine.formats.model import FileDocument, FormatProblem, LabelFile, Written
from tui_labeler.engine.formats.writing import classes, cuts, text_of, unheld

_SEPARATOR = re.compile(r"[|;#,\\]|^[\[ ]| $")


def write(file: LabelFile) -> Written:
    """Comma-separated, quoted where needed, ``CRLF`` between rows (RFC 4180), UTF-8 without a mark.

    Unknown keys of documents get columns of their own. Raises ``FormatError`` for offsets that are not code
    points and for documents without their text.
    """
    problems = list(unheld(file, (LANGUAGE, DATASET, REVIEWED)))
    further = [
        role
        for role, there in (
            (LANGUAGE, any(document.language for document in file.documents)),
            (DATASET, any(document.dataset for document in file.documents)),
        )
        if there
    ]
    keys = _keys(file.documents, problems)
    if any(told_review(document) for document in file.documents):
        keys = list(dict.fromkeys([REVIEWED, *keys]))
    own = {
        ProjectKind.ENTITIES: [START, END, LABEL, WORDS],
        ProjectKind.SINGLE_LABEL: [LABEL],
        ProjectKind.MULTI_LABEL: [LABELS],
    }[file.kind]
    rows: list[Sequence[str]] = [[PLACE, *own, *further, *keys, TEXT]]
    for document in file.documents:
        for number, cells in enumerate(_cells(document, file.kind, problems)):
            about = {LANGUAGE: document.language, DATASET: document.dataset.value if document.dataset else ""}
            first = number == 0 or not document.location
            behind = [*(about[role] for role in further), *(_value(document, key) for key in keys)]
            rows.append([document.location, *cells, *behind, text_of(document) if first else ""])
        if not document.location and not document.text:
            reason = "it has no name and no text, so its labels are left out"
            problems.append(FormatProblem("", "text", reason, dropped=bool(document.labels)))
    return Written(_encoded(rows), tuple(problems))


def _value(document: FileDocument, key: str) -> str:
    """What stands in a further column."""
    return _cell(
        told_review(document) if key == REVIEWED and not document.labels else document.extra.get(key)
    )


def _cells(document: FileDocument, kind: ProjectKind, problems: list[FormatProblem]) -> Iterator[list[str]]:
    """What labels a document: a list a row, without its name and text."""
    if kind is ProjectKind.ENTITIES:
        text = text_of(document)
        found = cuts(document, text, problems)
        for cut in found:
            yield [str(cut.start), str(cut.end), cut.label.category, text[cut.start : cut.end]]
        if not found:
            yield [""] * 4
    elif kind is ProjectKind.MULTI_LABEL:
        yield ["|".join(_escaped(name) for name in classes(document, problems))]
    else:
        yield ["".join(classes(document, problems, one=True))]


def _escaped(name: str) -> str:
    return _SEPARATOR.sub(lambda found: f"\\{found.group()}", name)


def _keys(documents: Iterable[FileDocument], problems: list[FormatProblem]) -> list[str]:
    """Unknown keys that can head a column: those that would not be taken for one that is known."""
    found = dict.fromkeys(key for document in documents for key in document.extra if key != KEYS)
    free: list[str] = []
    for key in found:
        table = Table.of([key])
        known = table.columns or table.numbered
        if known or key != key.strip() or key.splitlines() != [key] or len(key) > LONGEST_NAME:
            reason = f"{key[:LONGEST_NAME]!r} can't head a column and is left out"
            problems.append(FormatProblem("", key[:LONGEST_NAME], reason))
        else:
            free.append(key)
    return free


def _cell(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def _encoded(rows: Iterable[Sequence[str]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    try:
        return stream.getvalue().encode()
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end].encode("utf-8", "backslashreplace").decode()
        raise FormatError(f"{shown!r} is not Unicode text and can't be written") from error
