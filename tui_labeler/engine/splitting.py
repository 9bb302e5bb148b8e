"""Parting labeled documents into training, development and testing parts.

Each part gets its share of the documents and, as far as that goes, of every category. Source: Sechidis,
Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", 2011 (iterative stratification).
Documents with the same text always go to the same part.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tui_labeler.engine.errors import InputError


class Part(StrEnum):
    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


SETS = "sets"
"""In place of shares: the sets that the documents are in."""

_SHARES = re.compile(r"\d{1,3}(?:/\d{1,3}){1,2}")


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of the documents each part gets, in percent; none of them where the sets are kept."""

    percent: Mapping[Part, int]
    seed: int = 0

    @property
    def keeps_sets(self) -> bool:
        return not self.percent

    @property
    def words(self) -> str:
        """As it is typed."""
        return "/".join(str(share) for share in self.percent.values()) or SETS


def shares(text: str, seed: int = 0) -> Shares:
    """``80/10/10`` (train, dev, test), ``80/20`` (train, test), or ``sets``. Raises ``InputError``."""
    if text == SETS:
        return Shares({}, seed)
    parts = (Part.TRAIN, Part.DEV, Part.TEST)
    if _SHARES.fullmatch(text):
        numbers = [int(number) for number in text.split("/")]
        named = parts if len(numbers) == len(parts) else (Part.TRAIN, Part.TEST)
        if sum(numbers) == 100 and numbers[0] > 0:
            return Shares(dict(zip(named, numbers, strict=True)), seed)
    raise InputError(
        f"{text!r} is no split.",
        hint="Say the percentages, which make 100: 80/10/10 for train, dev and test, 80/20 for train and "
        "test; or `sets` to keep the training and the testing set.",
    )


@dataclass(slots=True)
class Group:
    """Documents that stay together."""

    documents: list[int] = field(default_factory=list)
    categories: Counter[str] = field(default_factory=Counter)
    """Documents of it with each category."""


def stratified(groups: Sequence[Group], wanted: Shares) -> dict[int, Part]:
    """The part of each document. The same groups and seed give the same parts."""
    draw = random.Random(wanted.seed)
    left = list(groups)
    draw.shuffle(left)
    named = {part: share / 100 for part, share in wanted.percent.items() if share}
    documents = sum(len(group.documents) for group in groups)
    room = {part: share * documents for part, share in named.items()}
    totals: Counter[str] = Counter()
    for group in groups:
        totals.update(group.categories)
    wants = {part: {key: share * count for key, count in totals.items()} for part, share in named.items()}
    found: dict[int, Part] = {}
    open_ = Counter(totals)
    while left:
        rarest = min(((count, key) for key, count in open_.items() if count > 0), default=(0, None))[1]
        batch = left if rarest is None else [group for group in left if group.categories[rarest]]
        for group in batch:
            part = _neediest(wants, room, rarest)
            for document in group.documents:
                found[document] = part
            room[part] -= len(group.documents)
            for key, count in group.categories.items():
                wants[part][key] -= count
                open_[key] -= count
        done = {id(group) for group in batch}
        left = [group for group in left if id(group) not in done]
    return found


def _neediest(
    wants: Mapping[Part, Mapping[str, float]], room: Mapping[Part, float], category: str | None
) -> Part:
    """The part that lacks most of a category, then of documents; the training part where both are even."""

    def lack(part: Part) -> tuple[float, float]:
        return (wants[part][category] if category is not None else 0.0, room[part])

    return max(room, key=lack)
