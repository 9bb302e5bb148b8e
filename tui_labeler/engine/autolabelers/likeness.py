"""Where words stand in a text that are nearly those that were asked for.

Compared word by word, without accents and punctuation, so that every place that could be meant is known
and not just the best: a span may only be made where one place clearly wins. (A general edit distance over
characters, as in rapidfuzz, answers another question: its one best window ends within words, takes
``Section 12(a)`` for ``Section 12(b)``, and does not tell of the second best.)
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from tui_labeler.domain.labels import Placed, Span
from tui_labeler.domain.text import is_unspaced
from tui_labeler.engine.autolabelers.folding import folded_words
from tui_labeler.engine.autolabelers.places import Finder, Place, Source, fit
from tui_labeler.engine.autolabelers.resembling import CLEARLY, resembling

SHORTEST_WORD = 6
"""Letters of a word that may differ by an edit when it stands alone: Marta is not Maria."""
SHORTEST_PART = 5
"""The same among other words that are equal."""
SHORTEST_JOINED = 5
"""Letters in which words may be parted otherwise: ``data base``, ``database``."""
WORDS_PER_EDIT = 3
"""One word in so many may differ, and by one edit; two in a pair may not."""
MOST_WINDOWS = 200
"""Places that are compared with a mention: words that stand in more of them tell nothing apart."""
SHORT_WORD = 3
"""Letters of the words that initials leave out (of, and, the)."""
MOST_OFFERED = 8
"""Candidates of a kind."""
_LONGEST_CANDIDATE = 12
"""Words."""
SIGNS = frozenset("%‰§#№°")
"""Signs that are part of what they stand at, beside those of currencies, also where a space parts them."""
_NUMBER = re.compile(r"\d[\d.,/:-]*(?<=\d)")


class Likeness:
    """The words of a text, for comparing."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at: list[int] = []
        """For each character of the joined words: its offset in the folded text."""
        self._firsts: list[int] = []
        """Offset of each word in the joined words, and their length at the end."""
        joined = self._read(source.folded.text)
        self.words = tuple(
            joined[one:other] for one, other in zip(self._firsts, self._firsts[1:], strict=False)
        )
        self._word_at = {at: number for number, at in enumerate(self._firsts)}
        self._finder = Finder(joined, source.looks)
        self._where: defaultdict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self.words):
            self._where[word].append(number)
        self._shortened: dict[str, set[str]] | None = None
        self._initials: list[tuple[str, list[int]]] | None = None

    def _read(self, folded: str) -> str:
        joined: list[str] = []
        previous = ""
        for at, character in enumerate(folded):
            kind, letters = _bare(character)
            if kind and letters:
                if kind != previous or kind == "unspaced":
                    self._firsts.append(len(self._at))
                joined.append(letters)
                self._at += [at] * len(letters)
            if kind != "accent":
                previous = kind
        self._firsts.append(len(self._at))
        return "".join(joined)

    def nearly(self, words: str) -> list[Place]:
        """The places that differ least from ``words``, in text order; empty where none is near enough."""
        wanted = bare_words(words)
        joined = "".join(wanted)
        if not joined:
            return []
        same = [
            (first, last)
            for at in self._finder.find(joined)
            if (first := self._word_at.get(at)) is not None
            and (last := self._word_at.get(at + len(joined))) is not None
            and _parted_alike(wanted, self.words[first:last])
        ]
        numbers = _NUMBER.findall(folded_words(words))
        found = [self._place(*window) for window in same or self._edited(wanted)]
        text = self._source.folded.text
        fitting = [
            near for near in found if near.fit and _NUMBER.findall(text[near.start : near.end]) == numbers
        ]
        signed = [self._with_signs(near, words.strip()) for near in fitting]
        better = [near for near, bare in zip(signed, fitting, strict=True) if near is not bare]
        return better or fitting

    def _with_signs(self, near: Place, words: str) -> Place:
        """With the sign before or behind the words that they were asked for with: ``$ 5`` for ``$5``."""
        text, start, end = self._source.folded.text, near.start, near.end
        before, behind = text[:start].rstrip(" "), end + len(text[end:]) - len(text[end:].lstrip(" "))
        if _is_sign(words[0]) and before.endswith(words[0]):
            start = len(before) - 1
        if _is_sign(words[-1]) and text.startswith(words[-1], behind):
            end = behind + 1
        span = self._source.folded.span(start, end)
        if span is None or span == near.span:
            return near
        return Place(span, start, end, near.placed, fit=near.fit)

    def _place(self, first: int, last: int) -> Place:
        start, end = self._source.folded.widened(
            self._at[self._firsts[first]], self._at[self._firsts[last] - 1] + 1
        )
        span = self._source.folded.span(start, end)
        if span is None:
            raise ValueError(f"{start}..{end} was widened to whole clusters")
        return Place(span, start, end, Placed.FUZZY, fit=fit(self._source.folded.text, start, end))

    def _edited(self, wanted: Sequence[str]) -> list[tuple[int, int]]:
        """Windows of as many words in which the fewest have an edit."""
        count = len(wanted)
        allowed = max(1, count // WORDS_PER_EDIT)
        best: list[tuple[int, int]] = []
        for first in sorted(self._windows(wanted)):
            edits = _edits(wanted, self.words[first : first + count], allowed)
            if edits is None:
                continue
            if edits < allowed:
                best, allowed = [], edits
            best.append((first, first + count))
        return best

    def _windows(self, wanted: Sequence[str]) -> set[int]:
        """Where a window may start: at each place of the rarest word that the text has too."""
        if len(wanted) == 1:
            near = self._near(wanted[0])
            return {number for word in near for number in islice(self._where[word], MOST_WINDOWS)}
        known = [(len(self._where[word]), at) for at, word in enumerate(wanted) if word in self._where]
        if not known:
            return set()
        count, at = min(known)
        if count > MOST_WINDOWS:
            return set()
        numbers = self._where[wanted[at]]
        return {number - at for number in numbers if 0 <= number - at <= len(self.words) - len(wanted)}

    def _near(self, word: str) -> set[str]:
        """Words of the text that may be an edit away: what both are with a letter left out."""
        if self._shortened is None:
            shortened: defaultdict[str, set[str]] = defaultdict(set)
            for known in self._where:
                for short in _shortened(known):
                    shortened[short].add(known)
            self._shortened = dict(shortened)
        near: set[str] = set()
        for short in _shortened(word):
            near |= self._shortened.get(short, set())
        return near

    def candidates(self, words: str) -> Iterator[Span]:
        """Places that may be meant by words that the text does not have, the likeliest first."""
        wanted = bare_words(words)
        if not wanted:
            return
        spans = [self._place(first, last) for first, last in islice(self._abbreviated(wanted), MOST_OFFERED)]
        spans += [self._place(first, last) for first, last in self._parts(wanted)[:MOST_OFFERED]]
        yield from (place.span for place in spans)

    def resembling(self, words: str) -> list[tuple[Span, bool]]:
        """Places that resemble ``words``, best first, and whether they clearly do."""
        wanted = bare_words(words)
        if not wanted:
            return []
        found = resembling(wanted, self.words, self._where)
        return [(self._place(one.first, one.last).span, one.score >= CLEARLY) for one in found]

    def _abbreviated(self, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Initials for words, and words for their initials."""
        if len(wanted) == 1 and 2 <= len(wanted[0]) <= _LONGEST_CANDIDATE:
            for letters, numbers in self._all_initials():
                at = letters.find(wanted[0])
                for _ in range(MOST_WINDOWS):
                    if at < 0:
                        break
                    yield numbers[at], numbers[at + len(wanted[0]) - 1] + 1
                    at = letters.find(wanted[0], at + 1)
        elif 2 <= len(wanted) <= _LONGEST_CANDIDATE:
            long = [word for word in wanted if len(word) > SHORT_WORD]
            for short in dict.fromkeys("".join(word[0] for word in some) for some in (wanted, long)):
                if len(short) > 1:
                    yield from ((number, number + 1) for number in self._where.get(short, ()))

    def _all_initials(self) -> list[tuple[str, list[int]]]:
        """First letters of all words, and of the longer ones; with the words' numbers."""
        if self._initials is None:
            every = list(range(len(self.words)))
            long = [number for number in every if len(self.words[number]) > SHORT_WORD]
            self._initials = [("".join(self.words[n][0] for n in some), some) for some in (every, long)]
        return self._initials

    def _parts(self, wanted: Sequence[str]) -> list[tuple[int, int]]:
        """Runs of the words that are asked for, if they are at least half of the letters; longest first."""
        known = [word for word in wanted if 0 < len(self._where.get(word, ())) <= MOST_WINDOWS]
        if not known:
            return []
        allowed = set(wanted)
        total = sum(map(len, wanted))
        sizes: dict[tuple[int, int], int] = {}
        for seed in sorted(set(known), key=lambda word: (-len(word), word))[:2]:
            for number in self._where[seed]:
                first, last = number, number + 1
                while first and last - first < len(wanted) and self.words[first - 1] in allowed:
                    first -= 1
                while last < len(self.words) and last - first < len(wanted) and self.words[last] in allowed:
                    last += 1
                sizes[first, last] = sum(map(len, self.words[first:last]))
        enough = [window for window, size in sizes.items() if 2 * size >= total]
        return sorted(enough, key=lambda window: (-sizes[window], window))


def _is_sign(character: str) -> bool:
    return character in SIGNS or unicodedata.category(character) == "Sc"


@lru_cache(maxsize=1024)
def bare_words(words: str) -> tuple[str, ...]:
    """The words in ``words``, folded, without accents and punctuation."""
    found: list[str] = []
    previous = ""
    for character in folded_words(words):
        kind, letters = _bare(character)
        if kind and letters:
            if kind == previous and kind != "unspaced":
                found[-1] += letters
            else:
                found.append(letters)
        if kind != "accent":
            previous = kind
    return tuple(found)


@lru_cache(maxsize=8192)
def _bare(character: str) -> tuple[str, str]:
    """The kind of a folded character (empty: between words) and what stays of it without accents."""
    if is_unspaced(character) and character.isalnum():
        return "unspaced", character
    if not character.isalnum() and not unicodedata.category(character).startswith("M"):
        return "", ""
    if "\uac00" <= character <= "\ud7a3":
        return "letter", character
    letters = "".join(part for part in unicodedata.normalize("NFD", character) if not _is_accent(part))
    return ("letter", letters) if letters else ("accent", "")


def _is_accent(character: str) -> bool:
    """Accents, Hebrew points and Arabic vowels, which writers leave out; not the vowel signs of India."""
    combining = unicodedata.combining(character)
    return 10 <= combining <= 36 or combining >= 200


def _parted_alike(wanted: Sequence[str], found: Sequence[str]) -> bool:
    """Whether the same letters are the same words: figures and short words must be parted alike."""
    if tuple(wanted) == tuple(found):
        return True
    letters = "".join(wanted)
    return len(letters) >= SHORTEST_JOINED and not any(map(str.isdecimal, letters))


def _edits(wanted: Sequence[str], found: Sequence[str], allowed: int) -> int | None:
    """How many words have an edit; ``None`` if more than ``allowed``, or where one may not be."""
    shortest = SHORTEST_WORD if len(wanted) == 1 else SHORTEST_PART
    edits = 0
    for one, other in zip(wanted, found, strict=True):
        if one == other:
            continue
        edits += 1
        if edits > allowed or min(len(one), len(other)) < shortest or not _is_one_edit(one, other):
            return None
    return edits


def _is_one_edit(one: str, other: str) -> bool:
    """Whether a letter was left out, added or exchanged, or two were swapped.

    Never the first letter, and never in a word with figures.
    """
    if one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    if any(map(str.isdecimal, one + other)):
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])


def _shortened(word: str) -> Iterator[str]:
    if SHORTEST_WORD - 1 <= len(word) <= 40:
        yield word
        yield from (word[:at] + word[at + 1 :] for at in range(len(word)))
