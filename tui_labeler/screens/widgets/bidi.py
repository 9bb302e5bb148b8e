"""Right-to-left text in the order in which it is read: the Unicode Bidirectional Algorithm (UAX #9).

Terminals get characters from left to right, and few of them turn Hebrew or Arabic round. What changes
direction is found per paragraph (:func:`levels`), what is drawn where per row (:func:`visual_order`).
Characters that would change directions by themselves are not obeyed: they are drawn as visible signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tui_labeler.domain.text import is_unsafe
from tui_labeler.screens.widgets.arabic import joined
from tui_labeler.screens.widgets.cells import clusters

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""The blocks whose characters are right-to-left by default. Source: DerivedBidiClass.txt, Unicode 16."""
_RESET = frozenset(("WS", "S"))
_SINGLE = frozenset(("ES", "CS"))
"""Separators, which join numbers only where they stand alone. Source: UAX #9, rule W4."""
_GAP = re.compile(r"(\s{2,}|\A\s+|\s+\Z)")


class _Ordering:
    by_program = True


def order_by_program(yes: bool) -> None:
    """Says whether rows are put in visual order here; else the terminal is left to do it."""
    _Ordering.by_program = yes


def is_ordered() -> bool:
    """Whether rows are put in visual order by the program."""
    return _Ordering.by_program


def has_right_to_left(text: str) -> bool:
    """Whether ``text`` may hold a right-to-left character."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def base_level(text: str) -> int:
    """The direction of a paragraph by its first strong character: 0 left-to-right, 1 right-to-left.

    0 where it has none. Source: UAX #9, rules P2 and P3.
    """
    for character in text:
        kind = _kind(character)
        if kind in ("L", "R", "AL"):
            return int(kind != "L")
    return 0


def levels(characters: Sequence[str], base: int) -> list[int]:
    """The embedding level of each character of a paragraph of direction ``base``; odd is right-to-left.

    ``characters`` holds one base character for each cluster, so that marks stay where they belong.
    """
    if base and not any(_kind(character) in ("L", "EN", "AN", "S") for character in characters):
        return [1] * len(characters)
    from bidi import algorithm

    # One character stands for a run of its like: the rules treat them alike, and take long for each.
    runs: list[tuple[str, int]] = []
    before = ""
    for character in characters:
        kind = _kind(character)
        if kind == before and kind not in _SINGLE and not unicodedata.mirrored(character):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((_harmless(character), 1))
        before = "" if unicodedata.mirrored(character) else kind
    storage: dict[str, Any] = {"base_level": base, "base_dir": "LR"[base], "chars": [], "runs": deque()}
    algorithm.get_embedding_levels("".join(character for character, _ in runs), storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    _resolve_brackets(storage["chars"], base)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    return [
        item["level"] for item, (_, count) in zip(storage["chars"], runs, strict=True) for _ in range(count)
    ]


def visual_order(characters: Sequence[str], found: Sequence[int], base: int) -> list[int]:
    """The indices of a row's characters from left to right, by their levels. Source: UAX #9, L1 and L2."""
    settled = list(found)
    resets = True
    for index in range(len(settled) - 1, -1, -1):
        kind = _kind(characters[index])
        resets = kind == "S" or (resets and kind in _RESET)
        if resets:
            settled[index] = base
    order = list(range(len(settled)))
    lowest = min((level for level in settled if level % 2), default=0)
    for level in range(max(settled, default=0), lowest - 1, -1) if lowest else ():
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and settled[order[end]] >= level:
                end += 1
            if end > start:
                order[start:end] = order[start:end][::-1]
            start = end + 1
    return order


def mirrored(cluster: str) -> str:
    """A right-to-left cluster as it is drawn: brackets the other way round. Source: UAX #9, rule L4."""
    if not unicodedata.mirrored(cluster[0]):
        return cluster
    from bidi.mirror import MIRRORED

    return str(MIRRORED.get(cluster[0], cluster[0])) + cluster[1:]


def parts_in_order(parts: Sequence[str], base: int | None = None) -> list[tuple[int, str]]:
    """Parts of one clean line in visual order: runs of text, each with the index of its part.

    The direction of the line is ``base``, else that of its first strong character.
    """
    line = "".join(parts)
    if not (_Ordering.by_program and has_right_to_left(line)):
        return list(enumerate(parts))
    starts, _ = clusters(line)
    ends = [*starts[1:], len(line)]
    owners = [index for index, part in enumerate(parts) for _ in part]
    pieces = joined([line[start:end] for start, end in zip(starts, ends, strict=True)])
    characters = [line[start] for start in starts]
    base = base_level(line) if base is None else base
    found = levels(characters, base)
    runs: list[tuple[int, str]] = []
    for index in visual_order(characters, found, base):
        text, owner = pieces[index], owners[starts[index]]
        text = mirrored(text) if found[index] % 2 else text
        if runs and runs[-1][0] == owner:
            runs[-1] = (owner, runs[-1][1] + text)
        else:
            runs.append((owner, text))
    return runs


def in_order(text: str) -> str:
    """Clean words of the program's own lines in visual order: columns, with names in them.

    They run from left to right, and what two spaces part is ordered by itself, so that a column stays where
    it is.
    """
    if not (_Ordering.by_program and has_right_to_left(text)):
        return text
    fields = _GAP.split(text)
    return "".join(
        "".join(run for _, run in parts_in_order([field], 0)) if index % 2 == 0 else field
        for index, field in enumerate(fields)
    )


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    """The bidirectional class; signs for what has none, and for what is only drawn as a sign."""
    return unicodedata.bidirectional(_harmless(character))


@lru_cache(maxsize=4096)
def _harmless(character: str) -> str:
    """The character, or a neutral one for what the rules for rows without controls do not name."""
    kind = unicodedata.bidirectional(character)
    known = kind in ("L", "R", "AL", "EN", "ES", "ET", "AN", "CS", "S", "WS", "ON")
    return character if known and (character == "\t" or not is_unsafe(character)) else "\u2423"


def _resolve_brackets(characters: list[dict[str, Any]], base: int) -> None:
    """Both brackets of a pair get one direction. Source: UAX #9, rule N0.

    ``characters`` is a paragraph of one level whose weak types are resolved.
    """
    own = "LR"[base]
    for first, last in _bracket_pairs(characters):
        inside = {_strong(item["type"]) for item in characters[first + 1 : last]} - {""}
        if own in inside:
            direction = own
        elif inside:
            before = (_strong(item["type"]) for item in reversed(characters[:first]))
            context = next((strong for strong in before if strong), own)
            direction = context if context in inside else own
        else:
            continue
        characters[first]["type"] = characters[last]["type"] = direction


def _strong(kind: str) -> str:
    return "R" if kind in ("R", "EN", "AN") else "L" if kind == "L" else ""


def _bracket_pairs(characters: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Where brackets open and close, in the order of their openings. Source: UAX #9, BD16."""
    from bidi.mirror import MIRRORED

    open_ones: list[tuple[str, int]] = []
    pairs = []
    for index, item in enumerate(characters):
        character = item["ch"]
        if item["type"] != "ON" or character not in MIRRORED:
            continue
        category = unicodedata.category(character)
        if category == "Ps":
            if len(open_ones) == _OPEN_BRACKETS:
                break
            open_ones.append((MIRRORED[character], index))
        elif category == "Pe":
            for place in range(len(open_ones) - 1, -1, -1):
                if open_ones[place][0] == character:
                    pairs.append((open_ones[place][1], index))
                    del open_ones[place:]
                    break
    return sorted(pairs)


_OPEN_BRACKETS = 63
"""Brackets that may be open at once. Source: UAX #9, BD16."""
