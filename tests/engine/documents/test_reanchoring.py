"""Spans that follow their words into a changed text."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.labels import Span
from tui_labeler.engine.documents.reanchoring import reanchored

OLD = "On Monday Ann Lee of Acme met Bo Sand in Berlin. Ann Lee left Berlin on Friday. Nobody saw Bo Sand."


def spans_of(text: str, words: str) -> list[Span]:
    found: list[Span] = []
    at = text.find(words)
    while at >= 0:
        found.append(Span(at, at + len(words)))
        at = text.find(words, at + 1)
    return found


def moved(old: str, new: str, words: str, which: int = 0) -> int | None:
    """Where the span over the n-th such words begins; ``None`` where that is not sure."""
    [span] = reanchored(old, new, [spans_of(old, words)[which]])
    return None if span is None else span.start


def test_a_text_that_is_the_same_keeps_its_spans() -> None:
    spans = [*spans_of(OLD, "Ann Lee"), *spans_of(OLD, "Berlin")]
    assert reanchored(OLD, OLD, spans) == spans


@pytest.mark.parametrize("added", ["\ufeff", "A heading.\n\n", "On Monday ", "x"])
def test_what_is_put_before_moves_all_behind_it(added: str) -> None:
    words = "Berlin"
    assert moved(OLD, added + OLD, words, 1) == spans_of(OLD, words)[1].start + len(added)


def test_each_of_repeated_words_keeps_to_its_own_passage() -> None:
    new = OLD.replace("met", "has met").replace("on Friday", "one Friday")
    for which in (0, 1):
        assert moved(OLD, new, "Ann Lee", which) == spans_of(new, "Ann Lee")[which].start
        assert moved(OLD, new, "Bo Sand", which) == spans_of(new, "Bo Sand")[which].start


def test_line_ends_and_white_space_may_change_within() -> None:
    new = OLD.replace("Ann Lee of", "Ann\r\n  Lee of").replace("Berlin. Ann", "Berlin.\nAnn")
    [span] = reanchored(OLD, new, [spans_of(OLD, "Ann Lee")[0]])
    assert span is not None
    assert new[span.start : span.end] == "Ann\r\n  Lee"


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (OLD.replace("Acme", "Apex"), "Acme"),
        (OLD.replace("Ann Lee of", "Annabel of"), "Ann Lee"),
        ("Ann Leesburg" + OLD[OLD.index(" of") :], "Ann Lee"),
        (OLD.replace("Monday", "Mondays"), "Monday"),
        ("", "Acme"),
        ("Something else altogether, on Acmeville.", "Acme"),
        ("Ann said that Ann Lee and Ann Lee are two.", "Ann Lee"),
    ],
)
def test_what_is_not_surely_there_is_asked_about(new: str, words: str) -> None:
    assert moved(OLD, new, words) is None


@pytest.mark.parametrize(
    ("new", "old", "words"),
    [
        ("Call Ann later. Call Ann now.", "Call Ann now.", "Ann"),
        ("So Ann met Bob. Ann met Bob", "Ann met Bob", "Ann"),
        ("Ann met Bob", "So Ann met Bob. Ann met Bob", "Ann"),
        ("Paris is nice. Hilton flew to Paris.", "Paris Hilton flew to Paris.", "Paris"),
        ("Ann left. Bob met Ann.", "Ann", "Ann"),
        ("He paid 100 EUR and 100 EUR.", "He paid 100 EUR.", "100"),
        ("He paid 100 EUR and 100 EUR.", "100 EUR", "100 EUR"),
        (f"{OLD} Call Ann later. Call Ann now.", f"{OLD} Call Ann now.", "Call Ann"),
    ],
)
def test_what_more_than_one_place_could_be_is_asked_about(new: str, old: str, words: str) -> None:
    assert moved(old, new, words) is None


@pytest.mark.parametrize(
    "new",
    [
        f"{OLD} Nobody saw Ann Lee.",
        f"Ann Lee said: {OLD}",
        OLD.replace("Nobody saw", "Nobody ever saw"),
        OLD.replace(" of Acme", ""),
        OLD[: OLD.index("Nobody")],
        OLD.replace("Monday", "Sunday"),
        OLD.replace("Friday", "Monday"),
    ],
)
def test_what_is_far_from_an_edit_stays_with_its_passage(new: str) -> None:
    places = spans_of(new, "Ann Lee")
    new_places = places[1:] if new.startswith("Ann Lee said") else places[:2]
    assert reanchored(OLD, new, spans_of(OLD, "Ann Lee")) == new_places


def test_pages_that_are_the_same_keep_their_labels_where_another_page_changes() -> None:
    old = OLD * 4
    new = old[: 3 * len(OLD)] + OLD.replace("Friday", "Sunday")
    spans = spans_of(old, "Berlin")
    assert reanchored(old, new, spans) == spans


def test_words_that_stand_once_in_both_are_found_wherever_they_went() -> None:
    new = "All new: nothing of it is the same, only Acme."
    assert moved(OLD, new, "Acme") == new.index("Acme")
    assert moved("ab is here", "we have ab, too", "ab") is None


def test_two_spans_never_come_to_stand_on_one_place() -> None:
    old = "Ann Lee. Lee."
    new = "Now there is Lee here only."
    found = [span for span in reanchored(old, new, [Span(0, 7), Span(9, 12)]) if span is not None]
    assert len(found) <= 1


@given(st.text("ab ,\n", max_size=60), st.text("ab ,\n", max_size=60), st.data())
def test_a_span_that_moves_has_the_same_words(old: str, new: str, data: st.DataObject) -> None:
    if not old:
        return
    start = data.draw(st.integers(0, len(old) - 1))
    end = data.draw(st.integers(start + 1, len(old)))
    [found] = reanchored(old, new, [Span(start, end)])
    if found is not None:
        assert new[found.start : found.end].split() == old[start:end].split()


def test_a_long_text_that_was_edited_all_over_is_done_in_time() -> None:
    chance = random.Random(7)
    vocabulary = [f"word{number}" for number in range(400)]
    words = [chance.choice(vocabulary) for _ in range(18_000)]
    changed = [word if chance.random() > 0.02 else "other" for word in words]
    old, new = " ".join(words), " ".join(changed)
    spans: list[Span] = []
    at = 0
    for number, word in enumerate(words):
        if number % 9 == 0:
            spans.append(Span(at, at + len(word)))
        at += len(word) + 1
    found = reanchored(old, new, spans)
    sure = [span for span in found if span is not None]
    assert len(sure) > 0.9 * len(spans)
    assert all(
        new[span.start : span.end] == old[was.start : was.end]
        for was, span in zip(spans, found, strict=True)
        if span
    )
