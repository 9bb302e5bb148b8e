"""Cuts a long text into chunks that fit a model, at the ends of paragraphs or sentences.

The rules are our own: the segmenters that packages offer are built for single languages, load tables or
models, and lose offsets, while a chunk that ends a little early costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tui_labeler.domain.text import paragraphs, sentences
from tui_labeler.engine.autolabelers.graphemes import cut_near, is_break

Count = Callable[[str], int]
"""Tokens of a text, or an estimate that is rather too high; a longer text never has fewer."""

EARLY = 0.6
"""A chunk ends with a paragraph where one ends within its last 40 %."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a text, as it stands there."""

    start: int
    """Its offset in the text, in code points."""
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a part of one that is too long by itself."""

    start: int
    end: int
    tokens: int
    closes: bool
    """A paragraph ends with it."""


def chunks(text: str, budget: int, count: Count, *, overlap: int = 0) -> list[Chunk]:
    """``text`` in chunks of at most ``budget`` tokens, in order.

    Every character that is no white space is in some chunk; neighbours share whole sentences of up to
    ``overlap`` tokens (half the budget at most). A sentence that is too long is cut between words, a word
    that is too long between graphemes; only a single grapheme over the budget makes a chunk that is too
    large. A text that fits is one chunk, white space and all; one of white space alone is none.
    Raises ``ValueError`` for a budget below one or a negative overlap.
    """
    if budget < 1 or overlap < 0:
        raise ValueError(f"a budget of {budget} tokens with an overlap of {overlap}")
    if not text or text.isspace():
        return []
    if count(text) <= budget:
        return [Chunk(0, text)]
    return _packed(text, _units(text, budget, count), budget, count, min(overlap, budget // 2))


def _packed(text: str, units: Sequence[_Unit], budget: int, count: Count, overlap: int) -> list[Chunk]:
    made: list[Chunk] = []
    first, fresh = 0, 0
    while fresh < len(units):
        last = _last(text, units, first, fresh, budget, count)
        if last < fresh:  # The shared sentences leave no room for the next one.
            first = fresh
            continue
        made.append(Chunk(units[first].start, text[units[first].start : units[last].end]))
        fresh = last + 1
        first = _shared_from(units, first, fresh, overlap)
    return made


def _last(text: str, units: Sequence[_Unit], first: int, fresh: int, budget: int, count: Count) -> int:
    """The last unit of the chunk that begins with ``first``; at least ``first``.

    Sums of estimates need not be the estimate of the whole, so that the whole is counted too.
    """
    last, total = first - 1, 0
    while last + 1 < len(units) and (last < first or total + units[last + 1].tokens <= budget):
        last += 1
        total += units[last].tokens
    while last > first and count(text[units[first].start : units[last].end]) > budget:
        total -= units[last].tokens
        last -= 1
    if last + 1 == len(units):
        return last
    for early in range(last, max(first, fresh) - 1, -1):
        if units[early].closes:
            return early
        total -= units[early].tokens
        if total < budget * EARLY:
            break
    return last


def _shared_from(units: Sequence[_Unit], first: int, fresh: int, overlap: int) -> int:
    """The first unit of the next chunk: as many of the last ones as fit the overlap, never all of them."""
    start, total = fresh, 0
    while start - 1 > first and total + units[start - 1].tokens <= overlap:
        start -= 1
        total += units[start].tokens
    return start


def _units(text: str, budget: int, count: Count) -> list[_Unit]:
    ends = {end for _, end in paragraphs(text)}
    spans = _whole(text, sentences(text))
    made: list[_Unit] = []
    for number, (start, end) in enumerate(spans):
        # What stands between two sentences goes along with the first of them.
        until = spans[number + 1][0] if number + 1 < len(spans) else end
        tokens = count(text[start:until])
        if tokens <= budget:
            made.append(_Unit(start, end, tokens, end in ends))
        else:
            parts = list(_parts(text, start, end, budget, count))
            made += [_Unit(low, high, size, high in ends) for low, high, size in parts]
    return made


def _whole(text: str, found: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences, put together where a mark stands on the stop between them."""
    spans: list[tuple[int, int]] = []
    for start, end in found:
        if spans and spans[-1][1] == start and not is_break(text, start):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _parts(text: str, start: int, end: int, budget: int, count: Count) -> Iterator[tuple[int, int, int]]:
    """A sentence that is too long, cut to fit: start, end and tokens of each part."""
    size = max(1, (end - start) * budget // max(1, count(text[start:end])))
    while start < end:
        high = _part_end(text, start, start + size, end)
        tokens = count(text[start:high])
        while tokens > budget:
            shorter = _part_end(text, start, start + (high - start) * 4 // 5, end)
            if shorter >= high:
                break
            high = shorter
            tokens = count(text[start:high])
        yield start, high, tokens
        start = high
        while start < end and text[start].isspace():
            start += 1


def _part_end(text: str, start: int, wanted: int, end: int) -> int:
    """Where a part that should end at ``wanted`` does: behind a word, else behind a grapheme.

    It is never empty: the first grapheme is taken whatever its size.
    """
    if wanted >= end:
        return end
    if wanted > start and text[wanted].isspace():
        return wanted
    for place in range(wanted, start + (wanted - start) // 2, -1):
        if text[place - 1].isspace():
            return place
    return min(end, cut_near(text, wanted, start))
