"""Makes one answer of those to a document's chunks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tui_labeler.domain.jobs import Proposal, Unused
from tui_labeler.domain.labels import Placed, Span
from tui_labeler.domain.text import folded
from tui_labeler.engine.autolabelers.chunking import Chunk

ToPlace = tuple[str, str]
"""Category id and words that are not in the text."""

_BETTER = {placed: rank for rank, placed in enumerate(Placed)}
"""How well a span was placed: exact before folded, fuzzy and ambiguous."""


@dataclass(frozen=True, slots=True)
class ChunkAnswer:
    """What was said of one chunk."""

    chunk: Chunk
    proposals: tuple[Proposal, ...] = ()
    """Spans are offsets in the chunk; classes have none."""
    to_place: tuple[ToPlace, ...] = ()
    unused: tuple[Unused, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    proposal: Proposal
    chunk: int
    context: int
    """Characters of the document that were in view on the nearer side."""


def merged_entities(answers: Sequence[ChunkAnswer], length: int) -> tuple[Proposal, ...]:
    """The entities of a document of ``length`` code points, in text order.

    The same span of the same category that two chunks share is there once, as sure as the surer one, as
    well placed as the better one. Where two chunks disagree on overlapping words, the one that saw more
    of the text around them is right: a chunk's edge may have cut what it shows. Overlaps within one
    chunk's answer are left alone. Which of how many places an ambiguous one is goes by its chunk.
    """
    best: dict[tuple[int, int, str], _Found] = {}
    for number, answer in enumerate(answers):
        for proposal in answer.proposals:
            if proposal.span is not None:
                found = _found(proposal, proposal.span, answer.chunk, number, length)
                key = _place(found)
                best[key] = _joined(best[key], found) if key in best else found
    return tuple(found.proposal for found in _agreed(best.values()))


def _found(proposal: Proposal, span: Span, chunk: Chunk, number: int, length: int) -> _Found:
    moved = Span(span.start + chunk.start, span.end + chunk.start) if chunk.start else span
    before = moved.start - chunk.start if chunk.start > 0 else length
    behind = chunk.end - moved.end if chunk.end < length else length
    found = replace(proposal, span=moved) if chunk.start else proposal
    return _Found(found, number, min(before, behind))


def _joined(one: _Found, two: _Found) -> _Found:
    """The same span, found by two chunks (or twice by one)."""
    confidences = [f.proposal.confidence for f in (one, two) if f.proposal.confidence is not None]
    placed = min(one.proposal, two.proposal, key=lambda proposal: (_BETTER[proposal.placed], proposal.places))
    proposal = replace(placed, confidence=max(confidences, default=None))
    better = max(one, two, key=lambda found: found.context)
    return replace(better, proposal=proposal)


_NEAR = 64
"""Spans on either side of one that may overlap it and are compared with it."""


def _agreed(found: Iterable[_Found]) -> list[_Found]:
    """In text order, without those that another chunk, with more context, saw differently."""
    kept: list[tuple[tuple[int, int, str], _Found]] = []
    for new in sorted(found, key=lambda one: (-one.context, _place(one))):
        at = bisect_left(kept, _place(new), key=lambda item: item[0])
        near = kept[max(0, at - _NEAR) : at + _NEAR]
        if not any(old.chunk != new.chunk and _overlap(old, new) for _, old in near):
            kept.insert(at, (_place(new), new))
    return [one for _, one in kept]


def _place(found: _Found) -> tuple[int, int, str]:
    span = found.proposal.span
    return (span.start, span.end, found.proposal.category) if span else (0, 0, found.proposal.category)


def _overlap(one: _Found, two: _Found) -> bool:
    return bool(one.proposal.span and two.proposal.span and one.proposal.span.overlaps(two.proposal.span))


def merged_to_place(
    answers: Sequence[ChunkAnswer], entities: Iterable[Proposal], text: str
) -> tuple[ToPlace, ...]:
    """The words that no chunk has, each once, without those that stand labeled in another chunk."""
    labeled = {
        (one.category, _loose(text[one.span.start : one.span.end]))
        for one in entities
        if one.span is not None
    }
    left: dict[tuple[str, str], ToPlace] = {}
    for answer in answers:
        for category, words in answer.to_place:
            key = (category, _loose(words))
            if key not in labeled:
                left.setdefault(key, (category, words))
    return tuple(left.values())


def _loose(words: str) -> str:
    return " ".join(folded(words).split())


def merged_class(answers: Sequence[ChunkAnswer]) -> tuple[Proposal, ...]:
    """The one class of a document: the chunks vote.

    A chunk's vote weighs as much as its text is long and it is sure (one where it has no confidence). A
    chunk that names no class does not vote: most of a long text may say nothing of its class. The
    confidence is the winner's share of all votes, times how sure its chunks are on average; ``None``
    where they have none.
    """
    votes: dict[str, list[tuple[int, Proposal]]] = {}
    for answer in answers:
        for proposal in answer.proposals[:1]:
            votes.setdefault(proposal.category, []).append((len(answer.chunk.text), proposal))
    if not votes:
        return ()
    weights = {category: _weight(cast) for category, cast in votes.items()}
    winner = min(weights, key=lambda category: (-weights[category], category))
    sure = _mean_confidence(votes[winner])
    total = sum(weights.values())
    share = weights[winner] / total if total > 0 else 1 / len(weights)
    return (Proposal(winner, None, None if sure is None else share * sure),)


def _weight(cast: Sequence[tuple[int, Proposal]]) -> float:
    return sum(size * (1.0 if vote.confidence is None else vote.confidence) for size, vote in cast)


def _mean_confidence(cast: Sequence[tuple[int, Proposal]]) -> float | None:
    """By length of text, over the chunks that have one."""
    told = [(size, vote.confidence) for size, vote in cast if vote.confidence is not None]
    total = sum(size for size, _ in told)
    return sum(size * confidence for size, confidence in told) / total if total else None


def merged_classes(answers: Sequence[ChunkAnswer], *, least_share: float = 0.0) -> tuple[Proposal, ...]:
    """The classes of a document that may have many: all that any chunk names, surest first.

    A subject of one chapter is a subject of the book, so that the union is the default; ``least_share``
    asks that the chunks that name a class hold more than that share of the text. The confidence is that
    of the surest chunk.
    """
    sizes: dict[str, int] = {}
    best: dict[str, Proposal] = {}
    for answer in answers:
        for proposal in {one.category: one for one in answer.proposals}.values():
            key = proposal.category
            sizes[key] = sizes.get(key, 0) + len(answer.chunk.text)
            if key not in best or _sure(proposal) > _sure(best[key]):
                best[key] = proposal
    total = sum(len(answer.chunk.text) for answer in answers)
    wanted = [one for key, one in best.items() if sizes[key] > least_share * total]
    return tuple(sorted(wanted, key=lambda one: (-_sure(one), one.category)))


def _sure(proposal: Proposal) -> float:
    return -1.0 if proposal.confidence is None else proposal.confidence
