"""What can be said of a word by itself.

Attributes are strings in four tiers, each a prefix of the next: TINY what a neighbour far away or an anchor
says, FAR at distance two, NEAR at distance one, HERE the word itself.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tier(IntEnum):
    TINY = 0
    FAR = 1
    NEAR = 2
    HERE = 3


Attributes = tuple[tuple[str, ...], ...]
"""The attributes that each tier adds to the one before."""


def shape(word: str) -> str:
    """``McLean`` becomes ``XxXxxx``; letters without case become ``c``, marks vanish."""
    return "".join(map(_kind, word[:16]))


def _kind(character: str) -> str:
    if character.isupper():
        return "X"
    if character.islower():
        return "x"
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "c"
    return character if character < "\u0300" else "~"


def squeeze(letters: str) -> str:
    """Drops repetitions: ``XxXxxx`` becomes ``XxXx``."""
    return "".join(
        letter for index, letter in enumerate(letters) if index == 0 or letters[index - 1] != letter
    )


def attributes(word: str, clusters: Mapping[str, tuple[int, ...]]) -> Attributes:
    """All attributes of ``word`` by tier."""
    lower = word.lower()
    form = shape(word)
    short = squeeze(form)
    plain = "".join(c for c in unicodedata.normalize("NFKD", lower) if unicodedata.category(c)[0] != "M")
    digits = "".join("0" if character.isdigit() else character for character in lower)
    coarse, fine, capitals = clusters.get(lower, (-1, -1, -1))
    far = ["s=" + short]
    if digits != lower:
        far.append("d=" + digits)
    if coarse >= 0:
        far += [f"k={coarse}", f"K={fine}", f"C={capitals}"]
    if plain != lower:
        far.append("a=" + plain)
    near = ["S=" + form, "e3=" + lower[-3:], "b3=" + lower[:3]]
    here = ["w=" + word, f"n={min(len(word), 12)}"]
    if coarse >= 0:
        here.append(f"ks={coarse}{short}")
    for size in range(1, min(5, len(word) - 1) + 1):
        here += [f"p{size}=" + lower[:size], f"q{size}=" + lower[-size:]]
    return (("l=" + lower,), tuple(far), tuple(near), tuple(here))
