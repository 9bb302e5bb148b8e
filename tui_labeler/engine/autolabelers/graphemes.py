"""Places where a text may be cut without parting what people see as one character.

A cautious reading of the extended grapheme clusters of Unicode Standard Annex 29: where the annex
allows a break this may not, never the other way round for what is listed here.
"""

from __future__ import annotations

import unicodedata

LONGEST = 64
"""Code points; a longer pile of marks is cut all the same. Stream-safe text (Unicode Standard Annex 15)
has at most 30 marks in a row."""

_ZERO_WIDTH_JOINER = "\u200d"
_VIRAMA = 9
"""The combining class of signs that tie a consonant to the next one."""


def is_break(text: str, at: int) -> bool:
    """Whether ``text`` may be cut before the code point at ``at``. White space carries no marks here."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if before.isspace() or (before.isascii() and after.isascii()):
        return True
    return not (
        _continues(after)
        or before == _ZERO_WIDTH_JOINER
        or unicodedata.combining(before) == _VIRAMA
        or _within_flag(text, at)
        or ("\u1100" <= before <= "\u11ff" and "\uac00" <= after <= "\ud7a3")
    )


def cut_near(text: str, at: int, lowest: int) -> int:
    """The last place behind ``lowest`` and not behind ``at`` where ``text`` may be cut.

    Where there is none, the next one behind ``at``: it is always behind ``lowest``.
    """
    for place in range(at, max(lowest, at - LONGEST), -1):
        if is_break(text, place):
            return place
    if at - lowest > LONGEST:
        return at
    furthest = min(len(text), lowest + LONGEST)
    for place in range(max(at, lowest + 1), furthest):
        if is_break(text, place):
            return place
    return furthest


def _continues(character: str) -> bool:
    """Whether a character belongs to the one before it."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u200c\u200d\u0e33\u0eb3\uff9e\uff9f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # the letters of a region's flag
        or "\u1100" <= character <= "\u11ff"  # parts of a Hangul syllable
        or "\ua960" <= character <= "\ua97c"
        or "\ud7b0" <= character <= "\ud7fb"
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _within_flag(text: str, at: int) -> bool:
    """Whether the letter at ``at`` is the second of a pair that makes a flag."""
    if not (_is_flag_half(text[at]) and _is_flag_half(text[at - 1])):
        return False
    first = at - 1
    while first > max(0, at - LONGEST) and _is_flag_half(text[first - 1]):
        first -= 1
    return (at - first) % 2 == 1
