from __future__ import annotations

from typing import Any

import pytest

from tui_labeler.domain.items import Key, Merged, agreed_after
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.merging import merge, undone

ENTITIES, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL
FLAG = Key("field", "flag")


def stamp(actor: str, minute: int = 0) -> dict[str, Any]:
    return {"actor": actor, "time": f"2026-11-21T10:{minute:02}:00.000Z"}


def label(
    start: int | None,
    end: int = 0,
    category: str = "person",
    actor: str = "ana",
    minute: int = 0,
    **more: Any,
) -> dict[str, Any]:
    span = None if start is None else {"start": start, "end": end}
    row = {"category": category, "span": span, "origin": "person", "made": stamp(actor, minute), **more}
    return {key: value for key, value in row.items() if value is not None}


def removed(row: dict[str, Any], actor: str, minute: int) -> dict[str, Any]:
    return {**row, "removed": stamp(actor, minute)}


def suggestion(verdict: str | None = None, made: str = "", actor: str = "ana", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"category": "person", "source": "model:m", "job": "j1", **more}
    if verdict:
        decision = {"verdict": verdict, "stamp": stamp(actor)} | ({"label": made} if made else {})
        row["decision"] = decision
    return row


def of(labels: dict[str, Any] | None = None, suggestions: dict[str, Any] | None = None, **fields: Any) -> Any:
    items = {Key("label", key): row for key, row in (labels or {}).items()}
    items |= {Key("suggestion", key): row for key, row in (suggestions or {}).items()}
    return items | {Key("field", key): value for key, value in fields.items()}


def agreed(merged: Merged) -> Any:
    assert not merged.conflicts
    assert merged.ours == merged.theirs == merged.base
    return merged.ours


def conflict(merged: Merged) -> list[str]:
    """The ids in the only conflict."""
    (only,) = merged.conflicts
    return [key.id for key in only.keys]


def test_what_one_side_did_goes_through_and_so_does_what_the_other_did_elsewhere() -> None:
    base = of({"a": label(0, 3), "b": label(10, 12)}, flag="see")
    ours = of({"a": removed(label(0, 3), "ana", 1), "b": label(10, 12), "c": label(20, 22)}, flag="see")
    theirs = of({"a": label(0, 3), "b": label(10, 12), "d": label(30, 32)}, flag="ask", dataset="Test")
    assert agreed(merge(ENTITIES, base, ours, theirs)) == of(
        {
            "a": removed(label(0, 3), "ana", 1),
            "b": label(10, 12),
            "c": label(20, 22),
            "d": label(30, 32),
        },
        flag="ask",
        dataset="Test",
    )


def test_an_undone_label_goes_on_the_other_side_too() -> None:
    base = of({"a": label(0, 3)})
    ours = undone(base, set(), "t")
    assert ours == of({"a": {**label(0, 3), "removed": {"actor": label(0, 3)["made"]["actor"], "time": "t"}}})
    assert agreed(merge(ENTITIES, base, ours, base)) == ours
    assert undone(ours, set(), "later") == ours


def test_a_label_that_the_container_has_lost_is_written_again() -> None:
    base = of({"a": label(0, 3), "b": removed(label(10, 12), "ana", 1)})
    assert agreed(merge(ENTITIES, base, base, of())) == base
    changed = of({"a": label(0, 3, "town"), "b": removed(label(10, 12), "ana", 1)})
    assert agreed(merge(ENTITIES, base, changed, of())) == changed


def test_of_two_removals_the_earlier_stays() -> None:
    row = label(0, 3)
    early, late = of({"a": removed(row, "bo", 1)}), of({"a": removed(row, "ana", 2)})
    assert agreed(merge(ENTITIES, of({"a": row}), early, late)) == early
    assert agreed(merge(ENTITIES, of({"a": row}), late, early)) == early


@pytest.mark.parametrize(
    "said", [{"category": "town"}, {"span": {"start": 0, "end": 4}}, {"kept": {"actor": "bo", "time": "t"}}]
)
@pytest.mark.parametrize("has_base", [True, False])
def test_a_label_that_one_removed_and_the_other_said_anew_is_a_conflict(
    said: dict[str, Any], has_base: bool
) -> None:
    row = label(0, 3)
    gone, stands = of({"a": removed(row, "ana", 1)}), of({"a": {**row, **said}})
    for ours, theirs in ((gone, stands), (stands, gone)):
        merged = merge(ENTITIES, of({"a": row} if has_base else {}), ours, theirs)
        assert conflict(merged) == ["a"]
        assert (merged.ours, merged.theirs) == (ours, theirs)


def test_a_label_that_was_undone_here_and_changed_there_is_a_conflict() -> None:
    base = of({"a": label(0, 3)})
    assert conflict(merge(ENTITIES, base, undone(base, set(), "t"), of({"a": label(0, 3, "town")}))) == ["a"]


def test_a_label_that_was_removed_as_what_both_had_made_of_it_is_removed() -> None:
    row = label(0, 3)
    town = label(0, 3, "town")
    gone = of({"a": removed(town, "ana", 1)})
    assert agreed(merge(ENTITIES, of({"a": row}), gone, of({"a": town}))) == gone
    assert agreed(merge(ENTITIES, of({"a": row}), of({"a": town}), gone)) == gone


def test_one_label_with_another_category_on_each_side_is_a_conflict() -> None:
    row = label(0, 3)
    ours, theirs = of({"a": {**row, "category": "town"}}), of({"a": {**row, "category": "firm"}})
    merged = merge(ENTITIES, of({"a": row}), ours, theirs)
    assert conflict(merged) == ["a"]
    assert (merged.ours, merged.theirs) == (ours, theirs)


def test_moved_here_and_given_another_category_there_is_both() -> None:
    row = label(0, 3, text_hash="old")
    ours = of({"a": {**row, "span": {"start": 5, "end": 8}, "text_hash": "new"}})
    theirs = of({"a": {**row, "category": "town"}})
    assert agreed(merge(ENTITIES, of({"a": row}), ours, theirs)) == of(
        {"a": label(5, 8, "town", text_hash="new")}
    )


def at(row: dict[str, Any], start: int, text_hash: str, **more: Any) -> dict[str, Any]:
    return {**row, "span": {"start": start, "end": start + 3}, "text_hash": text_hash, **more}


@pytest.mark.parametrize("table", ["label", "suggestion"])
def test_of_two_places_that_machines_have_moved_one_label_to_that_on_the_text_stands(table: str) -> None:
    row = label(0, 3, text_hash="v1") if table == "label" else suggestion()
    key = Key(table, "a")
    sides = [{key: at(row, start, f"v{version}")} for start, version in ((0, 1), (2, 2), (6, 3))]
    base, older, newer = sides
    assert agreed(merge(ENTITIES, base, newer, older, text_hash="v3")) == newer
    assert agreed(merge(ENTITIES, base, older, newer, text_hash="v3")) == newer
    # On neither: a person looks again, wherever it stands, and it stands in one place.
    moved = agreed(merge(ENTITIES, base, older, newer, text_hash="v4"))
    assert moved in (older, newer)
    assert agreed(merge(ENTITIES, base, newer, older, text_hash="v4")) == moved
    assert conflict(merge(ENTITIES, base, older, newer)) == ["a"]


def test_a_label_that_was_moved_twice_keeps_what_one_side_has_made_of_it() -> None:
    row = label(0, 3, text_hash="v1")
    ours, theirs = at(row, 6, "v3"), at(row, 2, "v2", category="town")
    merged = agreed(merge(ENTITIES, of({"a": row}), of({"a": ours}), of({"a": theirs}), text_hash="v3"))
    assert merged == of({"a": {**ours, "category": "town"}})
    gone = removed(at(row, 2, "v2"), "bo", 1)
    merged = agreed(merge(ENTITIES, of({"a": row}), of({"a": ours}), of({"a": gone}), text_hash="v3"))
    assert merged == of({"a": {**ours, "removed": gone["removed"]}})


def test_where_a_person_has_said_where_a_label_stands_or_the_text_is_one_two_places_are_a_conflict() -> None:
    row = label(0, 3, text_hash="v1")
    kept = of({"a": at(row, 2, "v2", kept=stamp("bo", 1))})
    moved = of({"a": at(row, 6, "v3")})
    assert conflict(merge(ENTITIES, of({"a": row}), moved, kept, text_hash="v3")) == ["a"]
    other = of({"a": at(row, 9, "v3")})
    assert conflict(merge(ENTITIES, of({"a": row}), moved, other, text_hash="v3")) == ["a"]


def test_the_same_label_made_twice_is_one_and_the_other_leaves_a_tombstone() -> None:
    ours = of({"b": label(0, 3, actor="ana", minute=5)})
    theirs = of({"a": label(0, 3, actor="bo")})
    merged = agreed(merge(ENTITIES, of(), ours, theirs))
    assert merged == of({"a": label(0, 3, actor="bo"), "b": removed(label(0, 3, minute=5), "ana", 5)})
    assert agreed(merge(ENTITIES, of(), theirs, ours)) == merged


def test_one_span_of_two_texts_is_at_other_words_and_nothing_becomes_one() -> None:
    ours = of({"b": label(0, 3, text_hash="v1")})
    theirs = of({"a": label(0, 3, actor="bo", text_hash="v2")})
    merged = merge(ENTITIES, of(), ours, theirs, text_hash="v2")
    assert conflict(merged) == ["a", "b"]
    assert (merged.ours, merged.theirs) == (ours, theirs)


@pytest.mark.parametrize(("one", "other"), [("v1", ""), ("", "v1"), ("v1", "v1")])
def test_a_label_that_does_not_say_of_which_text_it_is_may_be_of_any(one: str, other: str) -> None:
    ours = of({"b": label(0, 3, text_hash=one or None)})
    theirs = of({"a": label(0, 3, actor="bo", text_hash=other or None)})
    merged = agreed(merge(ENTITIES, of(), ours, theirs, text_hash="v1"))
    assert [key.id for key, row in merged.items() if "removed" not in row] == ["a"]


def test_a_class_of_two_texts_is_one() -> None:
    ours = of({"b": label(None, text_hash="v1")})
    theirs = of({"a": label(None, actor="bo", text_hash="v2")})
    merged = agreed(merge(SINGLE, of(), ours, theirs, text_hash="v2"))
    assert [key.id for key, row in merged.items() if "removed" not in row] == ["a"]


def test_labels_that_overlap_and_say_something_else_are_a_conflict_and_what_is_beside_goes_through() -> None:
    ours = of({"a": label(0, 5), "x": label(20, 22)})
    theirs = of({"b": label(3, 8), "y": label(30, 32)})
    merged = merge(ENTITIES, of(), ours, theirs)
    assert conflict(merged) == ["a", "b"]
    assert merged.ours == of({"a": label(0, 5), "x": label(20, 22), "y": label(30, 32)})
    assert merged.theirs == of({"b": label(3, 8), "x": label(20, 22), "y": label(30, 32)})
    assert merged.base == of({"x": label(20, 22), "y": label(30, 32)})


def test_labels_that_only_touch_are_no_conflict() -> None:
    merged = merge(ENTITIES, of(), of({"a": label(0, 5)}), of({"b": label(5, 8)}))
    assert agreed(merged) == of({"a": label(0, 5), "b": label(5, 8)})


def test_one_label_that_meets_several_of_the_other_side_is_one_conflict() -> None:
    ours = of({"a": label(0, 30)})
    theirs = of({"b": label(3, 8), "c": label(20, 40), "d": label(50, 60)})
    assert conflict(merge(ENTITIES, of(), ours, theirs)) == ["a", "b", "c"]


def test_an_overlap_that_one_side_imported_is_its_own_affair() -> None:
    theirs = of({"a": label(0, 5), "b": label(3, 8)})
    assert agreed(merge(ENTITIES, of(), of(), theirs)) == theirs
    moved = of({"a": {**label(0, 5), "category": "town"}, "b": label(3, 8)})
    other = of({"a": label(0, 5), "b": {**label(3, 8), "category": "firm"}})
    assert agreed(merge(ENTITIES, theirs, moved, other)) == of(
        {"a": label(0, 5, "town"), "b": label(3, 8, "firm")}
    )


def test_two_corrections_of_one_label_are_a_conflict_of_what_took_its_place() -> None:
    row = label(0, 3)
    base = of({"a": row})
    ours = of({"a": removed(row, "ana", 1), "b": label(0, 4)})
    theirs = of({"a": removed(row, "bo", 2), "c": label(0, 5)})
    merged = merge(ENTITIES, base, ours, theirs)
    assert conflict(merged) == ["b", "c"]
    assert merged.base == of({"a": removed(row, "ana", 1)})


def test_two_classes_for_one_document_are_a_conflict_where_it_has_one_and_not_where_it_has_many() -> None:
    ours, theirs = of({"a": label(None, category="x")}), of({"b": label(None, category="y")})
    assert conflict(merge(SINGLE, of(), ours, theirs)) == ["a", "b"]
    assert agreed(merge(MULTI, of(), ours, theirs)) == {**ours, **theirs}


@pytest.mark.parametrize("kind", [SINGLE, MULTI])
def test_the_same_class_given_twice_is_one(kind: ProjectKind) -> None:
    ours, theirs = of({"b": label(None, category="x")}), of({"a": label(None, category="x", actor="bo")})
    merged = agreed(merge(kind, of(), ours, theirs))
    assert [key.id for key, row in merged.items() if "removed" not in row] == ["a"]


def test_the_same_suggestion_accepted_twice_is_one_label_and_one_decision() -> None:
    base = of(suggestions={"s": suggestion()})
    ours = of({"b": label(0, 3)}, {"s": suggestion("accepted", "b")})
    theirs = of({"a": label(0, 3, actor="bo")}, {"s": suggestion("accepted", "a", "bo")})
    merged = agreed(merge(ENTITIES, base, ours, theirs))
    assert merged[Key("suggestion", "s")]["decision"]["label"] == "a"
    assert agreed(merge(ENTITIES, base, theirs, ours)) == merged


def test_accepted_here_and_rejected_there_is_a_conflict_that_takes_the_label_along() -> None:
    base = of(suggestions={"s": suggestion()})
    ours = of({"b": label(0, 3)}, {"s": suggestion("accepted", "b")})
    theirs = of(suggestions={"s": suggestion("rejected", actor="bo")})
    merged = merge(ENTITIES, base, ours, theirs)
    assert conflict(merged) == ["b", "s"]
    assert (merged.ours, merged.theirs) == (ours, theirs)


def test_accepted_here_and_by_hand_there_points_at_the_label_that_stays() -> None:
    base = of(suggestions={"s": suggestion()})
    ours = of({"b": label(0, 3)}, {"s": suggestion("accepted", "b")})
    theirs = of({"a": label(0, 3, actor="bo")}, {"s": suggestion()})
    merged = agreed(merge(ENTITIES, base, ours, theirs))
    assert merged[Key("suggestion", "s")]["decision"]["label"] == "a"


def test_a_twin_of_a_label_in_conflict_stays_with_it() -> None:
    base = of(suggestions={"s": suggestion()})
    ours = of({"a": label(0, 3)}, {"s": suggestion("accepted", "a")})
    theirs = of({"b": label(0, 3, actor="bo")}, {"s": suggestion("rejected", actor="bo")})
    merged = merge(ENTITIES, base, ours, theirs)
    assert conflict(merged) == ["a", "b", "s"]
    assert (merged.ours, merged.theirs) == (ours, theirs)


def test_a_decision_outlives_a_job_or_a_training_that_dropped_the_suggestion_elsewhere() -> None:
    base = of(suggestions={"s": suggestion(), "u": suggestion()})
    ours = of({"a": label(0, 3)}, {"s": suggestion("accepted", "a"), "u": suggestion()})
    theirs = of(suggestions={"n": suggestion(job="j2")})
    assert agreed(merge(ENTITIES, base, ours, theirs)) == of(
        {"a": label(0, 3)}, {"s": suggestion("accepted", "a"), "n": suggestion(job="j2")}
    )


def test_a_flag_with_two_notes_is_a_conflict_and_one_with_the_same_note_is_none() -> None:
    base = of(flag="old")
    assert conflict(merge(ENTITIES, base, of(flag="mine"), of(flag="yours"))) == ["flag"]
    assert conflict(merge(ENTITIES, base, of(), of(flag="yours"))) == ["flag"]
    assert agreed(merge(ENTITIES, base, of(flag="new"), of(flag="new"))) == of(flag="new")
    assert agreed(merge(ENTITIES, base, of(), base)) == {}


def test_a_document_that_both_reviewed_keeps_the_earlier_mark() -> None:
    early, late = of(reviewed=stamp("bo", 1)), of(reviewed=stamp("ana", 2))
    assert agreed(merge(ENTITIES, of(), late, early)) == early


def test_what_both_hold_without_a_base_was_shared_already_and_the_later_state_holds() -> None:
    row = label(0, 3)
    assert agreed(merge(ENTITIES, of(), of({"a": row}), of({"a": removed(row, "bo", 1)}))) == of(
        {"a": removed(row, "bo", 1)}
    )


def test_while_only_one_side_was_written_the_base_is_what_both_hold() -> None:
    base, ours, theirs = of(flag="a", dataset="Test"), of(flag="b", dataset="Test"), of(flag="a")
    merged = agreed(merge(ENTITIES, base, ours, theirs))
    assert merged == of(flag="b")
    assert agreed_after(base, merged, theirs) == of(flag="a")
