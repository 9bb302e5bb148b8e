"""Very many labels in one document are merged in steps in proportion to their number, whatever they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.sharing.test_merging import label, of, suggestion
from tui_labeler.domain.items import Key, closed
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.merging import merge
from tui_labeler.engine.sharing.merging_labels import is_active, meeting

if TYPE_CHECKING:
    from types import FrameType

ENTITIES, SINGLE = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL
PLACES: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "at one place": lambda number, count: (0, 5),
    "nested": lambda number, count: (number, 2 * count - number),
    "apart": lambda number, count: (2 * number, 2 * number + 1),
    "a step on": lambda number, count: (number, number + count),
}


def taken(work: Callable[[], Any]) -> int:
    """Bytecodes that some work runs through."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def grows_with_its_size(work: Callable[[int], Any]) -> bool:
    """Whether four times as much takes about four times as many steps, and not sixteen times."""
    return taken(lambda: work(400)) < 6 * taken(lambda: work(100))


def labels(prefix: str, count: int, place: str) -> dict[str, dict[str, Any]]:
    found = (PLACES[place](number, count) for number in range(count))
    return {f"{prefix}{number:04}": label(*span) for number, span in enumerate(found)}


@pytest.mark.parametrize("place", PLACES)
def test_labels_of_one_side_are_taken_in(place: str) -> None:
    assert grows_with_its_size(lambda count: merge(ENTITIES, {}, {}, of(labels("x", count, place))))


@pytest.mark.parametrize("place", PLACES)
def test_labels_of_both_sides_meet(place: str) -> None:
    def work(count: int) -> None:
        ours, theirs = labels("a", count, place), labels("b", count, place)
        other = {key: {**row, "category": "town"} for key, row in theirs.items()}
        assert merge(ENTITIES, {}, of(ours), of(other)).conflicts

    assert grows_with_its_size(work)


def test_classes_of_both_sides_meet() -> None:
    def work(count: int) -> None:
        ours = of({f"a{number:04}": label(None) for number in range(count)})
        theirs = of({f"b{number:04}": label(None, category="town") for number in range(count)})
        (found,) = merge(SINGLE, {}, ours, theirs).conflicts
        assert len(found.keys) == 2 * count

    assert grows_with_its_size(work)


def test_twins_with_their_decisions_become_one() -> None:
    def work(count: int) -> None:
        ours, theirs = labels("a", count, "apart"), labels("b", count, "apart")
        decided = {f"s{number:04}": suggestion("accepted", f"b{number:04}") for number in range(count)}
        found = merge(ENTITIES, {}, of(ours), of(theirs, decided)).ours
        assert found[Key("suggestion", "s0000")]["decision"]["label"] == "a0000"

    assert grows_with_its_size(work)


# --- the same as every pair would have it -----------------------------------------------------------


def every_pair(base: Any, ours: Any, theirs: Any) -> Iterable[tuple[Key, Key]]:
    for (key, one), (rival, other) in product(ours.items(), theirs.items()):
        spans = one["span"], other["span"]
        apart = spans[0]["end"] <= spans[1]["start"] or spans[1]["end"] <= spans[0]["start"]
        stood = is_active(base.get(key)) and is_active(base.get(rival))
        known = base.get(key) == one or base.get(rival) == other
        is_of_one = one.get("reader") == other.get("reader")
        if is_of_one and key != rival and not apart and not stood and not known:
            yield key, rival


PLACED = st.builds(
    lambda start, length, reader: {**label(start, start + length), **({"reader": "ana"} if reader else {})},
    st.integers(0, 12),
    st.integers(1, 6),
    st.booleans(),
)


def side(ids: str) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    return st.dictionaries(st.sampled_from(ids), PLACED, max_size=8)


@settings(max_examples=300, deadline=None)
@given(base=side("abcghi"), ours=side("abcdefgh"), theirs=side("ghijklmn"))
def test_labels_that_meet_belong_together_as_all_their_pairs_would_have_it(
    base: Any, ours: Any, theirs: Any
) -> None:
    shared = ours.keys() & theirs.keys()
    before, one, other = of(base), of(ours), of({**theirs, **{key: ours[key] for key in shared}})
    values = {**one, **other}
    met = list(meeting(ENTITIES, values, before, one, other))
    wanted = closed(every_pair(before, one, other))
    assert sorted(map(sorted, closed(met))) == sorted(map(sorted, wanted))


def test_the_longest_of_those_that_met_still_meets_what_comes_later() -> None:
    ours = of({"a": label(1, 2), "b": label(5, 8)})
    theirs = of({"x": label(0, 3, "town"), "y": label(0, 10, "town")})
    (found,) = merge(ENTITIES, {}, ours, theirs).conflicts
    assert [key.id for key in found.keys] == ["a", "b", "x", "y"]
