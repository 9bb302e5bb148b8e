"""Names that a model can be asked to answer with, one for each category."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from tui_labeler.domain.projects import Category
from tui_labeler.domain.text import is_unsafe

LONGEST = 60
"""Characters of a name: 200 of them stay below what a strict schema may hold."""


def one_line(text: str) -> str:
    """``text`` without line ends, control and invisible characters: it stays within its line of a prompt."""
    return " ".join("".join(" " if is_unsafe(c) and c != "\u00ad" else c for c in text).split())


class Names:
    """Names for the categories of a job, all different, and the way back to their ids.

    A name is the category's own where that is possible. One that is too long is shortened, one that is
    taken already gets a number, one without a visible character is called by its place.
    """

    def __init__(self, categories: Sequence[Category]) -> None:
        """Raises ``ValueError`` where two categories have the same id."""
        self._name_of: dict[str, str] = {}
        taken: set[str] = set()
        for number, category in enumerate(categories, 1):
            if category.id in self._name_of:
                raise ValueError(f"two categories have the id {category.id}")
            name = _free(_shortened(one_line(category.name)) or f"category {number}", taken)
            taken.add(name)
            self._name_of[category.id] = name
        self._ids = {name: key for key, name in self._name_of.items()}
        self._folded = _unambiguous([(loose(name), key) for name, key in self._ids.items()])
        # What a category is really called leads to it too, as long as no other name says otherwise.
        real = _unambiguous([(loose(category.name), category.id) for category in categories])
        self._folded = {**real, **self._folded}

    @property
    def all(self) -> tuple[str, ...]:
        """In the order of the categories."""
        return tuple(self._ids)

    @property
    def by_id(self) -> Mapping[str, str]:
        """Name by category id."""
        return self._name_of

    def name(self, category_id: str) -> str:
        return self._name_of[category_id]

    def find(self, said: str) -> str | None:
        """The id of the category that is meant by ``said``; ``None`` where it is none or may be several."""
        if said in self._ids:
            return self._ids[said]
        bare = said.strip().strip("\"'`*_“”‘’").strip()
        return self._ids.get(bare) or self._folded.get(loose(said)) or self._folded.get(loose(bare))


_BETWEEN_WORDS = re.compile(r"[\s_\-]+")


def loose(name: str) -> str:
    """``name`` without what models change: case, white space, hyphens, width of letters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _BETWEEN_WORDS.sub("", folded) or folded


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def _unambiguous(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    counts = Counter(name for name, _ in pairs)
    return {name: key for name, key in pairs if counts[name] == 1}
