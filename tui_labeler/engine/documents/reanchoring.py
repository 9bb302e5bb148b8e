"""Where spans of a text stand in a later version of it: surely, or not at all.

A span moves when the passage it stands in is in both versions, or when its words stand in each of them just
once. Where they stand elsewhere too, the versions must fit together in one way, whether they are laid beside
each other from the front or from the back, and the words around must tell the passage from all others.
Anything less is left for a person: a label on the wrong words is worse than a question.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tui_labeler.domain.labels import Span
from tui_labeler.engine.documents.passages import CONTEXT, WORD, Words, is_settled

MOST_WORDS = 40_000
"""Of the part that changed, in either version; a longer one is not compared word by word."""

SHORTEST = 3
"""Characters of a span that is told by its words alone."""


def reanchored(old: str, new: str, spans: Sequence[Span]) -> list[Span | None]:
    """For each span of ``old`` the span of ``new`` with the same words; ``None`` where that is not sure."""
    versions = _Versions.of(old, new)
    backwards = _Versions.of(old[::-1], new[::-1])
    ours, theirs = Words.of(old), Words.of(new)
    found: list[Span | None] = []
    for span in spans:
        laid = versions.placed(span)
        if laid is not None:
            again = backwards.placed(_mirrored(span, len(old)))
            agreed = again is not None and _mirrored(again, len(new)) == laid
            laid = laid if is_settled(ours, theirs, span, laid, is_agreed=agreed) else None
        found.append(laid)
    taken = [span for span in found if span is not None]
    for place, span in enumerate(spans):
        if found[place] is None:
            alone = versions.alone(span)
            if alone is not None and not any(alone.overlaps(other) for other in taken):
                found[place] = alone
                taken.append(alone)
    return found


def _mirrored(span: Span, length: int) -> Span:
    """A span of a text, in the same text from back to front."""
    return Span(length - span.end, length - span.start)


def _start(word: tuple[int, int]) -> int:
    return word[0]


@dataclass(frozen=True, slots=True)
class _Block:
    """A run of words that both versions have."""

    old: tuple[tuple[int, int], ...]
    """Start and end of each word."""
    new: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Versions:
    old: str
    new: str
    head: int
    """Characters that are the same at the beginning."""
    tail: int
    """And at the end, beyond those."""
    blocks: tuple[_Block, ...]
    """In what lies between."""

    @classmethod
    def of(cls, old: str, new: str) -> _Versions:
        shorter = min(len(old), len(new))
        head = _same(old, new, shorter)
        tail = _same(old[::-1], new[::-1], shorter - head)
        return cls(old, new, head, tail, tuple(_blocks(old, new, head, tail)))

    def placed(self, span: Span) -> Span | None:
        return self.kept(span) or self.in_passage(span)

    def kept(self, span: Span) -> Span | None:
        """Before and behind all that changed."""
        if span.end <= self.head:
            return self._checked(span, span)
        by = len(self.new) - len(self.old)
        if span.start >= len(self.old) - self.tail:
            return self._checked(span, Span(span.start + by, span.end + by))
        return None

    def in_passage(self, span: Span) -> Span | None:
        """Within a run of words that stayed together."""
        place = bisect_right(self.blocks, span.start, key=lambda block: block.old[0][0]) - 1
        if place < 0:
            return None
        block = self.blocks[place]
        first = bisect_right(block.old, span.start, key=_start) - 1
        last = bisect_right(block.old, span.end - 1, key=_start) - 1
        if block.old[first][1] <= span.start or block.old[last][1] < span.end:
            return None
        if max(first, len(block.old) - 1 - last) < CONTEXT:
            return None
        start = block.new[first][0] + span.start - block.old[first][0]
        end = block.new[last][0] + span.end - block.old[last][0]
        return self._checked(span, Span(start, end))

    def alone(self, span: Span) -> Span | None:
        """By its words alone, where no others like them are."""
        words = self.old[span.start : span.end]
        if len(words) < SHORTEST or self.old.count(words) != 1 or self.new.count(words) != 1:
            return None
        start = self.new.index(words)
        return self._checked(span, Span(start, start + len(words)))

    def _checked(self, old: Span, new: Span) -> Span | None:
        """The same words but for white space, and at neither end a part of a longer word than before."""
        words, now = self.old[old.start : old.end], self.new[new.start : new.end]
        same = words.split() == now.split()
        joined = (_joined(self.old, old.start), _joined(self.old, old.end))
        return new if same and joined == (_joined(self.new, new.start), _joined(self.new, new.end)) else None


def _joined(text: str, at: int) -> bool:
    """Whether one word goes on across a place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _same(one: str, other: str, most: int) -> int:
    """How many characters two texts share at their beginning, ``most`` at the most."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _blocks(old: str, new: str, head: int, tail: int) -> Iterator[_Block]:
    ones = list(_words(old, head, len(old) - tail))
    others = list(_words(new, head, len(new) - tail))
    if not ones or not others or max(len(ones), len(others)) > MOST_WORDS:
        return
    matcher = SequenceMatcher(
        None, [old[start:end] for start, end in ones], [new[start:end] for start, end in others]
    )
    for match in matcher.get_matching_blocks():
        if match.size:
            yield _Block(
                tuple(ones[match.a : match.a + match.size]), tuple(others[match.b : match.b + match.size])
            )


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The words of a part of a text, whole ones and some beyond its ends, for context."""
    beyond = 80
    for match in WORD.finditer(text, max(0, start - beyond), min(len(text), end + beyond)):
        yield match.span()
