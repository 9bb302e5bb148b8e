"""Word classes from a project's own texts, labeled or not.

Words that keep the same company get the same numbers: PPMI of neighbours, its leading 64 singular vectors,
and k-means of those into 64 and 256 clusters (Levy and Goldberg, "Neural Word Embedding as Implicit Matrix
Factorization", 2014; Miller et al., "Name Tagging with Word Clusters and Discriminative Training", 2004).
A third number says how often a word has a capital where it does not stand first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.utils.extmath import randomized_svd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIZES = (64, 256)
DIMENSIONS = 64
MIN_COUNT = 2
MAX_WORDS = 30_000
MAX_CONTEXTS = 4_000
MAX_TOKENS = 1_000_000
"""What is read: more tokens cost time and memory and change little."""
DISTANCES = (-3, -2, -1, 1, 2, 3)
STEPS = 20
"""Of k-means at most."""

CAPITALS = 5
"""Parts in which the share of capitals is told."""
UNKNOWN_CAPITALS = CAPITALS + 1


@dataclass(frozen=True, slots=True)
class WordClusters:
    """The clusters of the words that were seen often enough."""

    words: tuple[str, ...]
    """Lower case, sorted."""
    ids: NDArray[np.uint16]
    """Shape (words, 3): the number among the 64 clusters, among the 256, and the share of capitals."""

    def mapping(self) -> dict[str, tuple[int, ...]]:
        return dict(zip(self.words, map(tuple, self.ids.tolist()), strict=True))


EMPTY = WordClusters((), np.zeros((0, 3), dtype=np.uint16))


def learn(sequences: Iterable[Sequence[str]], seed: int) -> WordClusters:
    """Learns from sequences of words; too little text gives none."""
    lowers: list[str] = []
    inner: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for run in sequences:
        if len(lowers) >= MAX_TOKENS:
            break
        lower = [word.lower() for word in run]
        inner.update(lower[1:])
        capital.update(low for word, low in zip(run[1:], lower[1:], strict=True) if word != low)
        lowers += lower
        lowers += _BREAK
    counts = Counter(lowers)
    del counts[_BREAK[0]]
    common = sorted(
        (word for word, count in counts.items() if count >= MIN_COUNT), key=lambda w: (-counts[w], w)
    )
    words = common[:MAX_WORDS]
    if len(words) < 4 * SIZES[0]:
        return EMPTY
    number = {word: index for index, word in enumerate(words)}
    table = _ppmi(np.array([number.get(word, -1) for word in lowers], dtype=np.int64), len(words))
    vectors = _vectors(table, seed)
    shares = [
        round(CAPITALS * capital[word] / inner[word]) if inner[word] else UNKNOWN_CAPITALS for word in words
    ]
    ids = np.stack([*(_nearest(vectors, size, seed) for size in SIZES), shares], axis=1).astype(np.uint16)
    order = sorted(range(len(words)), key=words.__getitem__)
    return WordClusters(tuple(words[index] for index in order), ids[order])


_BREAK = ("\0",) * max(DISTANCES)
"""Stands between sequences and is no word, so that nothing looks across."""


def _ppmi(flat: NDArray[np.int64], size: int) -> sparse.csr_array:
    """Positive pointwise mutual information of words and their neighbours, each distance apart."""
    contexts = min(size, MAX_CONTEXTS)
    blocks = []
    for distance in DISTANCES:
        here = flat[max(0, -distance) : len(flat) - max(0, distance)]
        there = flat[max(0, distance) : len(flat) - max(0, -distance)]
        keep = (here >= 0) & (there >= 0) & (there < contexts)
        pairs = here[keep], there[keep]
        blocks.append(sparse.csr_array((np.ones(len(pairs[0])), pairs), shape=(size, contexts)))
    counts = sparse.csr_array(sparse.hstack(blocks))
    counts.sum_duplicates()
    entries = sparse.coo_array(counts)
    rows = np.asarray(counts.sum(axis=1))
    columns = np.asarray(counts.sum(axis=0))
    expected = rows[entries.row] * columns[entries.col] / columns.sum()
    values = np.maximum(np.log(entries.data / expected), 0.0)
    table = sparse.csr_array((values, (entries.row, entries.col)), shape=counts.shape)
    table.eliminate_zeros()
    return table


def _vectors(table: sparse.csr_array, seed: int) -> NDArray[np.float64]:
    """Left singular vectors weighed by the roots of their values, each row of length one."""
    dimensions = min(DIMENSIONS, min(table.shape) - 1)
    left, values, _ = randomized_svd(table, dimensions, n_iter=3, random_state=seed)
    vectors = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def _nearest(vectors: NDArray[np.float64], size: int, seed: int) -> NDArray[np.int64]:
    means = KMeans(min(size, len(vectors) // 4), random_state=seed, n_init=1, max_iter=STEPS)
    return np.asarray(means.fit_predict(vectors), dtype=np.int64)
