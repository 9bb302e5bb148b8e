from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import (
    Decision,
    Draft,
    DraftKind,
    Label,
    Origin,
    Span,
    Stamp,
    Suggestion,
    Verdict,
    in_the_way,
    open_suggestions,
)
from tui_labeler.domain.projects import ProjectKind

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL
WHEN = Stamp("ann", "2026-01-01T00:00:00.000Z")


def label(category: str = "c1", span: Span | None = None, *, name: str = "l1") -> Label:
    return Label(name, category, span, Origin.PERSON, WHEN)


def suggestion(category: str = "c1", span: Span | None = None, *, name: str = "s1") -> Suggestion:
    return Suggestion(name, category, span, "model:loans", "j1", 0.5)


spans = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 30), st.integers(1, 8))


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 2)])
def test_a_span_is_never_empty_and_never_before_the_text(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="is not a span"):
        Span(start, end)


@given(spans, spans)
def test_spans_overlap_when_they_share_a_character(one: Span, other: Span) -> None:
    shared = set(range(one.start, one.end)) & set(range(other.start, other.end))
    assert one.overlaps(other) == other.overlaps(one) == bool(shared)


def test_an_entity_meets_the_labels_that_its_span_overlaps_whatever_their_category() -> None:
    left, right = label(span=Span(0, 5), name="l1"), label("c2", Span(5, 9), name="l2")
    assert list(in_the_way(NER, [left, right], "c1", Span(4, 6))) == [left, right]
    assert list(in_the_way(NER, [left, right], "c1", Span(5, 6))) == [right]
    assert list(in_the_way(NER, [left, right], "c1", Span(9, 12))) == []


def test_with_one_class_a_document_any_label_is_in_the_way() -> None:
    assert list(in_the_way(SINGLE, [label("c2")], "c1", None)) == [label("c2")]


def test_with_many_classes_only_the_same_one_is_in_the_way() -> None:
    labels = [label("c1"), label("c2", name="l2")]
    assert list(in_the_way(MULTI, labels, "c2", None)) == [labels[1]]
    assert list(in_the_way(MULTI, labels, "c3", None)) == []


@pytest.mark.parametrize(
    "gone",
    [replace(label(), removed=WHEN), replace(label(), draft=Draft(DraftKind.REMOVE, "ann"))],
    ids=["removed", "removed in a draft"],
)
def test_a_label_that_is_gone_is_in_nobody_s_way(gone: Label) -> None:
    for kind in ProjectKind:
        there = replace(gone, span=Span(0, 5) if kind is NER else None)
        span = there.span
        assert list(in_the_way(kind, [there], "c1", span)) == []
        assert open_suggestions(kind, [there], [suggestion(span=span)]) == (suggestion(span=span),)


def test_a_draft_label_counts_at_once_but_is_not_saved() -> None:
    draft = replace(label(span=Span(0, 5)), draft=Draft(DraftKind.ADD, "ann"))
    assert (draft.is_active, draft.is_saved) == (True, False)
    assert open_suggestions(NER, [draft], [suggestion(span=Span(4, 6))]) == ()


def test_a_label_that_a_draft_removes_is_saved_until_the_draft_is() -> None:
    going = replace(label(), draft=Draft(DraftKind.REMOVE, "ann"))
    assert (going.is_active, going.is_saved) == (False, True)


def test_a_decided_suggestion_is_not_open() -> None:
    rejected = replace(suggestion(span=Span(0, 2)), decision=Decision(Verdict.REJECTED, WHEN))
    assert open_suggestions(NER, [], [rejected]) == ()


def test_a_suggestion_comes_back_when_the_label_that_hid_it_goes() -> None:
    hiding = label(span=Span(0, 5))
    hidden = suggestion("c2", Span(3, 8))
    assert open_suggestions(NER, [hiding], [hidden]) == ()
    assert open_suggestions(NER, [replace(hiding, removed=WHEN)], [hidden]) == (hidden,)


def test_open_suggestions_come_in_text_order() -> None:
    late, early, wide = (
        suggestion(span=span, name=name)
        for name, span in (("a", Span(7, 9)), ("b", Span(0, 3)), ("c", Span(0, 4)))
    )
    assert open_suggestions(NER, [], [late, wide, early]) == (early, wide, late)


def test_a_document_finds_its_open_suggestions_once_and_another_version_of_it_its_own() -> None:
    proposed = suggestion("c2", Span(3, 8))
    document = Document(1, "a.txt", suggestions={proposed.id: proposed})
    assert document.open_suggestions(NER) == (proposed,)
    assert document.open_suggestions(NER) is document.open_suggestions(NER)
    hiding = label(span=Span(0, 5))
    labeled = replace(document, labels={hiding.id: hiding})
    assert labeled.open_suggestions(NER) == ()
    assert labeled.open_suggestions(MULTI) == (proposed,)
    assert document == Document(1, "a.txt", suggestions={proposed.id: proposed})
    assert document.open_suggestions(NER) == (proposed,)


@given(st.lists(spans, max_size=12), st.lists(spans, max_size=12))
def test_a_suggestion_is_open_exactly_when_no_label_is_in_its_way(
    labeled: list[Span], suggested: list[Span]
) -> None:
    labels = [label(span=span, name=f"l{index}") for index, span in enumerate(labeled)]
    suggestions = [suggestion(span=span, name=f"s{index}") for index, span in enumerate(suggested)]
    shown = {each.id for each in open_suggestions(NER, labels, suggestions)}
    assert shown == {
        each.id for each in suggestions if not list(in_the_way(NER, labels, each.category, each.span))
    }


@given(
    st.sampled_from([SINGLE, MULTI]),
    st.sets(st.sampled_from(["c1", "c2", "c3"])),
    st.sets(st.sampled_from(["c1", "c2", "c3"])),
)
def test_a_class_is_open_exactly_when_no_label_is_in_its_way(
    kind: ProjectKind, labeled: set[str], suggested: set[str]
) -> None:
    labels = [label(category, name=category) for category in sorted(labeled)]
    suggestions = [suggestion(category, name=category) for category in sorted(suggested)]
    shown = {each.category for each in open_suggestions(kind, labels, suggestions)}
    assert shown == (suggested - labeled if kind is MULTI or not labeled else set())
