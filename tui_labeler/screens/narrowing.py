"""Names that fit what has been typed of one, best first: a few letters choose among many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

MANY = 9
"""More names than this are not chosen by a key each: there are nine digits."""

_WORDS = re.compile(r"[^\W_]+")


def narrow(typed: str, names: Sequence[str]) -> list[int]:
    """Indices of the ``names`` that fit, best first; all of them, in their order, where nothing is typed.

    What is typed fits a name that begins with it, then one whose words begin with its letters one by one
    (``cde`` finds *card delivery estimate*), then one with a word that begins with it, then one whose words
    begin with pieces of it (``cadel``), then one that holds it anywhere. Case does not matter, nor what
    stands between words.
    """
    wanted = _words(typed)
    if not wanted:
        return list(range(len(names)))
    ranked = ((rank, index) for index, name in enumerate(names) if (rank := _rank(wanted, _words(name))) >= 0)
    return [index for _, index in sorted(ranked)]


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(text.casefold()))


def _rank(wanted: tuple[str, ...], words: tuple[str, ...]) -> int:
    """How well a name fits, 0 best; negative where it does not."""
    letters, name = "".join(wanted), "".join(words)
    fits = (
        name.startswith(letters),
        "".join(word[0] for word in words).startswith(letters),
        any(" ".join(words[start:]).startswith(" ".join(wanted)) for start in range(len(words))),
        _in_pieces(letters, words),
        " ".join(wanted) in " ".join(words),
    )
    return next((rank for rank, fit in enumerate(fits) if fit), -1)


def _in_pieces(letters: str, words: tuple[str, ...]) -> bool:
    """Whether ``letters`` are beginnings of words, in the order of the words; some may be left out.

    Looks at each word with each number of letters that may be used up by then, so the cost is bounded by
    the product of the lengths.
    """
    used = {0}
    for word in words:
        for start in tuple(used):
            pairs = enumerate(zip(word, letters[start:], strict=False), start + 1)
            used.update(end for end, _ in takewhile(lambda pair: pair[1][0] == pair[1][1], pairs))
    return len(letters) in used
