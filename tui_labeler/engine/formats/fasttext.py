"""fastText's training files: ``__label__name`` before a text, a document a line.

Source: fastText's documentation and ``dictionary.cc``: a line is parted at ASCII white space, and what begins
with ``__label__`` is a label. So names hold no white space: where one does, it is written percent-encoded
(``Borrower%20Name``) and read back so. Line ends in a text are written as blanks. A line has no place for a
document's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.fields import UTF8_MARK, decode_text
from tui_labeler.engine.formats.model import (
    FileDocument,
    FileLabel,
    Format,
    FormatProblem,
    LabelFile,
    Written,
)
from tui_labeler.engine.formats.writing import classes, text_of, unheld

PREFIX = "__label__"
_WHITE = " \t\n\r\v\f\0"
"""What fastText parts a line at."""
_LOOKED_BYTES = 20_000
_ENCODED = {f"%{ord(character):02X}": character for character in f"{_WHITE}%"}
_ESCAPE = re.compile("|".join(_ENCODED))
_UNSAFE = re.compile(f"[{_WHITE}]|%(?={'|'.join(code[1:] for code in _ENCODED)})")
_LEADING = re.compile(rf"[{_WHITE}]*{PREFIX}([^{_WHITE}]*)")
_WITHIN = re.compile(rf"(?:^|[{_WHITE}]){PREFIX}")
_BREAKS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WORD = re.compile(f"[^{_WHITE}]+")
_MARK = UTF8_MARK.decode()
_NAMELESS = "Write a name behind __label__, without blanks."


def sniff(data: bytes, filename: str) -> bool:
    """A line among the first begins with a label."""
    start = data.removeprefix(UTF8_MARK)[:_LOOKED_BYTES]
    mark = PREFIX.encode()
    return any(line.lstrip().startswith(mark) for line in start.split(b"\n"))


def read(data: bytes) -> LabelFile:
    """Labels before the text, or behind it; the text with one document a line, its line ends gone.

    Raises ``FormatError`` with the line of a label without a name.
    """
    documents: list[FileDocument] = []
    problems: list[FormatProblem] = []
    known: dict[tuple[str, ...], tuple[FileLabel, ...]] = {}
    for number, line in enumerate(decode_text(data).split("\n"), 1):
        if not (text := line.strip(_WHITE)):
            continue
        labels: tuple[FileLabel, ...] = ()
        if PREFIX in text:
            names, text = _parted(text)
            if not all(name.strip() for name in names):
                raise FormatError("a label has no name", line=number, hint=_NAMELESS)
            if PREFIX in text and _WITHIN.search(text):
                problems.append(
                    FormatProblem("", "text", f"{PREFIX} within the text is no label here", line=number)
                )
            # Most lines have the labels of others.
            if (shared := known.get(tuple(names))) is None:
                shared = known[tuple(names)] = tuple([FileLabel(name) for name in dict.fromkeys(names)])
            labels = shared
        documents.append(FileDocument(labels=labels, text=text, is_rebuilt=True, line=number))
    several = any(len(document.labels) > 1 for document in documents)
    return LabelFile(
        ProjectKind.MULTI_LABEL if several else ProjectKind.SINGLE_LABEL,
        documents=tuple(documents),
        problems=tuple(problems),
        fits=frozenset() if several else frozenset({ProjectKind.MULTI_LABEL}),
    )


def _parted(line: str) -> tuple[list[str], str]:
    """The labels at the beginning of a line, or else at its end; and its text."""
    names: list[str] = []
    at = 0
    while found := _LEADING.match(line, at):
        names.append(_decoded(found.group(1)))
        at = found.end()
    text = line[at:].strip(_WHITE)
    if not names and PREFIX in text:
        names, text = _behind(text)
    return names, text


def _behind(text: str) -> tuple[list[str], str]:
    """Labels behind a text, and what is before them."""
    words = list(_WORD.finditer(text))
    first = len(words)
    while first and words[first - 1].group().startswith(PREFIX):
        first -= 1
    names = [_decoded(word.group().removeprefix(PREFIX)) for word in words[first:]]
    return names, text[: words[first - 1].end()] if first else ""


def _decoded(name: str) -> str:
    return _ESCAPE.sub(lambda found: _ENCODED[found.group()], name) if "%" in name else name


def _encoded(name: str) -> str:
    return _UNSAFE.sub(lambda found: f"%{ord(found.group()):02X}", name)


def write(file: LabelFile) -> Written:
    """The file as UTF-8, a document a line.

    Raises ``FormatError`` for entities and for documents without their text.
    """
    if file.kind is ProjectKind.ENTITIES:
        raise FormatError("fastText's files hold classes, not entities")
    problems = list(unheld(file))
    if file.documents:
        problems.append(FormatProblem("", "documents", "the documents' names have no place"))
    used = {label.category for document in file.documents for label in document.labels}
    for name in sorted(used):
        if (encoded := _encoded(name)) != name:
            problems.append(FormatProblem("", "labels", f"{name} is written as {encoded}"))
    one = file.kind is ProjectKind.SINGLE_LABEL
    text = "".join(line for document in file.documents for line in _line(document, problems, one=one))
    try:
        # A mark at the very beginning would be taken for that of the file.
        return Written((_MARK * text.startswith(_MARK) + text).encode(), tuple(problems))
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end].encode("utf-8", "backslashreplace").decode()
        raise FormatError(f"{shown!r} is not Unicode text and can't be written") from error


def _line(document: FileDocument, problems: list[FormatProblem], *, one: bool) -> Iterator[str]:
    text = text_of(document)
    names = classes(document, problems, one=one)
    flat = _BREAKS.sub(" ", text).strip(_WHITE)
    reason = ""
    if _WITHIN.search(flat):
        reason = f"a word of it begins with {PREFIX}: it would be a label"
    elif not names and not flat:
        reason = "it has no words and no class"
    if reason:
        problems.append(FormatProblem(document.location, "text", f"{reason}; it is left out"))
        problems += [
            FormatProblem(document.location, f"labels[{index}]", f"{name} goes with its text", dropped=True)
            for index, name in enumerate(names)
        ]
        return
    if flat != text:
        reason = "line ends, and white space at its ends, are not kept"
        problems.append(FormatProblem(document.location, "text", reason))
    yield " ".join([*(f"{PREFIX}{_encoded(name)}" for name in names), *([flat] if flat else [])]) + "\n"


FORMAT = Format(
    "fasttext",
    "fastText labels",
    (".txt", ".ft"),
    sniff,
    read,
    write,
    kinds=frozenset({ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL}),
)
