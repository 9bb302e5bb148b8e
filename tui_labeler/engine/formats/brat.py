"""brat's standoff files, for entities: a ``.txt`` and an ``.ann`` a document, in a folder or a ZIP archive.

A line ``T1<tab>Name 0 5<tab>words`` is a span of code points over the raw text, its end exclusive. Pieces
with nothing but white space between them are one span, as brat parts spans at line ends; others are listed.
``annotation.conf`` names the entities. Names hold no white space: where one does, it is written
percent-encoded. Source: brat's documentation of its standoff format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import quote, unquote

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.archive import PACK, leads_out, packed, unpacked
from tui_labeler.engine.formats.fields import SAVE_AS_UTF8
from tui_labeler.engine.formats.model import (
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

_CONFIG = "annotation.conf"
_FRAGMENT = re.compile(r"(\d{1,15}) (\d{1,15})")
_OTHERS = {
    "R": "relations", "*": "equivalences", "E": "events", "A": "attributes", "M": "attributes",
    "N": "normalisations", "#": "notes",
}  # fmt: skip
_BREAKS = re.compile("[\t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]")
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f|<>]|^[#\[!-]|%(?=[0-9A-F]{2})")
_ENCODED = re.compile(r"(?:%[0-9A-F]{2})+")
_MARK = "\ufeff"
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
    files = unpacked(data)
    names = [name for name in files if name.lower().endswith(".ann")]
    if not names:
        raise FormatError("holds no .ann files", hint=PACK)
    problems: list[FormatProblem] = []
    documents: list[FileDocument] = []
    for name in names:
        location = f"{name[:-4]}.txt"
        text = _decoded(files[location], location).removeprefix(_MARK) if location in files else None
        labels = _labels(name, location, _decoded(files[name], name), text, problems)
        documents.append(FileDocument(location, labels=labels, text=text))
    known = {document.location for document in documents}
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


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise FormatError(reason, line=line, field=name, hint=SAVE_AS_UTF8) from error


def _labels(
    name: str, location: str, lines: str, text: str | None, problems: list[FormatProblem]
) -> tuple[FileLabel, ...]:
    labels: list[FileLabel] = []
    others: dict[str, tuple[str, int, int]] = {}
    for number, line in enumerate(lines.removeprefix(_MARK).split("\n"), 1):
        if not line.strip():
            continue
        mark, _, rest = line.rstrip("\r").partition("\t")
        if line[0] in _OTHERS:
            what = _OTHERS[line[0]]
            first, at, count = others.get(what, (mark, number, 0))
            others[what] = (first, at, count + 1)
            continue
        span, _, words = rest.partition("\t")
        category, _, places = span.partition(" ")
        found = [_FRAGMENT.fullmatch(each) for each in places.split(";")]
        pieces = [(int(each.group(1)), int(each.group(2))) for each in found if each]
        if line[0] != "T" or not category or len(pieces) != len(found):
            shown = f"{line[:40]!r} is no annotation"
            raise FormatError(shown, line=number, field=f"{name} {mark[:20]}", hint=_SHAPE)
        start, end = pieces[0][0], pieces[-1][1]
        if not _is_one(pieces, text):
            reason = f"{category} at {start} is in {len(pieces)} pieces, and a label is one: {words[:60]!r}"
            problems.append(FormatProblem(location, mark, reason, dropped=True, line=number))
            continue
        labels.append(
            FileLabel(
                _plain(category),
                start,
                end - start,
                Unit.CODE_POINT,
                words=words,
                mark=mark,
                line=number,
            )
        )
    for what, (first, at, count) in others.items():
        reason = f"{what} have no place here: {count} left out"
        problems.append(FormatProblem(location, first, reason, dropped=True, line=at))
    return tuple(labels)


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
    names = dict.fromkeys(category.name for category in file.categories)
    names.update(dict.fromkeys(label.category for each in file.documents for label in each.labels))
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
            problems.append(FormatProblem(location, "location", reason, dropped=True))
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
