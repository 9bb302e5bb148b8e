"""Labeled passages: what few-shot examples are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import sentences
from tui_labeler.engine.autolabelers.chunking import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_labeler.engine.autolabelers.chunking import Count

LONGEST = 160
"""Tokens of a passage: enough for a mention and what it is known by. A choice of this program."""

Annotations = tuple[tuple[str, Span | None], ...]
"""Category id and span in the passage; no span for a class."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a labeled document, with the labels that lie in it."""

    document: int
    start: int
    """Its offset in the document, in code points."""
    text: str
    annotations: Annotations = ()

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(category for category, _ in self.annotations)


def passages(
    kind: ProjectKind,
    document: int,
    text: str,
    annotations: Sequence[tuple[str, Span | None]],
    categories: frozenset[str],
    count: Count,
    longest: int = LONGEST,
) -> list[Passage]:
    """What a document can show: for entities its parts, for classes its beginning.

    Only labels of ``categories`` are in them. No label is cut: sentences that a label ties together stay
    together, and what is then longer than ``longest`` tokens is left out.
    """
    if kind.is_classification:
        held = tuple(sorted({(category, None) for category, _ in annotations if category in categories}))
        if kind is ProjectKind.SINGLE_LABEL and not held:
            return []
        return [Passage(document, c.start, c.text, held) for c in chunks(text, longest, count)[:1]]
    spans = sorted((span, category) for category, span in annotations if span is not None)
    return [
        Passage(document, start, text[start:end], _within(spans, start, end, categories))
        for start, end in _blocks(text, [span for span, _ in spans], count, longest)
    ]


def _blocks(text: str, spans: Sequence[Span], count: Count, longest: int) -> Iterable[tuple[int, int]]:
    """Sentences, joined as far as ``longest`` allows."""
    held: tuple[int, int] | None = None
    for start, end in _uncut(text, spans):
        if held is not None and count(text[held[0] : end]) <= longest:
            held = (held[0], end)
            continue
        if held is not None:
            yield held
        held = (start, end) if count(text[start:end]) <= longest else None
    if held is not None:
        yield held


def _uncut(text: str, spans: Sequence[Span]) -> Iterable[tuple[int, int]]:
    """Sentences, those put together that a span reaches over. ``spans`` are sorted."""
    waiting = list(reversed(spans))
    held: tuple[int, int] | None = None
    for start, end in sentences(text):
        if held is not None and start < held[1]:
            held = (held[0], max(end, held[1]))
        else:
            if held is not None:
                yield held
            held = (start, end)
        while waiting and waiting[-1].start < held[1]:
            span = waiting.pop()
            held = (min(held[0], span.start), max(held[1], span.end))
    if held is not None:
        yield held


def _within(
    spans: Sequence[tuple[Span, str]], start: int, end: int, categories: frozenset[str]
) -> Annotations:
    return tuple(
        (category, Span(span.start - start, span.end - start))
        for span, category in spans
        if start <= span.start and span.end <= end and category in categories
    )
