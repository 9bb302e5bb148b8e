"""brat's standoff files, for entities: a ``.txt`` and an ``.ann`` a document, in a folder or a ZIP archive.

A line ``T1<tab>Name 0 5<tab>words`` is a span of code points over the raw text, its end exclusive. Pieces
with nothing but white space between them are one span, as brat parts spans at line ends; others are listed.
``annotation.conf`` names the entities. Names hold no white space: where one does, it is written
percent-encoded. Source: brat's documentation of its standoff format.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import quote, unquote

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.archive import PACK, leads_out, packed, unpacked
from tui_labeler.engine.formats.fields import SAVE_AS_UTF8
from tui_labeler.engine.formats.model import (
    WHOLE,
    FileCategory,
    FileDocument,
    FileLabel,
    Format,
    FormatProblem,
    LabelFile,
    Unit,
    Written,
)
from tui_labeler.engine.formats.writing import UNUSED, cuts, text_of, unheld
from tui_labeler.engine.limits import READABLE_CHARACTERS

_CONFIG = "annotation.conf"
MOST, MOST_OF_ONE = 2_000_000, 200_000
"""Annotations of all files together, and of one file: each takes some hundred bytes of memory. The largest
projects, of a hundred thousand documents, have twenty a document."""
MOST_PIECES = 10_000
"""Of one span: brat parts spans at line ends."""
_CONFIG_BYTES, _ANN_BYTES, _TEXT_BYTES = 1_000_000, 64_000_000, 4 * READABLE_CHARACTERS + 3
"""That files of each sort may have: no character takes more than four bytes, a mark before the text three."""
_FRAGMENT = re.compile(r"(\d{1,15}) (\d{1,15})")
_OTHERS = {
    "R": "relations", "*": "equivalences", "E": "events", "A": "attributes", "M": "attributes",
    "N": "normalisations", "#": "notes",
}  # fmt: skip
_BREAKS = re.compile("[\t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]")
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f|<>]|^[#\[!-]|%(?=[0-9A-F]{2})")
_ENCODED = re.compile(r"(?:%[0-9A-F]{2})+")
_MARK = "\ufeff"
_PART = "Part it into several files, or take out what is no annotation of people."
_SHAPE = "A span is T1, a tab, a name, start and end, a tab and its words: correct it, or take that line out."


def sniff(data: bytes, filename: str) -> bool:
    """An archive with annotations, or one file of them."""
    return (data[:4] == b"PK\x03\x04" and b".ann" in data) or filename.lower().endswith(".ann")


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with the file, the line in it, and the annotation's id."""
    if data[:2] != b"PK":
        raise FormatError(
            "brat keeps a document in two files, NAME.ann and NAME.txt, and this is one alone",
            hint="Put the .ann and its .txt into a folder and name that, or a ZIP archive of it.",
        )
    archive = unpacked(data, _most)
    files = archive.files
    names = [name for name in files if name.lower().endswith(".ann")]
    problems: list[FormatProblem] = []
    too_long = _too_large(archive.too_large, problems)
    if not names:
        raise FormatError("holds no .ann files", hint=PACK)
    documents: list[FileDocument] = []
    room = MOST
    for name in names:
        location = f"{name[:-4]}.txt"
        text = _decoded(files[location], location).removeprefix(_MARK) if location in files else None
        if text is not None and len(text) > READABLE_CHARACTERS:
            too_long.add(location)
            problems.append(_unreadable(location))
        if location in too_long:
            continue
        lines = _decoded(files.pop(name), name).removeprefix(_MARK)
        said = len(problems)
        labels = _labels(name, location, lines, text, problems, min(room, MOST_OF_ONE))
        room -= len(labels) + len(problems) - said
        documents.append(FileDocument(location, labels=labels, text=text))
    known = {document.location for document in documents} | too_long
    for name in files:
        if name.lower().endswith(".txt") and name not in known:
            problems.append(
                FormatProblem(name, "", "has no .ann file, so nobody has labeled it", dropped=True)
            )
    return LabelFile(
        ProjectKind.ENTITIES,
        categories=tuple(FileCategory(name) for name in _configured(files)),
        documents=tuple(documents),
        problems=tuple(problems),
    )


def _most(name: str) -> int | None:
    """Bytes that a file of the archive may have; ``None`` for one that is not read."""
    lower = name.lower()
    if lower.endswith(".ann"):
        return _ANN_BYTES
    if lower.endswith(".txt"):
        return _TEXT_BYTES
    return _CONFIG_BYTES if name.rsplit("/", 1)[-1] == _CONFIG else None


def _too_large(found: Mapping[str, int], problems: list[FormatProblem]) -> set[str]:
    """Texts that are left out with a word. Raises ``FormatError`` for other files."""
    for name, most in found.items():
        if not name.lower().endswith(".txt"):
            raise FormatError(f"{name} has more than {most:,} bytes", field=name, hint=_PART)
        problems.append(_unreadable(name))
    return set(found)


def _unreadable(location: str) -> FormatProblem:
    reason = f"the document has more than {READABLE_CHARACTERS:,} characters, and no more are read"
    return FormatProblem(location, "", f"{reason}: cut it into smaller ones", dropped=True)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise FormatError(reason, line=line, field=name, hint=SAVE_AS_UTF8) from error


def _labels(
    name: str, location: str, lines: str, text: str | None, problems: list[FormatProblem], room: int
) -> tuple[FileLabel, ...]:
    labels: list[FileLabel] = []
    others: dict[str, tuple[str, int, int]] = {}
    room += len(problems)
    for number, line in enumerate(io.StringIO(lines, newline="\n"), 1):
        if not line.strip():
            continue
        if len(labels) + len(problems) >= room:
            reason = f"there are more than {MOST_OF_ONE:,} annotations in one file, or {MOST:,} in all"
            raise FormatError(reason, line=number, field=name, hint=_PART)
        mark, _, rest = line.removesuffix("\n").rstrip("\r").partition("\t")
        if line[0] in _OTHERS:
            what = _OTHERS[line[0]]
            first, at, count = others.get(what, (mark, number, 0))
            others[what] = (first, at, count + 1)
            continue
        span, _, words = rest.partition("\t")
        category, _, places = span.partition(" ")
        pieces = _pieces(places)
        if line[0] != "T" or not category or not pieces:
            shown = f"{line[:40].rstrip()!r} is no annotation"
            raise FormatError(shown, line=number, field=f"{name} {mark[:20]}", hint=_SHAPE)
        start, end = pieces[0][0], pieces[-1][1]
        if not _is_one(pieces, text):
            reason = f"{category} at {start} is in {len(pieces)} pieces, and a label is one: {words[:60]!r}"
            problems.append(FormatProblem(location, mark, reason, dropped=True, line=number))
            continue
        length, unit = end - start, Unit.CODE_POINT
        labels.append(FileLabel(_plain(category), start, length, unit, words=words, mark=mark, line=number))
    for what, (first, at, count) in others.items():
        reason = f"{what} have no place here: {count} left out"
        problems.append(FormatProblem(location, first, reason, dropped=True, line=at))
    return tuple(labels)


def _pieces(places: str) -> list[tuple[int, int]]:
    """Start and end of each; nothing for what is none, or more of them than a span has."""
    found = [_FRAGMENT.fullmatch(each) for each in places.split(";", MOST_PIECES)]
    pieces = [(int(each.group(1)), int(each.group(2))) for each in found if each]
    return pieces if len(pieces) == len(found) else []


def _is_one(pieces: list[tuple[int, int]], text: str | None) -> bool:
    gaps = [(before[1], after[0]) for before, after in pairwise(pieces)]
    return all(text is not None and end >= start and not text[start:end].strip() for start, end in gaps)


def _configured(files: Mapping[str, bytes]) -> dict[str, None]:
    """The entities that the configuration names."""
    name = next((each for each in files if each.rsplit("/", 1)[-1] == _CONFIG), "")
    found: dict[str, None] = {}
    section = ""
    for line in _decoded(files[name], name).split("\n") if name else ():
        word = line.strip().removeprefix("!").split(maxsplit=1)[:1]
        if not word or word[0].startswith(("#", "-", "<")):
            continue
        if word[0].startswith("["):
            section = word[0]
        elif section == "[entities]" and _plain(word[0]).strip():
            found[_plain(word[0])] = None
    return found


def _plain(name: str) -> str:
    return _ENCODED.sub(lambda found: unquote(found.group(), errors="replace"), name)


def _safe(name: str) -> str:
    return _UNSAFE.sub(lambda found: quote(found.group(), safe="") if found.group() != "-" else "%2D", name)


def write(file: LabelFile) -> Written:
    """A ZIP archive; documents whose names end otherwise get ``.txt`` behind them, and that is said.

    Raises ``FormatError`` for classes and for documents without their text.
    """
    if file.kind is not ProjectKind.ENTITIES:
        raise FormatError("brat's files hold entities, not classes")
    problems = list(unheld(file, (UNUSED,)))
    names = file.category_names
    for name in names:
        if _safe(name) != name:
            problems.append(FormatProblem("", "labels", f"{name} is written as {_safe(name)}"))
    config = ["[entities]", *map(_safe, names), "[relations]", "[events]", "[attributes]", ""]
    files: dict[str, bytes] = {_CONFIG: _encoded("\n".join(config))}
    for document in file.documents:
        location = document.location
        name = location if location.endswith(".txt") else f"{location}.txt"
        if leads_out(name) or name in files or any(part.startswith(".") for part in name.split("/")):
            reason = f"{name} can't be its name in a folder, or is another document's: it is left out"
            problems.append(FormatProblem(location, WHOLE, reason, dropped=True))
            continue
        if name != location:
            problems.append(FormatProblem(location, "location", f"it is written as {name}"))
        text = text_of(document)
        files[name] = _encoded(_MARK * text.startswith(_MARK) + text)
        lines = [
            f"T{number}\t{_safe(cut.label.category)} {cut.start} {cut.end}\t"
            f"{_BREAKS.sub(' ', text[cut.start : cut.end])}\n"
            for number, cut in enumerate(cuts(document, text, problems), 1)
        ]
        files[f"{name[:-4]}.ann"] = _encoded("".join(lines))
    return Written(packed(files), tuple(problems))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end].encode("utf-8", "backslashreplace").decode()
        raise FormatError(f"{shown!r} is not Unicode text and can't be written") from error


FORMAT = Format(
    "brat",
    "brat's standoff files",
    (".zip", ".ann"),
    sniff,
    read,
    write,
    kinds=frozenset({ProjectKind.ENTITIES}),
    is_archive=True,
)
