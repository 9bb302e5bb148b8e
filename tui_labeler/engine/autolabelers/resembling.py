"""Places that resemble words which a text does not have: offered to a person, never placed.

``Acme Limited`` is likely ``Acme Ltd.``, ``J. Smith`` is likely ``Smith, John``. Words are compared one by
one: equal ones, abbreviations, spellings that share most letters. A place is a run of words of the text in
which enough of the wanted ones have their like, in whatever order, with a word or two between them.

Finding too much is better here than finding nothing: places are ranked, and a key goes from one to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SHORT_WORD = 3
"""Letters of words that tell little where there are longer ones: of, and, the."""

LONG_WORD = 8
"""Letters from which on a word tells no more for being longer."""

FIRST = 1.5
"""How much more the first word tells: names begin with what is their own, and end with what they are."""

ENOUGH = 0.5
"""Of what the wanted words tell, what a place must have the like of. A choice of this program, as are the
other figures here."""

CLEARLY = 0.75
"""The same, of a place that is more likely than one that has some of the very words."""

SAME_SPELLING = 0.75
"""Share of letters in common, from which on two words may be one that is spelt otherwise."""

AN_ABBREVIATION, AN_INITIAL = 0.85, 0.6
"""How much of a word its abbreviation is."""

ANOTHER_FIGURE = 0.6
"""How much of a name with a figure in it the same name with another figure is: ``Alice1``, ``Alice0``."""

SPELT_ALIKE = str.maketrans("kqzyw", "ccsiv")
"""Letters that languages spell one sound with."""

BETWEEN = 2
"""Words of the text that may stand between two that are meant."""

TOO_MUCH = 0.15
"""What each of those takes from the score."""

MOST_PLACES = 200
"""Places of a word at which windows begin: what stands in more of them tells nothing apart."""

MOST_WORDS = 12
"""Wanted words that are compared."""


@dataclass(frozen=True, slots=True)
class Window:
    """Words of a text, by number, half-open, and what share of the wanted ones is there."""

    first: int
    last: int
    score: float


def resembling(
    wanted: Sequence[str], words: Sequence[str], where: Mapping[str, Sequence[int]]
) -> list[Window]:
    """The places that resemble ``wanted``, best first; none overlaps a better one.

    ``words`` are those of the text, ``where`` are their numbers; all are folded, without accents.
    """
    wanted = wanted[:MOST_WORDS]
    likes = _likes(wanted, where)
    weights = [_weight(word) * (FIRST if not at else 1.0) for at, word in enumerate(wanted)]
    telling = {
        number
        for word, found in likes.items()
        if len(where[word]) <= MOST_PLACES and max(found.values()) > AN_INITIAL
        for number in where[word]
    }
    # An initial, or a word that stands everywhere, begins a place where a telling one comes after it.
    before = {number - by for number in telling for by in range(1, BETWEEN + 1) if number >= by}
    starts = sorted(telling | {number for number in before if words[number] in likes})
    found = sorted(
        (_window(start, words, likes, weights) for start in starts),
        key=lambda window: (-window.score, window.last - window.first, window.first),
    )
    kept: list[Window] = []
    for window in found:
        if window.score < ENOUGH:
            break
        if all(window.last <= one.first or one.last <= window.first for one in kept):
            kept.append(window)
    return kept


def _weight(word: str) -> float:
    return min(len(word), LONG_WORD) / LONG_WORD + (len(word) > SHORT_WORD)


def _likes(wanted: Sequence[str], where: Mapping[str, Sequence[int]]) -> dict[str, dict[int, float]]:
    """For words of the text: the places of wanted words that they are like, and how much."""
    by_letter: dict[str, list[str]] = {}
    for word in where:
        by_letter.setdefault(word[0].translate(SPELT_ALIKE), []).append(word)
    likes: dict[str, dict[int, float]] = {}
    for at, one in enumerate(wanted):
        # The first letter is the last to be left out or mistaken.
        for word in by_letter.get(one[0].translate(SPELT_ALIKE), ()):
            like = _likeness(one, word, alone=len(wanted) == 1)
            if like:
                likes.setdefault(word, {})[at] = like
    return likes


def _likeness(one: str, other: str, *, alone: bool) -> float:
    """From 0 to 1. Figures are like none but themselves; ``alone``, an abbreviation may be of many words."""
    if one == other:
        return 1.0
    if any(map(str.isdecimal, one + other)):
        letters = _letters(one)
        return ANOTHER_FIGURE * (len(letters) > SHORT_WORD and letters == _letters(other))
    one, other = one.translate(SPELT_ALIKE), other.translate(SPELT_ALIKE)
    short, long = sorted((one, other), key=len)
    if not alone and len(short) < len(long) and _abbreviates(short, long):
        return AN_INITIAL if len(short) == 1 else AN_ABBREVIATION
    if len(short) <= SHORT_WORD or 2 * len(short) < SAME_SPELLING * (len(short) + len(long)):
        return 0.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.quick_ratio() < SAME_SPELLING:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= SAME_SPELLING else 0.0


def _letters(word: str) -> str:
    return "".join(character for character in word if not character.isdecimal())


def _abbreviates(short: str, long: str) -> bool:
    """Whether ``short`` begins ``long``, or has letters of it in order, its first and last among them."""
    if long.startswith(short):
        return True
    if len(short) < 2 or len(short) > len(long) - 2 or (short[0], short[-1]) != (long[0], long[-1]):
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _window(
    start: int, words: Sequence[str], likes: Mapping[str, Mapping[int, float]], weights: Sequence[float]
) -> Window:
    """From ``start`` on, each word that is like a wanted one that has no like yet."""
    has = [0.0] * len(weights)
    last = number = start
    meant = 0
    ends: list[tuple[float, int]] = []
    """The score of the window up to each word that is meant."""
    while number < len(words) and number - last <= BETWEEN and number - start < len(weights) + BETWEEN:
        found = likes.get(words[number], {})
        free = [(like * weights[at], -at) for at, like in found.items() if not has[at]]
        if free:
            worth, at = max(free)
            has[-at] = worth
            last, meant = number, meant + 1
            score = sum(has) / sum(weights) - TOO_MUCH * (last + 1 - start - meant)
            ends.append((score, -last))
        number += 1
    best, end = max(ends)
    return Window(start, 1 - end, best)
