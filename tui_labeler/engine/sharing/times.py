"""Times in shared files: whoever may write to a container could put anything in their place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from tui_labeler.domain.agreement import BlindReading, Choice
from tui_labeler.domain.labels import Label, Stamp, Suggestion, ToPlace
from tui_labeler.engine.errors import FormatError

_SHAPE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_YEARS = range(1970, 9999)
"""The first and the last years that there are can't be told by the clock of every place."""


@lru_cache(maxsize=4096)
def is_time(time: str) -> bool:
    """Whether it is a time as this program writes them (ISO 8601), or empty."""
    if not time:
        return True
    if not _SHAPE.fullmatch(time):
        return False
    try:
        return datetime.fromisoformat(time).year in _YEARS
    except ValueError:
        return False


def check_times(item: Any, field: str) -> None:
    """Raises ``FormatError`` where a part of a document's file has in the place of a time what is none."""
    for stamp in _stamps(item):
        if not is_time(stamp.time):
            raise FormatError(f"{stamp.time[:40]!r} is no time", field=field)


def _stamps(item: Any) -> Iterator[Stamp]:
    if isinstance(item, Stamp):
        yield item
    elif isinstance(item, Label):
        yield from (stamp for stamp in (item.made, item.kept, item.removed) if stamp)
    elif isinstance(item, Suggestion | ToPlace):
        yield from (item.decision.stamp,) if item.decision else ()
    elif isinstance(item, BlindReading | Choice):
        yield item.stamp
    elif isinstance(item, tuple):
        for each in item:
            yield from _stamps(each)
