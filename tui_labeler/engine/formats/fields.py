"""Reading JSON field by field, with the path of each in every complaint; and keeping what is unknown.

An ``extra`` holds, for one JSON object, every key that the program does not know. Under a known key it
holds how a default value was spelt (``null``, ``""``). ``$keys`` lists the object's keys in their order,
where that is not how they would be written anyway; ``$region`` is the index of the region that a
label stands in; ``$formats`` is what files of other formats hold. A key of the file that is itself called so
gets another ``$`` in front.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.model import OTHERS, REGION

UTF8_MARK = b"\xef\xbb\xbf"
KEYS = "$keys"
_HINTS = frozenset({KEYS, REGION, OTHERS})
_HINT = re.compile(r"\$+(?:keys|region|formats)")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SAVE_AS_UTF8 = "Save the file as UTF-8."
EXPORT_AGAIN = "The file may be cut short: export it again, or mend it there."
COUNTED = "Offsets are whole numbers of characters (code points): correct it, or take that label out."
COUNTED_UTF16 = (
    "Offsets and lengths are whole numbers of UTF-16 code units: correct it, or take that label out."
)
MEND = "Mend that in the file, or export it again from where it came."
FLATTEN = "Leave out what is nested so deeply: no labels file has it."
DEEPEST = 100
"""Levels of lists and objects within one unknown value; what is deeper can't be written back safely."""
_LARGEST = 2**53 - 1


def decode_text(data: bytes, *, line: int = 1, what: str = "text") -> str:
    """The text of a file, line ends as stored; a UTF-8 byte order mark is tolerated.

    ``line`` is where in its file it starts, ``what`` it should be. Raises ``FormatError`` with a hint for an
    empty file and for what is no UTF-8, with line and column.
    """
    data = data.removeprefix(UTF8_MARK)
    if not data.strip():
        raise FormatError("the file is empty", hint="Export the labels again, or name another file.")
    if data.startswith(_UTF16_MARKS) or data[:2] in (b"{\0", b"\0{"):
        raise FormatError("the file is UTF-16", hint=SAVE_AS_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        within, column = _place(data, error.start)
        reason = f"column {column}: this is not {what}: byte 0x{data[error.start]:02x} is not UTF-8"
        raise FormatError(reason, line=within + line - 1, hint=SAVE_AS_UTF8) from error


def decode_json(data: bytes, *, line: int = 1) -> Any:
    """The value in ``data``; a UTF-8 byte order mark is tolerated.

    ``line`` is where in its file it starts, counted from 1. Raises ``FormatError`` with line and column for
    what is no JSON, and with a hint for what is no UTF-8.
    """
    data = data.removeprefix(UTF8_MARK)
    text = decode_text(data, line=line, what="JSON")
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise FormatError("lists and objects are nested too deeply", hint=FLATTEN) from error
    except msgspec.DecodeError as error:
        raise _explained(data, text, error, line) from error


def _explained(data: bytes, text: str, error: msgspec.DecodeError, line: int) -> FormatError:
    """The standard library knows the place of an error exactly, and lets some things pass."""
    try:
        json.loads(text)
    except json.JSONDecodeError as exact:
        return _broken(exact.lineno + line - 1, exact.colno, exact.msg[0].lower() + exact.msg[1:])
    except (RecursionError, ValueError):
        pass
    if found := re.search(r"(.*) \(byte (\d+)\)", str(error)):
        within, column = _place(data, int(found.group(2)))
        return _broken(within + line - 1, column, found.group(1).removeprefix("JSON is malformed: "))
    reason = "half a surrogate pair in a \\u escape" if "truncated" in str(error) else str(error)
    return FormatError(f"this is not JSON that can be read: {reason}", line=line, hint=EXPORT_AGAIN)


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte, both counted from 1."""
    before = data[:offset].decode(errors="replace")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _broken(line: int, column: int, reason: str) -> FormatError:
    return FormatError(f"column {column}: this is not JSON: {reason}", line=line, hint=EXPORT_AGAIN)


def encode_json(value: object, field: str = "") -> bytes:
    """``value`` as JSON with two spaces a level and a line end.

    Raises ``FormatError`` for text that no file can hold (half a surrogate pair).
    """
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
    except UnicodeEncodeError as error:
        shown = error.object.encode("utf-8", "backslashreplace").decode()
        raise FormatError(f"{shown!r} is not Unicode text and can't be written", field=field) from error


class Node(msgspec.Struct, frozen=True):
    """A value of the file and the way to it."""

    value: Any
    parent: Node | None = None
    key: str | int = ""
    line: int = 0
    """Where in the file it stands, counted from 1; 0 where that says nothing, or what it is in says it."""

    @property
    def path(self) -> str:
        """For instance ``assets.documents[3].location``."""
        if self.parent is None:
            return ""
        before = self.parent.path
        if isinstance(self.key, int):
            return f"{before}[{self.key}]"
        return f"{before}.{self.key}" if before else self.key

    @property
    def kind(self) -> str:
        """What the value is, in words."""
        return _kind(self.value)

    @property
    def place(self) -> int:
        """The line of the value, or of what it is in; 0 where nothing says it."""
        node = self
        while node.parent is not None and not node.line:
            node = node.parent
        return node.line

    def error(self, message: str, *, hint: str = MEND) -> FormatError:
        return FormatError(message, line=self.place or None, field=self.path, hint=hint)

    def get(self, key: str) -> Node | None:
        """The value under ``key``, or ``None`` where it is missing or null."""
        value = self.object().get(key)
        return None if value is None else Node(value, self, key)

    def need(self, key: str, *, hint: str = MEND) -> Node:
        node = self.get(key)
        if node is None:
            raise Node(None, self, key).error("is missing", hint=hint)
        return node

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.error(f"should be an object, not {self.kind}")
        return self.value

    def nodes(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            raise self.error(f"should be a list, not {self.kind}")
        return (Node(value, self, index) for index, value in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.error(f"should be text, not {self.kind}")
        return self.value

    def name(self) -> str:
        """Text that is not just white space."""
        if not self.text().strip():
            raise self.error("is empty", hint="Give it a name in the file, or take the entry out.")
        return self.text()

    def whole(self, *, hint: str = COUNTED) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.error(f"should be a whole number, not {self.kind}", hint=hint)
        if abs(self.value) > _LARGEST:
            raise self.error("is too large for an offset or a length", hint=hint)
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.error(f"should be true or false, not {self.kind}")
        return self.value


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {value}" if abs(value) <= _LARGEST else "a huge number"
        case str():
            return "text"
        case list():
            return "a list"
    return "an object"


def kept(
    node: Node, known: Collection[str], usual: Sequence[str] | None, spelt: Collection[str] = ()
) -> dict[str, Any]:
    """The ``extra`` of an object.

    ``known`` keys are understood; of those, ``spelt`` ones have a value that stands for a default, and its
    spelling is kept. ``usual`` are the keys that are written when nothing else is said, in order; ``None``
    keeps neither order nor spellings, for a file that is not written back in its own form.
    """
    value = node.object()
    extra: dict[str, Any] = {}
    for key, item in value.items():
        if key not in known:
            extra[_escaped(key)] = shallow(Node(item, node, key))
        elif usual is not None and (item is None or key in spelt):
            extra[key] = shallow(Node(item, node, key))
    if usual is not None and list(value) != list(usual):
        extra[KEYS] = list(value)
    return extra


def restored(
    values: Mapping[str, Any],
    extra: Mapping[str, Any],
    usual: Iterable[str],
    defaults: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An object as it is written: ``values`` with what :func:`kept` kept.

    A value of ``None`` is absent. A value that equals its default is left out where the object did not
    have that key.
    """
    keys = list(extra.get(KEYS, usual))
    present, defaults = set(keys), defaults or {}
    written: dict[str, Any] = {}
    for key, value in values.items():
        default = key in defaults and value == defaults[key]
        if (value is None or default) and key in extra:
            written[key] = extra[key]
        elif value is not None and not (default and key not in present):
            written[key] = value
    for key, value in extra.items():
        if key not in _HINTS and key not in values:
            written[_unescaped(key)] = value
    order = {key: rank for rank, key in enumerate(keys)}
    return dict(sorted(written.items(), key=lambda item: order.get(item[0], len(order))))


def _escaped(key: str) -> str:
    return f"${key}" if _HINT.fullmatch(key) else key


def _unescaped(key: str) -> str:
    return key[1:] if _HINT.fullmatch(key) else key


def shallow(node: Node) -> Any:
    """The value of ``node``; refuses what a recursive writer could not write."""
    level = [node.value]
    for _ in range(DEEPEST):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return node.value
    raise node.error(f"is nested more than {DEEPEST} levels deep", hint=FLATTEN)
