"""Telling a file of JSON Lines, one object a line, from JSON that is broken."""

from __future__ import annotations

from typing import Any

import msgspec

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.fields import UTF8_MARK

_LOOKED_AT = 3
"""Lines; the last of a file may be cut short."""

# Keys that only one tool writes, then those that go together. Source: the tools' own export formats.
_TOOLS = (
    (
        "Azure Machine Learning",
        ({"image_url", "label"}, {"image_url", "label_confidence"}),
    ),
    ("Prodigy", ({"_task_hash"}, {"_input_hash"}, {"text", "spans"}, {"text", "answer"}, {"text", "accept"})),
    ("doccano", ({"text", "label"}, {"text", "labels"}, {"text", "entities"}, {"data", "label"})),
)


def refuse_lines(data: bytes, readable: str) -> None:
    """Raises ``FormatError`` for JSON Lines, with what they look like; ``readable`` names known formats."""
    lines = [line for line in data.removeprefix(UTF8_MARK).split(b"\n", _LOOKED_AT) if line.strip()]
    first = _object(lines[0]) if lines else None
    if first is None:
        return
    tool = next((name for name, signs in _TOOLS if any(sign <= first.keys() for sign in signs)), "")
    if (len(lines) == 1 and not tool) or (len(lines) > 1 and _object(lines[1]) is None):
        return
    looks = f", as {tool} exports them" if tool else ""
    raise FormatError(
        f"these are JSON Lines, one object a line{looks}",
        hint=f"JSON Lines can't be read. Files that are known: {readable}.",
    )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
