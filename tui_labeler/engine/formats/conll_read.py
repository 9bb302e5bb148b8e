"""From columns of tokens and tags to documents whose texts are put together from the tokens."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.fasttext import PREFIX
from tui_labeler.engine.formats.fields import UTF8_MARK, decode_text
from tui_labeler.engine.formats.model import FileDocument, FormatProblem, LabelFile
from tui_labeler.engine.formats.tagged import (
    OUTSIDE,
    Sentence,
    TagError,
    is_tag,
    rebuilt,
    scheme_of,
    spans_of_tags,
)

DOCSTART = "-DOCSTART-"
NEWDOC = "newdoc"
_EXTENSIONS = (".conll", ".iob", ".iob2", ".bio", ".bioes")
_LOOKED_AT = 40
_LOOKED_BYTES = 20_000
_COMMENTS = ("#", "# ", "#\t")
_BLANKS = re.compile(r"[ \t]+")
_NOTE = re.compile(rf"# ({NEWDOC}(?: id)?|language|dataset)(?: = (.*))?", re.DOTALL)
_COLUMNS = "A line is a token and its tag in the last column, parted by tabs or blanks."
_ONE_EACH = "Leave one part for each document."
_DATASETS = {each.casefold(): each for each in Dataset}


class _Row(NamedTuple):
    line: int
    token: str
    tag: str


@dataclass(slots=True)
class _Block:
    """What stands between two empty lines."""

    rows: list[_Row] = field(default_factory=list)
    starts: bool = False
    """Whether a document starts here."""
    notes: dict[str, str] = field(default_factory=dict)
    line: int = 0


def sniff(data: bytes, filename: str) -> bool:
    """Most of the first lines end in a tag; under a name of that kind, one does."""
    start = data.removeprefix(UTF8_MARK)[:_LOOKED_BYTES]
    lines = start.decode(errors="replace").split("\n")
    if len(data) > _LOOKED_BYTES:
        lines = lines[:-1]
    rows = [line for line in lines if line.strip() and not _is_start(line) and line[0] != "#"][:_LOOKED_AT]
    is_named = filename.lower().endswith(_EXTENSIONS) or start.startswith(f"# {NEWDOC}".encode())
    tagged = sum(_looks_tagged(line) for line in rows)
    if is_named or not tagged:
        return tagged > 0
    # A text of fastText's may be, or hold, what looks like a tag; and JSON may be spread over lines.
    is_other = all(line.startswith(PREFIX) for line in rows) or (
        rows[0].lstrip()[:1] in ("{", "[", "<") and not _looks_tagged(rows[0])
    )
    return tagged >= max(1, len(rows) * 0.8) and not is_other


def _looks_tagged(line: str) -> bool:
    fields = _BLANKS.split(line.strip(" \t\r"))
    if fields[0].startswith(PREFIX) and len(fields) > 2:
        return False
    return len(fields) > 1 and (is_tag(fields[-1]) or is_tag(fields[1]))


def _is_start(line: str) -> bool:
    return line.lstrip().startswith(DOCSTART)


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with the line of what is no token and tag."""
    lines = [line.removesuffix("\r") for line in decode_text(data).split("\n")]
    layout = _Layout.of(lines)
    blocks = list(_blocks(lines, layout))
    scheme = scheme_of(_all_tags(blocks))
    apart = not any(block.starts for block in blocks)
    problems: list[FormatProblem] = []
    documents: list[FileDocument] = []
    held: list[_Block] = []
    for block in blocks:
        if held and (apart or block.starts):
            documents.append(_document(held, scheme, problems))
            held = []
        held.append(block)
    if held:
        documents.append(_document(held, scheme, problems))
    # A mark before a named document, with nothing between, is none by itself.
    documents = [document for document in documents if document.location or document.text]
    _no_twins(documents)
    return LabelFile(
        ProjectKind.ENTITIES,
        documents=tuple(documents),
        remarks=tuple(_remarks(layout, scheme, blocks)),
        problems=tuple(problems),
    )


def _remarks(layout: _Layout, scheme: str, blocks: list[_Block]) -> Iterator[str]:
    if any(row.tag != OUTSIDE for block in blocks for row in block.rows):
        yield f"the tags are {scheme}"
    if layout.columns > 2:
        yield f"of {layout.columns} columns the token and the last one are read"
    if layout.comments:
        yield f"{layout.comments} comment lines that mean nothing here are not kept"


def _all_tags(blocks: list[_Block]) -> Iterator[str]:
    for block in blocks:
        yield from (row.tag for row in block.rows)
        yield OUTSIDE


def _no_twins(documents: list[FileDocument]) -> None:
    seen: dict[str, int] = {}
    for document in documents:
        first = seen.setdefault(document.location, document.line)
        if document.location and first != document.line:
            raise FormatError(
                f"{document.location} begins on line {first} already", line=document.line, hint=_ONE_EACH
            )


@dataclass(slots=True)
class _Layout:
    """How the lines of a file are made up."""

    tabs: bool
    columns: int
    numbered: bool = False
    """The first column counts the tokens of a sentence, and the second is the token."""
    comments: int = 0

    @classmethod
    def of(cls, lines: list[str]) -> _Layout:
        """The number of columns that most lines have and that puts a tag at the end of each, if any does."""
        sure = [line for line in lines if line.strip() and line[0] != "#" and not _is_start(line)]
        sure = sure or [line for line in lines if line.strip() and not _is_start(line)]
        tabs = all("\t" in line for line in sure)
        rows = [_fields(line, tabs) for line in sure]
        counts = Counter(map(len, rows))
        by_number = sorted(counts, key=lambda count: (-counts[count], count))
        for columns in by_number:
            if columns > 1 and all(_tag(row, columns) for row in rows):
                break
        else:
            columns = next((count for count in by_number if count > 1), 2)
        numbers = [row[0] for row in rows]
        return cls(tabs, columns, columns > 2 and _counts(numbers))


def _counts(numbers: list[str]) -> bool:
    last = 0
    for number in numbers:
        if number not in (str(last + 1), "1"):
            return False
        last = int(number)
    return last > 0


def _fields(line: str, tabs: bool) -> list[str]:
    if tabs:
        return [part.strip(" ") for part in line.rstrip("\t ").split("\t")]
    return _BLANKS.split(line.strip(" \t"))


def _tag(fields: list[str], columns: int) -> str:
    """The tag, or nothing. Of two columns the second may hold blanks: names do."""
    if len(fields) == columns and is_tag(fields[-1]):
        return fields[-1]
    if columns == 2 and len(fields) > 2 and fields[1] != OUTSIDE and is_tag(fields[1]):
        return " ".join(fields[1:])
    return ""


def _blocks(lines: list[str], layout: _Layout) -> Iterator[_Block]:
    block = _Block(line=1)
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t"):
            if block.rows or block.starts:
                yield block
                block = _Block()
            continue
        block.line = block.line or number
        if _is_start(line):
            if block.rows:
                yield block
                block = _Block(line=number)
            block.starts = True
            continue
        fields = _fields(line, layout.tabs)
        tag = _tag(fields, layout.columns)
        if tag and fields[0]:
            block.rows.append(_Row(number, fields[layout.numbered], tag))
        elif note := _NOTE.fullmatch(line):
            if note.group(1).startswith(NEWDOC) and (block.rows or "location" in block.notes):
                yield block
                block = _Block(line=number)
            _take_note(block, layout, note.group(1), (note.group(2) or "").strip(" "))
        elif line[:2] in _COMMENTS:
            layout.comments += 1
        else:
            raise FormatError(_wrong(fields, layout), line=number, hint=_COLUMNS)
    if block.rows or block.starts:
        yield block


def _take_note(block: _Block, layout: _Layout, key: str, value: str) -> None:
    if key in (NEWDOC, f"{NEWDOC} id"):
        block.starts = True
        block.notes["location"] = _unquoted(value)
    elif key == "language":
        block.notes["language"] = value
    elif key == "dataset" and value.casefold() in _DATASETS:
        block.notes["dataset"] = value
    else:
        layout.comments += 1


def _unquoted(value: str) -> str:
    """A name that would not stand on its line is written as JSON."""
    if value[:1] == '"':
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        # An escape can spell half a surrogate pair, which is no text.
        if isinstance(found, str) and not re.search("[\ud800-\udfff]", found):
            return found
    return value


def _wrong(fields: list[str], layout: _Layout) -> str:
    if len(fields) != layout.columns:
        return f"this line has {len(fields)} columns, and most have {layout.columns}"
    if not fields[0]:
        return "the token is empty"
    return f"{fields[-1][:40]!r} is no tag: tags are O, or B-, I-, E- or S- before a name"


def _document(blocks: list[_Block], scheme: str, problems: list[FormatProblem]) -> FileDocument:
    notes: dict[str, str] = {}
    for block in blocks:
        notes.update(block.notes)
    location = notes.get("location", "")
    sentences: list[Sentence] = []
    for block in blocks:
        if not block.rows:
            continue
        try:
            spans, odd = spans_of_tags([row.tag for row in block.rows], scheme)
        except TagError as error:
            raise FormatError(str(error), line=block.rows[error.index].line, hint=error.hint) from error
        for index, reason in odd:
            row = block.rows[index]
            problems.append(FormatProblem(location, row.token, reason, line=row.line))
        sentences.append(Sentence(tuple(row.token for row in block.rows), tuple(spans)))
    text, labels = rebuilt(sentences)
    return FileDocument(
        location,
        notes.get("language", ""),
        _DATASETS.get(notes.get("dataset", "").casefold()),
        labels,
        text=text,
        is_rebuilt=True,
        line=blocks[0].line or 1,
        # Each token has a tag: none was passed over.
        is_reviewed=bool(sentences),
    )
