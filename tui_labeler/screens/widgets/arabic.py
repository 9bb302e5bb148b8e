"""Joins Arabic letters: where the program orders a line, the terminal does not see which letters touch.

Each letter is drawn by the presentation form for its neighbours (Unicode 16, section 9.2 and the blocks
Arabic Presentation Forms A and B). A lam with an alef takes two cells, as it does in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

_ARABIC = re.compile("[\u0620-\u06d3]")
_JOINERS = ("\u0640", "\u200d")
"""A tatweel and a zero-width joiner: what stands beside them joins."""
_NON_JOINER = "\u200c"


@cache
def _forms() -> dict[str, dict[str, str]]:
    """The forms of each letter by name: isolated, final, initial, medial."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        name, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if len(letters) == 1 and name.startswith("<"):
            found.setdefault(chr(int(letters[0], 16)), {})[name[1:-1]] = chr(code)
    return found


def joined(clusters: Sequence[str]) -> Sequence[str]:
    """The clusters of one line, in logical order, with Arabic letters as they join."""
    if not any(map(_ARABIC.match, clusters)):
        return clusters
    return [
        _formed(
            cluster,
            before=index > 0 and _joins_on(clusters[index - 1]) and _joins_back(cluster),
            after=index + 1 < len(clusters) and _joins_on(cluster) and _joins_back(clusters[index + 1]),
        )
        for index, cluster in enumerate(clusters)
    ]


def _joins_on(cluster: str) -> bool:
    """Whether a letter touches the next one; some do not, and a non-joiner behind it keeps any from it."""
    letter = cluster[0] in _JOINERS or "medial" in _forms().get(cluster[0], ())
    return (letter or cluster[-1] == _JOINERS[1]) and cluster[-1] != _NON_JOINER


def _joins_back(cluster: str) -> bool:
    return cluster[0] in _JOINERS or "final" in _forms().get(cluster[0], ())


def _formed(cluster: str, *, before: bool, after: bool) -> str:
    after = after or (cluster[-1] == _JOINERS[1] and _joins_on(cluster))
    name = "medial" if before and after else "initial" if after else "final" if before else "isolated"
    forms = _forms().get(cluster[0])
    return forms.get(name, cluster[0]) + cluster[1:] if forms else cluster
