"""Chooses few-shot examples among labeled passages.

Two ways. For a job (the default): one choice for all its texts, by which categories it covers, and by
likeness to the job's texts as a whole where samples of them are given. The beginning of every prompt then
stays the same, and a server's cache pays for most of it. For a text: by likeness to that very text, which
suits texts that differ much from one another, at the full price of the examples each time.

Likeness is the cosine of TF-IDF vectors of three-letter sequences: no model, no tokens of any language.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.autolabelers.prompts.passages import Passage

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.chunking import Count

POOL = 1_500
"""Passages that a choice is made among; of more, those that a hash draws, each category its
share."""

SHORTEST = 20
"""Characters of a passage; shorter ones stand in many texts and would be left out of their prompts."""

NEGATIVES = 0.25
"""Share of the examples that name nothing: without them models name something in every text."""

LIKENESS, SAMENESS = 1.0, 0.5
"""Weights, beside one for a category that no example shows yet: for likeness to what is labeled, against
likeness to an example that is there already. A choice of this program."""

COMPARED = 4_000
"""Characters of a text that is compared."""

OVERHEAD = 40
"""Tokens that an example takes besides its text: fence, and answer by its categories."""

Vector = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    tokens: int
    vector: Vector


class FewShot:
    """Passages to choose from, their vectors made once."""

    def __init__(
        self, passages: Iterable[Passage], count: Count, *, excluded: frozenset[int] = frozenset()
    ) -> None:
        """``excluded``: ids of documents whose passages are never shown, as those of an evaluation."""
        found = [p for p in passages if p.document not in excluded and len(p.text.strip()) >= SHORTEST]
        pool = _pool(sorted(_distinct(found), key=_drawn))
        grams = [_grams(passage.text) for passage in pool]
        frequency = Counter(gram for one in grams for gram in one)
        self._weights = {gram: math.log((1 + len(pool)) / (1 + n)) + 1 for gram, n in frequency.items()}
        self._candidates = [
            _Candidate(
                passage, count(passage.text) + OVERHEAD * (1 + len(passage.annotations)), self._vector(one)
            )
            for passage, one in zip(pool, grams, strict=True)
        ]

    def for_job(self, budget: int, most: int, *, like: Sequence[str] = ()) -> tuple[Passage, ...]:
        """Examples for all texts of a job: at most ``most``, of at most ``budget`` tokens together.

        ``like``: samples of the job's texts; with none, likeness plays no part.
        """
        centre: Vector = {}
        for text in like:
            for gram, weight in self._vector(_grams(text[:COMPARED])).items():
                centre[gram] = centre.get(gram, 0.0) + weight
        return self._chosen(budget, most, _unit(centre))

    def _vector(self, grams: Counter[str]) -> Vector:
        """Sequences that no passage has can't make two texts alike, and are left out."""
        weights = self._weights
        return _unit({g: (1 + math.log(n)) * weights[g] for g, n in grams.items() if g in weights})

    def _chosen(self, budget: int, most: int, target: Vector) -> tuple[Passage, ...]:
        """The best next one, again and again: new categories, likeness, and little of what is there."""
        candidates = self._candidates
        likeness = (
            [LIKENESS * _cosine(c.vector, target) for c in candidates] if target else [0.0] * len(candidates)
        )
        sameness = [0.0] * len(candidates)
        left = set(range(len(candidates)))
        shown: Counter[str] = Counter()
        chosen: list[_Candidate] = []
        while left and len(chosen) < most:
            left = {n for n in left if candidates[n].tokens <= budget}
            wanted = {
                n for n in left if bool(candidates[n].passage.annotations) != self._wants_negative(chosen)
            }
            if not (wanted or left):
                break
            best = max(
                sorted(wanted or left),
                key=lambda n: _worth(candidates[n], shown) + likeness[n] - SAMENESS * sameness[n],
            )
            left.discard(best)
            found = candidates[best]
            chosen.append(found)
            shown.update(found.passage.categories)
            budget -= found.tokens
            for n in left:
                sameness[n] = max(sameness[n], _cosine(candidates[n].vector, found.vector))
        return tuple(candidate.passage for candidate in chosen)

    @staticmethod
    def _wants_negative(chosen: Sequence[_Candidate]) -> bool:
        negatives = sum(not candidate.passage.annotations for candidate in chosen)
        return negatives < int((len(chosen) + 1) * NEGATIVES)


def _worth(candidate: _Candidate, shown: Counter[str]) -> float:
    """What a passage adds: a category counts one when it is new, half when it was shown once, and so on.

    Weighed by length, a little: among equals the shorter one leaves room for another.
    """
    worth: float = sum(0.5 ** shown[category] for category in candidate.passage.categories)
    return worth - candidate.tokens / 10_000


def _pool(drawn: list[Passage]) -> list[Passage]:
    """The first of ``drawn``, yet so many of each category, and of none, that rare ones are there."""
    if len(drawn) <= POOL:
        return drawn
    share = max(1, POOL // (1 + len({category for passage in drawn for category in passage.categories})))
    held: Counter[str] = Counter()
    kept: list[int] = []
    for at, passage in enumerate(drawn):
        strata = passage.categories or {""}
        if len(kept) < POOL and any(held[one] < share for one in strata):
            held.update(strata)
            kept.append(at)
    rest = sorted(set(range(len(drawn))) - set(kept))[: POOL - len(kept)]
    return [drawn[at] for at in sorted([*kept, *rest])]


def _distinct(passages: Iterable[Passage]) -> Iterable[Passage]:
    """Without passages whose words were there before."""
    seen: set[str] = set()
    for passage in sorted(passages, key=lambda p: (p.document, p.start)):
        words = " ".join(passage.text.casefold().split())
        if words not in seen:
            seen.add(words)
            yield passage


def _drawn(passage: Passage) -> tuple[str, int, int]:
    """An order that does not follow the documents' and is the same each time."""
    digest = hashlib.sha256(passage.text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest, passage.document, passage.start


def _grams(text: str) -> Counter[str]:
    folded = f" {' '.join(text.casefold().split())} "
    return Counter(folded[at : at + 3] for at in range(len(folded) - 2))


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {gram: weight / length for gram, weight in vector.items()} if length else {}


def _cosine(one: Vector, two: Vector) -> float:
    if len(one) > len(two):
        one, two = two, one
    return sum(weight * two[gram] for gram, weight in one.items() if gram in two)
