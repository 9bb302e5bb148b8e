"""Two homes and a container: whoever gives a document to whom, nothing that somebody made goes unseen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_labeler.domain.items import READERS, Key, agreed_after
from tui_labeler.domain.labels import Stamp
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.conflicts import _wanted
from tui_labeler.engine.sharing.merging import merge
from tui_labeler.engine.sharing.merging_labels import is_active
from tui_labeler.engine.sharing.merging_readings import FINISHED, fits

PAIRS = (["ana", "bo"], ["ana", "cleo"], ["bo", "cleo"])


@dataclass
class Reader:
    """One side, and what it does by the rules that hold there."""

    name: str
    items: dict[Key, Any] = field(default_factory=dict)
    base: dict[Key, Any] = field(default_factory=dict)
    minute: int = 0

    def stamp(self) -> dict[str, str]:
        self.minute += 1
        return {"actor": self.name, "time": f"2026-11-21T{self.minute:06}"}

    def active(self) -> list[Key]:
        return sorted(key for key, row in self.items.items() if key.table == "label" and is_active(row))

    def act(self, what: str, at: int) -> None:
        readers = self.items.get(READERS, ())
        if what == "give" and not readers and not self.active():
            self.items[READERS] = PAIRS[at % len(PAIRS)]
        elif what == "withdraw" and readers:
            for key in self.active():
                self.items[key] = {**self.items[key], "removed": self.stamp()}
            self.items.pop(READERS)
            self.items.pop(FINISHED, None)
        elif what == "label" and (not readers or self.name in readers):
            row = {"category": "x", "span": {"start": at * 9, "end": at * 9 + 3}, "made": self.stamp()}
            mine = row | ({"reader": self.name} if readers else {})
            if all(self.items[key]["span"] != row["span"] for key in self.active()):
                self.items[Key("label", f"{self.name}{self.minute:03}")] = mine
        elif what == "remove" and self.active():
            key = self.active()[at % len(self.active())]
            if self.items[key].get("reader", self.name) == self.name:
                self.items[key] = {**self.items[key], "removed": self.stamp()}
        elif what == "finish" and self.name in readers:
            self.items.setdefault(FINISHED, [self.stamp()])


@dataclass
class Shelf:
    container: dict[Key, Any] = field(default_factory=dict)

    def sync(self, one: Reader) -> bool:
        """Whether there is a conflict."""
        sides = dict(one.items), dict(self.container)
        merged = merge(ProjectKind.ENTITIES, one.base, *sides)
        assert merge(ProjectKind.ENTITIES, merged.base, merged.ours, merged.theirs) == merged
        in_conflict = {key for conflict in merged.conflicts for key in conflict.keys}
        for mine, other in (sides, sides[::-1]):
            for key, row in mine.items():
                if key.table == "label" and is_active(row) and key not in in_conflict:
                    gone = other.get(key)
                    is_removed = gone is not None and not is_active(gone)
                    stands = merged.ours[key]
                    is_twin = stands.get("removed") == row["made"]
                    assert is_removed or is_active(stands) or is_twin, f"{key} went without a word"
        if READERS not in in_conflict:
            made = {key for key in merged.ours if key.table == "label" and key not in in_conflict}
            assert all(fits(merged.ours[key], merged.ours) for key in made if is_active(merged.ours[key]))
        one.items, self.container = dict(merged.ours), dict(merged.theirs)
        one.base = agreed_after(one.base, one.items, self.container, merged.conflicts)
        return bool(merged.conflicts)

    def decide(self, one: Reader, *, theirs: bool) -> None:
        merged = merge(ProjectKind.ENTITIES, one.base, one.items, self.container)
        for conflict in merged.conflicts:
            take: Any = "theirs" if theirs else "ours"
            stamp = Stamp(**one.stamp())
            one.items |= _wanted(conflict, one.items, set(), take, stamp)
            one.items = {key: row for key, row in one.items.items() if row is not None}
            for key in conflict.keys:
                one.base.pop(key, None)
                if key in self.container:
                    one.base[key] = self.container[key]


steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(("give", "withdraw", "label", "label", "remove", "finish")),
            st.integers(0, 1),
            st.integers(0, 3),
        ),
        st.tuples(st.sampled_from(("sync", "decide")), st.integers(0, 1), st.integers(0, 1)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_gives_a_document_to_whom_both_end_with_readers_and_labels_that_fit(
    done: list[tuple[str, int, int]],
) -> None:
    shelf, people = Shelf(), (Reader("ana"), Reader("bo"))
    for what, who, at in done:
        if what == "sync":
            shelf.sync(people[who])
        elif what == "decide":
            shelf.decide(people[who], theirs=bool(at))
        else:
            people[who].act(what, at)
    for turn in range(8):
        for one in people:
            if shelf.sync(one):
                shelf.decide(one, theirs=turn % 2 == 0)
                shelf.sync(one)
    assert people[0].items == people[1].items == shelf.container
    assert all(fits(shelf.container[key], shelf.container) for key in people[0].active())
