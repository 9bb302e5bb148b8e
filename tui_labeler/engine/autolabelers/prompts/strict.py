"""Reads valid JSON fast, and says where each value stands.

Most answers are valid: what holds them to a schema sees to that. All others are for the tolerant reader.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

DEEPEST = 64
"""Levels of nesting."""


@dataclass(slots=True)
class Node:
    """A value, and where it stands."""

    value: str | float | bool | list[Node] | list[tuple[Node, Node]] | None
    """Of an object: its pairs of key and value, in order, repeated keys included."""
    start: int
    """In code points; of quoted words: behind the quote."""
    end: int
    is_object: bool = False
    whole: bool = True
    """Its end was there: its closing quote or bracket, or for bare words what follows them."""

    @property
    def is_missing(self) -> bool:
        """No value stands where one belongs: ``{"class": }`` says less than ``{"class": null}``."""
        return self.value is None and self.start == self.end

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        return self.value if self.is_object else []  # type: ignore[return-value]

    @property
    def items(self) -> list[Node]:
        return self.value if isinstance(self.value, list) and not self.is_object else []  # type: ignore[return-value]


_SPACE = r"[ \t\n\r]*+"
_STRING = r'"((?:[^"\\\x00-\x1f\ud800-\udfff]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,9})?(?=[ \t\n\r,}\]])"
_VALUE = rf"{_SPACE}(?:{_STRING}|([{{\[])|(true|false|null)|({_NUMBER}))"
_END = rf"{_SPACE}([,}}\]])"
# An item with what follows it; what follows a list or an object is found when that is read.
_IN_LIST = re.compile(rf"(){_VALUE}(?:{_END})?")
_IN_OBJECT = re.compile(rf"{_SPACE}{_STRING}{_SPACE}:{_VALUE}(?:{_END})?")
_BEHIND = re.compile(_END)
_EMPTY_LIST, _EMPTY_OBJECT = re.compile(rf"{_SPACE}\]"), re.compile(rf"{_SPACE}\}}")
_KEY, _WORDS, _BRACKET, _CONSTANT, _DIGITS, _BEHIND_IT = range(1, 7)
_CONSTANTS = {"true": True, "false": False, "null": None}
_SURROGATES = re.compile("[\ud800-\udfff]")


class _InvalidError(ValueError):
    """What stands there is no JSON, or nested too deep."""


def read_strict(text: str, start: int) -> Node | None:
    """The object or list that begins at ``start``; ``None`` where that is no valid JSON.

    Half a surrogate pair becomes the replacement character: it stands in no text.
    """
    if text[start : start + 1] not in ("{", "["):
        return None
    try:
        return _container(text, start, 1)
    except _InvalidError:
        return None


def _container(text: str, start: int, level: int) -> Node:
    """``level``: of nesting, 1 for the outermost."""
    if level > DEEPEST:
        raise _InvalidError
    is_object = text[start] == "{"
    empty = (_EMPTY_OBJECT if is_object else _EMPTY_LIST).match(text, start + 1)
    if empty is not None:
        return Node([], start, empty.end(), is_object)
    pattern = _IN_OBJECT if is_object else _IN_LIST
    found: list[Any] = []
    at, behind = start + 1, ","
    while behind == ",":
        match = pattern.match(text, at)
        if match is None:
            raise _InvalidError
        if match[_BRACKET] is None:
            node, at, behind = _scalar(match), match.end(), match[_BEHIND_IT]
        else:
            node = _container(text, match.start(_BRACKET), level + 1)
            at, behind = _behind(text, node.end)
        found.append((Node(_unescaped(match[_KEY]), *match.span(_KEY)), node) if is_object else node)
    if behind != ("}" if is_object else "]"):
        raise _InvalidError
    return Node(found, start, at, is_object)


def _behind(text: str, at: int) -> tuple[int, str]:
    match = _BEHIND.match(text, at)
    return (match.end(), match[1]) if match else (at, "")


def _scalar(match: re.Match[str]) -> Node:
    if match[_WORDS] is not None:
        return Node(_unescaped(match[_WORDS]), *match.span(_WORDS))
    if match[_CONSTANT] is not None:
        return Node(_CONSTANTS[match[_CONSTANT]], *match.span(_CONSTANT))
    return Node(json.loads(match[_DIGITS]), *match.span(_DIGITS))


def _unescaped(words: str) -> str:
    if "\\" not in words:
        return words
    decoded: str = json.loads(f'"{words}"')
    return _SURROGATES.sub("\ufffd", decoded)
