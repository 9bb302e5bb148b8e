"""Text as it is compared: Unicode form, case, quotes, dashes and white space made alike, offsets kept.

Folding works on clusters: a character with the combining marks that stand on it, an emoji with all that is
joined to it, a flag. A range of the folded text leads back to the raw text only where it begins and ends
with a cluster, so that no span ever cuts one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tui_labeler.domain.labels import Span
from tui_labeler.domain.text import is_unspaced

LONGEST_CLUSTER = 128
"""Characters. Normalization takes the square of a run of marks, and nothing that people write is as long."""

_PIECE = re.compile(r"[!-~]+(?: [!-~]+)*|\s+|[^\s!-~]+")
_PLAIN = re.compile(r"[\t-\r -~]*+")
"""What most texts in Latin letters are made of: folded as a whole, a character to a character."""
_RUN = re.compile(" {2,}")
_PLAINER = {**dict.fromkeys(map(ord, "\t\n\v\f\r"), " "), ord("`"): "'"}
_INSIDE = -1
_JOINER = "\u200d"

# Quotes and dashes that people, keyboards and models exchange for each other.
_ALIKE = {
    **dict.fromkeys(map(ord, "`´‘’‚‛′‵ʹʻʼʽˈ׳＇"), "'"),
    **dict.fromkeys(map(ord, "“”„‟«»″‶〝〞〟״＂"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－⁃"), "-"),
}


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and the way back."""

    text: str
    starts: Sequence[int]
    """For each character of ``text``: where its cluster starts in the raw text, or -1 inside a cluster."""
    ends: Sequence[int]
    """For each character of ``text``: where its cluster ends in the raw text, or -1 before its last one."""

    def span(self, start: int, end: int) -> Span | None:
        """The raw range of ``text[start:end]``; ``None`` if that cuts a cluster."""
        raw_start, raw_end = self.starts[start], self.ends[end - 1]
        return None if _INSIDE in (raw_start, raw_end) else Span(raw_start, raw_end)

    def widened(self, start: int, end: int) -> tuple[int, int]:
        """``start`` and ``end`` moved out to the ends of the clusters that they cut."""
        while self.starts[start] == _INSIDE:
            start -= 1
        while self.ends[end - 1] == _INSIDE:
            end += 1
        return start, end


def fold(text: str, *, case: bool = True) -> Folded:
    """Folds ``text``; with ``case`` false, upper and lower case stay different."""
    return _folded_plain(text, case) if _PLAIN.fullmatch(text) else _Folder(text, case).folded()


@lru_cache(maxsize=4096)
def folded_words(words: str, *, case: bool = True) -> str:
    """A few words folded, without outer white space."""
    return fold(words, case=case).text.strip()


def _folded_plain(text: str, case: bool) -> Folded:
    """As :class:`_Folder`, where nothing but runs of white space becomes shorter."""
    plain = text.translate(_PLAINER)
    plain = plain.lower() if case else plain
    if "  " not in plain:
        return Folded(plain, range(len(plain)), range(1, len(plain) + 1))
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end in (run.span() for run in _RUN.finditer(plain)):
        out.append(plain[at : start + 1])
        starts += range(at, start + 1)
        ends += [*range(at + 1, start + 1), end]
        at = end
    starts += range(at, len(plain))
    ends += range(at + 1, len(plain) + 1)
    return Folded("".join([*out, plain[at:]]), starts, ends)


class _Folder:
    def __init__(self, text: str, case: bool) -> None:
        self._raw = text
        self._case = case
        self._out: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def folded(self) -> Folded:
        for piece in _PIECE.finditer(self._raw):
            start, end = piece.span()
            first = self._raw[start]
            if "!" <= first <= "~":
                self._ascii(start, end)
            elif first.isspace():
                self._white(start, end)
            else:
                self._others(start, end)
        return Folded("".join(self._out), self._starts, self._ends)

    def _ascii(self, start: int, end: int) -> None:
        piece = self._raw[start:end].replace("`", "'")
        self._out.append(piece.lower() if self._case else piece)
        self._starts.extend(range(start, end))
        self._ends.extend(range(start + 1, end + 1))

    def _white(self, start: int, end: int) -> None:
        """One space, except for a line end within a script that needs none between words."""
        raw = self._raw
        if (
            start
            and end < len(raw)
            and is_unspaced(raw[start - 1])
            and is_unspaced(raw[end])
            and any(line_end in raw[start:end] for line_end in "\r\n")
        ):
            return
        self._emit(" ", start, end)

    def _others(self, start: int, end: int) -> None:
        raw = self._raw
        at = start
        if start and _extends(raw[start]) and self._ends and self._ends[-1] == start:
            # The mark stands on a plain letter, which is taken back.
            at = self._take_back()
        while at < end:
            stop = _cluster_end(raw, at, end)
            self._emit(_fold_cluster(raw[at:stop], self._case), at, stop)
            at = stop

    def _take_back(self) -> int:
        self._out[-1] = self._out[-1][:-1]
        self._ends.pop()
        return self._starts.pop()

    def _emit(self, folded: str, start: int, end: int) -> None:
        if not folded:
            return
        self._out.append(folded)
        inside = [_INSIDE] * (len(folded) - 1)
        self._starts += [start, *inside]
        self._ends += [*inside, end]


def _cluster_end(raw: str, start: int, end: int) -> int:
    at = start + 1
    if at < end and _is_flag(raw[start]) and _is_flag(raw[at]):
        at += 1
    last = min(end, start + LONGEST_CLUSTER)
    while at < last and (_extends(raw[at]) or (raw[at - 1] == _JOINER and not raw[at].isalnum())):
        at += 1
    return at


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


@lru_cache(maxsize=4096)
def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it (after UAX #29, grapheme clusters)."""
    return (
        unicodedata.category(character).startswith("M")
        or unicodedata.combining(character) != 0
        or character in (_JOINER, "\u200c")
        or "\u1160" <= character <= "\u11ff"  # Hangul vowels and final consonants
        or "\ud7b0" <= character <= "\ud7ff"
        or "\uff9e" <= character <= "\uff9f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags
    )


@lru_cache(maxsize=65536)
def _fold_cluster(cluster: str, case: bool) -> str:
    folded = unicodedata.normalize("NFKC", cluster.translate(_ALIKE))
    if case:
        # The dot of a Turkish capital is no letter's difference.
        folded = unicodedata.normalize("NFKC", folded.casefold()).replace("i\u0307", "i")
    folded = folded.translate(_ALIKE)
    return "".join(character for character in folded if not _is_invisible(character)).replace("\u2044", "/")


def _is_invisible(character: str) -> bool:
    """Control and format characters and variation selectors: models drop and add them at will."""
    return unicodedata.category(character) in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f"
