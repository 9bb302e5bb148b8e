"""Files of JSON Lines: one object a line, each with its line in every complaint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.fields import UTF8_MARK, Node, decode_json, decode_text

_NEXT = re.compile(r"[\s,]*(?=\{)")
_LOOKED_AT = 3
"""Lines; the last of a file may be cut short."""
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for what is no JSON."""
_LINE_ENDS = {"\u2028": b"\\u2028", "\u2029": b"\\u2029", "\x85": b"\\u0085"}
"""What some readers take for the end of a line, and JSON does not."""


def rows(data: bytes) -> Iterator[Node]:
    """The objects of a file, one a line, or of one JSON list; empty lines are passed over. A file that is one
    object over several lines is that object.

    Raises ``FormatError`` with line and column for what is no JSON, and for what is no object.
    """
    data = data.removeprefix(UTF8_MARK)
    if data.lstrip()[:1] == b"[":
        listed = Node(decode_json(data))
        lines = _lines_of(data.decode()) if isinstance(listed.value, list) else []
        are_apart = len(set(lines)) == len(lines)
        for index, node in enumerate(listed.nodes()):
            begin = lines[min(index, len(lines) - 1)] if lines else 0
            # A line that several begin on is none's own, and still where to look for what is wrong.
            within = listed if are_apart else msgspec.structs.replace(listed, line=begin)
            placed = msgspec.structs.replace(node, parent=within, line=begin if are_apart else 0)
            placed.object()
            yield placed
        return
    if _is_spread(data):
        node = Node(decode_json(data), line=1)
        node.object()
        yield node
        return
    decode_text(data)
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except _NO_JSON:
            value = decode_json(line, line=number)
        node = Node(value, line=number)
        node.object()
        yield node


def _lines_of(text: str) -> list[int]:
    """Where each object of a list begins, the last line once more for all others that begin there; nothing
    where a reader differs."""
    decoder = json.JSONDecoder()
    lines: list[int] = []
    at, line, counted = text.index("[") + 1, 1, 0
    try:
        while found := _NEXT.match(text, at):
            line += text.count("\n", counted, found.end())
            counted = found.end()
            is_more = bool(lines) and lines[-1] == line
            lines.append(line)
            if is_more and "\n" not in text[counted:]:
                break
            _, at = decoder.raw_decode(text, found.end())
    except (ValueError, RecursionError):
        return []
    return lines


def first_object(data: bytes) -> dict[str, Any]:
    """The first object of such a file, as far as its beginning tells; empty where there is none."""
    data = data.removeprefix(UTF8_MARK).lstrip()
    if data[:1] == b"[":
        try:
            value = msgspec.json.decode(data)
        except _NO_JSON:
            return {}
        return value[0] if value and isinstance(value[0], dict) else {}
    return _object(data if _is_spread(data) else data.split(b"\n", 1)[0]) or {}


def _is_spread(data: bytes) -> bool:
    """Whether the first line that holds anything is a brace alone, so that an object goes on below it."""
    return data.lstrip().split(b"\n", 1)[0].strip() == b"{"


def encode_lines(values: Iterable[Mapping[str, Any]]) -> bytes:
    """One object a line; a line break of any alphabet inside one is written as an escape.

    Raises ``FormatError`` for text that no file can hold (half a surrogate pair).
    """
    lines: list[bytes] = []
    for number, value in enumerate(values, 1):
        try:
            line = msgspec.json.encode(value)
        except UnicodeEncodeError as error:
            shown = error.object.encode("utf-8", "backslashreplace").decode()
            raise FormatError(f"{shown!r} is not Unicode text and can't be written", line=number) from error
        for character, escape in _LINE_ENDS.items():
            line = line.replace(character.encode(), escape)
        lines.append(line + b"\n")
    return b"".join(lines)


def are_lines(data: bytes) -> bool:
    """Whether the first two lines that hold anything are objects by themselves."""
    lines = [line for line in data.removeprefix(UTF8_MARK).split(b"\n", _LOOKED_AT) if line.strip()]
    return len(lines) > 1 and all(_object(line) is not None for line in lines[:2])


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except _NO_JSON:
        return None
    return value if isinstance(value, dict) else None
