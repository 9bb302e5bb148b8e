from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.jobs import Proposal
from tui_labeler.domain.labels import Placed, Span
from tui_labeler.engine.autolabelers.chunking import Chunk, chunks
from tui_labeler.engine.autolabelers.merging import (
    ChunkAnswer,
    merged_class,
    merged_classes,
    merged_entities,
    merged_to_place,
)

TEXT = "0123456789" * 10
FIRST, SECOND = Chunk(0, TEXT[:60]), Chunk(40, TEXT[40:])


def entity(
    start: int,
    end: int,
    chunk: Chunk,
    category: str = "o",
    confidence: float | None = None,
    placed: Placed = Placed.EXACT,
) -> Proposal:
    """Given by its place in the document."""
    return Proposal(category, Span(start - chunk.start, end - chunk.start), confidence, placed)


def merged(first: list[Proposal], second: list[Proposal]) -> list[tuple[str, Span | None, float | None]]:
    answers = [ChunkAnswer(FIRST, tuple(first)), ChunkAnswer(SECOND, tuple(second))]
    return [(one.category, one.span, one.confidence) for one in merged_entities(answers, len(TEXT))]


def test_spans_are_those_of_the_document() -> None:
    assert merged([entity(3, 5, FIRST)], [entity(90, 95, SECOND)]) == [
        ("o", Span(3, 5), None),
        ("o", Span(90, 95), None),
    ]


def test_what_both_chunks_found_is_there_once() -> None:
    answers = [
        ChunkAnswer(FIRST, (entity(45, 50, FIRST, confidence=0.4, placed=Placed.EXACT),)),
        ChunkAnswer(SECOND, (entity(45, 50, SECOND, confidence=0.7, placed=Placed.FUZZY),)),
    ]
    assert merged_entities(answers, len(TEXT)) == (Proposal("o", Span(45, 50), 0.7, Placed.EXACT),)


def test_a_span_that_one_chunk_is_sure_of_is_not_one_of_several() -> None:
    vague = Proposal("o", Span(45, 50), 0.8, Placed.AMBIGUOUS, 2, 3)
    answers = [ChunkAnswer(FIRST, (vague,)), ChunkAnswer(SECOND, (entity(45, 50, SECOND),))]
    assert merged_entities(answers, len(TEXT)) == (Proposal("o", Span(45, 50), 0.8),)
    assert merged_entities(answers[:1], len(TEXT)) == (vague,)


def test_of_two_readings_the_one_with_more_around_it_stays() -> None:
    # The first chunk ends at 60: it saw the beginning of a longer name.
    assert merged([entity(55, 60, FIRST)], [entity(55, 66, SECOND)]) == [("o", Span(55, 66), None)]
    # The second begins at 40: it saw the end of one.
    assert merged([entity(36, 45, FIRST)], [entity(40, 45, SECOND)]) == [("o", Span(36, 45), None)]
    assert merged([entity(41, 45, FIRST)], [entity(41, 45, SECOND, "p")]) == [("o", Span(41, 45), None)]


def test_one_chunk_may_name_overlapping_words() -> None:
    found = [entity(2, 9, FIRST), entity(4, 6, FIRST, "p")]
    assert [span for _, span, _ in merged(found, [])] == [Span(2, 9), Span(4, 6)]


def test_the_edge_of_the_document_is_no_edge_of_what_was_in_view() -> None:
    one = Chunk(0, TEXT[:30])
    two = Chunk(1, TEXT[1:])
    answers = [ChunkAnswer(one, (entity(0, 4, one),)), ChunkAnswer(two, (entity(1, 4, two),))]
    assert [p.span for p in merged_entities(answers, len(TEXT))] == [Span(0, 4)]


@given(st.integers(0, 10_000), st.integers(20, 200), st.integers(0, 60))
def test_what_is_planted_is_found_once_whatever_the_chunks(seed: int, budget: int, overlap: int) -> None:
    chance = random.Random(seed)
    words = [chance.choice(["Acme", "met", "Ann", "there.", "Then", "left!\n", "東京。"]) for _ in range(120)]
    text = " ".join(words)
    made = chunks(text, budget, len, overlap=overlap)
    names = ("Acme", "Ann")
    answers = []
    for chunk in made:
        spans = [(name, at) for name in names for at in places(chunk.text, name)]
        answers.append(ChunkAnswer(chunk, tuple(Proposal(n, Span(at, at + len(n))) for n, at in spans)))
    found = [(one.category, one.span.start) for one in merged_entities(answers, len(text)) if one.span]
    assert sorted(found) == sorted((name, at) for name in names for at in places(text, name))


def places(text: str, name: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(name, at)]


readings = st.tuples(st.integers(0, 1), st.integers(0, 58), st.integers(1, 8), st.sampled_from("op"))


@given(st.lists(readings, max_size=20))
def test_what_chunks_say_differently_is_there_once(found: list[tuple[int, int, int, str]]) -> None:
    held: list[list[Proposal]] = [[], []]
    for number, start, size, category in found:
        limit = len((FIRST, SECOND)[number].text)
        held[number].append(Proposal(category, Span(start, min(limit, start + size)), float(number)))
    result = merged(held[0], held[1])
    assert result == sorted(result, key=lambda one: (one[1], one[0]))
    assert len({(category, span) for category, span, _ in result}) == len(result)
    offered = set()
    for chunk, proposals in zip((FIRST, SECOND), held, strict=True):
        offered |= {(p.category, p.span.start + chunk.start) for p in proposals if p.span}
    assert {(category, span.start) for category, span, _ in result if span} <= offered
    # What is left out met something that stayed.
    kept = [span for _, span, _ in result if span]
    for chunk, proposals in zip((FIRST, SECOND), held, strict=True):
        for proposal in proposals:
            assert proposal.span
            moved = Span(proposal.span.start + chunk.start, proposal.span.end + chunk.start)
            assert any(moved.overlaps(span) for span in kept)


def test_a_reading_that_lost_takes_no_other_with_it() -> None:
    # The middle one loses against the last, so that it can't stand in the way of the first.
    first, middle, last = entity(42, 46, SECOND), entity(45, 58, FIRST), entity(57, 63, SECOND)
    assert [span for _, span, _ in merged([middle], [first, last])] == [Span(42, 46), Span(57, 63)]


# --- to place ---------------------------------------------------------------------------------------


def test_words_to_place_are_there_once_and_only_where_no_chunk_has_them() -> None:
    text = "Acme is here. Beta is there."
    one, two = Chunk(0, text[:13]), Chunk(14, text[14:])
    answers = [
        ChunkAnswer(one, to_place=(("o", "BETA"), ("o", "Gamma  Inc"), ("p", "Beta"))),
        ChunkAnswer(two, (Proposal("o", Span(0, 4)),), (("o", "gamma inc"),)),
    ]
    entities = merged_entities(answers, len(text))
    assert merged_to_place(answers, entities, text) == (("o", "Gamma  Inc"), ("p", "Beta"))


# --- classes ----------------------------------------------------------------------------------------


def said(size: int, *classes: tuple[str, float | None]) -> ChunkAnswer:
    return ChunkAnswer(Chunk(0, "x" * size), tuple(Proposal(key, None, sure) for key, sure in classes))


def test_the_longer_and_surer_part_of_a_text_wins() -> None:
    # Worked by hand: a 100 x 0.9 + 50 x 0.6 = 120, b 100 x 0.4 = 40; a is (90 + 30) / 150 = 0.8 sure.
    (winner,) = merged_class([said(100, ("a", 0.9)), said(100, ("b", 0.4)), said(50, ("a", 0.6)), said(900)])
    assert winner.category == "a"
    assert winner.confidence == pytest.approx(120 / 160 * 0.8)


def test_without_confidence_length_alone_decides() -> None:
    assert merged_class([said(100, ("a", None)), said(150, ("b", None))]) == (Proposal("b", None, None),)


def test_one_chunk_s_class_is_the_document_s() -> None:
    assert merged_class([said(10, ("a", 0.75))]) == (Proposal("a", None, 0.75),)
    assert merged_class([said(10), said(10)]) == ()
    assert merged_class([said(10, ("a", 0.0)), said(10, ("b", 0.0))]) == (Proposal("a", None, 0.0),)


def test_many_classes_are_united_surest_first() -> None:
    answers = [said(100, ("a", 0.5), ("b", None)), said(100, ("a", 0.9), ("c", 0.6))]
    assert merged_classes(answers) == (
        Proposal("a", None, 0.9),
        Proposal("c", None, 0.6),
        Proposal("b", None),
    )
    assert [one.category for one in merged_classes(answers, least_share=0.5)] == ["a"]
    assert merged_classes([said(10)]) == ()
