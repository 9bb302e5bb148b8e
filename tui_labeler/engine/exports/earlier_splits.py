"""Which files of a folder an earlier split wrote there, by its data card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.engine.exports.data_cards import VERSION
from tui_labeler.engine.exports.splitting import Part
from tui_labeler.engine.formats import FORMATS
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import Format


class _Card(msgspec.Struct):
    """Of a data card in JSON, what tells whose it is and which files its split has."""

    card_version: int
    program: str
    format: str
    parts: dict[Part, Any]


def part_file(part: Part, known: Format) -> str:
    """The name of the file of one part."""
    return f"{part.value}{'.zip' if known.is_archive else known.extensions[0]}"


def files_of(card: bytes) -> frozenset[str]:
    """The names of the parts' files that a card in JSON is about; none where this program didn't write it."""
    try:
        read = decode(card, _Card)
    except msgspec.DecodeError:
        return frozenset()
    known = FORMATS.get(read.format)
    if known is None or read.card_version != VERSION or not read.program.startswith("tui-labeler "):
        return frozenset()
    return frozenset(part_file(part, known) for part in read.parts)


def possible_files() -> frozenset[str]:
    """All names that a part's file can have, of whatever format."""
    return frozenset(part_file(part, known) for part in Part for known in FORMATS.values())
