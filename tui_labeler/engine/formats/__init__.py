"""Label file formats, one module each, and how to find the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import azure

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import Format

FORMATS: dict[str, Format] = {each.name: each for each in (azure.FORMAT,)}
"""By name, in the order in which they are tried."""


def detect(data: bytes, filename: str) -> Format:
    """The format of a file, by its content first and its name second. Raises ``FormatError``."""
    for each in FORMATS.values():
        if each.sniff(data, filename):
            return each
    raise FormatError(
        f"{filename} has no format that is known here",
        hint=f"Say which it is with --format: {', '.join(FORMATS)}.",
    )
