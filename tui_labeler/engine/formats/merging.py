"""Unknown keys of a label file that meet those kept before: all are kept, and a conflict is said.

Where both hold a key and the values differ, the one that was kept before stays. Hints for writing back
(the order of keys, spellings of defaults) are no news to people: the older ones stay without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_labeler.engine.formats.fields import KEYS
from tui_labeler.engine.formats.model import REGION, FileRegion

Say = Callable[[str], None]
"""Hears each conflict in words."""


def merged(
    old: Mapping[str, Any], new: Mapping[str, Any], say: Say, silent: Sequence[str] = ()
) -> dict[str, Any]:
    """The keys of both; ``silent`` ones are known to the program, and their spelling is nobody's news."""
    if not old:
        return dict(new)
    found = dict(old)
    for key, value in new.items():
        if key not in found:
            found[key] = value
        elif found[key] != value and key not in (KEYS, REGION, *silent):
            say(f"{key} is another than what is kept already; that stays")
    return found


def merged_places(
    old: Mapping[str, Any], new: Mapping[str, Any], say: Say, silent: Sequence[str] = ()
) -> dict[str, Any]:
    """The same for what a project keeps of a file: an object a place (``metadata``, ``settings`` ...)."""
    if not old:
        return dict(new)
    found = dict(old)
    for place, value in new.items():
        kept = found.get(place)
        if isinstance(kept, Mapping) and isinstance(value, Mapping):

            def inside(words: str, place: str = place) -> None:
                say(f"{place}: {words}")

            found[place] = merged(kept, value, inside, silent)
        elif not kept:
            found[place] = value
    return found


def merged_regions(
    old: Sequence[FileRegion], new: Sequence[FileRegion], say: Say
) -> tuple[tuple[FileRegion, ...], tuple[int, ...]]:
    """The regions of both, and where each new one is among them.

    A file may list a region twice: the first meets the first, the second the second.
    """
    found = list(old)
    free: dict[tuple[int, int | None], list[int]] = {}
    for at in reversed(range(len(old))):
        free.setdefault((old[at].start, old[at].length), []).append(at)
    places: list[int] = []
    for region in new:
        if known := free.get((region.start, region.length)):
            at = known.pop()
            found[at] = replace(old[at], extra=merged(old[at].extra, region.extra, say))
        else:
            at = len(found)
            found.append(region)
        places.append(at)
    return tuple(found), tuple(places)


def in_region(extra: Mapping[str, Any], places: Sequence[int]) -> dict[str, Any]:
    """A label's unknown keys, with its region's index as :func:`merged_regions` gives it."""
    at = extra.get(REGION)
    if isinstance(at, int) and 0 <= at < len(places):
        return {**extra, REGION: places[at]}
    return dict(extra)
