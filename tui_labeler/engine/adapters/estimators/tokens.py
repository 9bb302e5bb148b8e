"""Tokens, lines and units of texts in any language, with code point offsets.

A token is a run of letters, a run of digits, one character of a script that is written without spaces or
whose words carry attached particles (Han, kana, Hangul, Thai, Lao, Khmer, Myanmar), or any other single
character with the marks that belong to it. The coarse grain keeps letters and digits together (``M6P``,
``COVID19``); which grain is used is learned from where the labels of a project begin and end.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

MAX_UNIT = 256
"""Tokens in a unit at most: a longer one is cut, so that a text without line ends stays cheap."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_LINE_END = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_SENTENCE_ENDS = frozenset(".!?。！？؟।")


class Grain(IntEnum):
    """How finely words are cut."""

    HANDLES = 0
    """Letters and digits stay together; addresses of the web, ``@names`` and ``#tags`` are words too."""
    WORDS = 1
    """Letters and digits stay together."""
    FINE = 2
    """Letters and digits are parted."""


class Unit(IntEnum):
    """The stretch of text that is tagged as one sequence."""

    LINE = 0
    PARAGRAPH = 1
    DOCUMENT = 2


@cache
def _pattern(grain: Grain) -> re.Pattern[str]:
    marks = _marks() + _SKIN_TONES
    joiners = "\u200c\u200d"
    parted = r"\d" if grain is Grain.FINE else ""
    letter = rf"[^\W{parted}_{_UNSPACED}]"
    digits = rf"|\d+[{marks}]*" if grain is Grain.FINE else ""
    handles = rf"https?://\S{{1,2000}}|[@#]{letter}[\w{marks}]*|" if grain is Grain.HANDLES else ""
    return re.compile(
        rf"{handles}[{_UNSPACED}][{marks}]*"
        rf"|{letter}(?:{letter}|[{marks}{joiners}])*"
        rf"{digits}"
        rf"|\S(?:[{marks}]|\u200d\S)*"
    )


def _marks() -> str:
    """All combining marks as the inside of a character class: ``re`` has no name for them."""
    ranges: list[list[int]] = []
    for code in (*range(0x300, 0x1FFFF), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


def tokenize(text: str, grain: Grain = Grain.FINE) -> list[tuple[int, int]]:
    """The tokens of ``text`` as half-open code point ranges, in order; white space belongs to none."""
    return [match.span() for match in _pattern(grain).finditer(text)]


@dataclass(frozen=True, slots=True)
class Corpus:
    """The tokens of several texts one after the other; every array has one entry a token."""

    words: list[str]
    starts: Ints
    """Code point offset in the token's own text."""
    ends: Ints
    text: Ints
    """Index of the text."""
    unit: Ints
    """Number of the sequence, counted through all texts."""
    line: Ints
    """Number of the line that is not empty, counted through all texts."""
    gap: Ints
    """What stands before the token: 0 nothing, 1 white space, 2 a line end, 3 an empty line."""
    texts: int

    def __len__(self) -> int:
        return len(self.words)

    @property
    def text_bounds(self) -> Ints:
        """Where each text's tokens begin; one entry more than there are texts."""
        return np.searchsorted(self.text, np.arange(self.texts + 1)).astype(np.int64)


def read(texts: Sequence[str], grain: Grain, level: Unit) -> Corpus:
    """Cuts texts into tokens, lines and units."""
    words: list[str] = []
    spans: list[Ints] = []
    counts = np.zeros(len(texts), dtype=np.int64)
    lines: list[Ints] = []
    for index, text in enumerate(texts):
        found = tokenize(text, grain)
        counts[index] = len(found)
        places = np.array(found, dtype=np.int64).reshape(-1, 2)
        spans.append(places)
        words += [sys.intern(text[start:end]) for start, end in found]
        ends_of_lines = np.array([match.start() for match in _LINE_END.finditer(text)], dtype=np.int64)
        lines.append(np.searchsorted(ends_of_lines, places[:, 0]))
    offsets = np.concatenate(spans) if spans else np.zeros((0, 2), dtype=np.int64)
    text_of = np.repeat(np.arange(len(texts)), counts)
    line_of = np.concatenate(lines).astype(np.int64) if lines else np.zeros(0, dtype=np.int64)
    gap, new_text = _gaps(offsets, text_of, line_of)
    new_unit = new_text | (gap >= level + 2) if level < Unit.DOCUMENT else new_text.copy()
    _cut_long(words, new_unit)
    return Corpus(
        words=words,
        starts=offsets[:, 0],
        ends=offsets[:, 1],
        text=text_of,
        unit=np.cumsum(new_unit) - 1,
        line=np.cumsum(new_text | (gap >= 2)) - 1,
        gap=gap,
        texts=len(texts),
    )


def _gaps(offsets: Ints, text_of: Ints, line_of: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    gap = np.full(len(offsets), 3, dtype=np.int64)
    new_text = np.ones(len(offsets), dtype=bool)
    if len(offsets) > 1:
        new_text[1:] = text_of[1:] != text_of[:-1]
        rise = line_of[1:] - line_of[:-1]
        apart = (offsets[1:, 0] > offsets[:-1, 1]).astype(np.int64)
        gap[1:] = np.where(rise == 0, apart, np.where(rise == 1, 2, 3))
        gap[new_text] = 3
    return gap, new_text


def _cut_long(words: list[str], new_unit: NDArray[np.bool_]) -> None:
    """Marks further beginnings inside long units, behind a sentence's end where there is one."""
    bounds = [*np.flatnonzero(new_unit).tolist(), len(words)]
    for first, end in pairwise(bounds):
        begin = first
        while end - begin > MAX_UNIT:
            cut = begin + MAX_UNIT
            for place in range(cut, begin + MAX_UNIT // 2, -1):
                if words[place - 1] in _SENTENCE_ENDS:
                    cut = place
                    break
            new_unit[cut] = True
            begin = cut
