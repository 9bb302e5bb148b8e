"""Parting labeled documents into training, development and testing parts.

Each part gets its share of the documents and, as far as that goes, of every category. After Sechidis,
Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", 2011 (iterative stratification), which
does not keep the sizes of the parts where categories have few documents; here these come first.
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

_NEARLY = 1e-9
"""What sums of shares may be off by."""

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
    """Documents of it with each category, by name: ids are others in another project of the same data."""


def stratified(groups: Sequence[Group], wanted: Shares) -> dict[int, Part]:
    """The part of each document. The same groups and seed give the same parts.

    The rarest category goes first. What of it is less than a document for every part goes to the part that
    is most behind its share of all documents: so categories of two or three documents make up for each other.
    """
    draw = random.Random(wanted.seed)
    left = list(groups)
    draw.shuffle(left)
    totals: Counter[str] = Counter()
    for group in groups:
        totals.update(group.categories)
    places = _Places(wanted, sum(len(group.documents) for group in groups), totals)
    found: dict[int, Part] = {}
    open_ = Counter(totals)
    while left:
        rarest = min(((count, key) for key, count in open_.items() if count > 0), default=(0, None))[1]
        batch = left if rarest is None else [group for group in left if group.categories[rarest]]
        for group in batch:
            part = places.neediest(rarest, group, open_)
            for document in group.documents:
                found[document] = part
            places.take(part, group)
            open_.subtract(group.categories)
        done = {id(group) for group in batch}
        left = [group for group in left if id(group) not in done]
    return found


class _Places:
    """What each part may still take, of all documents and of every category."""

    def __init__(self, wanted: Shares, documents: int, totals: Mapping[str, int]) -> None:
        self._shares = {part: share / 100 for part, share in wanted.percent.items() if share}
        self._room = {part: share * documents for part, share in self._shares.items()}
        self._wants = {
            part: {key: share * count for key, count in totals.items()}
            for part, share in self._shares.items()
        }
        self._learned: set[str] = set()
        """Categories of which the training part has a document."""
        self._taken = 0

    def neediest(self, category: str | None, group: Group, open_: Mapping[str, int]) -> Part:
        """The part for a group that goes for the sake of a category: none that is full; but the training part
        where that has none of it yet, or where nothing else is left of another that it has none of.

        ``open_`` are the documents with each category that have no part yet.
        """
        new = [key for key in group.categories if key not in self._learned]
        if category in new or any(open_[key] <= group.categories[key] for key in new):
            return Part.TRAIN
        size = len(group.documents)
        parts = [part for part, room in self._room.items() if 2 * room >= size] or list(self._room)
        if category is None:
            return max(parts, key=lambda part: self._room[part])
        least = group.categories[category] - _NEARLY
        whole = [part for part in parts if self._wants[part][category] > least]
        if whole:
            return max(whole, key=lambda part: self._wants[part][category])
        return max(parts, key=lambda part: self._behind(part, size))

    def _behind(self, part: Part, size: int) -> float:
        """Documents that the part lacks of its share of those that are placed, ``size`` more among them."""
        share = self._shares[part]
        documents = self._taken + sum(self._room.values())
        return share * (self._taken + size) - (share * documents - self._room[part])

    def take(self, part: Part, group: Group) -> None:
        self._taken += len(group.documents)
        self._room[part] -= len(group.documents)
        for key, count in group.categories.items():
            self._wants[part][key] -= count
        if part is Part.TRAIN:
            self._learned.update(group.categories)
