"""Spans to tags and back (IOB2), and what the labels say of how texts are to be cut.

Tag 0 is O; category ``c`` has ``B = 1 + 2c`` and ``I = 2 + 2c``. Two tags a category rather than four (BILOU)
were measured to cost nothing in F1 here and halve the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui_labeler.engine.adapters.estimators import tokens
from tui_labeler.engine.adapters.estimators.tokens import Grain, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tui_labeler.engine.adapters.estimators.tokens import Corpus

TOLERANCE = 0.005
"""Share of labels that may be missed before texts are cut more finely, or into larger units."""


class LabeledSpan(NamedTuple):
    """A category at a half-open range of code points."""

    category: str
    start: int
    end: int


class Tagging(NamedTuple):
    """The tags of a corpus, and what could not be said with them."""

    tags: NDArray[np.int64]
    unreachable: int
    """Labels whose boundaries cut through a token: they were widened to whole tokens."""
    dropped: int
    """Labels that overlap an earlier or longer one, or cover no token at all."""


def tag_count(categories: int) -> int:
    return 1 + 2 * categories


def encode(corpus: Corpus, spans: Sequence[Sequence[LabeledSpan]], categories: Sequence[str]) -> Tagging:
    """The tags of every token; of overlapping labels the longer one counts."""
    tags = np.zeros(len(corpus), dtype=np.int64)
    number = {category: index for index, category in enumerate(categories)}
    bounds = corpus.text_bounds
    unreachable = dropped = 0
    for text, labels in enumerate(spans):
        low, high = bounds[text], bounds[text + 1]
        starts, ends = corpus.starts[low:high], corpus.ends[low:high]
        for label in sorted(labels, key=lambda span: (span.start - span.end, span.start, span.category)):
            first = int(np.searchsorted(ends, label.start, side="right"))
            last = int(np.searchsorted(starts, label.end, side="left"))
            piece = slice(low + first, low + last)
            if first >= last or tags[piece].any():
                dropped += 1
                continue
            unreachable += bool(starts[first] < label.start or ends[last - 1] > label.end)
            tags[piece] = 2 + 2 * number[label.category]
            tags[low + first] -= 1
    cut = np.ones(len(corpus), dtype=bool)
    cut[1:] = corpus.unit[1:] != corpus.unit[:-1]
    tags[cut & (tags > 0) & (tags % 2 == 0)] -= 1
    return Tagging(tags, unreachable, dropped)


def decode(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Spans of tags that obey IOB2: rows of (first token, token behind the last, category)."""
    firsts = np.flatnonzero(tags % 2 == 1)
    inside = (tags > 0) & (tags % 2 == 0)
    stops = np.append(np.flatnonzero(~inside), len(tags))
    ends = stops[np.searchsorted(stops, firsts, side="right")]
    return np.stack([firsts, ends, (tags[firsts] - 1) // 2], axis=1)


def transitions_allowed(categories: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tag may follow which (from, to), and which may stand first."""
    count = tag_count(categories)
    allowed = np.ones((count, count), dtype=bool)
    inner = np.arange(2, count, 2)
    allowed[:, inner] = False
    allowed[inner, inner] = True
    allowed[inner - 1, inner] = True
    first = np.ones(count, dtype=bool)
    first[inner] = False
    return allowed, first


def choose_grain(texts: Sequence[str], spans: Sequence[Sequence[LabeledSpan]]) -> Grain:
    """The coarsest grain at which the labels begin and end where tokens do."""
    total = sum(map(len, spans))
    for grain in (Grain.HANDLES, Grain.WORDS):
        missed = 0
        for text, labels in zip(texts, spans, strict=True):
            found = tokens.tokenize(text, grain) if labels else []
            starts, ends = {start for start, _ in found}, {end for _, end in found}
            missed += sum(label.start not in starts or label.end not in ends for label in labels)
        if missed <= TOLERANCE * total:
            return grain
    return Grain.FINE


def choose_unit(texts: Sequence[str], spans: Sequence[Sequence[LabeledSpan]], grain: Grain) -> Unit:
    """The smallest unit whose ends the labels do not cross."""
    total = sum(map(len, spans))
    for level in (Unit.LINE, Unit.PARAGRAPH):
        corpus = tokens.read(texts, grain, level)
        tagging = encode(corpus, [[LabeledSpan("", s.start, s.end) for s in row] for row in spans], [""])
        pieces = int((tagging.tags == 1).sum())
        if pieces - (total - tagging.dropped) <= TOLERANCE * total:
            return level
    return Unit.DOCUMENT
