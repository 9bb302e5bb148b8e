"""From columns of tokens and tags to documents whose texts are put together from the tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.conll_layout import BLANKS, Layout, is_start, laid_out, tag_of
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

NEWDOC = "newdoc"
_EXTENSIONS = (".conll", ".iob", ".iob2", ".bio", ".bioes")
_LOOKED_AT = 40
_LOOKED_BYTES = 20_000
_COMMENTS = ("#", "# ", "#\t")
_NOTE = re.compile(rf"# ({NEWDOC}(?: id)?|language|dataset)(?: = (.*))?", re.DOTALL)
_COLUMNS = "A line is a token and its tag in the last column, parted by tabs or blanks."
_ONE_EACH = "Leave one part for each document."
_DATASETS = {each.casefold(): each for each in Dataset}


@dataclass(slots=True)
class _Rows:
    """All tokens of a file, by column."""

    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, token: str, tag: str, line: int) -> None:
        self.tokens.append(token)
        self.tags.append(tag)
        self.lines.append(line)


class _Block(msgspec.Struct):
    """What stands between two empty lines: so many tokens of the file from one on."""

    first: int
    size: int = 0
    starts: bool = False
    """Whether a document starts here."""
    notes: dict[str, str] = {}
    line: int = 0


def sniff(data: bytes, filename: str) -> bool:
    """Most of the first lines end in a tag; under a name of that kind, one does."""
    start = data.removeprefix(UTF8_MARK)[:_LOOKED_BYTES]
    lines = start.decode(errors="replace").split("\n")
    if len(data) > _LOOKED_BYTES:
        lines = lines[:-1]
    rows = [line for line in lines if line.strip() and not is_start(line) and line[0] != "#"][:_LOOKED_AT]
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
    fields = BLANKS.split(line.strip(" \t\r"))
    if fields[0].startswith(PREFIX) and len(fields) > 2:
        return False
    return len(fields) > 1 and (is_tag(fields[-1]) or is_tag(fields[1]))


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with the line of what is no token and tag."""
    lines = [line.removesuffix("\r") for line in decode_text(data).split("\n")]
    layout, fields = laid_out(lines)
    rows = _Rows()
    blocks = list(_blocks(lines, fields, layout, rows))
    scheme = scheme_of(_all_tags(blocks, rows))
    apart = not any(block.starts for block in blocks)
    problems: list[FormatProblem] = []
    documents: list[FileDocument] = []
    held: list[_Block] = []
    for block in blocks:
        if held and (apart or block.starts):
            documents.append(_document(held, rows, scheme, problems))
            held = []
        held.append(block)
    if held:
        documents.append(_document(held, rows, scheme, problems))
    # A mark before a named document, with nothing between, is none by itself.
    documents = [document for document in documents if document.location or document.text]
    _no_twins(documents)
    return LabelFile(
        ProjectKind.ENTITIES,
        documents=tuple(documents),
        remarks=tuple(_remarks(layout, scheme, rows)),
        problems=tuple(problems),
    )


def _remarks(layout: Layout, scheme: str, rows: _Rows) -> Iterator[str]:
    if any(tag != OUTSIDE for tag in rows.tags):
        yield f"the tags are {scheme}"
    if layout.columns > 2:
        yield f"of {layout.columns} columns the token and the last one are read"
    if layout.comments:
        yield f"{layout.comments} comment lines that mean nothing here are not kept"


def _all_tags(blocks: list[_Block], rows: _Rows) -> Iterator[str]:
    for block in blocks:
        yield from rows.tags[block.first : block.first + block.size]
        yield OUTSIDE


def _no_twins(documents: list[FileDocument]) -> None:
    seen: dict[str, int] = {}
    for document in documents:
        if (
            document.location
            and (first := seen.setdefault(document.location, document.line)) != document.line
        ):
            raise FormatError(
                f"{document.location} begins on line {first} already", line=document.line, hint=_ONE_EACH
            )


def _blocks(lines: list[str], all_fields: list[list[str]], layout: Layout, rows: _Rows) -> Iterator[_Block]:
    block = _Block(0, line=1)
    for number, (line, fields) in enumerate(zip(lines, all_fields, strict=True), 1):
        if not line or not line.strip(" \t"):
            if block.size or block.starts:
                yield block
                block = _Block(len(rows.lines))
            continue
        block.line = block.line or number
        if is_start(line):
            if block.size:
                yield block
                block = _Block(len(rows.lines), line=number)
            block.starts = True
            continue
        tag = tag_of(fields, layout.columns)
        if tag and fields[0]:
            rows.add(fields[layout.numbered], tag, number)
            block.size += 1
        elif note := _NOTE.fullmatch(line):
            if note.group(1).startswith(NEWDOC) and (block.size or "location" in block.notes):
                yield block
                block = _Block(len(rows.lines), line=number)
            _take_note(block, layout, note.group(1), (note.group(2) or "").strip(" "))
        elif line[:2] in _COMMENTS:
            layout.comments += 1
        else:
            raise FormatError(_wrong(fields, layout), line=number, hint=_COLUMNS)
    if block.size or block.starts:
        yield block


def _take_note(block: _Block, layout: Layout, key: str, value: str) -> None:
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


def _wrong(fields: list[str], layout: Layout) -> str:
    if len(fields) != layout.columns:
        return f"this line has {len(fields)} columns, and most have {layout.columns}"
    if not fields[0]:
        return "the token is empty"
    return f"{fields[-1][:40]!r} is no tag: tags are O, or B-, I-, E- or S- before a name"


def _document(blocks: list[_Block], rows: _Rows, scheme: str, problems: list[FormatProblem]) -> FileDocument:
    notes: dict[str, str] = {}
    for block in blocks:
        notes.update(block.notes)
    location = notes.get("location", "")
    sentences: list[Sentence] = []
    for block in blocks:
        if not block.size:
            continue
        first, end = block.first, block.first + block.size
        try:
            spans, odd = spans_of_tags(rows.tags[first:end], scheme)
        except TagError as error:
            raise FormatError(str(error), line=rows.lines[first + error.index], hint=error.hint) from error
        for index, reason in odd:
            token, line = rows.tokens[first + index], rows.lines[first + index]
            problems.append(FormatProblem(location, token, reason, line=line))
        sentences.append(Sentence(rows.tokens[first:end], spans))
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
