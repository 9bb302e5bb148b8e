"""The design matrix of a corpus, kept as a product of two sparse matrices.

A token's features are mostly those of the words around it. So the design is ``choices @ table``: ``table``
says which features a *row* has (a distinct word in a role such as "the word to the left", a bigram, a
position), ``choices`` which rows each token has. Scores are ``choices @ (table @ weights)``: weights are
summed once a distinct word, not once a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from tui_labeler.engine.adapters.estimators.choices import NOTHING, Choices
from tui_labeler.engine.adapters.estimators.words import Tier, attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tui_labeler.engine.adapters.estimators.clusters import WordClusters
    from tui_labeler.engine.adapters.estimators.tokens import Corpus

    Ints = NDArray[np.int64]

CONTEXT: tuple[tuple[Tier, tuple[int, ...]], ...] = (
    (Tier.HERE, (0,)),
    (Tier.NEAR, (-1,)),
    (Tier.NEAR, (1,)),
    (Tier.FAR, (-2,)),
    (Tier.FAR, (2,)),
    (Tier.TINY, (-3, -4)),
    (Tier.TINY, (3, 4)),
)
"""Roles of words around a token: how much of them counts, and the distances that share their weights."""

ANCHORS = 8
"""Roles of words of the line: its first two, its last four, first and last of the line before."""

PAIRS: tuple[tuple[int, int], ...] = ((-1, 0), (0, 1), (-2, -1), (1, 2), (-1, 1))
"""Distances of the two words of each kind of bigram."""

GAPS = 16
"""White space before and behind a token: four kinds each."""

LINES = 64
PLACES = 24
TENTHS = 10
POSITIONS = 2 * LINES + PLACES + TENTHS
"""Line from the start, line from the end, place in the line, tenth of the text."""

WORD_CACHE = 200_000
"""Distinct words whose attributes are remembered between batches."""


class Design(NamedTuple):
    """``choices @ table`` has a row a token and a column a feature."""

    choices: Choices
    table: sparse.csr_array


class Featurizer:
    """Which features there are: learned once, the same for every corpus after that."""

    def __init__(
        self,
        clusters: WordClusters,
        anchored: bool,
        tiers: Sequence[Sequence[str]],
        pairs: Sequence[Ints],
    ) -> None:
        self.clusters = clusters
        self.anchored = anchored
        """Whether lines and positions count: they do in letters and forms, not in single sentences."""
        self.tiers = tuple(map(tuple, tiers))
        """The attributes that each tier adds to the one before; a feature is an attribute in a role."""
        self.pairs = tuple(pairs)
        """For each of :data:`PAIRS` the known bigrams, sorted: ``left * len(tiers[0]) + right``."""
        self._widths = np.cumsum([len(tier) for tier in self.tiers])
        self._index = {
            name: number for number, name in enumerate(name for tier in self.tiers for name in tier)
        }
        self._mapping = clusters.mapping()
        self._seen: dict[str, list[int]] = {}

    @classmethod
    def learn(cls, corpus: Corpus, clusters: WordClusters, *, anchored: bool) -> Featurizer:
        """Takes over every attribute and every bigram of the corpus."""
        mapping = clusters.mapping()
        tiers: list[set[str]] = [set() for _ in Tier]
        for word in set(corpus.words):
            for known, new in zip(tiers, attributes(word, mapping), strict=True):
                known.update(new)
        bare = cls(clusters, anchored, [sorted(known) for known in tiers], [])
        _, types, lowers = bare._words(corpus)
        keys = (bare._pair_keys(corpus, lowers[types], pair) for pair in PAIRS)
        return cls(clusters, anchored, bare.tiers, [np.unique(found[found >= 0]) for found in keys])

    @property
    def columns(self) -> int:
        """Number of features."""
        roles = sum(int(self._widths[tier]) for tier in self._roles())
        return roles + sum(map(len, self.pairs)) + GAPS + (POSITIONS if self.anchored else 0)

    def _roles(self) -> list[Tier]:
        return [tier for tier, _ in CONTEXT] + [Tier.TINY] * (ANCHORS if self.anchored else 0)

    def design(self, corpus: Corpus) -> Design:
        """The features of every token of ``corpus``; unknown ones count nothing."""
        table, types, lowers = self._words(corpus)
        roles = self._roles()
        blocks = [table[:, : self._widths[tier]] for tier in roles]
        identity = sparse.eye_array(self.columns - sum(block.shape[1] for block in blocks), format="csr")
        return Design(
            Choices.of(self._picks(corpus, types, lowers), len(corpus)),
            sparse.csr_array(sparse.block_diag([*blocks, identity], format="csr")),
        )

    def _picks(self, corpus: Corpus, types: Ints, lowers: Ints) -> Iterator[tuple[int, Ints]]:
        """Kind by kind, how many rows the table has of it, and each token's among them.

        Two neighbours that share their weights have rows of one kind: the second comes with no rows of its
        own. One column is there at a time, as all together are most of what training holds.
        """
        words = len(lowers)
        for _, distances in CONTEXT:
            for distance in distances:
                own = words if distance == distances[-1] else 0
                yield own, _at(types, _neighbours(corpus, distance))
        for place in _anchors(corpus) if self.anchored else ():
            yield words, _at(types, place)
        for pair, known in zip(PAIRS, self.pairs, strict=True):
            yield len(known), _find(known, self._pair_keys(corpus, lowers[types], pair))
        yield from _places(corpus, anchored=self.anchored)

    def _words(self, corpus: Corpus) -> tuple[sparse.csr_array, Ints, Ints]:
        """Attributes of the distinct words, the word of each token, and the words' numbers in tier TINY."""
        distinct: dict[str, int] = {}
        types = np.array([distinct.setdefault(word, len(distinct)) for word in corpus.words], dtype=np.int64)
        rows = [self._attributes(word) for word in distinct]
        pointers = np.cumsum([0, *map(len, rows)])
        indices = np.array([number for row in rows for number in row], dtype=np.int64)
        table = sparse.csr_array(
            (np.ones(len(indices)), indices, pointers), shape=(len(distinct), int(self._widths[-1]))
        )
        lowers = np.array(
            [row[0] if row and row[0] < self._widths[0] else NOTHING for row in rows], dtype=np.int64
        )
        return table, types, lowers

    def _attributes(self, word: str) -> list[int]:
        known = self._seen.get(word)
        if known is None:
            names = (name for tier in attributes(word, self._mapping) for name in tier)
            known = sorted(self._index[name] for name in names if name in self._index)
            if len(self._seen) >= WORD_CACHE:
                self._seen.clear()
            self._seen[word] = known
        return known

    def _pair_keys(self, corpus: Corpus, lowers: Ints, pair: tuple[int, int]) -> Ints:
        left, right = (_at(lowers, _neighbours(corpus, distance)) for distance in pair)
        known = (left >= 0) & (right >= 0)
        return np.where(known, left * self._widths[0] + right, NOTHING)


def _at(values: Ints, places: Ints) -> Ints:
    return np.where(places == NOTHING, NOTHING, values[places])


def _neighbours(corpus: Corpus, distance: int) -> Ints:
    """For each token the one at ``distance`` in the same unit."""
    at = np.arange(len(corpus)) + distance
    inside = (at >= 0) & (at < len(corpus))
    at[~inside] = 0
    return np.where(inside & (corpus.unit[at] == corpus.unit), at, NOTHING)


def _anchors(corpus: Corpus) -> Iterator[Ints]:
    """For each token the telling words of its line and of the line before; punctuation is passed over."""
    line = corpus.line
    count = int(line[-1]) + 1 if len(line) else 0
    wordy = np.flatnonzero([any(map(str.isalnum, word)) for word in corpus.words])
    first = np.searchsorted(line[wordy], np.arange(count))
    end = np.searchsorted(line[wordy], np.arange(count), side="right")
    wordy = np.append(wordy, NOTHING)
    places = []
    for step in range(2):
        places.append(wordy[np.where(first + step < end, first + step, -1)])
    for step in range(1, 5):
        places.append(wordy[np.where(end - step >= first, end - step, -1)])
    text = corpus.text[np.searchsorted(line, np.arange(count))]
    follows = np.zeros(count, dtype=bool)
    follows[1:] = text[1:] == text[:-1]
    places += [np.where(follows, np.roll(place, 1), NOTHING) for place in (places[0], places[2])]
    for place in places:
        yield place[line]


def _places(corpus: Corpus, *, anchored: bool) -> Iterator[tuple[int, Ints]]:
    """How many numbers there are, and each token's: white space around it, where in the text it stands."""
    behind = np.append(corpus.gap[1:], 3)
    yield GAPS, corpus.gap * 4 + behind
    if not anchored:
        return
    line = corpus.line
    bounds = corpus.text_bounds
    size = np.maximum(np.diff(bounds), 1)
    first_line = line[np.minimum(bounds[:-1], max(len(line) - 1, 0))]
    last_line = line[np.maximum(bounds[1:] - 1, 0)]
    start_of_line = np.searchsorted(line, line)
    yield LINES, np.minimum(line - first_line[corpus.text], LINES - 1)
    yield LINES, np.minimum(last_line[corpus.text] - line, LINES - 1)
    yield PLACES, np.minimum(np.arange(len(line)) - start_of_line, PLACES - 1)
    yield TENTHS, (np.arange(len(line)) - bounds[corpus.text]) * TENTHS // size[corpus.text]


def _find(known: Ints, keys: Ints) -> Ints:
    """The place of each key among the sorted known ones."""
    if not len(known):
        return np.full(len(keys), NOTHING, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, at, NOTHING)
