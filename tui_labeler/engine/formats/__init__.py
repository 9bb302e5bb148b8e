"""Label file formats, one module each, and how to find the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.errors import FormatError, InputError
from tui_labeler.engine.formats import azure
from tui_labeler.engine.formats.fields import EXPORT_AGAIN, decode_json
from tui_labeler.engine.formats.json_lines import refuse_lines

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import Format, LabelFile

FORMATS: dict[str, Format] = {each.name: each for each in (azure.FORMAT,)}
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
    """A file's format and what it says. Raises ``FormatError`` naming the file, ``InputError`` for a format
    that is not known."""
    known = detect(data, filename) if name == AUTO else format_named(name)
    try:
        if not known.sniff(data, filename):
            refuse_lines(data, _titles())
        return known, known.read(data)
    except FormatError as error:
        raise error.in_file(filename) from error


def detect(data: bytes, filename: str) -> Format:
    """The format of a file, by its content first and its name second. Raises ``FormatError``."""
    for each in FORMATS.values():
        if each.sniff(data, filename):
            return each
    try:
        refuse_lines(data, _titles())
        # What is wrong with it as JSON says more than that it is nothing known.
        value = decode_json(data)
    except FormatError as error:
        if (
            error.hint != EXPORT_AGAIN
            or filename.lower().endswith(".json")
            or data.lstrip()[:1] in (b"{", b"[")
        ):
            raise error.in_file(filename) from error
        value = None
    what = "is JSON, but no labels file" if value is not None else "has no format"
    known = f"Files that are known: {_titles()}."
    raise FormatError(
        f"{filename} {what} that is known here",
        hint=f"{known} Say which it is with --format: {', '.join(FORMATS)}.",
        on_screen=known,
    )


def _titles() -> str:
    return ", ".join(each.title for each in FORMATS.values())
