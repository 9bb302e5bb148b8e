"""Offsets, text records and boundaries in a text.

Inside the program every offset is a code point (an index into a Python string). Azure label files
count UTF-16 code units over the raw text; the conversion between the two lives here and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

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
# What belongs to the character before it: combining marks and variation selectors.
_MARKS = "\u0300-\u036f\u20d0-\u20f0\u302a-\u302f\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef"
_UNSPACED_MARKS = (
    _MARKS + "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u3099\u309a"
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f"
    "\u109a-\u109d\u17b4-\u17d3\u17dd"
)
# Python's \w has no combining marks, and most scripts spell vowels with them. The ranges may take in
# letters and digits of the same scripts, which are parts of words anyway; never punctuation.
_WORD_MARKS = (
    _MARKS + "\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711-\u07f3\u07fd\u0816-\u082d\u0859-\u085b\u0898-\u08e1"
    "\u08e3-\u0963\u0981-\u09e3\u09fe-\u0a75\u0a81-\u0ae3\u0afa-\u0b63\u0b82-\u0bd7\u0c00-\u0c63"
    "\u0c81-\u0c83\u0cbc-\u0d4d\u0d57-\u0d63\u0d81-\u0df3\u0f18\u0f19\u0f35\u0f37\u0f39\u0f3e-\u0f84"
    "\u0f86-\u0fbc\u0fc6\u135d-\u135f\u1712-\u1734\u1752-\u1773\u180b-\u180d\u180f-\u193b\u1a17-\u1a1b"
    "\u1a55-\u1a7f\u1ab0-\u1b44\u1b6b-\u1b73\u1b80-\u1bf3\u1c24-\u1c37\u1cd0-\u1cd2\u1cd4-\u1dff"
    "\u2cef-\u2cf1\u2d7f-\u2dff\ua66f-\ua672\ua674-\ua67d\ua69e-\ua6f1\ua802-\ua827\ua82c\ua880-\ua8c5"
    "\ua8e0-\ua8f1\ua8ff-\ua92d\ua947-\ua953\ua980-\ua9c0\ua9e5-\uaa4d\uaa7b-\uaac1\uaaeb-\uaaef\uaaf5"
    "\uaaf6\uabe3-\uabea\uabec\uabed\ufb1e\U00011080-\U000110ba\U00011100-\U00011134\U0001e8d0-\U0001e8d6"
    "\U0001e944-\U0001e94a"
)
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
_LETTER = rf"(?![{_UNSPACED}])[\w{_WORD_MARKS}]"
_WORD = re.compile(
    rf"[{_UNSPACED}][{_UNSPACED_MARKS}]*"
    # Joiners and soft hyphens stand within words as apostrophes do.
    rf"|(?:{_LETTER})+(?:['’\u00b7.,\u00ad\u200c\u200d](?=\w)(?:{_LETTER})+)*"
    # An emoji is one with its skin tone, its flag's other half and what a joiner ties to it.
    r"|[\U0001f1e6-\U0001f1ff]{2}"
    rf"|[^\w\s](?:[{_MARKS}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d[^\w\s])*"
)


def is_unspaced(character: str) -> bool:
    """Whether a character belongs to a script that is written without spaces between words."""
    return _UNSPACED_CHARACTER.fullmatch(character) is not None


def words(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The words of ``text[start:end]`` as half-open code point ranges, in order.

    A word is a run of letters and digits (inner apostrophes, points and commas included: ``O'Neil``,
    ``623,463.00``), one character of a script that is written without spaces, one punctuation mark or one
    emoji; combining marks belong to what they stand on.
    """
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        yield match.span()


# Looking behind first keeps a long run of marks from being tried from each of them. The stops of the second
# kind end a sentence by themselves: CJK, Arabic, Urdu, Armenian, Devanagari, Burmese, Khmer, Ethiopic.
_SENTENCE_END = re.compile(
    r"(?<![.!?])[.!?]+[\"'”’)\]]*(?=\s)|[。！？｡؟۔։।॥။។።፧፨]+[”’」』）]*|\r?\n(?:[ \t]*\r?\n)+|\n"
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of ``text`` as half-open ranges without surrounding white space.

    A line end closes a sentence too: labeled texts are full of headings, lists and addresses.
    """
    yield from _between(text, ((match.end(), match.end()) for match in _SENTENCE_END.finditer(text)))


_PARAGRAPH_GAP = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The paragraphs of ``text`` (parted by empty lines) as half-open ranges without outer white space."""
    yield from _between(text, (match.span() for match in _PARAGRAPH_GAP.finditer(text)))


def _between(text: str, gaps: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What stands before, between and behind some gaps, without outer white space."""
    start = 0
    for end, after in chain(gaps, ((len(text), len(text)),)):
        part = stripped(text, start, end)
        if part is not None:
            yield part
        start = after


def stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A half-open range without its outer white space; ``None`` when nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


# Control characters, lone surrogates, noncharacters, and zero-width or direction-changing characters:
# those are invisible, or able to reorder what stands beside them.
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_NO_CHARACTER = re.compile(f"[\ud800-\udfff{_NONCHARACTERS}]")
_UNSAFE = re.compile(
    "[\u3164\uffa0\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    # Format characters of shorthand and of musical notation.
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"\ud800-\udfff\U000e0000-\U000e00ff\U000e01f0-\U000e0fff{_NONCHARACTERS}]"
)
# Fillers of Hangul stand for one part of a syllable, beside the other.
_LONE_FILLER = re.compile(
    "\u115f(?![\u1161-\u11ff\ud7b0-\ud7c6\ud7cb-\ud7fb])|(?<![\u1100-\u115e\ua960-\ua97c])\u1160"
)
# What nobody sees, and changes what it follows: a sign by itself, after another letter, or a second time. No
# class holds what is itself replaced here, so that what was made safe stays as it is.
_COMBINING = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a\ufe20-\ufe2f"
)
_KHMER = "\u1780-\u17b3\u17b6-\u17d3\u17dd"
_MONGOLIAN = "\u1807\u180a\u1820-\u18aa"
_IDEOGRAPHS = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIEROGLYPHS = "\U00013000-\U0001342f\U00013441-\U00013446\U00013460-\U000143fa"
# Digits of keycaps, quotation marks of Chinese, and scripts and pictures; no Latin letters.
_VARIED = (
    "#*0-9\u00a9\u00ae\u1000-\u17b3\u17b6-\u180a\u1810-\u1fff\u2018-\u201f\u203c\u2049\u2070-\u23ff\u2424-\u2fff"
    "\u3001-\ua95f\ua980-\ud7ff\uf900-\ufdcf\ufe30-\uff9f\uffa1-\uffdc\uffe0-\uffee"
    "\U00010000-\U0001342f\U00013460-\U00016fe3\U00016fe5-\U0001fffd\U00020000-\U0003fffd"
)
_HIDDEN = (
    "\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U00013430-\U00013440\U00013447-\U00013455\U00016fe4"
)
_ANY_HIDDEN = re.compile(f"[\u115f\u1160{_HIDDEN}\U000e0100-\U000e01ef]")
_LONE_HIDDEN = re.compile(
    # The grapheme joiner parts marks on one letter.
    rf"(?<![\w{_COMBINING}])\u034f|\u034f(?![{_COMBINING}])"
    f"|(?<![{_KHMER}])[\u17b4\u17b5]|(?<![{_MONGOLIAN}])[\u180b-\u180d\u180f]"
    f"|(?<![{_VARIED}])[\ufe00-\ufe0f]|(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]"
    f"|(?<![{_HIEROGLYPHS}])[\U00013430-\U00013440\U00013447-\U00013455](?![{_HIEROGLYPHS}])"
    "|(?<![\U00018b00-\U00018cff])\U00016fe4"
)
# Scripts and pictures that joiners are for; neither Latin letters nor the signs for what is unsafe.
_JOINABLE = "\u00a9\u00ae\u0300-\u1fff\u2070-\u23ff\u2424-\u2fff\u3001-\ufffc\U00010000-\U0010ffff"
_LONE_JOINER = re.compile(f"(?<![{_JOINABLE}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINABLE}])")


def is_unsafe(character: str) -> bool:
    """Whether a character may not reach a terminal as it is.

    Control characters (C0, DEL, C1), lone surrogates, noncharacters and invisible or
    direction-changing format characters. The zero-width joiner and non-joiner are none by themselves, nor are
    variation selectors and vowels that nobody sees: emoji families and several scripts are spelt with them.
    :func:`safe` sees where they stand.
    """
    return _UNSAFE.fullmatch(character) is not None


def visible(character: str) -> str:
    """One safe character that stands for an unsafe one, so that offsets stay what they are."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if code < 0xA0 or _NO_CHARACTER.fullmatch(character) else "\u2423"


def safe(text: str) -> str:
    """``text`` with every unsafe character replaced by a visible one; the length stays the same.

    Names, messages and documents go through here before a terminal sees them: escape sequences are
    shown, never sent. A zero-width joiner or non-joiner stays only between what it is for, and a variation
    selector only behind it: elsewhere they hide in a word, and terminals count them differently.
    """
    found = _UNSAFE.sub(lambda match: visible(match.group()), text)
    if _ANY_HIDDEN.search(found):
        found = _LONE_HIDDEN.sub("\u2423", _LONE_FILLER.sub("\u2423", found))
    return _LONE_JOINER.sub("\u2423", found) if "\u200d" in found or "\u200c" in found else found


def folded(text: str) -> str:
    """``text`` for searching: compatibility forms and case folded, accents kept."""
    return unicodedata.normalize("NFKC", text).casefold()
