"""Offsets, text records and boundaries in a text.

Inside the program every offset is a code point (an index into a Python string). Azure label files
count UTF-16 code units over the raw text; the conversion between the two lives here and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

CHARACTERS_PER_TEXT_RECORD = 1000


def text_records(characters: int) -> int:
    """The billing units of a text: ``ceil(characters / 1000)``.

    Source: "How to use autolabeling", Azure AI Language (8,921 characters are 9 text records).
    """
    return -(-characters // CHARACTERS_PER_TEXT_RECORD)


def utf16_length(text: str) -> int:
    """The length of ``text`` in UTF-16 code units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Converts offsets in one text between code points and UTF-16 code units.

    Only the positions of the characters outside the Basic Multilingual Plane are kept, so that a
    conversion costs a binary search over those and nothing at all in most texts.
    """

    length: int
    """Code points in the text."""
    astral: tuple[int, ...] = ()
    """Code point offsets of the characters that take two UTF-16 code units."""
    _utf16_starts: tuple[int, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, text: str) -> OffsetMap:
        if text.isascii():
            return cls(len(text))
        astral = tuple(index for index, character in enumerate(text) if character > "\uffff")
        return cls(len(text), astral, tuple(index + rank for rank, index in enumerate(astral)))

    @property
    def utf16_length(self) -> int:
        return self.length + len(self.astral)

    def to_utf16(self, offset: int) -> int:
        """The UTF-16 offset of a code point offset.

        Raises ``ValueError`` outside ``0..length``.
        """
        if not 0 <= offset <= self.length:
            raise ValueError(f"offset {offset} is outside a text of {self.length} characters")
        return offset + bisect_right(self.astral, offset - 1)

    def from_utf16(self, utf16_offset: int) -> int:
        """The code point offset of a UTF-16 offset.

        Raises ``ValueError`` outside the text, or where the offset falls between the two halves of a
        surrogate pair: there is no such place in the text.
        """
        if not 0 <= utf16_offset <= self.utf16_length:
            raise ValueError(f"offset {utf16_offset} is outside a text of {self.utf16_length} UTF-16 units")
        before = bisect_right(self._utf16_starts, utf16_offset - 1)
        if before and self._utf16_starts[before - 1] + 1 == utf16_offset:
            raise ValueError(f"offset {utf16_offset} falls inside a surrogate pair")
        return utf16_offset - before


# Scripts that are written without spaces: each character is a word of its own, as no dictionary is at hand.
_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # CJK ideographs
    "\U00020000-\U0003ffff"
)
_WORD = re.compile(
    rf"[{_UNSPACED}][\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a]*"
    rf"|(?:(?![{_UNSPACED}])[\w\u0300-\u036f])+(?:['’\u00b7.,](?=\w)(?:(?![{_UNSPACED}])[\w\u0300-\u036f])+)*"
    r"|[^\w\s]"
)


def words(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The words of ``text[start:end]`` as half-open code point ranges, in order.

    A word is a run of letters and digits (inner apostrophes, points and commas included: ``O'Neil``,
    ``623,463.00``), one character of a script that is written without spaces, or one punctuation mark.
    """
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        yield match.span()


_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)|[。！？]+[”’」』）]*|\r?\n(?:[ \t]*\r?\n)+|\n")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of ``text`` as half-open ranges without surrounding white space.

    A line end closes a sentence too: labeled texts are full of headings, lists and addresses.
    """
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield from _stripped(text, start, match.end())
        start = match.end()
    yield from _stripped(text, start, len(text))


_PARAGRAPH_GAP = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The paragraphs of ``text`` (parted by empty lines) as half-open ranges without outer white space."""
    start = 0
    for match in _PARAGRAPH_GAP.finditer(text):
        yield from _stripped(text, start, match.start())
        start = match.end()
    yield from _stripped(text, start, len(text))


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


# Zero-width and direction-changing characters: invisible, able to reorder what stands beside them.
_INVISIBLE = frozenset("\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\ufeff") | frozenset(
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2060, 0x206A), *range(0xFFF9, 0xFFFC))
)


def is_unsafe(character: str) -> bool:
    """Whether a character may not reach a terminal as it is.

    Control characters (C0, DEL, C1), lone surrogates, noncharacters and invisible or
    direction-changing format characters. The zero-width joiner and non-joiner are let through:
    emoji families and several scripts are spelt with them.
    """
    code = ord(character)
    if code < 0x20 or 0x7F <= code < 0xA0 or character in _INVISIBLE:
        return True
    return 0xD800 <= code < 0xE000 or (code & 0xFFFE) == 0xFFFE or 0xE0000 <= code < 0xE0080


def visible(character: str) -> str:
    """One safe character that stands for an unsafe one, so that offsets stay what they are."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if code < 0xA0 or 0xD800 <= code < 0xE000 or (code & 0xFFFE) == 0xFFFE else "\u2423"


_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)


def safe(text: str) -> str:
    """``text`` with every unsafe character replaced by a visible one; the length stays the same.

    Names, messages and documents go through here before a terminal sees them: escape sequences are
    shown, never sent.
    """
    return _UNSAFE.sub(lambda match: visible(match.group()), text)


def folded(text: str) -> str:
    """``text`` for searching: compatibility forms and case folded, accents kept."""
    return unicodedata.normalize("NFKC", text).casefold()
