"""DocBin files: a MessagePack object packed with zlib, of columns of numbers over all tokens, and of strings.

Numbers of strings are spaCy's hashes, so spaCy is needed to tell which is which, and for nothing else: what
makes documents of a file there trusts it, to the point of taking all memory. Of the columns only words and
entities are looked at. Source: spaCy's ``DocBin``, ``Doc.ents`` and the specification of MessagePack.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats.archive import most_unpacked

_MOST = 300_000_000
"""Bytes of an unpacked file."""
_HEAD = 64
_AGAIN = "Make it again with spaCy."
_PARTS = "Part it into several files."

_VALUES, _VALUES_A_BYTE = 200_000, 8
_TOKENS, _TOKENS_A_BYTE = 1_000_000, 4
_CHARACTERS, _CHARACTERS_A_BYTE = 20_000_000, 25
"""What any file may hold, and a larger one for each of its bytes as it is packed.

A token takes 24 bytes or more of what is unpacked, and stands for some six characters; a string or a class
takes a byte or more of what is packed. Each limit is some times what real files come to.
"""

_AFTER = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2,
    0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
"""Bytes after the first of values of a fixed size."""
_COUNTED = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1), 0xD9: (1, 0),
    0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip
"""Of bytes and texts: the bytes that say how many follow, and how many more there are."""
_SEVERAL = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""Of lists and maps: the bytes that say how many there are, and the values of each."""

BEGIN, INSIDE, OUTSIDE = 3, 1, (0, 2)
"""Of a token and an entity."""


class _Bin(msgspec.Struct):
    """What is looked at; ``tokens`` has a row for each token, with a number of 8 bytes for each attribute."""

    attrs: list[int]
    tokens: bytes
    spaces: bytes
    lengths: bytes
    strings: list[str]
    cats: list[dict[str, Any]]


_DECODER = msgspec.msgpack.Decoder(_Bin)


def is_docbin(data: bytes) -> bool:
    """Whether it begins as one does."""
    return b"version" in _unpacked(data, _HEAD)


def read(data: bytes) -> list[dict[str, Any]]:
    """The documents as ``Doc.to_json`` has them, with ``text``, ``ents`` and ``cats``.

    Raises ``FormatError``, also where spaCy is not installed.
    """
    if not _unpacked(data, _HEAD):
        raise _broken("it can't be unpacked")
    most = min(_MOST, most_unpacked(len(data)))
    packed = _unpacked(data, most)
    if len(packed) >= most:
        raise FormatError(f"unpacks to more than {most:,} bytes", hint=_PARTS)
    _check_count(packed, max(_VALUES, _VALUES_A_BYTE * len(data)))
    try:
        found = _DECODER.decode(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(str(error)) from error
    lengths = _lengths(found)
    if sum(lengths) > max(_TOKENS, _TOKENS_A_BYTE * len(data)):
        raise FormatError(f"holds {sum(lengths):,} tokens, which are too many for its size", hint=_PARTS)
    return list(_documents(found, lengths, max(_CHARACTERS, _CHARACTERS_A_BYTE * len(data))))


def _unpacked(data: bytes, most: int) -> bytes:
    """The beginning of what is packed; empty where that is nothing."""
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error:
        return b""


def _broken(why: str) -> FormatError:
    return FormatError(f"the DocBin can't be read: {why}", hint=_AGAIN)


def _check_count(packed: bytes, most: int) -> None:
    """Raises ``FormatError`` for more values than that, before any is made: each takes up to 75 bytes."""
    at = count = 0
    left = 1
    try:
        while left:
            left -= 1
            count += 1
            head = packed[at]
            at += 1
            if head < 0x80 or head >= 0xE0:
                continue
            if head < 0xA0:
                left += (head & 15) * (2 if head < 0x90 else 1)
            elif head < 0xC0:
                at += head & 31
            elif head in _COUNTED:
                size, more = _COUNTED[head]
                at += size + more + int.from_bytes(packed[at : at + size], "big")
            elif head in _SEVERAL:
                size, each = _SEVERAL[head]
                left += each * int.from_bytes(packed[at : at + size], "big")
                at += size
            else:
                at += _AFTER[head]
            if count + left > most:
                raise FormatError("holds too many values for its size", hint=_PARTS)
    except (IndexError, KeyError):
        raise _broken("it ends too early, or holds what is no MessagePack") from None


def _lengths(found: _Bin) -> Sequence[int]:
    """Tokens of each document. Raises ``FormatError`` where the parts of the file don't fit together."""
    if len(found.lengths) % 4:
        raise _broken("the documents' lengths are no numbers")
    lengths = memoryview(found.lengths).cast("i")
    tokens = sum(lengths)
    if min(lengths, default=0) < 0 or len(found.spaces) != tokens:
        raise _broken("the documents' lengths are not those of its tokens")
    if not found.attrs or len(found.tokens) != tokens * len(found.attrs) * 8:
        raise _broken("its tokens don't have the attributes that it says")
    if len(found.cats) != len(lengths):
        raise _broken("its classes are not those of as many documents")
    return lengths


def _documents(found: _Bin, lengths: Sequence[int], most: int) -> Iterator[dict[str, Any]]:
    names = _Names(found.strings)
    numbers = memoryview(found.tokens).cast("Q")
    width = len(found.attrs)

    def column(name: str, start: int, end: int) -> Sequence[int]:
        number = names.attribute(name)
        if number not in found.attrs:
            return [0] * (end - start)
        return numbers[start * width + found.attrs.index(number) : end * width : width]

    if names.attribute("ORTH") not in found.attrs:
        raise _broken("it holds no words")
    left = most
    for (start, end), cats in zip(pairwise(accumulate(lengths, initial=0)), found.cats, strict=True):
        words = [names.of(number) for number in column("ORTH", start, end)]
        spaces = [bool(space) for space in found.spaces[start:end]]
        begins = list(accumulate(map(int.__add__, map(len, words), spaces), initial=0))
        left -= begins[-1]
        if left < 0:
            raise FormatError(f"its documents have more than {most:,} characters", hint=_PARTS)
        yield {
            "text": "".join(word + " " * space for word, space in zip(words, spaces, strict=True)),
            "ents": [
                [begins[first], begins[last] + len(words[last]), names.of(kind)]
                for first, last, kind in _entities(
                    column("ENT_IOB", start, end), column("ENT_TYPE", start, end)
                )
                if names.of(kind)
            ],
            "cats": cats,
        }


def _entities(places: Sequence[int], kinds: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The first and the last token of each entity, and the number of its name."""
    first: int | None = None
    for at, (place, kind) in enumerate(zip(places, kinds, strict=True)):
        if place == INSIDE:
            if first is None:
                raise _broken("an entity goes on that has not begun")
            continue
        if place not in OUTSIDE and place != BEGIN:
            raise _broken(f"a token's place in an entity is {place}")
        if first is not None:
            yield first, at - 1, kinds[first]
        first = at if place == BEGIN and kind else None
    if first is not None:
        yield first, len(places) - 1, kinds[first]


class _Names:
    """What strings and attributes the numbers stand for. Raises ``FormatError`` without spaCy."""

    def __init__(self, strings: Sequence[str]) -> None:
        try:
            # Loaded by name: the extra need not be installed where types are checked.
            store: Any = importlib.import_module("spacy.strings").StringStore()
            self._attributes: dict[str, int] = importlib.import_module("spacy.attrs").IDS
        except ModuleNotFoundError:
            raise FormatError(
                "this is a DocBin, and reading it needs the package spacy",
                hint="Install tui-labeler with the extra spacy, or export JSON.",
            ) from None
        self._store = store
        self._known: dict[int, str] = {0: "", **{int(store.add(each)): each for each in strings}}

    def attribute(self, name: str) -> int:
        return int(self._attributes[name])

    def of(self, number: int) -> str:
        known = self._known.get(number)
        if known is None:
            try:
                # Some have numbers without being in the file: names of parts of speech, of entities.
                known = self._known[number] = str(self._store[number])
            except KeyError:
                raise _broken(f"it does not hold the string with the number {number}") from None
        return known
