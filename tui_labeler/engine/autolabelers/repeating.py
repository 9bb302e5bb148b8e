"""Tells an answer in which the model repeats itself from one that is only long.

Small models do, and a longer answer of theirs is more of the same: it is not worth waiting for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.mentions import Mention

TAIL = 1_000
"""Characters at the end of an answer that are looked at for a part that comes again and again."""

LEAST, ROUNDS = 60, 4
"""A part that stands there so many times, one after the other, over so many characters, is no accident."""

SURPLUS = 4
"""Mentions beyond what a text holds; fewer may be miscounted."""


def repeats_itself(answer: str, mentions: Sequence[Mention], text: str) -> bool:
    """Whether a cut answer about ``text`` would only have gone on with what it says already.

    Either its end is the same part over and over, or most of its second half is mentions of words that it
    has named as often as the text holds them: so it is too where small things change with each round.
    """
    surplus = _surplus(mentions, text)
    part = _repeated_part(answer)
    # What a text says ten times may be named ten times.
    if part and (not mentions or mentions[-1].words not in part or surplus[-1]):
        return True
    later = surplus[len(surplus) // 2 :]
    return sum(later) >= SURPLUS and sum(later) * 2 > len(later)


def _repeated_part(answer: str) -> str:
    """What stands at the end of an answer ``ROUNDS`` times or more, the first one perhaps cut; or nothing.

    The shortest period of every end of it is found by the prefix function of Knuth, Morris and Pratt, in
    linear time.
    """
    tail = answer[: -TAIL - 1 : -1]
    border = [0] * len(tail)
    length = 0
    for place in range(1, len(tail)):
        while length and tail[place] != tail[length]:
            length = border[length - 1]
        length += tail[place] == tail[length]
        border[place] = length
        size = place + 1
        if size >= LEAST and (size - length) * ROUNDS <= size:
            return answer[length - size :]
    return ""


def _surplus(mentions: Sequence[Mention], text: str) -> list[bool]:
    """Which mentions name words that were named as often as ``text`` holds them, or once, before."""
    named: Counter[tuple[str, str]] = Counter()
    found = []
    for mention in mentions:
        key = mention.category, mention.words
        named[key] += 1
        found.append(named[key] > max(1, text.count(mention.words)))
    return found
