"""Label file formats, one module each, and how to find the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.errors import FormatError, InputError
from tui_labeler.engine.formats import (
    aml,
    azure,
    brat,
    conll,
    csv_labels,
    doccano,
    fasttext,
    jsonl,
    labelstudio,
    prodigy,
    spacy,
)
from tui_labeler.engine.formats.fields import EXPORT_AGAIN, decode_json
from tui_labeler.engine.formats.json_lines import are_lines
from tui_labeler.engine.garbage import no_collection

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import Format, LabelFile

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        azure.FORMAT,
        brat.FORMAT,
        aml.FORMAT,
        labelstudio.FORMAT,
        prodigy.FORMAT,
        doccano.FORMAT,
        jsonl.FORMAT,
        spacy.FORMAT,
        csv_labels.FORMAT,
        conll.FORMAT,
        fasttext.FORMAT,
        conll.AML_FORMAT,
    )
}
"""By name, in the order in which they are tried."""

AUTO = "auto"
"""In place of a name: found by the content."""


def format_named(name: str) -> Format:
    """Raises ``InputError`` for a format that is not known."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InputError(f"There is no format {name!r}.", hint=f"Formats: {', '.join(FORMATS)}.") from None


def read_file(data: bytes, filename: str, name: str = AUTO) -> tuple[Format, LabelFile]:
    """A file's format and what it says.

    Raises ``FormatError`` naming the file, also where memory is short, and ``InputError`` for a format that
    is not known.
    """
    try:
        return _read(data, filename, name)
    except MemoryError:
        reason = f"{filename}: it needs more memory than there is"
        raise FormatError(reason, hint="Part it into several files.") from None


def _read(data: bytes, filename: str, name: str) -> tuple[Format, LabelFile]:
    known = detect(data, filename) if name == AUTO else format_named(name)
    try:
        with no_collection():
            return known, known.read(data)
    except FormatError as error:
        raise _with_better(error, known, data, filename).in_file(filename) from error


def _with_better(error: FormatError, known: Format, data: bytes, filename: str) -> FormatError:
    """Where a format that somebody named can't read the file, and it looks like another: that one too."""
    if known.sniff(data, filename):
        return error
    better = next((each for each in FORMATS.values() if each.sniff(data, filename)), None)
    if better is None:
        return error
    looks = f"The file looks like {better.title}"
    told = FormatError(
        error.message,
        hint=f"{looks}: --format {better.name}. {error.hint}",
        on_screen=f"{looks}. {error.on_screen}",
    )
    told.line, told.field = error.line, error.field
    return told


def detect(data: bytes, filename: str) -> Format:
    """The format of a file, by its content first and its name second. Raises ``FormatError``."""
    for each in FORMATS.values():
        if each.sniff(data, filename):
            return each
    raise FormatError(
        f"{filename} {_unknown(data, filename)} that is known here",
        hint=f"{_known()} Say which it is with --format: {', '.join(FORMATS)}.",
        on_screen=_known(),
    )


def _unknown(data: bytes, filename: str) -> str:
    """What the file is at least. What is wrong with it as an archive or as JSON says more than that it is
    nothing known, so that is raised as ``FormatError``."""
    if are_lines(data):
        return "is JSON Lines, one object a line, but no labels file"
    if data[:2] == b"PK":
        raise FormatError(
            f"{filename}: an archive without an .ann file, and of archives brat's alone are read",
            hint="Pack each document's .ann with its .txt. Documents without labels are what a project's "
            "container holds: unpack them into a folder.",
        )
    try:
        decode_json(data)
    except FormatError as error:
        if (
            error.hint != EXPORT_AGAIN
            or filename.lower().endswith((".json", ".jsonl"))
            or data.lstrip()[:1] in (b"{", b"[")
        ):
            raise error.in_file(filename) from error
        return "has no format"
    return "is JSON, but no labels file"


def _known() -> str:
    return f"Files that are known: {', '.join(each.title for each in FORMATS.values())}."
