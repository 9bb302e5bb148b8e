"""Reads JSON as models write it, and says where in the answer each value stands.

Valid JSON is read as any other reader would. Besides: single and typographic quotes, quotes within words,
line ends within words, keys and values without quotes, trailing and missing commas, brackets that are
missing or crossed, ``True``/``None``, and an end before the end.

Why not a package: json-repair, the best kept one, was tried. It completes words that were cut off and
cannot say that it did (half a name would become a suggestion), drops all but the last of JSON lines, fails
on deep nesting, and knows no positions, which confidence by log-probabilities needs.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from tui_labeler.engine.autolabelers.prompts.strict import DEEPEST, Node, read_strict

__all__ = ["Node", "read", "starts"]

MOST_NODES = 50_000
"""Values of a broken answer that are read: each is a token at least, and no more tokens are asked for."""

_SPACE = re.compile(r"[\s\ufeff]*")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "`": "`", "«": "»"}
_NEXT_KEY = r"""["'“]\w{1,40}["'”]\s*:"""
_KEY_END = r"\s*(?::|\Z)"
_VALUE_END = rf"\s*(?:[,}}\]]|\Z|{_NEXT_KEY})"
_ENDS = {
    (close, is_key): re.compile(rf"\\.|{close}(?={_KEY_END if is_key else _VALUE_END})", re.DOTALL)
    for close in set(_QUOTES.values())
    for is_key in (False, True)
}
_BARE = re.compile(r"[^,:{}\[\]\"\n]+")
_BARE_KEY = re.compile(r"[^\s,:{}\[\]\"]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,9})?")
_WORDS: dict[str, float | bool | None] = {
    "true": True, "false": False, "null": None, "none": None, "undefined": None,
    "nan": math.nan, "infinity": math.inf, "-infinity": -math.inf,
}  # fmt: skip


def read(text: str, start: int = 0) -> Node:
    """The value that begins at ``start``, as much of it as there is. Never raises, whatever stands there."""
    return read_strict(text, start) or _Reader(text, start).read()


class _Reader:
    """One pass, with a stack of its own: nesting can't exhaust the interpreter's."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._at = start
        self._open: list[Node] = []
        self._keys: list[Node | None] = []
        self._root: Node | None = None
        self._too_deep = 0
        self._nodes = 0

    def read(self) -> Node:
        while self._root is None or self._open:
            self._at = self._skip(self._at)
            if self._at >= len(self._text) or self._nodes > MOST_NODES:
                break
            self._step(self._text[self._at])
        while self._open:
            self._close(whole=False, end=len(self._text))
        return self._root or Node(None, self._at, self._at, whole=False)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _step(self, character: str) -> None:
        if character in "{[":
            self._begin(character)
        elif character in "}]":
            self._finish(character)
        elif character in ",:":
            self._at += 1
            if character == "," and self._keys and self._keys[-1] is not None:
                self._add(self._missing())
        else:
            is_key = bool(self._open) and self._open[-1].is_object and self._keys[-1] is None
            node = self._scalar(character, is_key=is_key)
            if self._too_deep:
                return
            if is_key:
                self._keys[-1] = node
            else:
                self._add(node)

    def _begin(self, character: str) -> None:
        if self._too_deep or len(self._open) >= DEEPEST:
            if not self._too_deep:
                # What holds it is not empty, and says so.
                self._add(self._missing())
            self._too_deep += 1
            self._at += 1
            return
        node = Node([], self._at, self._at, is_object=character == "{")
        if self._open and self._open[-1].is_object and self._keys[-1] is None:
            # A value where a key should be: what it holds is still an answer.
            self._keys[-1] = Node("", self._at, self._at, whole=False)
        self._add(node)
        self._open.append(node)
        self._keys.append(None)
        self._at += 1

    def _finish(self, character: str) -> None:
        self._at += 1
        if self._too_deep:
            self._too_deep -= 1
            return
        # A bracket that closes nothing is passed over; one that closes an outer level closes the inner ones.
        wanted = character == "}"
        if not any(node.is_object == wanted for node in self._open):
            return
        while self._open:
            is_it = self._open[-1].is_object == wanted
            self._close(whole=is_it, end=self._at)
            if is_it:
                return

    def _close(self, *, whole: bool, end: int) -> None:
        """Ends the innermost object or list. A key that waits for its value is kept without one."""
        if self._keys[-1] is not None:
            self._add(self._missing())
        node = self._open.pop()
        self._keys.pop()
        node.whole = whole
        node.end = end

    def _missing(self) -> Node:
        return Node(None, self._at, self._at, whole=False)

    def _add(self, node: Node) -> None:
        if self._too_deep:
            return
        self._nodes += 1
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if parent.is_object:
            key = self._keys[-1]
            if key is not None:
                parent.pairs.append((key, node))
                self._keys[-1] = None
        else:
            parent.items.append(node)

    def _scalar(self, character: str, *, is_key: bool) -> Node:
        if character in _QUOTES:
            return self._quoted(_QUOTES[character], is_key=is_key)
        match = (_BARE_KEY if is_key else _BARE).match(self._text, self._at)
        if match is None:  # A stray quote of the closing kind.
            self._at += 1
            return Node("", self._at, self._at)
        begin, self._at = self._at, match.end()
        words = match.group().rstrip()
        value = words if is_key else _bare_value(words)
        return Node(value, begin, begin + len(words), whole=self._at < len(self._text))

    def _quoted(self, close: str, *, is_key: bool) -> Node:
        begin = self._at + 1
        at = begin
        pattern = _ENDS[close, is_key]
        while (match := pattern.search(self._text, at)) and match.group()[0] == "\\":
            at = match.end()
        end = match.start() if match else len(self._text)
        self._at = match.end() if match else end
        return Node(_unescaped(self._text[begin:end]), begin, end, whole=match is not None)


def _bare_value(words: str) -> str | float | bool | None:
    if words.lower() in _WORDS:
        return _WORDS[words.lower()]
    if _NUMBER.fullmatch(words):
        number: float = json.loads(words)
        return number
    return words


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _unescaped(words: str) -> str:
    """Half of a surrogate pair becomes the replacement character: it stands in no text."""
    found = _ESCAPE.sub(_unescape, words) if "\\" in words else words
    return re.sub("[\ud800-\udfff]", "\ufffd", found)


def _unescape(match: re.Match[str]) -> str:
    first, second, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    high = int(first, 16)
    if second is None:
        return chr(high)
    low = int(second, 16)
    if 0xD800 <= high < 0xDC00:
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return chr(high) + chr(low)


def starts(text: str, start: int = 0) -> Iterator[int]:
    """Where an object or a list may begin."""
    for match in re.finditer(r"[{\[]", text[start:]):
        yield start + match.start()
