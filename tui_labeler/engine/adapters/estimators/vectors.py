"""Texts as rows of TF-IDF weights of words and characters."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import sparse

from tui_labeler.engine.adapters.estimators.tokens import Grain, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

RUNS = (2, 3, 4, 5)
"""Lengths of the runs of characters."""

BLOCKS = ("w:", "c:")
"""Prefixes of the features: words, characters. Each block of a row has a length of its own."""

WORDS = 0.7
"""Length of a row's words beside that of its characters, one: measured on banking77 and the movies."""
WORD_CACHE = 50_000
_SPACE = re.compile(r"\s+")


class TextVectorizer:
    """TF-IDF with logarithmic term frequencies; words and character runs are normalised apart."""

    def __init__(self, max_features: int) -> None:
        self.max_features = max_features
        self._runs: dict[str, tuple[str, ...]] = {}

    def fit(self, texts: Sequence[str], unlabeled: Iterable[str]) -> Self:
        """Takes over the n-grams of ``texts``, and document frequencies of all."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(self._features(text).keys())
        kept: list[str] = []
        for prefix in BLOCKS:
            block = [name for name in counts if name.startswith(prefix)]
            kept += sorted(block, key=lambda name: (-counts[name], name))[: self.max_features]
        total = len(texts)
        for text in unlabeled:
            total += 1
            counts.update(name for name in self._features(text) if name in counts)
        names = sorted(kept)
        self.restore(
            names, np.log((1 + total) / (1 + np.array([counts[name] for name in names], dtype=float))) + 1
        )
        return self

    def restore(self, names: Sequence[str], idf: NDArray[np.float64]) -> Self:
        """Takes what was learned: the sorted features and the weight of each."""
        self.names_ = tuple(names)
        self.idf_ = idf.astype(np.float32)
        self._index = {name: number for number, name in enumerate(self.names_)}
        self._characters = np.array([name.startswith(BLOCKS[1]) for name in self.names_], dtype=bool)
        return self

    def transform(self, texts: Sequence[str]) -> sparse.csr_array:
        """Shape (texts, features)."""
        if not self.names_:
            return sparse.csr_array((len(texts), 0))
        indices: list[int] = []
        data: list[int] = []
        pointers = [0]
        known = self._index
        for text in texts:
            found = sorted(
                (known[name], count) for name, count in self._features(text).items() if name in known
            )
            indices += [number for number, _ in found]
            data += [count for _, count in found]
            pointers.append(len(indices))
        columns = np.array(indices, dtype=np.int64)
        values = (1 + np.log(np.array(data, dtype=float))) * self.idf_[columns]
        rows = np.repeat(np.arange(len(texts)), np.diff(pointers))
        block = rows * 2 + self._characters[columns]
        lengths = np.sqrt(np.bincount(block, values**2, minlength=2 * len(texts)))
        values /= np.where(lengths > 0, lengths, 1)[block]
        values *= np.where(self._characters[columns], 1.0, WORDS)
        return sparse.csr_array((values, columns, np.array(pointers)), shape=(len(texts), len(self.names_)))

    def _features(self, text: str) -> Counter[str]:
        """How often each feature occurs."""
        lower = text.lower()
        words = [lower[start:end] for start, end in tokenize(lower, Grain.WORDS)]
        found = Counter("w:" + word for word in words if len(word) > 1 or word.isalnum())
        plain = [word for word in words if word.isalnum() or len(word) > 1]
        found.update(f"w:{left} {right}" for left, right in pairwise(plain))
        for chunk in lower.split():
            found.update(self._chunk_runs(chunk))
        return found

    def _chunk_runs(self, chunk: str) -> tuple[str, ...]:
        runs = self._runs.get(chunk)
        if runs is None:
            runs = tuple(_character_runs(f" {chunk} "))
            if len(chunk) <= 40:
                if len(self._runs) >= WORD_CACHE:
                    self._runs.clear()
                self._runs[chunk] = runs
        return runs


def _character_runs(padded: str) -> Iterator[str]:
    for size in RUNS:
        for start in range(max(1, len(padded) - size + 1)):
            yield "c:" + padded[start : start + size]
